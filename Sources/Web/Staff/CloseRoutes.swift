import Database
import Hummingbird
import Operations
import Storage
import Water

/// Closing a month: a preview, and the button.
struct CloseRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.get("staff/close") { request, _ in
            let now = services.now()
            let clerk = try await services.clerk(request, at: now)
            let text = request.query("month")
            let month = text.flatMap { BillingMonth($0.plain) } ?? services.calendar.month(of: now).previous
            let t = services.texts(for: request)
            let isWrong = text != nil && BillingMonth((text ?? "").plain) == nil
            return try await preview(
                request, clerk, month, at: now,
                notice: isWrong
                    ? .init(kind: .refused, heading: t("close_refused"), body: t("close_refused_bad_month")) : nil)
        }
        router.post("staff/close") { request, _ in try await close(request) }
    }

    private func close(_ request: Request) async throws -> Response {
        let now = services.now()
        let clerk = try await services.clerk(request, at: now)
        let form = try await services.readForm(request)
        try services.requireSame(form.raw("csrf"), clerk.csrf)
        guard clerk.isCityAdministrator else { throw Problem.outOfScope }
        let t = services.texts(for: request)
        guard let month = BillingMonth(form.plain("month")) else {
            return try await preview(
                request, clerk, services.calendar.month(of: now).previous, at: now,
                notice: .init(kind: .refused, heading: t("close_refused"), body: t("close_refused_bad_month")))
        }
        let rows = try await services.database.read { try $0.closePreview(of: month, for: clerk, services.calendar) }
        let refusal = try await refusal(clerk, month, rows, at: now, t)
        // What will be refused anyway is not asked about first.
        if let refusal, !refusal.isComplete {
            return try await preview(
                request, clerk, month, at: now,
                notice: .init(kind: .refused, heading: refusal.heading, body: refusal.reason))
        }
        if refusal == nil {
            let act = SureQuestion.Act(
                heading: t("close_sure_heading"), hint: t("close_sure_hint", ["month": month.description]))
            let lines = try await doubts(month, at: now, t)
            if let sure = SureQuestion(lines, about: [month.description], answered: form.text("sure"), of: act) {
                return try await preview(request, clerk, month, at: now, sure: sure, notice: nil)
            }
        }
        let operation = services.closeMonth
        // Readings that take no part were asked about.
        let result = try await services.closing.run { try await operation(month, at: now, despiteHeld: true) }
        return try await preview(
            request, clerk, month, at: now, notice: notice(result, month, t))
    }

    /// What is to be looked at once more before a month is closed.
    private func doubts(_ month: BillingMonth, at now: Instant, _ t: Texts) async throws -> [String] {
        let held = try await services.database.read { try $0.held(of: month, services.calendar.interval(of: month)) }
        let isLast = month == services.calendar.month(of: now).previous
        return (isLast ? [] : [t("close_doubt_month", ["month": month.description])]) + held.words(t)
    }

    private func notice(
        _ result: Result<CloseSummary, CloseRefusal>?, _ month: BillingMonth, _ t: Texts
    ) -> PageFrame.Notice {
        switch result {
        case nil:
            .init(
                kind: .info, heading: t("close_started"), body: t("close_started_body", ["month": month.description]))
        case .success(let summary):
            .init(
                kind: .done, heading: t("close_done"),
                body: t(
                    summary.wasComplete ? "close_done_before" : "close_done_body",
                    [
                        "month": month.description, "communities": t.number(Int64(summary.communities)),
                        "statements": t.number(Int64(summary.statements)),
                    ])
                    + (summary.corrections.statements == 0
                        ? ""
                        : t("close_done_corrected", ["n": t.number(Int64(summary.corrections.statements))])))
        case .failure(let refusal):
            .init(kind: .refused, heading: t("close_refused"), body: refusal.words(t, services.calendar))
        }
    }

    private func preview(
        _ request: Request, _ clerk: Clerk, _ month: BillingMonth, at now: Instant, sure: SureQuestion? = nil,
        notice: PageFrame.Notice?
    ) async throws -> Response {
        let t = services.texts(for: request)
        let rows = try await services.database.read { try $0.closePreview(of: month, for: clerk, services.calendar) }
        let refusal = try await refusal(clerk, month, rows, at: now, t)
        let count = { (key: String, value: Int) in
            CloseMonthPage.Count(name: t(key), figure: t.number(Int64(value)))
        }
        let page = CloseMonthPage(
            title: t("close_title", ["month": month.description]), month: month.description,
            counts: [
                count("close_count_communities", rows.count),
                count("close_count_homes", rows.reduce(0) { $0 + $1.homes }),
                count("close_count_measured", rows.count { $0.state?.isMeasured == true }),
                count("close_count_issued", rows.count { $0.state?.issuedAt != nil }),
                count("close_count_dirty", rows.reduce(0) { $0 + $1.dirty }),
                count("close_count_corrections", rows.reduce(0) { $0 + $1.toCorrect }),
            ],
            communities: rows.map { row in
                .init(
                    name: row.area.name, homes: t.number(Int64(row.homes)),
                    measured: row.state.flatMap { $0.isMeasured ? services.minute($0.measuredAt) : nil } ?? t("none"),
                    issued: row.state?.issuedAt.map(services.minute) ?? t("none"), dirty: t.number(Int64(row.dirty)))
            },
            // Said once: above the page where a form was sent, else in the place of the button.
            refusal: notice?.body == refusal?.reason ? nil : refusal, canClose: refusal == nil, sure: sure,
            action: t("close_action", ["month": month.description]))
        return services.answer(
            page, "nav_close", request, .staff, csrf: clerk.csrf, notice: notice,
            path: WebServices.path("/staff/close", ["month": month.description]))
    }

    /// Why the button is not offered; nil where it is.
    private func refusal(
        _ clerk: Clerk, _ month: BillingMonth, _ rows: [ClosePreviewRow], at now: Instant, _ t: Texts
    ) async throws -> CloseMonthPage.Refusal? {
        let refused = { (reason: String) in
            CloseMonthPage.Refusal(kind: "refused", heading: t("close_refused"), reason: reason)
        }
        if !rows.isEmpty, rows.allSatisfy({ $0.state?.issuedAt != nil }) {
            return .init(kind: "done", heading: t("close_complete"), reason: t("close_complete_body"))
        }
        guard clerk.isCityAdministrator else { return refused(t("close_refused_not_allowed")) }
        guard month < services.calendar.month(of: now) else { return refused(t("close_refused_month_not_over")) }
        guard !rows.isEmpty else { return refused(t("close_refused_nothing")) }
        switch try await services.closeMonth.admit(month, at: now, early: false) {
        case .success: return nil
        case .failure(let refusal): return refused(refusal.words(t, services.calendar))
        }
    }
}

