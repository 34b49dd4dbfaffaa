import Database
import Hummingbird
import Ledger
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
        router.get("staff/household") { request, _ in try await household(request) }
    }

    private func household(_ request: Request) async throws -> Response {
        let now = services.now()
        let clerk = try await services.clerk(request, at: now)
        let t = services.texts(for: request)
        let asked = (request.query("number") ?? "").plain
        let found = try await services.database.read {
            try $0.overview(ofHousehold: asked, for: clerk, most: Self.most)
        }
        let page = HouseholdPage(
            asked: asked, isMissing: !asked.isEmpty && found == nil,
            found: try found.map { try self.page($0, clerk, at: now, t) })
        return services.answer(page, "nav_household", request, .staff, csrf: clerk.csrf)
    }

    private func page(
        _ found: HouseholdOverview, _ clerk: Clerk, at now: Instant, _ t: Texts
    ) throws -> HouseholdPage.Found {
        let calendar = services.calendar
        let home = found.household
        var lived = t("home_moved_in", ["day": t.date(home.movedIn, in: calendar)])
        if let movedOut = home.movedOut {
            lived += t("list_comma") + t("home_moved_out", ["day": t.date(movedOut, in: calendar)])
        }
        let account = found.book.account
        return HouseholdPage.Found(
            number: home.number, place: clerk.place(of: home.area, in: home.community), lived: lived,
            sizes: found.sizes.isEmpty ? [t("persons_unknown")] : found.sizes.reversed().map { t.size($0) },
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
                    month: one.month.description, version: "\(one.version)", litres: t.number(one.use.litres),
                    yuan: one.bill?.total.yuan ?? t("none"), rank: percentile ?? t("none"),
                    points: t.number(one.points.total.count),
                    note: [leaks, reason, found.marked.contains(one.month) ? t("home_marked") : nil]
                        .compactMap { $0 }.joined(separator: t("list_comma")))
            },
            balance: t("balance", ["points": t.points(account.spendable(at: now))]),
            debt: account.debt > .zero ? t("balance_debt", ["points": t.points(account.debt)]) : nil,
            hasHistory: !found.book.transfers.isEmpty,
            history: found.book.transfers.suffix(Self.most).reversed().map {
                PointsPage.Entry($0, found.book, calendar, t)
            })
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
        return HouseholdOverview(
            household: home, sizes: try persons(of: home.id, in: home.community),
            meters: meters.filter { $0.2 < home.movedOut ?? $0.2 + 1 && $0.3 ?? home.movedIn + 1 > home.movedIn },
            statements: try months.compactMap { try statement(of: home.id, in: home.community, $0.month) },
            marked: Set(try months.map(\.month).filter { try isDirty(home.id, of: home.community, $0) }),
            book: try pointsBook(of: home))
    }

    private func household(ofMeter serial: String) throws -> Household? {
        guard let address = MeterAddress(.serial, serial), let meter = try meter(serial: address.address),
            let place = try placements(of: meter.id).last
        else { return nil }
        return try holders(of: place.usagePoint, in: place.community).last?.household
    }
}
