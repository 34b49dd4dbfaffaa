import Hummingbird
import Operations
import Testing
import Water

@testable import Web

@Suite(.freshDatabases) struct ReadingRouteTests {
    private static let one = #"{"meter":"M1","at":"2026-10-01T00:00:00+08:00","volume_m3":"1.000"}"#

    @Test(arguments: TestEngine.allCases)
    func `a batch is answered with counts and an entry for what is not simply accepted`(engine: TestEngine) async throws
    {
        try await WebFixture(on: engine).run { client in
            let body = """
                {"readings":[\(Self.one),
                {"meter":"nobody","at":"2026-10-01T00:00:00+08:00","volume_m3":"1"},
                {"meter":"M1","at":"2026-10-01T01:00:00","volume_m3":"1"}]}
                """
            let answer = try await client.postReadings(body)
            #expect(answer.status == 200)
            let json = try answer.json()
            #expect(json["accepted"] as? Int == 1 && json["held"] as? Int == 1 && json["rejected"] as? Int == 1)
            let items = try #require(json["items"] as? [[String: Any]])
            #expect(items.map { $0["status"] as? String }.sorted { ($0 ?? "") < ($1 ?? "") } == ["held", "rejected"])
            let rejected = try #require(items.first { $0["status"] as? String == "rejected" })
            #expect(rejected["index"] as? Int == 2 && rejected["field"] as? String == "at")
            #expect(try await client.postReadings(body).text == answer.text)
        }
    }

    @Test(arguments: [
        ("application/x-ndjson", Self.one + "\n" + Self.one),
        ("application/json; charset=utf-8", #"{"readings":[\#(Self.one)]}"#),
        ("text/csv", "meter,at,volume_m3\nM1,2026-10-01T00:00:00+08:00,1.000\n"),
    ])
    func `every native format is taken by its content type`(_ type: String, _ body: String) async throws {
        try await WebFixture().run { client in
            let answer = try await client.postReadings(body, type: type)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try answer.json()["rejected"] as? Int == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `another type, no key, a wrong key and a broken body are refused as problems`(engine: TestEngine) async throws
    {
        try await WebFixture(on: engine).run { client in
            let type = try await client.postReadings(Self.one, type: "application/xml")
            #expect(type.status == 415 && type.header("Content-Type") == "application/problem+json")
            let noKey = try await client.send(
                .post, "/v1/readings", ["Content-Type": "application/json"], body: Self.one)
            #expect(noKey.status == 401 && noKey.header("WWW-Authenticate")?.hasPrefix("Bearer") == true)
            let wrongKey = try await client.send(
                .post, "/v1/readings", ["Content-Type": "application/json", "Authorization": "Bearer jsg_x"],
                body: Self.one)
            #expect(wrongKey.status == 401)
            let broken = try await client.postReadings(#"{"readings":[}"#)
            #expect(broken.status == 400)
            let problem = try broken.json()
            #expect(problem["type"] as? String == "/problems/malformed-body")
            let errors = try #require(problem["errors"] as? [[String: Any]])
            #expect(errors.first?["offset"] as? Int == 13)
            #expect(problem["instance"] as? String == broken.header("X-Request-Id").map { "urn:request:\($0)" })
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a body over the limit is 413 whether announced or not, and room is given back`(engine: TestEngine)
        async throws
    {
        var settings = WebSettings()
        settings.bodyBytes = 200
        settings.bodyBytesAtOnce = 200
        try await WebFixture(settings, on: engine).run { client in
            let long = String(repeating: " ", count: 201)
            let refused = try await client.postReadings(long)
            #expect(refused.status == 413)
            for _ in 0..<3 {
                let kept = try await client.postReadings(#"{"readings":[\#(Self.one)]}"#)
                #expect(kept.status == 200)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the meter protocols have their own addresses`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            let key = ["Authorization": "Bearer \(client.fixture.gatewayKey.text)"]
            let frame = try await client.send(.post, "/v1/readings/cjt188", key, body: "68 10 00 16\n")
            #expect(frame.status == 200)
            #expect(try frame.json()["rejected"] as? Int == 1)
            let bad = try await client.send(
                .post, "/v1/readings/cjt188", key.merging(["X-Received-At": "yesterday"]) { a, _ in a }, body: "68\n")
            #expect(bad.status == 400)
            let telegram = """
                {"media":"water","meter":"multical21","id":"76348799","total_m3":6.408,\
                "timestamp":"2026-10-01T00:00:00Z"}
                """
            let wmbus = try await client.send(.post, "/v1/readings/wmbusmeters", key, body: telegram)
            #expect(wmbus.status == 200)
            #expect(try wmbus.json()["held"] as? Int == 1)
        }
    }
}
