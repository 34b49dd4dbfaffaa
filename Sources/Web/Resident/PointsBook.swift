import Database
import Ledger
import Storage
import Water

/// A household's account, its book, its redemptions and its community's items.
struct PointsBook: Sendable {
    let account: AccountState
    /// Oldest first.
    let transfers: [Transfer]
    /// Latest first.
    let redemptions: [RedemptionRow]
    let items: [ItemRow]
}

extension PointsPage {
    /// The most movements that are shown at once.
    private static let most = 60

    /// `makeID` names each form's request, so that a form sent twice holds once. `asked`: what is to be given back and
    /// is asked about first. `before`: the transfer that the movements shown end before; nil for the latest.
    init(
        _ book: PointsBook, household: String, terms: LedgerTerms, at now: Instant,
        asked: Asked? = nil, before: String? = nil, calendar: CityCalendar, texts t: Texts, makeID: () -> String
    ) {
        let stretch = BookStretch(book, before: before, most: PointsPage.most)
        let spendable = book.account.spendable(at: now)
        let open = book.redemptions.filter { $0.state == .open && $0.holdUntil > now }
        // Of points that a debt keeps back none is used first.
        let next = spendable > .zero ? book.account.nextExpiry(after: now) : nil
        let beyondDebt = book.account.live(at: now) - book.account.debt
        let items = book.items.filter { !$0.isWithdrawn }.map { row in
            Item(
                row, beyondDebt: beyondDebt, isFull: book.account.openHolds.count >= terms.openHoldLimit, t,
                makeID: makeID)
        }
        self.init(
            household: household, asked: asked, balanceSentence: t("balance", ["points": t.points(spendable)]),
            expirySentence: next.map {
                let points = min($0.points, spendable)
                return t(
                    "balance_expiry",
                    [
                        "points": t.points(points), "date": t.date($0.at, in: calendar),
                        "n": t.number(points.count),
                    ])
            },
            debtSentence: t.debt(of: book.account, at: now),
            hasHolds: !open.isEmpty,
            holds: open.map { Hold($0, calendar, t) },
            holdTerms: t(
                "items_terms", ["hours": "\(terms.holdSeconds / 3_600)", "count": "\(terms.openHoldLimit)"]),
            hasItems: !items.isEmpty, items: items, hasHistory: !book.transfers.isEmpty,
            history: stretch.entries(calendar, t), earlierHref: stretch.earlierHref, isEarlier: stretch.isEarlier)
    }
}

/// Some movements of a book in a row, with what lies before them added up.
struct BookStretch {
    let book: PointsBook
    /// Oldest first.
    let shown: ArraySlice<Transfer>
    let earlier: ArraySlice<Transfer>

    /// The latest `most`, or the latest of those before the transfer of an id.
    init(_ book: PointsBook, before: String? = nil, most: Int) {
        let all = book.transfers
        let end = all.firstIndex { $0.id.text == before } ?? all.endIndex
        self.book = book
        shown = all[..<end].suffix(most)
        earlier = all[..<shown.startIndex]
    }

    /// Later ones are left out.
    var isEarlier: Bool { shown.endIndex < book.transfers.endIndex }

    /// Where those that are only added up are shown; nil where there is none.
    var earlierHref: String? {
        guard !earlier.isEmpty, let first = shown.first else { return nil }
        return WebServices.path("/points", ["before": first.id.text]) + "#history-h"
    }

    /// Latest first; the last one adds up what is earlier, so that the figures come to the balance.
    func entries(_ calendar: CityCalendar, _ t: Texts) -> [PointsPage.Entry] {
        let entries = shown.reversed().map { PointsPage.Entry($0, book, calendar, t) }
        guard let last = earlier.last else { return entries }
        let sum = earlier.reduce(Points.zero) { sum, transfer in
            let gained = transfer.credit.kind == .available ? transfer.points : .zero
            return sum + gained - (transfer.debit.kind == .available ? transfer.points : .zero)
        }
        let opening = PointsPage.Entry(
            date: t("history_until", ["day": t.date(last.postedAt, in: calendar)]),
            what: t("history_earlier", ["n": t.number(Int64(earlier.count))]), detail: nil, points: t.signed(sum))
        return entries + [opening]
    }
}

