import Scoring
import Tariffs
import Water

/// What the analysis of a month says to the home: what to do, how the week and the nights go, what is usual.
struct AnalysisPart: Sendable {
    /// In the statement's order; empty where nothing is worth naming.
    let actions: [Action]
    /// That the litres of several are partly the same; nil of one or none.
    let overlap: String?
    /// The same of the room to save below them; nil without either.
    let roomOverlap: String?
    /// What stands in their place.
    let noActions: String?
    let warnings: [String]
    /// None of a month without any reading, or without any whole day.
    let hasWeekdays: Bool
    let weekdays: [Weekday]
    let night: String?
    /// Against what is usual and against last month, each with its arithmetic.
    let usual: [String]
    let toMedian: String?
    let leakCost: String?

    struct Action: Sendable {
        let name: String
        let saving: String
        let why: String
    }

    struct Weekday: Sendable {
        let name: String
        let figure: String
        let filledPerMille: Int
    }

    init(_ analysis: Analysis, of statement: Statement, texts t: Texts) {
        let words = AnalysisWords(statement: statement, texts: t)
        actions = analysis.actions.map(words.action)
        overlap = analysis.actions.count > 1 ? t("actions_overlap") : nil
        roomOverlap = words.hasRoom(analysis) && !analysis.actions.isEmpty ? t("headroom_overlap") : nil
        warnings = analysis.warnings.map(words.warning)
        weekdays = statement.isEstimatedWhole ? [] : AnalysisPart.weekdays(analysis.week, t)
        hasWeekdays = !weekdays.isEmpty
        night = analysis.night.map(words.night)
        usual = words.usual(analysis)
        noActions = actions.isEmpty ? words.noActions : nil
        toMedian = analysis.toMedian.map(words.toMedian)
        leakCost = analysis.leak.map(words.leak)
    }

    static func name(of action: Analysis.SavingAction, _ t: Texts) -> String {
        t("action_\(action.kind.rawValue)", ["tier": tier(of: action, t)])
    }

    /// The tier that the action's reason names; nothing for other kinds.
    fileprivate static func tier(of action: Analysis.SavingAction, _ t: Texts) -> String {
        action.kind == .stayInTier ? t("tier_\(action.because.first ?? 1)") : ""
    }

    private static func weekdays(_ week: [Analysis.WeekdayUse], _ t: Texts) -> [Weekday] {
        guard week.contains(where: { $0.meanLitres != nil }) else { return [] }
        let top = max(week.compactMap(\.meanLitres).max() ?? 1, 1)
        return week.enumerated().map { index, day in
            let mean = day.meanLitres
            return Weekday(
                name: t("weekday_\(index + 1)"),
                figure: mean.map { t("weekday_figure", ["mean": t.litres($0), "days": "\(day.days)"]) } ?? t("none"),
                filledPerMille: Int(multiplyThenFloorDivide(max(mean ?? 0, 0), 1_000, by: top) ?? 0))
        }
    }
}

private struct AnalysisWords {
    let statement: Statement
    let texts: Texts

    /// Litres to save are named below what to do.
    func hasRoom(_ analysis: Analysis) -> Bool {
        (statement.headroom?.litres ?? 0) > 0 || (analysis.toMedian?.litres ?? 0) > 0
    }

    /// Against what is usual and against last month. An estimate of earlier months is not held against them, and of a month
    /// that is not known whole nobody can say that it was less.
    func usual(_ analysis: Analysis) -> [String] {
        if statement.isEstimatedWhole { return [] }
        let last = analysis.lastMonth.map(lastMonth) ?? []
        guard statement.isComparable else {
            return [texts(statement.isWholeOfItsTime ? "baseline_not_lived" : "baseline_not_whole")] + last
        }
        return [analysis.baseline.map(baseline) ?? texts("baseline_none")] + last
    }

    /// Why there is nothing to do.
    var noActions: String {
        if isAway { return texts("actions_away") }
        if statement.isComparable { return texts("actions_none") }
        return texts(statement.isWholeOfItsTime ? "actions_partial" : "actions_unknown")
    }

