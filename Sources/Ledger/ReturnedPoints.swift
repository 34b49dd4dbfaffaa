public import Water

/// What becomes of the points of a hold when they come back; the three add up to the hold's.
public struct ReturnedPoints: Sendable, Hashable {
    /// Go to what the household owes.
    public let repaid: Points
    /// Are past the expiry of their lot: they cannot be spent, and the next expiry run ends them.
    public let expired: Points
    /// Can be spent again.
    public let usable: Points

    /// What became of a hold's points, by its household's transfers and lots; nil where they did not come back.
    public init?(of hold: PostingID, in transfers: [Transfer], _ lots: [Lot]) {
        let back = transfers.first { [.void, .holdExpiry].contains($0.kind) && $0.link?.posting == hold }
        guard let back else { return nil }
        let entries = transfers.filter { $0.id == back.id || ($0.kind == .repayment && $0.link == back.id) }
            .flatMap(\.entries).filter { $0.bucket == .available }
        let ended = Set(lots.filter { $0.expiresAt <= back.postedAt }.map(\.id))
        let left = entries.reduce(Points.zero) { $0 + $1.points }
        expired = entries.reduce(.zero) { ended.contains($1.lot) ? $0 + $1.points : $0 }
        repaid = back.points - left
        usable = left - expired
    }
}

extension AccountState {
    /// What becomes of an open hold's points if they come back at `at`; nil where it is not open.
    public func returning(_ hold: PostingID, at: Instant) -> ReturnedPoints? {
        let draft = PostingDraft(id: .voiding(hold), inputHash: "", holder: holder, at: at)
        guard case .success(let posting) = void(hold, "", draft) else { return nil }
        return ReturnedPoints(of: hold, in: posting.transfers, lots.map(\.lot))
    }
}
