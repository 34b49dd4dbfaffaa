import Database
import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import Operations
import Storage
import Testing
import Water

@testable import Web

/// What a gateway is told of a request that has no effect as it is meant.
@Suite(.freshDatabases) struct ReadingRefusalTests {
    private static let frame = "6810776655443322118109901F017856341200FFA116"

    @Test(arguments: [
        ("/v1/readings/cjt188?cheksum=lenient", "cheksum", "it has checksum, profile"),
        ("/v1/readings/cjt188?checksum=strict&checksum=lenient", "checksum", "is given twice"),
        ("/v1/readings?profile=standard", "profile", "it has none"),
        ("/v1/readings/wmbus?checksum=lenient", "checksum", "it has none"),
        ("/v1/readings/table?maping=handheld", "maping", "it has mapping"),
        ("/v1/readings/table?mapping=a&mapping=b", "mapping", "is given twice"),
    ])
    func `a query that the address does not know, or knows with two values, is refused by name`(
        _ address: String, _ field: String, _ reason: String
    ) async throws {
        try await WebFixture().run { client in
            let headers = [
                "Authorization": "Bearer \(client.fixture.gatewayKey.text)", "Content-Type": "text/csv",
            ]
            let answer = try await client.send(.post, address, headers, body: Self.frame)
            #expect(answer.status == 400, "\(answer.text)")
            let errors = try #require(try answer.json()["errors"] as? [[String: String]])
            #expect(errors.count == 1 && errors.first?["field"] == field, "\(answer.text)")
            #expect(errors.first?["reason"]?.contains(reason) == true, "\(answer.text)")
        }
    }

    @Test func `a query that says the same twice is taken`() async throws {
        try await WebFixture().run { client in
            let headers = [
                "Authorization": "Bearer \(client.fixture.gatewayKey.text)",
                "X-Received-At": "2026-10-01T00:00:00+08:00",
            ]
            let answer = try await client.send(
                .post, "/v1/readings/cjt188?checksum=strict&checksum=strict", headers, body: Self.frame)
            #expect(answer.status == 200, "\(answer.text)")
        }
    }

    @Test func `a time of receipt that is given twice is said so`() async throws {
        let fixture = try await WebFixture()
        try await live(fixture) { port, _ in
            let client = RawConnection(port: port)
            let time = "X-Received-At: 2026-10-01T00:00:00+08:00\r\n"
            await client.send(
                """
                POST /v1/readings/cjt188 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(time)\(time)\
                Authorization: Bearer \(fixture.gatewayKey.text)\r\nContent-Length: 44\r\n\r\n\(Self.frame)
                """)
            let answer = await client.receive()
            #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("X-Received-At"), "\(answer)")
            #expect(answer.contains("is given twice"), "\(answer)")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `where telegrams are kept and readings are not, it is not said that nothing was`(engine: TestEngine)
        async throws
    {
        let fixture = try await WebFixture(on: engine)
        var limits = RecordLimits()
        limits.waitingBytes = 0
        let services = fixture.services.withRecord(
            RecordReadings(
                database: fixture.services.database, limits: limits,
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })))
        // Encrypted, and no key is known.
        let telegram = "1E44AE4C7856341268077A5500100500112233445566778899AABBCCDDEEFF"
        try await Application(router: buildRouter(services)).test(.router) { plain in
            let client = WebClient(client: plain, fixture: fixture)
            let headers = [
                "Authorization": "Bearer \(fixture.gatewayKey.text)", "X-Received-At": "2026-10-01T00:00:00+08:00",
            ]
            let answer = try await client.send(.post, "/v1/readings/wmbus", headers, body: telegram)
            #expect(answer.status == 503 && answer.header("Retry-After") == "2", "\(answer.text)")
            #expect(!answer.text.contains("nothing"), "\(answer.text)")
            #expect(answer.text.contains("what was kept of it is kept once"), "\(answer.text)")
            let kept = try await services.database.read { try $0.keptTelegramsByMeter(limit: 10) }
            #expect(kept.count == 1 && kept.first?.field == "key")
        }
        // Sent again, it is there once.
        try await fixture.run { client in
            let headers = [
                "Authorization": "Bearer \(fixture.gatewayKey.text)", "X-Received-At": "2026-10-01T00:00:00+08:00",
            ]
            let answer = try await client.send(.post, "/v1/readings/wmbus", headers, body: telegram)
            #expect(try answer.json()["undecoded"] as? Int == 1, "\(answer.text)")
            let kept = try await fixture.services.database.read { try $0.keptTelegramsByMeter(limit: 10) }
            #expect(kept.map(\.count) == [1])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a home's months are listed to their end, a page at a time`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            let database = client.fixture.services.database
            let home = try #require(
                try await database.read { try $0.household(number: WebFixture.number(3)) })
            let last = try #require(BillingMonth("2026-10"))
            let rows = (0..<121).map { back in
                StoredStatement(
                    household: home.id, month: last.advanced(by: -back), version: 1, body: "{}",
                    hash: sha256Hex(Array("{}".utf8)))
            }
            try await database.write { try $0.add(rows, to: home.community, at: WebFixture.now) }
            try await client.signInResident(3)
            let first = try await client.get("/v1/statements").json()
            let months = try #require(first["statements"] as? [[String: Any]])
            #expect(months.count == 120 && months.first?["month"] as? String == "2026-10")
            let next = try #require(first["next"] as? String)
            #expect(next == "2016-11" && months.last?["month"] as? String == next)
            let rest = try await client.get("/v1/statements?after=\(next)")
            #expect(rest.text.contains(#""next":null"#), "\(rest.text)")
            #expect(rest.text.contains(#"[{"month":"2016-10","version":1}]"#), "\(rest.text)")
            #expect(try await client.get("/v1/statements?after=2016").status == 400)
        }
    }
}

extension WebServices {
    /// The same server with another recorder.
    fileprivate func withRecord(_ record: RecordReadings) -> WebServices {
        WebServices(
            database: database, city: city, shelf: shelf, record: record, closeMonth: closeMonth,
            signInStaff: signInStaff, terms: terms, pages: pages, settings: settings, sealKey: sealKey,
            profiles: profiles, now: now)
    }
}