    /// Hardly anybody seems to have been at home.
    private var isAway: Bool { statement.unranked == .vacant || statement.unranked == .absent }

    func action(_ action: Analysis.SavingAction) -> AnalysisPart.Action {
        // Statements of before reckon a flow over the whole month.
        let key =
            action.kind == .stopFlow && action.because.count == 2
            ? "action_stop_flow_month" : "action_\(action.kind.rawValue)"
        let numbers = action.because.map(texts.number) + ["", "", "", ""]
        let litres = texts.litres(action.litres)
        return AnalysisPart.Action(
            name: AnalysisPart.name(of: action, texts),
            saving: saving(of: action),
            why: texts(
                "\(key)_why",
                [
                    "a": numbers[0], "b": numbers[1], "c": numbers[2], "d": numbers[3],
                    "days": "\(statement.month.dayCount)", "own": texts.litres(statement.use.litres),
                    "litres": litres, "tier": AnalysisPart.tier(of: action, texts),
                    "result": texts.litres(result(of: action)), "sum": flows(of: action),
                ]) + capped(action))
    }

    /// With the two bills that its yuan are the difference of.
    private func saving(of action: Analysis.SavingAction) -> String {
        let litres = texts.litres(action.litres)
        guard let saving = action.saving, let without = action.billWithout, let own = statement.bill?.total else {
            return texts("action_saving_litres", ["litres": litres])
        }
        return texts(
            "action_saving",
            [
                "litres": litres, "yuan": texts.yuan(saving), "bill": texts.yuan(own),
                "without": texts.yuan(without),
            ])
    }

    /// What the arithmetic of a reason comes to, before the month's use limits it.
    private func result(of action: Analysis.SavingAction) -> Int64 {
        let hours = 24 * Int64(statement.month.dayCount)
        switch (action.kind, action.because.count) {
        case (.stopFlow, 2): return action.because[0] &* hours
        case (.stopFlow, 3...): return action.because[0]
        case (.checkNight, 2): return multiplyThenFloorDivide(action.because[1], hours, by: 3) ?? action.litres
        default: return action.litres
        }
    }

    private func capped(_ action: Analysis.SavingAction) -> String {
        result(of: action) == action.litres ? "" : texts("action_capped", ["own": texts.litres(action.litres)])
    }

    /// `32 × 14 + 71 × 3`, hours and litres an hour.
    private func flows(of action: Analysis.SavingAction) -> String {
        guard action.kind == .stopFlow, action.because.count > 2 else { return "" }
        if let leak = statement.analysis?.leak, leak.flows.contains(where: { $0.shareMillionths != nil }) {
            return flows(of: leak)
        }
        return stride(from: 1, to: action.because.count - 1, by: 2).map {
            "\(texts.number(action.because[$0])) × \(texts.number(action.because[$0 + 1]))"
        }.joined(separator: " + ")
    }

    /// `744 × 6`, and of a shared meter `744 × 6 × 0.4`.
    private func flows(of leak: Analysis.LeakCost) -> String {
        leak.flows.map { flow in
            let whole = "\(texts.number(flow.hours)) × \(texts.number(flow.litresPerHour))"
            return flow.shareMillionths.map { "\(whole) × \(share($0))" } ?? whole
        }.joined(separator: " + ")
    }

    /// Millionths as a decimal without zeros at its end.
    private func share(_ millionths: Int64) -> String {
        var digits = padded(Int(millionths % 1_000_000), 6)
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(millionths / 1_000_000)\(digits.isEmpty ? "" : ".")\(digits)"
    }

    func warning(_ warning: Analysis.LimitWarning) -> String {
        // Above the limit, though by less than a tenth, it is near no longer.
        let over = warning.usedLitres - warning.limitLitres
        let key =
            if warning.level == .over || over <= 0 {
                "warning_\(warning.level.rawValue)"
            } else {
                // 100 % rounded down would say that nothing is over.
                warning.percent > 100 ? "warning_passed" : "warning_passed_little"
            }
        return texts(
            key,
            [
                "what": texts("limit_\(warning.limit.rawValue)"), "limit": texts.litres(warning.limitLitres),
                "used": texts.litres(warning.usedLitres), "percent": texts.number(warning.percent),
                "over": texts.litres(over),
            ])
    }

