public import Water

/// The announced terms of the points scheme: versioned data, handed in with every decision.
public struct LedgerTerms: Sendable, Hashable {
    /// How long a hold can be confirmed, seconds, 1 to 31 days. First version: 48 h (semantics.md, Points).
    public let holdSeconds: Int64
    /// Open holds a household may have at once, 1–100. First version: 3.
    public let openHoldLimit: Int
    /// The most a household can owe, points, 0–10^9: the floor of its debt account is minus this. No public source
    /// gives a figure; each community announces its own.
    public let debtLimit: Points

    /// nil where a figure is outside its range.
    public init?(holdSeconds: Int64, openHoldLimit: Int, debtLimit: Points) {
        guard (1...31 * 86_400).contains(holdSeconds), (1...100).contains(openHoldLimit), debtLimit >= .zero,
            debtLimit <= Transfer.limit
        else { return nil }
        self.holdSeconds = holdSeconds
        self.openHoldLimit = openHoldLimit
        self.debtLimit = debtLimit
    }
}

/// What earlier versions of the same award posted; not part of the command's input, so a retry may find it changed.
public struct AwardHistory: Sendable, Hashable {
    /// Points awarded less points taken back, over all versions. 0–10^9.
    public let net: Points
    /// The highest statement version posted; 0 before the first.
    public let latestVersion: Int
    /// The first transfer of the award; later ones are linked to it.
    public let original: TransferID?
    /// What of it was let go past the floor and has not come back: 0–10^9.
    public let writtenOff: Points

    public init(net: Points, latestVersion: Int, original: TransferID?, writtenOff: Points = .zero) {
        self.net = net
        self.writtenOff = writtenOff
        self.latestVersion = latestVersion
        self.original = original
    }

    /// Before the first version.
    public static let none = AwardHistory(net: .zero, latestVersion: 0, original: nil)
}

/// What can be asked of one household's account.
public enum PointsCommand: Sendable, Hashable {
    /// Brings the award to `target` points (0–10^9): grants what is missing, takes back what is too much. The id
    /// follows from the key. `expiresAt` is the expiry of the lot that a grant begins.
    case award(AwardKey, target: Points, history: AwardHistory, expiresAt: Instant)
    /// Sets `points` (1–10^9: the price the resident agreed to) aside for one piece of the item.
    case hold(PostingID, Stock, points: Points)
    /// Hands the item over.
    case confirm(PostingID, hold: PostingID)
    /// Gives the points back; `reason` of at most 200 bytes is kept with the transfer.
    case void(PostingID, hold: PostingID, reason: String)
    /// Gives the points of an overdue hold back.
    case expireHold(PostingID, hold: PostingID)
    /// Ends every lot whose expiry is reached.
    case expireLots(PostingID)

    public var id: PostingID {
        switch self {
        case .award(let key, _, _, _): key.postingID
        case .hold(let id, _, _), .confirm(let id, _), .void(let id, _, _), .expireHold(let id, _), .expireLots(let id):
            id
        }
    }

    /// SHA-256 of the canonical JSON of the input, lower-case hex. The instant, the terms, the stock's counts and an
    /// award's history are left out: they are the ledger's, and change between a command and its retry.
    public func inputHash(for holder: AccountHolder) -> String {
        let input = input
        var text = JSONText(capacity: 256)
        text.object { text in
            text.member("act", input.act)
            text.member("community", holder.community.value)
            if let expiresAt = input.expiresAt { text.member("expires_at", expiresAt.epochSeconds) }
            if let hold = input.hold { text.member("hold", hold.text) }
            text.member("household", holder.household.value)
            text.member("id", id.text)
            if let item = input.item { text.member("item", item.value) }
            if let points = input.points { text.member("points", points.count) }
            if let reason = input.reason { text.member("reason", reason) }
            if let target = input.target { text.member("target", target.count) }
        }
        return sha256Hex(text.bytes)
    }

    private struct Input {
        let act: String
        var expiresAt: Instant?
        var hold: PostingID?
        var item: ItemID?
        var points: Points?
        var reason: String?
        var target: Points?
    }

    private var input: Input {
        switch self {
        case .award(_, let target, _, let expiresAt): Input(act: "award", expiresAt: expiresAt, target: target)
        case .hold(_, let stock, let points): Input(act: "hold", item: stock.item, points: points)
        case .confirm(_, let hold): Input(act: "confirm", hold: hold)
        case .void(_, let hold, let reason): Input(act: "void", hold: hold, reason: reason)
        case .expireHold(_, let hold): Input(act: "expire_hold", hold: hold)
        case .expireLots: Input(act: "expire_lots")
        }
    }
}

/// The answer to a command that is not refused.
public enum Answer: Sendable, Hashable {
    /// To be appended now.
    case posted(Posting)
    /// Appended before under the same id, for the same input: nothing is to be appended.
    case alreadyPosted(Posting)

    public var posting: Posting {
        switch self {
        case .posted(let posting), .alreadyPosted(let posting): posting
        }
    }
}
