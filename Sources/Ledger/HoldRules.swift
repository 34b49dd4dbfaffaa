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

    /// What is owed is repaid at once from what comes back, the earliest expiry first, past or not: what a hold kept
    /// from expiring is not lost to a debt. The rest keeps its lots' expiry; where that is past, the next expiry run
    /// ends it.
    private func giveBack(_ hold: OpenHold, _ kind: TransferKind, _ reason: String, _ draft: PostingDraft) -> Posting {
        var draft = draft
        let returned = draft.nextID
        draft.move(
            kind, from: .held(holder), to: .available(holder), hold.shares, [(.held, -1), (.available, 1)],
            link: hold.id, reference: reason)
        draft.move(
            .repayment, from: .available(holder), to: .debt(holder), take(debt, of: hold.shares), [(.available, -1)],
            link: returned)
        return draft.posting
    }

    private func openHold(_ id: PostingID) -> OpenHold? { openHolds.first { $0.id.posting == id } }

    /// Ends the available points of every lot whose expiry is reached, a transfer a lot. Held points wait for their
    /// hold to close. Points that lay there for a debt repay it first: none is lost while something is owed.
    func expireLots(_ draft: PostingDraft) -> Result<Posting, Refusal> {
        var draft = draft
        guard !dueLots(at: draft.at).isEmpty else { return .failure(.nothingToExpire) }
        endDueLots(owing: debt, in: &draft)
        return .success(draft.posting)
    }

    /// A repayment and an expiry for each lot that is due, as far as there is something to repay and to end.
    func endDueLots(owing: Points, in draft: inout PostingDraft) {
        var owed = owing
        for lot in dueLots(at: draft.at) {
            let repaid = min(owed, lot.available)
            owed = owed - repaid
            draft.move(
                .repayment, from: .available(holder), to: .debt(holder), [LotShare(lot: lot.lot.id, points: repaid)],
                [(.available, -1)], link: lot.lot.id, reference: lot.lot.reference)
            draft.move(
                .expiry, from: .available(holder), to: .expired(holder.community),
                [LotShare(lot: lot.lot.id, points: lot.available - repaid)], [(.available, -1)], link: lot.lot.id,
                reference: lot.lot.reference)
        }
    }

    /// The lots with available points whose expiry is reached, earliest first.
    private func dueLots(at: Instant) -> [LotBalance] {
        lots.filter { $0.lot.expiresAt <= at && $0.available > .zero }.sorted(by: LotBalance.isTakenBefore)
    }
}
