import Water

extension AccountState {
    /// Sets points aside, earliest expiry first; points past their expiry are not spendable.
    func hold(
        _ stock: Stock, _ points: Points, _ terms: LedgerTerms, _ draft: PostingDraft
    ) -> Result<Posting, Refusal> {
        var draft = draft
        guard stock.community == holder.community else { return .failure(.crossesCommunities) }
        guard points > .zero, points <= Transfer.limit else { return .failure(.pointsAreOutOfRange) }
        guard openHolds.count < terms.openHoldLimit else { return .failure(.tooManyOpenHolds) }
        guard points <= spendable(at: draft.at) else { return .failure(.exceedsBalance) }
        guard stock.free > 0 else { return .failure(.outOfStock) }
        let (until, overflow) = draft.at.epochSeconds.addingReportingOverflow(terms.holdSeconds)
        draft.move(
            .hold, from: .available(holder), to: .held(holder), take(points, from: liveLots(at: draft.at)),
            [(.available, -1), (.held, 1)], item: stock.item,
            holdUntil: Instant(epochSeconds: overflow ? .max : until))
        return .success(draft.posting)
    }

    /// Spends the held points. A lot that expired meanwhile still counts: only the hold's own time matters.
    func confirm(_ id: PostingID, _ draft: PostingDraft) -> Result<Posting, Refusal> {
        guard let hold = openHold(id) else { return .failure(.holdIsNotOpen) }
        guard draft.at < hold.until else { return .failure(.holdHasExpired) }
        var draft = draft
        draft.move(
            .confirm, from: .held(holder), to: .spent(holder.community), hold.shares, [(.held, -1)], link: hold.id)
        return .success(draft.posting)
    }

    /// Returns the points to the lots they came from. Allowed past the hold's time too: it comes to the same.
    func void(_ id: PostingID, _ reason: String, _ draft: PostingDraft) -> Result<Posting, Refusal> {
        guard reason.utf8.count <= Transfer.referenceLimit else { return .failure(.reasonIsTooLong) }
        guard let hold = openHold(id) else { return .failure(.holdIsNotOpen) }
        return .success(giveBack(hold, .void, reason, draft))
    }

    /// Returns an overdue hold's points to the lots they came from.
    func expire(_ id: PostingID, _ draft: PostingDraft) -> Result<Posting, Refusal> {
        guard let hold = openHold(id) else { return .failure(.holdIsNotOpen) }
        guard draft.at >= hold.until else { return .failure(.holdHasNotExpired) }
        return .success(giveBack(hold, .holdExpiry, "", draft))
    }

    /// A lot keeps its expiry; where that is past, the next expiry run ends the returned points.
    private func giveBack(_ hold: OpenHold, _ kind: TransferKind, _ reason: String, _ draft: PostingDraft) -> Posting {
        var draft = draft
        draft.move(
            kind, from: .held(holder), to: .available(holder), hold.shares, [(.held, -1), (.available, 1)],
            link: hold.id, reference: reason)
        return draft.posting
    }

    private func openHold(_ id: PostingID) -> OpenHold? { openHolds.first { $0.id.posting == id } }

    /// Ends the available points of every lot whose expiry is reached, a transfer a lot. Held points wait for their
    /// hold to close.
    func expireLots(_ draft: PostingDraft) -> Result<Posting, Refusal> {
        var draft = draft
        let due = lots.filter { $0.lot.expiresAt <= draft.at && $0.available > .zero }
        guard !due.isEmpty else { return .failure(.nothingToExpire) }
        for lot in due {
            draft.move(
                .expiry, from: .available(holder), to: .expired(holder.community),
                [LotShare(lot: lot.lot.id, points: lot.available)], [(.available, -1)], link: lot.lot.id,
                reference: lot.lot.reference)
        }
        return .success(draft.posting)
    }
}
