extension Span where Element == UInt8 {
    /// A string from its opening quote to past its closing one: no control characters, valid escapes, valid UTF-8.
    func string(_ at: inout Int) throws(BodyRefusal) -> JSONText {
        let start = at + 1
        var next = start
        var isPlain = true
        while next < count {
            let byte = self[next]
            // Nearly every byte is one of these: 23–5B and 5D–7F, the text without quote, backslash and controls.
            if byte &- 0x23 < 0x39 || byte &- 0x5D < 0x23 || byte == 0x20 || byte == 0x21 {
                next += 1
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                at = next + 1
                return JSONText(range: start..<next, isPlain: isPlain)
            case UInt8(ascii: "\\"):
                isPlain = false
                _ = try escape(&next)
            case 0..<0x20: throw malformed(next, "a control character in a string")
            default:
                let length = utf8Length(next)
                if length == 0 { throw malformed(next, "invalid UTF-8") }
                next += length
            }
        }
        throw malformed(next, "")
    }

    /// The scalar an escape stands for, from its backslash to past its end.
    private func escape(_ at: inout Int) throws(BodyRefusal) -> UInt32 {
        let start = at
        at += 2
        switch byte(start + 1) {
        case UInt8(ascii: "\""): return 0x22
        case UInt8(ascii: "\\"): return 0x5C
        case UInt8(ascii: "/"): return 0x2F
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"): break
        default: throw malformed(start, "an unknown escape")
        }
        let first = try fourHexDigits(&at)
        guard (0xD800...0xDFFF).contains(first) else { return first }
        guard first < 0xDC00, byte(at) == UInt8(ascii: "\\"), byte(at + 1) == UInt8(ascii: "u") else {
            throw malformed(start, "a lone surrogate")
        }
        at += 2
        let second = try fourHexDigits(&at)
        guard (0xDC00...0xDFFF).contains(second) else { throw malformed(start, "a lone surrogate") }
        return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }

    private func fourHexDigits(_ at: inout Int) throws(BodyRefusal) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = byte(at).hexDigit else { throw malformed(at, "expected a hex digit") }
            value = value << 4 | UInt32(digit)
            at += 1
        }
        return value
    }

    /// Bytes of the well-formed UTF-8 sequence at `at`, whose first byte is 0x80 or more; 0 where it is none.
    func utf8Length(_ at: Int) -> Int {
        let first = self[at]
        let second = byte(at + 1)
        let isFollowed = (0x80...0xBF).contains(second)
        switch first {
        case 0xC2...0xDF: return isFollowed ? 2 : 0
        case 0xE0...0xEF:
            let isOverlong = first == 0xE0 && second < 0xA0
            let isSurrogate = first == 0xED && second > 0x9F
            return isFollowed && !isOverlong && !isSurrogate && isContinuation(at + 2) ? 3 : 0
        case 0xF0...0xF4:
            let isOverlong = first == 0xF0 && second < 0x90
            let isBeyond = first == 0xF4 && second > 0x8F
            let isWhole = isFollowed && isContinuation(at + 2) && isContinuation(at + 3)
            return isWhole && !isOverlong && !isBeyond ? 4 : 0
        default: return 0
        }
    }

    private func isContinuation(_ at: Int) -> Bool { byte(at) & 0xC0 == 0x80 }

    /// The text of a string that `string` read, as UTF-8 bytes.
    func unescaped(_ text: JSONText) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.range.count)
        var at = text.range.lowerBound
        while at < text.range.upperBound {
            if self[at] == UInt8(ascii: "\\") {
                out.append(contentsOf: Array(String(escapedScalar(&at)).utf8))
            } else {
                out.append(self[at])
                at += 1
            }
        }
        return out
    }

    private func escapedScalar(_ at: inout Int) -> Character {
        do throws(BodyRefusal) {
            return Unicode.Scalar(try escape(&at)).map(Character.init) ?? "\u{FFFD}"
        } catch {
            // `string` has refused every bad escape, and each failure still moves past the backslash.
            return "\u{FFFD}"
        }
    }

    /// At most `limit` bytes of a string, cut between characters.
    func text(_ text: JSONText, limit: Int = 64) -> String {
        let bytes = unescaped(text)
        var end = Swift.min(bytes.count, limit)
        while end > 0, end < bytes.count, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }
}

extension UInt8 {
    /// 0–15, or nil for any other character.
    var hexDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - 87
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - 55
        default: nil
        }
    }
}
