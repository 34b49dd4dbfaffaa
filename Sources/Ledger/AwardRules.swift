import Water

extension AccountState {
    /// Posts the difference between the target and what earlier versions posted: a grant, a clawback, or nothing.
    func award(
        _ key: AwardKey, _ target: Points, _ history: AwardHistory, expiresAt: Instant, _ terms: LedgerTerms,
        _ draft: PostingDraft
    ) -> Result<Posting, Refusal> {
        guard key.holder.community == holder.community else { return .failure(.crossesCommunities) }
        guard key.holder == holder else { return .failure(.accountIsAnother) }
        let range = Points.zero...Transfer.limit
        guard range.contains(target), range.contains(history.net) else { return .failure(.pointsAreOutOfRange) }
        guard key.statementVersion > history.latestVersion else { return .failure(.laterVersionIsPosted) }
        if target > history.net {
            return .success(grant(target - history.net, key, history, expiresAt: expiresAt, draft))
        }
        return .success(clawBack(history.net - target, key, history, terms, draft))
    }

    /// What was let go of this award is taken back first: the household kept those points. The rest is a new lot, of which
    /// what is owed is repaid first by a transfer linked to the grant.
    private func grant(
        _ points: Points, _ key: AwardKey, _ history: AwardHistory, expiresAt: Instant, _ draft: PostingDraft
    ) -> Posting {
        var draft = draft
        let kept = min(points, history.writtenOff)
        draft.move(
            .writeOff, from: .clawback(holder.community), to: .writtenOff(holder.community), kept,
            link: history.original, reference: key.reference)
        let points = points - kept
        guard points > .zero else { return draft.posting }
        let lot = draft.grant(
            .award, from: .issued(holder.community), points, reference: key.reference, expiresAt: expiresAt,
            link: history.original)
        let repaid = min(points, debt)
        if repaid > .zero {
            draft.move(
                .repayment, from: .available(holder), to: .debt(holder), [LotShare(lot: lot, points: repaid)],
                [(.available, -1)], link: lot, reference: key.reference)
        }
        return draft.posting
    }

    /// Takes the award's own lots first, then earliest expiry; what is held or past its expiry is left alone, so that
    /// the result does not depend on whether the expiry run came before; what is past its expiry ends before a debt
    /// begins, for it repays none. The rest is owed down to the floor; what lies past it is written off, by a transfer
    /// of its own, so that the award's net is the target all the same.
    private func clawBack(
        _ points: Points, _ key: AwardKey, _ history: AwardHistory, _ terms: LedgerTerms, _ draft: PostingDraft
    ) -> Posting {
        var draft = draft
        let live = liveLots(at: draft.at)
        let own = live.filter { $0.lot.reference == key.reference }
        let others = live.filter { $0.lot.reference != key.reference }
        let shares = take(points, from: own + others)
        let taken = shares.reduce(Points.zero) { $0 + $1.points }
        let owed = min(points - taken, max(terms.debtLimit - debt, .zero))
        let clawback = Account.clawback(holder.community)
        draft.move(
            .clawback, from: .available(holder), to: clawback, shares, [(.available, -1)], link: history.original,
            reference: key.reference)
        if owed > .zero { endDueLots(owing: debt, in: &draft) }
        draft.move(
            .debt, from: .debt(holder), to: clawback, owed, link: history.original, reference: key.reference)
        draft.move(
            .writeOff, from: .writtenOff(holder.community), to: clawback, points - taken - owed,
            link: history.original, reference: key.reference)
        return draft.posting
    }
}
