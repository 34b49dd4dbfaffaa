public import Database

/// Rows of a table that follow each other in its key's order.
public struct TablePage: Sendable {
    /// The key that the page begins after; nil at the table's beginning.
    public let after: [SQLValue]?
    public internal(set) var rows: Rows
    /// True where no row follows.
    public internal(set) var isLast: Bool
    /// The last row's key; `after` in a page without rows.
    public internal(set) var end: [SQLValue]?

    /// The same rows, each after the one that the table's `parent` column names.
    public func parentsFirst(in table: StoredTable) -> TablePage {
        guard let parent = table.parent.flatMap({ table.columns.firstIndex(of: $0) }), let key = table.keyPlaces.first
        else { return self }
        let width = table.columns.count
        let all = (0..<rows.count).map { Array(rows.values[$0 * width..<($0 + 1) * width]) }
        let parents = Dictionary(all.map { ($0[key], $0[parent]) }) { first, _ in first }
        let depths = all.map { row in
            var depth = 0
            var next = row[parent]
            // A ring of parents would be damage; it ends here all the same.
            while let above = parents[next], depth < all.count { (next, depth) = (above, depth + 1) }
            return depth
        }
        var page = self
        page.rows = Rows(table.columns)
        for row in all.indices.sorted(by: { (depths[$0], $0) < (depths[$1], $1) }) { page.rows.append(all[row]) }
        return page
    }
}

extension Reader {
    /// The rows after a key, ascending: at most `limit`, and no further one once `bytes` of text and bytes are reached.
    public func page(of table: StoredTable, after: [SQLValue]?, limit: Int, bytes: Int) throws -> TablePage {
        var page = TablePage(after: after, rows: Rows(table.columns), isLast: true, end: after)
        let places = table.keyPlaces
        var taken = 0
        try each(table.selection(of: table.columns, after: after, through: nil, limit: limit + 1)) { row in
            guard page.rows.count < limit, taken < bytes else {
                page.isLast = false
                return
            }
            let values = try table.values(of: row)
            page.rows.append(values)
            page.end = places.map { values[$0] }
            taken += values.reduce(0) { $0 + $1.size }
        }
        return page
    }

    public func count(of table: StoredTable) throws -> Int64 {
        try first(SQL(stringLiteral: "SELECT count(*) FROM \(table.name)")) { try $0.integer(0) } ?? 0
    }

    public func isEmpty(_ table: StoredTable) throws -> Bool {
        try first(SQL(stringLiteral: "SELECT 1 FROM \(table.name) LIMIT 1")) { _ in false } ?? true
    }
}

extension Transaction {
    /// Makes the table hold, from the page's beginning to its end, the page's rows and no other.
    public func put(_ page: TablePage, into table: StoredTable) throws {
        let places = table.keyPlaces
        let width = table.columns.count
        let wanted = Set((0..<page.rows.count).map { row in places.map { page.rows.values[row * width + $0] } })
        let through = page.isLast ? nil : page.end
        let kinds = places.map { table.kinds[$0] }
        let present = try reader.all(table.selection(of: table.key, after: page.after, through: through, limit: nil)) {
            try values(of: $0, kinds)
        }
        for key in present where !wanted.contains(key) {
            try execute("DELETE FROM \(table.nameText) WHERE \(table.keyText) = (\(joined(key)))")
        }
        try upsert(page.rows, into: table.name, key: table.uniqueKey(isPostgres: isPostgres))
    }

    /// Removes every row of every table that is copied: for a database that nobody serves.
    public func emptyTables() throws {
        let names = storedTables.filter(\.isCopied).map(\.name)
        if isPostgres {
            try script("TRUNCATE \(names.joined(separator: ", "))")
        } else {
            for name in names.reversed() { try script("DELETE FROM \(name)") }
        }
    }

    /// Lets the database go on after the highest number there is. SQLite does so by itself.
    public func advanceMadeKeys() throws {
        guard isPostgres else { return }
        for table in storedTables where table.isCopied {
            guard let key = table.madeKey else { continue }
            let highest = SQL(stringLiteral: "SELECT coalesce(max(\(key)), 0) + 1 FROM \(table.name)")
            let sequence = SQL(stringLiteral: "pg_get_serial_sequence('\(table.name)', '\(key)')")
            try execute("SELECT setval(\(sequence), (\(highest)), false)")
        }
    }
}

extension StoredTable {
    var nameText: SQL { SQL(stringLiteral: name) }
    var keyText: SQL { SQL(stringLiteral: "(\(key.joined(separator: ", ")))") }

    /// The rows behind one key up to another in the key's order; both ends are open where they are nil.
    fileprivate func selection(of columns: [String], after: [SQLValue]?, through: [SQLValue]?, limit: Int?) -> SQL {
        var text = SQL(stringLiteral: "SELECT \(columns.joined(separator: ", ")) FROM \(name)")
        if let after { text = "\(text) WHERE \(keyText) > (\(joined(after)))" }
        if let through {
            text = "\(text) \(SQL(stringLiteral: after == nil ? "WHERE" : "AND")) \(keyText) <= (\(joined(through)))"
        }
        text = "\(text) ORDER BY \(SQL(stringLiteral: key.joined(separator: ", ")))"
        return limit.map { "\(text) LIMIT \($0)" } ?? text
    }

    fileprivate func values(of row: Row) throws -> [SQLValue] { try Storage.values(of: row, kinds) }
}

private func values(of row: Row, _ kinds: [StoredTable.Kind]) throws -> [SQLValue] {
    try kinds.enumerated().map { place, kind in
        switch kind {
        case .integer: try row.integerOrNil(place).sqlValue
        case .text: try row.textOrNil(place).sqlValue
        case .bytes: try row.blob(place).sqlValue
        }
    }
}

/// Values as parameters with commas between them.
private func joined(_ values: [SQLValue]) -> SQL {
    values.dropFirst().reduce("\(values[0])") { "\($0), \($1)" }
}

extension SQLValue {
    /// Bytes that a row's memory grows by, about.
    fileprivate var size: Int {
        switch self {
        case .null, .integer: 8
        case .text(let text): text.utf8.count
        case .blob(let bytes): bytes.count
        }
    }
}
