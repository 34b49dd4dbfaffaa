public import Database
public import Water

/// A journal row as read back.
public struct JournalRow: Sendable {
    public let community: CommunityID
    public let id: Int64
    public let payload: [UInt8]
}

extension Transaction {
    /// Adds one row of a community's entries: the moment a reading is accepted.
    public func appendToJournal(_ payload: [UInt8], readings: Int, of community: CommunityID, at: Instant) throws {
        try execute(
            """
            INSERT INTO journal (community_id, journal_id, written_at, readings, payload)
            SELECT \(community), coalesce(max(journal_id), 0) + 1, \(at), \(readings), \(payload)
            FROM journal WHERE community_id = \(community)
            """)
    }

    /// Removes folded rows up to `id`, in the transaction that put their elements into sets.
    public func removeFromJournal(upTo id: Int64, of community: CommunityID) throws {
        try execute("DELETE FROM journal WHERE community_id = \(community) AND journal_id <= \(id)")
    }
}

extension Reader {
    /// The next community with unfolded entries after one, in turn; nil where the journal is empty.
    public func nextCommunityToFold(after last: CommunityID?) throws -> CommunityID? {
        let next: CommunityID? = try first(
            """
            SELECT community_id FROM journal WHERE community_id > \(last?.value ?? -1)
            ORDER BY community_id LIMIT 1
            """
        ) { try $0.id(0) }
        if next == nil, last != nil { return try nextCommunityToFold(after: nil) }
        return next
    }

    /// The newest journal row of every community that has any: what there is to fold now.
    public func journalMarks() throws -> [CommunityID: Int64] {
        var marks: [CommunityID: Int64] = [:]
        try each("SELECT community_id, max(journal_id) FROM journal GROUP BY community_id") { row in
            marks[try row.id(0)] = try row.integer(1)
        }
        return marks
    }

    /// True where a community has a journal row up to `id`.
    public func hasJournal(of community: CommunityID, upTo id: Int64) throws -> Bool {
        try first(
            "SELECT 1 FROM journal WHERE community_id = \(community) AND journal_id <= \(id) LIMIT 1"
        ) { _ in true } ?? false
    }

    /// A community's oldest journal rows, at most about `readings` readings but at least one row.
    public func journalRows(of community: CommunityID, readings limit: Int64) throws -> [JournalRow] {
        var rows: [JournalRow] = []
        var total: Int64 = 0
        let sizes = try all(
            """
            SELECT journal_id, readings FROM journal WHERE community_id = \(community)
            ORDER BY journal_id LIMIT 100
            """
        ) { (try $0.integer(0), try $0.integer(1)) }
        for (id, readings) in sizes {
            if !rows.isEmpty, total + readings > limit { break }
            total += readings
            let payload = try first(
                "SELECT payload FROM journal WHERE community_id = \(community) AND journal_id = \(id)"
            ) { try $0.blob(0) }
            rows.append(JournalRow(community: community, id: id, payload: payload ?? []))
        }
        return rows
    }

    /// Readings waiting to be folded and when the oldest was written; nil without any.
    public func journalLag() throws -> (readings: Int64, oldest: Instant)? {
        try first("SELECT sum(readings), min(written_at) FROM journal HAVING count(*) > 0") {
            (try $0.integer(0), try $0.instant(1))
        }
    }
}
