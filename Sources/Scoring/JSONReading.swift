import Water

/// Reads JSON of whole numbers: what `CanonicalJSON` writes, in any order and spacing. nil for anything else,
/// a repeated key and nesting beyond 32 levels among it.
func parseJSON(_ bytes: [UInt8]) -> CanonicalJSON? {
    var reader = JSONReader(bytes: bytes)
    guard let value = reader.value(depth: 0) else { return nil }
    reader.skipSpace()
    return reader.position == bytes.count ? value : nil
}

private struct JSONReader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipSpace() {
        while let byte = next, byte == 32 || byte == 10 || byte == 13 || byte == 9 { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func take(word: StaticString, _ value: CanonicalJSON) -> CanonicalJSON? {
        let word = Array("\(word)".utf8)
        guard bytes[position...].starts(with: word) else { return nil }
        position += word.count
        return value
    }

    mutating func value(depth: Int) -> CanonicalJSON? {
        skipSpace()
        guard depth < 32, let byte = next else { return nil }
        switch byte {
        case UInt8(ascii: "{"): return object(depth: depth)
        case UInt8(ascii: "["): return array(depth: depth)
        case UInt8(ascii: "\""): return string().map { .string($0) }
        case UInt8(ascii: "n"): return take(word: "null", .null)
        case UInt8(ascii: "t"): return take(word: "true", .bool(true))
        case UInt8(ascii: "f"): return take(word: "false", .bool(false))
        default: return integer()
        }
    }

    private mutating func object(depth: Int) -> CanonicalJSON? {
        guard take("{") else { return nil }
        var members: [String: CanonicalJSON] = [:]
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            guard let key = string(), take(":"), let value = value(depth: depth + 1), members[key] == nil else {
                return nil
            }
            members[key] = value
        } while take(",")
        return take("}") ? .object(members) : nil
    }

    private mutating func array(depth: Int) -> CanonicalJSON? {
        guard take("[") else { return nil }
        var elements: [CanonicalJSON] = []
        if take("]") { return .array(elements) }
        repeat {
            guard let value = value(depth: depth + 1) else { return nil }
            elements.append(value)
        } while take(",")
        return take("]") ? .array(elements) : nil
    }

    private mutating func integer() -> CanonicalJSON? {
        let start = position
        if next == UInt8(ascii: "-") { position += 1 }
        while let byte = next, byte >= 48, byte <= 57 { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        return Int64(text).map { .integer($0) }
    }

    private mutating func string() -> String? {
        guard next == UInt8(ascii: "\"") else { return nil }
        position += 1
        var text: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = escape() else { return nil }
                text.append(escaped)
            case 0..<32: return nil
            default: text.append(byte)
            }
        }
        return nil
    }

    /// `\"`, `\\`, and `\u00XX` of a control character: all that is ever written.
    private mutating func escape() -> UInt8? {
        guard let byte = next else { return nil }
        position += 1
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return byte }
        guard byte == UInt8(ascii: "u"), position + 4 <= bytes.count else { return nil }
        let digits = String(decoding: bytes[position..<position + 4], as: UTF8.self)
        position += 4
        guard digits.hasPrefix("00"), let value = UInt8(digits.dropFirst(2), radix: 16), value < 32 else { return nil }
        return value
    }
}
