import Database
import Hummingbird
import Metering
import Operations
import Storage
import Water

/// The desk notes that a meter was exchanged. What was typed is shown beside what the meters said before it is noted: it
/// cannot be taken back at the desk.
struct ExchangeRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.get("staff/exchange") { request, _ in
            let clerk = try await services.clerk(request, at: services.now())
            // Of the language switch after a refusal: what was typed is there still.
            func typed(_ name: String) -> String { String((request.query(name) ?? "").plain.prefix(64)) }
            let page = ExchangePage(
                old: typed("old"), new: typed("new"), final: typed("final"), start: typed("start"), at: typed("at"))
            return services.answer(page, "nav_exchange", request, .staff, csrf: clerk.csrf)
        }
        router.post("staff/exchange") { request, _ in try await exchange(request) }
    }

    private func exchange(_ request: Request) async throws -> Response {
        let now = services.now()
        let clerk = try await services.clerk(request, at: now)
        let form = try await services.readForm(request)
        try services.requireToken(of: form, clerk.csrf)
        let t = services.texts(for: request)
        var page = ExchangePage(
            old: form.plain("old"), new: form.plain("new"), final: form.plain("final").plainCubicMetres,
            start: form.plain("start").plainCubicMetres, at: form.plain("at"))
        func answer(_ page: ExchangePage, _ notice: PageFrame.Notice?) -> Response {
            services.answer(
                page, "nav_exchange", request, .staff, csrf: clerk.csrf, notice: notice,
                path: WebServices.path(
                    "/staff/exchange",
                    ["old": page.old, "new": page.new, "final": page.final, "start": page.start, "at": page.at]))
        }
        func refused(_ words: String) -> Response {
            answer(page, .init(kind: .refused, heading: t("exchange_refused"), body: words))
        }
        let exchange: MeterExchange
        switch ExchangeRoutes.read(page, services) {
        case .failure(let field): return refused(t("exchange_refused_\(field.name)"))
        case .success(let read): exchange = read
        }
        let faults = ExchangeFaults(exchange: exchange, clerk: clerk, services: services, texts: t)
        let operation = ExchangeMeter(database: services.database, calendar: services.calendar, rules: .standard)
        let (fault, look, contradiction) = try await services.database.read {
            (
                try faults.first(at: now, $0),
                try $0.look(at: exchange, for: clerk, now: now, services.calendar),
                try operation.contradiction(to: exchange, $0)
            )
        }
        // What will be refused anyway is not asked about first.
        if let fault { return refused(fault) }
        let lines = look.map { $0.words(exchange, t, services.calendar) } ?? []
        let values = [page.old, page.new, page.final, page.start, page.at]
        page.sure = Self.question(lines, contradiction, values, form.text("sure"), t, services.calendar)
        if page.sure != nil { return answer(page, nil) }
        let done = try await operation(
            exchange, isForced: contradiction != nil, by: clerk.member.id, now: now
        ) { clerk.covers($0) }
        if case .failure(let refusal) = done { return refused(faults.words(refusal)) }
        let body =
            t("exchange_done_body", ["old": page.old, "new": page.new])
            + lines.map { t("sentence_next", ["next": $0]) }.joined()
        return answer(
            ExchangePage(old: "", new: "", final: "", start: "", at: ""),
            .init(kind: .done, heading: t("exchange_done"), body: body))
    }

    /// What is still to be asked: the look at all of it, then of a last register that the old meter cannot have shown
    /// whether it is to be taken all the same. nil where both were answered.
    private static func question(
        _ lines: [String], _ contradiction: RegisterContradiction?, _ values: [String], _ answer: String, _ t: Texts,
        _ calendar: CityCalendar
    ) -> SureQuestion? {
        guard let contradiction else { return SureQuestion(lines, about: values, answered: answer) }
        let act = SureQuestion.Act(heading: t("exchange_force_heading"), hint: t("exchange_force_hint"))
        let second = SureQuestion(
            [contradiction.words(t, calendar)], about: values + ["force"], answered: answer, of: act)
        guard second != nil else { return nil }
        return SureQuestion(lines, about: values, answered: answer) ?? second
    }

    private struct Field: Error { let name: String }

    private static func read(_ page: ExchangePage, _ services: WebServices) -> Result<MeterExchange, Field> {
        func refused(_ name: String) -> Result<MeterExchange, Field> { .failure(Field(name: name)) }
        guard let old = MeterAddress(.serial, page.old) else { return refused("old_empty") }
        guard let new = MeterAddress(.serial, page.new) else { return refused("new_empty") }
        guard new != old else { return refused("same") }
        guard !page.at.isEmpty else { return refused("at_empty") }
        guard let at = services.instant(ofForm: page.at) else { return refused("at_malformed") }
        let (final, start) = (Volume(cubicMetres: page.final), Volume(cubicMetres: page.start))
        guard page.final.isEmpty || final.map(registerRange.contains) == true else { return refused("final_malformed") }
        guard page.start.isEmpty || start.map(registerRange.contains) == true else { return refused("start") }
        return .success(MeterExchange(old: old, new: new, at: at, finalRegister: final, startRegister: start))
    }
}

