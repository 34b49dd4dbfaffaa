import Database
import Ledger
import Operations
import Storage
import Testing
import Water

@Suite(.freshDatabases) struct SeveralProcessesPointsTests {
    private let now = CityFixture.afterOctober
    private let homes: Int64 = 6

    struct Desk {
        let city: CityFixture
        let databases: [Database]
        let terms: LedgerTerms
        let item: ItemID
    }

    private func holder(_ home: Int64) -> AccountHolder {
        AccountHolder(community: CityFixture.first, household: HouseholdID(home))
    }

    private func id(_ text: String) throws -> PostingID { try #require(PostingID(text)) }

    /// Homes with 50 points each and an item of 20 points with `stock` pieces, seen by two processes.
    func desk(stock: Int64, _ engine: TestEngine) async throws -> Desk {
        let terms = try #require(LedgerTerms(holdSeconds: 48 * 3_600, openHoldLimit: 3, debtLimit: Points(50)))
        let city = try await CityFixture(on: engine)
        let month = try #require(BillingMonth("2026-10"))
        for home in 1...homes { try await city.addHome(home) }
        let item = try await city.database.write { transaction in
            for home in 1...homes {
                let key = try #require(
                    AwardKey(holder: holder(home), month: month, rule: "band", statementVersion: 1))
                let posting = try AccountState(holder(home)).decide(
                    .award(key, target: Points(50), history: .none, expiresAt: now + 1_000_000), at: now, under: terms,
                    earlier: nil
                ).get().posting
                try transaction.append(posting, award: key)
            }
            try transaction.execute(
                """
                INSERT INTO staff (staff_id, name, area_id, role, password_hash, created_at)
                VALUES (1, 'desk', 1, 'clerk', 'x', 0)
                """)
            return try transaction.addItem(
                nameZh: "香皂", nameEn: "Soap", points: Points(20), stock: stock, to: CityFixture.first, at: now)
        }
        let databases = try (0..<2).map { _ in try Database(address: city.address, connections: 4) }
        return Desk(city: city, databases: databases, terms: terms, item: item)
    }

    /// What came of many tries at once. A try that others kept crossing changed nothing.
    private enum Try: Equatable, Sendable {
        case held(RedemptionRow)
        case refused(RedemptionRefusal)
        case crossed
    }

