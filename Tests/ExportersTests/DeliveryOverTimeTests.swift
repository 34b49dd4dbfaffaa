import Database
import Exporters
import Foundation
import Operations
import Storage
import Testing
import Water

@Suite(.freshDatabases) struct `Deliveries over time` {
    private let noon = DeliveryFixture.noon

    @Test(arguments: TestEngine.allCases)
    func `a crash between sending and noting sends again with the same id`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, _ in .answer(200) }
        try await city.addTarget("t", url: server.url())
        let id = try await city.enqueue()
        // The claim is written, the result cannot be: what a process that dies after sending leaves behind.
        _ = try await city.database.write { transaction in
            try transaction.execute(
                engine == .sqlite
                    ? "CREATE TRIGGER stop BEFORE UPDATE OF state ON delivery BEGIN SELECT RAISE(ABORT, 'died'); END"
                    : "ALTER TABLE delivery ADD CONSTRAINT stop CHECK (state = 'waiting')")
        }
        await #expect(throws: DatabaseFailure.self) { try await city.service().deliverDue(at: noon) }
        _ = try await city.database.write { transaction in
            try transaction.execute(
                engine == .sqlite ? "DROP TRIGGER stop" : "ALTER TABLE delivery DROP CONSTRAINT stop")
        }
        #expect(try await city.delivery().state == .waiting)
        let restarted = try city.service()
        #expect(try await restarted.deliverDue(at: noon + 59).claimed == 0)
        #expect(try await restarted.deliverDue(at: noon + 60).delivered == 1)
        #expect(server.requests.map { $0.headers["webhook-id"] } == [id, id])
        #expect(try await city.delivery().state == .delivered)
    }

    @Test(arguments: TestEngine.allCases)
    func `two services never send the same delivery at once`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, _ in .answer(200) }
        try await city.addTarget("t", url: server.url())
        for number in 0..<40 { try await city.enqueue("r-\(number)") }
        let services = [try city.service(), try city.service(), try city.service()]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for service in services {
                group.addTask {
                    while try await service.deliverDue(at: DeliveryFixture.noon).claimed > 0 {}
                }
            }
            try await group.waitForAll()
        }
        #expect(server.requests.count == 40)
        #expect(Set(server.requests.compactMap { $0.headers["webhook-id"] }).count == 40)
        #expect(try await city.database.read { try $0.deliveryCounts() } == [.delivered: 40])
    }

    @Test(arguments: TestEngine.allCases)
    func `a round takes at most 32, and at most 8 for one target`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, _ in .answer(200) }
        try await city.addTarget("a", url: server.url("/a"))
        for number in 0..<20 { try await city.enqueue("r-\(number)") }
        let service = try city.service()
        #expect(try await service.deliverDue(at: noon).delivered == 8)
        for name in ["b", "c", "d", "e", "f"] { try await city.addTarget(name, url: server.url("/\(name)")) }
        for number in 20..<40 { try await city.enqueue("r-\(number)") }
        #expect(try await service.deliverDue(at: noon).delivered == 32)
        #expect(server.requests.count == 40)
    }

    @Test(arguments: TestEngine.allCases)
    func `a target's attempts under way count for its eight`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let (busy, free) = (
            try await city.addTarget("busy", url: "https://a.example/"),
            try await city.addTarget("free", url: "https://b.example/")
        )
        for number in 0..<10 { try await city.enqueue("r-\(number)") }
        let due = try await city.database.write {
            try $0.claimDueDeliveries(
                at: DeliveryFixture.noon, leaseSeconds: 60, limit: 9, perTarget: 8, underWay: [busy: 7])
        }
        #expect(due.count { $0.key.target == busy } == 1 && due.count { $0.key.target == free } == 8)
    }

    @Test(arguments: TestEngine.allCases)
    func `a target that does not answer keeps no other waiting`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let stuck = try LoopbackServer { _, _ in .stall }
        let quick = try LoopbackServer { _, _ in .answer(200) }
        try await city.addTarget("stuck", url: stuck.url(), area: "140105001001")
        for number in 0..<10 { try await city.enqueue("r-\(number)") }
        try await city.addTarget("quick", url: quick.url(), area: "140105001002")
        let service = try city.service(totalMilliseconds: 20_000, pollMilliseconds: 3_600_000)
        let running = Task { await service.run() }
        var arrivals = quick.arrivals.makeAsyncIterator()
        // Each comes while the stuck one holds its eight: a round with it would end with its time-out.
        for number in 0..<5 {
            let id = try await city.enqueue("q-\(number)", in: DeliveryFixture.second)
            service.wake()
            #expect(await arrivals.next()?.headers["webhook-id"] == id)
        }
        let waiting = try await city.deliveries().filter { $0.targetName == "stuck" }
        #expect(waiting.count == 10 && waiting.allSatisfy { $0.attempts == 0 })
        running.cancel()
        await running.value
        let ended = try await city.deliveries()
        #expect(ended.count { $0.targetName == "stuck" && $0.lastError == "timed out" } == 8)
        #expect(ended.count { $0.state == .delivered } == 5)
    }

    @Test(arguments: TestEngine.allCases)
    func `connections are used again`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, _ in .answer(200) }
        try await city.addTarget("t", url: server.url())
        let service = try city.service()
        for number in 0..<20 {
            try await city.enqueue("r-\(number)")
            #expect(try await service.deliverDue(at: noon).delivered == 1)
        }
        #expect(server.connections == 1)
    }

    @Test(arguments: TestEngine.allCases)
    func `both secrets sign during a rotation, the new one alone after it`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, _ in .answer(200) }
        try await city.addTarget("t", url: server.url())
        let (old, new) = (DeliveryFixture.secret.text, DeliveryFixture.otherSecret.text)
        let rotate = RotateTargetSecret(database: city.database)
        let service = try city.service()
        _ = try await rotate("t", secret: DeliveryFixture.otherSecret).get()
        try await city.enqueue("r-1")
        _ = try await service.deliverDue(at: noon)
        _ = try await rotate.finish("t").get()
        try await city.enqueue("r-2")
        _ = try await service.deliverDue(at: noon)
        let expected = try zip(server.requests, [[new, old], [new]]).map { request, secrets in
            try webhookSignature(
                id: try #require(request.headers["webhook-id"]), at: noon, body: request.body, secrets: secrets)
        }
        #expect(server.requests.map { $0.headers["webhook-signature"] } == expected)
    }

    @Test(arguments: TestEngine.allCases)
    func `a replay sends what failed again from the start, under the same id`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, before in .answer(before == 0 ? 410 : 200) }
        try await city.addTarget("t", url: server.url())
        let id = try await city.enqueue()
        let service = try city.service()
        let replay = ReplayDelivery(database: city.database)
        _ = try await service.deliverDue(at: noon)
        #expect(try await replay(id, at: noon + 1) == .failure(.isDisabled("t")))
        _ = try await EnableTarget(database: city.database)("t").get()
        #expect(try await service.deliverDue(at: noon + 10).claimed == 0)
        let due = try await replay(id, at: noon + 20).get()
        #expect(due.map(\.state) == [.waiting])
        #expect(due.map(\.attempts) == [0])
        #expect(try await service.deliverDue(at: noon + 20).delivered == 1)
        #expect(server.requests.map { $0.headers["webhook-id"] } == [id, id])
        #expect(try await replay(id, at: noon + 30) == .failure(.nothingFailed(id)))
        #expect(try await replay(id, target: "t", at: noon + 30).get().count == 1)
        #expect(try await service.deliverDue(at: noon + 30).delivered == 1)
        #expect(server.requests.count == 3)
    }

    @Test(arguments: TestEngine.allCases)
    func `a replay of what is not there is refused`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let replay = ReplayDelivery(database: city.database)
        #expect(try await replay("nothing", at: noon) == .failure(.unknownEvent("nothing")))
        try await city.addTarget("first", url: "https://a.example/", area: "140105001001")
        let id = try await city.enqueue()
        #expect(try await replay(id, target: "x", at: noon) == .failure(.notAddressed(event: id, target: "x")))
    }

    @Test(arguments: TestEngine.allCases)
    func `the service delivers what was there, what it is woken for, and stops when cancelled`(engine: TestEngine)
        async throws
    {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, _ in .answer(200) }
        try await city.addTarget("t", url: server.url())
        // A poll far away: only the first look and the wake-up can deliver.
        let service = try city.service(pollMilliseconds: 3_600_000)
        var there: Set<String> = []
        for number in 0..<20 { there.insert(try await city.enqueue("r-\(number)")) }
        let running = Task { await service.run() }
        var arrivals = server.arrivals.makeAsyncIterator()
        for _ in 0..<20 {
            let id = try #require(await arrivals.next()?.headers["webhook-id"])
            #expect(there.remove(id) != nil)
        }
        let later = try await city.enqueue("later")
        service.wake()
        #expect(await arrivals.next()?.headers["webhook-id"] == later)
        running.cancel()
        await running.value
        #expect(try await city.database.read { try $0.deliveryCounts() } == [.delivered: 21])
    }
}