extension CloseRefusal {
    func words(_ t: Texts, _ calendar: CityCalendar) -> String {
        switch self {
        case .monthNotOver: t("close_refused_month_not_over")
        case .tooEarly(let from): t("close_refused_too_early", ["time": t.time(from, in: calendar)])
        case .noTariff, .noRules: t("close_refused_rules")
        case .frozenWithOther(let files):
            t("close_refused_frozen", ["rules": files.rules, "tariff": files.tariff])
        case .nothingToClose: t("close_refused_nothing")
        case .held(let held): held.words(t).joined()
        case .readingsPruned(let communities, _, _):
            t("close_refused_pruned", ["communities": communities.joined(separator: ", ")])
        case .notSettled(let communities):
            t("close_refused_not_settled", ["communities": communities.joined(separator: ", ")])
        case .withOthers(let communities):
            t("close_refused_with_others", ["communities": communities.joined(separator: ", ")])
        case .unknownCommunity(let code): t("close_refused_unknown", ["community": code])
        case .hasFigures(let code, _): t("close_refused_counted", ["community": code])
        }
    }
}

extension HeldOfMonth {
    /// That readings of the month take no part in it, a sentence for each kind of them.
    func words(_ t: Texts) -> [String] {
        let month = month.description
        let unregistered = t("close_doubt_held", ["meters": t.number(Int64(meters)), "month": month])
        let apart = t("close_doubt_apart", ["readings": t.number(Int64(keptApart)), "month": month])
        return (meters > 0 ? [unregistered] : []) + (keptApart > 0 ? [apart] : [])
    }
}

/// A community's part of a month's preview.
struct ClosePreviewRow: Sendable {
    let area: Area
    let homes: Int
    let state: CommunityMonth?
    /// Homes of the month that a correction is due of.
    let dirty: Int
    /// Statements of any month that a close will look at for correction.
    let toCorrect: Int
}

extension Reader {
    /// The member's communities with homes in the month, by code.
    func closePreview(
        of month: BillingMonth, for clerk: Clerk, _ calendar: CityCalendar
    ) throws -> [ClosePreviewRow] {
        let homes = Dictionary(
            try communitiesWithHomes(calendar.interval(of: month)).map { ($0.id, $0.homes) }
        ) { first, _ in first }
        let states = Dictionary(try communityMonths(month).map { ($0.community, $0) }) { first, _ in first }
        return try clerk.communities.compactMap { area in
            guard let count = homes[area.id] else { return nil }
            let marked = try countsToCorrect(of: area.id, span: calendar.interval)
            return ClosePreviewRow(
                area: area, homes: count, state: states[area.id], dirty: marked[month] ?? 0,
                toCorrect: marked.values.reduce(0, +))
        }
    }
}
