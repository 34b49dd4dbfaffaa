import Hummingbird
import Operations
import Testing

@testable import Web

/// For how long a connection waits for its client, and what it owes it meanwhile.
@Suite(.freshDatabases) struct ConnectionBoundTests {
    @Test func `who takes nothing of an answer is let go when the time is up`() async throws {
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        try await live(endless(end), ConnectionBounds(takingMilliseconds: 50)) { port, _ in
            let client = RawConnection(port: port, room: 64 * 1_024)
            await client.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
            for await _ in ends { break }
            #expect(await client.isClosed())
        }
    }

    @Test(arguments: [1, 200])
    func `a stop does not wait for who takes nothing`(_ requests: Int) async throws {
        let bounds = ConnectionBounds(takingAtStopMilliseconds: 50)
        let client = try await live(large(), bounds) { port, _ in
            let client = RawConnection(port: port, room: 64 * 1_024)
            await client.send(String(repeating: "GET /large HTTP/1.1\r\nHost: a\r\n\r\n", count: requests))
            #expect(await client.holds(32 * 1_024))
            return client
        }
        #expect(await client.isClosed())
    }

    @Test func `an answer that ends its connection comes whole, however slowly it is taken`() async throws {
        try await live(large()) { port, _ in
            let client = RawConnection(port: port, room: 64 * 1_024)
            await client.send("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            // Nothing is taken before no more comes, and then a little at a time.
            #expect(await client.holds(32 * 1_024))
            #expect(await client.receive(in: 4 * 1_024).utf8.count > Self.size)
        }
    }

    @Test func `an answer that is being taken comes whole though its client sends no more`() async throws {
        try await live(large()) { port, _ in
            let client = RawConnection(port: port, room: 64 * 1_024)
            await client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            client.endSending()
            #expect(await client.holds(32 * 1_024))
            #expect(await client.receive(in: 4 * 1_024).utf8.count > Self.size)
        }
    }

    @Test func `an answer that is being taken comes whole though the server stops`() async throws {
        let bounds = ConnectionBounds(takingAtStopMilliseconds: 60_000)
        let taking = try await live(large(), bounds) { port, _ in
            let client = RawConnection(port: port, room: 64 * 1_024)
            await client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.holds(32 * 1_024))
            return Task { await client.receive(in: 4 * 1_024).utf8.count }
        }
        #expect(await taking.value > Self.size)
    }

    @Test(arguments: [
        ("text/csv", "Content-Length: 9000001", "", 413), ("text/csv", "Content-Length: 9000001", "met", 413),
        ("text/plain", "Content-Length: 100", "", 415),
        ("text/csv", "Content-Encoding: br\r\nContent-Length: 100", "", 415),
    ])
    func `a known gateway is told why its body is refused though the body stays away`(
        _ type: String, _ fields: String, _ begun: String, _ status: Int
    ) async throws {
        let fixture = try await WebFixture()
        try await live(fixture, ConnectionBounds(restMilliseconds: 50)) { port, _ in
            let client = RawConnection(port: port)
            await client.send(upload(fixture, type, fields) + begun)
            let answer = await client.receive(until: "}")
            #expect(answer.hasPrefix("HTTP/1.1 \(status) ") && answer.contains("Connection: close"), "\(answer)")
            #expect(await client.isClosed())
        }
    }

    @Test(arguments: [0, 9_000_001])
    func `a body that is too large by its head is refused at once, and who sends it all is heard`(_ sent: Int)
        async throws
    {
        let fixture = try await WebFixture()
        let bounds = ConnectionBounds(restMilliseconds: 600_000, partingMilliseconds: 60_000)
        try await live(fixture, bounds) { port, _ in
            let client = RawConnection(port: port)
            await client.send(upload(fixture, "text/csv", "Content-Length: 9000001"))
            #expect(await client.send([UInt8](repeating: 32, count: sent)))
            // The server closes its side, though the body may never come.
            let answer = await client.receive()
            #expect(answer.hasPrefix("HTTP/1.1 413 ") && answer.contains("Connection: close"), "\(answer)")
        }
    }

