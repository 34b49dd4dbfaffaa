public import Water

/// What one accepted command appends: all of it or none. Kept for ever under its id, also when it moves nothing, so
/// that the same command later gets this same answer.
public struct Posting: Sendable, Hashable {
    public let id: PostingID
    /// SHA-256 of the command's input, lower-case hex: what tells a retry from another command under the same id.
    public let inputHash: String
    public let holder: AccountHolder
    public let postedAt: Instant
    /// In order; empty where the command was accepted and nothing had to move.
    public let transfers: [Transfer]
    /// The lots that begin with these transfers.
    public let lots: [Lot]

    public init(
        id: PostingID, inputHash: String, holder: AccountHolder, postedAt: Instant, transfers: [Transfer], lots: [Lot]
    ) {
        self.id = id
        self.inputHash = inputHash
        self.holder = holder
        self.postedAt = postedAt
        self.transfers = transfers
        self.lots = lots
    }

    public var entries: [LotEntry] { transfers.flatMap(\.entries) }
}

extension Transfer {
    /// The first contradiction within this transfer; nil for every transfer that this module decides.
    public var defect: LedgerDefect? {
        guard points > .zero, points <= Transfer.limit else { return .pointsOutOfRange(id) }
        guard debit.community == community, credit.community == community else { return .crossesCommunities(id) }
        guard kind.moves(from: debit.kind, to: credit.kind) else { return .accountsDoNotSuitKind(id) }
        for account in [debit, credit] where account.kind.isHouseholds && account.household != holder.household {
            return .anotherHousehold(id)
        }
        guard reference.utf8.count <= Transfer.referenceLimit else { return .referenceIsTooLong(id) }
        guard (kind == .hold) == (holdUntil != nil), (kind == .hold) == (item != nil) else {
            return .holdIsMalformed(id)
        }
        for bucket in [Bucket.available, .held] where sum(of: bucket) != moved(in: bucket) {
            return .entriesDisagree(id)
        }
        return nil
    }

    /// The lot entries of a bucket, added up; nil past 64 bits or where an entry is not this transfer's.
    private func sum(of bucket: Bucket) -> Int64? {
        var total: Int64 = 0
        for entry in entries where entry.bucket == bucket {
            let (next, overflow) = total.addingReportingOverflow(entry.points.count)
            guard !overflow, entry.transfer == id, entry.points != .zero else { return nil }
            total = next
        }
        return total
    }

    private func moved(in bucket: Bucket) -> Int64 {
        let kind: AccountKind = bucket == .available ? .available : .held
        return (credit.kind == kind ? points.count : 0) - (debit.kind == kind ? points.count : 0)
    }
}

extension TransferKind {
    /// The accounts each kind moves between; see the cases.
    func moves(from debit: AccountKind, to credit: AccountKind) -> Bool {
        switch (self, debit, credit) {
        case (.award, .issued, .available), (.repayment, .available, .debt), (.clawback, .available, .clawback),
            (.debt, .debt, .clawback), (.writeOff, .writtenOff, .clawback), (.writeOff, .clawback, .writtenOff),
            (.hold, .available, .held),
            (.confirm, .held, .spent), (.void, .held, .available), (.holdExpiry, .held, .available),
            (.expiry, .available, .expired), (.moveOut, .available, .clearing), (.moveOut, .clearing, .debt),
            (.moveIn, .clearing, .available), (.moveIn, .debt, .clearing):
            true
        default: false
        }
    }
}
