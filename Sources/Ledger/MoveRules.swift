public import Water

/// An account carried to another community: two postings, one in each, to be appended together.
public struct AccountMove: Sendable, Hashable {
    /// In the old community: every lot and the debt go to its clearing account.
    public let leaving: Posting
    /// In the new community: the same lots, with their expiry, and the same debt come out of its clearing account.
    /// Each transfer is linked to its counterpart.
    public let entering: Posting
}

extension AccountState {
    /// Opens the household's account anew in another community, as an area reorganisation asks. No transfer crosses:
    /// each side has its own, through its own clearing account.
    ///
    /// Refused where the community is the same or a hold is open. `id` is the client's; the two postings derive theirs
    /// from it. A repeated move finds nothing left to move: look the leaving posting's id up first.
    public func move(to other: AccountHolder, id: PostingID, at: Instant) -> Result<AccountMove, Refusal> {
        guard other.community != holder.community else { return .failure(.communityIsTheSame) }
        guard openHolds.isEmpty else { return .failure(.holdsAreOpen) }
        let input: CanonicalJSON = [
            "act": "move", "id": .string(id.text), "from": .integer(holder.community.value),
            "from_household": .integer(holder.household.value), "to": .integer(other.community.value),
            "to_household": .integer(other.household.value),
        ]
        let inputHash = sha256Hex(input.bytes)
        var leaving = PostingDraft(
            id: AccountState.leaving(id), inputHash: inputHash, holder: holder, at: at)
        var entering = PostingDraft(
            id: PostingID(verb: "move-in", [id.text]), inputHash: inputHash, holder: other, at: at)
        for lot in lots where lot.available > .zero {
            let (out, into) = (leaving.nextID, entering.nextID)
            leaving.move(
                .moveOut, from: .available(holder), to: .clearing(holder.community),
                [LotShare(lot: lot.lot.id, points: lot.available)], [(.available, -1)], link: into,
                reference: lot.lot.reference)
            _ = entering.grant(
                .moveIn, from: .clearing(other.community), lot.available, reference: lot.lot.reference,
                expiresAt: lot.lot.expiresAt, link: out)
        }
        let (out, into) = (leaving.nextID, entering.nextID)
        leaving.move(
            .moveOut, from: .clearing(holder.community), to: .debt(holder), debt, link: into, reference: "")
        entering.move(
            .moveIn, from: .debt(other), to: .clearing(other.community), debt, link: out, reference: "")
        return .success(AccountMove(leaving: leaving.posting, entering: entering.posting))
    }

    /// The id under which a move's leaving posting is stored.
    public static func leaving(_ id: PostingID) -> PostingID { PostingID(verb: "move-out", [id.text]) }
}
