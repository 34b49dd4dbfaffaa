import Database
import Hummingbird
import Logging
import Storage
import Water

/// Outermost but for the access log: whatever is thrown below leaves as problem details for programs and as a page
/// for people; every answer gets the security headers and the request's number.
struct ErrorMiddleware: RouterMiddleware {
    typealias Context = WebContext
    let services: WebServices
    let table: RouteTable

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            // RFC 9112, 3.2. The first one is the request's authority, others stay among its fields.
            guard request.head.authority != nil, !request.has("Host") else { throw Problem.noHost }
            try request.requireKnownTransferCoding()
            response = try await next(request.asking(on: context.connection), context)
        } catch let need as SignInNeeded {
            if let typed = await unsent(of: request, context) {
                response = services.signInPage(need.audience, keeping: typed, request)
            } else {
                response =
                    request.isForPrograms
                    ? problem(.noSession, context)
                    : .seeOther(
                        (need.audience == .staff ? "/staff/sign-in" : "/sign-in")
                            // What was typed is gone with the session; that must not go unsaid.
                            + (request.method == .post && request.pathParts.last != "sign-out" ? "?over=1" : ""))
            }
        } catch let refused as FormNotTaken {
            let typed = Unsent(refused.form, of: request, services.texts(for: request))
            response = await page(.formExpired, request, context, keeping: typed)
        } catch let refused as Problem {
            response = await answer(refused, request, context)
        } catch let error as any HTTPResponseError {
            let refused = problem(of: error, request, context)
            response =
                refused.status == 405 && request.method == .get && !request.isForPrograms
                ? .seeOther(request.formPage) : await answer(refused, request, context)
        } catch {
            context.logger.error("request failed", metadata: ["error": "\(error)", "route": "\(context.route)"])
            response = await answer(problem(of: error, request), request, context)
        }
        secure(&response, request, context)
        // RFC 9110, 9.3.2: what would be the body is no part of the answer, and its length is told all the same.
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// What failed within.
    private func problem(of error: any Error, _ request: Request) -> Problem {
        switch error as? DatabaseFailure {
        case nil: .server
        case .outcomeUnknown?: request.isRepeatable ? .outcomeUnknownOfRepeatable : .outcomeUnknown
        case let failure?: failure.problem
        }
    }

    /// What no route took: another method of the address, or nothing there.
    private func problem(of error: any HTTPResponseError, _ request: Request, _ context: WebContext) -> Problem {
        var methods: [String] = []
        if error.status == .notFound {
            // One route takes the pushes of every platform.
            methods = PushRoutes.methods(at: request.pathParts) ?? table.methods(of: request.uri.path)
        }
        let isOther = !methods.isEmpty && !methods.contains(request.method.rawValue)
        return isOther ? .methodNotAllowed(methods) : Problem(status: error.status.code)
    }

    private func answer(_ refused: Problem, _ request: Request, _ context: WebContext) async -> Response {
        request.isForPrograms ? problem(refused, context) : await page(refused, request, context)
    }

    private func problem(_ refused: Problem, _ context: WebContext) -> Response {
        var response = Response.bytes(
            refused.json(request: context.id).bytes, type: "application/problem+json", status: refused.status)
        for (name, value) in refused.headers { response.set(name, value) }
        return response
    }

    /// Who is signed in keeps the links and the way out; where that cannot be told the page goes without.
    private func signedIn(
        _ refused: Problem, _ request: Request, _ context: WebContext
    ) async -> (audience: PageFrame.Audience, csrf: String)? {
        // Of a server that failed nothing more is asked.
        guard refused.status < 500 else { return nil }
        do {
            guard let (session, _) = try await services.session(request, at: services.now()) else { return nil }
            let audience: PageFrame.Audience = if case .staff = session.subject { .staff } else { .resident }
            return (audience: audience, csrf: session.csrfToken)
        } catch {
            context.logger.warning("session of a refused request not read", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private func page(
        _ refused: Problem, _ request: Request, _ context: WebContext, keeping unsent: Unsent? = nil
    ) async -> Response {
        let texts = services.texts(for: request)
        let key =
            switch (refused.name, refused.status) {
            case ("form-expired", _): "error_form_expired"
            case ("outcome-unknown", _): "error_outcome_unknown"
            case (_, 404): "error_not_found"
            case (_, 401), (_, 403): "error_forbidden"
            case (_, 429), (_, 503): "error_too_many"
            case (_, 400..<500): "error_bad_request"
            default: "error_server"
            }
        let session = await signedIn(refused, request, context)
        let isStaff = session.map { $0.audience == .staff } ?? (request.pathParts.first == "staff")
        let frame = PageFrame(
            texts: texts, title: texts(key), audience: isStaff ? .staff : .resident, path: request.pageTarget,
            csrf: session?.csrf, isSignedIn: session != nil)
        let page = MessagePage(
            heading: texts(key), body: texts("\(key)_body"), request: context.id, href: isStaff ? "/staff" : "/",
            action: texts("to_home"), unsent: unsent)
        var response = Response.html(services.pages.render(page, in: frame), status: refused.status)
        for (name, value) in refused.headers { response.set(name, value) }
        return response
    }

    private static let policy =
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

    private func secure(_ response: inout Response, _ request: Request, _ context: WebContext) {
        response.set("Content-Security-Policy", ErrorMiddleware.policy)
        response.set("X-Content-Type-Options", "nosniff")
        response.set("Referrer-Policy", "no-referrer")
        response.set("X-Frame-Options", "DENY")
        response.set("Cross-Origin-Opener-Policy", "same-origin")
        response.set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        response.set("X-Request-Id", context.id)
        if services.settings.isBehindTLS { response.set("Strict-Transport-Security", "max-age=31536000") }
        if !response.has("Cache-Control") { response.set("Cache-Control", "no-store") }
    }
}

extension DatabaseFailure {
    /// What a client may do about it.
    var problem: Problem {
        switch self {
        case .conflict: .busy("Others changed the same at this moment; nothing was changed. Send it again.", after: 1)
        case .busy, .unreachable, .damaged:
            .busy("The database cannot serve this now; nothing was changed.", after: 5)
        case .storage, .replaced, .readOnly:
            .busy("The database takes no writes at the moment; nothing was changed.", after: 5)
        case .outcomeUnknown: .outcomeUnknown
        default: .server
        }
    }
}

extension Request {
    /// RFC 9112, 6.1. The framework reads the outermost coding, chunked, and takes no notice of any within it.
    fileprivate func requireKnownTransferCoding() throws {
        guard let name = HTTPField.Name("Transfer-Encoding") else { return }
        let codings = headers[values: name].flatMap { $0.split(separator: ",") }
            .map { $0.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }.lowercased() }
        guard codings.isEmpty || codings == ["chunked"] else {
            throw Problem.badRequest(
                "Transfer-Encoding", "is another than chunked; packed bodies are told by Content-Encoding"
            ).closing
        }
    }

    /// The same sent again does nothing twice: what only reads, readings, and a hold by its id.
    fileprivate var isRepeatable: Bool {
        if method == .get || method == .head { return true }
        let parts = pathParts
        guard parts.first == "v1", parts.count > 1 else { return false }
        return parts[1] == "readings" || parts[1] == "push" || parts == ["v1", "redemptions"]
    }

    /// Answers are for programs, not for people.
    var isForPrograms: Bool {
        let parts = pathParts
        guard parts.first != "v1" else { return true }
        return parts.count == 1 && ["healthz", "readyz", "openapi.yaml", "metrics"].contains(parts[0])
    }
}

extension WebContext {
    /// The route's pattern: unlike the path it names nobody.
    var route: String { endpointPath ?? "none" }
}

/// One line for each request: method, route pattern, status, time. No path, query, address or name.
struct AccessLog: RouterMiddleware {
    typealias Context = WebContext
    let counts: ServiceCounts

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        let clock = ContinuousClock()
        let start = clock.now
        let response = try await next(request, context)
        let taken = (clock.now - start).components
        let milliseconds = taken.seconds * 1_000 + taken.attoseconds / 1_000_000_000_000_000
        counts.answered(
            ServiceCounts.Requests(
                method: request.method.rawValue, route: context.route, status: response.status.code),
            microseconds: taken.seconds * 1_000_000 + taken.attoseconds / 1_000_000_000_000)
        context.logger.info(
            "request",
            metadata: [
                "method": "\(request.method)", "route": "\(context.route)", "status": "\(response.status.code)",
                "ms": "\(milliseconds)",
            ])
        return response
    }
}
