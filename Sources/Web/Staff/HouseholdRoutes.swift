import Database
import Hummingbird
import Ledger
import Operations
import Scoring
import Storage
import Tariffs
import Water

/// One household for the desk: where it lives, its meters, size, statements and points.
struct HouseholdRoutes: Sendable {
    let services: WebServices
    /// Statements and transfers shown.
    private static let most = 24

    func add(to router: Router<WebContext>) {
        router.get("staff/household") { request, _ in
            let clerk = try await services.clerk(request, at: services.now())
            let t = services.texts(for: request)
            let notice = request.query("noted").map { _ in
                PageFrame.Notice(kind: .done, heading: t("note_done"), body: t("note_done_body"))
            }
            return try await household(request, clerk, asked: (request.query("number") ?? "").plain, notice: notice)
        }
        router.post("staff/household") { request, _ in try await note(request) }
    }

    private func household(
        _ request: Request, _ clerk: Clerk, asked: String, typed: TypedNote? = nil, notice: PageFrame.Notice? = nil
    ) async throws -> Response {
        let t = services.texts(for: request)
        let now = services.now()
        let found = try await services.database.read {
            try $0.overview(ofHousehold: asked, for: clerk, most: Self.most)
        }
        let page = HouseholdPage(
            asked: asked, isMissing: !asked.isEmpty && found == nil,
            found: try found.map { try self.page($0, clerk, typed, at: now, t) })
        return services.answer(
            page, "nav_household", request, .staff, csrf: clerk.csrf, notice: notice,
            path: WebServices.path("/staff/household", ["number": asked]))
    }

    /// A note as it was typed, so that nothing is lost where it is refused.
    private struct TypedNote {
        let id: String
        let kind: HouseholdNote.Kind
        /// As the form sends it.
        let month: String
        let text: String
    }

    /// What a member of staff may note by hand, in the order of the form.
    private static let kinds: [HouseholdNote.Kind] = [
        .called, .visited, .noAnswer, .fixed, .inOrder, .objection, .answered, .other,
    ]

    private func note(_ request: Request) async throws -> Response {
        let now = services.now()
        let clerk = try await services.clerk(request, at: now)
        let form = try await services.readForm(request)
        try services.requireToken(of: form, clerk.csrf)
        let t = services.texts(for: request)
        let number = form.plain("number")
        guard let kind = Self.kinds.first(where: { $0.rawValue == form.text("kind") }) else {
            throw Problem.badRequest("kind", "is one of \(Self.kinds.map(\.rawValue).joined(separator: ", "))")
        }
        // Other notes are about the home, not about a statement.
        let typedMonth = kind == .objection || kind == .answered ? form.plain("month") : ""
        let month = BillingMonth(typedMonth)
        let seen = Set(form.text("seen").split(separator: ",").map(String.init))
        let home = try await services.database.read { try $0.household(number: number) }
        guard let home, clerk.covers(home.area) else { return try await household(request, clerk, asked: number) }
        func refused(_ why: String, id: String) async throws -> Response {
            let typed = TypedNote(id: id, kind: kind, month: form.plain("month"), text: form.text("text"))
            return try await household(
                request, clerk, asked: number, typed: typed,
                notice: .init(kind: .refused, heading: t("note_refused"), body: t("note_refused_\(why)")))
        }
        guard month != nil || typedMonth.isEmpty else {
            return try await refused("month_malformed", id: form.text("id"))
        }
        let outcome = try await NoteHousehold(database: services.database)(
            kind, form.text("text"), id: form.text("id"), month: month, seen: seen, of: home, by: clerk.member.id,
            at: now)
        switch outcome {
        case .success: return .seeOther("/staff/household?number=\(home.number)&noted=1#notes-h")
        case .failure(let refusal):
            return try await refused(
                refusal.rawValue, id: refusal == .idIsTaken ? WebServices.formID() : form.text("id"))
        }
    }

