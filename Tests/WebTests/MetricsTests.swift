import Hummingbird
import Operations
import Testing
import Water

@testable import Web

@Suite(.freshDatabases) struct MetricsTests {
    private static let key = "a key of sixteen or more"

    private func settings() -> WebSettings {
        var settings = WebSettings()
        settings.metricsKeyHash = Secret(Self.key).hash
        return settings
    }

    @Test func `without a key of its own there are no metrics, and with one nobody else reads them`() async throws {
        let bearer = ["Authorization": "Bearer \(Self.key)"]
        try await WebFixture().run { client in
            let answer = try await client.send(.get, "/metrics", bearer)
            #expect(answer.status == 404)
        }
        try await WebFixture(settings()).run { client in
            let (none, other) = (
                try await client.get("/metrics"),
                try await client.send(.get, "/metrics", ["Authorization": "Bearer another"])
            )
            #expect(none.status == 401 && other.status == 401)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `requests are counted by route, readings and what waits as numbers, and no address is told`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(settings(), on: engine).run { client in
            let body = #"""
                {"readings":[{"meter":"nobodys","at":"2026-11-24T10:00:00+08:00","volume_l":1},
                {"meter":"nobodys","at":"2026-11-24T11:00:00+08:00","volume_l":2},{"meter":""}]}
                """#
            let posted = try await client.postReadings(body)
            #expect(posted.status == 200)
            _ = try await client.get("/statements/2026-10/explain")
            _ = try await client.get("/nowhere/10603010001")
            let answer = try await client.send(.get, "/metrics", ["Authorization": "Bearer \(Self.key)"])
            #expect(answer.status == 200)
            let lines = Set(answer.text.split(separator: "\n").map(String.init))
            for line in [
                #"jieshui_requests_total{route="/v1/readings",method="POST",status="200"} 1"#,
                #"jieshui_request_seconds_count{route="/v1/readings"} 1"#,
                #"jieshui_request_seconds_bucket{route="/v1/readings",le="+Inf"} 1"#,
                "jieshui_readings_total 2", #"jieshui_items_total{status="held"} 2"#,
                #"jieshui_items_total{status="rejected"} 1"#, "jieshui_unfolded_readings 2",
                "jieshui_database_up 1", "jieshui_database_writable 1", #"jieshui_deliveries{state="waiting"} 0"#,
            ] { #expect(lines.contains(line), "\(line)") }
            #expect(!answer.text.contains("nobodys") && !answer.text.contains("10603010001"))
            // Each family is told once, before its samples.
            let families = answer.text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
            #expect(Set(families).count == families.count && families.count >= 10)
        }
    }
}
