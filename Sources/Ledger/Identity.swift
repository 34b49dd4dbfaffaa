public import Water

/// The name of one accepted command: chosen by the client and kept before sending, or derived by the service.
///
/// Client ids are 1–64 of `0-9 A-Z a-z - _ .`. Derived ids hold a `:` or `#`, which no client can write, so a
/// client can never occupy the id of an award.
public struct PostingID: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let text: String

    /// A client's id; nil outside the set or the length.
    public init?(_ text: some StringProtocol) {
        guard PostingID.isWithin(text, alsoAllowing: []) else { return nil }
        self.text = String(text)
    }

    /// An id as kept in storage, the client's or a derived one.
    public init?(stored text: some StringProtocol) {
        guard PostingID.isWithin(text, alsoAllowing: [UInt8(ascii: ":"), UInt8(ascii: "#")]) else { return nil }
        self.text = String(text)
    }

    /// `verb:part:part…`, or, where that passes 64 bytes, `verb#` and 48 hex digits of its SHA-256.
    init(verb: String, _ parts: [String]) {
        let whole = ([verb] + parts).joined(separator: ":")
        self.text = whole.utf8.count <= 64 ? whole : "\(verb)#\(sha256Hex(Array(whole.utf8)).prefix(48))"
    }

    public static func confirming(_ hold: PostingID) -> PostingID { PostingID(verb: "confirm", [hold.text]) }
    public static func voiding(_ hold: PostingID) -> PostingID { PostingID(verb: "void", [hold.text]) }
    public static func expiring(_ hold: PostingID) -> PostingID { PostingID(verb: "unhold", [hold.text]) }

    /// The expiry run over one household's lots; `at` is the run's instant, the same when the run is repeated.
    public static func expiringLots(of holder: AccountHolder, at: Instant) -> PostingID {
        PostingID(
            verb: "expire", [holder.community.description, holder.household.description, String(at.epochSeconds)])
    }

    private static func isWithin(_ text: some StringProtocol, alsoAllowing extra: [UInt8]) -> Bool {
        let bytes = text.utf8
        return (1...64).contains(bytes.count)
            && bytes.allSatisfy { byte in
                switch byte {
                case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
                default: extra.contains(byte)
                }
            }
    }

    public static func < (a: PostingID, b: PostingID) -> Bool { a.text < b.text }
    public var description: String { text }
}

/// One transfer of a posting: the posting's id and its place in it, from 1.
public struct TransferID: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let posting: PostingID
    /// 1–9,999,999.
    public let part: Int

    /// nil where `part` is outside its range.
    public init?(posting: PostingID, part: Int) {
        guard (1...9_999_999).contains(part) else { return nil }
        self.init(posting, part)
    }

    init(_ posting: PostingID, _ part: Int) {
        self.posting = posting
        self.part = part
    }

    /// The posting's id for part 1, else `id~part`; at most 72 bytes.
    public var text: String { part == 1 ? posting.text : "\(posting.text)~\(part)" }

    /// Reads what `text` wrote; nil for anything else.
    public init?(stored text: some StringProtocol) {
        let pieces = text.split(separator: "~", maxSplits: 1, omittingEmptySubsequences: false)
        guard let head = pieces.first, let posting = PostingID(stored: head) else { return nil }
        guard pieces.count == 2 else {
            self.init(posting, 1)
            return
        }
        guard let part = Int(pieces[1]), part >= 2, String(part) == pieces[1] else { return nil }
        self.init(posting: posting, part: part)
    }

    public static func < (a: TransferID, b: TransferID) -> Bool {
        a.posting == b.posting ? a.part < b.part : a.posting < b.posting
    }
    public var description: String { text }
}

/// What an award is for: unique per (community, household, month, rule name, statement version). The rule's own
/// version is left out, so that re-running a month under another rule version cannot mint twice.
public struct AwardKey: Sendable, Hashable {
    public let holder: AccountHolder
    public let month: BillingMonth
    /// 1–32 of `0-9 a-z - _`.
    public let rule: String
    /// From 1.
    public let statementVersion: Int

    /// nil where the rule's name or the version is outside its range.
    public init?(holder: AccountHolder, month: BillingMonth, rule: String, statementVersion: Int) {
        let isName = rule.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"): true
            default: false
            }
        }
        guard isName, (1...32).contains(rule.utf8.count), (1...1_000_000).contains(statementVersion) else { return nil }
        self.holder = holder
        self.month = month
        self.rule = rule
        self.statementVersion = statementVersion
    }

    /// `award:community:household:YYYY-MM:rule:version`, or its hashed form where that is too long.
    public var postingID: PostingID {
        PostingID(
            verb: "award",
            [
                holder.community.description, holder.household.description, month.description, rule,
                String(statementVersion),
            ])
    }

    /// `YYYY-MM:rule`: what every version's transfers of this award have in common, within one household.
    public var reference: String { "\(month):\(rule)" }
}
