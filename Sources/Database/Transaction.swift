/// What can be asked inside a read or a write.
public struct Reader {
    let connection: Connection

    /// Which engine answers: for the few things that only one of them has.
    public var isPostgres: Bool { connection.isPostgres }

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

    /// Rows in turn until `visit` is false. SQLite looks for no more than are visited.
    public func some(_ sql: SQL, _ visit: (Row) throws -> Bool) throws { try connection.each(sql, visit) }

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
    let connection: Connection

    public var reader: Reader { Reader(connection: connection) }

    /// Which engine writes: for the few things that only one of them has.
    public var isPostgres: Bool { connection.isPostgres }

    /// Runs one statement; returns the number of rows it changed.
    @discardableResult
    public func execute(_ sql: SQL) throws -> Int { try connection.execute(sql) }

    /// Runs several statements without parameters: our own text, never input.
    public func script(_ text: String) throws { try connection.script(text) }

    /// Runs one `INSERT … RETURNING` of an integer key and returns it.
    public func insertReturningKey(_ sql: SQL) throws -> Int64 {
        guard let key = try reader.first(sql, { try $0.integer(0) }) else {
            throw DatabaseFailure.other(reason: "the statement returned no key")
        }
        return key
    }

    /// Adds rows; a key already present is an error.
    public func append(_ rows: Rows, to table: String) throws {
        try connection.insert(rows, into: table, key: nil)
    }

    /// Adds the rows whose `key` is not present yet, and leaves the others as they are.
    public func appendMissing(_ rows: Rows, to table: String, key: [String]) throws {
        try connection.insert(rows, into: table, key: key, replaces: false)
    }

    /// Adds rows, or replaces the other columns where `key` is present. No two rows may have one key.
    public func upsert(_ rows: Rows, into table: String, key: [String]) throws {
        try connection.insert(rows, into: table, key: key)
    }
}
