import Database
import Hummingbird
import Operations
import Storage
import Water

/// The desk notes how many live in a household: what is registered is shown, and what reaches far is asked about.
struct PersonsRoutes: Sendable {
    let services: WebServices
    /// How far ahead a number may be noted.
    private static let mostDaysAhead = 366

    func add(to router: Router<WebContext>) {
        router.get("staff/persons") { request, _ in
            let now = services.now()
            let clerk = try await services.clerk(request, at: now)
            let number = (request.query("number") ?? "").plain
            let found = try await registered(number, within: clerk)
            let t = services.texts(for: request)
            let isUnknown = !number.isEmpty && found == nil
            return services.answer(
                page(
                    found, number, persons: "", from: services.calendar.day(of: now).description, clerk, at: now, t),
                "nav_persons", request, .staff, csrf: clerk.csrf,
                notice: isUnknown
                    ? .init(kind: .refused, heading: t("persons_refused"), body: t("persons_refused_number")) : nil)
        }
        router.post("staff/persons") { request, _ in try await setPersons(request) }
        router.post("staff/persons/remove") { request, _ in try await removePersons(request) }
    }

    private func setPersons(_ request: Request) async throws -> Response {
        let now = services.now()
        let clerk = try await services.clerk(request, at: now)
        let form = try await services.readForm(request)
        try services.requireSame(form.raw("csrf"), clerk.csrf)
        let t = services.texts(for: request)
        let (number, from) = (form.plain("number"), form.plain("from"))
        let text = PersonsRoutes.count(form.plain("persons"))
        let known = try await registered(number, within: clerk)
        func answer(
            _ found: Registered?, _ notice: PageFrame.Notice?, sure: SureQuestion? = nil
        ) -> Response {
            services.answer(
                page(found, number, persons: text, from: from, clerk, at: now, t, sure: sure), "nav_persons", request,
                .staff, csrf: clerk.csrf, notice: notice,
                path: WebServices.path("/staff/persons", ["number": number]))
        }
        func refused(_ words: String) -> Response {
            answer(known, .init(kind: .refused, heading: t("persons_refused"), body: words))
        }
        // What will be refused anyway is not asked about first.
        guard !number.isEmpty else { return refused(t("persons_refused_number_empty")) }
        guard let found = known else { return refused(t("persons_refused_number")) }
        guard text.isEmpty || Int(text).map((1...20).contains) == true else {
            return refused(t("persons_refused_persons"))
        }
        let day: LocalDay
        switch start(from, found, at: now, t) {
        case .failure(let fault): return refused(fault.words)
        case .success(let read): day = read
        }
        let doubts = doubts(found, persons: Int(text), from: day, at: now, t)
        if let sure = SureQuestion(doubts, about: [number, text, from], answered: form.text("sure")) {
            return answer(found, nil, sure: sure)
        }
        let outcome = try await SetPersons(database: services.database)(
            Int(text), of: number, from: day, by: clerk.member.id, at: now)
        switch outcome {
        case .success: break
        case .failure(.unknownHousehold): return refused(t("persons_refused_number"))
        case .failure: return refused(t("persons_refused_persons"))
        }
        return answer(
            try await registered(number, within: clerk),
            .init(
                kind: .done, heading: t("persons_done"),
                body: t("persons_done_body", ["number": number, "from": from, "persons": t.persons(Int(text))])))
    }

