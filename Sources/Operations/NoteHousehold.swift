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
    /// There is no objection that waits for an answer.
    case nothingToAnswer = "nothing_to_answer"
    /// The household's last objection to that month waits for an answer.
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
    /// `month` is the month whose statement an objection is about; nil for none in particular. `seen` is the id of the
    /// newest objection that an answer is written to.
    public func callAsFunction(
        _ kind: HouseholdNote.Kind, _ text: String, id: String, month: BillingMonth? = nil, seen: String? = nil,
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
            if let known = try reader.note(id, in: home.community) {
                let isSame = known.household == home.id && known.note.isSame(as: note)
                return isSame ? .success(()) : .failure(.idIsTaken)
            }
            guard try reader.noteCount(of: home.id, in: home.community) < Self.most else { return .failure(.tooMany) }
            let open = try reader.notes(of: home.id, in: home.community, limit: Int(Self.most)).openObjections
            if kind == .answered, open.isEmpty { return .failure(.nothingToAnswer) }
            if kind == .answered, open.last?.id != seen { return .failure(.hasNewer) }
            if kind == .objection, staff == nil, open.contains(where: { $0.month == month }) {
                return .failure(.isOpen)
            }
            try transaction.add(note, of: home.id, in: home.community)
            return .success(())
        }
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