    /// The form with what was typed, or as it is before: to answer the objection that waits longest.
    private func form(_ found: HouseholdOverview, _ typed: TypedNote?, _ t: Texts) -> HouseholdPage.NoteForm {
        let open = found.openObjections
        let kind = typed?.kind ?? (open.isEmpty ? .called : .answered)
        let waiting = Set(open.compactMap(\.month))
        let issued = found.statements.map(\.month).filter { !waiting.contains($0) }
        let first = open.isEmpty ? issued.first : open.first?.month
        let chosen = typed?.month ?? first?.description ?? ""
        let none = t(open.contains { $0.month == nil } ? "note_month_none_open" : "note_month_none")
        let options = (waiting.sorted() + issued).map { month in
            HouseholdPage.Option(
                value: month.description,
                name: waiting.contains(month) ? t("note_month_open", ["month": t.month(month)]) : t.month(month),
                isSelected: month.description == chosen)
        }
        return .init(
            id: typed?.id ?? WebServices.formID(), seen: open.map(\.id).joined(separator: ","),
            kinds: Self.kinds.map {
                .init(value: $0.rawValue, name: t("note_\($0.rawValue)"), isSelected: $0 == kind)
            }, months: options + [.init(value: "", name: none, isSelected: chosen.isEmpty)],
            text: typed?.text ?? "")
    }

    private func page(
        _ found: HouseholdOverview, _ clerk: Clerk, _ typed: TypedNote?, at now: Instant, _ t: Texts
    ) throws -> HouseholdPage.Found {
        let calendar = services.calendar
        let home = found.household
        let account = found.book.account
        return HouseholdPage.Found(
            number: home.number, place: clerk.place(of: home.area, in: home.community),
            lived: t.lived(home, in: calendar),
            sizes: found.sizes.isEmpty ? [t("persons_unknown")] : found.sizes.reversed().map { t.size($0) },
            voidCode: voidCode(found, at: now, t),
            meters: found.meters.map { meter in
                .init(
                    serial: meter.serial, point: meter.point,
                    month: calendar.month(of: min(meter.to ?? now, home.movedOut ?? now, now) - 1).description,
                    hung: meter.to.map {
                        t.date(meter.from, in: calendar) + " – " + t.date($0, in: calendar)
                    } ?? t("meter_since", ["day": t.date(meter.from, in: calendar)]))
            },
            hasStatements: !found.statements.isEmpty,
            statements: try found.statements.map { stored in
                let one = try Statement(bytes: Array(stored.body.utf8))
                let reason = one.unranked.map { t("unranked_short_\($0.rawValue)") }
                let percentile = one.rank.map { t("percent", ["n": "\($0.higherPercent)"]) }
                let leaks = one.leaks.max { $0.hours < $1.hours }.map {
                    t("home_leak", ["hours": t.number($0.hours), "rate": t.number($0.litresPerHour)])
                }
                return .init(
                    month: one.month.description, version: "\(one.version)",
                    litres: one.unranked == .notLivedIn || one.hasNoFigure ? t("none") : t.number(one.use.litres),
                    yuan: one.bill?.total.yuan ?? t("none"), rank: percentile ?? t("none"),
                    points: t.number(one.points.total.count),
                    note: [leaks, reason, found.marked.contains(one.month) ? t("home_marked") : nil]
                        .compactMap { $0 }.joined(separator: t("list_comma")))
            },
            balance: t("balance", ["points": t.points(account.spendable(at: now))]),
            debt: t.debt(of: account, at: now),
            hasHistory: !found.book.transfers.isEmpty,
            history: BookStretch(found.book, most: Self.most).entries(calendar, t),
            hasOpenObjection: !found.openObjections.isEmpty, hasNotes: !found.notes.isEmpty,
            notes: notes(found, t), form: form(found, typed, t))
    }

    /// That wrong tries voided the household's code, while it may have a new one; else nil.
    private func voidCode(_ found: HouseholdOverview, at now: Instant, _ t: Texts) -> String? {
        guard let code = found.code, code.isOutOfTries, found.household.lives(at: now) else { return nil }
        // Of a code whose end lies ahead it was not kept when it was voided.
        return code.endsAt <= now
            ? t("code_void_since", ["time": services.minute(code.endsAt)]) : t("code_void")
    }

