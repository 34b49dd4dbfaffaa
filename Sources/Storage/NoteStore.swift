public import Database
public import Water

/// One entry about a household: what staff did, what they changed at the desk, or what the household objected to.
public struct HouseholdNote: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case called
        case visited
        case noAnswer = "no_answer"
        /// What leaked or failed is mended: what was reported before is settled.
        case fixed
        /// Looked at and found in order: settled too.
        case inOrder = "in_order"
        /// What the household doubts.
        case objection
        /// The answer to an objection; the household reads it.
        case answered
        /// The answer to objections of no month in particular.
        case answeredNoMonth = "answered_no_month"
        case other
        /// How many live there was changed: `YYYY-MM-DD` and the number, or the day alone where it is unknown; where the
        /// entry was taken away, `removed` after it.
        case persons
        /// A meter was exchanged: both printed numbers.
        case exchange

        /// True where what was reported of the household before is done with.
        public var isSettling: Bool { self == .fixed || self == .inOrder }

        /// True where something was done about the home's water: not what it doubts or was answered, nor how many live
        /// there.
        public var isFollowUp: Bool { ![.objection, .answered, .answeredNoMonth, .persons].contains(self) }
    }

    /// Made by the client, a repeat is the same note; with a `:` made by the service, as no client can.
    public let id: String
    public let at: Instant
    /// nil is the household itself.
    public let staff: StaffID?
    public let kind: Kind
    /// The month whose statement an objection or its answer is about.
    public let month: BillingMonth?
    public let body: String

    public init(id: String, at: Instant, staff: StaffID?, kind: Kind, month: BillingMonth?, body: String) {
        self.id = id
        self.at = at
        self.staff = staff
        self.kind = kind
        self.month = month
        self.body = body
    }

    public var isAnswer: Bool { kind == .answered || kind == .answeredNoMonth }

    /// True where this, written after the objection, is its answer. One kept as `answered` without a month is of the time
    /// when an answer closed whatever waited.
    public func answers(_ objection: HouseholdNote) -> Bool {
        switch kind {
        case .answered: month == nil || month == objection.month
        case .answeredNoMonth: objection.month == nil
        default: false
        }
    }
}

extension Sequence<HouseholdNote> {
    /// The objections that no answer follows, in order; the notes are of one household, oldest first.
    public var openObjections: [HouseholdNote] {
        reduce(into: []) { open, note in
            if note.kind == .objection { open.append(note) }
            if note.isAnswer { open.removeAll { note.answers($0) } }
        }
    }

    /// The answers by the id of the objection that each stands under: of those that it closes, the last. The notes are of
    /// one household, oldest first.
    public var answers: [String: HouseholdNote] {
        var (open, found): ([HouseholdNote], [String: HouseholdNote]) = ([], [:])
        for note in self {
            if note.kind == .objection { open.append(note) }
            guard note.isAnswer, let last = open.last(where: { note.answers($0) }) else { continue }
            found[last.id] = note
            open.removeAll { note.answers($0) }
        }
        return found
    }
}

extension Reader {
    /// A household's notes, oldest first: the newest `limit` of them.
    public func notes(of household: HouseholdID, in community: CommunityID, limit: Int) throws -> [HouseholdNote] {
        try all(
            """
            SELECT note_id, noted_at, staff_id, kind, month, body FROM household_note
            WHERE community_id = \(community) AND household_id = \(household)
            ORDER BY noted_at DESC, note_id DESC LIMIT \(limit)
            """, Reader.note
        ).reversed()
    }

    /// A household's objections and their answers alone, oldest first: the newest `limit` of them, however many other notes
    /// came after.
    public func objectionNotes(
        of household: HouseholdID, in community: CommunityID, limit: Int
    ) throws -> [HouseholdNote] {
        let kinds: (HouseholdNote.Kind, HouseholdNote.Kind, HouseholdNote.Kind) = (
            .objection, .answered, .answeredNoMonth
        )
        return try all(
            """
            SELECT note_id, noted_at, staff_id, kind, month, body FROM household_note
            WHERE community_id = \(community) AND household_id = \(household)
                AND kind IN (\(kinds.0.rawValue), \(kinds.1.rawValue), \(kinds.2.rawValue))
            ORDER BY noted_at DESC, note_id DESC LIMIT \(limit)
            """, Reader.note
        ).reversed()
    }

