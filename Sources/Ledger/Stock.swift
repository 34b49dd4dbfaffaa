public import Water

/// How many pieces of an item a community has, set aside for holds, and handed over. A city item is allotted to
/// communities, each with stock of its own.
public struct Stock: Sendable, Hashable {
    public let community: CommunityID
    public let item: ItemID
    /// Pieces ever put in, 0–10^9.
    public let total: Int64
    /// Pieces set aside by open holds.
    public let reserved: Int64
    /// Pieces handed over.
    public let taken: Int64

    /// nil where a count is negative or past 10^9, or more is reserved and taken than there is.
    public init?(community: CommunityID, item: ItemID, total: Int64, reserved: Int64 = 0, taken: Int64 = 0) {
        let range = 0...Transfer.limit.count
        guard range.contains(total), range.contains(reserved), range.contains(taken), reserved + taken <= total else {
            return nil
        }
        self.init(community, item, total, reserved, taken)
    }

    private init(_ community: CommunityID, _ item: ItemID, _ total: Int64, _ reserved: Int64, _ taken: Int64) {
        self.community = community
        self.item = item
        self.total = total
        self.reserved = reserved
        self.taken = taken
    }

    /// Pieces a hold may still reserve, never negative.
    public var free: Int64 { total - reserved - taken }

    /// Sets a piece aside; refused `.outOfStock` where none is free.
    public func reserve() -> Result<Stock, Refusal> {
        free > 0 ? .success(with(reserved: reserved + 1, taken: taken)) : .failure(.outOfStock)
    }

    /// Hands a reserved piece over; refused `.nothingIsReserved`.
    public func confirm() -> Result<Stock, Refusal> {
        reserved > 0 ? .success(with(reserved: reserved - 1, taken: taken + 1)) : .failure(.nothingIsReserved)
    }

    /// Puts a reserved piece back; refused `.nothingIsReserved`.
    public func release() -> Result<Stock, Refusal> {
        reserved > 0 ? .success(with(reserved: reserved - 1, taken: taken)) : .failure(.nothingIsReserved)
    }

    /// The stock after a posting that placed or closed a hold on this item; the caller has matched the item.
    /// Unchanged by a posting of any other kind.
    public func applying(_ posting: Posting) throws(LedgerDefect) -> Stock {
        var next: Result<Stock, Refusal> = .success(self)
        for transfer in posting.transfers {
            guard transfer.community == community else { throw .crossesCommunities(transfer.id) }
            switch transfer.kind {
            case .hold: next = next.flatMap { $0.reserve() }
            case .confirm: next = next.flatMap { $0.confirm() }
            case .void, .holdExpiry: next = next.flatMap { $0.release() }
            default: continue
            }
        }
        switch next {
        case .success(let stock): return stock
        case .failure: throw .stockDisagrees(posting.id)
        }
    }

    private func with(reserved: Int64, taken: Int64) -> Stock { Stock(community, item, total, reserved, taken) }
}