extension Texts {
    /// What a home owes, and how what it may spend comes about; nil where it owes nothing.
    func debt(of account: AccountState, at now: Instant) -> String? {
        guard account.debt > .zero else { return nil }
        let (owed, live) = (account.debt, account.live(at: now))
        let words = self("balance_debt", ["points": points(owed)])
        guard live > .zero else { return words }
        let values: KeyValuePairs = [
            "live": points(live), "owed": points(owed), "left": points(account.spendable(at: now)),
            "short": points(max(owed - live, .zero)),
        ]
        return words + self(live < owed ? "balance_debt_short" : "balance_debt_left", values)
    }
}

extension Reader {
    /// What becomes, or became, of a redemption's points that come back; nil where they do not.
    func returned(_ row: RedemptionRow, at now: Instant) throws -> ReturnedPoints? {
        guard row.state != .open else { return try accountState(of: row.holder).returning(row.id, at: now) }
        return ReturnedPoints(of: row.id, in: try transfers(of: row.holder), try lots(of: row.holder))
    }
}

extension Texts {
    /// Those of the points that come back which cannot be spent again, with why; empty where all can be.
    func notUsable(of returned: ReturnedPoints?) -> String {
        guard let returned else { return "" }
        let expired = returned.expired > .zero ? self("returned_expired", ["points": points(returned.expired)]) : ""
        let repaid = returned.repaid > .zero ? self("returned_repaid", ["points": points(returned.repaid)]) : ""
        return repaid + expired
    }
}

extension AccountState {
    /// The points in no hold that are not expired.
    fileprivate func live(at now: Instant) -> Points {
        lots.filter { $0.lot.expiresAt > now }.reduce(.zero) { $0 + $1.available }
    }

    /// The points that run out first, and when; nil where none can be spent.
    fileprivate func nextExpiry(after now: Instant) -> (points: Points, at: Instant)? {
        let live = lots.filter { $0.available > .zero && $0.lot.expiresAt > now }
        guard let at = live.map(\.lot.expiresAt).min() else { return nil }
        return (live.filter { $0.lot.expiresAt == at }.reduce(.zero) { $0 + $1.available }, at)
    }
}

extension RedemptionRow {
    func itemName(_ language: Language) -> String { language == .zh ? itemNameZh : itemNameEn }

    /// The button that gives it back, for who does not see the rest.
    func backLabel(_ t: Texts) -> String {
        t("give_back_label", ["item": itemName(t.language), "points": t.points(points)])
    }

    func isToCollect(at now: Instant) -> Bool { state == .open && holdUntil > now }

    /// What the household is told after it asked for the item; nil once that is over.
    func held(at now: Instant, _ calendar: CityCalendar, _ t: Texts) -> PageFrame.Notice? {
        guard isToCollect(at: now) else { return nil }
        return .init(
            kind: .done, heading: t("held_done"),
            body: t("held_done_body", ["code": grouped(deskCode), "time": t.time(holdUntil, in: calendar)]))
    }

    /// What the household is told where the form of a hold that is over was sent again.
    func heldBefore(_ t: Texts) -> PageFrame.Notice {
        let words =
            switch state {
            case .open: t("refused_hold_has_expired")
            case .voided, .expired: t("held_given_back", ["item": itemName(t.language)])
            case .confirmed: t("held_collected", ["item": itemName(t.language)])
            }
        return .init(kind: .refused, heading: t("hold_refused"), body: words)
    }

