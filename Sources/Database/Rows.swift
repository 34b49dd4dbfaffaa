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
    let value: (Int) -> SQLValue

    /// An integer; throws where the column holds something else.
    public func integer(_ column: Int) throws(DatabaseFailure) -> Int64 {
        guard case .integer(let number) = value(column) else { throw .unexpectedType(column: column) }
        return number
    }

    public func integerOrNil(_ column: Int) throws(DatabaseFailure) -> Int64? {
        value(column) == .null ? nil : try integer(column)
    }

    public func text(_ column: Int) throws(DatabaseFailure) -> String {
        guard case .text(let text) = value(column) else { throw .unexpectedType(column: column) }
        return text
    }

    public func textOrNil(_ column: Int) throws(DatabaseFailure) -> String? {
        value(column) == .null ? nil : try text(column)
    }

    public func blob(_ column: Int) throws(DatabaseFailure) -> [UInt8] {
        guard case .blob(let bytes) = value(column) else { throw .unexpectedType(column: column) }
        return bytes
    }

    public func flag(_ column: Int) throws(DatabaseFailure) -> Bool { try integer(column) != 0 }
}
