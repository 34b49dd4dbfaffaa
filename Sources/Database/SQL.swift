/// A value that a statement binds or a row holds: the types every engine shares.
public enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])
}

/// A type that is bound as one SQL value.
public protocol SQLBindable {
    var sqlValue: SQLValue { get }
}

extension Int64: SQLBindable { public var sqlValue: SQLValue { .integer(self) } }
extension Int: SQLBindable { public var sqlValue: SQLValue { .integer(Int64(self)) } }
extension Int32: SQLBindable { public var sqlValue: SQLValue { .integer(Int64(self)) } }
extension Bool: SQLBindable { public var sqlValue: SQLValue { .integer(self ? 1 : 0) } }
extension String: SQLBindable { public var sqlValue: SQLValue { .text(self) } }
extension [UInt8]: SQLBindable { public var sqlValue: SQLValue { .blob(self) } }
extension SQLValue: SQLBindable { public var sqlValue: SQLValue { self } }
extension Optional: SQLBindable where Wrapped: SQLBindable {
    public var sqlValue: SQLValue { if let value = self { value.sqlValue } else { .null } }
}

/// A statement as a value: its text with numbered parameters, and what they stand for.
///
/// Written as a string literal; every interpolation becomes the next `$n`, so a value can never become text, and an
/// interpolated statement is joined in with its parameters numbered anew.
/// The one place that numbers parameters: `$1`, `$2`, … in order of appearance, which PostgreSQL reads by number
/// and SQLite by order.
public struct SQL: Sendable, Hashable, ExpressibleByStringInterpolation {
    public let text: String
    public let arguments: [SQLValue]
    /// The text between the parameters: one piece more than there are arguments.
    fileprivate let pieces: [String]

    public init(stringLiteral value: String) {
        text = value
        arguments = []
        pieces = [value]
    }

    public init(stringInterpolation: StringInterpolation) {
        self.init(pieces: stringInterpolation.pieces, arguments: stringInterpolation.arguments)
    }

    /// The values with commas between them, for `IN (…)`. Lists of few different lengths share their statements.
    public static func list(_ values: [some SQLBindable]) -> SQL {
        SQL(
            pieces: [""] + Array(repeating: ", ", count: max(0, values.count - 1)) + (values.isEmpty ? [] : [""]),
            arguments: values.map(\.sqlValue))
    }

    private init(pieces: [String], arguments: [SQLValue]) {
        self.pieces = pieces
        self.arguments = arguments
        var text = pieces[0]
        for (index, piece) in pieces.dropFirst().enumerated() { text += "$\(index + 1)\(piece)" }
        self.text = text
    }

    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var pieces = [""]
        fileprivate var arguments: [SQLValue] = []

        public init(literalCapacity: Int, interpolationCount: Int) {
            pieces.reserveCapacity(interpolationCount + 1)
            arguments.reserveCapacity(interpolationCount)
        }

        public mutating func appendLiteral(_ literal: String) { pieces[pieces.count - 1] += literal }

        public mutating func appendInterpolation(_ value: some SQLBindable) { bind(value.sqlValue) }

        /// nil is bound as NULL.
        public mutating func appendInterpolation<Value: SQLBindable>(_ value: Value?) {
            bind(value?.sqlValue ?? .null)
        }

        /// Joins a statement, or a part of one, with its arguments.
        public mutating func appendInterpolation(_ part: SQL) {
            pieces[pieces.count - 1] += part.pieces[0]
            pieces.append(contentsOf: part.pieces.dropFirst())
            arguments.append(contentsOf: part.arguments)
        }

        private mutating func bind(_ value: SQLValue) {
            arguments.append(value)
            pieces.append("")
        }
    }
}
