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
    let files: [String]

    struct Row: Sendable {
        let name: String
        let figure: String
        let calculation: String
        let rule: String
    }

    init(_ statement: Statement, texts t: Texts) {
        household = statement.household
        monthName = t.month(statement.month)
        version = t("version_n", ["n": "\(statement.version)"])
        back = "/statements/\(statement.month)?version=\(statement.version)"
        let words = Arithmetic.Words(
            minus: " − ", times: " × ", by: " ÷ ", halfUp: t("by_half_up"), floor: t("by_floor"),
            ceiling: t("by_ceiling"), atLeastZero: t("by_at_least_zero"), least: t("by_least"))
        rows = explain(statement).map { entry in
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

    private static func figure(_ entry: Explanation, _ t: Texts) -> String {
        switch entry.unit {
        case .litres: t.litres(entry.value)
        case .fen: t("n_fen", ["n": t.number(entry.value)])
        case .points: t.points(Points(entry.value))
        case .percent: t("n_percent", ["n": t.number(entry.value)])
        case .hours: t("n_hours", ["n": t.number(entry.value)])
        case .permille: t("n_permille", ["n": t.number(entry.value)])
        }
    }

    /// Bill lines, points lines and weekdays go by their own names; the rest by their place in the statement.
    private static func name(of entry: Explanation, _ statement: Statement, _ t: Texts) -> String {
        let parts = entry.key.split(separator: ".")
        let index = parts.compactMap { Int($0) }.first ?? 0
        switch entry.rule {
        case .billLine, .fixedCharge:
            guard let bill = statement.bill, bill.lines.indices.contains(index) else { return entry.key }
            return BillPart.name(of: bill.lines[index], t)
        case .pointsOfRule:
            guard statement.points.lines.indices.contains(index) else { return entry.key }
            let rule = statement.points.lines[index].rule
            return t.words["rule_\(rule)"] ?? rule
        case .weekdayMean: return t("weekday_\(index + 1)")
        case .limitPercent:
            guard let warnings = statement.analysis?.warnings, warnings.indices.contains(index) else {
                return entry.key
            }
            return t("limit_\(warnings[index].limit.rawValue)")
        case .actionLitres, .actionSaving:
            guard let actions = statement.analysis?.actions, actions.indices.contains(index) else { return entry.key }
            return AnalysisPart.name(of: actions[index], t)
        default:
            let key = "figure_\(parts.joined(separator: "_"))"
            return t.words[key] ?? entry.key
        }
    }
}
