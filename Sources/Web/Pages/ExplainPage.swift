import Scoring
import Tariffs
import Water

/// Every computed figure of a statement with its calculation, for who wants to redo it by hand.
struct ExplainPage: Page {
    static let template = "explain"

    let household: String
    let monthName: String
    let version: String
    let back: String
    let rows: [Row]
    /// Nil where the home's meters are its own.
    let shared: SharedPart?
    let files: [String]

    struct Row: Sendable {
        let name: String
        let figure: String
        let calculation: String
        let rule: String
    }

    init(_ statement: Statement, shared: SharedPart? = nil, texts t: Texts) {
        self.shared = shared
        household = statement.household
        monthName = t.month(statement.month)
        version = t("version_n", ["n": "\(statement.version)"])
        back = "/statements/\(statement.month)?version=\(statement.version)"
        let words = ExplainPage.words(t)
        rows = ExplainPage.entries(of: statement).map { entry in
            Row(
                name: ExplainPage.name(of: entry, statement, t), figure: ExplainPage.figure(entry, t),
                calculation: entry.arithmetic.inFigures(words, t.number),
                rule: t("explain_\(entry.rule.rawValue)"))
        }
        files = [
            t("explain_tariff", ["id": statement.tariff.id, "version": statement.tariff.version]),
            t("explain_rules", ["id": statement.rules.id, "version": statement.rules.version]),
        ]
    }

    func documentTitle(_ words: String) -> String { "\(words) · \(monthName) · \(version)" }

    /// How a calculation is written for people.
    static func words(_ t: Texts) -> Arithmetic.Words {
        Arithmetic.Words(
            minus: " − ", times: " × ", by: " ÷ ", halfUp: t("by_half_up"), floor: t("by_floor"),
            ceiling: t("by_ceiling"), atLeastZero: t("by_at_least_zero"), least: t("by_least"), and: t("by_and"))
    }

    /// Of a month not lived in there is no water to speak of; of one of which nothing is known 0 litres are a gap.
    private static func entries(of statement: Statement) -> [Explanation] {
        var unsaid: [String] = []
        if statement.unranked == .notLivedIn {
            unsaid = ["use.", "quality."]
        } else if statement.hasNoFigure {
            unsaid = [
                "use.measured_litres", "use.estimated_litres", "use.litres",
                "equivalised.litres_per_equivalised_person", "analysis.period_litres",
            ]
        }
        if !unsaid.isEmpty || statement.correction?.saidNoFigure == true { unsaid.append("correction.change_litres") }
        return explainShown(statement).filter { entry in !unsaid.contains { entry.key.hasPrefix($0) } }
    }

    private static func figure(_ entry: Explanation, _ t: Texts) -> String {
        switch entry.unit {
        case .litres: t.litres(entry.value)
        case .fen: t("n_fen", ["n": t.number(entry.value)])
        case .points: t.points(Points(entry.value))
        case .percent: t("n_percent", ["n": t.number(entry.value)])
        case .percentPoints: t("n_percent_points", ["n": t.number(entry.value)])
        case .millionths: t("n_millionths", ["n": t.number(entry.value), "percent": t.share(entry.value)])
        case .hours: t("n_hours", ["n": t.number(entry.value)])
        case .permille: t("n_permille", ["n": t.number(entry.value)])
        default: t.number(entry.value)
        }
    }

    /// Tiers, bill lines, points lines, weekdays and what to do go by their own names; the rest by their place in the
    /// statement.
    private static func name(of entry: Explanation, _ statement: Statement, _ t: Texts) -> String {
        let parts = entry.key.split(separator: ".")
        let index = parts.compactMap { Int($0) }.first ?? 0
        let name: String? =
            switch entry.rule {
            case .tierBound: t("figure_tier_bound", ["tier": t("tier_\(index + 1)")])
            case .tierVolume: statement.lineName(index, t).map { t("figure_line_litres", ["name": $0]) }
            case .billLine, .fixedCharge: statement.lineName(index, t)
            case .pointsBeforeCap: statement.ruleName(index, t).map { t("figure_before_cap", ["rule": $0]) }
            case .pointsOfRule: statement.ruleName(index, t)
            case .weekdayMean: t("weekday_\(index + 1)")
            case .limitPercent: statement.limitName(index, t)
            case .actionLitres, .actionSaving: statement.actionName(index, t)
            case .billOfOther where parts.contains("actions"):
                statement.actionName(index, t).map { t("figure_bill_after", ["name": $0]) }
            default: t.words["figure_\(parts.joined(separator: "_"))"]
            }
        return name ?? entry.key
    }
}

extension Statement {
    fileprivate func lineName(_ index: Int, _ t: Texts) -> String? {
        guard let bill, bill.lines.indices.contains(index) else { return nil }
        return BillPart.name(of: bill.lines[index], t)
    }

    fileprivate func ruleName(_ index: Int, _ t: Texts) -> String? {
        guard points.lines.indices.contains(index) else { return nil }
        let rule = points.lines[index].rule
        return t.words["rule_\(rule)"] ?? rule
    }

    fileprivate func limitName(_ index: Int, _ t: Texts) -> String? {
        guard let warnings = analysis?.warnings, warnings.indices.contains(index) else { return nil }
        return t("limit_\(warnings[index].limit.rawValue)")
    }

    fileprivate func actionName(_ index: Int, _ t: Texts) -> String? {
        guard let actions = analysis?.actions, actions.indices.contains(index) else { return nil }
        return AnalysisPart.name(of: actions[index], t)
    }
}
