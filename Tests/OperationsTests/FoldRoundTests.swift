import Database
import Logging
import Metering
import Storage
import Testing
import Water

@testable import Operations

/// How much a round of folding takes, and what may happen between its parts.
@Suite(.freshDatabases) struct FoldRoundTests {
    private let at = Instant(epochSeconds: 1_795_000_000)

    /// Journal rows of readings that come one by one: of two meters in turn, a minute apart.
    private func journal(_ rows: Range<Int64>, of readings: Int64, in city: CityFixture) async throws {
        let meters = try (1...2).map { try #require(MeterAddress(.serial, "m\($0)")) }
        let at = at
        try await city.database.write { transaction in
            for row in rows {
                var writer = JournalWriter()
                for number in row * readings..<(row + 1) * readings {
                    let value = TimedRegister(
                        at: CityFixture.october + number * 60, register: Volume(litres: 100 + number))
                    writer.add(
                        .readings(
                            gateway: CityFixture.cityGateway, address: meters[Int(number % 2)], values: [value],
                            isFuture: false))
                }
                try transaction.appendToJournal(
                    [
                        JournalAddition(
                            community: CityFixture.first, readings: Int(readings),
                            payload: JournalPayload.row([writer.bytes]))
                    ], at: at)
            }
        }
    }

    private func city(_ engine: TestEngine) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        for home in 1...2 as ClosedRange<Int64> { try await city.addHome(home) }
        _ = try await city.foldAll()
        return city
    }

