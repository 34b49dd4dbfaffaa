import Testing

@Suite struct AwardTableTests {
    @Test func `an award begins a lot and a replay mints nothing`() throws {
        try keepBooks(
            """
            day 2026-11-04
            award h1 2026-10 band v1 30 exp 2028-11-01 -> ok
            award h1 2026-10 band v1 30 exp 2028-11-01 -> again
            award h1 2026-10 norm v1 10 exp 2028-11-01 -> ok
            balance h1 available 40 held 0 debt 0
            lots h1 2026-10:band 30+0 2026-10:norm 10+0
            account c1 issued -40
            transfers 2
            """)
    }

    @Test func `an id asked with another target is refused, not re-rated`() throws {
        try keepBooks(
            """
            award h1 2026-10 band v1 30 exp 2028-11-01 -> ok
            award h1 2026-10 band v1 20 exp 2028-11-01 -> idReusedWithOtherInput
            award h1 2026-10 band v1 30 exp 2029-11-01 -> idReusedWithOtherInput
            balance h1 available 30 held 0 debt 0
            """)
    }

    @Test func `a corrected statement posts only the difference`() throws {
        try keepBooks(
            """
            award h1 2026-10 band v1 20 exp 2028-11-01 -> ok
            award h1 2026-10 band v2 30 exp 2028-11-01 -> ok
            posting award 10
            award h1 2026-10 band v3 5 exp 2028-11-01 -> ok
            posting clawback 25
            award h1 2026-10 band v3 5 exp 2028-11-01 -> again
            balance h1 available 5 held 0 debt 0
            economy c1 issued 30 held 0 spent 0 expired 0 back 25 balance 5 debt 0 off 0 out 0
            """)
    }

    @Test func `a version that changes nothing is remembered all the same`() throws {
        try keepBooks(
            """
            award h1 2026-10 band v1 30 exp 2028-11-01 -> ok
            award h1 2026-10 band v2 30 exp 2028-11-01 -> ok
            posting nothing
            award h1 2026-10 band v3 10 exp 2028-11-01 -> ok
            award h1 2026-10 band v2 30 exp 2028-11-01 -> again
            balance h1 available 10 held 0 debt 0
            """)
    }

    @Test func `a version overtaken by a later one is refused`() throws {
        try keepBooks(
            """
            award h1 2026-10 band v1 30 exp 2028-11-01 -> ok
            award h1 2026-10 band v3 10 exp 2028-11-01 -> ok
            award h1 2026-10 band v2 30 exp 2028-11-01 -> laterVersionIsPosted
            award h1 2026-10 norm v2 10 exp 2028-11-01 -> ok
            balance h1 available 20 held 0 debt 0
            """)
    }

    @Test func `a clawback takes the award's own lot first, then the earliest expiry`() throws {
        try keepBooks(
            """
            award h1 2026-08 band v1 20 exp 2028-09-01 -> ok
            award h1 2026-09 band v1 20 exp 2028-10-01 -> ok
            award h1 2026-10 band v1 20 exp 2028-11-01 -> ok
            item cup c1 9
            hold h1 r1 cup 5 -> ok
            lots h1 2026-08:band 15+5 2026-09:band 20+0 2026-10:band 20+0
            award h1 2026-10 band v2 15 exp 2028-11-01 -> ok
            lots h1 2026-08:band 15+5 2026-09:band 20+0 2026-10:band 15+0
            hold h1 r2 cup 30 -> ok
            confirm h1 r2 -> ok
            lots h1 2026-08:band 0+5 2026-09:band 5+0 2026-10:band 15+0
            award h1 2026-08 band v2 2 exp 2028-09-01 -> ok
            posting clawback 18
            lots h1 2026-08:band 0+5 2026-10:band 2+0
            """)
    }

    @Test func `held points are never clawed back and the rest is owed`() throws {
        try keepBooks(
            """
            item cup c1 9
            award h1 2026-10 band v1 30 exp 2028-11-01 -> ok
            hold h1 r1 cup 25 -> ok
            award h1 2026-10 band v2 0 exp 2028-11-01 -> ok
            posting clawback 5 debt 25
            balance h1 available 0 held 25 debt 25
            void h1 r1 -> ok
            posting void 25 repayment 25
            void h1 r1 -> again
            balance h1 available 0 held 0 debt 0
            spendable h1 0
            hold h1 r2 cup 1 -> exceedsBalance
            """)
    }

