import Hummingbird
import HummingbirdTesting
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

    @Test func `a database that does not answer keeps neither readiness nor metrics waiting`() async throws {
        let (silence, ending) = AsyncStream<Void>.makeStream()
        defer { ending.finish() }
        let check = DatabaseCheck(
            look: { _, _ in
                // Not even who gives up on it ends it.
                await Task { for await _ in silence {} }.value
                return DatabaseStanding(isWritable: true, schema: 1)
            }, patience: {})
        let (ready, metrics) = try await told(by: check)
        #expect(ready.status == 503 && ready.header("Retry-After") == "5")
        #expect(ready.text.contains("The database does not answer within two seconds."), "\(ready.text)")
        #expect(metrics.status == 200 && metrics.text.contains("\njieshui_database_up 0\n"), "\(metrics.text)")
        #expect(!metrics.text.contains("jieshui_database_writable") && metrics.text.contains("process_cpu"))
    }

    @Test func `a database that fails is told as one that does not answer`() async throws {
        struct Fault: Error {}
        let (ready, metrics) = try await told(by: DatabaseCheck(look: { _, _ in throw Fault() }))
        #expect(ready.status == 503 && metrics.text.contains("\njieshui_database_up 0\n"), "\(ready.text)")
    }

    @Test func `a disk that is nearly full makes the server unready, and metrics say why`() async throws {
        let standing = DatabaseStanding(lag: (readings: 7, oldest: WebFixture.now - 3), isWritable: false, schema: 22)
        let (ready, metrics) = try await told(by: DatabaseCheck(look: { _, _ in standing }))
        #expect(ready.status == 503 && ready.header("Retry-After") == "5")
        #expect(ready.text.contains("less than 16 MiB are left where it lies"), "\(ready.text)")
        for line in [
            "jieshui_database_up 1", "jieshui_database_writable 0", "jieshui_unfolded_readings 7",
            "jieshui_fold_lag_seconds 3", "jieshui_schema_migration 22",
        ] { #expect(metrics.text.contains("\n\(line)\n"), "\(line)") }
    }

    @Test(arguments: [(900, 200, "ready"), (901, 503, "folding_lags")])
    func `the server is ready up to a lag of fifteen minutes`(_ lag: Int64, _ status: Int, _ says: String) async throws
    {
        let standing = DatabaseStanding(lag: (readings: 1, oldest: WebFixture.now - lag), isWritable: true, schema: 22)
        let (ready, _) = try await told(by: DatabaseCheck(look: { _, _ in standing }))
        #expect(ready.status == status && ready.text.contains(#""status":"\#(says)""#), "\(ready.text)")
    }

    /// What `/readyz` and `/metrics` say of a database that is found so.
    private func told(by check: DatabaseCheck) async throws -> (ready: Answer, metrics: Answer) {
        let fixture = try await WebFixture(settings())
        var services = fixture.services
        services.databaseCheck = check
        let app = Application(router: buildRouter(services))
        return try await app.test(.router) { client in
            let client = WebClient(client: client, fixture: fixture)
            let ready = try await client.get("/readyz")
            return (ready, try await client.send(.get, "/metrics", ["Authorization": "Bearer \(Self.key)"]))
        }
    }
}
