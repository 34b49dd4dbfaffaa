import Database
import Hummingbird
import Scoring
import Storage
import Water

/// What staff see first, and the lists of what meters and readings brought.
struct StaffHomeRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.get("staff") { request, _ in try await home(request) }
        router.get("staff/held") { request, _ in try await held(request) }
        router.get("staff/corrections") { request, _ in try await corrections(request) }
    }

    private func home(_ request: Request) async throws -> Response {
        let now = services.now()
        let clerk = try await services.clerk(request, at: now)
        let t = services.texts(for: request)
        let overview = try await services.database.read { try $0.overview(for: clerk, at: now, services.calendar) }
        let latest = services.calendar.month(of: now).previous
        let isClosed = overview.communities.allSatisfy { !$0.isDue && $0.leftOut.isEmpty }
        let page = StaffHomePage(
            area: clerk.areas.chain(from: clerk.member.area).reversed().map(\.name).joined(separator: " / "),
            greeting: t("staff_greeting", ["name": clerk.member.name]),
            freshness: overview.waiting > 0
                ? t("freshness", ["readings": t.number(overview.waiting)]) : t("freshness_none"),
            tiles: [
                .init(href: "/staff/desk", figure: t("tile_open"), name: t("tile_desk"), needsAttention: false),
                .init(
                    href: "/staff/close", figure: latest.description, name: t("tile_close"),
                    needsAttention: clerk.isCityAdministrator && !isClosed),
                .init(
                    href: "/staff/held", figure: t.number(overview.held), name: t("tile_held"),
                    needsAttention: overview.held > 0),
                .init(
                    href: "/staff/alerts", figure: t.number(Int64(overview.alerts)), name: t("tile_alerts"),
                    needsAttention: overview.alerts > 0),
                .init(
                    href: "/staff/alerts#objections-h", figure: t.number(Int64(overview.objections)),
                    name: t("tile_objections"), needsAttention: overview.objections > 0),
            ],
            hasLocked: !overview.locked.isEmpty,
            locked: overview.locked.map { member in
                t(
                    "locked_line",
                    [
                        "name": member.name, "area": clerk.areas[member.area]?.name ?? "",
                        "time": services.minute(member.lockedUntil ?? now),
                    ])
            },
            communities: overview.communities.map { row in
                .init(
                    name: row.area.name, code: row.area.code, homes: t.number(row.homes),
                    month: row.months(t), dirty: t.number(Int64(row.dirty)))
            })
        return services.answer(page, "nav_home", request, .staff, csrf: clerk.csrf)
    }

    private func held(_ request: Request) async throws -> Response {
        let clerk = try await services.clerk(request, at: services.now())
        let t = services.texts(for: request)
        let (count, meters, readings, telegrams) = try await services.database.read { reader in
            (
                try reader.heldCount(for: clerk), try reader.heldMeters(for: clerk),
                try reader.quarantined(for: clerk), try reader.keptTelegrams(for: clerk)
            )
        }
        let more = t("list_more", ["shown": t.number(Int64(Reader.mostRows))])
        let page = HeldPage(
            summary: t(
                "held_summary", ["meters": t.number(count.meters), "readings": t.number(count.readings)]),
            hasMeters: !meters.rows.isEmpty, moreMeters: meters.isCut ? more : nil,
            meters: meters.rows.map {
                .init(
                    address: t.address($0.address), gateway: $0.gateway, readings: t.number($0.readings),
                    last: services.minute($0.last))
            },
            hasQuarantined: !readings.rows.isEmpty, moreQuarantined: readings.isCut ? more : nil,
            quarantined: readings.rows.map {
                .init(
                    meter: $0.serial.isEmpty ? t("none") : $0.serial, at: services.minute($0.at),
                    register: t.register($0.register),
                    gateway: $0.gateway + ($0.gatewayOffsetSeconds.map(t.ahead) ?? ""),
                    reason: t("quarantine_\($0.reason)"))
            },
            hasTelegrams: !telegrams.rows.isEmpty, moreTelegrams: telegrams.isCut ? more : nil,
            telegrams: telegrams.rows.map {
                .init(
                    meter: $0.meter.text, maker: $0.maker, gateway: $0.gateway, count: t.number($0.count),
                    last: services.minute($0.lastKeptAt), why: t.words["telegram_\($0.field)"] ?? $0.field)
            })
        return services.answer(page, "nav_held", request, .staff, csrf: clerk.csrf)
    }

    private func corrections(_ request: Request) async throws -> Response {
        let clerk = try await services.clerk(request, at: services.now())
        let t = services.texts(for: request)
        let rows = try await services.database.read { try $0.homesToCorrect(for: clerk, services.calendar) }
        let (due, beyond) = (rows.filter { !$0.isBeyond }, rows.filter(\.isBeyond))
        let (homes, kept) = (list(due, t), list(beyond, t))
        func summary(_ key: String, _ homes: [CorrectionsPage.Home], _ rows: [CorrectionRow]) -> String {
            t(key, ["homes": t.number(Int64(homes.count)), "months": t.number(Int64(rows.count))])
        }
        let page = CorrectionsPage(
            summary: summary("corrections_summary", homes, due), hasHomes: !homes.isEmpty, homes: homes,
            prunedSummary: summary("corrections_pruned_summary", kept, beyond), hasPruned: !kept.isEmpty, pruned: kept)
        return services.answer(page, "nav_corrections", request, .staff, csrf: clerk.csrf)
    }

    /// By home, those marked first at the beginning.
    private func list(_ rows: [CorrectionRow], _ t: Texts) -> [CorrectionsPage.Home] {
        var order: [String] = []
        var homes: [String: [CorrectionRow]] = [:]
        for row in rows {
            if homes[row.home.number] == nil { order.append(row.home.number) }
            homes[row.home.number, default: []].append(row)
        }
        return order.compactMap { number in homes[number].map { row($0, t) } }
    }

    /// One home with all of its months.
    private func row(_ rows: [CorrectionRow], _ t: Texts) -> CorrectionsPage.Home {
        let months = rows.map(\.home.month).sorted()
        let changes = Set(rows.flatMap(\.changes))
        let causes = HomeChange.Cause.allCases.compactMap { cause -> String? in
            let count = changes.count { $0.cause == cause }
            let name = t("cause_\(cause.rawValue)")
            // Of what has no reading each month has one.
            if count < 2 || !changes.contains(where: { $0.cause == cause && $0.isOfReading }) {
                return count == 0 ? nil : name
            }
            // Of one fold's readings no more are noted than a statement lists, and one to say so.
            let many = count > Correction.listedReadings
            let shown = "\(min(count, Correction.listedReadings))"
            return t(many ? "cause_many" : "cause_times", ["what": name, "count": shown])
        }
        let (first, last) = (months[0].description, months[months.count - 1].description)
        return .init(
            number: rows[0].home.number, community: rows[0].area.name,
            months: months.count == 1
                ? first : t("months_from_to", ["from": first, "to": last, "n": "\(months.count)"]),
            month: last, why: causes.isEmpty ? t("none") : causes.joined(separator: t("list_comma")),
            meters: Set(changes.map(\.serial)).subtracting([""]).sorted(),
            since: services.minute(rows.map(\.home.since).min() ?? rows[0].home.since))
    }
}

