import Database
import Foundation
import Ledger
import Logging
import Operations
import Storage
import Synchronization
import Testing
import Water

/// A server ends connections at any moment: an operation succeeds, or says so and can be asked again; what comes out is
/// what comes out on a quiet day.
@Suite(.freshDatabases, .enabled(if: TestEngine.postgresAddress != nil)) struct EndedConnectionsTests {
    /// Runs `work` while a killer ends its connections again and again, until it succeeds; at most 200 tries.
    /// Returns how many connections were ended.
    @discardableResult
    private func amidKills(
        of city: CityFixture, _ work: @escaping @Sendable (OtherProcess) async throws -> Void
    ) async throws -> Int {
        let name = "victim_\(UUID().uuidString.prefix(8))"
        let victim = try OtherProcess(name, of: city, called: name)
        let killer = try Database(address: try #require(TestEngine.postgresAddress), connections: 1)
        let isDone = Mutex(false)
        async let kills = Self.kill(name, by: killer) { isDone.withLock { $0 } }
        var isThrough = false
        for _ in 0..<200 where !isThrough {
            do {
                try await work(victim)
                isThrough = true
            } catch is DatabaseFailure {
            } catch is RecordRefusal {
            } catch is LeaseLost {}
        }
        isDone.withLock { $0 = true }
        #expect(isThrough, "200 tries were not enough")
        return try await kills
    }

    /// Ends every connection of a name, again and again.
    private static func kill(
        _ name: String, by killer: Database, until isDone: @escaping @Sendable () -> Bool
    ) async throws -> Int {
        var (ended, pause) = (0, 0)
        while !isDone() {
            // The server itself spaces the ends: each a little later, so that the work gets a little further.
            pause += 3
            let seconds = "\(Double(pause) / 1_000)"
            ended += try await killer.read { reader in
                try reader.each("SELECT pg_sleep(CAST(CAST(\(seconds) AS TEXT) AS DOUBLE PRECISION)) IS NULL") { _ in }
                return try reader.all(
                    """
                    SELECT CAST(pg_terminate_backend(pid) AS BOOLEAN) FROM pg_stat_activity
                    WHERE application_name = \(name)
                    """
                ) { try $0.flag(0) }.count
            }
        }
        return ended
    }

    @Test func `readings that were answered are there, once`() async throws {
        let (quiet, troubled) = (try await CityFixture(on: .postgres), try await CityFixture(on: .postgres))
        for city in [quiet, troubled] { for home in 1...2 { try await city.addHome(Int64(home)) } }
        let bodies = (1...2).flatMap { CityFixture.octoberBodies(of: $0) }
        for body in bodies { try await quiet.post(body) }
        _ = try await quiet.foldAll()
        var ended = 0
        for (number, body) in bodies.enumerated() {
            // Some of them: each has to get through a few new connections, for which a pool waits longer and longer.
            guard number % 8 == 0 else {
                try await troubled.post(body)
                continue
            }
            ended += try await amidKills(of: troubled) { victim in
                let batch = try CityFixture.batch(body)
                _ = try await victim.record(batch, from: CityFixture.cityGateway, at: CityFixture.afterOctober)
            }
        }
        ended += try await amidKills(of: troubled) { victim in
            _ = try await victim.fold.untilIdle(at: CityFixture.afterOctober)
        }
        #expect(ended > 0)
        #expect(try await troubled.sets() == quiet.sets())
    }

    @Test func `a month is closed as on a quiet day`() async throws {
        var texts: [[String]] = []
        for isTroubled in [false, true] {
            let city = try await CityFixture.city(of: 3, on: .postgres)
            for home in 1...6 {
                for body in CityFixture.octoberBodies(of: Int64(home)) { try await city.post(body) }
            }
            _ = try await city.foldAll()
            let month = try #require(BillingMonth("2026-10"))
            if isTroubled {
                let ended = try await amidKills(of: city) { victim in
                    _ = try await victim.close(city)(month, at: CityFixture.afterOctober).get()
                }
                #expect(ended > 0)
            } else {
                let calm = try OtherProcess("calm", of: city)
                _ = try await calm.close(city)(month, at: CityFixture.afterOctober).get()
            }
            texts.append(
                try await city.database.read { reader in
                    try (100..<103).flatMap { try reader.statements(of: CommunityID($0), month).map(\.body) }
                })
            #expect(try await city.eventCount() == 3)
        }
        #expect(texts[0].count == 6)
        #expect(texts[0] == texts[1])
    }

    @Test func `points are held and handed over once, whatever the answer's way back`() async throws {
        let desk = try await SeveralProcessesPointsTests().desk(stock: 3, .postgres)
        let holder = AccountHolder(community: CityFixture.first, household: HouseholdID(1))
        let id = try #require(PostingID("r1"))
        let now = CityFixture.afterOctober
        try await amidKills(of: desk.city) { victim in
            let hold = HoldItem(database: victim.database, terms: desk.terms)
            _ = try await hold(id, item: desk.item, for: holder, codes: ["CODE1001"], at: now).get()
        }
        let staff = StaffID(1)
        try await amidKills(of: desk.city) { victim in
            let close = CloseRedemption(database: victim.database, terms: desk.terms)
            _ = try await close.confirm(id, in: CityFixture.first, by: staff, at: now).get()
        }
        let (state, items) = try await desk.city.database.read { reader in
            (try reader.accountState(of: holder), try reader.items(of: CityFixture.first))
        }
        #expect(state.available == Points(30) && state.held == .zero)
        #expect(items.map(\.stock.taken) == [1] && items.map(\.stock.reserved) == [0])
        #expect(try await desk.city.eventCount() == 1)
    }
}
