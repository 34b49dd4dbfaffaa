public import Water

/// What staff decided about one register at one instant.
public enum EditAction: String, Sendable, Hashable, CaseIterable {
    /// The register is right: it is believed, and a rise to it counts even where the meter's flow would not pass it. In
    /// another unit than before its run is believed, and the step to it counts nothing.
    case accept
    /// The register is wrong: it is left out.
    case reject
    /// Staff read this register: it joins the set and is believed; a rise to it counts only as far as any would.
    case enter
    /// Takes back every decision on this register made before; the rules judge again.
    case withdraw
}

/// One act of editing: 修正. Edits are only ever added; the reading that was sent stays as it is.
public struct ReadingEdit: Sendable, Hashable, Comparable {
    /// The instant of the reading that is meant, not of the act.
    public let at: Instant
    public let register: Volume
    public let action: EditAction
    public let by: StaffID
    public var decidedAt: Instant
    /// In the staff's words; required by the caller, not looked at here.
    public let reason: String

    public init(
        at: Instant, register: Volume, action: EditAction, by: StaffID, decidedAt: Instant, reason: String
    ) {
        self.at = at
        self.register = register
        self.action = action
        self.by = by
        self.decidedAt = decidedAt
        self.reason = reason
    }

    /// By the time of the decision, then by all the rest: the one order edits take effect in.
    public static func < (a: ReadingEdit, b: ReadingEdit) -> Bool {
        if a.decidedAt != b.decidedAt { return a.decidedAt < b.decidedAt }
        if a.action != b.action { return a.action.rawValue < b.action.rawValue }
        if a.at != b.at { return a.at < b.at }
        if a.register != b.register { return a.register < b.register }
        return a.by != b.by ? a.by < b.by : a.reason.utf8.lexicographicallyPrecedes(b.reason.utf8)
    }
}

/// A decision that stands: the last one on its register since any withdrawal.
public struct StandingEdit: Sendable, Hashable {
    public let at: Instant
    public let register: Volume
    /// `accept`, `reject` or `enter`; never `withdraw`.
    public let action: EditAction
    /// True where staff entered the register, whatever was decided on it afterwards.
    public let isEntered: Bool
    /// False for an acceptance or entry that a later one at its instant replaced.
    let isInForce: Bool
}

/// The decisions that stand, by instant, then register. A function of the set of edits: order and repeats change
/// nothing. Of several registers accepted or entered at one instant the one decided last is in force.
func standingEdits(_ edits: [ReadingEdit]) -> [StandingEdit] {
    if edits.isEmpty { return [] }
    var last: [ShownKey: (edit: ReadingEdit, isEntered: Bool)] = [:]
    var inForce: [Instant: ReadingEdit] = [:]
    for edit in edits.sorted() {
        let key = ShownKey(at: edit.at.epochSeconds, register: edit.register.millilitres)
        let wasEntered = last[key]?.isEntered ?? false
        last[key] = edit.action == .withdraw ? nil : (edit, wasEntered || edit.action == .enter)
    }
    for (edit, _) in last.values where edit.action != .reject {
        if let other = inForce[edit.at], edit < other { continue }
        inForce[edit.at] = edit
    }
    return last.values.map { edit, isEntered in
        StandingEdit(
            at: edit.at, register: edit.register, action: edit.action, isEntered: isEntered,
            isInForce: edit.action == .reject || inForce[edit.at] == edit)
    }.sorted { $0.at != $1.at ? $0.at < $1.at : $0.register < $1.register }
}
