import Water

/// The lines of a mapping file, handed out key by key; what nobody asks for is a fault.
struct MappingReader {
    private(set) var faults: [MappingFault] = []
    private let file: String
    private var entries: [MappingEntry] = []
    private var asked: Set<String> = []
    private var lineCount = 0

    init(_ text: String, file: String) {
        self.file = file
        var number = 0
        for line in text.lines {
            number += 1
            let content = line.trimmed
            if content.isEmpty || content.hasPrefix("#") { continue }
            lineCount = number
            guard let colon = content.firstIndex(of: ":") else {
                fail("a line is KEY: VALUE", line: number)
                continue
            }
            let key = content[..<colon].trimmed
            let value = content[content.index(after: colon)...].trimmed
            if value.isEmpty { fail("\(key) has no value", line: number) }
            if entries.contains(where: { $0.key == key }), !MappingReader.repeated.contains(key) {
                fail("\(key) is given twice", line: number)
            }
            entries.append(MappingEntry(key: key, value: value, line: number))
        }
    }

    /// Keys that may stand on several lines.
    private static let repeated: Set<String> = ["when", "reject"]

    var sortedFaults: [MappingFault] { faults.sorted { $0.line < $1.line } }

    mutating func fail(_ reason: String, line: Int? = nil) {
        faults.append(MappingFault(file: file, line: line ?? max(lineCount, 1), reason: reason))
    }

    func has(_ key: String) -> Bool { entries.contains { $0.key == key } }

    mutating func entry(_ key: String) -> MappingEntry? {
        asked.insert(key)
        return entries.first { $0.key == key && !$0.value.isEmpty }
    }

    /// The value of a key, or nil.
    mutating func text(_ key: String) -> String? { entry(key)?.value }

    /// The alternatives of a key, separated by `|`; empty where the key is absent.
    mutating func alternatives(_ key: String) -> [String] { entry(key)?.alternatives ?? [] }

    /// The alternatives of a key that must be there.
    mutating func required(_ key: String) -> [String] {
        let found = alternatives(key)
        if found.isEmpty, !has(key) { fail("the key \(key) is missing") }
        return found
    }

    /// One of the given words; nil where the key is absent or has another.
    mutating func word<Value>(_ key: String, of words: [String: Value]) -> Value? {
        guard let entry = entry(key) else { return nil }
        if let value = words[entry.value] { return value }
        fail("\(key) is one of \(words.keys.sorted().joined(separator: ", "))", line: entry.line)
        return nil
    }

    /// A whole number within bounds; nil where the key is absent or has another.
    mutating func number(_ key: String, in bounds: ClosedRange<Int>) -> Int? {
        guard let entry = entry(key) else { return nil }
        if let value = Int(entry.value), bounds.contains(value) { return value }
        fail("\(key) is a whole number from \(bounds.lowerBound) to \(bounds.upperBound)", line: entry.line)
        return nil
    }

    /// The conditions on the lines of a key that may be repeated.
    mutating func conditions(_ key: String) -> [MappingCondition] {
        asked.insert(key)
        var found: [MappingCondition] = []
        for entry in entries where entry.key == key {
            if let condition = MappingCondition(entry.value) {
                found.append(condition)
            } else {
                fail("\(key) needs FIELD = VALUE | VALUE, FIELD != VALUE or FIELD > 0", line: entry.line)
            }
        }
        return found
    }

    /// The lines `alarm CODE: CONDITION`.
    mutating func alarms() -> [MappingAlarm] {
        var found: [MappingAlarm] = []
        for entry in entries where entry.key.hasPrefix("alarm ") {
            asked.insert(entry.key)
            let name = entry.key.dropFirst(6).trimmed
            guard let code = AlertCode(rawValue: name) else {
                fail("no alarm is named \(name)", line: entry.line)
                continue
            }
            guard let condition = MappingCondition(entry.value) else {
                fail("\(entry.key) needs FIELD = VALUE | VALUE, FIELD != VALUE or FIELD > 0", line: entry.line)
                continue
            }
            found.append(MappingAlarm(code: code, condition: condition))
        }
        return found
    }

    /// Every key that was never asked for does not belong to this kind.
    mutating func refuseUnread() {
        for entry in entries where !asked.contains(entry.key) {
            fail("the key \(entry.key) does not belong here", line: entry.line)
        }
    }
}

/// A line of a mapping file.
struct MappingEntry {
    let key: String
    let value: String
    let line: Int

    /// The value's parts between `|`, none empty.
    var alternatives: [String] { value.split(separator: "|").map(\.trimmed).filter { !$0.isEmpty } }
}

extension StringProtocol {
    /// The lines, empty ones too, ended as on any system. Swift holds a carriage return and its line feed for one
    /// character, which is no line feed.
    var lines: [SubSequence] {
        split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
    }

    /// Without spaces, tabs and carriage returns at either end.
    var trimmed: String {
        var part = self[...]
        while let first = part.first, first.isWhitespace { part = part.dropFirst() }
        while let last = part.last, last.isWhitespace { part = part.dropLast() }
        return String(part)
    }
}
