import Database
import Hummingbird
import Metering
import Operations
import Storage
import Water

/// Staff look at a meter's readings and decide on them.
struct ReadingEditRoutes: Sendable {
    let services: WebServices
    /// Characters of a reason, as `EditRequest` takes them.
    private static let reasonLimit = 200

    func add(to router: Router<WebContext>) {
        router.get("staff/readings") { request, _ in
            let clerk = try await services.clerk(request, at: services.now())
            return try await page(
                request, clerk, meter: request.query("meter") ?? "", month: request.query("month")?.plain)
        }
        router.post("staff/readings") { request, _ in try await decide(request) }
    }

    private func decide(_ request: Request) async throws -> Response {
        let now = services.now()
        let clerk = try await services.clerk(request, at: now)
        let form = try await services.readForm(request)
        try services.requireToken(of: form, clerk.csrf)
        let t = services.texts(for: request)
        var entry = ReadingsPage.Entry(
            at: form.plain("at"), register: form.plain("register"), reason: form.text("reason"))
        let isEntry = form.text("action") == EditAction.enter.rawValue
        func refused(_ words: String) async throws -> Response {
            try await page(
                request, clerk, meter: form.text("meter"), month: form.plain("month"), entry: entry, isEntry: isEntry,
                notice: .init(kind: .refused, heading: t("edit_refused"), body: words))
        }
        // What will be refused anyway is not asked about first.
        if let field = fault(form) { return try await refused(t("edit_refused_\(field)")) }
        if isEntry, let sure = try await doubts(form, clerk, at: now, t) {
            entry.sure = sure
            return try await page(request, clerk, meter: form.text("meter"), month: form.plain("month"), entry: entry)
        }
        switch try await outcome(of: form, clerk, at: now) {
        case .success(let outcome):
            // What was decided on is shown, whatever month was looked at before.
            let at = services.instant(ofForm: form.plain("at")) ?? now
            let register = Volume(cubicMetres: form.plain("register").plainCubicMetres) ?? .zero
            let body = t(
                "edit_done_body",
                [
                    "action": t("edit_\(form.text("action"))"), "time": services.minute(at),
                    "register": t.register(register), "homes": t.number(Int64(outcome.markedHomes)),
                ])
            return try await page(
                request, clerk, meter: form.text("meter"), month: services.calendar.month(of: at).description,
                notice: .init(kind: .done, heading: t("edit_done"), body: body))
        case .failure(let refusal): return try await refused(t("edit_refused_\(refusal.rawValue)"))
        }
    }

    /// What cannot be read of a form, whatever the meter; nil where all can.
    private func fault(_ form: Form) -> String? {
        if form.plain("at").isEmpty { return "at_empty" }
        if services.instant(ofForm: form.plain("at")) == nil { return "at_malformed" }
        if form.plain("register").isEmpty { return "register_empty" }
        let reason = form.text("reason")
        if reason.isEmpty { return "reason_missing" }
        return reason.count > Self.reasonLimit ? "reason_long" : nil
    }

    /// What is odd about a reading typed by hand; nil where nothing is, or it was said and answered.
    private func doubts(_ form: Form, _ clerk: Clerk, at now: Instant, _ t: Texts) async throws -> SureQuestion? {
        guard let address = MeterAddress(.serial, form.plain("meter")),
            let at = services.instant(ofForm: form.plain("at")),
            let register = Volume(cubicMetres: form.plain("register").plainCubicMetres),
            EditReading.isOutOfRange(register, at: at, now: now) == nil
        else { return nil }
        let calendar = services.calendar
        let request = EditRequest(
            id: form.text("id"), meter: address, at: at, register: register, action: .enter,
            reason: form.text("reason"))
        let (found, contradiction) = try await services.database.read {
            reader -> (NearbyReadings?, RegisterContradiction?) in
            guard let meter = try reader.meter(serial: address.address),
                let place = try reader.placements(of: meter.id).first(where: {
                    try $0.from <= at && at <= $0.to ?? at && clerk.covers($0, reader)
                })
            else { return (nil, nil) }
            return (
                try NearbyReadings(of: address, in: place.community, around: at, now: now, calendar, reader),
                try edit.contradiction(to: request, by: clerk.member, reader)
            )
        }
        guard let found else { return nil }
        var lines = found.doubts(about: register, at: at, t, calendar)
        if lines.isEmpty, let contradiction { lines.append(contradiction.words(t, calendar)) }
        if let entered = found.entered, entered.register != register {
            lines.append(t("doubt_entered", ["register": t.register(entered.register)]))
        }
        let month = calendar.month(of: at)
        if month.description != form.plain("month") { lines.append(t("doubt_month", ["month": t.month(month)])) }
        return SureQuestion(
            lines, about: [address.text, "\(at.epochSeconds)", "\(register.millilitres)"], answered: form.text("sure"))
    }

