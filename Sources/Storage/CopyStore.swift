public import Database
public import Water

// Where a copy from another database has come to. The two tables are made by the first copy into a database and are
// no part of the schema: no other act needs them.

/// The copy that a database holds or is becoming.
public struct CopyRecord: Sendable, Hashable {
    /// Which database is copied; see `Reader.fingerprint`.
    public let source: String
    /// When its contents were found to equal the source's; nil while the copy is under way.
    public let verifiedAt: Instant?
}

/// How far one table is copied.
public struct CopiedPart: Sendable, Hashable {
    /// The last key copied; nil before the first.
    public let end: [SQLValue]?
    public let rows: Int64
    public let isDone: Bool

    public init(end: [SQLValue]?, rows: Int64, isDone: Bool) {
        self.end = end
        self.rows = rows
        self.isDone = isDone
    }
}

extension Reader {
    /// Tells one installation's database from another's: the city's code and when its first table was made.
    /// nil before the city is set up.
    public func fingerprint() throws -> String? {
        guard let city = try city() else { return nil }
        let made = try first("SELECT min(applied_at) FROM schema_migration") { try $0.integer(0) }
        return "\(city.area.code) \(made ?? 0)"
    }

    /// Until when a process may be at work on the database; nil where none ever took a job.
    public func inServiceUntil() throws -> Instant? {
        try first("SELECT max(until) FROM job_lease") { try $0.instantOrNil(0) } ?? nil
    }

    /// The copy that this database holds or is becoming; nil where none was ever made into it.
    public func copyRecord() throws -> CopyRecord? {
        guard try hasCopyTables() else { return nil }
        return try first("SELECT source, verified_at FROM copy_record") { row in
            CopyRecord(source: try row.text(0), verifiedAt: try row.instantOrNil(1))
        }
    }

    /// How far each table is copied, by name; those not begun are missing, and those whose key is another one since: they
    /// are copied from their beginning.
    public func copiedParts() throws -> [String: CopiedPart] {
        var parts: [String: CopiedPart] = [:]
        let tables = Dictionary(uniqueKeysWithValues: storedTables.map { ($0.name, $0) })
        try each("SELECT table_name, end_key, row_count, is_done FROM copy_progress") { row in
            let end = try row.textOrNil(1).map(decodedKey)
            if let end, let table = tables[try row.text(0)], !table.isKeyed(as: end) { return }
            parts[try row.text(0)] = CopiedPart(end: end, rows: try row.integer(2), isDone: try row.flag(3))
        }
        return parts
    }

    public func copiedPart(of table: StoredTable) throws -> CopiedPart? { try copiedParts()[table.name] }

    /// The months in which readings lie, ascending.
    public func monthsOfReadings() throws -> [BillingMonth] {
        var months: Set<BillingMonth> = []
        try each("SELECT DISTINCT day FROM reading_day") { row in
            let date = LocalDay(number: Int32(truncatingIfNeeded: try row.integer(0))).date
            if let month = BillingMonth(year: date.year, month: date.month) { months.insert(month) }
        }
        return months.sorted()
    }

    /// What moves with nearly every write: rows that come, versions that are raised, jobs that are taken. Each asks
    /// little of a large city.
    fileprivate func portableMarks() throws -> [Int64] {
        let marks: [SQL] = [
            "SELECT max(journal_id) FROM journal", "SELECT count(*) FROM journal",
            "SELECT version FROM registry_version WHERE only_row = 1",
            // Sums of remainders: versions of any size add up.
            "SELECT CAST(sum(version % 1000003) AS BIGINT) FROM community_fold",
            "SELECT max(folded_at) FROM community_fold",
            "SELECT CAST(sum(version % 1000003) AS BIGINT) FROM account",
            "SELECT CAST(sum(fence % 1000003) AS BIGINT) FROM job_lease", "SELECT max(until) FROM job_lease",
            "SELECT max(issued_at) FROM community_month", "SELECT count(*) FROM home_dirty",
            "SELECT count(*) FROM reading_edit", "SELECT count(*) FROM household_note",
            "SELECT count(*) FROM session", "SELECT max(created_at) FROM session",
            "SELECT max(at) FROM outbox_event", "SELECT max(last_at) FROM delivery",
        ]
        return try marks.map { mark in (try first(mark) { try $0.integerOrNil(0) } ?? nil) ?? -1 }
    }

