/// Why a tariff or rule file was not taken: the file, the line and one reason.
public struct FileRefusal: Error, Sendable, Hashable {
    /// The file's name as given.
    public let file: String
    /// From 1.
    public let line: Int
    public let reason: Reason

    public init(file: String, line: Int, reason: Reason) {
        self.file = file
        self.line = line
        self.reason = reason
    }

    /// Every reason a file can be refused for.
    public enum Reason: Sendable, Hashable {
        /// The text is not one YAML document; the parser's own words.
        case notYAML(String)
        /// The bytes are text of another encoding, as GB 18030.
        case notUTF8
        /// A folder bears a file's name.
        case isFolder
        /// The file cannot be opened or read; the system's own words.
        case unreadable(String)
        /// The text is longer than 256 KiB.
        case tooLong
        case unknownKey(String)
        case missingKey(String)
        case repeatedKey(String)
        /// The value under `key` has another shape or lies outside its range.
        case badValue(key: String, expected: String)
        /// A decimal is a quoted string, so that no reader takes it for a floating-point number.
        case unquotedDecimal(key: String)
        case tooManyDecimals(key: String, allowed: Int)
        /// A tier's bound is not above the one before it, for some household size.
        case tiersOutOfOrder
        /// A tiered line needs one price for each tier.
        case priceCount(line: String, prices: Int, tiers: Int)
        /// Two lines, rules or examples that must differ bear one name.
        case repeatedName(String)
        /// Bands must rise in percentile and fall in points.
        case bandsOutOfOrder
        /// The last day of a span lies before its first; the keys of both.
        case reversed(from: String, to: String)
        case tooFewExamples(kind: String, found: Int, needed: Int)
        /// The file's own example contradicts its figures.
        case exampleFails(stated: String, computed: String)
        /// Two files of one id are valid on one day.
        case overlaps(file: String)
        /// Two files of one id bear one version.
        case versionUsed(String, file: String)
        /// Between two files of one id some days have none.
        case leavesGap(after: String)
        /// A version begins within a month though its litres do not fill the tiers of the one before it: those of that
        /// month's days could not be told apart.
        case beginsWithinMonth(after: String)
        /// A file that is imported does not have the class asked for.
        case noClass(String, known: [String])
        /// What was given beside a file that is imported cannot be: an option as `--id`, not the file, is to be put right.
        case badOption(String, given: String, expected: String)
    }
}

/// Every broken file of a folder, at least one.
public struct FileRefusals: Error, Sendable, Hashable {
    /// In the files' order.
    public let all: [FileRefusal]

    public init(_ all: [FileRefusal]) { self.all = all }
}

extension FileRefusals: CustomStringConvertible {
    /// One line for each.
    public var description: String { all.map(\.description).joined(separator: "\n") }
}

extension FileRefusal: CustomStringConvertible {
    /// `file:line: reason`; of an option the reason alone.
    public var description: String {
        if case .badOption = reason { return reason.description }
        return "\(file):\(line): \(reason)"
    }
}

extension FileRefusal.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notYAML(let problem): "not one YAML document: \(problem)"
        case .notUTF8: "not UTF-8: save the file in that encoding"
        case .isFolder: "a folder, not a file"
        case .unreadable(let problem): "cannot be read: \(problem)"
        case .tooLong: "longer than 256 KiB"
        case .unknownKey(let key): "unknown key `\(key)`"
        case .missingKey(let key): "missing key `\(key)`"
        case .repeatedKey(let key): "key `\(key)` appears twice"
        case .badValue(let key, let expected): "`\(key)` must be \(expected)"
        case .unquotedDecimal(let key): "`\(key)` must be a decimal in quotes, as \"2.30\""
        case .tooManyDecimals(let key, let allowed): "`\(key)` has more than \(allowed) decimals"
        case .tiersOutOfOrder: "each tier must end above the one before it, for every household size"
        case .priceCount(let line, let prices, let tiers): "line `\(line)` has \(prices) prices for \(tiers) tiers"
        case .repeatedName(let name): "`\(name)` appears twice"
        case .bandsOutOfOrder: "bands must rise in percentile and fall in points"
        case .reversed(let from, let to): "`\(to)` lies before `\(from)`"
        case .tooFewExamples(let kind, let found, let needed): "\(found) examples of \(kind), at least \(needed) needed"
        case .exampleFails(let stated, let computed): "the example states \(stated), the file gives \(computed)"
        case .overlaps(let file): "overlaps \(file)"
        case .versionUsed(let version, let file): "the version `\(version)` is used already by \(file)"
        case .leavesGap(let file): "leaves a gap after \(file)"
        case .beginsWithinMonth(let file):
            "`valid_from` must be the first of a month where another `basis` than that of \(file) begins, or tiers by_days"
        case .noClass(let name, let known): "no class `\(name)`; there are \(known.joined(separator: ", "))"
        case .badOption(let option, let given, let expected): "\(option) \(given): must be \(expected)"
        }
    }
}
