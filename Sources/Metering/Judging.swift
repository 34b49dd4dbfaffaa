import Water

/// Decides which of a meter's readings to believe, from the set alone: arrival order, repeats and gateways do not
/// matter.
///
/// - Registers follow each other when the later one is no lower and the meter's Q4 passes the rise in the time, over more
///   than a day Q4 for one and a tenth of Q3 for the rest; also through the modulus. Where all do, all are believed.
/// - Elsewhere each UTC day is judged over the readings within six days of it (so within seven of each reading), or
///   the nearest three on each side where fewer are there: the chain that keeps the most readings is believed. A
///   restart (reset or step up) must be borne out by three readings; a decrease of at most the rules' reverse flow by
///   two; otherwise the readings that do not fit are left out.
/// - Registers that the chain leaves and comes back from to where it goes on are an excursion, and are left out however
///   many they are: another meter under the address, a bit that stays flipped. They lie within six days of both, and
///   the home can have used what flowed across them: Q4 for an hour, then a thirtieth of Q3. A true exchange or reset
///   never comes back. What the edge of those six days cuts off is an excursion too, where the chain came back from the
///   same registers three times.
/// - A run that goes on from a power of ten times, or part of, what the meter showed before is in another unit; one that
///   shows nought and nothing else is a meter that does not answer. Both are in doubt however long they are, and nothing
///   is believed of them until a register of the run is accepted or entered by staff, or the noughts begin to move.
///   What came before and what comes after go on from each other.
/// - No chain passes over a reading that rose too fast in order to count that rise later: it breaks there, and the
///   volume of the step is unknown.
/// - A fall by less than the step that the registers after it have is the register with decimals cut off or rounded
///   away. Nothing counts until it exceeds what it showed before.
/// - A register that is what the registers around it show with decimals cut off, among those of a sender that keeps
///   them, says nothing new: it is set aside, is no finding, and counts nothing.
/// - Of several registers at one instant the only one that fits both neighbours is believed, else none. A register
///   noted by the registry at that instant stands.
///
/// The installation's noted start and final registers are judged with the readings. What staff accepted or entered is
/// believed whatever fits, what they rejected is left out before anything is judged. Source: semantics.md, Readings.
public func judge(_ readings: MeterReadings, rules: MeteringRules) -> JudgedMeter {
    let limit = FlowLimit(readings.installation, rules: rules)
    if readings.edits.isEmpty, let believed = believedThroughout(readings, limit: limit) {
        return JudgedMeter(
            installation: readings.installation, believed: believed, disbelieved: [], findings: [], isBroken: false)
    }
    let edits = standingEdits(readings.edits).filter { readings.installation.covers($0.at.epochSeconds) }
    let (shown, rejected) = distinctRegisters(of: readings, edits: edits)
    return course(
        of: shown, believed: beliefs(shown, limit: limit), rejected: rejected, edits: edits,
        installation: readings.installation, limit: limit)
}

extension MeterInstallation {
    /// True over [from, to], within the instants that are anybody's.
    func covers(_ at: Int64) -> Bool {
        at >= max(from.epochSeconds, earliestInstant) && at <= min(to?.epochSeconds ?? latestInstant, latestInstant)
    }
}

/// What names a register of a meter: its instant and value.
struct ShownKey: Hashable {
    let at: Int64
    let register: Int64
}

/// A register shown at an instant, once however often it was sent.
struct ShownRegister {
    /// Who says so: the meter, whatever others add, else the registry, else staff.
    enum Source: UInt8 { case sent, noted, entered }
    /// How it stands against others at its instant; the highest is heard alone.
    enum Standing: UInt8, Comparable {
        case plain, noted, entered, accepted

        static func < (a: Standing, b: Standing) -> Bool { a.rawValue < b.rawValue }
    }

    let at: Int64
    let register: Int64
    var source = Source.sent
    var standing = Standing.plain

    /// Believed on a person's word.
    var isPinned: Bool { standing >= .entered }
    /// A rise to it counts, however fast.
    var isVouchedFor: Bool { standing == .accepted }
}