/// What is known around an exchange that is to be noted.
struct ExchangeLook: Sendable {
    let household: String?
    let point: String
    let old: NearbyReadings?
    /// What is noted of the old one's end already.
    let final: Volume?
    /// The new meter's last reading that the member may see; nil where none came.
    let newLast: Instant?
}

extension Reader {
    /// nil where the exchange will be refused for its old meter or its time.
    func look(
        at exchange: MeterExchange, for clerk: Clerk, now: Instant, _ calendar: CityCalendar
    ) throws -> ExchangeLook? {
        guard exchange.at <= now, let meter = try meter(serial: exchange.old.address),
            let place = try placements(of: meter.id).first(where: {
                $0.from < exchange.at && ($0.to.map { $0 == exchange.at } ?? true)
            }), try clerk.covers(place, self)
        else { return nil }
        let homes = try households(at: place.usagePoint, in: place.community, from: exchange.at, to: exchange.at)
        let household = try homes.last.flatMap { try self.household($0, in: place.community)?.number }
        // Of meters elsewhere nothing is said: held ones are told where gateways of the member's area heard them.
        let held = try lastHeld(at: exchange.new, for: clerk)
        let tomorrow = calendar.day(of: now).advanced(by: 1)
        let hung = try self.meter(serial: exchange.new.address).flatMap {
            try nearestSet(of: $0.id, in: place.community, before: tomorrow)?.elements.map(\.at).max()
        }
        return ExchangeLook(
            household: household, point: try usagePointNumber(place.usagePoint, in: place.community) ?? "",
            old: try NearbyReadings(
                of: exchange.old, in: place.community, around: exchange.at, now: now, calendar, self)?.upToThen,
            final: place.finalRegister, newLast: [held, hung].compactMap { $0 }.max())
    }
}

extension ExchangeLook {
    func words(_ exchange: MeterExchange, _ t: Texts, _ calendar: CityCalendar) -> [String] {
        let at = "\(t.date(exchange.at, in: calendar)) \(calendar.format(exchange.at).dropFirst(11).prefix(5))"
        var lines = [t("exchange_where", ["household": household ?? t("none"), "point": point, "time": at])]
        if let last = old?.before {
            lines.append(
                t("exchange_last", ["register": t.register(last.register), "time": t.time(last.at, in: calendar)]))
        }
        switch exchange.finalRegister {
        case let register?:
            lines.append(t("exchange_says_final", ["register": t.register(register)]))
            lines += old?.doubts(about: register, at: exchange.at, t, calendar) ?? []
        case nil:
            lines.append(
                final.map { t("exchange_keeps_final", ["register": t.register($0)]) } ?? t("exchange_no_final"))
        }
        lines.append(
            exchange.startRegister.map { t("exchange_says_start", ["register": t.register($0)]) }
                ?? t("exchange_no_start"))
        if let newLast {
            lines.append(
                t("exchange_new_heard", ["new": exchange.new.address, "time": t.time(newLast, in: calendar)]))
        } else {
            lines.append(t("exchange_new_unheard", ["new": exchange.new.address]))
        }
        return lines
    }
}
