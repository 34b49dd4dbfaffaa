import Foundation
import GRDB

/// One SQLite connection inside a transaction. Every statement is prepared once per connection and kept.
struct SQLiteConnection {
    let database: GRDB.Database

    /// Rows per multi-row insert: the fastest size measured.
    private static let rowsPerInsert = 32

    func each(_ sql: SQL, _ visit: (Row) throws -> Bool) throws {
        let statement = try database.cachedStatement(sql: sql.text)
        let rows = try GRDB.Row.fetchCursor(statement, arguments: arguments(sql.arguments[...]))
        while let row = try rows.next() {
            if try !visit(Row(value: { SQLValue(row, column: $0) })) { break }
        }
    }

    func execute(_ sql: SQL) throws -> Int {
        let statement = try database.cachedStatement(sql: sql.text)
        try statement.execute(arguments: arguments(sql.arguments[...]))
        return database.changesCount
    }

    func script(_ text: String) throws { try database.execute(sql: text) }

    func insert(_ rows: Rows, into table: String, conflict: String) throws {
        let width = rows.columns.count
        var next = 0
        while next < rows.count {
            let count = min(rows.count - next, SQLiteConnection.rowsPerInsert)
            // A full block or one row: two statements a table, both cached.
            let block = count == SQLiteConnection.rowsPerInsert ? count : 1
            let statement = try database.cachedStatement(
                sql: insertText(rows.columns, table: table, rows: block, conflict: conflict))
            statement.setUncheckedArguments(arguments(rows.values[next * width..<(next + block) * width]))
            try statement.execute()
            next += block
        }
    }

    private func insertText(_ columns: [String], table: String, rows: Int, conflict: String) -> String {
        let row = "(\(Array(repeating: "?", count: columns.count).joined(separator: ",")))"
        let values = Array(repeating: row, count: rows).joined(separator: ",")
        return "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES \(values)\(conflict)"
    }

    private func arguments(_ values: ArraySlice<SQLValue>) -> StatementArguments {
        StatementArguments(
            values.map { value -> (any DatabaseValueConvertible)? in
                switch value {
                case .null: nil
                case .integer(let number): number
                case .text(let text): text
                case .blob(let bytes): Data(bytes)
                }
            })
    }
}

extension SQLValue {
    fileprivate init(_ row: GRDB.Row, column: Int) {
        let value: DatabaseValue = row[column]
        switch value.storage {
        case .null: self = .null
        case .int64(let number): self = .integer(number)
        case .double: self = .null
        case .string(let text): self = .text(text)
        case .blob(let data): self = .blob([UInt8](data))
        }
    }
}