    /// The notes of a community since an instant by the household's number, oldest first: the newest `limit` of them.
    public func notes(
        of community: CommunityID, since: Instant, limit: Int
    ) throws -> [(household: String, area: AreaID, note: HouseholdNote)] {
        try all(
            """
            SELECT n.note_id, n.noted_at, n.staff_id, n.kind, n.month, n.body, h.number, h.area_id
            FROM household_note n
            JOIN household h ON h.community_id = n.community_id AND h.household_id = n.household_id
            WHERE n.community_id = \(community) AND n.noted_at >= \(since)
            ORDER BY n.noted_at DESC, n.note_id DESC LIMIT \(limit)
            """
        ) { (try $0.text(6), try $0.id(7), try Reader.note($0)) }.reversed()
    }

    /// The objections and answers of a community by the household's number, oldest first: the newest `limit` of them.
    public func objectionNotes(
        of community: CommunityID, limit: Int
    ) throws -> [(household: String, area: AreaID, note: HouseholdNote)] {
        let kinds: (HouseholdNote.Kind, HouseholdNote.Kind, HouseholdNote.Kind) = (
            .objection, .answered, .answeredNoMonth
        )
        return try all(
            """
            SELECT n.note_id, n.noted_at, n.staff_id, n.kind, n.month, n.body, h.number, h.area_id
            FROM household_note n
            JOIN household h ON h.community_id = n.community_id AND h.household_id = n.household_id
            WHERE n.community_id = \(community)
                AND n.kind IN (\(kinds.0.rawValue), \(kinds.1.rawValue), \(kinds.2.rawValue))
            ORDER BY n.noted_at DESC, n.note_id DESC LIMIT \(limit)
            """
        ) { (try $0.text(6), try $0.id(7), try Reader.note($0)) }.reversed()
    }

    public func noteCount(of household: HouseholdID, in community: CommunityID) throws -> Int64 {
        try first(
            """
            SELECT count(*) FROM household_note
            WHERE community_id = \(community) AND household_id = \(household)
            """
        ) { try $0.integer(0) } ?? 0
    }

    /// The note of an id, and whose it is.
    public func note(
        _ id: String, in community: CommunityID
    ) throws -> (household: HouseholdID, note: HouseholdNote)? {
        try first(
            """
            SELECT note_id, noted_at, staff_id, kind, month, body, household_id FROM household_note
            WHERE community_id = \(community) AND note_id = \(id)
            """
        ) { (try $0.id(6), try Reader.note($0)) }
    }

    private static func note(_ row: Row) throws -> HouseholdNote {
        guard let kind = HouseholdNote.Kind(rawValue: try row.text(3)) else {
            throw DamagedBytes.notAValue("note kind")
        }
        return HouseholdNote(
            id: try row.text(0), at: try row.instant(1), staff: try row.idOrNil(2), kind: kind,
            month: try row.integerOrNil(4).map { BillingMonth(number: Int32($0)) }, body: try row.text(5))
    }
}

extension Transaction {
    /// Writes a household's row as it is, so that decisions about it follow each other.
    public func touch(_ home: Household) throws {
        try execute(
            """
            UPDATE household SET area_id = area_id
            WHERE community_id = \(home.community) AND household_id = \(home.id)
            """)
    }

    /// Adds a note.
    public func add(_ note: HouseholdNote, of household: HouseholdID, in community: CommunityID) throws {
        try execute(
            """
            INSERT INTO household_note (community_id, note_id, household_id, noted_at, staff_id, month, kind, body)
            VALUES (\(community), \(note.id), \(household), \(note.at), \(note.staff), \(note.month),
                \(note.kind.rawValue), \(note.body))
            """)
    }
}
