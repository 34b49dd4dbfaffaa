import Database
import Hummingbird
import Operations
import Storage
import Water

/// The desk makes sign-in codes for households.
struct CodeRoutes: Sendable {
    let services: WebServices
    private static let mostCodes = 50

    func add(to router: Router<WebContext>) {
        router.get("staff/codes") { request, _ in
            let clerk = try await services.clerk(request, at: services.now())
            let number = (request.query("number") ?? "").plain
            return answer(request, clerk, numbers: number, refused: [], slips: [])
        }
        router.post("staff/codes") { request, _ in try await makeCodes(request) }
    }

    private func makeCodes(_ request: Request) async throws -> Response {
        let now = services.now()
        let (clerk, form) = try await opened(request, at: now)
        let t = services.texts(for: request)
        let numbers = form.text("numbers").split { $0.isWhitespace || ",，、;；。".contains($0) }.map { String($0).plain }
            .reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        guard !numbers.isEmpty else {
            let notice = PageFrame.Notice(kind: .refused, heading: t("codes_none"), body: t("codes_none_body"))
            return answer(request, clerk, numbers: "", refused: [], slips: [], notice: notice)
        }
        var random = SystemRandomNumberGenerator()
        var refused = numbers.dropFirst(CodeRoutes.mostCodes).map { (number: $0, why: t("codes_why_many")) }
        var slips: [CodesPage.Slip] = []
        for number in numbers.prefix(CodeRoutes.mostCodes) {
            let code = Secret.handCode(using: &random)
            guard let home = try await household(number, within: clerk) else {
                refused.append((number, t("codes_why_unknown")))
                continue
            }
            guard
                case .success(let end) = try await MakeSignInCode(database: services.database)(
                    number, code: code, endsSessions: !form.text("end_sessions").isEmpty, at: now)
            else {
                refused.append((number, t(home.movedIn > now ? "codes_why_not_in" : "codes_why_moved_out")))
                continue
            }
            slips.append(
                .init(
                    number: number, place: clerk.place(of: home.area, in: home.community),
                    code: HandCode.printed(code), until: services.minute(end),
                    address: services.settings.publicAddress))
        }
        // What went well is not made anew, and its slips voided, by pressing once more.
        let left = refused.map(\.number).joined(separator: "\n")
        return answer(request, clerk, numbers: left, refused: refused, slips: slips)
    }

    /// A household of the member's area; nil for any other.
    private func household(_ number: String, within clerk: Clerk) async throws -> Household? {
        guard let found = try await services.database.read({ try $0.household(number: number) }),
            clerk.covers(found.area)
        else { return nil }
        return found
    }

    private func opened(_ request: Request, at now: Instant) async throws -> (Clerk, Form) {
        let clerk = try await services.clerk(request, at: now)
        let form = try await services.readForm(request)
        try services.requireToken(of: form, clerk.csrf)
        return (clerk, form)
    }

    private func answer(
        _ request: Request, _ clerk: Clerk, numbers: String, refused: [(number: String, why: String)],
        slips: [CodesPage.Slip], notice: PageFrame.Notice? = nil
    ) -> Response {
        let page = CodesPage(
            numbers: numbers, hasRefused: !refused.isEmpty,
            refused: refused.map { .init(number: $0.number, why: $0.why) }, hasSlips: !slips.isEmpty, slips: slips)
        return services.answer(page, "nav_codes", request, .staff, csrf: clerk.csrf, notice: notice)
    }
}
