import Database
import Ledger
import Operations
import Storage
import Testing
import Water

@Suite(.freshDatabases) struct RedemptionTests {
    private let holder = AccountHolder(community: CityFixture.first, household: HouseholdID(1))
    private let now = Instant(epochSeconds: 1_793_808_000)
    private let terms = LedgerTerms(holdSeconds: 48 * 3_600, openHoldLimit: 3, debtLimit: Points(50))

    /// A home with 50 points and an item of 20 points with `stock` pieces.
    private func desk(_ engine: TestEngine, stock: Int64 = 5) async throws -> (CityFixture, LedgerTerms, ItemID) {
        let terms = try #require(terms)
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        let month = try #require(BillingMonth("2026-10"))
        let key = try #require(AwardKey(holder: holder, month: month, rule: "band", statementVersion: 1))
        let item = try await city.database.write { transaction in
            let posting = try AccountState(holder).decide(
                .award(key, target: Points(50), history: .none, expiresAt: now + 1_000_000), at: now, under: terms,
                earlier: nil
            ).get().posting
            try transaction.append(posting, award: key)
            try transaction.execute(
                """
                INSERT INTO staff (staff_id, name, area_id, role, password_hash, created_at)
                VALUES (1, 'desk', 1, 'clerk', 'x', 0)
                """)
            return try transaction.addItem(
                nameZh: "香皂", nameEn: "Soap", points: Points(20), stock: stock, to: CityFixture.first, at: now)
        }
        return (city, terms, item)
    }

