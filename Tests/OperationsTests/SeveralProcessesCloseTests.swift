import Database
import Ledger
import Logging
import Metering
import Operations
import Scoring
import Storage
import Testing
import Water

@Suite(.freshDatabases) struct SeveralProcessesCloseTests {
    private let october = BillingMonth("2026-10") ?? BillingMonth(number: 0)
    private let later = CityFixture.afterOctober
    private let communities: Int64 = 6

    /// A city whose October is in the journal.
    private func city(_ engine: TestEngine) async throws -> CityFixture {
        let city = try await CityFixture.city(of: communities, on: engine)
        for home in 1...2 * communities {
            for body in CityFixture.octoberBodies(of: home) { try await city.post(body) }
        }
        return city
    }

    /// Every statement of the month, by community and household.
    private func statements(_ city: CityFixture) async throws -> [String] {
        try await city.database.read { reader in
            try (100..<100 + communities).flatMap { try reader.statements(of: CommunityID($0), october).map(\.body) }
        }
    }

    private func pointsIssued(_ city: CityFixture) async throws -> [Int64] {
        try await city.database.read { reader in
            try (100..<100 + communities).map { community in
                let economy = Economy(
                    of: CommunityID(community), try reader.communityTransfers(CommunityID(community)))
                #expect(economy.isBalanced)
                return economy.issued.count
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `processes that close one month share it: each community once, and every one of them ends`(
        engine: TestEngine
    ) async throws {
        let lone = try await city(engine)
        _ = try await OtherProcess("lone", of: lone).close(lone)(october, at: later).get()

        let city = try await city(engine)
        let (october, later) = (october, later)
        let summaries = try await withThrowingTaskGroup(of: CloseSummary.self) { group in
            for name in ["a", "b", "c"] {
                let close = try OtherProcess(name, of: city).close(city)
                group.addTask { try await close(october, at: later).get() }
            }
            return try await group.reduce(into: [CloseSummary]()) { $0.append($1) }
        }
        let homes = Int(2 * communities)
        #expect(summaries.map(\.measuredHomes).reduce(0, +) == homes)
        #expect(summaries.map(\.statements).reduce(0, +) == homes)
        #expect(summaries.map(\.issuedCommunities).reduce(0, +) == Int(communities))
        #expect(summaries.allSatisfy { $0.communities == Int(communities) && !$0.wasComplete })
        #expect(try await city.eventCount() == communities)
        #expect(try await statements(city) == statements(lone))
        #expect(try await pointsIssued(city) == pointsIssued(lone))
        let again = try await OtherProcess("d", of: city).close(city)(october, at: later + 1).get()
        #expect(again.wasComplete && again.statements == 0 && again.measuredHomes == 0)
    }

    @Test(arguments: TestEngine.allCases)
    func `what a crashed process had in hand is waited for and taken over`(engine: TestEngine) async throws {
        let city = try await city(engine)
        let dead = try OtherProcess("dead", of: city)
        for community in 100..<100 + communities {
            for job in [LeasedJob.fold, .close] {
                _ = try #require(try await dead.worker.claim(job, of: CommunityID(community), in: dead.database))
            }
        }
        let process = try OtherProcess("a", of: city, clock: TestClock(step: 5))
        let summary = try await process.close(city)(october, at: later).get()
        #expect(summary.issuedCommunities == Int(communities))
        #expect(try await statements(city).count == Int(2 * communities))
    }

    @Test(arguments: TestEngine.allCases)
    func `a process whose community was taken over measures nothing`(engine: TestEngine) async throws {
        let city = try await city(engine)
        _ = try await city.foldAll()
        let (slow, quick) = (try OtherProcess("slow", of: city), try OtherProcess("quick", of: city))
        let community = CommunityID(100)
        let lease = try #require(try await slow.worker.claim(.close, of: community, in: slow.database))
        try await slow.database.write { try $0.release(lease) }
        _ = try #require(try await quick.worker.claim(.close, of: community, in: quick.database))
        let measure = MeasureMonth(database: slow.database, calendar: city.calendar, rules: .standard)
        await #expect(throws: LeaseLost(lease: lease)) {
            _ = try await measure(community, october, under: lease, at: later)
        }
        #expect(try await city.database.read { try $0.communityMonths(october).isEmpty })
    }

    @Test(arguments: TestEngine.allCases)
    func `a community is measured once however many measure it`(engine: TestEngine) async throws {
        let city = try await city(engine)
        _ = try await city.foldAll()
        let (october, later) = (october, later)
        let outcomes = try await withThrowingTaskGroup(of: MeasureMonth.Outcome.self) { group in
            for name in ["a", "b"] {
                let database = try OtherProcess(name, of: city).database
                let measure = MeasureMonth(database: database, calendar: city.calendar, rules: .standard)
                group.addTask { try await measure(CommunityID(100), october, at: later) }
            }
            return try await group.reduce(into: [MeasureMonth.Outcome]()) { $0.append($1) }
        }
        #expect(outcomes.contains(.measured(homes: 2)))
        #expect(try await city.database.read { try $0.homeMonths(of: CommunityID(100), october).count } == 2)
    }

    @Test(arguments: TestEngine.allCases)
    func `a community with figures is not excluded any more`(engine: TestEngine) async throws {
        let city = try await city(engine)
        _ = try await city.foldAll()
        let measure = MeasureMonth(database: city.database, calendar: city.calendar, rules: .standard)
        _ = try await measure(CommunityID(100), october, at: later)
        let close = try OtherProcess("a", of: city).close(city)
        let refused = try await close(
            october, at: later, excluding: ["140105001100": "late", "140105001101": "unread"])
        #expect(refused == .failure(.hasFigures(community: "140105001100", month: october)))
        let begun = try await city.database.read { try $0.communityMonths(october) }
        #expect(begun.map(\.community) == [CommunityID(100)], "nothing is changed")
        let summary = try await close(october, at: later, excluding: ["140105001101": "unread"]).get()
        #expect(summary.excluded == ["140105001101"])
        #expect(summary.statements == Int(2 * communities) - 2)
        // As after an interruption: the same once more issues nothing of what was left out.
        let again = try await close(october, at: later, excluding: ["140105001101": "unread"]).get()
        #expect(again.excluded == ["140105001101"] && again.statements == 0)
        #expect(
            try await close(october, at: later, excluding: ["140105001102": "late"])
                == .failure(.hasFigures(community: "140105001102", month: october)))
    }
}
