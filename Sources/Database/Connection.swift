/// One connection of either engine, inside a transaction.
enum Connection {
    case sqlite(SQLiteConnection)
    case postgres(PostgresSession)

    var isPostgres: Bool {
        switch self {
        case .sqlite: false
        case .postgres: true
        }
    }

    func each(_ sql: SQL, _ visit: (Row) throws -> Bool) throws {
        switch self {
        case .sqlite(let connection): try connection.each(sql, visit)
        case .postgres(let session): try session.each(sql, visit)
        }
    }

    func execute(_ sql: SQL) throws -> Int {
        switch self {
        case .sqlite(let connection): try connection.execute(sql)
        case .postgres(let session): try session.execute(sql)
        }
    }

    /// Runs several statements without parameters.
    func script(_ text: String) throws {
        switch self {
        case .sqlite(let connection): try connection.script(text)
        case .postgres(let session): try session.script(text)
        }
    }

    /// Adds rows; with `key`, the other columns are replaced where it is present, or left where `replaces` is false.
    func insert(_ rows: Rows, into table: String, key: [String]?, replaces: Bool = true) throws {
        guard !rows.isEmpty else { return }
        let conflict = conflictText(rows, key, replaces: replaces)
        switch self {
        case .sqlite(let connection): try connection.insert(rows, into: table, conflict: conflict)
        case .postgres(let session):
            try session.insert(rows, into: table, conflict: conflict, isAppend: key == nil)
        }
    }

    private func conflictText(_ rows: Rows, _ key: [String]?, replaces: Bool) -> String {
        guard let key else { return "" }
        let others = !replaces ? [] : rows.columns.filter { !key.contains($0) }.map { "\($0) = excluded.\($0)" }
        let action = others.isEmpty ? "NOTHING" : "UPDATE SET \(others.joined(separator: ", "))"
        return " ON CONFLICT (\(key.joined(separator: ", "))) DO \(action)"
    }
}
