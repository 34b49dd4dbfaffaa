import Hummingbird
import Water

/// What a client is told when its request is not served: RFC 9457 problem details.
struct Problem: Error, Sendable {
    /// The last part of the type URI `/problems/NAME`; stable, for programs.
    let name: String
    let status: Int
    let title: String
    /// What is particular to this request; never personal data.
    var detail: String?
    var errors: [Entry] = []
    var headers: [(String, String)] = []

    /// One thing at fault: a field, or a byte offset.
    struct Entry: Sendable, Hashable {
        var field: String?
        var offset: Int?
        var reason: String
    }

    init(
        _ name: String, _ status: Int, _ title: String, detail: String? = nil, errors: [Entry] = [],
        headers: [(String, String)] = []
    ) {
        self.name = name
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = errors
        self.headers = headers
    }

    /// `request`: the request's number; nil where the bytes that came are no request.
    func json(request: String?) -> CanonicalJSON {
        var members: [String: CanonicalJSON] = [
            "type": .string("/problems/\(name)"), "title": .string(title), "status": .integer(Int64(status)),
        ]
        if let request { members["instance"] = .string("urn:request:\(request)") }
        if let detail { members["detail"] = .string(detail) }
        if !errors.isEmpty {
            members["errors"] = .array(
                errors.map { entry in
                    var parts: [String: CanonicalJSON] = ["reason": .string(entry.reason)]
                    if let field = entry.field { parts["field"] = .string(field) }
                    if let offset = entry.offset { parts["offset"] = .integer(Int64(offset)) }
                    return .object(parts)
                })
        }
        return .object(members)
    }
}

extension Problem {
    static let notFound = Problem("not-found", 404, "There is nothing at this address.")
    /// `field`: `month` where the home has none of it, `version` where it has others.
    static func noSuchStatement(_ field: String) -> Problem {
        Problem(
            "no-such-statement", 404, "There is no such statement.",
            errors: [Entry(field: field, reason: field == "month" ? "has no statement" : "is none of the month's")])
    }
    /// `methods`: those that the address takes.
    static func methodNotAllowed(_ methods: [String]) -> Problem {
        let list = methods.joined(separator: ", ")
        return Problem(
            "method-not-allowed", 405, "This address does not take this method.", detail: "It takes \(list).",
            headers: [("Allow", list)])
    }
    static let bodyTooLarge = Problem("body-too-large", 413, "The body is larger than the limit.")
    /// `limit`: bytes, as sent and as unpacked.
    static func bodyTooLarge(limit: Int) -> Problem {
        Problem(
            "body-too-large", 413, "The body is larger than the limit.",
            detail: "At most \(limit) bytes are taken, as sent and as unpacked: send it in parts.")
    }
    static let brokenBody = Problem(
        "malformed-body", 400, "The body ended early or is damaged on its way; nothing of it was kept.",
        headers: [("Connection", "close")])
    static let tooSlow = Problem(
        "body-too-slow", 408, "The body stayed away, or took too long; nothing of it was kept.",
        headers: [("Connection", "close")])
    static let stopping = busy("The server stops; nothing of the body was kept. Send it again.", after: 2).closing
    static let noHost = badRequest("Host", "is required, once").closing
    static let noKey = Problem(
        "unauthorized", 401, "A valid bearer key is needed.",
        headers: [("WWW-Authenticate", "Bearer realm=\"jieshui\"")])
    static let noSession = Problem(
        "unauthorized", 401, "A signed-in session is needed.",
        headers: [("WWW-Authenticate", "Cookie realm=\"jieshui\"")])
    static let formExpired = Problem("form-expired", 403, "The form's token is missing or old.")
    /// Of a program, which has no form: the token comes in a header.
    static func noToken(isMissing: Bool) -> Problem {
        Problem(
            "form-expired", 403, "The session's token is needed in the header X-CSRF-Token.",
            detail: "It is the value of the field csrf in the forms of the session's pages, and ends with the session.",
            errors: [Entry(field: "X-CSRF-Token", reason: isMissing ? "is required" : "is not the session's")])
    }
    static let outOfScope = Problem("forbidden", 403, "This lies outside what the caller may see or change.")
    static let targetDisabled = Problem(
        "target-disabled", 403, "The target is disabled.",
        detail: "The key is right. The operator enables the target again by jieshui target enable.")
    static let server = Problem("internal", 500, "The server failed; the request can be sent again.")
    static let outcomeUnknown = Problem(
        "outcome-unknown", 500, "Whether this was done is not known.",
        detail: "The database went away while it was being kept. Look whether it is done before sending it again.")
    /// Of a request that does nothing twice.
    static let outcomeUnknownOfRepeatable = Problem(
        "outcome-unknown", 500, "Whether this was done is not known.",
        detail: "The database went away while it was being kept. Send the same again: a repeat does nothing twice.")

    /// Secrets are needed that this server cannot open.
    static let sealed = Problem(
        "secrets-sealed", 503, "The server cannot open the secrets this needs.",
        detail: "secret.key is not set, or is not the key that they were sealed with.",
        headers: [("Retry-After", "60")])

    static func badRequest(_ field: String, _ reason: String) -> Problem {
        Problem(
            "bad-request", 400, "The request cannot be understood.", errors: [Entry(field: field, reason: reason)])
    }

    static func unsupportedType(_ expected: String) -> Problem {
        Problem(
            "unsupported-media-type", 415, "The body's type is not taken here.", detail: "Expected \(expected).",
            errors: [Entry(field: "Content-Type", reason: "is not taken here")])
    }

    static func tooManyTries(after seconds: Int64) -> Problem {
        Problem("too-many-tries", 429, "Too many tries.", headers: [("Retry-After", "\(seconds)")])
    }

    static func busy(_ title: String, after seconds: Int) -> Problem {
        Problem("busy", 503, title, headers: [("Retry-After", "\(seconds)")])
    }

    /// The same, after which the connection is closed.
    var closing: Problem {
        var problem = self
        problem.headers.append(("Connection", "close"))
        return problem
    }

    /// The framework's own refusals.
    init(status: Int) {
        switch status {
        case 404: self = .notFound
        case 413: self = .bodyTooLarge
        case 415: self = .unsupportedType("another type")
        case 400..<500: self = Problem("bad-request", status, "The request cannot be understood.")
        default: self = .server
        }
    }
}

/// Thrown by a page's handler where nobody of the right kind is signed in.
struct SignInNeeded: Error {
    let audience: PageFrame.Audience
}
