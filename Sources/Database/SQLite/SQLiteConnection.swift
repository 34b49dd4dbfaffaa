import GRDB
import GRDBSQLite

/// One SQLite connection inside a transaction. Every statement is prepared once per connection and kept.
///
/// Statements are bound, stepped and read by SQLite's own calls: millions of small values go through here in a close,
/// and a boxed value for each costs more than SQLite's work.
struct SQLiteConnection {
    let database: GRDB.Database

    /// Rows per multi-row insert: the fastest size measured.
    private static let rowsPerInsert = 32

    func each(_ sql: SQL, _ visit: (Row) throws -> Bool) throws {
        let statement = try prepared(sql.text)
        defer { statement.reset() }
        try statement.bind(sql.arguments[...])
        while try statement.step() {
            if try !visit(Row(source: .sqlite(statement.columns))) { break }
        }
    }

    func execute(_ sql: SQL) throws -> Int {
        let statement = try prepared(sql.text)
        defer { statement.reset() }
        try statement.bind(sql.arguments[...])
        while try statement.step() {}
        return database.changesCount
    }

    func script(_ text: String) throws { try database.execute(sql: text) }

    func insert(_ rows: Rows, into table: String, conflict: String) throws {
        let width = rows.columns.count
        var next = 0
        var kept: (rows: Int, statement: SQLiteStatementInUse)?
        while next < rows.count {
            let count = min(rows.count - next, SQLiteConnection.rowsPerInsert)
            // A full block or one row: two statements a table, both cached.
            let block = count == SQLiteConnection.rowsPerInsert ? count : 1
            let statement: SQLiteStatementInUse
            if let kept, kept.rows == block {
                statement = kept.statement
            } else {
                statement = try prepared(insertText(rows.columns, table: table, rows: block, conflict: conflict))
                kept = (block, statement)
            }
            defer { statement.reset() }
            try statement.bind(rows.values[next * width..<(next + block) * width])
            while try statement.step() {}
            next += block
        }
    }

    private func insertText(_ columns: [String], table: String, rows: Int, conflict: String) -> String {
        let row = "(\(Array(repeating: "?", count: columns.count).joined(separator: ",")))"
        let values = Array(repeating: row, count: rows).joined(separator: ",")
        return "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES \(values)\(conflict)"
    }

    /// The kept statement of a text; another where that one is being stepped through further up.
    private func prepared(_ text: String) throws -> SQLiteStatementInUse {
        try Task.checkCancellation()
        // A failure may have ended the transaction: what followed would be committed by itself.
        guard database.isInsideTransaction else {
            throw DatabaseError(resultCode: .SQLITE_ABORT, message: "the transaction ended with an earlier failure")
        }
        let kept = try database.cachedStatement(sql: text)
        let isBusy = sqlite3_stmt_busy(kept.sqliteStatement) != 0
        return SQLiteStatementInUse(
            owner: isBusy ? try database.makeStatement(sql: text) : kept, connection: database.sqliteConnection)
    }
}

/// A prepared statement between its binding and its reset.
private struct SQLiteStatementInUse {
    let owner: Statement
    let connection: SQLiteConnectionHandle?

    typealias SQLiteConnectionHandle = OpaquePointer

    var columns: SQLiteColumns { SQLiteColumns(statement: owner.sqliteStatement) }

    /// Steps to the next row; false at the end.
    func step() throws -> Bool {
        switch sqlite3_step(owner.sqliteStatement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code:
            // A task that is cancelled has its statement interrupted.
            if code == SQLITE_INTERRUPT || code == SQLITE_ABORT { try Task.checkCancellation() }
            throw failure(code)
        }
    }

    private func failure(_ code: CInt) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: code), message: connection.map { String(cString: sqlite3_errmsg($0)) })
    }

    /// Ends a passage, however it went: what its last step said was heard already.
    func reset() { _ = sqlite3_reset(owner.sqliteStatement) }

    /// Binds every parameter in order. SQLite copies texts and blobs.
    func bind(_ values: ArraySlice<SQLValue>) throws {
        var index: CInt = 0
        for value in values {
            index += 1
            let code = bind(value, at: index)
            guard code == SQLITE_OK else { throw failure(code) }
        }
        assert(index == sqlite3_bind_parameter_count(owner.sqliteStatement), "every parameter has its value")
    }

    private func bind(_ value: SQLValue, at index: CInt) -> CInt {
        let statement = owner.sqliteStatement
        switch value {
        case .null: return sqlite3_bind_null(statement, index)
        case .integer(let number): return sqlite3_bind_int64(statement, index, number)
        case .text(var text):
            return text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) { characters in
                    // No address at all would be bound as NULL.
                    characters.baseAddress.map {
                        sqlite3_bind_text(statement, index, $0, CInt(characters.count), copied)
                    } ?? sqlite3_bind_text(statement, index, "", 0, copied)
                }
            }
        case .blob(let bytes):
            if bytes.isEmpty { return sqlite3_bind_zeroblob(statement, index, 0) }
            return bytes.withUnsafeBytes {
                sqlite3_bind_blob(statement, index, $0.baseAddress, CInt($0.count), copied)
            }
        }
    }
}

/// SQLITE_TRANSIENT: SQLite makes its own copy.
private let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

/// The columns of the row a statement stands at. Reals, which our schema has none of, read as null.
struct SQLiteColumns {
    fileprivate let statement: OpaquePointer

    func isNull(_ column: Int) -> Bool {
        let type = sqlite3_column_type(statement, Int32(column))
        return type == SQLITE_NULL || type == SQLITE_FLOAT
    }

    /// nil where the column holds something else; so with the others.
    func integer(_ column: Int) -> Int64? {
        sqlite3_column_type(statement, Int32(column)) == SQLITE_INTEGER
            ? sqlite3_column_int64(statement, Int32(column)) : nil
    }

    func text(_ column: Int) -> String? {
        guard sqlite3_column_type(statement, Int32(column)) == SQLITE_TEXT else { return nil }
        guard let start = sqlite3_column_text(statement, Int32(column)) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, Int32(column)))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func withBlob<T>(_ column: Int, _ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T? {
        guard sqlite3_column_type(statement, Int32(column)) == SQLITE_BLOB else { return nil }
        let start = sqlite3_column_blob(statement, Int32(column))
        let count = start == nil ? 0 : Int(sqlite3_column_bytes(statement, Int32(column)))
        return try body(UnsafeRawBufferPointer(start: start, count: count))
    }
}
