import Testing

@Suite struct HoldTableTests {
    @Test func `a hold is confirmed once and a retry gets the first answer`() throws {
        try keepBooks(
            """
            item cup c1 3
            award h1 2026-10 band v1 30 exp 2028-11-01 -> ok
            hold h1 r1 cup 20 -> ok
            hold h1 r1 cup 20 -> again
            hold h1 r1 cup 10 -> idReusedWithOtherInput
            balance h1 available 10 held 20 debt 0
            stock cup free 2 reserved 1 taken 0
            confirm h1 r1 -> ok
            confirm h1 r1 -> again
            void h1 r1 -> holdIsNotOpen
            hold h1 r1 cup 20 -> again
            balance h1 available 10 held 0 debt 0
            stock cup free 2 reserved 0 taken 1
            account c1 spent 20
            """)
    }

    @Test func `ten redemptions at once never overdraw`() throws {
        let holds = (1...10).map { "hold h1 r\($0) cup 20 -> \($0 == 1 ? "ok" : "exceedsBalance")" }
        try keepBooks(
            (["item cup c1 10", "award h1 2026-10 band v1 30 exp 2028-11-01 -> ok"] + holds
                + ["balance h1 available 10 held 20 debt 0", "stock cup free 9 reserved 1 taken 0"])
                .joined(separator: "\n"))
    }

    @Test func `a home has at most three open holds, whatever they cost`() throws {
        try keepBooks(
            """
            item cup c1 9
            award h1 2026-10 band v1 30 exp 2028-11-01 -> ok
            hold h1 r1 cup 1 -> ok
            hold h1 r2 cup 1 -> ok
            hold h1 r3 cup 1 -> ok
            hold h1 r4 cup 99 -> tooManyOpenHolds
            void h1 r2 changed our mind -> ok
            hold h1 r4 cup 1 -> ok
            balance h1 available 27 held 3 debt 0
            """)
    }

    @Test func `two homes and one last piece`() throws {
        try keepBooks(
            """
            item cup c1 1
            award h1 2026-10 band v1 30 exp 2028-11-01 -> ok
            award h2 2026-10 band v1 30 exp 2028-11-01 -> ok
            hold h1 r1 cup 20 -> ok
            hold h2 r2 cup 20 -> outOfStock
            hold h2 r2 cup 31 -> exceedsBalance
            void h1 r1 -> ok
            hold h2 r2 cup 20 -> ok
            confirm h2 r2 -> ok
            hold h1 r3 cup 20 -> outOfStock
            stock cup free 0 reserved 0 taken 1
            """)
    }

    @Test func `a hold ends after 48 hours and not before`() throws {
        try keepBooks(
            """
            item cup c1 1
            award h1 2026-10 band v1 30 exp 2028-11-01 -> ok
            hold h1 r1 cup 20 -> ok
            later 47h
            unhold h1 r1 -> holdHasNotExpired
            later 1h
            confirm h1 r1 -> holdHasExpired
            balance h1 available 10 held 20 debt 0
            unhold h1 r1 -> ok
            unhold h1 r1 -> again
            confirm h1 r1 -> holdIsNotOpen
            balance h1 available 30 held 0 debt 0
            stock cup free 1 reserved 0 taken 0
            """)
    }

    @Test func `void and hold expiry restore the lots they came from`() throws {
        let scene = """
            day 2026-11-04
            item cup c1 3
            award h1 2026-08 band v1 10 exp 2028-09-01 -> ok
            award h1 2026-09 band v1 10 exp 2028-10-01 -> ok
            award h1 2026-10 band v1 10 exp 2028-11-01 -> ok
            hold h1 r1 cup 15 -> ok
            lots h1 2026-08:band 0+10 2026-09:band 5+5 2026-10:band 10+0
            """
        let restored = "\nlots h1 2026-08:band 10+0 2026-09:band 10+0 2026-10:band 10+0"
        try keepBooks(scene + "\nvoid h1 r1 -> ok" + restored)
        try keepBooks(scene + "\nlater 48h\nunhold h1 r1 -> ok" + restored)
    }

