import Database
import Exporters
import Foundation
import Operations
import Storage
import Synchronization
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

    @Test(arguments: TestEngine.allCases)
    func `every wait counts from the answer, not from when it was asked for`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let late = try LoopbackServer { _, _ in .answer(503, headers: ["Retry-After: 12"]) }
        try await city.addTarget("late", url: late.url())
        try await city.enqueue("r-1")
        let asked = Mutex(0)
        let service = try city.service(now: {
            asked.withLock { count in
                count += 1
                return DeliveryFixture.noon + (count == 1 ? 0 : 15)
            }
        })
        #expect(try await service.deliverDue(at: noon).retried == 1)
        let record = try await city.delivery()
        #expect(record.nextAt == noon + 27 && record.lastAt == noon + 15)
        #expect(try await city.target("late").slowUntil == noon + 27)
    }

    @Test(arguments: ["86400", "86401", "9223372036854775807", "9223372036854775808", "99999999999999999999999"])
    func `a Retry-After of any number of digits holds a target back, for a day at most`(digits: String) async throws {
        let city = try await DeliveryFixture(on: .sqlite)
        let late = try LoopbackServer { _, _ in .answer(503, headers: ["Retry-After: \(digits)"]) }
        try await city.addTarget("late", url: late.url())
        try await city.enqueue("r-1")
        #expect(try await city.service().deliverDue(at: noon).retried == 1)
        #expect(try await city.target("late").slowUntil == noon + 86_400)
    }

    @Test(arguments: TestEngine.allCases)
    func `a paused target's deliveries are listed for when the pause ends`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let target = try await city.addTarget("t", url: "https://a.example/")
        try await city.enqueue("r-1")
        try await city.database.write { try $0.slow(target, until: DeliveryFixture.noon + 60) }
        #expect(try await city.delivery().nextAt == noon + 60)
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

    @Test(arguments: TestEngine.allCases, ["SSH-2.0-OpenSSH_9.6\r\n", "220 mail.example ESMTP\r\n", "ok\n"])
    func `an answer that is not of HTTP is called so and tried again`(engine: TestEngine, words: String) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, before in before == 0 ? .words(words) : .answer(200) }
        try await city.addTarget("t", url: server.url())
        try await city.enqueue()
        let service = try city.service()
        #expect(try await service.deliverDue(at: noon).retried == 1)
        let record = try await city.delivery()
        #expect(record.lastError == "the answer was not of HTTP" && record.lastStatus == nil)
        #expect(try await service.deliverDue(at: noon + 5).delivered == 1)
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
