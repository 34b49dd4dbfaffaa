import Database
import Hummingbird
import Ledger
import Operations
import Storage
import Water

/// The redemption desk.
struct DeskRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.get("staff/desk") { request, _ in
            let clerk = try await services.clerk(request, at: services.now())
            return try await answer(request, clerk, code: "", community: nil, found: nil, notice: nil)
        }
        router.post("staff/desk") { request, _ in try await lookUp(request) }
        router.post("staff/desk/confirm") { request, _ in try await close(request, as: .confirmed) }
        router.post("staff/desk/void") { request, _ in try await close(request, as: .voided) }
    }

    private func lookUp(_ request: Request) async throws -> Response {
        let now = services.now()
        let (clerk, form) = try await opened(request, at: now)
        let community = try community(form, clerk)
        let code = form.text("code")
        let t = services.texts(for: request)
        if let fault = DeskCodeFault(code) {
            return try await answer(
                request, clerk, code: code, community: community, found: nil, notice: fault.notice(t))
        }
        switch try await lookedUp(code, in: community, by: clerk, at: now) {
        case .locked(let seconds): return try await locked(request, clerk, code, community, for: seconds)
        case .unknown:
            return try await answer(
                request, clerk, code: code, community: community, found: nil,
                notice: .init(kind: .refused, heading: t("desk_unknown"), body: t("desk_unknown_body")))
        case .found(let row):
            return try await answer(request, clerk, code: code, community: community, found: row, notice: nil)
        }
    }

    /// What came of a code.
    private enum LookedUp {
        case found(RedemptionRow)
        case unknown
        /// After too many wrong ones none is looked at.
        case locked(seconds: Int64)
    }

    private func lookedUp(
        _ code: String, in community: Area, by clerk: Clerk, at now: Instant
    ) async throws -> LookedUp {
        do {
            let row = try await services.redemption(code: code, in: community.id, by: clerk, at: now)
            return row.map(LookedUp.found) ?? .unknown
        } catch let problem as Problem where problem.status == 429 {
            let after = problem.headers.first { $0.0 == "Retry-After" }
            return .locked(seconds: after.flatMap { Int64($0.1) } ?? 60)
        }
    }

    /// Says for how long no code is looked at, right ones included.
    private func locked(
        _ request: Request, _ clerk: Clerk, _ code: String, _ community: Area, for seconds: Int64
    ) async throws -> Response {
        let t = services.texts(for: request)
        var response = try await answer(
            request, clerk, code: code, community: community, found: nil,
            notice: .init(
                kind: .refused, heading: t("desk_locked"),
                body: t("desk_locked_body", ["n": t.number((seconds + 59) / 60)])))
        response.status = .init(code: 429)
        response.set("Retry-After", "\(seconds)")
        return response
    }

    private func close(_ request: Request, as state: RedemptionRow.State) async throws -> Response {
        let now = services.now()
        let (clerk, form) = try await opened(request, at: now)
        let community = try community(form, clerk)
        let t = services.texts(for: request)
        let code = form.text("code")
        let lookedUp = try await lookedUp(code, in: community, by: clerk, at: now)
        if case .locked(let seconds) = lookedUp {
            return try await locked(request, clerk, code, community, for: seconds)
        }
        guard case .found(let row) = lookedUp, row.id.text == form.text("redemption") else {
            throw RedemptionRefusal.noSuchRedemption.problem
        }
        let name = row.itemName(t.language)
        if let sure = try await sure(row, as: state, answered: form.text("sure"), at: now, t) {
            return try await answer(
                request, clerk, code: "", community: community, found: row, sure: sure, notice: nil)
        }
        let result = try await services.close(row, as: state, by: clerk, at: now)
        // What another desk did meanwhile is shown too.
        let (after, returned) = try await services.database.read { reader in
            let after = try reader.redemption(row.id, in: community.id) ?? row
            return (after, try reader.returned(after, at: now))
        }
        let ender = try await ender(of: after, clerk, t)
        let notice: PageFrame.Notice =
            switch result {
            case .success(let ended) where ended.wasEnded(before: now, by: clerk.member.id, seenAs: row):
                // Another desk, or the same button twice: what is there is not handed over again.
                .init(
                    kind: .refused, heading: t("desk_already_\(state.rawValue)"),
                    body: t(
                        "desk_already_\(state.rawValue)_body",
                        [
                            "item": name, "time": ended.endedAt.map { t.time($0, in: services.calendar) } ?? "",
                            "by": ender ?? t("none"),
                        ]))
            case .success:
                .init(
                    kind: .done, heading: t("desk_\(state.rawValue)"),
                    body: t("desk_\(state.rawValue)_body", ["item": name]) + t.notUsable(of: returned))
            case .failure where after.state == .expired: expired(after, returned, t)
            case .failure(let refusal):
                .init(
                    kind: .refused, heading: t("desk_refused"),
                    body: t(refusal.textKey) + (ender.map { ended(after, by: $0, t) } ?? ""))
            }
        return try await answer(request, clerk, code: "", community: community, found: after, notice: notice)
    }

    /// What is asked once more before an open hold is voided; nil of any other act, and once it is answered.
    private func sure(
        _ row: RedemptionRow, as state: RedemptionRow.State, answered: String, at now: Instant, _ t: Texts
    ) async throws -> SureQuestion? {
        guard state == .voided, row.state == .open, row.holdUntil > now else { return nil }
        let returned = try await services.database.read { try $0.returned(row, at: now) }
        let words = t("desk_void_sure", ["item": row.itemName(t.language)]) + t.notUsable(of: returned)
        return SureQuestion(
            [words], about: [row.id.text], answered: answered,
            of: .init(heading: t("desk_void_sure_heading"), hint: t("desk_void_sure_hint")))
    }

    /// Nobody came for it in time.
    private func expired(_ row: RedemptionRow, _ returned: ReturnedPoints?, _ t: Texts) -> PageFrame.Notice {
        .init(
            kind: .refused, heading: t("desk_expired"),
            body: t(
                "desk_expired_body",
                [
                    "item": row.itemName(t.language), "until": t.time(row.holdUntil, in: services.calendar),
                    "time": row.endedAt.map { t.time($0, in: services.calendar) } ?? "",
                ]) + t.notUsable(of: returned))
    }

    /// Who ended a redemption, of staff with the area served; nil where nobody did.
    private func ender(of row: RedemptionRow, _ clerk: Clerk, _ t: Texts) async throws -> String? {
        // What no member of staff voided the household gave back.
        if row.state == .voided, row.endedBy == nil { return t("note_by_home") }
        guard let id = row.endedBy, let member = try await services.database.read({ try $0.staff(id) }) else {
            return nil
        }
        return t("desk_ended_by", ["name": member.name, "area": clerk.areas[member.area]?.name ?? ""])
    }

    /// How a redemption ended, when and by whom, in a sentence.
    private func ended(_ row: RedemptionRow, by ender: String, _ t: Texts) -> String {
        t(
            "desk_ended",
            [
                "by": ender, "time": row.endedAt.map { t.time($0, in: services.calendar) } ?? "",
                "state": t("redemption_\(row.state.rawValue)"),
            ])
    }

    /// The member and the form, once its token is right.
    private func opened(_ request: Request, at now: Instant) async throws -> (Clerk, Form) {
        let clerk = try await services.clerk(request, at: now)
        let form = try await services.readForm(request)
        try services.requireSame(form.raw("csrf"), clerk.csrf)
        return (clerk, form)
    }

    private func community(_ form: Form, _ clerk: Clerk) throws -> Area {
        let communities = clerk.communities
        if communities.count == 1, let only = communities.first { return only }
        guard let chosen = communities.first(where: { $0.code == form.text("community") }) else {
            throw Problem.outOfScope
        }
        return chosen
    }

    private func answer(
        _ request: Request, _ clerk: Clerk, code: String, community: Area?, found: RedemptionRow?,
        sure: SureQuestion? = nil, notice: PageFrame.Notice?
    ) async throws -> Response {
        let t = services.texts(for: request)
        let ender: String? = if let found { try await ender(of: found, clerk, t) } else { nil }
        let options = clerk.communities.map {
            DeskPage.Option(code: $0.code, name: $0.name, isSelected: $0.id == community?.id)
        }
        let shown = found.map { row in
            DeskPage.Found(
                row, community: community?.code ?? "", at: services.now(), by: ender, calendar: services.calendar,
                sure, t)
        }
        let page = DeskPage(
            code: code, communities: options.count > 1 ? DeskPage.Choice(options: options) : nil,
            lookUpClass: found?.state == .open ? "second" : "primary", isCodeNext: shown?.isOpen != true, found: shown)
        return services.answer(page, "desk_title", request, .staff, csrf: clerk.csrf, notice: notice)
    }
}