    private func hold(_ id: PostingID, _ desk: Desk, home: Int64, code: String, on process: Int) async throws -> Try {
        let hold = HoldItem(database: desk.databases[process], terms: desk.terms)
        do {
            switch try await hold(id, item: desk.item, for: holder(home), codes: [code], at: now) {
            case .success(let row): return .held(row)
            case .failure(let refusal): return .refused(refusal)
            }
        } catch DatabaseFailure.conflict {
            return .crossed
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `of many holds of the last piece from two processes exactly one is taken`(engine: TestEngine) async throws {
        let desk = try await desk(stock: 1, engine)
        let tries = try await withThrowingTaskGroup(of: Try.self) { group in
            for number in 0..<12 {
                let id = try id("r\(number)")
                group.addTask {
                    try await hold(
                        id, desk, home: Int64(number) % homes + 1, code: "CODE\(1_000 + number)", on: number % 2)
                }
            }
            return try await group.reduce(into: [Try]()) { $0.append($1) }
        }
        let held = tries.filter { if case .held = $0 { true } else { false } }
        #expect(held.count == 1)
        #expect(tries.filter { $0 != .refused(.ledger(.outOfStock)) && $0 != .crossed }.count == 1)
        let stock = try await desk.city.database.read { try $0.items(of: CityFixture.first).map(\.stock.free) }
        #expect(stock == [0])
        let spent = try await desk.city.database.read { reader in
            try (1...homes).reduce(Int64(0)) { try $0 + reader.accountState(of: holder($1)).held.count }
        }
        #expect(spent == 20)
    }

    @Test(arguments: TestEngine.allCases)
    func `holds of one home from two processes never spend a point twice`(engine: TestEngine) async throws {
        let desk = try await desk(stock: 100, engine)
        let tries = try await withThrowingTaskGroup(of: Try.self) { group in
            for number in 0..<8 {
                let id = try id("r\(number)")
                group.addTask { try await hold(id, desk, home: 1, code: "CODE\(1_000 + number)", on: number % 2) }
            }
            return try await group.reduce(into: [Try]()) { $0.append($1) }
        }
        let held = tries.filter { if case .held = $0 { true } else { false } }
        #expect((1...2).contains(held.count))
        let state = try await desk.city.database.read { try $0.accountState(of: holder(1)) }
        #expect(state.held.count == Int64(held.count) * 20 && state.available.count == 50 - Int64(held.count) * 20)
        let versions = try await desk.city.database.read { try $0.accountVersions(of: CityFixture.first) }
        #expect(versions[HouseholdID(1)] == Int64(1 + held.count))
        #expect(versions[HouseholdID(2)] == 1)
    }

    @Test(arguments: TestEngine.allCases)
    func `the same id from two processes at once is one posting with one answer`(engine: TestEngine) async throws {
        let desk = try await desk(stock: 5, engine)
        let id = try id("same")
        let tries = try await withThrowingTaskGroup(of: Try.self) { group in
            for process in 0..<2 {
                group.addTask { try await hold(id, desk, home: 1, code: "CODE100\(process)", on: process) }
            }
            return try await group.reduce(into: [Try]()) { $0.append($1) }
        }
        guard case .held(let row) = tries[0] else {
            Issue.record("not held: \(tries[0])")
            return
        }
        #expect(tries[1] == .held(row))
        #expect(try await desk.city.database.read { try $0.accountState(of: holder(1)).held } == Points(20))
        #expect(try await desk.city.database.read { try $0.items(of: CityFixture.first).map(\.stock.reserved) } == [1])
    }

    @Test(arguments: TestEngine.allCases)
    func `a hold that is confirmed, given back and overdue at once ends once`(engine: TestEngine) async throws {
        let desk = try await desk(stock: 5, engine)
        let id = try id("r1")
        _ = try await hold(id, desk, home: 1, code: "CODE1001", on: 0)
        let (now, overdue) = (now, now + 48 * 3_600)
        let ends = try await withThrowingTaskGroup(of: Int.self) { group in
            for (index, database) in desk.databases.enumerated() {
                let close = CloseRedemption(database: database, terms: desk.terms)
                group.addTask {
                    let result = try await close.confirm(id, in: CityFixture.first, by: StaffID(1), at: now + 60)
                    return if case .success = result { index == 0 ? 1 : 0 } else { 0 }
                }
                group.addTask {
                    let result = try await close.void(id, in: CityFixture.first, by: nil, reason: "", at: now + 60)
                    return if case .success = result { index == 0 ? 1 : 0 } else { 0 }
                }
                group.addTask {
                    _ = try await close.expireOverdue(at: overdue)
                    return 0
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(ends <= 1)
        let state = try await desk.city.database.read { try $0.accountState(of: holder(1)) }
        let row = try #require(try await desk.city.database.read { try $0.redemption(id, in: CityFixture.first) })
        #expect(state.held == .zero && row.state != .open)
        #expect(state.available == (row.state == .confirmed ? Points(30) : Points(50)))
        #expect(try await desk.city.eventCount() == (row.state == .confirmed ? 1 : 0))
    }

    @Test(arguments: TestEngine.allCases.filter { $0 != .sqlite })
    func `a decision on an account that another process posts to is made again`(engine: TestEngine) async throws {
        let desk = try await desk(stock: 5, engine)
        let terms = desk.terms
        let (holder, now) = (holder(1), now)
        let hold = HoldItem(database: desk.databases[1], terms: terms)
        let (first, item) = (try id("r1"), desk.item)
        let before = try await desk.databases[0].write { transaction in
            let state = try transaction.reader.accountState(of: holder)
            let command = PointsCommand.expireLots(.expiringLots(of: holder, at: now + 1_000_000))
            let posting = try state.decide(command, at: now + 1_000_000, under: terms, earlier: nil).get().posting
            try transaction.append(posting)
            return state.available
        } meanwhile: {
            _ = try await hold(first, item: item, for: holder, codes: ["CODE1001"], at: now).get()
        }
        // Held points do not expire with their lot.
        #expect(before == Points(30))
        let state = try await desk.city.database.read { try $0.accountState(of: holder) }
        #expect(state.available == .zero && state.held == Points(20))
    }
}
