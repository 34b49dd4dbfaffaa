import Water
import Yams

/// A value of a YAML file together with where it stands. Yams neither refuses unknown keys nor keeps decimals exact,
/// so files are walked by hand and every scalar is read from its own text.
struct Located {
    let file: String
    let key: String
    let node: Node

    var line: Int { node.mark?.line ?? 1 }

    func refusal(_ reason: FileRefusal.Reason) -> FileRefusal { FileRefusal(file: file, line: line, reason: reason) }

    func bad(_ expected: String) -> FileRefusal { refusal(.badValue(key: key, expected: expected)) }

    /// The same with what stands there instead, for a person who sees only the message.
    func badly(_ expected: String) -> FileRefusal { bad("\(expected), not \(told(plain ?? "a list or mapping"))") }

    /// The document's root.
    static func document(file: String, text: String) throws(FileRefusal) -> Located {
        guard text.utf8.count <= 262_144 else { throw FileRefusal(file: file, line: 1, reason: .tooLong) }
        do {
            guard let node = try compose(yaml: text) else {
                throw FileRefusal(file: file, line: 1, reason: .notYAML("empty"))
            }
            return Located(file: file, key: "file", node: node)
        } catch let error as YamlError {
            throw refusal(of: error, in: file)
        } catch let refusal as FileRefusal {
            throw refusal
        } catch {
            throw FileRefusal(file: file, line: 1, reason: .notYAML("\(error)"))
        }
    }

    private static func refusal(of error: YamlError, in file: String) -> FileRefusal {
        switch error {
        case .duplicatedKeysInMapping(let keys, let context):
            FileRefusal(file: file, line: context.mark.line, reason: .repeatedKey(keys.sorted().first ?? ""))
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            FileRefusal(file: file, line: mark.line, reason: .notYAML(problem))
        case .reader(let problem, _, _, _):
            FileRefusal(file: file, line: 1, reason: .notYAML(problem))
        default:
            FileRefusal(file: file, line: 1, reason: .notYAML("unreadable"))
        }
    }

    var isMapping: Bool { node.mapping != nil }
    var isList: Bool { node.sequence != nil }

    /// The value under `key` of a mapping whose keys are not checked yet; nil where there is none.
    func member(_ key: String) -> Located? {
        node.mapping?[key].map { Located(file: file, key: key, node: $0) }
    }

    /// A mapping with exactly the keys of `required` and any of `optional`.
    func mapping(required: [String], optional: [String] = []) throws(FileRefusal) -> CheckedMapping {
        guard case .mapping(let mapping) = node else { throw bad("a mapping") }
        var values: [String: Located] = [:]
        for (keyNode, value) in mapping {
            guard case .scalar(let scalar) = keyNode else { throw bad("a mapping with plain keys") }
            let key = scalar.string
            let place = Located(file: file, key: key, node: keyNode)
            guard required.contains(key) || optional.contains(key) else { throw place.refusal(.unknownKey(key)) }
            guard values[key] == nil else { throw place.refusal(.repeatedKey(key)) }
            values[key] = Located(file: file, key: key, node: value)
        }
        for key in required where values[key] == nil { throw refusal(.missingKey(key)) }
        return CheckedMapping(origin: self, values: values)
    }

    /// A list, in order.
    func list() throws(FileRefusal) -> [Located] {
        guard case .sequence(let sequence) = node else { throw bad("a list") }
        return sequence.map { Located(file: file, key: key, node: $0) }
    }

    private func scalar(_ expected: String) throws(FileRefusal) -> Node.Scalar {
        guard case .scalar(let scalar) = node else { throw bad(expected) }
        return scalar
    }

    /// 1–1,000 bytes of text.
    func text() throws(FileRefusal) -> String {
        let text = try scalar("text").string
        guard (1...1_000).contains(text.utf8.count) else { throw bad("text of 1 to 1000 bytes") }
        return text
    }

    /// 1–32 of `0-9 a-z - _`: what becomes part of keys and of the ledger's award names.
    func name() throws(FileRefusal) -> String {
        let text = try scalar("a name").string
        guard isPlainName(text) else { throw bad(plainNameForm) }
        return text
    }

    func integer(in range: ClosedRange<Int64>) throws(FileRefusal) -> Int64 {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let value = ExactDecimal(try scalar(expected).string, maximumDecimals: 0)?.scaled, range.contains(value)
        else { throw bad(expected) }
        return value
    }

