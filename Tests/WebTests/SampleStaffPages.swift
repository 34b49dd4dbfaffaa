import Storage
import Water

@testable import Web

/// Pages of the registry and of one household.
extension Samples {
    var exchange: ExchangePage {
        ExchangePage(
            old: "14010500012345", new: "14010500099001", final: "812.5", start: "0.012", at: "2026-10-12T10:30",
            sure: sure)
    }

    var sure: SureQuestion? {
        SureQuestion(
            [texts("doubt_litres", ["register": "0.812"]), texts("doubt_entered", ["register": "811.900"])],
            about: ["812.5"], answered: "")
    }

    var persons: PersonsPage {
        PersonsPage(
            number: "100200300417", persons: "4", from: "2026-11-01",
            home: .init(
                place: "漪汾苑社区 / 3号楼", movedIn: texts("home_moved_in", ["day": "2019-05-01"]), hasSizes: true,
                sizes: [texts.size(PersonsFrom(day: month.firstDay, persons: 3))]),
            sure: sure)
    }

    var household: HouseholdPage {
        HouseholdPage(
            asked: "100200300417", isMissing: false,
            found: .init(
                number: "100200300417", place: "漪汾苑社区 / 3号楼",
                lived: texts("home_moved_in", ["day": "2019-05-01"]),
                sizes: [texts.size(PersonsFrom(day: month.firstDay, persons: 3))],
                meters: [
                    .init(
                        serial: "14010500012345", point: "P417", month: "2026-11",
                        hung: texts("meter_since", ["day": "2019-05-02"]))
                ], hasStatements: true,
                statements: [
                    .init(
                        month: "2026-10", version: "2", litres: "11,222", yuan: "37.40", rank: "62%", points: "30",
                        note: texts("home_leak", ["hours": "44", "rate": "4"]) + texts("list_comma")
                            + texts("home_marked")),
                    .init(
                        month: "2026-09", version: "1", litres: "9,034", yuan: "25.38", rank: "—", points: "0",
                        note: texts("unranked_short_partial")),
                ],
                balance: texts("balance", ["points": "120 分"]), debt: texts("balance_debt", ["points": "15 分"]),
                hasHistory: true,
                history: [
                    .init(date: "2026-11-24", what: "兑换冻结", detail: "节水花洒", points: "−80"),
                    .init(date: "2026-11-04", what: "账单得分", detail: "2026-10 与同类家庭比", points: "+30"),
                ]))
    }
}
