import Database
import Hummingbird
import Operations
import Storage
import Water

/// The desk notes that a meter was exchanged.
struct ExchangeRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.get("staff/exchange") { request, _ in
            let clerk = try await services.clerk(request, at: services.now())
            let page = ExchangePage(old: "", new: "", final: "", start: "", at: "")
            return services.answer(page, "nav_exchange", request, .staff, csrf: clerk.csrf)
        }
        router.post("staff/exchange") { request, _ in try await exchange(request) }
    }

    private func exchange(_ request: Request) async throws -> Response {
        let now = services.now()
        let clerk = try await services.clerk(request, at: now)
        let form = try await services.readForm(request)
        try services.requireSame(form.raw("csrf"), clerk.csrf)
        let t = services.texts(for: request)
        var page = ExchangePage(
            old: form.text("old"), new: form.text("new"), final: form.text("final"), start: form.text("start"),
            at: form.text("at"))
        let notice: PageFrame.Notice
        if let field = try await refused(page, clerk, at: now) {
            notice = .init(kind: .refused, heading: t("exchange_refused"), body: t("exchange_refused_\(field)"))
        } else {
            notice = .init(
                kind: .done, heading: t("exchange_done"),
                body: t("exchange_done_body", ["old": page.old, "new": page.new]))
            page = ExchangePage(old: "", new: "", final: "", start: "", at: "")
        }
        return services.answer(page, "nav_exchange", request, .staff, csrf: clerk.csrf, notice: notice)
    }

    /// Notes the exchange; the field at fault where it is refused.
    private func refused(_ page: ExchangePage, _ clerk: Clerk, at now: Instant) async throws -> String? {
        guard let old = MeterAddress(.serial, page.old) else { return "old" }
        guard let new = MeterAddress(.serial, page.new) else { return "new" }
        guard let at = services.instant(ofForm: page.at) else { return "at" }
        let (final, start) = (Volume(cubicMetres: page.final), Volume(cubicMetres: page.start))
        guard page.final.isEmpty || final.map({ $0 >= .zero }) == true else { return "final" }
        guard page.start.isEmpty || start.map({ $0 >= .zero }) == true else { return "start" }
        let exchange = MeterExchange(old: old, new: new, at: at, finalRegister: final, startRegister: start)
        let outcome = try await ExchangeMeter(database: services.database)(exchange, now: now) {
            clerk.covers(community: $0)
        }
        switch outcome {
        case .success: return nil
        case .failure(.unknownMeter): return "old"
        case .failure(.sameMeter), .failure(.alreadyExchanged): return "new"
        case .failure(.notInstalledThen), .failure(.inTheFuture): return "at"
        case .failure(.registry(let refusal)):
            switch refusal {
            case .finalBelowStart, .exceedsModulus(field: "final_m3"): return "final"
            case .exceedsModulus: return "start"
            case .overlapsInstallation, .addressIsTaken: return "new"
            default: return "at"
            }
        }
    }
}