    @Test func `a lot that expires while held may be confirmed`() throws {
        try keepBooks(
            """
            day 2028-10-31
            item cup c1 1
            award h1 2026-10 band v1 30 exp 2028-11-01 -> ok
            hold h1 r1 cup 20 -> ok
            day 2028-11-01
            expire h1 run1 -> ok
            posting expiry 10
            balance h1 available 0 held 20 debt 0
            confirm h1 r1 -> ok
            economy c1 issued 30 held 0 spent 20 expired 10 back 0 balance 0 debt 0 off 0 out 0
            """)
    }

    @Test func `a lot that expired while held ends at the next run after a void`() throws {
        try keepBooks(
            """
            day 2028-10-31
            item cup c1 1
            award h1 2026-10 band v1 30 exp 2028-11-01 -> ok
            hold h1 r1 cup 20 -> ok
            day 2028-11-01
            expire h1 run1 -> ok
            void h1 r1 -> ok
            lots h1 2026-10:band 20+0
            spendable h1 0
            hold h1 r2 cup 1 -> exceedsBalance
            expire h1 run2 -> ok
            expire h1 run2 -> again
            expire h1 run3 -> nothingToExpire
            economy c1 issued 30 held 0 spent 0 expired 30 back 0 balance 0 debt 0 off 0 out 0
            """)
    }

    @Test func `expired points cannot be spent although no run came by`() throws {
        try keepBooks(
            """
            day 2026-11-04
            item cup c1 1
            award h1 2026-10 band v1 10 exp 2028-11-01 -> ok
            award h1 2026-11 band v1 10 exp 2028-12-01 -> ok
            day 2028-11-01
            spendable h1 10
            hold h1 r1 cup 11 -> exceedsBalance
            hold h1 r1 cup 10 -> ok
            lots h1 2026-10:band 10+0 2026-11:band 0+10
            """)
    }

    @Test func `another community's item is refused before anything else`() throws {
        try keepBooks(
            """
            item cup c2 5
            hold h1 r1 cup 0 -> crossesCommunities
            award h1 2026-10 band v1 10 exp 2028-11-01 -> ok
            hold h1 r1 cup 5 -> crossesCommunities
            stock cup free 5 reserved 0 taken 0
            """)
    }

    @Test func `another household's hold is not open to this one`() throws {
        try keepBooks(
            """
            item cup c1 5
            award h1 2026-10 band v1 10 exp 2028-11-01 -> ok
            award h2 2026-10 band v1 10 exp 2028-11-01 -> ok
            hold h1 r1 cup 5 -> ok
            confirm h2 r1 -> holdIsNotOpen
            hold h2 r1 cup 5 -> idReusedWithOtherInput
            confirm h1 r1 -> ok
            """)
    }

    @Test func `a reorganised area opens a new account through two clearing accounts`() throws {
        try keepBooks(
            """
            item cup c1 5
            award h1 2026-09 band v1 30 exp 2028-10-01 -> ok
            award h1 2026-10 band v1 20 exp 2028-11-01 -> ok
            hold h1 r1 cup 35 -> ok
            move h1 h9@c2 m1 -> holdsAreOpen
            confirm h1 r1 -> ok
            move h1 h9 m1 -> communityIsTheSame
            move h1 h9@c2 m1 -> ok
            balance h1 available 0 held 0 debt 0
            lots h9@c2 2026-10:band 15+0
            account c1 clearing 15
            account c2 clearing -15
            economy c1 issued 50 held 0 spent 35 expired 0 back 0 balance 0 debt 0 off 0 out 15
            economy c2 issued 0 held 0 spent 0 expired 0 back 0 balance 15 debt 0 off 0 out -15
            """)
    }

    @Test func `a debt moves with its household`() throws {
        try keepBooks(
            """
            item cup c1 5
            award h1 2026-10 band v1 30 exp 2028-11-01 -> ok
            hold h1 r1 cup 25 -> ok
            confirm h1 r1 -> ok
            award h1 2026-10 band v2 0 exp 2028-11-01 -> ok
            move h1 h9@c2 m1 -> ok
            balance h1 available 0 held 0 debt 0
            balance h9@c2 available 0 held 0 debt 25
            economy c1 issued 30 held 0 spent 25 expired 0 back 30 balance 0 debt 0 off 0 out -25
            economy c2 issued 0 held 0 spent 0 expired 0 back 0 balance 0 debt 25 off 0 out 25
            """)
    }
}
