import Database
import Hummingbird
import Ledger
import Storage
import Water

/// What became of a community's points, and what is left of its items.
struct CommunityPointsRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.get("staff/points") { request, _ in try await show(request) }
    }

    private func show(_ request: Request) async throws -> Response {
        let now = services.now()
        let clerk = try await services.clerk(request, at: now)
        let t = services.texts(for: request)
        let text = request.query("month")
        let asked = text.flatMap { BillingMonth($0.plain) }
        // The month under way, in which the last one's awards were entered.
        let month = asked ?? services.calendar.month(of: now)
        let area = try community(request, clerk)
        let books: CommunityBooks? =
            if let area {
                try await services.database.read { try $0.books(of: area.id, month, services.calendar) }
            } else { nil }
        let options = clerk.communities.map {
            DeskPage.Option(code: $0.code, name: $0.name, isSelected: $0.id == area?.id)
        }
        let page = CommunityPointsPage(
            month: month.description, communities: options.count > 1 ? DeskPage.Choice(options: options) : nil,
            found: books.map { books in
                CommunityPointsPage.Found(
                    books, title: t("economy_heading", ["community": area?.name ?? "", "month": t.month(month)]), t)
            })
        let isWrong = text != nil && asked == nil
        return services.answer(
            page, "nav_economy", request, .staff, csrf: clerk.csrf,
            notice: isWrong
                ? .init(kind: .refused, heading: t("economy_wrong_month"), body: t("close_refused_bad_month")) : nil)
    }

    /// The one asked for, else the member's first; nil where there is none.
    private func community(_ request: Request, _ clerk: Clerk) throws -> Area? {
        guard let code = request.query("community")?.plain, !code.isEmpty else { return clerk.communities.first }
        guard let chosen = clerk.communities.first(where: { $0.code == code }) else { throw Problem.outOfScope }
        return chosen
    }
}

/// What a community's books say of a month.
struct CommunityBooks: Sendable {
    /// Of what was posted in the month.
    let inMonth: Economy
    /// Of all that was posted to its end.
    let inAll: Economy
    /// As they are now.
    let items: [ItemRow]
}

extension Reader {
    func books(of community: CommunityID, _ month: BillingMonth, _ calendar: CityCalendar) throws -> CommunityBooks {
        let (start, end) = calendar.interval(of: month)
        return CommunityBooks(
            inMonth: try economy(of: community, from: start, to: end),
            inAll: try economy(of: community, from: Instant(epochSeconds: .min), to: end),
            items: try items(of: community))
    }
}

extension CommunityPointsPage.Found {
    init(_ books: CommunityBooks, title: String, _ t: Texts) {
        func row(_ key: String, _ points: (Economy) -> Points) -> CommunityPointsPage.Row {
            CommunityPointsPage.Row(
                name: t(key), inMonth: t.number(points(books.inMonth).count), inAll: t.number(points(books.inAll).count)
            )
        }
        let isBalanced = books.inMonth.isBalanced && books.inAll.isBalanced
        let faults: KeyValuePairs = [
            "month": t.number(books.inMonth.residue.count), "whole": t.number(books.inAll.residue.count),
        ]
        let letGo: KeyValuePairs = [
            "month": t.number(books.inMonth.writtenOff.count), "whole": t.number(books.inAll.writtenOff.count),
        ]
        self.init(
            title: title, issued: row("economy_issued", \.issued),
            rows: [
                row("economy_spent", \.spent), row("economy_held", \.held), row("economy_balance", \.balance),
                row("economy_expired", \.expired), row("economy_clawed_back", \.clawedBack),
                row("economy_moved_out", \.movedOut), row("economy_debt") { -$0.debt },
            ], sum: row("economy_sum") { $0.issued - $0.residue },
            fault: isBalanced ? nil : t("economy_fault", faults), writtenOff: t("economy_written_off", letGo),
            hasItems: !books.items.isEmpty, items: books.items.map { .init($0, t) })
    }
}

extension CommunityPointsPage.Item {
    fileprivate init(_ row: ItemRow, _ t: Texts) {
        let name = t.language == .zh ? row.nameZh : row.nameEn
        self.init(
            name: row.isWithdrawn ? t("economy_withdrawn", ["item": name]) : name,
            points: t.number(row.points.count), total: t.number(row.stock.total), free: t.number(row.stock.free),
            held: t.number(row.stock.reserved), taken: t.number(row.stock.taken))
    }
}
