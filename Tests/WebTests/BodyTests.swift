import Hummingbird
import Synchronization
import Testing
import Water

@testable import Web

/// How much of a body is read, for how long, and what is said of one that cannot be read.
@Suite(.freshDatabases) struct BodyTests {
    @Test func `a body stays counted until what is done with it ends, however it ends`() async throws {
        struct Fault: Error {}
        var settings = WebSettings()
        settings.bodyBytesAtOnce = 10
        let services = try await WebFixture(settings).services
        let request = post(RequestBody(buffer: ByteBuffer(string: "12345678")))
        let count = try await services.withReadings(request) { bytes in
            #expect(!services.limits.bodies.take(3))
            return bytes.count
        }
        #expect(count == 8)
        await #expect(throws: Fault.self) { try await services.withReadings(request) { _ in throw Fault() } }
        #expect(services.limits.bodies.take(10))
        await #expect(throws: Problem.self) { try await services.withReadings(request) { $0.count } }
        services.limits.bodies.give(10)
        #expect(services.limits.bodies.take(10))
    }

    @Test func `of a body of nobody known 1 MiB and 10 seconds are read, and then the connection ends`() async throws {
        let clock = Mutex(WebFixture.now)
        let services = try await WebFixture().services.withClock { clock.withLock { $0 } }
        // A byte a second, without end.
        let slow = Endless(bytes: 1) { clock.withLock { $0 = $0 + 1 } }
        let late = await services.refusing(post(RequestBody(asyncSequence: slow)), Problem.noKey, isKnown: false)
        #expect(closes(late) && clock.withLock { $0 } - WebFixture.now == 11)
        let pieces = Mutex(0)
        let large = Endless(bytes: 64 * 1_024) { pieces.withLock { $0 += 1 } }
        let long = await services.refusing(post(RequestBody(asyncSequence: large)), Problem.noKey, isKnown: false)
        #expect(closes(long) && pieces.withLock { $0 } == 17)
        pieces.withLock { $0 = 0 }
        _ = await services.refusing(post(RequestBody(asyncSequence: large)), Problem.noKey, isKnown: true)
        #expect(pieces.withLock { $0 } == 32 * 16 + 1)
        let short = post(RequestBody(buffer: ByteBuffer(string: "short")))
        #expect(!closes(await services.refusing(short, Problem.noKey, isKnown: false)))
    }

