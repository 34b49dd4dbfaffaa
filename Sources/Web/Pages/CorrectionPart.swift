import Scoring
import Tariffs
import Water

/// 更正账单: why there is another version, what changed, and what is offset.
struct CorrectionPart: Sendable {
    let heading: String
    let lines: [String]
    let hasReadings: Bool
    let readings: [String]

    init(_ correction: Correction, of statement: Statement, calendar: CityCalendar, texts t: Texts) {
        heading = t("correction_heading", ["n": "\(statement.version)", "old": "\(correction.version)"])
        let causes = correction.causes.map { t("cause_\($0.rawValue)") }.joined(separator: t("list_comma"))
        var lines = causes.isEmpty ? [] : [t("correction_why", ["causes": causes])]
        if let line = CorrectionPart.litres(correction, of: statement, t) { lines.append(line) }
        if let line = CorrectionPart.bill(correction.figures.bill, statement.bill?.total, t) { lines.append(line) }
        let (before, now) = (correction.figures.points, statement.points.total)
        let points = now.count - before.count
        lines.append(
            t(
                "correction_points_\(CorrectionPart.word(points))",
                ["before": t.points(before), "now": t.points(now), "difference": t.points(Points(abs(points)))]))
        lines.append(t("correction_others"))
        self.lines = lines
        // Versions of before list what is about no reading too, with no instant.
        let changed = correction.readings.filter { $0.at.epochSeconds != 0 }
        hasReadings = !changed.isEmpty
        readings =
            changed.map { one in
                t(
                    "correction_reading",
                    [
                        "time": t.time(one.at, in: calendar), "register": one.register.cubicMetres,
                        "cause": t("cause_\(one.cause.rawValue)"), "meter": one.serial,
                    ])
            } + (correction.hasMoreReadings ? [t("correction_more")] : [])
    }

    /// What was used by this version and the one before; nil where the household did not live there by one of them: of no
    /// home 0 litres are said.
    private static func litres(_ correction: Correction, of statement: Statement, _ t: Texts) -> String? {
        let wasWithdrawn =
            correction.litres == 0 && correction.figures.bill == nil && correction.causes.contains(.occupancy)
        guard statement.unranked != .notLivedIn, !wasWithdrawn else { return nil }
        let litres = statement.use.litres - correction.litres
        return t(
            "correction_litres_\(word(litres))",
            [
                "before": t.litres(correction.litres), "now": t.litres(statement.use.litres),
                "difference": t.litres(abs(litres)),
            ])
    }

    /// What the month cost and costs; nil where there was no bill and is none.
    private static func bill(_ before: Money?, _ now: Money?, _ t: Texts) -> String? {
        switch (before, now) {
        case (let before?, let now?):
            let fen = now.fen - before.fen
            return t(
                "correction_bill_\(word(fen))",
                ["before": t.yuan(before), "now": t.yuan(now), "difference": t.yuan(Money(fen: abs(fen)))])
        case (let before?, nil): return t("correction_bill_withdrawn", ["before": t.yuan(before)])
        case (nil, let now?): return t("correction_bill_new", ["now": t.yuan(now)])
        case (nil, nil): return nil
        }
    }

    private static func word(_ difference: Int64) -> String {
        difference == 0 ? "same" : difference < 0 ? "less" : "more"
    }
}
