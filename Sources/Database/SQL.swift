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
    public var sqlValue: SQLValue { map(\.sqlValue) ?? .null }
}

/// A statement as a value: its text with numbered parameters, and what they stand for.
///
/// Written as a string literal; every interpolation becomes the next `$n`, so a value can never become text.
/// The one place that numbers parameters: `$1`, `$2`, … in order of appearance, which PostgreSQL reads by number
/// and SQLite by order.
public struct SQL: Sendable, Hashable, ExpressibleByStringInterpolation {
    public let text: String
    public let arguments: [SQLValue]

    public init(stringLiteral value: String) {
        self.text = value
        self.arguments = []
    }

    public init(stringInterpolation: StringInterpolation) {
        self.text = stringInterpolation.text
        self.arguments = stringInterpolation.arguments
    }

    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text: String
        fileprivate var arguments: [SQLValue] = []

        public init(literalCapacity: Int, interpolationCount: Int) {
            text = ""
            text.reserveCapacity(literalCapacity + interpolationCount * 3)
        }

        public mutating func appendLiteral(_ literal: String) { text += literal }

        public mutating func appendInterpolation(_ value: some SQLBindable) { bind(value.sqlValue) }

        /// nil is bound as NULL.
        public mutating func appendInterpolation<Value: SQLBindable>(_ value: Value?) {
            bind(value?.sqlValue ?? .null)
        }

        private mutating func bind(_ value: SQLValue) {
            arguments.append(value)
            text += "$\(arguments.count)"
        }
    }
}
