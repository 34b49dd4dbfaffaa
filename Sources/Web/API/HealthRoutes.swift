import Hummingbird
import Logging
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
        guard let standing = await services.databaseCheck(at: now, context.logger) else {
            throw Problem.busy("The database does not answer within two seconds.", after: 5)
        }
        guard standing.isWritable else {
            throw Problem.busy(
                "The database takes no writes, or less than 16 MiB are left where it lies.", after: 5)
        }
        let seconds = standing.lagSeconds(at: now)
        let isReady = seconds <= services.settings.foldLagSeconds
        return .json(
            [
                "status": .string(isReady ? "ready" : "folding_lags"),
                "unfolded_readings": .integer(standing.lag?.readings ?? 0),
                "fold_lag_seconds": .integer(seconds),
            ], status: isReady ? 200 : 503)
    }
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