    @Test func `debt stops at the floor and the rest is written off, once`() throws {
        try keepBooks(
            """
            terms holds 3 hours 48 floor 12
            item cup c1 9
            award h1 2026-10 band v1 30 exp 2028-11-01 -> ok
            hold h1 r1 cup 30 -> ok
            confirm h1 r1 -> ok
            award h1 2026-10 band v2 5 exp 2028-11-01 -> ok
            posting debt 12 write_off 13
            award h1 2026-10 band v3 5 exp 2028-11-01 -> ok
            posting nothing
            balance h1 available 0 held 0 debt 12
            account c1 written_off -13
            economy c1 issued 30 held 0 spent 30 expired 0 back 12 balance 0 debt 12 off 13 out 0
            """)
    }

    @Test func `an award that comes back takes back what was let go before it grants anything`() throws {
        try keepBooks(
            """
            terms holds 3 hours 48 floor 12
            item cup c1 9
            award h1 2026-10 band v1 30 exp 2028-11-01 -> ok
            hold h1 r1 cup 30 -> ok
            confirm h1 r1 -> ok
            award h1 2026-10 band v2 0 exp 2028-11-01 -> ok
            posting debt 12 write_off 18
            award h1 2026-10 band v3 10 exp 2028-11-01 -> ok
            posting write_off 10
            balance h1 available 0 held 0 debt 12
            award h1 2026-10 band v4 30 exp 2028-11-01 -> ok
            posting write_off 8 award 12 repayment 12
            balance h1 available 0 held 0 debt 0
            account c1 written_off 0
            economy c1 issued 42 held 0 spent 30 expired 0 back 12 balance 0 debt 0 off 0 out 0
            award h1 2026-10 band v5 0 exp 2028-11-01 -> ok
            posting debt 12 write_off 18
            """)
    }

    @Test func `a later grant repays the debt first`() throws {
        try keepBooks(
            """
            item cup c1 9
            award h1 2026-10 band v1 30 exp 2028-11-01 -> ok
            hold h1 r1 cup 30 -> ok
            confirm h1 r1 -> ok
            award h1 2026-10 band v2 0 exp 2028-11-01 -> ok
            balance h1 available 0 held 0 debt 30
            award h1 2026-11 band v1 20 exp 2028-12-01 -> ok
            posting award 20 repayment 20
            lots h1 none
            award h1 2026-12 band v1 20 exp 2029-01-01 -> ok
            posting award 20 repayment 10
            lots h1 2026-12:band 10+0
            balance h1 available 10 held 0 debt 0
            economy c1 issued 70 held 0 spent 30 expired 0 back 30 balance 10 debt 0 off 0 out 0
            """)
    }

    @Test func `a clawback does not depend on whether the expiry run came first`() throws {
        let before = """
            day 2026-11-04
            award h1 2026-10 band v1 30 exp 2028-11-01 -> ok
            award h1 2028-09 band v1 10 exp 2030-10-01 -> ok
            day 2028-11-01
            """
        let after = """
            balance h1 available 0 held 0 debt 20
            economy c1 issued 40 held 0 spent 0 expired 30 back 30 balance 0 debt 20 off 0 out 0
            """
        let clawback = "award h1 2026-10 band v2 0 exp 2028-11-01 -> ok"
        let ended = clawback + "\nposting clawback 10 expiry 30 debt 20\nexpire h1 run -> nothingToExpire"
        try keepBooks([before, ended, after].joined(separator: "\n"))
        try keepBooks([before, "expire h1 run -> ok", clawback, after].joined(separator: "\n"))
    }

    @Test func `points outside a transfer's range are refused`() throws {
        try keepBooks(
            """
            item cup c1 9
            award h1 2026-10 band v1 1000000000 exp 2028-11-01 -> ok
            award h1 2026-10 band v2 1000000001 exp 2028-11-01 -> pointsAreOutOfRange
            award h1 2026-10 band v2 -1 exp 2028-11-01 -> pointsAreOutOfRange
            award h1 2026-10 band v2 9223372036854775807 exp 2028-11-01 -> pointsAreOutOfRange
            hold h1 r1 cup 0 -> pointsAreOutOfRange
            hold h1 r1 cup -9223372036854775808 -> pointsAreOutOfRange
            hold h1 r1 cup 9223372036854775807 -> pointsAreOutOfRange
            hold h1 r1 cup 1000000000 -> ok
            """)
    }
}
