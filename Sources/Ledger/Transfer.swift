public import Water

/// Why points moved. The raw value is the word kept in storage.
public enum TransferKind: String, Sendable, Hashable, CaseIterable {
    /// issued → available: a statement earned points.
    case award
    /// available → debt: what is owed is repaid first, by a new award, by points that come back from a hold, and by
    /// points whose time is up.
    case repayment
    /// available → clawback: a corrected statement takes points back.
    case clawback
    /// debt → clawback: what the household did not have, owed down to the floor.
    case debt
    /// written off → clawback: what lies past the floor, let go and shown; and back, where the award comes back.
    case writeOff = "write_off"
    /// available → held: set aside for an item.
    case hold
    /// held → spent: handed over at the desk.
    case confirm
    /// held → available: given back, by staff or the resident.
    case void
    /// held → available: given back because nobody came in time.
    case holdExpiry = "hold_expiry"
    /// available → expired: the lot's time is up.
    case expiry
    /// available → clearing, or clearing → debt: leaves the community.
    case moveOut = "move_out"
    /// clearing → available, or debt → clearing: enters the community.
    case moveIn = "move_in"
}

/// Which of a household's two point accounts a lot entry counts in.
public enum Bucket: String, Sendable, Hashable {
    case available, held
}

/// One line of a lot's book: immutable.
public struct LotEntry: Sendable, Hashable {
    /// The transfer that moved the points.
    public let transfer: TransferID
    public let lot: TransferID
    public let bucket: Bucket
    /// Added to (positive) or taken from (negative) the bucket; never zero.
    public let points: Points

    public init(transfer: TransferID, lot: TransferID, bucket: Bucket, points: Points) {
        self.transfer = transfer
        self.lot = lot
        self.bucket = bucket
        self.points = points
    }
}

/// Points granted together, with one expiry: immutable. What remains is the sum of its entries.
public struct Lot: Sendable, Hashable {
    /// The transfer that granted it.
    public let id: TransferID
    /// The award it came from, `YYYY-MM:rule`.
    public let reference: String
    /// 1–10^9.
    public let amount: Points
    /// First instant at which the points can no longer be spent.
    public let expiresAt: Instant

    public init(id: TransferID, reference: String, amount: Points, expiresAt: Instant) {
        self.id = id
        self.reference = reference
        self.amount = amount
        self.expiresAt = expiresAt
    }
}

/// Points moved from one account to another of the same community: immutable; a mistake is mended by a further
/// transfer linked to this one.
public struct Transfer: Sendable, Hashable {
    /// The most one transfer may move: 10^9 points.
    public static let limit = Points(1_000_000_000)
    /// The longest `reference`, UTF-8 bytes.
    public static let referenceLimit = 200

    public let id: TransferID
    public let kind: TransferKind
    /// Whose points it is about, also where neither account is the household's own.
    public let holder: AccountHolder
    /// The account the points leave.
    public let debit: Account
    /// The account the points enter.
    public let credit: Account
    /// 1–10^9.
    public let points: Points
    public let postedAt: Instant
    /// The transfer this one repays, takes back, closes or continues.
    public let link: TransferID?
    /// The item a hold is for.
    public let item: ItemID?
    /// First instant at which a hold can no longer be confirmed; holds only.
    public let holdUntil: Instant?
    /// An award's `YYYY-MM:rule`, or the reason given; at most 200 bytes.
    public let reference: String
    /// The lots whose points moved, in the order taken; empty where no lot is touched.
    public let entries: [LotEntry]

    public var community: CommunityID { holder.community }

    /// A transfer as kept in storage. Throws where the row is not one this module could have written.
    public init(
        id: TransferID, kind: TransferKind, holder: AccountHolder, debit: Account, credit: Account, points: Points,
        postedAt: Instant, link: TransferID?, item: ItemID?, holdUntil: Instant?, reference: String, entries: [LotEntry]
    ) throws(LedgerDefect) {
        self.init(
            unchecked: id, kind, of: holder, from: debit, to: credit, points, at: postedAt, link: link, item: item,
            holdUntil: holdUntil, reference: reference, entries: entries)
        if let defect { throw defect }
    }

    init(
        unchecked id: TransferID, _ kind: TransferKind, of holder: AccountHolder, from debit: Account,
        to credit: Account, _ points: Points, at postedAt: Instant, link: TransferID?, item: ItemID? = nil,
        holdUntil: Instant? = nil, reference: String, entries: [LotEntry] = []
    ) {
        self.id = id
        self.kind = kind
        self.holder = holder
        self.debit = debit
        self.credit = credit
        self.points = points
        self.postedAt = postedAt
        self.link = link
        self.item = item
        self.holdUntil = holdUntil
        self.reference = reference
        self.entries = entries
    }
}