/// Why what was typed can be no desk code of any community.
enum DeskCodeFault: Sendable, Hashable {
    case missing
    /// Signs that no code has, each once; at most eight of them.
    case signs(String)
    case length(Int)

    /// nil of what may be a code. It is read as `HandCode` reads it.
    init?(_ text: String) {
        let code = text.plain.uppercased().filter { $0 != "-" && $0 != "·" }
        var strange: [Character] = []
        for sign in code where !HandCode.letters.contains(sign) && !strange.contains(sign) && strange.count < 8 {
            strange.append(sign)
        }
        if code.isEmpty {
            self = .missing
        } else if !strange.isEmpty {
            self = .signs(strange.map { String($0.unicodeScalars.prefix(1)) }.joined(separator: " "))
        } else if code.count != 8 {
            self = .length(code.count)
        } else {
            return nil
        }
    }

    func notice(_ t: Texts) -> PageFrame.Notice {
        switch self {
        case .missing:
            .init(kind: .refused, heading: t("desk_code_missing"), body: t("desk_code_missing_body"))
        case .signs(let signs):
            .init(
                kind: .refused, heading: t("desk_code_signs"), body: t("desk_code_signs_body", ["signs": signs]))
        case .length(let count):
            .init(
                kind: .refused, heading: t("desk_code_length"),
                body: t("desk_code_length_body", ["n": "\(count)"]))
        }
    }
}

extension DeskPage.Found {
    init(
        _ row: RedemptionRow, community: String, at now: Instant, by ender: String?, calendar: CityCalendar,
        _ sure: SureQuestion?, _ t: Texts
    ) {
        let isOverdue = row.state == .open && row.holdUntil <= now
        self.init(
            item: row.itemName(t.language), points: t.points(row.points), household: masked(row.householdNumber),
            heldAt: t.time(row.heldAt, in: calendar), until: t.time(row.holdUntil, in: calendar),
            state: t(isOverdue ? "redemption_overdue" : "redemption_\(row.state.rawValue)")
                + (row.endedAt.map { t("list_comma") + t.time($0, in: calendar) } ?? "")
                + (ender.map { t("list_comma") + $0 } ?? ""),
            isOpen: row.state == .open && !isOverdue, community: community, code: row.deskCode,
            redemption: row.id.text, sure: sure)
    }
}
