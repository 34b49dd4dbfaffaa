import Database
import Hummingbird
import Logging
import Operations
import Storage
import Water

/// For supervisors and for people who write clients.
struct HealthRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.get("healthz") { _, _ in Response.json(["status": "ok"]) }
        router.get("readyz") { _, context in try await ready(context) }
        router.get("openapi.yaml") { _, _ in try services.asset("openapi.yaml") }
    }

    /// 200 where the database answers and takes what comes and folding keeps up, else 503.
    private func ready(_ context: WebContext) async throws -> Response {
        let now = services.now()
        let services = services
        let found: State?
        do {
            // Who asks must not wait as long as a database that is away is waited for.
            found = try await within(milliseconds: 2_000) {
                State(
                    lag: try await services.database.read { try $0.journalLag() },
                    isWritable: await services.record.canWrite(at: now))
            }
        } catch {
            context.logger.error("the database does not answer", metadata: ["error": "\(error)"])
            throw Problem.busy("The database does not answer.", after: 5)
        }
        guard let found else { throw Problem.busy("The database does not answer within two seconds.", after: 5) }
        guard found.isWritable else {
            throw Problem.busy(
                "The database takes no writes, or less than 16 MiB are left where it lies.", after: 5)
        }
        let lag = found.lag
        let seconds = lag.map { max(now - $0.oldest, 0) } ?? 0
        let isReady = seconds <= services.settings.foldLagSeconds
        return .json(
            [
                "status": .string(isReady ? "ready" : "folding_lags"),
                "unfolded_readings": .integer(lag?.readings ?? 0),
                "fold_lag_seconds": .integer(seconds),
            ], status: isReady ? 200 : 503)
    }
}

private struct State: Sendable {
    let lag: (readings: Int64, oldest: Instant)?
    let isWritable: Bool
}

/// What `work` comes to; nil where it takes longer. It is cancelled then, and not waited for.
func within<Value: Sendable>(
    milliseconds: Int, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    let (ends, end) = AsyncThrowingStream<Value?, any Error>.makeStream()
    let working = Task {
        do { end.yield(try await work()) } catch { end.finish(throwing: error) }
    }
    let waiting = Task {
        try await Task.sleep(for: .milliseconds(milliseconds))
        end.yield(nil)
    }
    defer {
        working.cancel()
        waiting.cancel()
    }
    for try await first in ends { return first }
    return nil
}

/// Files that pages name: the sheet and the icon.
struct AssetRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.get("assets/:name") { _, context in
            var response = try services.asset(try context.parameters.require("name"))
            response.set("Cache-Control", "public, max-age=3600")
            return response
        }
    }
}

extension WebServices {
    func asset(_ name: String) throws -> Response {
        guard let bytes = pages.assets[name] else { throw Problem.notFound }
        let type =
            switch name.split(separator: ".").last {
            case "css": "text/css; charset=utf-8"
            case "svg": "image/svg+xml"
            default: "application/yaml"
            }
        return .bytes(bytes, type: type)
    }
}
