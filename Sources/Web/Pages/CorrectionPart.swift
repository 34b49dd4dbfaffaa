import Scoring
import Tariffs
import Water

/// 更正账单: why there is another version, what changed, and what is offset.
struct CorrectionPart: Sendable {
    let heading: String
    let lines: [String]
    /// Where what the month counts is another figure, the page of points has what the ledger made of it.
    let hasOtherPoints: Bool
    let hasReadings: Bool
    let readings: [String]

    init(_ correction: Correction, of statement: Statement, calendar: CityCalendar, texts t: Texts) {
        heading = t("correction_heading", ["n": "\(statement.version)", "old": "\(correction.version)"])
        let causes = correction.causes.map { t("cause_\($0.rawValue)") }.joined(separator: t("list_comma"))
        var lines = causes.isEmpty ? [] : [t("correction_why", ["causes": causes])]
        if let line = CorrectionPart.litres(correction, of: statement, t) { lines.append(line) }
        if let line = CorrectionPart.bill(correction.figures.bill, statement.bill?.total, t) { lines.append(line) }
        let (before, now) = (correction.figures.points, statement.points.total)
        let isOther = before != now
        hasOtherPoints = isOther
        // What the ledger made of it is in the book: points that were spent are owed or let go, not taken.
        lines.append(
            t(
                isOther ? "correction_points_changed" : "correction_points_same",
                ["before": t.points(before), "now": t.points(now)]))
        if let line = CorrectionPart.rank(correction, of: statement, t) { lines.append(line) }
        if CorrectionPart.isSame(correction, statement) { lines.append(t("correction_elsewhere")) }
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
                        "time": t.time(one.at, in: calendar), "register": t.register(one.register),
                        "cause": t("cause_\(one.cause.rawValue)"), "meter": one.serial,
                    ])
            } + (correction.hasMoreReadings ? [t("correction_more")] : [])
    }

    /// What was used by this version and the one before; nil where neither knows, and where the household did not live
    /// there by this one. A gap is no 0 litres.
    private static func litres(_ correction: Correction, of statement: Statement, _ t: Texts) -> String? {
        if statement.unranked == .notLivedIn { return nil }
        switch (correction.saidNoFigure, statement.hasNoFigure) {
        case (true, true): return nil
        case (true, false): return t("correction_litres_new", ["now": t.litres(statement.use.litres)])
        case (false, true): return t("correction_litres_gone", ["before": t.litres(correction.litres)])
        case (false, false): break
        }
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

    /// The place among comparable homes where it is another; nil where the household did not live there: nothing is
    /// compared.
    private static func rank(_ correction: Correction, of statement: Statement, _ t: Texts) -> String? {
        if statement.unranked == .notLivedIn { return nil }
        switch (correction.figures.percentile, statement.rank?.percentile) {
        case (let before?, let now?):
            return before == now ? nil : t("correction_rank_changed", ["before": "\(before)", "now": "\(now)"])
        case (let before?, nil): return t("correction_rank_gone", ["before": "\(before)"])
        case (nil, let now?): return t("correction_rank_new", ["now": "\(now)"])
        case (nil, nil): return nil
        }
    }

    /// None of the figures that are set beside each other changed.
    private static func isSame(_ correction: Correction, _ statement: Statement) -> Bool {
        correction.litres == statement.use.litres && correction.figures == EarlierFigures(statement)
            && statement.unranked != .notLivedIn
    }

    private static func word(_ difference: Int64) -> String {
        difference == 0 ? "same" : difference < 0 ? "less" : "more"
    }
}

extension Correction {
    /// The corrected version knew of no water: of 0 litres that were measured there is a bill.
    var saidNoFigure: Bool { litres == 0 && figures.bill == nil }
}
