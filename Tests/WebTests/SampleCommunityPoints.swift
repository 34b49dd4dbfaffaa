@testable import Web

/// A community's points, with books that do not balance, without any item, and of a member without a community.
extension Samples {
    var communityPoints: CommunityPointsPage {
        CommunityPointsPage(
            month: "2026-11",
            communities: .init(options: [
                .init(code: "140107001001", name: "杏花岭社区", isSelected: true),
                .init(code: "140107001002", name: "府东街社区", isSelected: false),
            ]), found: found(fault: texts("economy_fault", ["month": "−3", "whole": "0"]), [item, withdrawn]))
    }

    var communityPointsFirst: CommunityPointsPage {
        CommunityPointsPage(month: "2026-11", communities: nil, found: found(fault: nil, []))
    }

    var communityPointsNone: CommunityPointsPage {
        CommunityPointsPage(month: "2026-11", communities: nil, found: nil)
    }

    private func found(fault: String?, _ items: [CommunityPointsPage.Item]) -> CommunityPointsPage.Found {
        func row(_ key: String, _ inMonth: String, _ inAll: String) -> CommunityPointsPage.Row {
            .init(name: texts(key), inMonth: inMonth, inAll: inAll)
        }
        return CommunityPointsPage.Found(
            title: texts("economy_heading", ["community": "杏花岭社区", "month": texts.month(month)]),
            issued: row("economy_issued", "1,240", "9,870"),
            rows: [
                row("economy_spent", "310", "2,105"), row("economy_held", "−40", "61"),
                row("economy_balance", "942", "7,499"), row("economy_expired", "12", "88"),
                row("economy_clawed_back", "25", "137"), row("economy_moved_out", "0", "−5"),
                row("economy_debt", "−9", "−15"),
            ], sum: row("economy_sum", "1,243", "9,871"), fault: fault,
            writtenOff: texts("economy_written_off", ["month": "4", "whole": "19"]), hasItems: !items.isEmpty,
            items: items)
    }

    private var item: CommunityPointsPage.Item {
        .init(name: "水龙头起泡器", points: "40", total: "50", free: "27", held: "6", taken: "17")
    }

    private var withdrawn: CommunityPointsPage.Item {
        .init(
            name: texts("economy_withdrawn", ["item": "节水花洒"]), points: "80", total: "33", free: "1", held: "2",
            taken: "30")
    }
}
