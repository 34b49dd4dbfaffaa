/// Strict JSON (RFC 8259) over bytes: bounds-checked, no copy, malformed text refused with its offset.
///
/// Every function stands at `at` and moves it past what it read.

/// A string of the body, between its quotes.
struct JSONText {
    let range: Range<Int>
    /// Without escapes the bytes are the text.
    let isPlain: Bool
}

/// Nesting deeper than this is refused.
let greatestJSONDepth = 16

extension Span where Element == UInt8 {
    /// The byte at `at`, or 0, which JSON allows nowhere, past the end.
    func byte(_ at: Int) -> UInt8 { at < count ? self[at] : 0 }

    func skipSpace(_ at: inout Int) {
        while at < count {
            switch self[at] {
            case 0x20, 0x0A, 0x0D, 0x09: at += 1
            default: return
            }
        }
    }

    func malformed(_ at: Int, _ reason: String) -> BodyRefusal {
        .malformed(offset: Swift.min(at, count), reason: at >= count ? "ends too early" : reason)
    }

    /// True where a comma says that a member or element follows; false where `closing` ended the list.
    func continues(_ at: inout Int, until closing: UInt8) throws(BodyRefusal) -> Bool {
        skipSpace(&at)
        let next = byte(at)
        guard next == UInt8(ascii: ",") || next == closing else {
            throw malformed(at, "expected a comma or the end of the list")
        }
        at += 1
        guard next != closing else { return false }
        skipSpace(&at)
        return true
    }

    /// Enters an object or array: true unless `closing` follows at once, which ends it.
    func enter(_ at: inout Int, until closing: UInt8) -> Bool {
        at += 1
        skipSpace(&at)
        guard byte(at) == closing else { return true }
        at += 1
        return false
    }

    /// A member's key and its colon; stands at the value after it.
    func key(_ at: inout Int) throws(BodyRefusal) -> JSONText {
        guard byte(at) == UInt8(ascii: "\"") else { throw malformed(at, "expected a key in quotes") }
        let key = try string(&at)
        skipSpace(&at)
        guard byte(at) == UInt8(ascii: ":") else { throw malformed(at, "expected a colon") }
        at += 1
        skipSpace(&at)
        return key
    }

    /// A number by JSON's grammar: no leading zeros, no bare point.
    func number(_ at: inout Int) throws(BodyRefusal) -> Range<Int> {
        let start = at
        if byte(at) == UInt8(ascii: "-") { at += 1 }
        if byte(at) == UInt8(ascii: "0") { at += 1 } else { try digits(&at) }
        if byte(at) == UInt8(ascii: ".") {
            at += 1
            try digits(&at)
        }
        if byte(at) | 0x20 == UInt8(ascii: "e") {
            at += 1
            if byte(at) == UInt8(ascii: "+") || byte(at) == UInt8(ascii: "-") { at += 1 }
            try digits(&at)
        }
        return start..<at
    }

    private func digits(_ at: inout Int) throws(BodyRefusal) {
        let start = at
        while byte(at).decimalDigit != nil { at += 1 }
        if at == start { throw malformed(at, "expected a digit") }
    }

    /// Any value, checked to its end and thrown away. `depth` is the number of lists and objects around it.
    func skipValue(_ at: inout Int, depth: Int) throws(BodyRefusal) {
        switch byte(at) {
        case UInt8(ascii: "\""): _ = try string(&at)
        case UInt8(ascii: "{"):
            try checkDepth(depth, at)
            guard enter(&at, until: UInt8(ascii: "}")) else { return }
            repeat {
                _ = try key(&at)
                try skipValue(&at, depth: depth + 1)
            } while try continues(&at, until: UInt8(ascii: "}"))
        case UInt8(ascii: "["):
            try checkDepth(depth, at)
            guard enter(&at, until: UInt8(ascii: "]")) else { return }
            repeat { try skipValue(&at, depth: depth + 1) } while try continues(&at, until: UInt8(ascii: "]"))
        case UInt8(ascii: "t"): try literal("true", &at)
        case UInt8(ascii: "f"): try literal("false", &at)
        case UInt8(ascii: "n"): try literal("null", &at)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): _ = try number(&at)
        default: throw malformed(at, "expected a value")
        }
    }

    private func checkDepth(_ depth: Int, _ at: Int) throws(BodyRefusal) {
        if depth >= greatestJSONDepth { throw malformed(at, "nested deeper than \(greatestJSONDepth)") }
    }

    /// `null` at `at`: skipped and true; otherwise untouched and false.
    func skipNull(_ at: inout Int) throws(BodyRefusal) -> Bool {
        guard byte(at) == UInt8(ascii: "n") else { return false }
        try literal("null", &at)
        return true
    }

    private func literal(_ word: String, _ at: inout Int) throws(BodyRefusal) {
        for expected in word.utf8 {
            guard byte(at) == expected else { throw malformed(at, "expected \(word)") }
            at += 1
        }
    }
}