/// The whole series where it is sorted and every register follows the one before; nil where any needs judging.
private func believedThroughout(_ readings: MeterReadings, limit: FlowLimit) -> [BelievedReading]? {
    let installation = readings.installation
    let from = max(installation.from.epochSeconds, earliestInstant)
    let to = min(installation.to?.epochSeconds ?? latestInstant, latestInstant)
    var believed: [BelievedReading] = []
    believed.reserveCapacity(readings.elements.count + 2)
    var last = (at: Int64.min, register: Int64(0))
    if let start = installation.startRegister {
        guard (0...FlowLimit.highestRegister).contains(start.millilitres) else { return nil }
        last = (from, start.millilitres)
        believed.append(accepted(at: from, register: start.millilitres, rule: .noted))
    }
    for element in readings.elements {
        let at = element.at.epochSeconds
        let register = element.register.millilitres
        guard at >= from, at <= to else { continue }
        guard register >= 0, register <= FlowLimit.highestRegister else { return nil }
        if believed.isEmpty {
            believed.append(accepted(at: at, register: register, rule: .first))
        } else if at > last.at {
            guard limit.continues(register - last.register, in: at - last.at) else { return nil }
            believed.append(accepted(at: at, register: register, rule: .follows, startsRun: false))
        } else {
            guard at == last.at, register == last.register else { return nil }
            if believed.count == 1, believed[0].isNoted {
                believed[0] = accepted(at: at, register: register, rule: .first)
            }
        }
        last = (at, register)
    }
    guard let final = installation.finalRegister?.millilitres, installation.to != nil else { return believed }
    guard final >= 0, final <= FlowLimit.highestRegister else { return nil }
    if believed.isEmpty { return [accepted(at: to, register: final, rule: .noted)] }
    if last.at == to { return last.register == final ? believed : nil }
    guard limit.continues(final - last.register, in: to - last.at) else { return nil }
    believed.append(accepted(at: to, register: final, rule: .noted, startsRun: false))
    return believed
}

private func accepted(at: Int64, register: Int64, rule: QualityRule, startsRun: Bool = true) -> BelievedReading {
    BelievedReading(
        at: Instant(epochSeconds: at), register: Volume(millilitres: register),
        counted: Volume(millilitres: register), startsRun: startsRun, isNoted: rule == .noted, isEntered: false,
        rule: rule)
}

/// Instants before 2000 or after 2099 are no reading's; the bounds also keep differences within 64 bits.
let earliestInstant: Int64 = Instant.earliestReading.epochSeconds
let latestInstant: Int64 = 4_102_444_799

/// The distinct (instant, register) of the installation's time with its noted registers and what staff entered, and
/// apart from them what staff rejected; both ascending.
private func distinctRegisters(
    of readings: MeterReadings, edits: [StandingEdit]
) -> (shown: [ShownRegister], rejected: [ShownRegister]) {
    let shown = sortedRegisters(of: readings, edits: edits)
    let verdicts = Dictionary(
        uniqueKeysWithValues: edits.map {
            (ShownKey(at: $0.at.epochSeconds, register: $0.register.millilitres), $0)
        })
    var distinct: [ShownRegister] = []
    distinct.reserveCapacity(shown.count)
    for one in shown {
        if let last = distinct.last, last.at == one.at, last.register == one.register {
            distinct[distinct.count - 1].standing = max(last.standing, one.standing)
        } else {
            distinct.append(one)
        }
    }
    if verdicts.isEmpty { return (distinct, []) }
    var rejected: [ShownRegister] = []
    distinct.removeAll { one in
        let isRejected = verdicts[ShownKey(at: one.at, register: one.register)]?.action == .reject
        if isRejected { rejected.append(one) }
        return isRejected
    }
    return (distinct, rejected)
}

/// By instant, register and who says so, repeats included.
private func sortedRegisters(of readings: MeterReadings, edits: [StandingEdit]) -> [ShownRegister] {
    let installation = readings.installation
    var shown: [ShownRegister] = []
    shown.reserveCapacity(readings.elements.count + edits.count + 2)
    for element in readings.elements where installation.covers(element.at.epochSeconds) {
        shown.append(ShownRegister(at: element.at.epochSeconds, register: element.register.millilitres))
    }
    if let start = installation.startRegister {
        let from = max(installation.from.epochSeconds, earliestInstant)
        shown.append(ShownRegister(at: from, register: start.millilitres, source: .noted, standing: .noted))
    }
    if let final = installation.finalRegister, let to = installation.to {
        let to = min(to.epochSeconds, latestInstant)
        shown.append(ShownRegister(at: to, register: final.millilitres, source: .noted, standing: .noted))
    }
    for edit in edits where edit.isEntered || edit.action == .accept {
        let standing: ShownRegister.Standing =
            edit.action == .reject || !edit.isInForce ? .plain : edit.action == .accept ? .accepted : .entered
        shown.append(
            ShownRegister(
                at: edit.at.epochSeconds, register: edit.register.millilitres, source: .entered, standing: standing))
    }
    shown.sort {
        $0.at != $1.at
            ? $0.at < $1.at
            : $0.register != $1.register ? $0.register < $1.register : $0.source.rawValue < $1.source.rawValue
    }
    return shown
}