    /// Takes away an entry that has not begun.
    private func removePersons(_ request: Request) async throws -> Response {
        let now = services.now()
        let clerk = try await services.clerk(request, at: now)
        let form = try await services.readForm(request)
        try services.requireSame(form.raw("csrf"), clerk.csrf)
        let t = services.texts(for: request)
        let number = form.plain("number")
        guard let day = LocalDay(form.plain("from")) else { throw Problem.badRequest("from", "is no YYYY-MM-DD") }
        let persons = Int(form.plain("persons"))
        // A household outside the member's area is as unknown as none.
        let isKnown = try await registered(number, within: clerk) != nil
        let outcome: Result<Void, PersonsStay> =
            if isKnown {
                try await RemovePersons(database: services.database)(
                    persons, of: number, from: day, by: clerk.member.id, at: now)
            } else {
                .failure(.unknownHousehold)
            }
        let notice: PageFrame.Notice =
            switch outcome {
            case .success:
                .init(
                    kind: .done, heading: t("persons_removed"),
                    body: t(
                        "persons_removed_body",
                        ["number": number, "from": day.description, "persons": t.persons(persons)]))
            case .failure(let stay):
                .init(kind: .refused, heading: t("persons_stay"), body: stay.words(day, t))
            }
        return services.answer(
            page(
                try await registered(number, within: clerk), number, persons: "",
                from: services.calendar.day(of: now).description, clerk, at: now, t), "nav_persons", request, .staff,
            csrf: clerk.csrf, notice: notice, path: WebServices.path("/staff/persons", ["number": number]))
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

    private struct Fault: Error { let words: String }

    /// The day from which a number is to count, or why it cannot.
    private func start(_ text: String, _ found: Registered, at now: Instant, _ t: Texts) -> Result<LocalDay, Fault> {
        func refused(_ name: String, _ day: LocalDay? = nil) -> Result<LocalDay, Fault> {
            .failure(Fault(words: t("persons_refused_from_\(name)", ["day": day?.description ?? ""])))
        }
        let calendar = services.calendar
        guard !text.isEmpty else { return refused("empty") }
        guard let day = LocalDay(text) else {
            return refused(PersonsRoutes.isBefore1970(text) ? "early" : "malformed")
        }
        let latest = calendar.day(of: now).advanced(by: Self.mostDaysAhead)
        guard day <= latest else { return refused("far", latest) }
        if let movedOut = found.household.movedOut.map({ calendar.day(of: $0) }), day >= movedOut {
            return refused("moved_out", movedOut)
        }
        return .success(day)
    }

    /// A day written as one is, of a year that none is noted of.
    private static func isBefore1970(_ text: String) -> Bool {
        let year = text.prefix(4)
        guard year.utf8.allSatisfy({ (48...57).contains($0) }), year < "1970" else { return false }
        // 2000 has every day that a year can have.
        return LocalDay("2000\(text.dropFirst(4))") != nil
    }

    private func doubts(
        _ found: Registered, persons: Int?, from day: LocalDay, at now: Instant, _ t: Texts
    ) -> [String] {
        var lines: [String] = []
        let calendar = services.calendar
        if persons == nil { lines.append(t("doubt_unknown")) }
        let movedIn = calendar.day(of: found.household.movedIn)
        if day < movedIn { lines.append(t("doubt_before_move", ["day": movedIn.description])) }
        let next = found.sizes.filter { $0.day > day }.min { $0.day < $1.day }
        if let next {
            let later = t("doubt_later_size", ["day": next.day.description, "persons": t.persons(next.persons)])
            lines.append(later + (next.day > calendar.day(of: now) ? t("doubt_later_ahead") : ""))
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
        _ found: Registered?, _ number: String, persons: String, from: String, _ clerk: Clerk, at now: Instant,
        _ t: Texts, sure: SureQuestion? = nil
    ) -> PersonsPage {
        let calendar = services.calendar
        let today = calendar.day(of: now)
        return PersonsPage(
            number: number, persons: persons, from: from,
            home: found.map { found in
                .init(
                    place: clerk.place(of: found.household.area, in: found.household.community),
                    movedIn: t.lived(found.household, in: calendar),
                    hasSizes: !found.sizes.isEmpty,
                    sizes: found.sizes.reversed().map { size in
                        .init(words: t.size(size), removal: size.day > today ? .init(size, t) : nil)
                    })
            }, sure: sure)
    }
}

extension PersonsPage.Removal {
    fileprivate init(_ size: PersonsFrom, _ t: Texts) {
        self.init(
            day: size.day.description, persons: size.persons.map { "\($0)" } ?? "",
            label: t("persons_remove_label", ["size": t.size(size)]))
    }
}

extension PersonsStay {
    /// Why the entry from a day on stays.
    fileprivate func words(_ day: LocalDay, _ t: Texts) -> String {
        switch self {
        case .unknownHousehold: t("persons_refused_number")
        case .isNotNoted: t("persons_stay_not_noted")
        case .isUsed(let month):
            t("persons_stay_used", ["day": day.description, "month": month.description])
        case .hasBegun: t("persons_stay_begun", ["day": day.description])
        }
    }
}

extension Texts {
    /// How many live in a home; nil is unknown.
    func persons(_ count: Int?) -> String {
        count.map { self("persons_count", ["n": "\($0)"]) } ?? self("persons_unknown")
    }

    func size(_ size: PersonsFrom) -> String {
        size.day.number <= 0
            ? self("size_at_first", ["persons": persons(size.persons)])
            : self("size_line", ["day": size.day.description, "persons": persons(size.persons)])
    }
}
