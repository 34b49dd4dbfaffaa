import Database
import Hummingbird
import Operations
import Storage
import Water

/// The desk notes how many live in a household: what is registered is shown, and what reaches far is asked about.
struct PersonsRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.get("staff/persons") { request, _ in
            let now = services.now()
            let clerk = try await services.clerk(request, at: now)
            let number = (request.query("number") ?? "").plain
            let found = try await registered(number, within: clerk)
            let t = services.texts(for: request)
            let isUnknown = !number.isEmpty && found == nil
            return services.answer(
                page(found, number, persons: "", from: services.calendar.day(of: now).description, clerk, t),
                "nav_persons", request, .staff, csrf: clerk.csrf,
                notice: isUnknown
                    ? .init(kind: .refused, heading: t("persons_refused"), body: t("persons_refused_number")) : nil)
        }
        router.post("staff/persons") { request, _ in try await setPersons(request) }
    }

    private func setPersons(_ request: Request) async throws -> Response {
        let now = services.now()
        let clerk = try await services.clerk(request, at: now)
        let form = try await services.readForm(request)
        try services.requireSame(form.raw("csrf"), clerk.csrf)
        let t = services.texts(for: request)
        let (number, from) = (form.plain("number"), form.plain("from"))
        let text = PersonsRoutes.count(form.plain("persons"))
        let found = try await registered(number, within: clerk)
        func answer(
            _ found: Registered?, _ notice: PageFrame.Notice?, sure: SureQuestion? = nil
        ) -> Response {
            services.answer(
                page(found, number, persons: text, from: from, clerk, t, sure: sure), "nav_persons", request, .staff,
                csrf: clerk.csrf, notice: notice)
        }
        // What will be refused anyway is not asked about first.
        if let found, let day = LocalDay(from), Int(text).map((1...20).contains) ?? text.isEmpty {
            let doubts = doubts(found, persons: Int(text), from: day, at: now, t)
            if let sure = SureQuestion(doubts, about: [number, text, from], answered: form.text("sure")) {
                return answer(found, nil, sure: sure)
            }
        }
        if let field = try await noted(found, number, persons: text, from: from, by: clerk, at: now) {
            return answer(
                found, .init(kind: .refused, heading: t("persons_refused"), body: t("persons_refused_\(field)")))
        }
        return answer(
            try await registered(number, within: clerk),
            .init(
                kind: .done, heading: t("persons_done"),
                body: t("persons_done_body", ["number": number, "from": from, "persons": t.persons(Int(text))])))
    }

    /// Digits as they are typed, with the word for persons behind them.
    private static func count(_ text: String) -> String {
        for unit in ["人", "口"] where text.hasSuffix(unit) { return String(text.dropLast()) }
        return text
    }

    /// A household with what is registered of its size, and the months that have figures.
    struct Registered: Sendable {
        let household: Household
        let sizes: [PersonsFrom]
        let measured: [BillingMonth]
    }

    private func registered(_ number: String, within clerk: Clerk) async throws -> Registered? {
        guard !number.isEmpty else { return nil }
        return try await services.database.read { reader in
            guard let household = try reader.household(number: number), clerk.covers(household.area) else { return nil }
            return Registered(
                household: household, sizes: try reader.persons(of: household.id, in: household.community),
                measured: try reader.measuredMonths(of: household.community))
        }
    }

    /// Notes the persons; the field at fault where they were refused.
    private func noted(
        _ found: Registered?, _ number: String, persons text: String, from: String, by clerk: Clerk,
        at now: Instant
    ) async throws -> String? {
        guard found != nil else { return "number" }
        let persons = Int(text)
        guard text.isEmpty || persons != nil else { return "persons" }
        guard let day = LocalDay(from) else { return "from" }
        let outcome = try await SetPersons(database: services.database)(
            persons, of: number, from: day, by: clerk.member.id, at: now)
        switch outcome {
        case .success: return nil
        case .failure(.unknownHousehold): return "number"
        case .failure: return "persons"
        }
    }

    private func doubts(
        _ found: Registered, persons: Int?, from day: LocalDay, at now: Instant, _ t: Texts
    ) -> [String] {
        var lines: [String] = []
        let calendar = services.calendar
        if persons == nil { lines.append(t("doubt_unknown")) }
        let movedIn = calendar.day(of: found.household.movedIn)
        if day < movedIn { lines.append(t("doubt_before_move", ["day": movedIn.description])) }
        if day > calendar.day(of: now).advanced(by: 366) { lines.append(t("doubt_far", ["day": day.description])) }
        let next = found.sizes.filter { $0.day > day }.min { $0.day < $1.day }
        if let next {
            lines.append(
                t("doubt_later_size", ["day": next.day.description, "persons": t.persons(next.persons)]))
        }
        // Up to the next entry, while it lives there; nothing where that is what holds already.
        let inForce = found.sizes.last { $0.day <= day }
        let movedOut = found.household.movedOut.map { calendar.day(of: $0) }
        let isNews = inForce == nil || inForce?.persons != persons
        let reached = found.measured.filter { month in
            isNews && month.lastDay >= max(day, movedIn) && next.map { month.firstDay < $0.day } ?? true
                && movedOut.map { month.firstDay < $0 } ?? true
        }
        if let first = reached.first, let last = reached.last {
            lines.append(
                t(
                    "doubt_months",
                    ["n": "\(reached.count)", "first": first.description, "last": last.description]))
        }
        return lines
    }

    private func page(
        _ found: Registered?, _ number: String, persons: String, from: String, _ clerk: Clerk, _ t: Texts,
        sure: SureQuestion? = nil
    ) -> PersonsPage {
        let calendar = services.calendar
        return PersonsPage(
            number: number, persons: persons, from: from,
            home: found.map { found in
                .init(
                    place: clerk.place(of: found.household.area, in: found.household.community),
                    movedIn: t("home_moved_in", ["day": t.date(found.household.movedIn, in: calendar)]),
                    hasSizes: !found.sizes.isEmpty, sizes: found.sizes.reversed().map { t.size($0) })
            }, sure: sure)
    }
}

extension Texts {
    /// How many live in a home; nil is unknown.
    func persons(_ count: Int?) -> String {
        count.map { self("persons_count", ["n": "\($0)"]) } ?? self("persons_unknown")
    }

    func size(_ size: PersonsFrom) -> String {
        self(
            "size_line",
            [
                "day": size.day.number <= 0 ? self("size_always") : size.day.description,
                "persons": persons(size.persons),
            ])
    }
}
