import Database
import Ledger
import Operations
import Storage
import Testing
import Water

/// What became of a community's points, month by month.
@Suite(.freshDatabases) struct CommunityPointsTests {
    private let holder = AccountHolder(community: CityFixture.first, household: HouseholdID(1))
    private let code = "140105001001"
    /// 2026-11-05T00:00:00+08:00.
    private let now = Instant(epochSeconds: 1_793_808_000)
    private let terms = LedgerTerms(holdSeconds: 31 * 86_400, openHoldLimit: 3, debtLimit: Points(50))

    /// A home that earns 50 points and holds two items of 20 in November, and gets one of them in December.
    private func city(_ engine: TestEngine) async throws -> CityFixture {
        let terms = try #require(terms)
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        let month = try #require(BillingMonth("2026-10"))
        let key = try #require(AwardKey(holder: holder, month: month, rule: "band", statementVersion: 1))
        let item = try await city.database.write { transaction in
            let posting = try AccountState(holder).decide(
                .award(key, target: Points(50), history: .none, expiresAt: now + 90 * 86_400), at: now, under: terms,
                earlier: nil
            ).get().posting
            try transaction.append(posting, award: key)
            _ = try transaction.addStaff(name: "desk", area: CityFixture.city, role: .clerk, passwordHash: "x", at: now)
            return try transaction.addItem(
                nameZh: "香皂", nameEn: "Soap", points: Points(20), stock: 5, to: CityFixture.first, at: now)
        }
        let hold = HoldItem(database: city.database, terms: terms)
        for (name, code) in [("r1", "ABCD2345"), ("r2", "WXYZ2345")] {
            let id = try #require(PostingID(name))
            _ = try await hold(id, item: item, for: holder, codes: [code], at: now + 60).get()
        }
        let desk = try #require(try await city.database.read { try $0.staff(name: "desk") })
        _ = try await CloseRedemption(database: city.database, terms: terms).confirm(
            try #require(PostingID("r1")), in: CityFixture.first, by: desk.id, at: now + 28 * 86_400
        ).get()
        return city
    }

    @Test(arguments: TestEngine.allCases)
    func `a community's points are added up by month as its transfers say`(engine: TestEngine) async throws {
        let city = try await city(engine)
        for month in ["2026-10", "2026-11", "2026-12"] {
            let (start, end) = city.calendar.interval(of: try #require(BillingMonth(month)))
            try await city.database.read { reader in
                let transfers = try reader.communityTransfers(CityFixture.first)
                let inMonth = try reader.economy(of: CityFixture.first, from: start, to: end)
                let inAll = try reader.economy(of: CityFixture.first, from: Instant(epochSeconds: .min), to: end)
                let own = transfers.filter { $0.postedAt >= start && $0.postedAt < end }
                #expect(inMonth == Economy(of: CityFixture.first, own), "\(month)")
                #expect(inAll == Economy(of: CityFixture.first, transfers.filter { $0.postedAt < end }), "\(month)")
                #expect(inMonth.isBalanced && inAll.isBalanced)
                let elsewhere = try reader.economy(of: CityFixture.second, from: start, to: end)
                #expect(elsewhere == Economy(of: CityFixture.second, [Transfer]()))
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an export says what became of a month's points and what is left of each item`(engine: TestEngine) async throws
    {
        let city = try await city(engine)
        let export = ExportPoints(database: city.database, calendar: city.calendar)
        let december = try #require(BillingMonth("2026-12"))
        func line(_ span: String, _ issued: Int, spent: Int, held: Int, balance: Int) -> String {
            """
            {"balance":\(balance),"clawed_back":0,"community":"\(code)","debt":0,"expired":0,"format":1,\
            "held":\(held),"is_balanced":true,"issued":\(issued),"month":"2026-12","moved_out":0,"span":"\(span)",\
            "spent":\(spent),"type":"points","written_off":0}
            """
        }
        #expect(
            try await export(december, of: code).get() == [
                line("month", 0, spent: 20, held: -20, balance: 0),
                line("to_month_end", 50, spent: 20, held: 20, balance: 10),
                """
                {"free":3,"held":1,"is_withdrawn":false,"item":1,"name_en":"Soap","name_zh":"香皂","points":20,\
                "taken":1,"total":5,"type":"item"}
                """,
            ])
        #expect(try await export(december, of: "1401") == .failure(.unknownCommunity(code: "1401")))
    }
}
