import Scoring
import Water

/// The home beside the two anchors, as bars of one scale and in words.
struct ComparisonPart: Sendable {
    let summary: String
    let bars: [Bar]
    let explanation: [String]

    struct Bar: Sendable {
        let kind: String
        let name: String
        let figure: String
        let filledPerMille: Int
    }

    /// nil where the home is not ranked.
    init?(_ statement: Statement, _ surroundings: StatementSurroundings, texts t: Texts) {
        guard let rank = statement.rank, let cohort = statement.cohort, let own = statement.equivalised,
            let persons = statement.persons
        else { return nil }
        let percent = "\(rank.higherPercent)"
        summary = t(
            "compare_summary",
            [
                "area": surroundings.cohortName ?? cohort.code, "homes": t.number(Int64(cohort.homes)),
                "percent": percent,
            ])
        let median = multiplyThenDivideHalfUp(cohort.medianLitres, own.scaleMillionths, by: 1_000_000)
        bars = ComparisonPart.bars(
            [
                (
                    "best", t("bar_best", ["percent": "\(surroundings.benchmarkPercent)"]),
                    statement.headroom?.benchmarkHomeLitres
                ),
                ("median", t("bar_median"), median), ("own", t("bar_own"), statement.use.litres),
            ], t)
        explanation = [
            t("compare_why_scale"),
            t(
                "compare_arithmetic",
                [
                    "litres": t.litres(statement.use.litres), "persons": "\(persons)",
                    "scale": ExactDecimal(scaled: own.scaleMillionths, decimals: 6).description,
                    "own": t.litres(own.litres),
                ]),
            t("compare_bars_meaning", ["persons": "\(persons)", "median": t.litres(cohort.medianLitres)]),
            t(
                "compare_percentile_meaning",
                [
                    "lower": t.number(Int64(rank.lowerHomes)), "equal": t.number(Int64(rank.equalHomes)),
                    "higher": t.number(Int64(rank.higherHomes)), "percent": percent,
                    "others": t.number(Int64(rank.otherHomes)), "percentile": "\(rank.percentile)",
                ]),
        ]
    }

    private static func bars(_ rows: [(kind: String, name: String, litres: Int64?)], _ t: Texts) -> [Bar] {
        let top = max(rows.compactMap(\.litres).max() ?? 1, 1)
        return rows.compactMap { row in
            row.litres.map { litres in
                let filled = multiplyThenFloorDivide(max(litres, 0), 1_000, by: top) ?? 0
                return Bar(kind: row.kind, name: row.name, figure: t.litres(litres), filledPerMille: Int(filled))
            }
        }
    }
}