    private func id(_ text: String) throws -> PostingID { try #require(PostingID(text)) }

    private func balances(_ city: CityFixture) async throws -> [Int64] {
        let state = try await city.database.read { try $0.accountState(of: holder) }
        return [state.available.count, state.held.count]
    }

    @Test(arguments: TestEngine.allCases)
    func `a hold sets points and stock aside, a confirmation spends them, each once`(engine: TestEngine) async throws {
        let (city, terms, item) = try await desk(engine)
        let hold = HoldItem(database: city.database, terms: terms)
        let close = CloseRedemption(database: city.database, terms: terms)
        let first = try await hold(try id("r1"), item: item, for: holder, codes: ["ABCD2345"], at: now).get()
        let again = try await hold(try id("r1"), item: item, for: holder, codes: ["WXYZ2345"], at: now + 5).get()
        #expect(first == again && first.deskCode == "ABCD2345")
        #expect(try await balances(city) == [30, 20])
        for _ in 0..<2 {
            let done = try await close.confirm(
                try id("r1"), in: CityFixture.first, by: StaffID(1), at: now + 60
            ).get()
            #expect(done.state == .confirmed)
        }
        #expect(try await balances(city) == [30, 0])
        let stock = try await city.database.read { try $0.items(of: CityFixture.first).map(\.stock) }
        #expect(stock.map(\.taken) == [1] && stock.map(\.reserved) == [0])
        #expect(try await city.eventCount() == 1)
        let voided = try await close.void(try id("r1"), in: CityFixture.first, by: nil, reason: "", at: now + 61)
        #expect(voided == .failure(.ledger(.holdIsNotOpen)))
    }

    @Test(arguments: TestEngine.allCases)
    func `pieces are put in, a price changes for later holds alone, and what is withdrawn is held no more`(
        engine: TestEngine
    ) async throws {
        let (city, terms, item) = try await desk(engine, stock: 1)
        let hold = HoldItem(database: city.database, terms: terms)
        let change = ChangeItem(database: city.database)
        _ = try await hold(try id("r1"), item: item, for: holder, codes: ["ABCD2345"], at: now).get()
        let code = "140105001001"
        let row = try await change(item, of: code, addingPieces: 2, points: Points(15), at: now + 1).get()
        // At a price that the resident did not see nothing is held.
        let old = try await hold(
            try id("r9"), item: item, seen: Points(20), for: holder, codes: ["DBCD2345"], at: now + 2)
        #expect(old == .failure(.priceHasChanged))
        #expect(row.stock.total == 3 && row.stock.free == 2 && row.points == Points(15))
        let second = try await hold(try id("r2"), item: item, for: holder, codes: ["BBCD2345"], at: now + 2).get()
        #expect(second.points == Points(15))
        #expect(try await balances(city) == [15, 35])
        #expect(try await change(item, of: code, isWithdrawn: true, at: now + 3).get().isWithdrawn)
        let gone = try await hold(try id("r3"), item: item, for: holder, codes: ["CBCD2345"], at: now + 4)
        #expect(gone == .failure(.noSuchItem))
        #expect(try await !change(item, of: code, isWithdrawn: false, at: now + 5).get().isWithdrawn)
        #expect(try await change(ItemID(99), of: code, at: now) == .failure(.noSuchItem))
        #expect(try await change(item, of: code, points: Points(0), at: now) == .failure(.pointsOutOfRange))
        #expect(try await change(item, of: code, addingPieces: -1, at: now) == .failure(.stockOutOfRange))
    }

    @Test(arguments: TestEngine.allCases)
    func `ten holds at once never overdraw an account or a stock`(engine: TestEngine) async throws {
        let (city, terms, item) = try await desk(engine, stock: 2)
        let hold = HoldItem(database: city.database, terms: terms)
        let now = now
        let holder = holder
        let outcomes = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<10 {
                let id = try id("r\(number)")
                group.addTask {
                    while true {
                        do {
                            let result = try await hold(
                                id, item: item, for: holder, codes: ["CODE000\(number)"], at: now)
                            if case .success = result { return true } else { return false }
                        } catch DatabaseFailure.conflict {
                            // The others were quicker every time: asked again, as a client does.
                        }
                    }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(outcomes == 2)
        #expect(try await balances(city) == [10, 40])
    }

    @Test(arguments: TestEngine.allCases)
    func `an overdue hold returns its points and its piece`(engine: TestEngine) async throws {
        let (city, terms, item) = try await desk(engine)
        _ = try await HoldItem(database: city.database, terms: terms)(
            try id("r1"), item: item, for: holder, codes: ["ABCD2345"], at: now
        ).get()
        let close = CloseRedemption(database: city.database, terms: terms)
        #expect(try await close.expireOverdue(at: now + 48 * 3_600 - 1) == 0)
        #expect(try await close.expireOverdue(at: now + 48 * 3_600) == 1)
        #expect(try await close.expireOverdue(at: now + 48 * 3_600) == 0)
        #expect(try await balances(city) == [50, 0])
        #expect(try await city.database.read { try $0.items(of: CityFixture.first).map(\.stock.free) } == [5])
    }

    @Test(arguments: TestEngine.allCases)
    func `points that come back to a home in debt repay it, by transfers linked to their return`(
        engine: TestEngine
    ) async throws {
        let (city, terms, item) = try await desk(engine)
        _ = try await HoldItem(database: city.database, terms: terms)(
            try id("r1"), item: item, for: holder, codes: ["ABCD2345"], at: now
        ).get()
        // The month is corrected to nothing: thirty are taken, twenty are in the hold and owed.
        let month = try #require(BillingMonth("2026-10"))
        let key = try #require(AwardKey(holder: holder, month: month, rule: "band", statementVersion: 2))
        try await city.database.write { transaction in
            let (state, history) = (
                try transaction.reader.accountState(of: holder), try transaction.reader.awardHistory(key)
            )
            let posting = try state.decide(
                .award(key, target: .zero, history: history, expiresAt: now + 1_000_000), at: now + 1, under: terms,
                earlier: nil
            ).get().posting
            try transaction.append(posting, award: key)
        }
        let owing = try await city.database.read { try $0.accountState(of: holder) }
        #expect(owing.debt == Points(20) && owing.available == .zero && owing.held == Points(20))
        let close = CloseRedemption(database: city.database, terms: terms)
        for _ in 1...2 {
            _ = try await close.void(try id("r1"), in: CityFixture.first, by: nil, reason: "", at: now + 2).get()
        }
        let (state, transfers) = try await city.database.read {
            (try $0.accountState(of: holder), try $0.transfers(of: holder))
        }
        #expect(state.debt == .zero && state.available == .zero && state.held == .zero)
        #expect(transfers.suffix(2).map(\.id.text) == ["void:r1", "void:r1~2"])
        #expect(transfers.suffix(2).map(\.kind) == [.void, .repayment])
        #expect(transfers.last?.link?.text == "void:r1" && transfers.last?.points == Points(20))
        #expect(Economy(of: CityFixture.first, transfers).isBalanced)
    }

    @Test(arguments: TestEngine.allCases)
    func `lots expire once their time is up`(engine: TestEngine) async throws {
        let (city, terms, _) = try await desk(engine)
        let expire = ExpireLots(database: city.database, terms: terms)
        #expect(try await expire(at: now + 999_999) == 0)
        #expect(try await expire(at: now + 1_000_000) == 1)
        #expect(try await balances(city) == [0, 0])
        #expect(try await expire(at: now + 1_000_001) == 0)
    }

    @Test(arguments: TestEngine.allCases)
    func `what cannot be redeemed is refused with its reason`(engine: TestEngine) async throws {
        let (city, terms, item) = try await desk(engine, stock: 1)
        let hold = HoldItem(database: city.database, terms: terms)
        #expect(
            try await hold(try id("x"), item: ItemID(99), for: holder, codes: ["A"], at: now) == .failure(.noSuchItem))
        _ = try await hold(try id("r1"), item: item, for: holder, codes: ["ABCD2345"], at: now).get()
        #expect(
            try await hold(try id("r2"), item: item, for: holder, codes: ["A"], at: now)
                == .failure(.ledger(.outOfStock)))
        // Whatever else is wrong with it, the id was taken with another item.
        #expect(
            try await hold(try id("r1"), item: ItemID(99), for: holder, codes: ["A"], at: now)
                == .failure(.ledger(.idReusedWithOtherInput)))
        let close = CloseRedemption(database: city.database, terms: terms)
        #expect(
            try await close.confirm(try id("r9"), in: CityFixture.first, by: StaffID(1), at: now)
                == .failure(.noSuchRedemption))
        #expect(
            try await close.confirm(try id("r1"), in: CityFixture.second, by: StaffID(1), at: now)
                == .failure(.noSuchRedemption))
    }
}
