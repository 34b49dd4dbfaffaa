import Hummingbird
import Operations
import Water

/// The way in and out for staff.
struct StaffSignInRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.get("staff/sign-in") { request, _ in
            services.answerBeforeSignIn(
                StaffSignInPage(name: ""), "staff_sign_in_title", request, .staff,
                notice: services.signedOutNotice(request))
        }
        router.post("staff/sign-in") { request, context in try await signIn(request, context) }
        router.post("staff/sign-out") { request, _ in
            let clerk = try await services.clerk(request, at: services.now())
            return try await services.signOut(request, csrf: clerk.csrf, token: clerk.token, to: "/staff/sign-in?out=1")
        }
    }

    private func signIn(_ request: Request, _ context: WebContext) async throws -> Response {
        let now = services.now()
        let form = try await services.readForm(request, of: context.connection)
        try services.requireFormToken(form, request)
        let name = form.text("name")
        let tried = SignInTry(.staff, name, from: request.peer(context, services.settings))
        try services.limits.admit(tried, at: now)
        var random = SystemRandomNumberGenerator()
        let secrets = SessionSecrets(using: &random)
        let result = try await services.signInStaff(
            name, password: Secret(form.raw("password")), session: secrets, at: now)
        switch result {
        case .success:
            services.limits.giveBack(tried, at: now)
            return services.signedIn(secrets, seconds: SignInStaff.sessionSeconds, to: "/staff")
        case .failure(.busy): throw Problem.busy("Too many sign-ins are being checked.", after: 5)
        case .failure(.refused):
            let texts = services.texts(for: request)
            return services.answerBeforeSignIn(
                StaffSignInPage(name: name), "staff_sign_in_title", request, .staff,
                notice: .init(kind: .refused, heading: texts("signed_in_wrong"), body: texts("signed_in_wrong_staff")))
        }
    }
}
