import Foundation
import Hummingbird
import Logging
import Operations
import Storage
import Water

/// `GET /metrics`, the text form of Prometheus, for who watches over the service. Only where a key is set, and with it:
/// the counts tell a stranger nothing of a person, but how the service stands.
struct MetricsRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.get("metrics") { request, context in try await metrics(request, context) }
    }

    private func metrics(_ request: Request, _ context: WebContext) async throws -> Response {
        guard let hash = services.settings.metricsKeyHash else { throw Problem.notFound }
        guard request.bearer?.hash == hash else { throw Problem.noKey }
        var text = MetricsText()
        text.add(services.counts.all)
        await add(to: &text, context)
        text.addProcess()
        return .bytes(Array(text.text.utf8), type: "text/plain; version=0.0.4; charset=utf-8")
    }

    /// How the database stands; where it does not answer, that alone.
    private func add(to text: inout MetricsText, _ context: WebContext) async {
        let now = services.now()
        let found = await services.databaseCheck(at: now, countsDeliveries: true, context.logger)
        text.gauge(
            "jieshui_database_up", "1 where the database answers within two seconds.", found == nil ? 0 : 1)
        guard let found else { return }
        text.gauge(
            "jieshui_database_writable",
            "0 where writes fail, or less than 16 MiB are left where the database lies.", found.isWritable ? 1 : 0)
        text.gauge("jieshui_schema_migration", "The number of the database's last migration.", found.schema)
        text.gauge("jieshui_unfolded_readings", "Readings kept and not yet folded.", found.lag?.readings ?? 0)
        text.gauge(
            "jieshui_fold_lag_seconds", "How long the oldest of them has waited.", found.lagSeconds(at: now))
        text.family("jieshui_deliveries", "gauge", "Deliveries by where they stand.")
        for state in DeliveryState.allCases {
            text.sample("jieshui_deliveries", [("state", state.rawValue)], "\(found.deliveries[state] ?? 0)")
        }
    }
}

/// The text form of Prometheus, 0.0.4: a family's help and type, then its samples.
struct MetricsText {
    private(set) var text = ""

    mutating func family(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    mutating func sample(_ name: String, _ labels: [(String, String)], _ value: String) {
        let list = labels.map { "\($0.0)=\"\(escaped($0.1))\"" }.joined(separator: ",")
        text += "\(name)\(list.isEmpty ? "" : "{\(list)}") \(value)\n"
    }

    mutating func gauge(_ name: String, _ help: String, _ value: Int64) {
        family(name, "gauge", help)
        sample(name, [], "\(value)")
    }

    private func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
            .replacingOccurrences(of: "\n", with: "\\n")
    }

    mutating func add(_ counts: ServiceCounts.All) {
        family("jieshui_requests_total", "counter", "Requests answered, by route.")
        for (request, count) in counts.requests.sorted(by: { $0.key < $1.key }) {
            sample(
                "jieshui_requests_total",
                [("route", request.route), ("method", request.method), ("status", "\(request.status)")], "\(count)")
        }
        family("jieshui_request_seconds", "histogram", "Time to the answer, by route.")
        for (route, times) in counts.times.sorted(by: { $0.key < $1.key }) {
            for (bound, count) in zip(ServiceCounts.Times.bounds, times.within) {
                sample(
                    "jieshui_request_seconds_bucket", [("route", route), ("le", seconds(bound * 1_000))], "\(count)")
            }
            sample("jieshui_request_seconds_bucket", [("route", route), ("le", "+Inf")], "\(times.count)")
            sample("jieshui_request_seconds_sum", [("route", route)], seconds(times.microseconds))
            sample("jieshui_request_seconds_count", [("route", route)], "\(times.count)")
        }
        family("jieshui_readings_total", "counter", "Readings kept after their commit.")
        sample("jieshui_readings_total", [], "\(counts.readings.kept)")
        family("jieshui_items_total", "counter", "Items of gateways' bodies that were not simply accepted.")
        for (status, count) in [
            ("held", counts.readings.held), ("rejected", counts.readings.rejected),
            ("undecoded", counts.readings.undecoded),
        ] { sample("jieshui_items_total", [("status", status)], "\(count)") }
    }

    /// Names and units as other programs have them.
    mutating func addProcess() {
        var usage = rusage()
        if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
            let microseconds =
                Int64(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1_000_000
                + Int64(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
            family("process_cpu_seconds_total", "counter", "Processor time of this process.")
            sample("process_cpu_seconds_total", [], seconds(microseconds))
            gauge("process_max_resident_memory_bytes", "The most memory it has held.", Int64(usage.ru_maxrss) * 1_024)
        }
    }

    /// A decimal number of seconds.
    private func seconds(_ microseconds: Int64) -> String {
        "\(microseconds / 1_000_000).\(padded(Int(microseconds % 1_000_000), 6))"
    }
}