    /// Latest first, an objection by its answer, which stands under it.
    private func notes(_ found: HouseholdOverview, _ t: Texts) -> [HouseholdPage.Note] {
        func by(_ note: HouseholdNote) -> String {
            note.staff.map { found.names[$0] ?? "\($0)" } ?? t("note_by_home")
        }
        let answers = found.answers
        let below = Set(found.notes.compactMap { answers[$0.id]?.id })
        func at(_ note: HouseholdNote) -> Instant { answers[note.id]?.at ?? note.at }
        let latest = found.notes.filter { !below.contains($0.id) }.enumerated().sorted {
            (at($0.element), $0.offset) > (at($1.element), $1.offset)
        }
        return latest.map { _, note in
            .init(
                at: services.minute(note.at), by: by(note),
                about: note.month.map { t("note_about", ["month": t.month($0)]) }, what: t.note(note),
                answer: answers[note.id].map { .init(at: services.minute($0.at), by: by($0), what: t.note($0)) })
        }
    }
}

extension Texts {
    /// When a household moved in and, where it did, out.
    func lived(_ home: Household, in calendar: CityCalendar) -> String {
        let movedIn = self("home_moved_in", ["day": date(home.movedIn, in: calendar)])
        guard let movedOut = home.movedOut else { return movedIn }
        return movedIn + self("list_comma") + self("home_moved_out", ["day": date(movedOut, in: calendar)])
    }
}

/// What the registry, the statements and the ledger say of one household.
struct HouseholdOverview: Sendable {
    let household: Household
    let sizes: [PersonsFrom]
    /// By start, those that hang there now last.
    let meters: [(serial: String, point: String, from: Instant, to: Instant?)]
    /// The newest version of each, latest month first.
    let statements: [StoredStatement]
    /// Months that a correction is due of.
    let marked: Set<BillingMonth>
    let book: PointsBook
    /// Objections that wait for an answer, oldest first.
    let openObjections: [HouseholdNote]
    /// Oldest first: the newest, and before them what waits for an answer, or got one of these, from earlier.
    let notes: [HouseholdNote]
    /// By the objection's id.
    let answers: [String: HouseholdNote]
    /// The sign-in code made last.
    let code: SignInCode?
    /// Of the staff that wrote them.
    let names: [StaffID: String]
}

extension Reader {
    /// By a household's number, or a meter's: then who lives, or lived last, where it hangs. nil outside the member's area.
    func overview(ofHousehold asked: String, for clerk: Clerk, most: Int) throws -> HouseholdOverview? {
        guard let home = try household(number: asked) ?? household(ofMeter: asked), clerk.covers(home.area) else {
            return nil
        }
        let points = try heldPoints(of: home.id, in: home.community)
        let meters = try points.flatMap { point in
            try hung(at: point.usagePoint, in: home.community).map { ($0.serial, point.number, $0.from, $0.to) }
        }
        let months = try statementMonths(of: home.id, in: home.community, limit: most)
        let doubts = try objectionNotes(of: home.id, in: home.community, limit: Int(NoteHousehold.most))
        let (open, answers) = (doubts.openObjections, doubts.answers)
        let newest = try notes(of: home.id, in: home.community, limit: Reader.mostShort)
        let earlier = doubts.filter { note in
            !newest.contains(note) && (open.contains(note) || answers[note.id].map { newest.contains($0) } ?? false)
        }
        return HouseholdOverview(
            household: home, sizes: try persons(of: home.id, in: home.community),
            meters: meters.filter { $0.2 < home.movedOut ?? $0.2 + 1 && $0.3 ?? home.movedIn + 1 > home.movedIn },
            statements: try months.compactMap { try statement(of: home.id, in: home.community, $0.month) },
            marked: Set(try months.map(\.month).filter { try isDirty(home.id, of: home.community, $0) }),
            book: try pointsBook(of: home), openObjections: open,
            notes: earlier + newest, answers: answers, code: try signInCode(of: home.id, in: home.community),
            names: Dictionary(try staff().map { ($0.id, $0.name) }) { first, _ in first })
    }

    private func household(ofMeter serial: String) throws -> Household? {
        guard let address = MeterAddress(.serial, serial), let meter = try meter(serial: address.address),
            let place = try placements(of: meter.id).last
        else { return nil }
        return try holders(of: place.usagePoint, in: place.community).last?.household
    }
}
