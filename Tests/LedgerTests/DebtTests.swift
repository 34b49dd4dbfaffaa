import Ledger
import Testing
import Water

/// What is owed is repaid before a point is lost or spent.
@Suite struct DebtTests {
    @Test func `points that come back from a hold repay what is owed, whoever ends it`() throws {
        let scene = """
            day 2026-11-04
            item cup c1 9
            award h1 2026-09 band v1 20 exp 2028-10-01 -> ok
            award h1 2026-10 band v1 20 exp 2028-11-01 -> ok
            hold h1 r1 cup 40 -> ok
            award h1 2026-10 band v2 5 exp 2028-11-01 -> ok
            posting debt 15

            """
        let after = """

            lots h1 2026-09:band 5+0 2026-10:band 20+0
            balance h1 available 25 held 0 debt 0
            spendable h1 25
            economy c1 issued 40 held 0 spent 0 expired 0 back 15 balance 25 debt 0 off 0 out 0
            """
        try keepBooks(scene + "void h1 r1 -> ok\nposting void 40 repayment 15" + after)
        try keepBooks(scene + "later 48h\nunhold h1 r1 -> ok\nposting hold_expiry 40 repayment 15" + after)
    }

    @Test func `a debt takes no more than it is, and what comes back later repays the rest`() throws {
        try keepBooks(
            """
            item cup c1 9
            award h1 2026-10 band v1 30 exp 2028-11-01 -> ok
            hold h1 r1 cup 10 -> ok
            hold h1 r2 cup 20 -> ok
            award h1 2026-10 band v2 6 exp 2028-11-01 -> ok
            posting debt 24
            void h1 r1 -> ok
            posting void 10 repayment 10
            balance h1 available 0 held 20 debt 14
            void h1 r2 -> ok
            posting void 20 repayment 14
            balance h1 available 6 held 0 debt 0
            """)
    }

    @Test func `points whose lot expired in the hold repay first, and only what is left of them is lost`() throws {
        try keepBooks(
            """
            day 2026-11-04
            item cup c1 9
            award h1 2026-09 band v1 20 exp 2026-11-05 -> ok
            award h1 2026-10 band v1 20 exp 2028-11-01 -> ok
            hold h1 r1 cup 40 -> ok
            award h1 2026-10 band v2 5 exp 2028-11-01 -> ok
            day 2026-11-05
            void h1 r1 -> ok
            posting void 40 repayment 15
            lots h1 2026-09:band 5+0 2026-10:band 20+0
            expire h1 run -> ok
            posting expiry 5
            balance h1 available 20 held 0 debt 0
            """)
    }

    @Test func `what becomes of a hold's points is told before they come back and after, alike`() throws {
        let holder = AccountHolder(community: CommunityID(1), household: HouseholdID(1))
        let terms = try #require(LedgerTerms(holdSeconds: 1_000, openHoldLimit: 3, debtLimit: Points(400)))
        let now = Instant(epochSeconds: 1_793_491_200)
        let (hold, name) = (try #require(PostingID("r1")), try #require(PostingID("a1")))
        let id = try #require(TransferID(posting: name, part: 1))
        let later = try #require(TransferID(posting: name, part: 2))
        func lot(_ id: TransferID, _ expiresAt: Instant) -> LotBalance {
            let lot = Lot(id: id, reference: "2026-10:band", amount: Points(20), expiresAt: expiresAt)
            return LotBalance(lot: lot, available: Points(20), held: .zero)
        }
        let stock = try #require(Stock(community: holder.community, item: ItemID(1), total: 1))
        // Of forty points held twenty expire in the hold, and twelve are owed by then, or thirty.
        for (debt, figures) in [(0, [0, 20, 20]), (12, [12, 8, 20]), (30, [30, 0, 10])] {
            let before = AccountState(
                holder: holder, lots: [lot(id, now + 10), lot(later, now + 5_000)], debt: .zero, openHolds: [])
            let set = try before.decide(.hold(hold, stock, points: Points(40)), at: now, under: terms, earlier: nil)
                .get().posting
            let held = try before.applying(set)
            let state = AccountState(
                holder: holder, lots: held.lots, debt: Points(Int64(debt)), openHolds: held.openHolds)
            let told = try #require(state.returning(hold, at: now + 20))
            #expect([told.repaid, told.expired, told.usable].map(\.count) == figures.map(Int64.init))
            let back = try state.decide(
                .void(.voiding(hold), hold: hold, reason: ""), at: now + 20, under: terms, earlier: nil
            ).get().posting
            #expect(ReturnedPoints(of: hold, in: set.transfers + back.transfers, held.lots.map(\.lot)) == told)
            #expect(ReturnedPoints(of: hold, in: set.transfers, held.lots.map(\.lot)) == nil)
        }
        #expect(AccountState(holder).returning(hold, at: now) == nil)
    }

    @Test func `points kept for a debt repay it when their time is up, and the rest of the lot expires`() throws {
        let holder = AccountHolder(community: CommunityID(1), household: HouseholdID(1))
        let terms = try #require(LedgerTerms(holdSeconds: 1, openHoldLimit: 3, debtLimit: Points(400)))
        let now = Instant(epochSeconds: 1_793_491_200)
        func lot(_ name: String, _ points: Int64, _ expiresAt: Instant) throws -> LotBalance {
            let id = try #require(PostingID(name).flatMap { TransferID(posting: $0, part: 1) })
            let lot = Lot(id: id, reference: "2026-10:band", amount: Points(points), expiresAt: expiresAt)
            return LotBalance(lot: lot, available: Points(points), held: .zero)
        }
        let state = AccountState(
            holder: holder,
            lots: [try lot("a", 150, now - 1), try lot("b", 250, now), try lot("c", 60, now + 1)], debt: Points(200),
            openHolds: [])
        let id = PostingID.expiringLots(of: holder, at: now)
        let posting = try state.decide(.expireLots(id), at: now, under: terms, earlier: nil).get().posting
        #expect(posting.transfers.map(\.kind) == [.repayment, .repayment, .expiry])
        #expect(posting.transfers.map(\.points.count) == [150, 50, 200])
        #expect(posting.transfers.map(\.id.text) == [id.text, "\(id)~2", "\(id)~3"])
        #expect(posting.transfers.map(\.link?.text) == ["a", "b", "b"])
        let after = try state.applying(posting)
        #expect(after.debt == .zero && after.available == Points(60))
    }
}
