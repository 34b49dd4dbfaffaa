import Database
import Foundation
import Hummingbird
import Ledger
import Metering
import Operations
import Scoring
import Storage
import Tariffs
import Water

/// A resident's statement and points.
struct ResidentRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.get("statement") { request, _ in try await statement(request, nil) }
        router.post("statements/:month/objection") { request, context in
            guard let month = BillingMonth(try context.parameters.require("month")) else { throw Problem.notFound }
            return try await object(request, to: month)
        }
        router.get("statements/:month") { request, context in
            guard let month = BillingMonth(try context.parameters.require("month")) else { throw Problem.notFound }
            return try await statement(request, month)
        }
        router.get("statements/:month/explain") { request, context in
            guard let month = BillingMonth(try context.parameters.require("month")) else { throw Problem.notFound }
            return try await explain(request, month)
        }
        router.get("points") { request, _ in try await points(request) }
        router.post("goal") { request, _ in try await setGoal(request) }
        router.post("points/hold") { request, _ in try await hold(request) }
        router.post("points/void") { request, _ in try await giveBack(request) }
    }

    /// The page of the latest statement, or the one in its place.
    private static let latest = "/statement"
    /// How long a meter's own word of a leak is told.
    private static let alertDays: Int64 = 30
    /// Notes that are looked at for what is settled; the newest of them.
    private static let mostNotes = 200

    /// The statement of a month, or the latest. `objection` and `goal` are what was typed and not taken.
    private func statement(
        _ request: Request, _ month: BillingMonth?, objection: String = "", goal: String? = nil,
        notice: PageFrame.Notice? = nil
    ) async throws -> Response {
        let resident = try await services.resident(request, at: services.now())
        let version = try request.version()
        let home = resident.household
        let (now, running) = (services.now(), services.closeMonth.runningMonth)
        let recent = max(home.movedIn, now - Self.alertDays * 86_400)
        let (found, outlook, alert, notes, objections, systems) = try await services.database.read { reader in
            (
                try reader.openStatement(of: home, month, version: version),
                month == nil ? try running.found(of: home, at: now, reader) : nil,
                month == nil ? try reader.leakAlert(of: home.id, in: home.community, from: recent, to: now) : nil,
                try reader.notes(of: home.id, in: home.community, limit: Self.mostNotes),
                try reader.objectionNotes(of: home.id, in: home.community, limit: Int(NoteHousehold.most)),
                try reader.entitledTargets(of: home.community)
            )
        }
        let leak = alert.flatMap { at in notes.contains { $0.kind.isSettling && $0.at >= at } ? nil : at }
        let texts = services.texts(for: request)
        let underWay = outlook.flatMap { $0.found }
        let shown = notice ?? statementNotice(request, underWay, refused: goal, texts)
        guard let found else {
            // An address that names a version or a month names a statement that is not there.
            guard let outlook, version == nil else { throw Problem.notFound }
            return try await firstStatement(
                request, resident, outlook, leak, objections, goal: goal, shown, at: now)
        }
        let statement = try Statement(bytes: Array(found.stored.body.utf8))
        guard let rules = services.rules(of: statement) else { throw RulesAreGone(version: statement.rules.version) }
        let tariff = services.shelf.tariffs.first {
            $0.id == statement.tariff.id && $0.version == statement.tariff.version
        }
        let surroundings = StatementSurroundings(
            newestVersion: Int(found.newestVersion), issuedAt: found.stored.issuedAt, months: found.months,
            isDirty: found.isDirty,
            cohortName: found.cohortName(statement.cohort?.code),
            tariffName: (texts.language == .zh ? tariff?.nameZh : tariff?.nameEn) ?? statement.tariff.id,
            benchmarkPercent: rules.cohort.benchmarkPercentile, outlook: underWay, refusedGoal: goal, leakAlert: leak,
            objection: ObjectionPart(
                objections, on: statement.month, isNewest: found.months.first == statement.month, typed: objection,
                calendar: services.calendar, texts: texts, makeID: WebServices.formID),
            lived: home.livedDays(services.calendar),
            readers: [texts("reader_home"), texts("reader_staff")]
                + systems.map { texts("reader_system", ["system": $0.name, "purpose": $0.purpose ?? ""]) })
        let page = StatementPage(statement, surroundings, calendar: services.calendar, texts: texts)
        return services.answer(
            page, "statement_name", request, .resident, csrf: resident.csrf, notice: shown,
            path: month == nil ? Self.latest : nil)
    }

    /// What came of a form that leads back to the statement, or to the page in its place.
    private func statementNotice(
        _ request: Request, _ underWay: Outlook?, refused goal: String?, _ t: Texts
    ) -> PageFrame.Notice? {
        if goal != nil {
            // It stands at the field, where there is one.
            return underWay == nil
                ? .init(kind: .refused, heading: t("goal_refused"), body: t("goal_refused_body")) : nil
        }
        switch request.query("goal") {
        case "saved":
            let body =
                underWay?.goalLitres.map { t("goal_saved_body", ["goal": t.litres($0)]) } ?? t("goal_saved_body_later")
            return .init(kind: .done, heading: t("goal_saved"), body: body)
        case "ended": return .init(kind: .done, heading: t("goal_ended"), body: t("goal_ended_body"))
        default: break
        }
        return request.query("objected").map { _ in
            .init(kind: .done, heading: t("objection_done"), body: t("objection_done_body"))
        }
    }

    /// In the place of a statement while the home has none.
    private func firstStatement(
        _ request: Request, _ resident: Resident, _ outlook: Result<Outlook, NoOutlook>, _ leak: Instant?,
        _ objections: [HouseholdNote], goal: String?, _ notice: PageFrame.Notice?, at now: Instant
    ) async throws -> Response {
        let (calendar, texts) = (services.calendar, services.texts(for: request))
        let home = resident.household
        // Of months before the last there would be a statement, or there will be one with the next close.
        let month = max(calendar.month(of: home.movedIn), calendar.month(of: now).previous)
        var due = calendar.interval(of: month).end
        if case .failure(.tooEarly(let from)) = try await services.closeMonth.admit(month, at: due, early: false) {
            due = from
        }
        let page = FirstStatementPage(
            household: home.number, month: month, due: due > now ? due : nil, outlook: outlook, leakAlert: leak,
            objection: ObjectionPart(
                objections, on: month, isNewest: true, typed: "", calendar: calendar, texts: texts,
                makeID: WebServices.formID), refusedGoal: goal, calendar: calendar, texts: texts)
        return services.answer(
            page, "first_statement_title", request, .resident, csrf: resident.csrf, notice: notice, path: Self.latest)
    }

    /// A resident doubts a statement: staff look at it and answer on the same page.
    private func object(_ request: Request, to month: BillingMonth) async throws -> Response {
        let now = services.now()
        let resident = try await services.resident(request, at: now)
        let form = try await services.readForm(request)
        try services.requireToken(of: form, resident.csrf)
        let home = resident.household
        guard try await services.database.read({ try $0.statement(of: home.id, in: home.community, month) }) != nil
        else { throw Problem.notFound }
        let t = services.texts(for: request)
        let outcome = try await NoteHousehold(database: services.database)(
            .objection, form.text("text"), id: form.text("id"), month: month, of: home, by: nil, at: now)
        switch outcome {
        case .success: return .seeOther("/statements/\(month)?objected=1#objection-h")
        case .failure(let refusal):
            return try await statement(
                request, month, objection: form.text("text"),
                notice: .init(
                    kind: .refused, heading: t("objection_refused"), body: t("note_refused_\(refusal.rawValue)")))
        }
    }

    /// Takes the household's own goal in cubic metres; empty ends it.
    private func setGoal(_ request: Request) async throws -> Response {
        let now = services.now()
        let resident = try await services.resident(request, at: now)
        let form = try await services.readForm(request)
        try services.requireSame(form.raw("csrf"), resident.csrf)
        let text = form.text("goal").plainCubicMetres
        let litres = ExactDecimal(text)?.scaled(toDecimals: 3)
        guard text.isEmpty || litres.map(SetGoal.range.contains) == true else {
            return try await statement(request, nil, goal: form.text("goal"))
        }
        let home = resident.household
        try await SetGoal(database: services.database)(litres, of: home.id, in: home.community, at: now)
        return .seeOther("\(Self.latest)?goal=\(litres == nil ? "ended" : "saved")")
    }

    /// How every figure of a statement came about.
    private func explain(_ request: Request, _ month: BillingMonth) async throws -> Response {
        let resident = try await services.resident(request, at: services.now())
        let (home, version) = (resident.household, try request.version())
        let found = try await services.database.read {
            try $0.statement(of: home.id, in: home.community, month, version: version)
        }
        guard let found else { throw Problem.notFound }
        let (statement, t) = (try Statement(bytes: Array(found.body.utf8)), services.texts(for: request))
        let page = ExplainPage(statement, shared: try await shared(statement, of: home, t), texts: t)
        return services.answer(page, "explain_title", request, .resident, csrf: resident.csrf)
    }

    /// What the meters showed that a home shares; nil where it has its own, or was not billed by them.
    private func shared(_ statement: Statement, of home: Household, _ t: Texts) async throws -> SharedPart? {
        guard statement.isShared, statement.unranked != .notLivedIn, let rules = services.rules(of: statement) else {
            return nil
        }
        let examine = ExamineSharedMeters(calendar: services.calendar, rules: MeteringRules(rules))
        let registers = try await services.database.read { try examine(of: home, statement.month, $0) }
        return SharedPart(registers, calendar: services.calendar, texts: t)
    }

    /// `asked`: what is to be given back is asked about once more.
    private func points(_ request: Request, asked: PointsPage.Asked? = nil) async throws -> Response {
        let now = services.now()
        let resident = try await services.resident(request, at: now)
        let texts = services.texts(for: request)
        let back = request.query("back")
        let (book, returned) = try await services.database.read { reader in
            let book = try reader.pointsBook(of: resident.household)
            let row = book.redemptions.first { $0.id.text == back }
            return (book, try row.flatMap { try reader.returned($0, at: now) })
        }
        let page = PointsPage(
            book, household: resident.household.number, terms: services.terms, at: now, asked: asked,
            before: request.query("before"), calendar: services.calendar, texts: texts, makeID: WebServices.formID)
        return services.answer(
            page, "points_page_name", request, .resident, csrf: resident.csrf,
            notice: notice(request, book, returned, at: now, texts), path: "/points")
    }

    private func notice(
        _ request: Request, _ book: PointsBook, _ returned: ReturnedPoints?, at now: Instant, _ texts: Texts
    ) -> PageFrame.Notice? {
        if let held = request.query("held"), let row = book.redemptions.first(where: { $0.id.text == held }) {
            return row.held(at: now, services.calendar, texts)
        }
        if let again = request.query("again"), let row = book.redemptions.first(where: { $0.id.text == again }) {
            return row.heldBefore(texts)
        }
        if let id = request.query("back"), let row = book.redemptions.first(where: { $0.id.text == id }) {
            return row.givenBack(returned, texts)
        }
        guard let key = request.query("refused"), key.hasPrefix("refused_"), texts.words[key] != nil else { return nil }
        return .init(kind: .refused, heading: texts("hold_refused"), body: texts(key))
    }

    private func hold(_ request: Request) async throws -> Response {
        let now = services.now()
        let resident = try await services.resident(request, at: now)
        let form = try await services.readForm(request)
        try services.requireSame(form.raw("csrf"), resident.csrf)
        guard let id = PostingID(form.text("id")), let item = Int64(form.text("item")) else {
            throw Problem.badRequest("item", "is not an item of the page")
        }
        let seen = Int64(form.text("points")).map { Points($0) }
        switch try await services.hold(id, ItemID(item), seen: seen, for: resident, at: now) {
        // A form that was sent before holds nothing anew: told as done only while that hold lasts.
        case .success(let row):
            return .seeOther("/points?\(row.isToCollect(at: now) ? "held" : "again")=\(row.id.text)")
        case .failure(let refusal): return .seeOther("/points?refused=\(refusal.textKey)")
        }
    }

    /// Gives back what the household holds, once it was asked about: its own alone. The page tells what came of it by
    /// what stands then, so that a form sent twice is answered alike.
    private func giveBack(_ request: Request) async throws -> Response {
        let now = services.now()
        let resident = try await services.resident(request, at: now)
        let form = try await services.readForm(request)
        try services.requireSame(form.raw("csrf"), resident.csrf)
        let home = resident.household
        let holder = AccountHolder(community: home.community, household: home.id)
        guard let id = PostingID(form.text("redemption")) else { throw RedemptionRefusal.noSuchRedemption.problem }
        let (found, returned) = try await services.database.read { reader in
            let row = try reader.redemption(id, in: home.community)
            return (row, try row.flatMap { try reader.returned($0, at: now) })
        }
        guard let row = found, row.holder == holder else { throw RedemptionRefusal.noSuchRedemption.problem }
        let t = services.texts(for: request)
        let words =
            t("give_back_sure", ["item": row.itemName(t.language), "points": t.points(row.points)])
            + t.notUsable(of: returned)
        if row.state == .open, row.holdUntil > now,
            let sure = SureQuestion(
                [words], about: [id.text], answered: form.text("sure"),
                of: .init(heading: t("give_back_sure_heading"), hint: t("give_back_sure_hint")))
        {
            return try await points(request, asked: .init(row, sure, t))
        }
        _ = try await CloseRedemption(database: services.database, terms: services.terms).void(
            id, in: home.community, by: nil, reason: "household", at: now)
        return .seeOther("/points?back=\(id.text)")
    }
}

