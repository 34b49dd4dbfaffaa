public import Database
public import Water

/// The readings of one month as a part of their own: on PostgreSQL `reading_day` is cut by local day, so that a month
/// past its time is detached in one step instead of being deleted row by row.
struct ReadingPartition {
    /// `reading_day_2026_11`.
    let name: String
    /// Numbers of local days; `end` is outside.
    let start: Int32
    let end: Int32

    init(_ month: BillingMonth) {
        name = "reading_day_\(padded(month.year, 4))_\(padded(month.month, 2))"
        start = month.firstDay.number
        end = month.next.firstDay.number
    }
}

extension Database {
    /// Gives each month from `first` to `last` a partition of its own, where it has none yet. Returns how many were
    /// made; always 0 on SQLite, where a table is one piece.
    ///
    /// Meant for months to come, before their first reading: a month of which rows lie in the common remainder
    /// already stays there. Each is made in a short transaction that waits a second at most for the table, so that
    /// readings are not held up behind a long read; then it throws `.conflict`, and another time does.
    public func prepareReadings(from first: BillingMonth, to last: BillingMonth) async throws -> Int {
        var made = 0
        for number in stride(from: first.number, through: last.number, by: 1) {
            let partition = ReadingPartition(BillingMonth(number: number))
            guard try await read({ try $0.lacks(partition) }) else { continue }
            made += try await write(repeatable: true) { try $0.make(partition) } ? 1 : 0
        }
        return made
    }
}

extension Database {
    /// Drops the partitions of months before `month` that hold nothing any more. Returns how many, and how many are left
    /// for another time because others were at the table; 0 on SQLite.
    public func dropReadings(before month: BillingMonth) async throws -> (dropped: Int, waiting: Int) {
        var (dropped, waiting) = (0, 0)
        for partition in try await read({ try $0.partitions(before: month) }) {
            do {
                let isDropped = try await write(repeatable: true) { transaction -> Bool in
                    try transaction.script(
                        "SET LOCAL lock_timeout = '1s'; LOCK TABLE reading_day IN ACCESS EXCLUSIVE MODE")
                    guard try transaction.reader.isEmpty(partition) else { return false }
                    try transaction.script("DROP TABLE IF EXISTS \(partition.name)")
                    return true
                }
                if isDropped { dropped += 1 }
            } catch DatabaseFailure.conflict {
                waiting += 1
            }
        }
        return (dropped, waiting)
    }
}

extension Reader {
    /// The partitions of whole months before `month`, by name.
    fileprivate func partitions(before month: BillingMonth) throws -> [ReadingPartition] {
        guard isPostgres else { return [] }
        let names = try all(
            """
            SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'reading_day'::regclass ORDER BY c.relname
            """
        ) { try $0.text(0) }
        return names.compactMap { name in
            let parts = name.split(separator: "_")
            guard parts.count == 4, let found = BillingMonth("\(parts[2])-\(parts[3])"), found < month else {
                return nil
            }
            return ReadingPartition(found)
        }
    }

    fileprivate func isEmpty(_ partition: ReadingPartition) throws -> Bool {
        try first(
            "SELECT 1 FROM reading_day WHERE day >= \(partition.start) AND day < \(partition.end) LIMIT 1"
        ) { _ in true } == nil
    }

    /// True where the month has no partition but could have one.
    fileprivate func lacks(_ partition: ReadingPartition) throws -> Bool {
        guard isPostgres else { return false }
        return try first("SELECT to_regclass(\(partition.name)) IS NULL") { try $0.flag(0) } ?? false
    }
}

extension Transaction {
    fileprivate func make(_ partition: ReadingPartition) throws -> Bool {
        // The lock comes first, before anything that would fix the snapshot: what it shows then is what there is.
        try script("SET LOCAL lock_timeout = '1s'; LOCK TABLE reading_day IN ACCESS EXCLUSIVE MODE")
        guard try reader.lacks(partition) else { return false }
        let isBegun = try reader.first(
            "SELECT 1 FROM reading_day_rest WHERE day >= \(partition.start) AND day < \(partition.end) LIMIT 1"
        ) { _ in true }
        guard isBegun == nil else { return false }
        try script(
            """
            CREATE TABLE \(partition.name) PARTITION OF reading_day FOR VALUES FROM (\(partition.start)) TO (\(partition.end))
            """)
        return true
    }
}
