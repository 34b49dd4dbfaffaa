import Database
import Foundation
import Hummingbird
import HummingbirdTesting
import Operations
import Storage
import Testing
import Water

@testable import Web

/// What is said of a request that was not done, or of which that is not known.
@Suite(.freshDatabases) struct ErrorAnswerTests {
    @Test(arguments: [
        ("/v1/readings", 405, "application/problem+json"), ("/v1/nothing", 404, "application/problem+json"),
        ("/nothing", 404, "text/html; charset=utf-8"), ("/goal", 405, "text/html; charset=utf-8"),
        ("/metrics", 404, "application/problem+json"), ("/sign-in", 200, "text/html; charset=utf-8"),
    ])
    func `a HEAD is answered without a body and with its length, also where it is refused`(
        _ path: String, _ status: Int, _ type: String
    ) async throws {
        try await WebFixture().run { client in
            let answer = try await client.send(.head, path)
            #expect(answer.status == status && answer.header("Content-Type") == type)
            #expect(answer.text.isEmpty)
            #expect((answer.header("Content-Length").flatMap { Int($0) } ?? 0) > 0)
        }
    }

    @Test(arguments: [
        ("//v1/statements", 401), ("/v1/statements/", 401), ("/v1//statements/2026-10", 401), ("//v1/nothing", 404),
        ("/v1/readings/", 405), ("//v1/readings/cjt188", 405), ("/metrics/", 404), ("//metrics", 404), ("//v1", 404),
    ])
    func `an address with empty parts is refused as the one without them`(_ path: String, _ status: Int) async throws {
        try await WebFixture().run { client in
            let answer = try await client.get(path)
            #expect(answer.status == status, "\(answer.text)")
            #expect(answer.header("Content-Type") == "application/problem+json", "\(answer.text)")
        }
    }

    @Test(arguments: ["/readyz/", "//readyz"])
    func `a supervisor's address with empty parts fails for programs`(_ path: String) async throws {
        var services = try await WebFixture().services
        services.databaseCheck = DatabaseCheck(look: { _, _ in throw DatabaseFailure.unreachable(reason: "away") })
        try await Application(router: buildRouter(services)).test(.router) { client in
            let answer = try await client.execute(uri: path, method: .get) { Answer($0) }
            #expect(answer.status == 503 && answer.header("Content-Type") == "application/problem+json")
        }
    }

    @Test func `after a refused HEAD the connection's next answer is the next request's`() async throws {
        try await live(WebFixture()) { port, _ in
            let client = RawConnection(port: port)
            let heads = ["/v1/readings", "/v1/nothing", "/nothing"].map { "HEAD \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }
            let last = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            await client.send(heads.joined() + last)
            let answer = await client.receive()
            let parts = answer.split(separator: "\r\n\r\n").map { $0.prefix(12) }
            #expect(parts.prefix(4) == ["HTTP/1.1 405", "HTTP/1.1 404", "HTTP/1.1 404", "HTTP/1.1 200"], "\(answer)")
        }
    }

    /// Every request ends with what is thrown here.
    private func failing(_ failure: DatabaseFailure) async throws -> Application<RouterResponder<WebContext>> {
        let router = Router(context: WebContext.self)
        router.add(middleware: ErrorMiddleware(services: try await WebFixture().services, table: RouteTable()))
        for method in [HTTPRequest.Method.get, .head, .post] {
            router.on("**", method: method) { _, _ -> Response in throw failure }
        }
        return Application(router: router)
    }

    @Test(arguments: [
        ("/v1/redemptions/a/confirm", "Look whether it is done"), ("/v1/readings/wmbus", "Send the same again"),
        ("/v1/push/ctwing/north", "Send the same again"), ("/v1/redemptions", "Send the same again"),
        ("//v1/readings", "Send the same again"), ("/v1/redemptions/", "Send the same again"),
    ])
    func `where the outcome is not known that is said, and whether sending again is safe`(
        _ path: String, _ advice: String
    ) async throws {
        try await failing(.outcomeUnknown).test(.router) { client in
            let answer = try await client.execute(uri: path, method: .post) { Answer($0) }
            #expect(answer.status == 500 && answer.text.contains("/problems/outcome-unknown"), "\(answer.text)")
            #expect(answer.text.contains(advice) && answer.header("Retry-After") == nil, "\(answer.text)")
        }
    }

    @Test func `people are told to look first where the outcome is not known`() async throws {
        try await failing(.outcomeUnknown).test(.router) { client in
            let page = try await client.execute(uri: "/points/hold", method: .post) { Answer($0) }
            #expect(page.status == 500 && page.text.contains("不知道办成了没有"), "\(page.text)")
            let english = try await client.execute(uri: "/points/hold?lang=en", method: .post) { Answer($0) }
            #expect(english.text.contains("It is not known whether this was done"), "\(english.text)")
        }
    }

    @Test func `a damaged database is 503 without its path, so that gateways send again`() async throws {
        try await failing(.damaged(path: "/data/city.sqlite", reason: "malformed")).test(.router) { client in
            let answer = try await client.execute(uri: "/v1/readings", method: .post) { Answer($0) }
            #expect(answer.status == 503 && answer.header("Retry-After") == "5", "\(answer.text)")
            #expect(!answer.text.contains("city.sqlite") && !answer.text.contains("make room"), "\(answer.text)")
        }
    }

    @Test func `a failure in answer to HEAD has no body either`() async throws {
        try await failing(.other(reason: "gone")).test(.router) { client in
            for path in ["/v1/formats", "/sign-in"] {
                let answer = try await client.execute(uri: path, method: .head) { Answer($0) }
                #expect(answer.status == 500 && answer.text.isEmpty && answer.header("Content-Length") != "0")
            }
        }
    }

    @Test(arguments: ["gzip", "gzip, chunked"])
    func `another transfer coding than chunked is named`(_ coding: String) async throws {
        let fixture = try await WebFixture()
        try await live(fixture) { port, _ in
            let client = RawConnection(port: port)
            await client.send(
                """
                POST /v1/readings HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(fixture.gatewayKey.text)\r\n\
                Content-Type: text/csv\r\nTransfer-Encoding: \(coding)\r\n\r\n0\r\n\r\n
                """)
            let answer = await client.receive()
            #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("Connection: close"), "\(answer)")
            #expect(answer.contains("Transfer-Encoding") && answer.contains("another than chunked"), "\(answer)")
        }
    }
}
