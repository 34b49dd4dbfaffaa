public import Database
public import Water

/// A journal row as read back.
public struct JournalRow: Sendable {
    public let community: CommunityID
    public let id: Int64
    public let readings: Int64
    public let payload: [UInt8]
}

/// One community's entries of a commit, before they are written.
public struct JournalAddition: Sendable {
    public let community: CommunityID
    public let readings: Int
    public let payload: [UInt8]

    public init(community: CommunityID, readings: Int, payload: [UInt8]) {
        self.community = community
        self.readings = readings
        self.payload = payload
    }
}

extension Transaction {
    /// Adds the rows of a commit: the moment readings are accepted. Two processes may append to one community at
    /// once; the engine numbers the rows.
    public func appendToJournal(_ additions: [JournalAddition], at: Instant) throws {
        var rows = Rows(["community_id", "written_at", "readings", "payload"])
        for addition in additions.sorted(by: { $0.community < $1.community }) {
            rows.append(addition.community, at, addition.readings, addition.payload)
        }
        try append(rows, to: "journal")
    }

    /// Removes rows of one community that were read, in the transaction that put the last of their elements into sets.
    /// Never a range: a row with a lower number may have been committed since.
    public func removeFromJournal(_ rows: [JournalRow]) throws {
        for block in blocks(of: rows) {
            try execute(
                "DELETE FROM journal WHERE community_id = \(rows[0].community) AND journal_id IN (\(block.list))")
        }
    }
}

extension Reader {
    /// The next community with unfolded entries after one, in turn, that is not among `others`; nil without one.
    public func nextCommunityToFold(
        after last: CommunityID?, besides others: Set<CommunityID> = []
    ) throws -> CommunityID? {
        var after = last?.value ?? -1
        while let next = try journaledCommunity(after: after) {
            if !others.contains(next) { return next }
            after = next.value
        }
        return last == nil ? nil : try nextCommunityToFold(after: nil, besides: others)
    }

    private func journaledCommunity(after number: Int64) throws -> CommunityID? {
        try first(
            "SELECT community_id FROM journal WHERE community_id > \(number) ORDER BY community_id LIMIT 1"
        ) { try $0.id(0) }
    }

    /// The highest number of a community with unfolded entries; nil where the journal is empty.
    public func lastJournaledCommunity() throws -> CommunityID? {
        try first("SELECT community_id FROM journal ORDER BY community_id DESC LIMIT 1") { try $0.id(0) }
    }

    /// True where a community has unfolded entries.
    public func hasJournal(of community: CommunityID) throws -> Bool {
        try hasJournal(of: community, upTo: .max)
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
        var sizes: [(id: Int64, readings: Int64)] = []
        var total: Int64 = 0
        try some(
            """
            SELECT journal_id, readings FROM journal WHERE community_id = \(community)
            ORDER BY journal_id LIMIT 500
            """
        ) { row in
            let (id, readings) = (try row.integer(0), try row.integer(1))
            if !sizes.isEmpty, total + readings > limit { return false }
            total += readings
            sizes.append((id, readings))
            return total < limit
        }
        return try sizes.map { id, readings in
            let payload = try first(
                "SELECT payload FROM journal WHERE community_id = \(community) AND journal_id = \(id)"
            ) { try $0.blob(0) }
            // Who folds the rows has their bytes alone.
            if let form = payload?.first, !JournalPayload.isKnown(form) {
                throw DamagedRow(row: "journal row \(id) of community \(community)", damage: .unknownVersion(form))
            }
            return JournalRow(community: community, id: id, readings: readings, payload: payload ?? [])
        }
    }

    /// True until the entries of any of one community's rows are folded.
    public func areInJournal(_ rows: [JournalRow]) throws -> Bool {
        try blocks(of: rows).allSatisfy { block in
            let found = try first(
                """
                SELECT count(*) FROM journal
                WHERE community_id = \(rows[0].community) AND journal_id IN (\(block.list))
                """
            ) { try $0.integer(0) }
            return found == Int64(block.count)
        }
    }

    /// A community's readings waiting to be folded, counted to `limit` or a little more, and when the oldest was written;
    /// nil without any.
    public func journalLag(
        of community: CommunityID, upTo limit: Int64
    ) throws -> (readings: Int64, oldest: Instant)? {
        var found: (readings: Int64, oldest: Instant)?
        var rows = 0
        try some(
            """
            SELECT readings, written_at FROM journal WHERE community_id = \(community)
            ORDER BY journal_id LIMIT 500
            """
        ) { row in
            let (readings, at) = (try row.integer(0), try row.instant(1))
            let lag = (readings: (found?.readings ?? 0) + readings, oldest: min(found?.oldest ?? at, at))
            (found, rows) = (lag, rows + 1)
            return lag.readings < limit
        }
        // Five hundred rows are as many as a round takes.
        if rows == 500, let oldest = found?.oldest { return (max(found?.readings ?? 0, limit), oldest) }
        return found
    }

    /// Readings waiting to be folded and when the oldest was written; nil without any.
    public func journalLag() throws -> (readings: Int64, oldest: Instant)? {
        try first("SELECT CAST(sum(readings) AS BIGINT), min(written_at) FROM journal HAVING count(*) > 0") {
            (try $0.integer(0), try $0.instant(1))
        }
    }
}

/// The numbers of rows as lists of few lengths, each filled up with its last: few statements to keep prepared.
private func blocks(of rows: [JournalRow]) -> [(list: SQL, count: Int)] {
    stride(from: 0, to: rows.count, by: 64).map { start in
        let numbers = rows[start..<min(rows.count, start + 64)].map(\.id)
        let length = [1, 8, 64].first { $0 >= numbers.count } ?? 64
        let padding = repeatElement(numbers[numbers.count - 1], count: length - numbers.count)
        return (SQL.list(numbers + padding), numbers.count)
    }
}