    @Test(arguments: [
        ("/sign-in", "HTTP/1.1", "", "csr"), ("/staff/sign-in", "HTTP/1.1", "", "csr"),
        // What a request of HTTP/1.0 expects is not heard: 100 would come first.
        ("/sign-in", "HTTP/1.0", "Expect: 100-continue\r\n", ""),
    ])
    func `a form of nobody known that stays away is answered when its time is up`(
        _ path: String, _ version: String, _ fields: String, _ begun: String
    ) async throws {
        try await live(WebFixture(), ConnectionBounds(restMilliseconds: 50)) { port, _ in
            let client = RawConnection(port: port)
            let form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n"
            await client.send("POST \(path) \(version)\r\nHost: a\r\n\(form)\(fields)\r\n\(begun)")
            let answer = await client.receive()
            #expect(answer.hasPrefix("HTTP/1.1 408 ") && answer.contains("Connection: close"), "\(answer)")
        }
    }

    @Test func `a form that is too large by its head is refused at once`() async throws {
        try await live(WebFixture()) { port, _ in
            let client = RawConnection(port: port)
            let form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 65537\r\n"
            await client.send("POST /sign-in HTTP/1.1\r\nHost: a\r\n\(form)\r\n")
            #expect(await client.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func `who is idle within a body is told so`() async throws {
        let fixture = try await WebFixture()
        try await live(fixture, ConnectionBounds(takingMilliseconds: 300), isIdleSoon: true) { port, _ in
            var answer = ""
            // A connection may be idle before anything is sent on it, and is closed then.
            for _ in 0..<5 where answer.isEmpty {
                let client = RawConnection(port: port)
                await client.send(upload(fixture, "text/csv", "Content-Length: 100") + "met")
                answer = await client.receive()
            }
            #expect(answer.hasPrefix("HTTP/1.1 408 ") && answer.contains("/problems/body-too-slow"), "\(answer)")
            #expect(answer.contains("Connection: close"), "\(answer)")
        }
    }

    @Test func `who still sends after the last answer is heard for a while`() async throws {
        let bounds = ConnectionBounds(restMilliseconds: 50, partingMilliseconds: 60_000)
        try await live(WebFixture(), bounds) { port, _ in
            let client = RawConnection(port: port)
            await client.send("POST /v1/readings HTTP/1.1\r\nHost: a\r\nContent-Length: 33554432\r\n\r\n")
            // The server closes its side, and resets nothing.
            let answer = await client.receive()
            #expect(answer.hasPrefix("HTTP/1.1 401 ") && answer.hasSuffix("}"), "\(answer)")
            for _ in 0..<8 { #expect(await client.send([UInt8](repeating: 32, count: 64 * 1_024))) }
            let more = await client.send([UInt8](repeating: 32, count: 32 * 1_024 * 1_024))
            #expect(!more, "1 MiB is heard and no more")
        }
    }

    /// Of `/large`: more than the system takes at once.
    private static let size = 32 * 1_024 * 1_024

    private func large() -> Router<WebContext> {
        let router = Router(context: WebContext.self)
        router.get("large") { _, _ in Response.bytes([UInt8](repeating: 32, count: Self.size), type: "text/plain") }
        return router
    }

    /// An answer without end; `end` is told once it can be written no more.
    private func endless(_ end: AsyncStream<Void>.Continuation) -> Router<WebContext> {
        let router = Router(context: WebContext.self)
        router.get("endless") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    defer { end.yield() }
                    while true { try await writer.write(ByteBuffer(repeating: 32, count: 64 * 1_024)) }
                })
        }
        return router
    }

    /// The head of what a gateway posts.
    private func upload(_ fixture: WebFixture, _ type: String, _ fields: String) -> String {
        """
        POST /v1/readings HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(fixture.gatewayKey.text)\r\n\
        Content-Type: \(type)\r\n\(fields)\r\n\r\n
        """
    }
}
