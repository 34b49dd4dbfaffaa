/// What can be asked inside a read or a write.
public struct Reader {
    let connection: SQLiteConnection

    /// All rows, each turned into a value.
    public func all<T>(_ sql: SQL, _ value: (Row) throws -> T) throws -> [T] {
        var values: [T] = []
        try connection.each(sql) { row in
            values.append(try value(row))
            return true
        }
        return values
    }

    /// The first row as a value, nil without one.
    public func first<T>(_ sql: SQL, _ value: (Row) throws -> T) throws -> T? {
        var found: T?
        try connection.each(sql) { row in
            found = try value(row)
            return false
        }
        return found
    }

    /// Every row in turn, without keeping them.
    public func each(_ sql: SQL, _ visit: (Row) throws -> Void) throws {
        try connection.each(sql) { row in
            try visit(row)
            return true
        }
    }
}

/// What can be done inside a write. Everything or nothing of it becomes durable.
public struct Transaction {
    let connection: SQLiteConnection

    public var reader: Reader { Reader(connection: connection) }

    /// Runs one statement; returns the number of rows it changed.
    @discardableResult
    public func execute(_ sql: SQL) throws -> Int { try connection.execute(sql) }

    /// Runs one `INSERT … RETURNING` of an integer key and returns it.
    public func insertReturningKey(_ sql: SQL) throws -> Int64 {
        guard let key = try reader.first(sql, { try $0.integer(0) }) else {
            throw DatabaseFailure.other(reason: "the statement returned no key")
        }
        return key
    }

    /// Adds rows; a key already present is an error.
    public func append(_ rows: Rows, to table: String) throws {
        try connection.insert(rows, into: table, conflict: "")
    }

    /// Adds rows, or replaces the other columns where `key` is present.
    public func upsert(_ rows: Rows, into table: String, key: [String]) throws {
        let others = rows.columns.filter { !key.contains($0) }.map { "\($0) = excluded.\($0)" }
        let action = others.isEmpty ? "NOTHING" : "UPDATE SET \(others.joined(separator: ", "))"
        try connection.insert(
            rows, into: table, conflict: " ON CONFLICT (\(key.joined(separator: ", "))) DO \(action)")
    }

    /// Applies one migration unless it is applied; see `Database.migrate`.
    func apply(_ migration: Migration, known: [Migration], at: Int64) throws {
        try execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migration (
                number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)
            """)
        let applied = try reader.first("SELECT max(number) FROM schema_migration") { try $0.integerOrNil(0) } ?? nil
        let newest = known.map(\.number).max() ?? 0
        if let applied, applied > newest { throw DatabaseFailure.schemaTooNew(found: applied, known: newest) }
        guard migration.number > applied ?? 0 else { return }
        try connection.script(migration.sqlite)
        try execute(
            """
            INSERT INTO schema_migration (number, name, applied_at)
            VALUES (\(migration.number), \(migration.name), \(at))
            """)
    }
}
