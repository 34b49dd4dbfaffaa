public import Water

/// What is left of a lot.
public struct LotBalance: Sendable, Hashable {
    public let lot: Lot
    /// The sum of the lot's available entries, never negative.
    public var available: Points
    /// The sum of the lot's held entries, never negative.
    public var held: Points

    public init(lot: Lot, available: Points, held: Points) {
        self.lot = lot
        self.available = available
        self.held = held
    }

    /// Earliest expiry first, then by id: the one order in which points are taken.
    static func isTakenBefore(_ a: LotBalance, _ b: LotBalance) -> Bool {
        a.lot.expiresAt == b.lot.expiresAt ? a.lot.id < b.lot.id : a.lot.expiresAt < b.lot.expiresAt
    }
}

/// Points of one lot.
public struct LotShare: Sendable, Hashable {
    public let lot: TransferID
    public let points: Points

    public init(lot: TransferID, points: Points) {
        self.lot = lot
        self.points = points
    }
}

/// Points set aside for an item and not yet confirmed, voided or expired.
public struct OpenHold: Sendable, Hashable {
    /// The hold's transfer; its posting's id is the redemption's.
    public let id: TransferID
    public let item: ItemID
    public let points: Points
    /// First instant at which it can no longer be confirmed.
    public let until: Instant
    /// The lots the points came from, in the order taken: where void and expiry return them.
    public let shares: [LotShare]

    public init(id: TransferID, item: ItemID, points: Points, until: Instant, shares: [LotShare]) {
        self.id = id
        self.item = item
        self.points = points
        self.until = until
        self.shares = shares
    }
}

/// One household's points: the sum of its transfers and lot entries, as a value. Loaded for one decision and
/// never kept as the truth.
public struct AccountState: Sendable, Hashable {
    public let holder: AccountHolder
    /// Lots with points left, in the order they are taken.
    public private(set) var lots: [LotBalance]
    /// What is owed, zero or positive.
    public private(set) var debt: Points
    /// In the order placed.
    public private(set) var openHolds: [OpenHold]

    /// A household without a transfer.
    public init(_ holder: AccountHolder) {
        self.init(holder: holder, lots: [], debt: .zero, openHolds: [])
    }

    /// A state added up by storage. Empty lots may be given and are left out.
    public init(holder: AccountHolder, lots: [LotBalance], debt: Points, openHolds: [OpenHold]) {
        self.holder = holder
        self.lots = lots.filter { $0.available != .zero || $0.held != .zero }.sorted(by: LotBalance.isTakenBefore)
        self.debt = debt
        self.openHolds = openHolds
    }

    /// Points in no hold, expired or not: the balance of the household's available account.
    public var available: Points { lots.reduce(.zero) { $0 + $1.available } }
    /// Points in open holds: the balance of its held account.
    public var held: Points { lots.reduce(.zero) { $0 + $1.held } }

    /// What a hold may take at `at`: the unexpired available points less the debt, never below zero.
    public func spendable(at: Instant) -> Points {
        let live = lots.reduce(Points.zero) { $1.lot.expiresAt > at ? $0 + $1.available : $0 }
        return max(live - debt, .zero)
    }

    /// The state after `posting`. Throws where the posting contradicts this state; the state is a value, so nothing
    /// is half applied.
    public func applying(_ posting: Posting) throws(LedgerDefect) -> AccountState {
        var next = self
        for transfer in posting.transfers { try next.apply(transfer, beginning: posting.lots) }
        next.lots.removeAll { $0.available == .zero && $0.held == .zero }
        next.lots.sort(by: LotBalance.isTakenBefore)
        return next
    }

    private mutating func apply(_ transfer: Transfer, beginning lots: [Lot]) throws(LedgerDefect) {
        if let defect = transfer.defect { throw defect }
        guard transfer.community == holder.community else { throw .crossesCommunities(transfer.id) }
        guard transfer.holder == holder else { throw .anotherHousehold(transfer.id) }
        for lot in lots where lot.id == transfer.id { try begin(lot, by: transfer) }
        for entry in transfer.entries { try apply(entry) }
        try applyDebt(transfer)
        try applyHold(transfer)
    }

    private mutating func begin(_ lot: Lot, by transfer: Transfer) throws(LedgerDefect) {
        guard lot.amount == transfer.points, transfer.credit.kind == .available else {
            throw .entriesDisagree(transfer.id)
        }
        guard !lots.contains(where: { $0.lot.id == lot.id }) else { throw .lotExistsAlready(lot.id) }
        lots.append(LotBalance(lot: lot, available: .zero, held: .zero))
    }

    private mutating func apply(_ entry: LotEntry) throws(LedgerDefect) {
        guard let index = lots.firstIndex(where: { $0.lot.id == entry.lot }) else {
            throw .lotIsUnknown(entry.transfer)
        }
        let current = entry.bucket == .available ? lots[index].available : lots[index].held
        let (next, overflow) = current.count.addingReportingOverflow(entry.points.count)
        guard !overflow, next >= 0, next <= lots[index].lot.amount.count else { throw .lotIsOverdrawn(entry.transfer) }
        switch entry.bucket {
        case .available: lots[index].available = Points(next)
        case .held: lots[index].held = Points(next)
        }
    }

    private mutating func applyDebt(_ transfer: Transfer) throws(LedgerDefect) {
        if transfer.debit.kind == .debt { debt = debt + transfer.points }
        guard transfer.credit.kind == .debt else { return }
        guard transfer.points <= debt else { throw .debtIsOverpaid(transfer.id) }
        debt = debt - transfer.points
    }

    private mutating func applyHold(_ transfer: Transfer) throws(LedgerDefect) {
        switch transfer.kind {
        case .hold:
            guard let item = transfer.item, let until = transfer.holdUntil else { throw .holdIsMalformed(transfer.id) }
            let shares = transfer.entries.filter { $0.bucket == .held }.map { LotShare(lot: $0.lot, points: $0.points) }
            openHolds.append(
                OpenHold(id: transfer.id, item: item, points: transfer.points, until: until, shares: shares))
        case .confirm, .void, .holdExpiry:
            guard let index = openHolds.firstIndex(where: { $0.id == transfer.link }),
                openHolds[index].points == transfer.points
            else { throw .holdIsUnknown(transfer.id) }
            openHolds.remove(at: index)
        default: return
        }
    }
}
