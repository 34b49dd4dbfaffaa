import Database
import Foundation
import Hummingbird
import Ingest
import Logging
import Operations
import Storage
import Water

/// Platforms push what devices said here, in their own envelopes. What an envelope means is not decided here.
///
/// Once kept the answer is 200, also where messages are ignored or rejected: any other makes a platform send again and
/// then stop.
struct PushRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.post("v1/push/:platform/:gateway") { request, context in
            try await take(request, .post, context)
        }
        router.get("v1/push/:platform/:gateway") { request, context in
            try await take(request, .get, context)
        }
    }

    /// What an address of pushes takes: GET only of a platform that checks it.
    static func methods(checksAddress: Bool) -> [String] { checksAddress ? ["GET", "HEAD", "POST"] : ["POST"] }

    /// The same of an address by its parts; nil for any other, empty where there is no such platform.
    static func methods(at parts: [Substring]) -> [String]? {
        guard parts.count == 4, parts[0] == "v1", parts[1] == "push" else { return nil }
        return Platform(rawValue: String(parts[2])).map { methods(checksAddress: $0.checksAddress) } ?? []
    }

    private func take(
        _ request: Request, _ method: PushRequest.Method, _ context: WebContext
    ) async throws -> Response {
        let now = services.now()
        let opened: OpenedPush
        let tries: PushTries
        var isProved = false
        do {
            opened = try await open(context)
            tries = PushTries(of: request, at: opened.gateway, context, services)
            try tries.require(at: now)
            isProved = try proved(request, method, opened, tries, context, at: now)
            try requireReadable(request, method, opened.platform)
        } catch {
            throw await services.refusing(
                request, error, isKnown: isProved || error is DatabaseFailure, on: context.connection)
        }
        if method == .get { return try await answered(request, method, [], opened, tries, context, at: now) }
        return try await services.withReadings(
            request, of: isProved ? .known : .stranger, on: context.connection, limit: PushLimits().bytes
        ) { [isProved] body in
            try await answered(request, method, body, opened, isProved ? nil : tries, context, at: now)
        }
    }

    /// Whether the head alone proves the sender; throws where it proves the contrary.
    private func proved(
        _ request: Request, _ method: PushRequest.Method, _ opened: OpenedPush, _ tries: PushTries,
        _ context: WebContext, at now: Instant
    ) throws -> Bool {
        do throws(PushRefusal) {
            return try headProves(
                pushed(request, method, [], at: now), from: opened.platform, secrets: opened.secrets,
                limits: PushLimits())
        } catch {
            throw refused(error, opened, tries, context, at: now)
        }
    }

    /// What the head tells of a body that is not read here: the LoRaWAN servers can send Protobuf in place of JSON, and
    /// ChirpStack tells the kind of message in the address alone.
    private func requireReadable(
        _ request: Request, _ method: PushRequest.Method, _ platform: Platform
    ) throws {
        let isOfServer = platform == .chirpstack || platform == .thethingsstack
        guard method == .post, isOfServer else { return }
        if services.mediaType(request) == "application/octet-stream" {
            throw Problem.unsupportedType("application/json: set the integration's encoding to JSON")
        }
        if platform == .chirpstack { try requireEvent(request) }
    }

    /// A platform may put parameters of its own beside; which of two events it means cannot be told.
    private func requireEvent(_ request: Request) throws {
        try request.requireOne("event")
        guard let event = request.query("event"), !event.isEmpty else {
            throw Problem.badRequest("event", "is missing: ?event=up")
        }
        guard !event.contains("?") else {
            throw Problem.badRequest("event", "has a second ? in it: parameters are joined by &")
        }
    }

    /// `tries`: of a sender whom the head did not prove.
    private func answered(
        _ request: Request, _ method: PushRequest.Method, _ body: [UInt8], _ opened: OpenedPush, _ tries: PushTries?,
        _ context: WebContext, at now: Instant
    ) async throws -> Response {
        let received = receivePush(
            pushed(request, method, body, at: now), from: opened.platform, secrets: opened.secrets,
            limits: PushLimits())
        switch received {
        case .handshake(let answer): return .bytes(Array(answer.utf8), type: "text/plain; charset=utf-8")
        case .refused(let refusal): throw refused(refusal, opened, tries, context, at: now)
        case .push(let push): return .json(try await kept(push, of: opened, at: now))
        }
    }

    /// What is said of a push that was not taken; one that proves nothing is counted.
    private func refused(
        _ refusal: PushRefusal, _ opened: OpenedPush, _ tries: PushTries?, _ context: WebContext, at now: Instant
    ) -> Problem {
        context.logger.warning(
            "push refused",
            metadata: [
                "gateway": "\(opened.gateway.name)", "platform": "\(opened.platform.rawValue)",
                "reason": "\(refusal.reason)",
            ])
        switch refusal {
        case .noProof, .wrongProof, .malformed: tries?.spend(at: now)
        case .notConfigured, .outsideWindow, .unopened, .method, .tooLarge: break
        }
        return Problem(refusal)
    }

    /// Records the readings; a message without any is only counted.
    private func kept(_ push: Push, of opened: OpenedPush, at now: Instant) async throws -> CanonicalJSON {
        let offset = services.calendar.offset(at: now)
        let found: PushReadings
        let options = try services.cjt188Options()
        do {
            found = try await services.withMeterKeys { keys throws(BodyRefusal) in
                try decodePush(push, by: opened.mapping, clockOffsetSeconds: offset, cjt188: options, keys: keys)
            }
        } catch let refusal as BodyRefusal {
            throw Problem(refusal)
        }
        let answer = try await services.recorded(
            found.batch, undecoded: found.undecoded, from: opened.gateway, at: now)
        var members = answer.members(findings: found.batch.findings)
        members["ignored"] = .integer(Int64(push.ignored + found.ignored))
        return .object(members)
    }

    /// The gateway's settings. Whether gateway, platform or setting is missing is not told: nobody is believed yet.
    private func open(_ context: WebContext) async throws -> OpenedPush {
        let name = try context.parameters.require("gateway")
        guard let platform = Platform(rawValue: try context.parameters.require("platform")) else {
            throw Problem.notFound
        }
        let found = try await services.database.read { reader -> (Gateway, GatewayPush)? in
            guard let gateway = try reader.gateway(name: name.removingPercentEncoding ?? name),
                gateway.revokedAt == nil,
                let push = try reader.push(of: gateway.id, platform: platform.rawValue)
            else { return nil }
            return (gateway, push)
        }
        guard let (gateway, push) = found else { throw Problem.notFound }
        guard let key = services.sealKey else { throw Problem.sealed }
        do {
            return try key.opened(push, of: gateway, platform, profiles: services.profiles)
        } catch {
            context.logger.error(
                "a push setting cannot be used", metadata: ["gateway": "\(gateway.name)", "error": "\(error)"])
            throw Problem.sealed
        }
    }

    private func pushed(
        _ request: Request, _ method: PushRequest.Method, _ body: [UInt8], at now: Instant
    ) -> PushRequest {
        let query = request.uri.queryParameters.map { (name: String($0.key), value: String($0.value)) }
        return PushRequest(
            method: method, query: query, header: { request.header($0) }, body: body, receivedAt: now,
            clientCertificate: services.settings.clientCertificateHeader.flatMap { request.header($0) })
    }
}

