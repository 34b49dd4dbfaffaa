import Foundation
public import Hummingbird
import Logging

/// One request's context: the framework's, and the address it came from.
public struct WebContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// The connection's other end; empty where there is none, as in tests.
    let connectionPeer: String

    public init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        connectionPeer = source.channel.remoteAddress?.ipAddress ?? ""
    }

    /// Forms and small JSON bodies; bodies of readings have their own limit.
    public var maxUploadSize: Int { 64 * 1_024 }
}

/// A header field; the framework names the collection only.
typealias HTTPField = HTTPFields.Element

extension Request {
    /// The address that tries are counted for.
    func peer(_ context: WebContext, _ settings: WebSettings) -> String {
        guard settings.trustsForwardedFor, let name = HTTPField.Name("X-Forwarded-For"),
            let last = headers[name]?.split(separator: ",").last
        else { return context.connectionPeer }
        return last.trimmingCharacters(in: .whitespaces)
    }

    /// Path and query as sent.
    var target: String { uri.query.map { "\(uri.path)?\($0)" } ?? uri.path }

    /// A query value, decoded.
    func query(_ name: String) -> String? { uri.queryParameters[Substring(name)].map(String.init) }

    func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
}