    private func hasCopyTables() throws -> Bool {
        let text: SQL =
            isPostgres
            ? "SELECT to_regclass('copy_progress') IS NOT NULL"
            : "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'copy_progress'"
        return try first(text) { try $0.flag(0) } ?? false
    }
}

extension Database {
    /// Marks that differ from those taken before where the database was written to meanwhile. On SQLite they show every
    /// write of others; on PostgreSQL those of any act of a service, but not each change of a row by hand.
    public func writeMarks() async throws -> [Int64] {
        let (marks, isPostgres) = try await read { (try $0.portableMarks(), $0.isPostgres) }
        if isPostgres { return marks }
        // Counts for one connection alone, and there is one that writes.
        let version = try await write { try $0.reader.first("PRAGMA data_version") { try $0.integer(0) } }
        return marks + [version ?? -1]
    }
}

extension Transaction {
    /// Makes the tables of a copy's progress where they are not there yet.
    public func prepareCopy() throws {
        try execute(
            """
            CREATE TABLE IF NOT EXISTS copy_record (
                only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1), source TEXT NOT NULL, verified_at BIGINT)
            """)
        try execute(
            """
            CREATE TABLE IF NOT EXISTS copy_progress (
                table_name TEXT NOT NULL PRIMARY KEY, end_key TEXT, row_count BIGINT NOT NULL, is_done BIGINT NOT NULL)
            """)
    }

    /// Begins a copy, or begins it anew: nothing of it is copied yet.
    public func beginCopy(from source: String) throws {
        try execute("DELETE FROM copy_progress")
        try execute(
            """
            INSERT INTO copy_record (only_row, source) VALUES (1, \(source))
            ON CONFLICT (only_row) DO UPDATE SET source = excluded.source, verified_at = NULL
            """)
    }

    public func setCopied(_ part: CopiedPart, of table: StoredTable) throws {
        try execute(
            """
            INSERT INTO copy_progress (table_name, end_key, row_count, is_done)
            VALUES (\(table.name), \(part.end.map(encoded)), \(part.rows), \(part.isDone))
            ON CONFLICT (table_name) DO UPDATE
            SET end_key = excluded.end_key, row_count = excluded.row_count, is_done = excluded.is_done
            """)
    }

    /// Lets the next run copy a table from its beginning.
    public func forgetCopied(_ name: String) throws {
        try execute("DELETE FROM copy_progress WHERE table_name = \(name)")
    }

    public func endCopy(at: Instant) throws {
        try execute("UPDATE copy_record SET verified_at = \(at) WHERE only_row = 1")
    }
}

/// A key as text that keeps its values' types.
private func encoded(_ key: [SQLValue]) -> String {
    var writer = ByteWriter()
    for value in key { writer.value(value) }
    return hex(writer.bytes)
}

private func decodedKey(_ text: String) throws -> [SQLValue] {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while !rest.isEmpty {
        guard let byte = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
            throw DamagedBytes.notAValue("key")
        }
        bytes.append(byte)
        rest = rest.dropFirst(2)
    }
    var reader = ByteReader(bytes)
    var key: [SQLValue] = []
    while !reader.isAtEnd { key.append(try reader.value()) }
    return key
}

extension StoredTable {
    /// Whether values may be a key of the table: as many, of the same kinds.
    fileprivate func isKeyed(as values: [SQLValue]) -> Bool {
        values.count == key.count
            && zip(keyPlaces, values).allSatisfy { place, value in
                switch (kinds[place], value) {
                case (.integer, .integer), (.text, .text), (.bytes, .blob): true
                default: false
                }
            }
    }
}
