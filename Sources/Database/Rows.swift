/// Many rows of one table, for an engine's fastest way of writing them.
///
/// `table` and `columns` are our own names, never input.
public struct Rows: Sendable {
    public let columns: [String]
    /// Row after row, `columns.count` values each.
    public private(set) var values: [SQLValue] = []

    public init(_ columns: [String]) { self.columns = columns }

    public var count: Int { values.count / columns.count }
    public var isEmpty: Bool { values.isEmpty }

    /// Adds one row; `row` must have one value per column.
    public mutating func append(_ row: [SQLValue]) {
        precondition(row.count == columns.count, "a row has one value per column")
        values.append(contentsOf: row)
    }

    public mutating func append(_ row: any SQLBindable...) {
        precondition(row.count == columns.count, "a row has one value per column")
        // No key path here: one is made anew for every call, and this is called for every row there is.
        for value in row { values.append(value.sqlValue) }
    }
}

/// One row of a result, valid inside the closure that receives it. Columns are counted from 0 in the order of
/// the statement's list.
public struct Row {
    enum Source {
        case values((Int) -> SQLValue)
        case sqlite(SQLiteColumns)
    }

    let source: Source

    /// An integer; throws where the column holds something else.
    public func integer(_ column: Int) throws(DatabaseFailure) -> Int64 {
        switch source {
        case .sqlite(let columns):
            if let number = columns.integer(column) { return number }
        case .values(let value):
            if case .integer(let number) = value(column) { return number }
        }
        throw .unexpectedType(column: column)
    }

    public func integerOrNil(_ column: Int) throws(DatabaseFailure) -> Int64? {
        isNull(column) ? nil : try integer(column)
    }

    public func text(_ column: Int) throws(DatabaseFailure) -> String {
        switch source {
        case .sqlite(let columns):
            if let text = columns.text(column) { return text }
        case .values(let value):
            if case .text(let text) = value(column) { return text }
        }
        throw .unexpectedType(column: column)
    }

    public func textOrNil(_ column: Int) throws(DatabaseFailure) -> String? {
        isNull(column) ? nil : try text(column)
    }

    public func blob(_ column: Int) throws(DatabaseFailure) -> [UInt8] {
        switch source {
        case .sqlite(let columns):
            if let bytes = columns.withBlob(column, { [UInt8]($0) }) { return bytes }
        case .values(let value):
            if case .blob(let bytes) = value(column) { return bytes }
        }
        throw .unexpectedType(column: column)
    }

    /// Hands over a blob where the engine keeps it: valid inside `body`.
    public func withBlob<T>(_ column: Int, _ body: (UnsafeRawBufferPointer) throws -> T) throws -> T {
        switch source {
        case .sqlite(let columns):
            if let found = try columns.withBlob(column, body) { return found }
        case .values(let value):
            if case .blob(let bytes) = value(column) { return try bytes.withUnsafeBytes(body) }
        }
        throw DatabaseFailure.unexpectedType(column: column)
    }

    public func flag(_ column: Int) throws(DatabaseFailure) -> Bool { try integer(column) != 0 }

    private func isNull(_ column: Int) -> Bool {
        switch source {
        case .sqlite(let columns): columns.isNull(column)
        case .values(let value): value(column) == .null
        }
    }
}