/// The statement was made by rules that are no longer on the shelf.
struct RulesAreGone: Error { let version: String }

extension Result where Success == Outlook, Failure == NoOutlook {
    /// nil where there is none, whatever the reason.
    fileprivate var found: Outlook? {
        switch self {
        case .success(let outlook): outlook
        case .failure: nil
        }
    }
}

extension WebServices {
    /// The rules a statement names.
    func rules(of statement: Statement) -> RuleSet? {
        shelf.rules.first { $0.id == statement.rules.id && $0.version == statement.rules.version }
    }
}

extension Household {
    /// From the day of moving in to the last before moving out, both whole; nil where there is none.
    func livedDays(_ calendar: CityCalendar) -> ClosedRange<LocalDay>? {
        let first = calendar.day(of: movedIn)
        let last = movedOut.map { calendar.day(of: $0 - 1) } ?? LocalDay(number: .max)
        return first <= last ? first...last : nil
    }
}

/// A statement with what its page shows around it.
struct OpenStatement: Sendable {
    let stored: StoredStatement
    let newestVersion: Int64
    let months: [BillingMonth]
    let isDirty: Bool
    let areas: [Area]

    func cohortName(_ code: String?) -> String? { areas.first { $0.code == code }?.name }
}

extension Reader {
    /// The statement of a month, or the latest; nil without one.
    func openStatement(of home: Household, _ month: BillingMonth?, version: Int64?) throws -> OpenStatement? {
        let months = try statementMonths(of: home.id, in: home.community, limit: 24)
        guard let month = month ?? months.first?.month,
            let newest = try statement(of: home.id, in: home.community, month)
        else { return nil }
        let stored = try version.map { try statement(of: home.id, in: home.community, month, version: $0) } ?? newest
        guard let stored, version == nil || stored.version == version else { return nil }
        let isDirty = try isDirty(home.id, of: home.community, month)
        return OpenStatement(
            stored: stored, newestVersion: newest.version, months: months.map(\.month), isDirty: isDirty,
            areas: try areaChain(from: home.community))
    }

    /// A household's points with what it may spend them on.
    func pointsBook(of home: Household) throws -> PointsBook {
        let holder = AccountHolder(community: home.community, household: home.id)
        return PointsBook(
            account: try accountState(of: holder), transfers: try transfers(of: holder),
            redemptions: try redemptions(of: holder, limit: 50), items: try items(of: home.community))
    }
}

/// Desk codes are read in two groups of four.
func grouped(_ code: String) -> String { "\(code.prefix(4)) \(code.dropFirst(4))" }
