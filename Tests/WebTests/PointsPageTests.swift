import Ledger
import Testing
import Water

@testable import Storage
@testable import Web

struct PointsPageTests {
    private let library: PageLibrary
    private let now = WebFixture.now

    init() throws { library = try PageLibrary() }

    /// The page of a home with 60 points that expire in a day and what it owes, where an item costs 20.
    private func page(owing debt: Int64) throws -> PointsPage {
        let (community, item) = (CommunityID(4), ItemID(1))
        let id = try #require(PostingID("a-1").flatMap { TransferID(posting: $0, part: 1) })
        let lot = Lot(id: id, reference: "2026-10:band", amount: Points(60), expiresAt: now + 86_400)
        let account = AccountState(
            holder: AccountHolder(community: community, household: HouseholdID(7)),
            lots: [LotBalance(lot: lot, available: Points(60), held: .zero)], debt: Points(debt), openHolds: [])
        let row = ItemRow(
            community: community, id: item, nameZh: "起泡器", nameEn: "Aerator", points: Points(20),
            stock: try #require(Stock(community: community, item: item, total: 5)), isWithdrawn: false)
        let book = PointsBook(account: account, transfers: [], redemptions: [], items: [row])
        return PointsPage(
            book, household: "100200300417",
            terms: try #require(LedgerTerms(holdSeconds: 172_800, openHoldLimit: 3, debtLimit: Points(500))), at: now,
            calendar: try #require(CityCalendar(zone: "Asia/Shanghai")), texts: library.catalogue[.zh],
            makeID: { "web-1" })
    }

    @Test func `of a home in debt the debt is short too, and no point is said to be used first`() throws {
        let t = library.catalogue[.zh]
        let page = try page(owing: 200)
        #expect(page.items.map(\.reason) == [t("item_short", ["points": t.points(Points(160))])])
        #expect(page.expirySentence == nil && page.debtSentence != nil)
    }

    @Test func `of a home in debt the page says what was taken off, with the numbers`() throws {
        let t = library.catalogue[.zh]
        #expect(try page(owing: 45).debtSentence?.hasSuffix("账上 60 分，扣掉 45 分，剩 15 分。") == true)
        #expect(try page(owing: 45).balanceSentence.contains(t.points(Points(15))))
        let more = try #require(try page(owing: 200).debtSentence)
        #expect(more.contains("账上有 60 分") && more.contains("还欠 200 分") && more.contains("还差 140 分"))
        #expect(try page(owing: 0).debtSentence == nil)
    }

    /// A transfer that moves nothing a household spends from, as the book lists it.
    private func entry(
        _ kind: TransferKind, from debit: AccountKind, to credit: AccountKind
    ) throws -> PointsPage.Entry {
        let holder = AccountHolder(community: CommunityID(4), household: HouseholdID(7))
        func account(_ kind: AccountKind) throws -> Account {
            try #require(
                Account(
                    community: holder.community, kind: kind, household: kind.isHouseholds ? holder.household : nil))
        }
        let id = try #require(PostingID("a-1").flatMap { TransferID(posting: $0, part: 1) })
        let transfer = try Transfer(
            id: id, kind: kind, holder: holder, debit: try account(debit), credit: try account(credit),
            points: Points(12), postedAt: now, link: nil, item: nil, holdUntil: nil, reference: "2026-10:band",
            entries: [])
        let book = PointsBook(account: AccountState(holder), transfers: [transfer], redemptions: [], items: [])
        let calendar = try #require(CityCalendar(zone: "Asia/Shanghai"))
        return PointsPage.Entry(transfer, book, calendar, library.catalogue[.zh])
    }

    @Test func `owed points and those let go stand in the book with their figure`() throws {
        #expect(try entry(.debt, from: .debt, to: .clawback).points == "欠 12 分")
        #expect(try entry(.moveIn, from: .debt, to: .clearing).points == "欠 12 分")
        #expect(try entry(.writeOff, from: .writtenOff, to: .clawback).points == "免 12 分")
        #expect(try entry(.moveOut, from: .clearing, to: .debt).points == "—")
    }

    @Test func `what was let go and counts again reads as no other let-go`() throws {
        let t = library.catalogue[.zh]
        let gone = try entry(.writeOff, from: .writtenOff, to: .clawback)
        let back = try entry(.writeOff, from: .clawback, to: .writtenOff)
        #expect(gone.what == t("transfer_write_off") && back.what == t("transfer_write_off_back"))
        #expect(back.what != gone.what && back.points == "抵 12 分" && back.detail == gone.detail)
    }

    /// A book of `count` awards of 1 to `count` points, the oldest first.
    private func book(_ count: Int) throws -> PointsBook {
        let holder = AccountHolder(community: CommunityID(4), household: HouseholdID(7))
        let transfers = try (1...count).map { number in
            let id = try #require(PostingID(stored: "award:\(number)").flatMap { TransferID(posting: $0, part: 1) })
            let points = Points(Int64(number))
            return try Transfer(
                id: id, kind: .award, holder: holder, debit: .issued(holder.community), credit: .available(holder),
                points: points, postedAt: now + Int64(number), link: nil, item: nil, holdUntil: nil,
                reference: "2026-10:band",
                entries: [LotEntry(transfer: id, lot: id, bucket: .available, points: points)])
        }
        return PointsBook(account: AccountState(holder), transfers: transfers, redemptions: [], items: [])
    }

    @Test func `what is not listed of a long book is added up in a last line, and leads to it`() throws {
        let (t, calendar) = (library.catalogue[.zh], try #require(CityCalendar(zone: "Asia/Shanghai")))
        let book = try book(70)
        func page(before: String?) throws -> PointsPage {
            PointsPage(
                book, household: "100200300417",
                terms: try #require(LedgerTerms(holdSeconds: 172_800, openHoldLimit: 3, debtLimit: Points(500))),
                at: now, before: before, calendar: calendar, texts: t, makeID: { "web-1" })
        }
        let latest = try page(before: nil)
        #expect(latest.history.count == 61 && !latest.isEarlier)
        #expect(latest.history.first?.points == "+70" && latest.history[59].points == "+11")
        // 1 + 2 + … + 10.
        #expect(latest.history.last?.points == "+55" && latest.history.last?.what == "更早的 10 笔，合计")
        #expect(latest.earlierHref == "/points?before=award%3a11#history-h")
        let earlier = try page(before: "award:11")
        #expect(earlier.history.map(\.points) == (1...10).reversed().map { "+\($0)" })
        #expect(earlier.earlierHref == nil && earlier.isEarlier)
        // Of an id that the book does not know the latest are shown.
        #expect(try page(before: "award:99").history.count == 61)
        let short = BookStretch(try self.book(24), most: 24)
        #expect(short.earlierHref == nil && short.entries(calendar, t).count == 24)
        #expect(BookStretch(try self.book(25), most: 24).entries(calendar, t).last?.points == "+1")
    }

    @Test func `no more points are said to run out than can be spent`() throws {
        let t = library.catalogue[.zh]
        let page = try page(owing: 45)
        #expect(page.items.map(\.reason) == [t("item_short", ["points": t.points(Points(5))])])
        #expect(page.expirySentence?.contains(t.points(Points(15))) == true)
        let free = try self.page(owing: 0)
        #expect(free.items.allSatisfy(\.canHold) && free.expirySentence?.contains(t.points(Points(60))) == true)
    }
}