/// The tries that a peer has at a gateway: of one gateway by one peer, so that nobody shuts the door to a platform that
/// sends from elsewhere. Where every request seems to come from the proxy none are counted.
private struct PushTries {
    private let key: String?
    private let limiter: TryLimiter

    init(of request: Request, at gateway: Gateway, _ context: WebContext, _ services: WebServices) {
        limiter = services.limits.pushes
        let peer = request.peer(context, services.settings)
        key = services.settings.countsProxyAsEverybody ? nil : "push:\(gateway.id.value):\(peer)"
    }

    /// Throws 429 where none is left.
    func require(at now: Instant) throws {
        guard let key, let wait = limiter.wait(key, at: now) else { return }
        throw Problem.tooManyTries(after: wait)
    }

    func spend(at now: Instant) {
        if let key { _ = limiter.spend(key, at: now) }
    }
}

extension Problem {
    /// A push that was not taken.
    fileprivate init(_ refusal: PushRefusal) {
        switch refusal {
        case .notConfigured:
            self.init(
                "push-not-configured", 403, "The gateway is not set up for this platform.", detail: refusal.reason)
        case .noProof, .wrongProof, .outsideWindow:
            self.init(
                "push-not-proved", 401, "The sender is not proved to be the platform.", detail: refusal.reason,
                headers: [("WWW-Authenticate", "Push realm=\"jieshui\"")])
        case .unopened(let reason): self.init(malformed: .init(field: "msg", reason: reason))
        case .malformed(let offset, let reason): self.init(malformed: .init(offset: offset, reason: reason))
        case .method: self = .methodNotAllowed(PushRoutes.methods(checksAddress: false))
        case .tooLarge: self = .bodyTooLarge
        }
    }
}