    @Test(arguments: TestEngine.allCases)
    func `rounds of readings that come one by one stay large, also where each set gets many`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        try await journal(0..<12, of: 5_000, in: city)
        let fold = FoldReadings(
            database: city.database, calendar: city.calendar, rules: .standard, logger: Logger(label: "test"))
        var taken: [Int] = []
        for _ in 1...3 { taken.append(try await fold(at: at).entries) }
        try await journal(12..<18, of: 5_000, in: city)
        taken.append(try await fold(at: at).entries)
        #expect(taken == [10_000, 40_000, 10_000, 30_000])
        #expect(try await fold(at: at).isIdle)
    }

    @Test(arguments: TestEngine.allCases)
    func `rounds in parts that others keep overtaking lose and double nothing`(engine: TestEngine) async throws {
        let (one, other) = (try await city(engine), try await city(engine))
        for city in [one, other] { try await journal(0..<40, of: 1_440, in: city) }
        let fold = FoldReadings(
            database: one.database, calendar: one.calendar, rules: .standard, logger: Logger(label: "test"),
            readingsPerRound: 1_000, setsPerTransaction: 3)
        let (database, at) = (try Database(address: one.address, connections: 2), at)
        async let overtaking: Void = {
            for _ in 0..<60 { try await database.write { try $0.raiseFoldVersion(of: CityFixture.first, at: at) } }
        }()
        while try await !fold(at: at).isIdle {}
        try await overtaking
        try await fold.letGo()
        _ = try await other.foldAll()
        #expect(try await one.sets() == other.sets())
        #expect(try await !one.database.read { try $0.hasJournal(of: CityFixture.first) })
        let lease = try await one.database.read { try $0.lease(.fold, of: CityFixture.first) }
        #expect(lease?.until.epochSeconds == 0)
    }

    @Test(arguments: TestEngine.allCases)
    func `a community that another process closes is folded after it`(engine: TestEngine) async throws {
        let city = try await city(engine)
        try await journal(0..<1, of: 10, in: city)
        let process = try OtherProcess("a", of: city)
        let now = TestClock().now()
        let lease = try await city.database.write {
            try $0.claim(.close, of: CityFixture.first, by: LeaseOwner("closing"), at: now, seconds: 30)
        }
        #expect(try await process.fold(at: at).isIdle)
        try await city.database.write { try $0.release(try #require(lease)) }
        #expect(try await process.fold(at: at).entries == 10)
    }
    @Test(arguments: TestEngine.allCases)
    func `a registry that moved on is read before the fold's transaction, which goes by it`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        let (shelf, first) = (DirectoryShelf(), CityFixture.first)
        let fold = FoldReadings(
            database: city.database, calendar: city.calendar, rules: .standard, logger: Logger(label: "test"),
            shelf: shelf)
        try await journal(0..<1, of: 10, in: city)
        #expect(try await fold(at: at).entries == 10)
        try await city.addHome(3)
        let version = try await city.database.read { try $0.currentRegistryVersion() }
        #expect(shelf.directory(version: version)?.version == nil)
        // A transaction that another process's lease ends at once leaves it read: it was not the one that read it.
        let lease = try await city.database.write {
            try $0.claim(.fold, of: first, by: LeaseOwner("other"), at: Instant(epochSeconds: 0), seconds: 30)
        }
        let refused = try await fold.underLease(of: first, at: at) { folding, _ in folding.directory.version }
        #expect(refused?.value == nil)
        #expect(shelf.directory(version: version)?.version == version)
        try await city.database.write { try $0.release(try #require(lease)) }
        let done = try await fold.underLease(of: first, at: at) { folding, _ in folding.directory.version }
        #expect(done?.value == version)
    }

    @Test(arguments: TestEngine.allCases)
    func `a clock that stepped back keeps no readings waiting`(engine: TestEngine) async throws {
        let city = try await city(engine)
        try await journal(0..<1, of: 10, in: city)
        let fold = FoldReadings(
            database: city.database, calendar: city.calendar, rules: .standard, logger: Logger(label: "test"),
            gatherSeconds: 100)
        // Written by a server whose clock is a little ahead.
        #expect(try await fold(at: at - 30).isIdle)
        #expect(try await fold(at: at - 3_600).entries == 10)
    }

    @Test func `recording counts as silent, or not, by a clock that stepped back too`() {
        let backlog = FoldBacklog()
        backlog.add(1, at: at)
        #expect(!backlog.isSilent(at: at + 1) && !backlog.isSilent(at: at - 1))
        #expect(backlog.isSilent(at: at + 2) && backlog.isSilent(at: at - 3_600))
        backlog.add(1, at: at - 3_600)
        #expect(!backlog.isSilent(at: at - 3_600) && backlog.isSilent(at: at - 3_598))
    }

    @Test func `folding gives way to a rush of readings, until half of what may wait does`() {
        let (backlog, rush) = (FoldBacklog(limit: 8 * FoldBacklog.rush), FoldBacklog.rush)
        func givesWay(_ seconds: Int64) -> Bool { backlog.givesWay(since: 0, at: at + seconds) }
        #expect(!givesWay(0))
        backlog.add(rush - 1, at: at)
        #expect(!givesWay(0))
        backlog.add(1, at: at)
        #expect(givesWay(0) && givesWay(1) && !givesWay(2))
        // A second in which few came after one of many, and one that another thread's clock has not begun.
        backlog.add(1, at: at + 1)
        #expect(givesWay(1) && givesWay(0) && !givesWay(2))
        // What comes after a pause is counted anew.
        backlog.add(rush - 1, at: at + 3)
        #expect(!givesWay(3))
        backlog.add(1, at: at + 3)
        #expect(givesWay(3))
        backlog.add(2 * rush, at: at + 3)
        #expect(!givesWay(3))
        backlog.take(rush)
        #expect(givesWay(3) && !backlog.givesWay(since: backlog.recorded, at: at + 3))
        // A clock that stepped back: what was counted by the other is past.
        for seconds in [3_600, 50] as [Int64] {
            backlog.add(1, at: at - seconds)
            #expect(!givesWay(-seconds) && !givesWay(3))
        }
        backlog.take(2 * rush)
        backlog.add(rush, at: at - 49)
        #expect(givesWay(-49))
        // What could not be written was no rush.
        backlog.withdraw(rush)
        #expect(!givesWay(-49) && !givesWay(-48))
    }

    @Test(arguments: TestEngine.allCases)
    func `a rush is folded when it is over, and at once where nobody gathers`(engine: TestEngine) async throws {
        let city = try await city(engine)
        try await journal(0..<1, of: 10, in: city)
        let backlog = FoldBacklog()
        func folding(_ gatherSeconds: Int64) -> FoldReadings {
            FoldReadings(
                database: city.database, calendar: city.calendar, rules: .standard, logger: Logger(label: "test"),
                backlog: backlog, gatherSeconds: gatherSeconds)
        }
        let fold = folding(2)
        for second in 0..<2 as Range<Int64> {
            backlog.add(FoldBacklog.rush, at: at + second + 10)
            #expect(try await fold(at: at + second + 10).isIdle)
        }
        // Nothing came since the last look.
        #expect(try await fold(at: at + 11).entries == 10)
        try await journal(1..<2, of: 10, in: city)
        backlog.add(FoldBacklog.rush, at: at + 13)
        #expect(try await fold(at: at + 13).isIdle)
        #expect(try await folding(0)(at: at + 13).entries == 10)
    }

    @Test(arguments: TestEngine.allCases)
    func `a gateway is noted as heard though the clock stepped back`(engine: TestEngine) async throws {
        let city = try await city(engine)
        let body = CityFixture.series(1, from: CityFixture.october, [100, 110])
        try await city.post(body, at: at)
        await city.record.settle()
        try await city.database.write { _ = try $0.execute("UPDATE gateway SET last_seen_at = NULL") }
        try await city.post(body, at: at - 3_600)
        await city.record.settle()
        let seen = try await city.database.read {
            try $0.first("SELECT last_seen_at FROM gateway WHERE gateway_id = \(CityFixture.cityGateway)") {
                Instant(epochSeconds: try $0.integer(0))
            }
        }
        #expect(seen == at - 3_600)
    }
}
