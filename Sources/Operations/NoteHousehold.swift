public import Database
public import Storage
public import Water

/// Why a note is refused; nothing is changed then.
public enum NoteRefusal: String, Error, Sendable, Hashable, CaseIterable {
    case idIsMalformed = "id_malformed"
    /// The id names another note: the form was filled in once more after it was sent.
    case idIsTaken = "id_taken"
    /// The household objected again since the page with the answer's form was opened.
    case hasNewer = "newer_objection"
    /// An objection, an answer or another remark without words.
    case bodyIsMissing = "body_missing"
    case bodyIsTooLong = "body_too_long"
    /// Objections of several months wait: an answer names the month it is to.
    case monthIsMissing = "month_missing"
    /// No objection to that month waits for an answer.
    case nothingToAnswer = "nothing_to_answer"
    /// An objection to that month waits for an answer.
    case isOpen = "objection_open"
    case tooMany = "too_many"
}

/// Adds to what is kept about a household: staff's follow-up, an objection or its answer.
public struct NoteHousehold: Sendable {
    private let database: Database

    /// Characters of a note.
    public static let bodyLimit = 500
    /// Notes of one household.
    public static let most: Int64 = 1_000

    public init(database: Database) { self.database = database }

    /// `staff` is nil where the household itself objects. A repeat of an id changes nothing.
    ///
    /// `month` is the month whose statement an objection or an answer is about; nil for none in particular, taken of an
    /// answer only where nothing that waits names a month. `seen` are the ids of the objections read by who answers.
    public func callAsFunction(
        _ kind: HouseholdNote.Kind, _ text: String, id: String, month: BillingMonth? = nil, seen: Set<String> = [],
        of home: Household, by staff: StaffID?, at now: Instant
    ) async throws -> Result<Void, NoteRefusal> {
        guard id.isClientID else { return .failure(.idIsMalformed) }
        let body = NoteHousehold.oneLine(text)
        guard body.count <= Self.bodyLimit, body.utf8.count <= 8 * Self.bodyLimit else {
            return .failure(.bodyIsTooLong)
        }
        let needsWords = [.objection, .answered, .other].contains(kind)
        guard !body.isEmpty || !needsWords else { return .failure(.bodyIsMissing) }
        let note = HouseholdNote(id: id, at: now, staff: staff, kind: kind, month: month, body: body)
        return try await database.write(repeatable: true) { transaction in
            let reader = transaction.reader
            // Two at once write this row both: one is decided again, after the other.
            try transaction.touch(home)
            let known = try reader.note(id, in: home.community)
            if let known, known.household == home.id, known.note.isSame(as: note) { return .success(()) }
            let open = try reader.notes(of: home.id, in: home.community, limit: Int(Self.most)).openObjections
            // Before the id: a page gone back to has no form left to send other words with.
            if kind == .objection, month != nil, open.contains(where: { $0.month == month }) {
                return .failure(.isOpen)
            }
            guard known == nil else { return .failure(.idIsTaken) }
            guard try reader.noteCount(of: home.id, in: home.community) < Self.most else { return .failure(.tooMany) }
            if kind == .answered, let refusal = NoteHousehold.refusal(ofAnswerTo: month, open, seen: seen) {
                return .failure(refusal)
            }
            try transaction.add(note, of: home.id, in: home.community)
            return .success(())
        }
    }

    private static func refusal(
        ofAnswerTo month: BillingMonth?, _ open: [HouseholdNote], seen: Set<String>
    ) -> NoteRefusal? {
        if month == nil, open.contains(where: { $0.month != nil }) { return .monthIsMissing }
        let answered = open.filter { $0.month == month }
        guard !answered.isEmpty else { return .nothingToAnswer }
        return answered.allSatisfy { seen.contains($0.id) } ? nil : .hasNewer
    }

    /// The words without line breaks and other control characters, one blank between them.
    private static func oneLine(_ text: String) -> String {
        text.split { $0.isWhitespace || $0.unicodeScalars.contains { $0.properties.generalCategory == .control } }
            .joined(separator: " ")
    }
}

extension HouseholdNote {
    /// The same but for when it was sent.
    fileprivate func isSame(as other: HouseholdNote) -> Bool {
        (kind, staff, month, body) == (other.kind, other.staff, other.month, other.body)
    }
}

extension Transaction {
    /// Keeps who changed something about a household at the desk, in the same transaction as the change.
    func log(
        _ kind: HouseholdNote.Kind, _ words: [String], of household: HouseholdID, in community: CommunityID,
        by staff: StaffID, at now: Instant
    ) throws {
        let body = words.joined(separator: " ")
        let id = "\(kind.rawValue)-\(household)-\(now.epochSeconds)-" + sha256Hex(Array(body.utf8)).prefix(16)
        guard try reader.note(id, in: community) == nil else { return }
        try add(
            HouseholdNote(id: id, at: now, staff: staff, kind: kind, month: nil, body: body), of: household,
            in: community)
    }
}
