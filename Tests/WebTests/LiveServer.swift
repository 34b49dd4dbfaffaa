import Hummingbird
import HummingbirdCore
import HummingbirdTesting
import Logging
import Synchronization

@testable import Web

/// Runs `body` with the port of a server as it is run, and with what its connections log. The server has stopped when
/// this returns. `isIdleSoon`: a connection is idle after as long as an answer that is not taken is waited for.
func live<Value: Sendable>(
    _ fixture: WebFixture, _ bounds: ConnectionBounds = ConnectionBounds(), isIdleSoon: Bool = false,
    _ body: @Sendable @escaping (_ port: Int, _ log: KeptLog) async throws -> Value
) async throws -> Value {
    try await live(buildRouter(fixture.services), bounds, isIdleSoon: isIdleSoon, body)
}

/// The same with other routes.
func live<Value: Sendable>(
    _ router: Router<WebContext>, _ bounds: ConnectionBounds = ConnectionBounds(), isIdleSoon: Bool = false,
    _ body: @Sendable @escaping (_ port: Int, _ log: KeptLog) async throws -> Value
) async throws -> Value {
    let log = KeptLog()
    let logger = Logger(label: "test", factory: { _ in log })
    let configuration = HTTP1Channel.Configuration(
        additionalChannelHandlers: [ConnectionHandler(logger: logger, bounds: bounds)],
        idleTimeout: isIdleSoon ? bounds.taking : nil)
    let app = Application(router: router, server: .http1(configuration: configuration))
    return try await app.test(.live) { client in
        guard let port = client.port else { throw NoPort() }
        return try await body(port, log)
    }
}

private struct NoPort: Error {}

/// Keeps each line as its message and metadata.
final class KeptLog: LogHandler, Sendable {
    let lines = Mutex<[String]>([])

    func log(event: LogEvent) {
        let fields = (event.metadata ?? [:]).map { " \($0.key)=\($0.value)" }.sorted().joined()
        lines.withLock { $0.append("\(event.message)\(fields)") }
    }

    var logLevel: Logger.Level {
        get { .info }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }
}
