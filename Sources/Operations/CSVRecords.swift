/// A record of a comma-separated file, or why a line is none.
public enum CSVRecord: Sendable, Hashable {
    /// `line` is the first line of the record, from 1.
    case fields([String], line: Int)
    case malformed(reason: String, line: Int)
}

/// Cuts comma-separated text (RFC 4180) into records as its bytes come in: quotes with `""` inside, line ends LF or
/// CRLF, a byte order mark at the front passed over, empty lines left out.
///
/// A line that breaks the form costs itself alone: reading goes on with the line after it.
public struct CSVRecords: Sendable {
    private var buffer: [UInt8] = []
    private var start = 0
    private var line = 1
    private var isAtFront = true
    private var isSkipping = false

    /// A record past this many bytes is malformed.
    public static let byteLimit = 1_024 * 1_024
    /// A quoted field that runs on over more lines is taken for a forgotten quote.
    private static let lineLimit = 20

    public init() {}

    /// Takes the next bytes and gives the records that are complete with them.
    public mutating func take(_ bytes: some Sequence<UInt8>) -> [CSVRecord] {
        buffer.append(contentsOf: bytes)
        return records(isEnd: false)
    }

    /// Gives what remains at the end of the file.
    public mutating func finish() -> [CSVRecord] { records(isEnd: true) }

    private mutating func records(isEnd: Bool) -> [CSVRecord] {
        if isAtFront, !passMark(isEnd: isEnd) { return [] }
        var found: [CSVRecord] = []
        while start < buffer.count {
            if isSkipping {
                guard skipLine() else { break }
                continue
            }
            var scan = CSVScan(buffer: buffer, start: start, isEnd: isEnd, lineLimit: Self.lineLimit)
            switch scan.run() {
            case .record(let fields):
                if fields != [""] { found.append(.fields(fields, line: line)) }
                start = scan.next
                line += scan.lineEnds
            case .malformed(let reason):
                found.append(.malformed(reason: reason, line: line))
                isSkipping = true
            case .incomplete:
                if buffer.count - start > Self.byteLimit {
                    found.append(.malformed(reason: "the line is over 1 MiB", line: line))
                    isSkipping = true
                } else {
                    return compacted(found)
                }
            }
        }
        return compacted(found)
    }

    private mutating func compacted(_ found: [CSVRecord]) -> [CSVRecord] {
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        return found
    }

    private mutating func skipLine() -> Bool {
        guard let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) else {
            start = buffer.count
            return false
        }
        start = end + 1
        line += 1
        isSkipping = false
        return true
    }

    private mutating func passMark(isEnd: Bool) -> Bool {
        guard buffer.count >= 3 || isEnd else { return false }
        if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
        isAtFront = false
        return true
    }
}

/// One try to read a record from `start`.
private struct CSVScan {
    let buffer: [UInt8]
    let isEnd: Bool
    let lineLimit: Int
    /// Where the record after this one starts.
    private(set) var next: Int
    private(set) var lineEnds = 0
    private var fields: [String] = []
    private var field: [UInt8] = []

    enum Outcome {
        case record([String])
        case malformed(String)
        /// More bytes are needed.
        case incomplete
    }

    init(buffer: [UInt8], start: Int, isEnd: Bool, lineLimit: Int) {
        self.buffer = buffer
        self.next = start
        self.isEnd = isEnd
        self.lineLimit = lineLimit
    }

    mutating func run() -> Outcome {
        while true {
            if next < buffer.count, buffer[next] == UInt8(ascii: "\"") {
                next += 1
                if let outcome = quoted() { return outcome }
            } else if let outcome = plain() {
                return outcome
            }
            guard let text = String(validating: field, as: UTF8.self) else { return .malformed("is not UTF-8") }
            fields.append(text)
            field.removeAll(keepingCapacity: true)
            switch separator() {
            case .comma: continue
            case .lineEnd, .end: return .record(fields)
            case .more: return .incomplete
            case .other: return .malformed("has text after a closing quote")
            }
        }
    }

    private mutating func plain() -> Outcome? {
        while next < buffer.count {
            let byte = buffer[next]
            if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") { return nil }
            if byte == UInt8(ascii: "\r") {
                if next + 1 < buffer.count, buffer[next + 1] == UInt8(ascii: "\n") { return nil }
                return next + 1 < buffer.count || isEnd ? .malformed("has a carriage return alone") : .incomplete
            }
            if byte == UInt8(ascii: "\"") { return .malformed("has a quote inside an unquoted field") }
            field.append(byte)
            next += 1
        }
        return isEnd ? nil : .incomplete
    }

    private mutating func quoted() -> Outcome? {
        while next < buffer.count {
            let byte = buffer[next]
            if byte == UInt8(ascii: "\"") {
                if next + 1 == buffer.count, !isEnd { return .incomplete }
                next += 1
                guard next < buffer.count, buffer[next] == UInt8(ascii: "\"") else { return nil }
            }
            if byte == UInt8(ascii: "\n") {
                lineEnds += 1
                if lineEnds > lineLimit { return .malformed("has a quote that is never closed") }
            }
            field.append(byte)
            next += 1
        }
        return isEnd ? .malformed("has a quote that is never closed") : .incomplete
    }

    private enum Separator { case comma, lineEnd, end, more, other }

    private mutating func separator() -> Separator {
        guard next < buffer.count else { return isEnd ? .end : .more }
        switch buffer[next] {
        case UInt8(ascii: ","):
            next += 1
            return .comma
        case UInt8(ascii: "\n"):
            next += 1
        case UInt8(ascii: "\r"):
            guard next + 1 < buffer.count else { return isEnd ? .other : .more }
            guard buffer[next + 1] == UInt8(ascii: "\n") else { return .other }
            next += 2
        default: return .other
        }
        lineEnds += 1
        return .lineEnd
    }
}
