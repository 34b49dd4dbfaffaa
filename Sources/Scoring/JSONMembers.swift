import Water

/// An object's members, read by key; a missing key or another shape is a defect that names the key.
struct Members {
    private let members: [String: CanonicalJSON]

    init(_ value: CanonicalJSON, _ key: String) throws(StatementDefect) {
        guard case .object(let members) = value else { throw StatementDefect(key: key) }
        self.members = members
    }

    var keys: [String] { members.keys.sorted() }

    private func value(_ key: String) throws(StatementDefect) -> CanonicalJSON {
        guard let value = members[key] else { throw StatementDefect(key: key) }
        return value
    }

    func string(_ key: String) throws(StatementDefect) -> String {
        guard case .string(let text) = try value(key) else { throw StatementDefect(key: key) }
        return text
    }

    func bool(_ key: String) throws(StatementDefect) -> Bool {
        guard case .bool(let flag) = try value(key) else { throw StatementDefect(key: key) }
        return flag
    }

    func integer(_ key: String) throws(StatementDefect) -> Int64 {
        guard case .integer(let number) = try value(key) else { throw StatementDefect(key: key) }
        return number
    }

    func integer(_ key: String, in range: ClosedRange<Int64>) throws(StatementDefect) -> Int64 {
        let number = try integer(key)
        guard range.contains(number) else { throw StatementDefect(key: key) }
        return number
    }

    func int(_ key: String) throws(StatementDefect) -> Int { Int(try integer(key)) }

    func optionalInteger(_ key: String) throws(StatementDefect) -> Int64? {
        try value(key) == .null ? nil : try integer(key)
    }

    func members(_ key: String) throws(StatementDefect) -> Members { try Members(value(key), key) }

    func optionalMembers(_ key: String) throws(StatementDefect) -> Members? {
        try value(key) == .null ? nil : try members(key)
    }

    func values(_ key: String) throws(StatementDefect) -> [CanonicalJSON] {
        guard case .array(let values) = try value(key) else { throw StatementDefect(key: key) }
        return values
    }

    func list(_ key: String) throws(StatementDefect) -> [Members] {
        try values(key).map { value throws(StatementDefect) in try Members(value, key) }
    }

    func integers(_ key: String) throws(StatementDefect) -> [Int64] {
        try values(key).map { value throws(StatementDefect) in
            guard case .integer(let number) = value else { throw StatementDefect(key: key) }
            return number
        }
    }

    func parsed<Value>(_ key: String, _ read: (String) -> Value?) throws(StatementDefect) -> Value {
        guard let value = read(try string(key)) else { throw StatementDefect(key: key) }
        return value
    }

    /// Of a key that is left out where its value is the usual one; so with the next.
    func integerIfPresent(_ key: String) throws(StatementDefect) -> Int64? {
        members[key] == nil ? nil : try integer(key)
    }

    func integerIfPresent(_ key: String, in range: ClosedRange<Int64>) throws(StatementDefect) -> Int64? {
        members[key] == nil ? nil : try integer(key, in: range)
    }

    func integersIfPresent(_ key: String) throws(StatementDefect) -> [Int64]? {
        members[key] == nil ? nil : try integers(key)
    }

    func parsedIfPresent<Value>(_ key: String, _ read: (String) -> Value?) throws(StatementDefect) -> Value? {
        members[key] == nil ? nil : try parsed(key, read)
    }

    func optionalParsed<Value>(_ key: String, _ read: (String) -> Value?) throws(StatementDefect) -> Value? {
        try value(key) == .null ? nil : try parsed(key, read)
    }
}
