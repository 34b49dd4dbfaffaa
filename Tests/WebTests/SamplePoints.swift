@testable import Web

/// A household's points, with an item to give back.
extension Samples {
    var debt: String {
        texts("balance_debt", ["points": "15 分"])
            + texts("balance_debt_left", ["live": "135 分", "owed": "15 分", "left": "120 分"])
    }

    var points: PointsPage {
        PointsPage(
            household: "100200300417",
            asked: PointsPage.Asked(
                redemption: "r-5f2c9a",
                sure: SureQuestion(
                    [texts("give_back_sure", ["item": "节水花洒", "points": "80 分"])], about: ["r-5f2c9a"], answered: "",
                    of: .init(heading: texts("give_back_sure_heading"), hint: texts("give_back_sure_hint"))),
                backLabel: texts("give_back_label", ["item": "节水花洒", "points": "80 分"])),
            balanceSentence: texts("balance", ["points": "120 分"]),
            expirySentence: texts("balance_expiry", ["points": "30 分", "date": "2027-03-01", "n": "30"]),
            debtSentence: debt, hasHolds: true,
            holds: [
                PointsPage.Hold(
                    item: "节水花洒", points: "80 分", code: "K7PM 3XWT", spoken: "K 7 P M 3 X W T",
                    until: texts("hold_until_line", ["time": "11月26日 10:12"]), redemption: "r-5f2c9a",
                    backLabel: texts("give_back_label", ["item": "节水花洒", "points": "80 分"]))
            ], holdTerms: texts("items_terms", ["hours": "48", "count": "3"]), hasItems: true,
            items: [
                PointsPage.Item(
                    item: "7", requestID: "r-5f2c9a", name: "水龙头起泡器", price: "40 分", points: "40", stock: "还有 12 件",
                    canHold: true,
                    reason: "", actionLabel: "兑换水龙头起泡器，40 分"),
                PointsPage.Item(
                    item: "", requestID: "", name: "社区理发一次", price: "200 分", points: "200", stock: "还有 3 件",
                    canHold: false,
                    reason: "还差 80 分", actionLabel: ""),
            ], hasHistory: true,
            history: [
                PointsPage.Entry(date: "2026-11-24", what: "留作兑换", detail: "节水花洒", points: "−80"),
                PointsPage.Entry(date: "2026-11-04", what: "账单得分", detail: "2026-10 与同类家庭比", points: "+30"),
                PointsPage.Entry(
                    date: texts("history_until", ["day": "2026-10-04"]), what: texts("history_earlier", ["n": "12"]),
                    detail: nil, points: "+200"),
            ], earlierHref: "/points?before=award-1#history-h", isEarlier: true)
    }
}