    private func outcome(
        of form: Form, _ clerk: Clerk, at now: Instant
    ) async throws -> Result<EditOutcome, EditRefusal> {
        guard let address = MeterAddress(.serial, form.plain("meter")) else { return .failure(.unknownMeter) }
        guard let at = services.instant(ofForm: form.plain("at")) else { return .failure(.instantIsOutOfRange) }
        guard let register = Volume(cubicMetres: form.plain("register").plainCubicMetres) else {
            return .failure(.registerIsOutOfRange)
        }
        guard let action = EditAction(rawValue: form.text("action")) else {
            throw Problem.badRequest("action", "is accept, reject, enter or withdraw")
        }
        // What contradicts it was asked about.
        return try await edit(
            EditRequest(
                id: form.text("id"), meter: address, at: at, register: register, action: action,
                reason: form.text("reason")), isForced: true, by: clerk.member, at: now)
    }

    private var edit: EditReading {
        EditReading(database: services.database, calendar: services.calendar, rules: .standard)
    }

    private func page(
        _ request: Request, _ clerk: Clerk, meter: String, month text: String?,
        entry: ReadingsPage.Entry = .init(), isEntry: Bool = true, notice: PageFrame.Notice? = nil
    ) async throws -> Response {
        let now = services.now()
        let t = services.texts(for: request)
        let (typed, meter) = (text ?? "", meter.plain)
        let path = WebServices.path("/staff/readings", ["meter": meter, "month": typed])
        guard let month = typed.isEmpty ? services.calendar.month(of: now).previous : BillingMonth(typed) else {
            return services.answer(
                ReadingsPage(meter: meter, month: typed), "nav_readings", request, .staff, csrf: clerk.csrf,
                notice: .init(kind: .refused, heading: t("readings_refused"), body: t("close_refused_bad_month")),
                path: path)
        }
        guard !meter.isEmpty else {
            return services.answer(
                ReadingsPage(meter: meter, month: month.description), "nav_readings", request, .staff,
                csrf: clerk.csrf, notice: notice, path: path)
        }
        let examine = ExamineMeter(calendar: services.calendar, rules: .standard)
        let span = services.calendar.interval(of: month)
        let (found, names) = try await services.database.read { reader in
            // A meter outside the member's area is as unknown as one that does not exist; of one that moved what is here.
            let place = try MeterAddress(.serial, meter).flatMap { try reader.meter(serial: $0.address) }.flatMap {
                try reader.placements(of: $0.id).last {
                    try $0.from < span.end && $0.to ?? span.end > span.start && clerk.covers($0, reader)
                }
            }
            let found = try place.flatMap { place in
                try MeterAddress(.serial, meter).flatMap {
                    try examine($0, in: place.community, days: month.firstDay...month.lastDay, now: now, reader)
                }
            }
            return (found, Dictionary(try reader.staff().map { ($0.id, $0.name) }) { first, _ in first })
        }
        let page = ReadingsPage(
            meter: meter, month: month, found: found, entry: entry, isEntry: isEntry, names: names,
            calendar: services.calendar,
            texts: t, makeID: WebServices.formID)
        return services.answer(page, "nav_readings", request, .staff, csrf: clerk.csrf, notice: notice, path: path)
    }
}

extension WebServices {
    /// An instant with its offset, or a local date and time as a browser's field sends it.
    func instant(ofForm text: String) -> Instant? {
        if let instant = Instant(rfc3339: text) { return instant }
        let parts = text.split(separator: "T", maxSplits: 1)
        guard parts.count == 2, let day = LocalDay(String(parts[0])) else { return nil }
        let time = parts[1].split(separator: ":", omittingEmptySubsequences: false)
        guard time.count == 2 || time.count == 3, let hour = Int64(clock: time[0], digits: 1...2, below: 24),
            let minute = Int64(clock: time[1], digits: 2...2, below: 60),
            let second = Int64(clock: time.count == 3 ? time[2] : "00", digits: 2...2, below: 60)
        else { return nil }
        let seconds = hour * 3_600 + minute * 60 + second
        let midnight = calendar.start(of: day)
        // A day with a clock change is not 24 hours long: what counts is what the wall clock shows.
        let guess = midnight + seconds
        return guess + (calendar.offset(at: midnight) - calendar.offset(at: guess))
    }
}

extension Int64 {
    /// A part of a time of day, of digits alone; nil for anything else.
    fileprivate init?(clock text: Substring, digits: ClosedRange<Int>, below limit: Int64) {
        guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }),
            let value = Int64(text), value < limit
        else { return nil }
        self = value
    }
}
