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
