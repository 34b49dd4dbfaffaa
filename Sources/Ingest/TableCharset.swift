import Foundation

extension TableEncoding {
    /// The bytes of a table's lines as text.
    ///
    /// Where nobody says it, a header with more than ASCII does. A header of ASCII leaves it to the lines: the charset
    /// in which fewer of them are at fault, UTF-8 of two alike. So one bad byte does not make another charset of all.
    func charset(of bytes: [UInt8], header: Range<Int>) throws(BodyRefusal) -> TableCharset {
        switch self {
        case .utf8: return .utf8
        case .gb18030: return .gb18030
        case .auto:
            let head = bytes[header]
            if head.isASCII { return TableCharset.withFewerFaults(bytes) }
            guard let fault = TableCharset.utf8.fault(in: head) else { return .utf8 }
            guard let other = TableCharset.gb18030.fault(in: head) else { return .gb18030 }
            throw .malformed(offset: max(fault, other), reason: "neither UTF-8 nor GB18030")
        }
    }
}

/// The text that a table's bytes are. A line feed and every sign that parts fields is one byte in both.
enum TableCharset: String, Hashable {
    case utf8 = "UTF-8"
    /// GBK and GB 2312 are parts of it.
    case gb18030 = "GB18030"

    /// A line as UTF-8. Refused is a line with bytes that are no text, with the place of the first.
    func text(of line: ArraySlice<UInt8>) throws(TableTextFault) -> ArraySlice<UInt8> {
        if line.isASCII { return line }
        if let offset = fault(in: line) { throw TableTextFault(charset: self, offset: offset) }
        if self == .utf8 { return line }
        // 0x632 of CoreFoundation's encodings is GB18030.
        guard let text = String(data: Data(line), encoding: String.Encoding(rawValue: 0x8000_0632)) else {
            // A character that no version has; which one of the line is not told.
            throw TableTextFault(charset: self, offset: line.firstIndex(where: { $0 >= 0x80 }) ?? line.startIndex)
        }
        return Array(text.utf8)[...]
    }

    /// The place of the first byte that begins no character; nil where all are text.
    func fault(in line: ArraySlice<UInt8>) -> Int? {
        let bytes = line.span
        var at = 0
        while at < bytes.count {
            if bytes[at] < 0x80 {
                at += 1
                continue
            }
            let length = self == .utf8 ? bytes.utf8Length(at) : bytes.gb18030Length(at)
            if length == 0 { return line.startIndex + at }
            at += length
        }
        return nil
    }

    /// GB18030 only where most lines beyond ASCII are no UTF-8: text of GB18030 is hardly ever valid UTF-8, while much of
    /// UTF-8 Chinese is valid GB18030, so that one cut character would make another charset of all.
    static func withFewerFaults(_ bytes: [UInt8]) -> TableCharset {
        var (lines, inUTF8, inGB18030) = (0, 0, 0)
        var start = 0
        while start < bytes.count {
            let end = bytes.span.endOfLine(from: start)
            let line = bytes[start..<end]
            start = end + 1
            if line.isASCII { continue }
            lines += 1
            if TableCharset.utf8.fault(in: line) != nil { inUTF8 += 1 }
            if TableCharset.gb18030.fault(in: line) != nil { inGB18030 += 1 }
        }
        return inGB18030 < inUTF8 && inUTF8 * 2 > lines ? .gb18030 : .utf8
    }
}

/// Why a line is no text.
struct TableTextFault: Error {
    let charset: TableCharset
    /// The place in the body, from 0.
    let offset: Int
}

extension Collection where Element == UInt8 {
    fileprivate var isASCII: Bool { allSatisfy { $0 < 0x80 } }
}

extension Span where Element == UInt8 {
    /// Bytes of the character at `at`, whose first byte is 0x80 or more: two, or four by turns with digits; 0 where it
    /// is none. 80 alone is the euro sign of Windows. Source: GB 18030-2005, section 4.
    fileprivate func gb18030Length(_ at: Int) -> Int {
        if self[at] == 0x80 { return 1 }
        guard self[at] != 0xFF else { return 0 }
        switch byte(at + 1) {
        case 0x40...0x7E, 0x80...0xFE: return 2
        case 0x30...0x39:
            return (0x81...0xFE).contains(byte(at + 2)) && (0x30...0x39).contains(byte(at + 3)) ? 4 : 0
        default: return 0
        }
    }
}