    func night(_ night: NightUse) -> String {
        let mean = divideHalfUp(night.litres, by: Int64(max(night.nights, 1)))
        return texts(
            key(of: night),
            [
                "mean": texts.litres(mean), "nights": "\(night.nights)", "total": texts.litres(night.litres),
                "lowest": texts.litres(night.lowestLitres),
            ])
    }

    private func key(of night: NightUse) -> String {
        // As many nights as the advice to look for a drip asks for.
        guard night.lowestLitres == 0 else { return night.nights < 20 ? "night_few" : "night_never_quiet" }
        // Beside a leak, or of a home with nobody in it, a night without water is nothing to praise.
        return statement.leaks.isEmpty && !isAway ? "night_quiet" : "night_quiet_plain"
    }

    func baseline(_ baseline: Analysis.Baseline) -> String {
        let months = baseline.months.map { texts.month($0.month) }.joined(separator: texts("list_comma"))
        let days = baseline.months.reduce(0) { $0 + $1.month.dayCount }
        let litres = baseline.months.map { texts.number($0.litres) }.joined(separator: " + ")
        let arithmetic = texts(
            "baseline_arithmetic",
            [
                "litres": baseline.months.count > 1 ? "(\(litres))" : litres, "days": "\(days)",
                "own_days": "\(statement.month.dayCount)", "result": texts.litres(baseline.litres),
            ])
        return texts(
            "baseline_\(baseline.kind.rawValue)",
            ["months": months, "arithmetic": arithmetic, "change": change(baseline.changeLitres)])
    }

    private func change(_ litres: Int64) -> String {
        litres == 0
            ? texts("change_same")
            : texts(litres < 0 ? "change_less" : "change_more", ["litres": texts.litres(abs(litres))])
    }

    func lastMonth(_ figures: EarlierFigures) -> [String] {
        var lines: [String] = []
        if statement.isComparable, statement.lastMonth?.missingHours == 0, let before = figures.bill,
            let own = statement.bill?.total
        {
            let difference = own - before
            lines.append(
                texts(
                    difference.fen == 0
                        ? "bill_change_none" : difference.fen < 0 ? "bill_change_less" : "bill_change_more",
                    [
                        "before": texts.yuan(before), "own": texts.yuan(own),
                        "difference": texts.yuan(Money(fen: abs(difference.fen))),
                    ]))
        }
        if let before = figures.percentile, let now = statement.rank?.percentile {
            lines.append(texts("rank_change", ["before": "\(before)", "now": "\(now)"]))
        }
        return lines
    }

    func toMedian(_ room: Statement.Headroom) -> String {
        let values: KeyValuePairs = [
            "median": texts.litres(room.benchmarkHomeLitres), "own": texts.litres(statement.use.litres),
            "litres": texts.litres(room.litres), "yuan": texts.yuan(room.saving ?? .zero),
        ]
        return texts(
            room.litres == 0 ? "median_reached" : room.saving == nil ? "median_room_litres" : "median_room", values)
    }

    func leak(_ leak: Analysis.LeakCost) -> String {
        let isShared = leak.flows.contains { $0.shareMillionths != nil }
        return cost(of: leak) + (isShared ? texts("leak_cost_shared") : "")
    }

    private func cost(of leak: Analysis.LeakCost) -> String {
        let (sum, litres) = (flows(of: leak), texts.litres(leak.litres))
        guard let cost = leak.cost, let without = leak.billWithout, let own = statement.bill?.total else {
            return texts("leak_cost_litres", ["sum": sum, "litres": litres])
        }
        return texts(
            "leak_cost",
            [
                "sum": sum, "litres": litres, "yuan": texts.yuan(cost), "bill": texts.yuan(own),
                "without": texts.yuan(without),
            ])
    }
}
