import Database
import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTesting
import Operations
import Storage
import Synchronization
import Testing

@testable import Web

/// What only a real connection shows.
@Suite(.freshDatabases) struct ConnectionTests {
    @Test(arguments: [401, 415])
    func `a client that sends all before it listens is answered though it is refused`(_ status: Int) async throws {
        let fixture = try await WebFixture()
        let app = Application(router: buildRouter(fixture.services))
        let key = status == 415 ? "Authorization: Bearer \(fixture.gatewayKey.text)\r\n" : ""
        try await app.test(.live) { client in
            // Of a sender without a key no more is read.
            let size = (status == 415 ? 8 : 1) * 1_024 * 1_024
            let head = """
                POST /v1/readings HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(key)\
                Content-Type: application/xml\r\nContent-Length: \(size)\r\n\r\n
                """
            let request = Array(head.utf8) + [UInt8](repeating: 32, count: size)
            let answer = await exchange(request, port: try #require(client.port))
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        }
    }

    @Test func `a body is asked for once, after the requests before it, and a broken one ends the connection`()
        async throws
    {
        let fixture = try await WebFixture()
        let configuration = HTTP1Channel.Configuration(additionalChannelHandlers: [ConnectionHandler()])
        let app = Application(router: buildRouter(fixture.services), server: .http1(configuration: configuration))
        let form = "Content-Type: application/x-www-form-urlencoded\r\n"
        let get = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        let waiting =
            "POST /sign-in HTTP/1.1\r\nHost: localhost\r\n\(form)Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        let broken = "POST /sign-in HTTP/1.1\r\nHost: localhost\r\n\(form)Transfer-Encoding: chunked\r\n\r\nzz\r\n"
        try await app.test(.live) { client in
            let port = try #require(client.port)
            let connection = RawConnection(port: port)
            await connection.send(get + get + waiting)
            let asked = await connection.receive(until: "HTTP/1.1 100 ")
            let states = asked.matches(of: /HTTP\/1\.1 (\d+)/).map { String($0.1) }
            #expect(states == ["200", "200", "100"], "\(asked)")
            let answer = await exchange(Array(broken.utf8), port: port, whole: true)
            #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("Connection: close"), "\(answer)")
        }
    }

    @Test(arguments: [
        ("HTTP/1.0", "", true), ("HTTP/1.0", "Connection: Keep-Alive\r\n", true),
        ("HTTP/1.1", "Host: a\r\n", false), ("HTTP/1.1", "Host: a\r\nConnection: TE, Close\r\n", true),
    ])
    func `a connection ends with the answer where its request says so or is old`(
        _ version: String, _ fields: String, _ ends: Bool
    ) async throws {
        try await live(WebFixture()) { port, _ in
            let get = "GET /healthz \(version)\r\n\(fields)\r\n"
            let last = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            let answer = await exchange(Array((get + get + last).utf8), port: port, whole: true)
            #expect(answer.matches(of: /HTTP\/1\.1 200/).count == (ends ? 1 : 3), "\(answer)")
            #expect(answer.matches(of: /Connection: close/).count == 1, "\(answer)")
        }
    }

    @Test(arguments: ["", "Host: a\r\nHost: b\r\n"])
    func `a request of HTTP 1.1 names its host once`(_ fields: String) async throws {
        try await live(WebFixture()) { port, _ in
            let request = "GET /healthz HTTP/1.1\r\n\(fields)\r\n"
            let answer = await exchange(Array(request.utf8), port: port, whole: true)
            #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains(#""field":"Host""#), "\(answer)")
        }
    }

    @Test func `of a body that comes after its answer only so much is let pass`() async throws {
        try await live(WebFixture()) { port, _ in
            let head = "POST /v1/nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 33554432\r\n\r\n"
            let request = Array(head.utf8) + [UInt8](repeating: 32, count: 32 * 1_024 * 1_024)
            #expect(await exchange(request, port: port).isEmpty, "the connection ends before all is sent")
        }
    }

    @Test(
        arguments: [
            ("Content-Length: 1048577", true), ("Content-Length: 1048576", false), ("Transfer-Encoding: chunked", true),
        ], [("POST", "/v1/nothing", 404), ("PUT", "/v1/readings", 405)])
    func `an answer says where a body that comes after it ends the connection`(
        _ body: (length: String, ends: Bool), _ to: (method: String, path: String, status: Int)
    ) async throws {
        try await live(WebFixture()) { port, _ in
            let client = RawConnection(port: port)
            await client.send("\(to.method) \(to.path) HTTP/1.1\r\nHost: a\r\n\(body.length)\r\n\r\n")
            let answer = await client.receive(until: "}")
            #expect(answer.hasPrefix("HTTP/1.1 \(to.status) "), "\(answer)")
            #expect(answer.contains("Connection: close") == body.ends, "\(answer)")
        }
    }

    @Test func `the end of a body of no length that was answered before ends the connection`() async throws {
        try await live(WebFixture()) { port, _ in
            let client = RawConnection(port: port)
            await client.send("POST /v1/nothing HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            #expect(await client.receive(until: "}").contains("Connection: close"))
            await client.send("1\r\nx\r\n0\r\n\r\n")
            #expect(await client.isClosed())
        }
    }

    @Test(arguments: ["", "12"])
    func `a body of nobody known that stays away ends when its time is up`(_ begun: String) async throws {
        try await live(WebFixture(), ConnectionBounds(restMilliseconds: 50)) { port, _ in
            let client = RawConnection(port: port)
            await client.send("POST /v1/readings HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n\(begun)")
            let answer = await client.receive(until: "}")
            #expect(answer.hasPrefix("HTTP/1.1 401 ") && answer.contains("Connection: close"), "\(answer)")
            #expect(await client.isClosed())
        }
    }

    @Test(arguments: [("/v1/readings", 401), ("/v1/push/ctwing/nobody", 404), ("/v1/nothing", 404)])
    func `who waits to be asked for a body is refused without it`(_ path: String, _ status: Int) async throws {
        try await live(WebFixture()) { port, _ in
            let client = RawConnection(port: port)
            await client.send(
                "POST \(path) HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
            let answer = await client.receive(until: "}")
            #expect(answer.hasPrefix("HTTP/1.1 \(status) ") && answer.contains("Connection: close"), "\(answer)")
            #expect(await client.isClosed())
        }
    }

    @Test func `a gateway that waits to be asked is asked`() async throws {
        let fixture = try await WebFixture()
        try await live(fixture) { port, _ in
            let body = "meter,at,volume_m3\nM1,2026-10-01T00:00:00+08:00,1.5\n"
            let client = RawConnection(port: port)
            await client.send(upload(fixture, length: body.utf8.count))
            #expect(await client.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100 "))
            await client.send(body)
            let answer = await client.receive(until: "}")
            #expect(answer.hasPrefix("HTTP/1.1 200 ") && !answer.contains("Connection: close"), "\(answer)")
        }
    }

    @Test
    func `a stop waits for no body that has not ended, and keeps nothing of it`() async throws {
        let fixture = try await WebFixture()
        let client = try await live(fixture, ConnectionBounds(partingMilliseconds: 50)) { port, _ in
            let client = RawConnection(port: port)
            await client.send(upload(fixture, length: 1_000))
            // The gateway is known and its body is being read.
            #expect(await client.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100 "))
            await client.send("meter,at,volume_m3\nM1,2026-10-01T00:00:00+08:00,1.5\n")
            return client
        }
        let answer = await client.receive()
        #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("Retry-After: 2"), "\(answer)")
        #expect(answer.contains("Connection: close") && answer.contains("application/problem+json"), "\(answer)")
        #expect(try await fixture.services.database.read { try $0.journalLag() } == nil)
    }

    @Test(arguments: [
        ("GET /a page HTTP/1.1\r\n\r\n", "HTTP/1.1 or HTTP/1.0"), ("HELLO\r\n\r\n", "a method of HTTP"),
        ("GET / HTTP/1.1\r\nHost: a\r\nTwo words: 1\r\n\r\n", "a character that is not allowed"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", "Content-Length is no number"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", "is given twice"),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "stands beside Content-Length"
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
            "stands beside Transfer-Encoding"
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nLong: \(String(repeating: "x", count: 82_000))\r\n\r\n", "80 KiB"),
    ])
    func `what is no HTTP is refused with its reason`(_ request: String, _ reason: String) async throws {
        try await live(WebFixture()) { port, _ in
            let client = RawConnection(port: port)
            await client.send(request)
            let answer = await client.receive(until: "}")
            #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("Connection: close"), "\(answer)")
            let parts = answer.components(separatedBy: "\r\n\r\n")
            #expect(parts.count == 2 && parts[0].contains("Content-Type: application/problem+json"), "\(answer)")
            let json = try JSONSerialization.jsonObject(with: Data((parts.last ?? "").utf8))
            let problem = try #require(json as? [String: Any])
            #expect(problem["type"] as? String == "/problems/bad-request" && problem["status"] as? Int == 400)
            #expect((problem["detail"] as? String)?.contains(reason) == true, "\(answer)")
            #expect(await client.isClosed())
        }
    }

    @Test func `what is no HTTP is logged by its reason alone`() async throws {
        try await live(WebFixture()) { port, log in
            let answer = await exchange(Array("GET /secret page HTTP/1.1\r\n\r\n".utf8), port: port, whole: true)
            #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
            let lines = log.lines.withLock { $0 }
            #expect(lines.count == 1 && lines.first?.hasPrefix("no HTTP reason=") == true, "\(lines)")
            #expect(lines.allSatisfy { !$0.contains("secret") && !$0.contains("127.0.0.1") })
        }
    }

    /// The head of a gateway's table, which waits to be asked for the body.
    private func upload(_ fixture: WebFixture, length: Int) -> String {
        """
        POST /v1/readings HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(fixture.gatewayKey.text)\r\n\
        Content-Type: text/csv\r\nExpect: 100-continue\r\nContent-Length: \(length)\r\n\r\n
        """
    }

    /// Sends everything and only then reads, `whole` until the server closes or says nothing more; empty where not all
    /// could be sent.
    private func exchange(_ request: [UInt8], port: Int, whole: Bool = false) async -> String {
        let client = RawConnection(port: port)
        guard await client.send(request) else { return "" }
        return await client.receive(until: whole ? nil : "\r\n")
    }
}
