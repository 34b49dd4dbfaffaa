import Database
import Hummingbird
import Storage
import Water

/// What is to be chased: leaks, meters that fell silent, alerts that meters sent and what their readings showed.
struct AlertRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.get("staff/alerts") { request, _ in try await alerts(request) }
    }

    private func alerts(_ request: Request) async throws -> Response {
        let now = services.now()
        let clerk = try await services.clerk(request, at: now)
        let t = services.texts(for: request)
        let today = services.calendar.day(of: now)
        let (leaks, silent, alerts, findings) = try await services.database.read { reader in
            (
                try reader.suspectedLeaks(for: clerk), try reader.silentMeters(for: clerk, at: now, today: today),
                try reader.alerts(for: clerk), try reader.findings(for: clerk)
            )
        }
        let page = AlertsPage(
            hasLeaks: !leaks.isEmpty, leaks: leaks.map { self.leak($0, clerk, t) },
            hasSilent: !silent.isEmpty,
            silentNote: t(
                "silent_note",
                ["communities": "\(Reader.fewCommunities)", "meters": "\(Reader.mostShort)"]),
            silent: silent.map { area, one, last in
                .init(
                    household: one.household, place: clerk.place(of: one.area, in: area.id), meter: one.serial,
                    month: services.calendar.month(of: last ?? now).description,
                    last: last.map(services.minute) ?? t("silent_never"))
            },
            hasAlerts: !alerts.isEmpty,
            alerts: alerts.map {
                .init(
                    at: services.minute($0.at), month: services.calendar.month(of: $0.at).description,
                    community: clerk.areas[$0.community]?.name ?? t("nav_held"), household: $0.household,
                    hasHousehold: !$0.household.isEmpty,
                    meter: $0.serial.isEmpty ? $0.address.bareAddress : $0.serial, isRegistered: !$0.serial.isEmpty,
                    name: t.words["alert_\($0.code)"] ?? $0.code,
                    state: t($0.isCurrent ? "alert_now" : "alert_was"), raw: $0.raw)
            },
            hasFindings: !findings.isEmpty, findings: grouped(findings, t))
        return services.answer(page, "nav_alerts", request, .staff, csrf: clerk.csrf)
    }

    private func leak(_ leak: SuspectedLeak, _ clerk: Clerk, _ t: Texts) -> AlertsPage.LeakRow {
        let isOpen = leak.flow.to >= services.calendar.interval(of: leak.month).end
        return .init(
            household: leak.household, place: clerk.place(of: leak.area, in: leak.community),
            month: leak.month.description, from: services.minute(leak.flow.from),
            to: isOpen ? t("leak_open") : services.minute(leak.flow.to), hours: t.number(leak.flow.hours),
            rate: t.number(leak.flow.litresPerHour))
    }

    /// One row for what one meter showed several times, with the latest of it.
    private func grouped(_ findings: [(area: Area, finding: StoredFindingRow)], _ t: Texts) -> [AlertsPage.FindingRow] {
        var order: [String] = []
        var groups: [String: [(area: Area, finding: StoredFindingRow)]] = [:]
        for one in findings {
            let key = "\(one.finding.serial) \(one.finding.kind)"
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(one)
        }
        return order.compactMap { key in
            guard let group = groups[key], let (area, one) = group.first else { return nil }
            let name = t.words["finding_\(one.kind)"] ?? one.kind
            let count = group.count
            return .init(
                at: services.minute(one.at), month: services.calendar.month(of: one.at).description,
                community: area.name, household: one.household, hasHousehold: !one.household.isEmpty, meter: one.serial,
                name: count == 1 ? name : t("cause_times", ["what": name, "count": "\(count)"]),
                register: t.register(one.register), before: one.before.map(t.register) ?? t("none"))
        }
    }
}

extension Clerk {
    /// The names of the areas from a community down to one.
    func place(of area: AreaID, in community: CommunityID) -> String {
        let chain = Array(areas.chain(from: area).reversed())
        let start = chain.firstIndex { $0.id == community } ?? 0
        return chain[start...].map(\.name).joined(separator: " / ")
    }
}

extension String {
    /// An address without the word for its kind.
    var bareAddress: String { String(split(separator: ":", maxSplits: 1).last ?? "") }
}
