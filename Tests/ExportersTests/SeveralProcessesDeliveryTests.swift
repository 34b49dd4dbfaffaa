import Database
import Exporters
import Operations
import Storage
import Testing
import Water

@Suite(.freshDatabases) struct SeveralProcessesDeliveryTests {
    private let noon = DeliveryFixture.noon

    private func claim(_ database: Database, at: Instant) async throws -> [DueDelivery] {
        try await database.write {
            try $0.claimDueDeliveries(at: at, leaseSeconds: 60, limit: 32, perTarget: 8)
        }
    }

    private func mark(_ database: Database, _ delivery: DueDelivery, _ outcome: DeliveryOutcome) async throws -> Bool {
        let noon = noon
        return try await database.write { try $0.mark(delivery, outcome, at: noon + 100) }
    }

    @Test(arguments: TestEngine.allCases)
    func `a former claimant notes nothing, whatever came of its attempt`(engine: TestEngine) async throws {
        let outcomes: [DeliveryOutcome] = [
            .delivered(status: 200), .retry(at: noon + 200, status: 500, error: "x"),
            .exhausted(status: 500, error: "x"), .gone(status: 410),
        ]
        let city = try await DeliveryFixture(on: engine)
        let other = try Database(address: city.address, connections: 2)
        try await city.addTarget("t", url: "https://a.example/")
        try await city.enqueue()
        let former = try #require(try await claim(city.database, at: noon).first)
        #expect(try await claim(other, at: noon + 59).isEmpty)
        let latter = try #require(try await claim(other, at: noon + 60).first)
        for outcome in outcomes { #expect(try await !mark(city.database, former, outcome)) }
        #expect(try await city.delivery().state == .waiting)
        #expect(try await city.target("t").disabledAt == nil)
        #expect(try await mark(other, latter, .delivered(status: 200)))
        // What is noted is noted once: an outcome written again, or by the former claimant, finds no claim.
        #expect(try await !mark(other, latter, .retry(at: noon + 200, status: 500, error: "x")))
        #expect(try await city.delivery().attempts == 1)
        #expect(try await city.delivery().state == .delivered)
    }

    @Test(arguments: TestEngine.allCases)
    func `an attempt under way when its event is replayed does not count`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        try await city.addTarget("t", url: "https://a.example/")
        let id = try await city.enqueue()
        let due = try #require(try await claim(city.database, at: noon).first)
        _ = try await ReplayDelivery(database: city.database)(id, target: "t", at: noon + 1).get()
        #expect(try await !mark(city.database, due, .exhausted(status: 500, error: "x")))
        let record = try await city.delivery()
        #expect(record.state == .waiting && record.attempts == 0 && record.nextAt == noon + 1)
    }

    @Test(arguments: TestEngine.allCases)
    func `two processes never send the same delivery at once`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let other = try Database(address: city.address, connections: 4)
        let server = try LoopbackServer { _, _ in .answer(200) }
        try await city.addTarget("t", url: server.url())
        for number in 0..<40 { try await city.enqueue("r-\(number)") }
        let services = [try city.service(), try city.service(on: other)]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for service in services {
                group.addTask {
                    // A round that others kept crossing comes back empty: a few more tell that nothing is due.
                    var empty = 0
                    while empty < 5 {
                        empty = try await service.deliverDue(at: DeliveryFixture.noon).claimed > 0 ? 0 : empty + 1
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(server.requests.count == 40)
        #expect(Set(server.requests.compactMap { $0.headers["webhook-id"] }).count == 40)
        #expect(try await city.database.read { try $0.deliveryCounts() } == [.delivered: 40])
    }

    @Test(arguments: TestEngine.allCases)
    func `a delivery left waiting for a disabled target is in the failure list`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        try await city.addTarget("t", url: "https://a.example/")
        let id = try await city.enqueue()
        // What an event written while another process disables the target leaves.
        _ = try await city.database.write { try $0.execute("UPDATE target SET disabled_at = 1") }
        #expect(try await city.deliveries(failedOnly: true).map(\.state) == [.disabled])
        #expect(try await city.database.read { try $0.deliveryCounts() } == [.disabled: 1])
        _ = try await EnableTarget(database: city.database)("t").get()
        #expect(try await ReplayDelivery(database: city.database)(id, target: "t", at: noon).get().count == 1)
    }
}
