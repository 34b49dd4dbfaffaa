/// A JSON value with its place in the bytes, for envelopes whose parts are signed or handed on as they were sent, and for
/// the small bodies of the service's own API.
public struct JSONNode: Sendable {
    /// What it is, with its parts.
    public enum Value: Sendable {
        case null
        case truth(Bool)
        /// As written.
        case number(String)
        case text(String)
        case list([JSONNode])
        case object([(key: String, value: JSONNode)])
    }

    public let value: Value
    let range: Range<Int>

    /// Why a body with the same key twice in an object is refused; the offset is that of the second one's quote.
    public static let repeatedKey = "a key is given twice"

    /// A whole document in UTF-8, by RFC 8259 alone. Refused: nesting beyond 16 levels, more than 100,000 values, a key
    /// given twice in an object.
    public static func document(_ bytes: [UInt8]) throws(BodyRefusal) -> JSONNode { try document(bytes.span) }

    /// The same of bytes in place.
    static func document(_ bytes: Span<UInt8>) throws(BodyRefusal) -> JSONNode {
        var at = 0
        var room = 100_000
        bytes.skipSpace(&at)
        let node = try bytes.node(&at, depth: 0, room: &room)
        bytes.skipSpace(&at)
        if at < bytes.count { throw bytes.malformed(at, "text after the end") }
        return node
    }

    /// A member by its key; nil where this is no object or lacks it.
    public subscript(key: String) -> JSONNode? {
        guard case .object(let members) = value else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// The value at `a.b.c`.
    func at(path: String) -> JSONNode? {
        var node = self
        for key in path.split(separator: ".") {
            guard let next = node[String(key)] else { return nil }
            node = next
        }
        return node
    }

    /// The text of a string that is not empty, or a number as written; nil for all else. `undefined` is what
    /// JavaScript puts where there is nothing.
    var plain: String? {
        switch value {
        case .text(let text): text.isEmpty || text == "undefined" ? nil : text
        case .number(let number): number
        case .truth(let truth): truth ? "true" : "false"
        case .null, .list, .object: nil
        }
    }

    var list: [JSONNode]? { if case .list(let nodes) = value { nodes } else { nil } }
    var isObject: Bool { if case .object = value { true } else { false } }
    var isNull: Bool { if case .null = value { true } else { false } }
    /// Null, or an object or a list without anything in it.
    var isEmpty: Bool {
        switch value {
        case .null: true
        case .list(let nodes): nodes.isEmpty
        case .object(let members): members.isEmpty
        case .truth, .number, .text: false
        }
    }
}

extension Span where Element == UInt8 {
    fileprivate func node(_ at: inout Int, depth: Int, room: inout Int) throws(BodyRefusal) -> JSONNode {
        let start = at
        room -= 1
        if room < 0 { throw malformed(at, "too many values") }
        let value: JSONNode.Value
        switch byte(at) {
        case UInt8(ascii: "\""): value = .text(String(decoding: unescaped(try string(&at)), as: UTF8.self))
        case UInt8(ascii: "{"): value = .object(try members(&at, depth: depth, room: &room))
        case UInt8(ascii: "["): value = .list(try elements(&at, depth: depth, room: &room))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            value = .number(text(JSONText(range: try number(&at), isPlain: true)))
        case UInt8(ascii: "t"):
            try skipValue(&at, depth: depth)
            value = .truth(true)
        case UInt8(ascii: "f"):
            try skipValue(&at, depth: depth)
            value = .truth(false)
        default:
            try skipValue(&at, depth: depth)
            value = .null
        }
        return JSONNode(value: value, range: start..<at)
    }

    private func members(
        _ at: inout Int, depth: Int, room: inout Int
    ) throws(BodyRefusal) -> [(key: String, value: JSONNode)] {
        if depth >= greatestJSONDepth { throw malformed(at, "nested deeper than \(greatestJSONDepth)") }
        var members: [(key: String, value: JSONNode)] = []
        var seen: Set<String> = []
        guard enter(&at, until: UInt8(ascii: "}")) else { return members }
        repeat {
            let start = at
            let key = String(decoding: unescaped(try key(&at)), as: UTF8.self)
            guard seen.insert(key).inserted else { throw malformed(start, JSONNode.repeatedKey) }
            members.append((key, try node(&at, depth: depth + 1, room: &room)))
        } while try continues(&at, until: UInt8(ascii: "}"))
        return members
    }

    private func elements(_ at: inout Int, depth: Int, room: inout Int) throws(BodyRefusal) -> [JSONNode] {
        if depth >= greatestJSONDepth { throw malformed(at, "nested deeper than \(greatestJSONDepth)") }
        var elements: [JSONNode] = []
        guard enter(&at, until: UInt8(ascii: "]")) else { return elements }
        repeat {
            elements.append(try node(&at, depth: depth + 1, room: &room))
        } while try continues(&at, until: UInt8(ascii: "]"))
        return elements
    }
}
