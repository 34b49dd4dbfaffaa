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
        router.get("staff/alerts") { request, _ in try await alerts(request) }
        router.get("staff/corrections") { request, _ in try await corrections(request) }
    }

    private func home(_ request: Request) async throws -> Response {
        let now = services.now()
        let clerk = try await services.clerk(request, at: now)
        let t = services.texts(for: request)
        let overview = try await services.database.read { try $0.overview(for: clerk, at: now) }
        let latest = services.calendar.month(of: now).previous
        let isClosed = overview.communities.allSatisfy { $0.month.map { $0 >= latest } ?? true }
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
                    href: "/staff/held", figure: t.number(Int64(overview.held)), name: t("tile_held"),
                    needsAttention: overview.held > 0),
                .init(
                    href: "/staff/alerts", figure: t.number(Int64(overview.alerts)), name: t("tile_alerts"),
                    needsAttention: overview.alerts > 0),
            ],
            communities: overview.communities.map { row in
                .init(
                    name: row.area.name, code: row.area.code, homes: t.number(row.homes),
                    month: row.month?.description ?? t("none"), dirty: t.number(Int64(row.dirty)))
            })
        return services.answer(page, "nav_home", request, .staff, csrf: clerk.csrf)
    }

    private func held(_ request: Request) async throws -> Response {
        let clerk = try await services.clerk(request, at: services.now())
        let t = services.texts(for: request)
        let (meters, readings, telegrams) = try await services.database.read { reader in
            (
                try reader.heldMeters(for: clerk), try reader.quarantined(for: clerk),
                try reader.keptTelegrams(for: clerk)
            )
        }
        let page = HeldPage(
            summary: t(
                "held_summary",
                [
                    "meters": t.number(Int64(meters.count)),
                    "readings": t.number(meters.reduce(0) { $0 + $1.readings }),
                ]),
            meters: meters.map {
                .init(
                    address: $0.address, gateway: $0.gateway, readings: t.number($0.readings),
                    last: services.minute($0.last))
            },
            hasQuarantined: !readings.isEmpty,
            quarantined: readings.map {
                .init(
                    meter: $0.serial.isEmpty ? t("none") : $0.serial, at: services.minute($0.at),
                    register: t.register($0.register),
                    gateway: $0.gateway + ($0.gatewayOffsetSeconds.map { " +\(t.number($0)) s" } ?? ""),
                    reason: t("quarantine_\($0.reason)"))
            },
            hasTelegrams: !telegrams.isEmpty,
            telegrams: telegrams.map {
                .init(
                    meter: $0.meter.text, maker: $0.maker, gateway: $0.gateway, count: t.number($0.count),
                    last: services.minute($0.lastKeptAt), why: t.words["telegram_\($0.field)"] ?? $0.field)
            })
        return services.answer(page, "nav_held", request, .staff, csrf: clerk.csrf)
    }

    private func corrections(_ request: Request) async throws -> Response {
        let clerk = try await services.clerk(request, at: services.now())
        let t = services.texts(for: request)
        let rows = try await services.database.read { try $0.homesToCorrect(for: clerk) }
        let page = CorrectionsPage(
            summary: t("corrections_summary", ["homes": t.number(Int64(rows.count))]),
            homes: rows.map { area, home, changes in
                let causes = HomeChange.Cause.allCases.compactMap { cause -> String? in
                    let count = changes.count { $0.cause == cause }
                    let name = t("cause_\(cause.rawValue)")
                    if count < 2 { return count == 0 ? nil : name }
                    // Of one fold's readings no more are noted than a statement lists, and one to say so.
                    let many = count > Correction.listedReadings
                    let shown = "\(min(count, Correction.listedReadings))"
                    return t(many ? "cause_many" : "cause_times", ["what": name, "count": shown])
                }
                return .init(
                    number: home.number, community: area.name, month: home.month.description,
                    why: causes.isEmpty ? t("none") : causes.joined(separator: t("list_comma")),
                    meters: Set(changes.map(\.serial)).subtracting([""]).sorted(), since: services.minute(home.since))
            })
        return services.answer(page, "nav_corrections", request, .staff, csrf: clerk.csrf)
    }

    private func alerts(_ request: Request) async throws -> Response {
        let clerk = try await services.clerk(request, at: services.now())
        let t = services.texts(for: request)
        let (alerts, findings) = try await services.database.read { reader in
            (try reader.alerts(for: clerk), try reader.findings(for: clerk))
        }
        let page = AlertsPage(
            hasAlerts: !alerts.isEmpty,
            alerts: alerts.map {
                .init(
                    at: services.minute($0.at), month: services.calendar.month(of: $0.at).description,
                    community: clerk.areas[$0.community]?.name ?? t("nav_held"),
                    meter: $0.serial.isEmpty ? $0.address : $0.serial, isRegistered: !$0.serial.isEmpty,
                    name: t.words["alert_\($0.code)"] ?? $0.code,
                    state: t($0.isCurrent ? "alert_now" : "alert_was"), raw: $0.raw)
            },
            hasFindings: !findings.isEmpty,
            findings: findings.map { area, one in
                .init(
                    at: services.minute(one.at), month: services.calendar.month(of: one.at).description,
                    community: area.name, meter: one.serial,
                    name: t.words["finding_\(one.kind)"] ?? one.kind, register: t.register(one.register),
                    before: one.before.map(t.register) ?? t("none"))
            })
        return services.answer(page, "nav_alerts", request, .staff, csrf: clerk.csrf)
    }
}

extension WebServices {
    /// Local date and time to the minute, `2026-10-31 23:00`.
    func minute(_ instant: Instant) -> String {
        String(calendar.format(instant).prefix(16)).replacing("T", with: " ")
    }
}

extension Texts {
    /// A register in cubic metres with every decimal it has, three at least, so that a column of them lines up.
    func register(_ volume: Volume) -> String {
        let text = volume.cubicMetres
        guard let point = text.firstIndex(of: ".") else { return text + ".000" }
        let decimals = text.distance(from: point, to: text.endIndex) - 1
        return text + String(repeating: "0", count: max(0, 3 - decimals))
    }
}