    /// What the household is told after it gave a hold back, by how it stands and what became of its points.
    func givenBack(_ returned: ReturnedPoints?, _ t: Texts) -> PageFrame.Notice {
        let values: KeyValuePairs = ["item": itemName(t.language), "points": t.points(points)]
        switch state {
        case .voided, .expired:
            return .init(
                kind: .done, heading: t("give_back_done"),
                body: t("give_back_done_body", values) + t.notUsable(of: returned))
        case .confirmed:
            return .init(kind: .refused, heading: t("give_back_refused"), body: t("give_back_refused_body", values))
        case .open: return .init(kind: .refused, heading: t("give_back_refused"), body: t("refused_other"))
        }
    }
}

extension PointsPage.Asked {
    init(_ row: RedemptionRow, _ sure: SureQuestion, _ t: Texts) {
        self.init(redemption: row.id.text, sure: sure, backLabel: row.backLabel(t))
    }
}

extension PointsPage.Hold {
    init(_ row: RedemptionRow, _ calendar: CityCalendar, _ t: Texts) {
        let (item, points) = (row.itemName(t.language), t.points(row.points))
        self.init(
            item: item, points: points, code: grouped(row.deskCode),
            spoken: row.deskCode.map(String.init).joined(separator: " "),
            until: t("hold_until_line", ["time": t.time(row.holdUntil, in: calendar)]), redemption: row.id.text,
            backLabel: row.backLabel(t))
    }
}

extension PointsPage.Item {
    /// `beyondDebt` is what the home has less what it owes: below zero where it owes more.
    init(_ row: ItemRow, beyondDebt: Points, isFull: Bool, _ t: Texts, makeID: () -> String) {
        let name = t.language == .zh ? row.nameZh : row.nameEn
        let reason: String? =
            if row.stock.free < 1 {
                t("item_none_left")
            } else if row.points > beyondDebt {
                t("item_short", ["points": t.points(row.points - beyondDebt)])
            } else if isFull {
                t("item_too_many")
            } else {
                nil
            }
        self.init(
            item: "\(row.id)", requestID: reason == nil ? makeID() : "", name: name, price: t.points(row.points),
            points: "\(row.points.count)",
            stock: t("item_stock", ["n": t.number(row.stock.free)]), canHold: reason == nil, reason: reason ?? "",
            actionLabel: t("hold_action_label", ["item": name, "points": t.points(row.points)]))
    }
}

extension PointsPage.Entry {
    init(_ transfer: Transfer, _ book: PointsBook, _ calendar: CityCalendar, _ t: Texts) {
        let hold = transfer.kind == .hold ? transfer.id.posting : transfer.link?.posting
        let item = book.redemptions.first { $0.id == hold }?.itemName(t.language)
        let isBack = transfer.credit.kind == .writtenOff
        self.init(
            date: t.date(transfer.postedAt, in: calendar),
            what: t(isBack ? "transfer_write_off_back" : "transfer_\(transfer.kind.rawValue)"),
            detail: item ?? PointsPage.Entry.award(transfer, t), points: PointsPage.Entry.change(transfer, t))
    }

    /// What moved on the account a household spends from. Where only other accounts moved, what is owed, let go or set
    /// off against that in words, so that it is not added to the rest; else a dash.
    private static func change(_ transfer: Transfer, _ t: Texts) -> String {
        if transfer.credit.kind == .available { return t.signed(transfer.points) }
        if transfer.debit.kind == .available { return t.signed(-transfer.points) }
        if transfer.credit.kind == .writtenOff { return t("history_set_off", ["points": t.points(transfer.points)]) }
        switch transfer.debit.kind {
        case .debt: return t("history_owed", ["points": t.points(transfer.points)])
        case .writtenOff: return t("history_let_go", ["points": t.points(transfer.points)])
        default: return t("none")
        }
    }

    /// An award's `YYYY-MM:rule` in words.
    private static func award(_ transfer: Transfer, _ t: Texts) -> String? {
        let parts = transfer.reference.split(separator: ":")
        guard parts.count == 2, let month = BillingMonth(parts[0]) else { return nil }
        return "\(t.month(month)) \(t.words["rule_\(parts[1])"] ?? String(parts[1]))"
    }
}