    /// A quoted decimal at or above zero and at most `maximum`.
    func decimal(maximumDecimals: Int, maximum: Int64) throws(FileRefusal) -> ExactDecimal {
        let scalar = try scalar("a decimal in quotes")
        guard scalar.style == .doubleQuoted || scalar.style == .singleQuoted else {
            throw refusal(.unquotedDecimal(key: key))
        }
        guard let value = ExactDecimal(scalar.string, maximumDecimals: 9), let unit = powerOfTen(value.decimals),
            value.scaled >= 0, value.scaled / unit <= maximum
        else { throw bad("a decimal from 0 to \(maximum)") }
        guard value.decimals <= maximumDecimals else {
            throw refusal(.tooManyDecimals(key: key, allowed: maximumDecimals))
        }
        return value
    }

    func isWord(_ word: String) -> Bool {
        guard case .scalar(let scalar) = node else { return false }
        return scalar.string == word
    }

    func day() throws(FileRefusal) -> LocalDay {
        guard let day = LocalDay(try scalar("a date").string) else { throw bad("a date YYYY-MM-DD") }
        return day
    }

    func month() throws(FileRefusal) -> BillingMonth {
        guard let month = BillingMonth(try scalar("a month").string) else { throw bad("a month YYYY-MM") }
        return month
    }

    /// One of the raw values of a closed choice.
    func choice<Choice: RawRepresentable & CaseIterable>(_: Choice.Type) throws(FileRefusal) -> Choice
    where Choice.RawValue == String {
        let expected = "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", ")
        guard let choice = Choice(rawValue: try scalar(expected).string) else { throw bad(expected) }
        return choice
    }
}

extension Located {
    /// The value under a key of a mapping that may hold others.
    func required(_ key: String) throws(FileRefusal) -> Located {
        guard isMapping else { throw bad("a mapping") }
        guard let value = member(key) else { throw refusal(.missingKey(key)) }
        return value
    }

    /// The plain keys of a mapping, in order.
    var keys: [String] { node.mapping?.keys.compactMap(\.string) ?? [] }

    /// A scalar's text; nil for a list or a mapping.
    var plain: String? { node.scalar?.string }

    /// The scalars of a list; of a single one, itself.
    var plainList: [String] { plain.map { [$0] } ?? node.sequence?.compactMap(\.string) ?? [] }
}

/// A mapping whose keys were checked: required ones are there, others are allowed.
struct CheckedMapping {
    let origin: Located
    fileprivate let values: [String: Located]

    /// The value under a required key.
    func value(_ key: String) throws(FileRefusal) -> Located {
        guard let value = values[key] else { throw origin.refusal(.missingKey(key)) }
        return value
    }

    /// The value under an optional key.
    func optional(_ key: String) -> Located? { values[key] }

    func mapping(_ key: String, required: [String], optional: [String] = []) throws(FileRefusal) -> CheckedMapping {
        try value(key).mapping(required: required, optional: optional)
    }
    func list(_ key: String) throws(FileRefusal) -> [Located] { try value(key).list() }
    func text(_ key: String) throws(FileRefusal) -> String { try value(key).text() }
    func name(_ key: String) throws(FileRefusal) -> String { try value(key).name() }
    func integer(_ key: String, in range: ClosedRange<Int64>) throws(FileRefusal) -> Int64 {
        try value(key).integer(in: range)
    }
    func int(_ key: String, in range: ClosedRange<Int64>) throws(FileRefusal) -> Int {
        Int(try integer(key, in: range))
    }
}

/// What a name is, in words.
let plainNameForm = "1 to 32 of 0-9 a-z - _"

func isPlainName(_ text: String) -> Bool {
    (1...32).contains(text.utf8.count)
        && text.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 95 }
}

/// What somebody gave, as a short line: without control characters and line ends.
func told(_ text: String) -> String {
    let line = String(
        text.unicodeScalars.filter { scalar in
            ![.control, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
        })
    if line.isEmpty { return "nothing" }
    return line.count > 40 ? line.prefix(40) + "…" : line
}

/// 10^`places` for 0–9 places.
func powerOfTen(_ places: Int) -> Int64? {
    guard (0...9).contains(places) else { return nil }
    return (0..<places).reduce(Int64(1)) { power, _ in power * 10 }
}
