import Database
import Exporters
import Foundation
import Operations
import Storage
import Testing
import Water

@Suite(.freshDatabases) struct `Deliveries to a real server` {
    private let noon = DeliveryFixture.noon

    @Test(arguments: TestEngine.allCases)
    func `a 200 is delivered once, signed and whole`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, _ in .answer(200, body: "ok") }
        try await city.addTarget("t", url: server.url("/hook?token=1"))
        let id = try await city.enqueue()
        let service = try city.service()
        #expect(try await service.deliverDue(at: noon).delivered == 1)
        #expect(try await service.deliverDue(at: noon + 1_000_000).claimed == 0)
        let request = try #require(server.requests.first)
        #expect(server.requests.count == 1)
        #expect(request.path == "/hook?token=1")
        #expect(request.headers["content-type"] == "application/json")
        #expect(request.headers["webhook-id"] == id)
        #expect(request.headers["webhook-timestamp"] == "1795000000")
        #expect(
            request.headers["webhook-signature"]
                == (try webhookSignature(id: id, at: noon, body: request.body, secrets: [DeliveryFixture.secret.text])))
        #expect(try JSONSerialization.jsonObject(with: Data(request.body.utf8)) is [String: Any])
        let record = try await city.delivery()
        #expect(record.state == .delivered)
        #expect(record.attempts == 1)
        #expect(record.lastStatus == 200)
    }

    @Test(arguments: TestEngine.allCases)
    func `a 500 is tried again by the schedule, under the same id and a new time`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, before in .answer(before == 0 ? 500 : 200) }
        try await city.addTarget("t", url: server.url())
        let id = try await city.enqueue()
        let service = try city.service()
        #expect(try await service.deliverDue(at: noon).retried == 1)
        let failed = try await city.delivery()
        #expect(failed.state == .waiting)
        #expect(failed.lastStatus == 500)
        #expect(failed.lastError == "answered 500")
        #expect(failed.nextAt == noon + 5)
        #expect(try await service.deliverDue(at: noon + 4).claimed == 0)
        #expect(try await service.deliverDue(at: noon + 5).delivered == 1)
        #expect(server.requests.map { $0.headers["webhook-id"] } == [id, id])
        #expect(server.requests.map { $0.headers["webhook-timestamp"] } == ["1795000000", "1795000005"])
        #expect(server.requests[0].body == server.requests[1].body)
        #expect(server.requests[0].headers["webhook-signature"] != server.requests[1].headers["webhook-signature"])
        #expect(try await city.delivery().state == .delivered)
    }

    @Test(arguments: TestEngine.allCases)
    func `ten failures exhaust a delivery, which stays in the failure list`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, _ in .answer(500) }
        try await city.addTarget("t", url: server.url())
        try await city.enqueue()
        let service = try city.service()
        var at: Instant? = noon
        while let now = at, server.requests.count < 20 {
            _ = try await service.deliverDue(at: now)
            at = try await city.delivery().nextAt
        }
        #expect(server.requests.count == 10)
        let record = try await city.delivery()
        #expect(record.state == .exhausted)
        #expect(record.attempts == 10)
        // The sum of the schedule: 75 h 35 m 5 s.
        #expect(record.lastAt == noon + 272_105)
        #expect(try await city.deliveries(failedOnly: true) == [record])
        #expect(try await service.deliverDue(at: noon + 10_000_000).claimed == 0)
    }

    @Test(arguments: TestEngine.allCases)
    func `a 410 disables the target and everything that waits for it`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, _ in .answer(410) }
        try await city.addTarget("t", url: server.url())
        try await city.enqueue("r-1")
        try await city.enqueue("r-2", at: noon + 500)
        let service = try city.service()
        #expect(try await service.deliverDue(at: noon).gone == 1)
        #expect(try await city.target("t").disabledAt == noon)
        #expect(try await city.target("t").disabledReason == "it answered 410")
        #expect(try await city.deliveries(failedOnly: true).map(\.state) == [.disabled, .disabled])
        #expect(try await service.deliverDue(at: noon + 1_000_000).claimed == 0)
        #expect(server.requests.count == 1)
    }

    @Test(arguments: TestEngine.allCases)
    func `a 429 with Retry-After holds back all of the target's deliveries and nobody else's`(engine: TestEngine)
        async throws
    {
        let city = try await DeliveryFixture(on: engine)
        let busy = try LoopbackServer { _, before in
            before == 0 ? .answer(429, headers: ["Retry-After: 120"]) : .answer(200)
        }
        let other = try LoopbackServer { _, _ in .answer(200) }
        try await city.addTarget("busy", url: busy.url(), area: "140105001001")
        try await city.addTarget("other", url: other.url(), area: "140105001002")
        try await city.enqueue("r-1")
        let service = try city.service()
        #expect(try await service.deliverDue(at: noon).retried == 1)
        #expect(try await city.target("busy").slowUntil == noon + 120)
        try await city.enqueue("r-2", at: noon + 1)
        try await city.enqueue("r-3", in: DeliveryFixture.second, at: noon + 1)
        #expect(try await service.deliverDue(at: noon + 119) == round(claimed: 1, delivered: 1))
        #expect(busy.requests.count == 1)
        #expect(other.requests.count == 1)
        #expect(try await service.deliverDue(at: noon + 120) == round(claimed: 2, delivered: 2))
    }

    @Test(arguments: TestEngine.allCases, [301, 302, 303, 307, 308])
    func `a redirect is a failure and is not followed`(engine: TestEngine, status: Int) async throws {
        let city = try await DeliveryFixture(on: engine)
        let aim = try LoopbackServer { _, _ in .answer(200) }
        let location = aim.url()
        let server = try LoopbackServer { _, _ in .answer(status, headers: ["Location: \(location)"]) }
        try await city.addTarget("t", url: server.url())
        try await city.enqueue()
        #expect(try await city.service().deliverDue(at: noon).retried == 1)
        #expect(server.requests.count == 1)
        #expect(aim.connections == 0)
        #expect(try await city.delivery().lastStatus == status)
    }

    @Test(arguments: TestEngine.allCases)
    func `an answer that does not end is a time-out, not a delivery`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, _ in .stall }
        try await city.addTarget("t", url: server.url())
        try await city.enqueue()
        #expect(try await city.service(totalMilliseconds: 300).deliverDue(at: noon).retried == 1)
        let record = try await city.delivery()
        #expect(server.requests.count == 1)
        #expect(record.lastError == "timed out")
        #expect(record.lastStatus == nil)
        #expect(try await city.target("t").slowUntil == noon + 60)
    }

    @Test(arguments: TestEngine.allCases)
    func `an endless body is cut off and the status stands`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, _ in .flood }
        try await city.addTarget("t", url: server.url())
        try await city.enqueue()
        #expect(try await city.service().deliverDue(at: noon).delivered == 1)
        #expect(server.requests.count == 1)
    }

    @Test(arguments: TestEngine.allCases)
    func `a connection closed without an answer is tried again`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, before in before == 0 ? .hangUp : before == 1 ? .breakOff : .answer(200) }
        try await city.addTarget("t", url: server.url())
        try await city.enqueue()
        let service = try city.service()
        #expect(try await service.deliverDue(at: noon).retried == 1)
        #expect(try await city.delivery().lastError == "the connection was broken off")
        #expect(try await service.deliverDue(at: noon + 5).retried == 1)
        #expect(try await city.delivery().state == .waiting)
        #expect(try await service.deliverDue(at: noon + 305).delivered == 1)
        #expect(server.requests.count == 3)
    }

    @Test(arguments: TestEngine.allCases)
    func `nobody listening is tried again`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer(isListening: false) { _, _ in .answer(200) }
        try await city.addTarget("t", url: server.url())
        try await city.enqueue()
        #expect(try await city.service().deliverDue(at: noon).retried == 1)
        #expect(try await city.delivery().lastError == "no connection")
        #expect(server.connections == 0)
    }

    @Test(
        arguments: TestEngine.allCases,
        ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0.0.0.0"])
    func `a private address is never connected to unless allowed, however it is written`(
        engine: TestEngine, host: String
    ) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, _ in .answer(200) }
        try await city.addTarget("t", url: "http://\(host):\(server.port)/")
        try await city.enqueue()
        #expect(try await city.service(allowed: ["10.0.0.0/8"]).deliverDue(at: noon).retried == 1)
        #expect(server.connections == 0)
        #expect(try await city.delivery().lastError == "the host's address is private and not allowed")
    }

    @Test(arguments: TestEngine.allCases)
    func `a name that resolves to an allowed address is delivered to`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, _ in .answer(200) }
        try await city.addTarget("t", url: "http://localhost:\(server.port)/")
        try await city.enqueue()
        #expect(try await city.service().deliverDue(at: noon).delivered == 1)
        #expect(server.requests.count == 1)
    }

    @Test(arguments: TestEngine.allCases)
    func `plain text on a TLS address is a failure`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, _ in .answer(200) }
        try await city.addTarget("t", url: "https://127.0.0.1:\(server.port)/")
        try await city.enqueue()
        #expect(try await city.service(totalMilliseconds: 1_000).deliverDue(at: noon).retried == 1)
        #expect(server.requests.isEmpty)
    }

    private func round(claimed: Int, delivered: Int) -> DeliveryRound {
        var round = DeliveryRound()
        round.claimed = claimed
        round.delivered = delivered
        return round
    }
}

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