    @Test(arguments: [
        (#"{"id":"a","item_id":1.5}"#, "item_id", "is no whole number in range"),
        (#"{"id":"a","item_id":9223372036854775808}"#, "item_id", "is no whole number in range"),
        (#"{"id":"a","item_id":1,"points":1e400}"#, "points", "is no whole number in range"),
        (#"{"id":"a","item_id":"1"}"#, "item_id", "is of another type"), (#"{"id":"a"}"#, "item_id", "is required"),
        (#"{"id":"a","item_id":1.0}"#, "item_id", "is no whole number in range"),
        (#"{"id":"a","item_id":1,"points":2e1}"#, "points", "is no whole number in range"),
        (#"{"id":7,"item_id":1}"#, "id", "is of another type"), (#"["a",1]"#, "body", "is no JSON object"),
        (#"{"id":".","item_id":1}"#, "id", "must be 1 to 64"), (#"{"id":"..","item_id":1}"#, "id", "must be 1 to 64"),
        (#"{"id":"a/b","item_id":1}"#, "id", "must be 1 to 64"), (#"{"id":"","item_id":1}"#, "id", "must be 1 to 64"),
        (#"{"id":"a","item_id":1,"id":"b"}"#, "id", "is given twice"),
        (#"{"id":"a""#, "body", "is no JSON: ends too early"), ("", "body", "is no JSON: ends too early"),
        (#"{"id":"a","item_id":1,}"#, "body", "is no JSON: expected a key"),
        (#"{"id":"a","item_id":01}"#, "body", "is no JSON: "), (#"{"id":"a","item_id":1} 2"#, "body", "is no JSON: "),
    ])
    func `a field of JSON at fault is named`(_ body: String, _ field: String, _ reason: String) async throws {
        try await WebFixture().run { client in
            try await client.signInResident(1)
            let csrf = try await client.get("/points").field("csrf")
            let headers = ["Content-Type": "application/json", "X-CSRF-Token": csrf]
            let answer = try await client.send(.post, "/v1/redemptions", headers, body: body)
            #expect(answer.status == 400)
            let errors = try #require(try answer.json()["errors"] as? [[String: Any]])
            #expect(errors.count == 1 && errors.first?["field"] as? String == field, "\(answer.text)")
            #expect((errors.first?["reason"] as? String)?.hasPrefix(reason) == true, "\(answer.text)")
        }
    }

    @Test func `a small body is JSON in UTF-8, comes unpacked, and says so`() async throws {
        try await WebFixture().run { client in
            try await client.signInResident(1)
            let csrf = try await client.get("/points").field("csrf")
            let body = Array(#"{"id":"a","item_id":999,"note":"\u6c34 1.5","more":[1.5,null]}"#.utf8)
            var headers = ["Content-Type": "application/json", "X-CSRF-Token": csrf]
            func answer(_ bytes: [UInt8]) async throws -> String {
                let answer = try await client.send(.post, "/v1/redemptions", headers, bytes: bytes)
                let errors = try answer.json()["errors"] as? [[String: Any]]
                return "\(answer.status) \(errors?.first?["field"] as? String ?? "")"
            }
            // Members that nobody asks for are passed over; no item has this number.
            #expect(try await answer(body) == "404 item_id")
            #expect(try await answer([0xFF, 0xFE] + body.flatMap { [$0, 0] }) == "400 body")
            headers["Content-Encoding"] = "identity"
            #expect(try await answer(body) == "404 item_id")
            for coding in ["gzip", "br", "identity, gzip"] {
                headers["Content-Encoding"] = coding
                #expect(try await answer(body) == "415 Content-Encoding")
            }
            headers["Content-Type"] = "text/plain"
            #expect(try await answer(body) == "415 Content-Type")
            headers["X-CSRF-Token"] = "x"
            #expect(try await answer(body) == "403 X-CSRF-Token")
        }
    }

    @Test func `a body that takes longer than five minutes is answered 408, and the connection ends`() async throws {
        let clock = Mutex(WebFixture.now)
        let services = try await WebFixture().services.withClock { clock.withLock { $0 } }
        let reads: [(Request) async throws -> [UInt8]] = [
            { try await services.readSmall($0) }, { request in try await services.withReadings(request) { $0 } },
        ]
        for read in reads {
            let begun = clock.withLock { $0 }
            let slow = Endless(bytes: 1) { clock.withLock { $0 = $0 + 1 } }
            do {
                _ = try await read(post(RequestBody(asyncSequence: slow)))
                Issue.record("a body without end was read")
            } catch {
                #expect((error as? Problem)?.status == 408 && closes(error))
            }
            #expect(clock.withLock { $0 } - begun == 301)
        }
    }

    private func post(_ body: RequestBody) -> Request {
        Request(head: HTTPRequest(method: .post, scheme: "http", authority: "a", path: "/v1/readings"), body: body)
    }

    private func closes(_ error: any Error) -> Bool {
        (error as? Problem)?.headers.contains { $0 == ("Connection", "close") } == true
    }
}

/// A body of equal pieces without end. `before` runs before each piece.
private struct Endless: AsyncSequence, AsyncIteratorProtocol, Sendable {
    let bytes: Int
    let before: @Sendable () -> Void

    func makeAsyncIterator() -> Endless { self }

    func next() async -> ByteBuffer? {
        before()
        return ByteBuffer(repeating: 32, count: bytes)
    }
}

extension WebServices {
    /// The same server with another clock.
    fileprivate func withClock(_ now: @escaping @Sendable () -> Instant) -> WebServices {
        WebServices(
            database: database, city: city, shelf: shelf, record: record, closeMonth: closeMonth,
            signInStaff: signInStaff, terms: terms, pages: pages, settings: settings, sealKey: sealKey, now: now)
    }
}
