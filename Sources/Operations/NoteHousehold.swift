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
    /// The household has no statement of the month that it objects to.
    case noStatement = "no_statement"
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
    /// `month` is the month whose statement an objection or an answer is about; nil for none in particular. An answer of
    /// none is to the objections of none alone. `seen` are the ids of the objections read by who answers.
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
        guard body.contains(where: \.isVisible) || !needsWords else { return .failure(.bodyIsMissing) }
        let kept: HouseholdNote.Kind = kind == .answered && month == nil ? .answeredNoMonth : kind
        let note = HouseholdNote(id: id, at: now, staff: staff, kind: kept, month: month, body: body)
        return try await database.write(repeatable: true) { transaction in
            let reader = transaction.reader
            // Two at once write this row both: one is decided again, after the other.
            try transaction.touch(home)
            let known = try reader.note(id, in: home.community)
            if let known, known.household == home.id, known.note.isSame(as: note) { return .success(()) }
            let earlier = try reader.objectionNotes(of: home.id, in: home.community, limit: Int(Self.most))
            let open = earlier.openObjections
            // Before the id: a page gone back to has no form left to send other words with.
            if kind == .objection, month != nil, open.contains(where: { $0.month == month }) {
                return .failure(.isOpen)
            }
            guard known == nil else { return .failure(.idIsTaken) }
            if kind == .objection, let month, try reader.statement(of: home.id, in: home.community, month) == nil {
                return .failure(.noStatement)
            }
            guard try reader.noteCount(of: home.id, in: home.community) < Self.most else { return .failure(.tooMany) }
            if note.isAnswer, let refusal = NoteHousehold.refusal(of: note, open, seen: seen) {
                return .failure(refusal)
            }
            // After what it follows, also within a second and by another server's clock: the order says what is answered.
            let at = max(now, earlier.last.map { $0.at + 1 } ?? now)
            let placed = HouseholdNote(id: id, at: at, staff: staff, kind: kept, month: month, body: body)
            try transaction.add(placed, of: home.id, in: home.community)
            return .success(())
        }
    }

    private static func refusal(
        of answer: HouseholdNote, _ open: [HouseholdNote], seen: Set<String>
    ) -> NoteRefusal? {
        let answered = open.filter { answer.answers($0) }
        guard !answered.isEmpty else {
            return answer.month == nil && !open.isEmpty ? .monthIsMissing : .nothingToAnswer
        }
        return answered.allSatisfy { seen.contains($0.id) } ? nil : .hasNewer
    }

    /// The words without line breaks, other control characters and signs that only steer how text is set, one blank
    /// between them.
    private static func oneLine(_ text: String) -> String {
        var plain = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .format: continue
            case .control: plain.append(" ")
            default: plain.append(scalar)
            }
        }
        return String(plain).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

extension Character {
    /// False of signs that leave nothing to see, such as the Hangul fillers and the empty Braille cell.
    fileprivate var isVisible: Bool {
        unicodeScalars.contains { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .spaceSeparator, .lineSeparator, .paragraphSeparator, .nonspacingMark,
                .enclosingMark:
                false
            default: !scalar.properties.isDefaultIgnorableCodePoint && scalar.value != 0x2800
            }
        }
    }
}

/// A note that the service makes of a change carries the id of another one.
struct NoteIDIsTaken: Error { let id: String }

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
        // With a sign that no client's id can hold, so that nobody takes the id before the change is made.
        let hash = sha256Hex(Array("\(staff) \(body)".utf8)).prefix(16)
        let id = "\(kind.rawValue):\(household):\(now.epochSeconds):\(hash)"
        let note = HouseholdNote(id: id, at: now, staff: staff, kind: kind, month: nil, body: body)
        guard let known = try reader.note(id, in: community) else {
            return try add(note, of: household, in: community)
        }
        guard known.household == household, known.note == note else { throw NoteIDIsTaken(id: id) }
    }
}
