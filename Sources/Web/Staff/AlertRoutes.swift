import Database
import Hummingbird
import Storage
import Water

/// What is to be chased: leaks, meters in doubt or fallen silent, alerts that meters sent, what their readings showed.
struct AlertRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.get("staff/alerts") { request, _ in try await alerts(request) }
    }

    private func alerts(_ request: Request) async throws -> Response {
        let now = services.now()
        let clerk = try await services.clerk(request, at: now)
        let t = services.texts(for: request)
        let (today, month) = (services.calendar.day(of: now), services.calendar.month(of: now))
        let (leaks, doubts, silent, alerts, findings, followUps) = try await services.database.read { reader in
            (
                try reader.suspectedLeaks(for: clerk, upTo: month), try reader.openDoubts(for: clerk, at: now),
                try reader.silentMeters(for: clerk, at: now, today: today), try reader.alerts(for: clerk),
                try reader.findings(for: clerk), try reader.followUps(for: clerk, at: now)
            )
        }
        let openLeaks = leaks.filter { !followUps.isSettled($0.household, at: $0.flow.to) }.prefix(Reader.mostShort)
        let shared = try await services.database.read { try $0.sharing(openLeaks.map(\.household)) }
        let openAlerts = alerts.filter { !followUps.isSettled($0.household, at: $0.at) }
        let settled = settled(leaks, alerts, followUps, at: now, t)
        let objections = followUps.objections.prefix(Reader.mostShort)
        let page = AlertsPage(
            hasObjections: !objections.isEmpty, objections: objections.map { self.objection($0, clerk, at: now, t) },
            hasLeaks: !openLeaks.isEmpty, leaks: openLeaks.map { self.leak($0, shared, followUps, clerk, t) },
            hasDoubts: !doubts.isEmpty, doubtsNote: t("doubts_note", ["meters": "\(Reader.mostShort)"]),
            doubts: doubts.map { doubt($0.meter, in: $0.area, clerk, t) }, hasSilent: !silent.isEmpty,
            silentNote: t(
                "silent_note",
                ["communities": "\(Reader.fewCommunities)", "meters": "\(Reader.mostShort)"]),
            silent: silent.map { area, one, last in
                .init(
                    household: one.household, follow: follow(one.household, followUps, t),
                    place: clerk.place(of: one.area, in: area.id), meter: one.serial,
                    month: services.calendar.month(of: last ?? now).description,
                    last: last.map(services.minute) ?? t("silent_never"))
            },
            hasAlerts: !openAlerts.isEmpty, alerts: openAlerts.map { self.alert($0, followUps, clerk, t) },
            hasFindings: !findings.isEmpty, findings: grouped(findings, t), hasSettled: !settled.isEmpty,
            settledTitle: t("settled_heading", ["n": "\(settled.count)"]), settled: settled)
        return services.answer(page, "nav_alerts", request, .staff, csrf: clerk.csrf)
    }

    private func objection(
        _ objection: FollowUps.Objection, _ clerk: Clerk, at now: Instant, _ t: Texts
    ) -> AlertsPage.ObjectionRow {
        .init(
            household: objection.household, place: clerk.place(of: objection.area, in: objection.community),
            month: objection.note.month?.description ?? t("none"), words: objection.note.body,
            waiting: now - objection.note.at < 86_400
                ? t("objection_today")
                : t("objection_waiting", ["n": t.number((now - objection.note.at) / 86_400)]))
    }

    /// What staff did last about a home, or that nobody did anything yet.
    private func follow(_ household: String, _ followUps: FollowUps, _ t: Texts) -> String {
        followUps.latest(of: household).map { done($0, t) } ?? t("follow_none")
    }

    private func done(_ note: HouseholdNote, _ t: Texts) -> String {
        t(
            "note_line",
            ["what": services.minute(note.at).prefix(10).description, "words": t("note_\(note.kind.rawValue)")])
    }

    /// Days for which an answered objection is listed.
    private static let answeredDays: Int64 = 30

    private func settled(
        _ leaks: [SuspectedLeak], _ alerts: [AlertRow], _ followUps: FollowUps, at now: Instant, _ t: Texts
    ) -> [AlertsPage.SettledRow] {
        func row(_ household: String, _ what: String, _ at: Instant, _ follow: String) -> AlertsPage.SettledRow {
            .init(household: household, what: what, at: services.minute(at), follow: follow)
        }
        let ran = leaks.filter { followUps.isSettled($0.household, at: $0.flow.to) }.map {
            ($0.flow.to, row($0.household, t("leaks_heading"), $0.flow.to, follow($0.household, followUps, t)))
        }
        let said = alerts.filter { followUps.isSettled($0.household, at: $0.at) }.map {
            let name = t.words["alert_\($0.code)"] ?? $0.code
            return ($0.at, row($0.household, name, $0.at, follow($0.household, followUps, t)))
        }
        let answered = followUps.answered(since: now - Self.answeredDays * 86_400).map { objection, answer in
            let about = objection.note.month.map { t("list_comma") + t("note_about", ["month": t.month($0)]) } ?? ""
            let what = t("note_objection") + about
            return (objection.note.at, row(objection.household, what, objection.note.at, done(answer, t)))
        }
        return (ran + said + answered).sorted { ($0.0, $0.1.household) > ($1.0, $1.1.household) }
            .prefix(Reader.mostShort).map(\.1)
    }

    private func leak(
        _ leak: SuspectedLeak, _ shared: Set<String>, _ followUps: FollowUps, _ clerk: Clerk, _ t: Texts
    ) -> AlertsPage.LeakRow {
        let isOpen = leak.flow.to >= services.calendar.interval(of: leak.month).end
        return .init(
            household: leak.household, follow: follow(leak.household, followUps, t),
            place: clerk.place(of: leak.area, in: leak.community),
            month: leak.month.description, from: services.minute(leak.flow.from),
            to: isOpen ? t("leak_open") : services.minute(leak.flow.to), hours: t.number(leak.flow.hours),
            rate: t.number(leak.flow.litresPerHour),
            shared: shared.contains(leak.household) ? t("leak_shared_meter") : nil)
    }

    private func doubt(_ meter: OpenDoubt, in community: Area, _ clerk: Clerk, _ t: Texts) -> AlertsPage.DoubtRow {
        .init(
            meter: meter.serial, month: services.calendar.month(of: meter.doubt.first).description,
            since: services.minute(meter.doubt.first), state: t(meter.isDecided ? "doubts_decided" : "doubts_waiting"),
            households: meter.households, place: clerk.place(of: meter.area, in: community.id))
    }

    private func alert(
        _ alert: AlertRow, _ followUps: FollowUps, _ clerk: Clerk, _ t: Texts
    ) -> AlertsPage.AlertRow {
        .init(
            at: services.minute(alert.at), month: services.calendar.month(of: alert.at).description,
            community: clerk.areas[alert.community]?.name ?? t("nav_held"), household: alert.household,
            hasHousehold: !alert.household.isEmpty,
            follow: alert.household.isEmpty ? "" : follow(alert.household, followUps, t),
            meter: alert.serial.isEmpty ? alert.address.bareAddress : alert.serial,
            isRegistered: !alert.serial.isEmpty, name: t.words["alert_\(alert.code)"] ?? alert.code,
            state: t(alert.isCurrent ? "alert_now" : "alert_was"), raw: alert.raw)
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

extension Reader {
    /// Those of some households, by their numbers, that use a meter together with others.
    fileprivate func sharing(_ numbers: [String]) throws -> Set<String> {
        try Set(numbers).filter { number in
            guard let home = try household(number: number) else { return false }
            return try heldPoints(of: home.id, in: home.community).contains { $0.shareMillionths != nil }
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
