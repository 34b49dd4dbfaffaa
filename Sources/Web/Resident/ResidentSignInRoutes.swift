import Hummingbird
import Operations
import Storage
import Water

/// The way in and out for residents.
struct ResidentSignInRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.get("/") { request, _ in try await start(request) }
        router.get("sign-in") { request, _ in
            services.answerBeforeSignIn(
                ResidentSignInPage(number: ""), "resident_sign_in_title", request, .resident,
                notice: services.signedOutNotice(request))
        }
        router.post("sign-in") { request, context in try await signIn(request, context) }
        router.post("sign-out") { request, _ in
            let resident = try await services.resident(request, at: services.now())
            return try await services.signOut(request, csrf: resident.csrf, token: resident.token, to: "/sign-in?out=1")
        }
    }

    private func start(_ request: Request) async throws -> Response {
        guard let (session, _) = try await services.session(request, at: services.now()) else {
            return .seeOther("/sign-in")
        }
        return switch session.subject {
        case .resident: .seeOther("/statement")
        case .staff: .seeOther("/staff")
        }
    }

    private func signIn(_ request: Request, _ context: WebContext) async throws -> Response {
        let now = services.now()
        let form = try await services.readForm(request, of: context.connection)
        try services.requireFormToken(form, request)
        let number = form.plain("number")
        let tried = SignInTry(.resident, number, from: request.peer(context, services.settings))
        try services.limits.admit(tried, at: now)
        var random = SystemRandomNumberGenerator()
        let secrets = SessionSecrets(using: &random)
        let result = try await SignInResident(database: services.database)(
            number, code: form.text("code"), session: secrets, at: now)
        switch result {
        case .success:
            services.limits.giveBack(tried, at: now)
            return services.signedIn(secrets, seconds: SignInResident.sessionSeconds, to: "/statement")
        case .failure:
            let texts = services.texts(for: request)
            return services.answerBeforeSignIn(
                ResidentSignInPage(number: number), "resident_sign_in_title", request, .resident,
                notice: .init(
                    kind: .refused, heading: texts("signed_in_wrong"), body: texts("signed_in_wrong_resident")))
        }
    }
}

extension WebServices {
    /// The answer to a sign-in: the cookie, and the first page.
    func signedIn(_ secrets: SessionSecrets, seconds: Int64, to path: String) -> Response {
        var response = Response.seeOther(path)
        setCookie(WebServices.sessionCookie, secrets.token.text, seconds: seconds, on: &response)
        endCookie(WebServices.formCookie, on: &response)
        return response
    }

    func signOut(_ request: Request, csrf: String, token: Secret, to path: String) async throws -> Response {
        let form = try await readForm(request)
        try requireSame(form.raw("csrf"), csrf)
        try await SignOut(database: database)(token)
        var response = Response.seeOther(path)
        endCookie(WebServices.sessionCookie, on: &response)
        return response
    }

    func signedOutNotice(_ request: Request) -> PageFrame.Notice? {
        let texts = texts(for: request)
        if request.query("over") != nil {
            return .init(kind: .info, heading: texts("session_over"), body: texts("session_over_body"))
        }
        guard request.query("out") != nil else { return nil }
        return .init(kind: .done, heading: texts("signed_out"), body: texts("signed_out_body"))
    }
}
