import Database
import Hummingbird
import Metering
import Operations
import Storage
import Water

/// Staff look at a meter's readings and decide on them.
struct ReadingEditRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.get("staff/readings") { request, _ in
            let clerk = try await services.clerk(request, at: services.now())
            return try await page(request, clerk, meter: request.query("meter"), month: request.query("month"))
        }
        router.post("staff/readings") { request, _ in try await decide(request) }
    }

    private func decide(_ request: Request) async throws -> Response {
        let now = services.now()
        let clerk = try await services.clerk(request, at: now)
        let form = try await services.readForm(request)
        try services.requireSame(form.raw("csrf"), clerk.csrf)
        let t = services.texts(for: request)
        let notice: PageFrame.Notice
        switch try await outcome(of: form, clerk, at: now) {
        case .success(let outcome):
            notice = .init(
                kind: .done, heading: t("edit_done"),
                body: t("edit_done_body", ["homes": t.number(Int64(outcome.markedHomes))]))
        case .failure(let refusal):
            notice = .init(
                kind: .refused, heading: t("edit_refused"), body: t("edit_refused_\(refusal.rawValue)"))
        }
        return try await page(
            request, clerk, meter: form.text("meter"), month: form.text("month"), notice: notice)
    }

    private func outcome(
        of form: Form, _ clerk: Clerk, at now: Instant
    ) async throws -> Result<EditOutcome, EditRefusal> {
        guard let address = MeterAddress(.serial, form.text("meter")) else { return .failure(.unknownMeter) }
        guard let at = services.instant(ofForm: form.text("at")) else { return .failure(.instantIsOutOfRange) }
        guard let register = Volume(cubicMetres: form.text("register")) else {
            return .failure(.registerIsOutOfRange)
        }
        guard let action = EditAction(rawValue: form.text("action")) else {
            throw Problem.badRequest("action", "is accept, reject, enter or withdraw")
        }
        return try await EditReading(database: services.database, calendar: services.calendar, rules: .standard)(
            EditRequest(
                id: form.text("id"), meter: address, at: at, register: register, action: action,
                reason: form.text("reason")), by: clerk.member, at: now)
    }

    private func page(
        _ request: Request, _ clerk: Clerk, meter: String?, month: String?, notice: PageFrame.Notice? = nil
    ) async throws -> Response {
        let now = services.now()
        let month = month.flatMap { BillingMonth($0) } ?? services.calendar.month(of: now).previous
        guard let meter, !meter.isEmpty, let address = MeterAddress(.serial, meter) else {
            return services.answer(
                ReadingsPage(meter: meter ?? "", month: month), "nav_readings", request, .staff, csrf: clerk.csrf,
                notice: notice)
        }
        let examine = ExamineMeter(calendar: services.calendar, rules: .standard)
        let (found, names) = try await services.database.read { reader in
            let found = try examine(address, days: month.firstDay...month.lastDay, now: now, reader)
            return (found, Dictionary(try reader.staff().map { ($0.id, $0.name) }) { first, _ in first })
        }
        // A meter outside the member's area is as unknown as one that does not exist.
        let covered = found.flatMap { clerk.covers(community: $0.community) ? $0 : nil }
        var random = SystemRandomNumberGenerator()
        let page = ReadingsPage(
            meter: meter, month: month, found: covered, names: names, calendar: services.calendar,
            texts: services.texts(for: request), makeID: { "web-\(UInt64.random(in: .min ... .max, using: &random))" })
        return services.answer(page, "nav_readings", request, .staff, csrf: clerk.csrf, notice: notice)
    }
}

extension WebServices {
    /// An instant with its offset, or a local date and time as a browser's field sends it.
    func instant(ofForm text: String) -> Instant? {
        if let instant = Instant(rfc3339: text) { return instant }
        let parts = text.split(separator: "T", maxSplits: 1)
        guard parts.count == 2, let day = LocalDay(String(parts[0])) else { return nil }
        let time = parts[1].split(separator: ":")
        guard time.count == 2 || time.count == 3, let hour = Int64(time[0]), let minute = Int64(time[1]),
            (0...23).contains(hour), (0...59).contains(minute)
        else { return nil }
        let seconds = hour * 3_600 + minute * 60
        let midnight = calendar.start(of: day)
        // A day with a clock change is not 24 hours long: what counts is what the wall clock shows.
        let guess = midnight + seconds
        return guess + (calendar.offset(at: midnight) - calendar.offset(at: guess))
    }
}
