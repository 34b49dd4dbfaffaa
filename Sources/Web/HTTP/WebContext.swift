import Foundation
public import Hummingbird
import Logging
import NIOCore
import Water

/// One request's context: the framework's, and the connection it came on.
public struct WebContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// The connection's other end; empty where there is none, as in tests.
    let connectionPeer: String
    let connection: ClientConnection

    public init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        connectionPeer = source.channel.remoteAddress?.ipAddress ?? ""
        connection = ClientConnection(source.channel)
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
        else { return Self.network(of: context.connectionPeer) }
        return Self.network(of: last.trimmingCharacters(in: .whitespaces))
    }

    /// Whom an address stands for: of IPv6 the first 64 bits, since one customer has all addresses below them.
    static func network(of address: String) -> String {
        let plain = address.drop { $0 == "[" }.prefix { $0 != "]" && $0 != "%" }
        var bytes = in6_addr()
        guard plain.contains(":"), !plain.contains("."), inet_pton(AF_INET6, String(plain), &bytes) == 1 else {
            return address
        }
        return withUnsafeBytes(of: bytes) { hex($0.prefix(8)) } + "::/64"
    }

    /// The page that a link on an answer may lead to: what is asked for, or of what is only posted to the page before it.
    var pageTarget: String {
        let path = Self.local(target)
        guard method == .post, let last = pathParts.last,
            ["confirm", "void", "hold", "objection", "goal", "sign-out"].contains(last)
        else { return path }
        return formPage
    }

    /// The page that has the form which is posted to this address: the one before it.
    var formPage: String { Self.local(pathParts.dropLast().joined(separator: "/")) }

    /// A path with one leading slash: with two, or a backslash, a browser takes what follows for another host.
    private static func local(_ path: String) -> String { "/" + path.drop { $0 == "/" || $0 == "\\" } }

    /// The path's parts as the router splits it, which drops empty ones: `//v1/statements/` is `/v1/statements`.
    var pathParts: [Substring] { uri.path.split(separator: "/") }

    /// Path and query as sent.
    var target: String { uri.query.map { "\(uri.path)?\($0)" } ?? uri.path }

    /// A query value, decoded.
    func query(_ name: String) -> String? { uri.queryParameters[Substring(name)].map(String.init) }

    func has(_ name: String) -> Bool { header(name) != nil }

    func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
}