extension CommunityOverview {
    /// Months left out that are named; more of them are hinted at.
    private static let mostNamed = 6

    /// The newest month with figures, and those that were left out before.
    fileprivate func months(_ t: Texts) -> String {
        let newest = month?.description ?? t("none")
        if leftOut.isEmpty { return newest }
        let named = leftOut.prefix(Self.mostNamed).map(\.description) + (leftOut.count > Self.mostNamed ? ["…"] : [])
        return t("month_left_out", ["newest": newest, "months": named.joined(separator: t("list_comma"))])
    }
}

extension WebServices {
    /// Local date and time to the minute, `2026-10-31 23:00`.
    func minute(_ instant: Instant) -> String {
        String(calendar.format(instant).prefix(16)).replacing("T", with: " ")
    }
}

extension Texts {
    /// An address as it stands on the meter; of another kind than a printed number with the kind.
    func address(_ text: String) -> String {
        text.hasPrefix("serial:") ? text.bareAddress : text.replacing(":", with: " ", maxReplacements: 1)
    }

    /// How far a gateway's clock runs ahead.
    func ahead(_ seconds: Int64) -> String {
        seconds >= 7_200
            ? self("gateway_ahead_hours", ["n": number(seconds / 3_600)])
            : self("gateway_ahead_minutes", ["n": number(max(1, seconds / 60))])
    }
}
