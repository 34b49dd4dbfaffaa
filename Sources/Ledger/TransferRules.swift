public import Water

extension AccountState {
    /// Decides a command on this account at `at`. Pure: nothing is changed until the posting is stored.
    ///
    /// `earlier` is the posting already stored under the command's id, wherever in the city it was looked up; it is
    /// considered before anything else. Refusals come in the order of `Refusal`'s cases.
    public func decide(
        _ command: PointsCommand, at: Instant, under terms: LedgerTerms, earlier: Posting?
    ) -> Result<Answer, Refusal> {
        let inputHash = command.inputHash(for: holder)
        if let earlier {
            return earlier.inputHash == inputHash
                ? .success(.alreadyPosted(earlier)) : .failure(.idReusedWithOtherInput)
        }
        let draft = PostingDraft(id: command.id, inputHash: inputHash, holder: holder, at: at)
        let decided: Result<Posting, Refusal> =
            switch command {
            case .award(let key, let target, let history, let expiresAt):
                award(key, target, history, expiresAt: expiresAt, terms, draft)
            case .hold(_, let stock, let points): hold(stock, points, terms, draft)
            case .confirm(_, let hold): confirm(hold, draft)
            case .void(_, let hold, let reason): void(hold, reason, draft)
            case .expireHold(_, let hold): expire(hold, draft)
            case .expireLots: expireLots(draft)
            }
        return decided.map { .posted($0) }
    }

    /// At most `wanted` points from `lots`, in their order.
    func take(_ wanted: Points, from lots: [LotBalance]) -> [LotShare] {
        take(wanted, of: lots.map { LotShare(lot: $0.lot.id, points: $0.available) })
    }

    /// At most `wanted` points of `shares`, in their order.
    func take(_ wanted: Points, of shares: [LotShare]) -> [LotShare] {
        var rest = wanted
        var taken: [LotShare] = []
        for share in shares where rest > .zero && share.points > .zero {
            let points = min(rest, share.points)
            taken.append(LotShare(lot: share.lot, points: points))
            rest = rest - points
        }
        return taken
    }

    /// The lots whose points can still be spent at `at`, in the order they are taken.
    func liveLots(at: Instant) -> [LotBalance] {
        lots.filter { $0.lot.expiresAt > at }.sorted(by: LotBalance.isTakenBefore)
    }
}

/// A posting being written: numbers its transfers and stamps them with the one instant.
struct PostingDraft {
    let id: PostingID
    let inputHash: String
    let holder: AccountHolder
    let at: Instant
    private var transfers: [Transfer] = []
    private var lots: [Lot] = []

    init(id: PostingID, inputHash: String, holder: AccountHolder, at: Instant) {
        self.id = id
        self.inputHash = inputHash
        self.holder = holder
        self.at = at
    }

    /// The id the next transfer will bear.
    var nextID: TransferID { TransferID(id, transfers.count + 1) }

    /// Moves the shares' points; each bucket named gets an entry per share, of the sign given.
    mutating func move(
        _ kind: TransferKind, from debit: Account, to credit: Account, _ shares: [LotShare],
        _ signs: [(bucket: Bucket, sign: Int64)], link: TransferID? = nil, item: ItemID? = nil,
        holdUntil: Instant? = nil, reference: String = ""
    ) {
        let id = nextID
        let entries = signs.flatMap { bucket, sign in
            shares.map { LotEntry(transfer: id, lot: $0.lot, bucket: bucket, points: Points($0.points.count * sign)) }
        }
        let points = shares.reduce(Points.zero) { $0 + $1.points }
        guard points > .zero else { return }
        transfers.append(
            Transfer(
                unchecked: id, kind, of: holder, from: debit, to: credit, points, at: at, link: link, item: item,
                holdUntil: holdUntil, reference: reference, entries: entries))
    }

    /// Moves points that are in no lot; nothing for zero.
    mutating func move(
        _ kind: TransferKind, from debit: Account, to credit: Account, _ points: Points, link: TransferID?,
        reference: String
    ) {
        guard points > .zero else { return }
        transfers.append(
            Transfer(
                unchecked: nextID, kind, of: holder, from: debit, to: credit, points, at: at, link: link,
                reference: reference))
    }

    /// Begins a lot with the next transfer and returns its id.
    mutating func grant(
        _ kind: TransferKind, from debit: Account, _ points: Points, reference: String, expiresAt: Instant,
        link: TransferID?
    ) -> TransferID {
        let id = nextID
        lots.append(Lot(id: id, reference: reference, amount: points, expiresAt: expiresAt))
        move(
            kind, from: debit, to: .available(holder), [LotShare(lot: id, points: points)], [(.available, 1)],
            link: link, reference: reference)
        return id
    }

    var posting: Posting {
        Posting(id: id, inputHash: inputHash, holder: holder, postedAt: at, transfers: transfers, lots: lots)
    }
}
