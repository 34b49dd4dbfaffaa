import Scoring
import Tariffs
import Water

/// Why these points, how good the data is, what the statement rests on.
extension StatementStory {
    var pointsSentence: String {
        let earned = statement.points
        switch earned.noneReason {
        case nil:
            // What an older version says is no longer what the account holds.
            if let newest = newerVersion {
                return texts("points_sentence_then", ["points": texts.points(earned.total), "n": newest])
            }
            return texts(
                "points_sentence", ["points": texts.points(earned.total), "n": texts.number(earned.total.count)])
        case .unranked(let reason):
            let words = texts("points_sentence_none", ["reason": inShort(reason)])
            // Of a month not lived in the part that is named is not there.
            return isWithdrawn ? words : words + texts("points_see_compare")
        case .noCohort: return texts("points_sentence_no_cohort")
        case .noRuleMet: return texts("points_sentence_zero")
        }
    }

    /// The arithmetic of one award.
    func why(_ line: PointsLine) -> String {
        if line.measure == .savingPercent, let percent = line.value {
            let key = percent > 0 ? "why_saving_percent" : "why_saving_percent_not"
            let each = statement.saving?.pointsPerPercent ?? .zero
            let most = statement.saving?.mostPoints ?? .zero
            return capped(
                line,
                texts(
                    key,
                    [
                        "value": texts.number(percent), "each": texts.points(each), "most": texts.points(most),
                    ]))
        }
        guard let value = line.value, let limit = line.atMost else { return texts("why_not_judged") }
        let key = "why_\(line.measure.rawValue)\(value <= limit ? "" : "_not")"
        let words = texts(key, ["value": texts.number(value), "limit": texts.number(limit)])
        return capped(line, words)
    }

    private func capped(_ line: PointsLine, _ words: String) -> String {
        guard line.points < line.pointsBeforeCap else { return words }
        return words + texts("why_capped", ["points": texts.points(line.pointsBeforeCap)])
    }

    var quality: [String] {
        // Of a month not lived in there are no data to speak of.
        if isWithdrawn { return [unranked] }
        let quality = statement.quality
        // The percentage is of the whole month: of one not lived in to its end it would say that readings lack.
        var lines =
            quality.isPartial
            ? []
            : [
                texts(
                    "quality_covered",
                    ["percent": "\(quality.qualifyingPercent)", "required": "\(quality.requiredPercent)"])
            ]
        if let months = statement.analysis?.bylawMonths, !months.isEmpty {
            let words = texts(
                "quality_bylaw",
                [
                    "months": months.map { texts.month($0.month) }.joined(separator: texts("list_comma")),
                    "sum": months.map(wholeMonth).joined(separator: " + "),
                    "n": "\(months.count)", "litres": texts.litres(statement.use.litres),
                ])
            let isInPart = months.contains { $0.knownDays != nil }
            lines.append(words + (isInPart ? texts("quality_bylaw_mean_day") : ""))
        }
        let estimated = statement.use.days.filter { $0.state == .estimated }.count
        if estimated > 0 {
            lines.append(
                texts(
                    statement.isEstimatedWhole ? "quality_estimated_whole" : "quality_estimated",
                    ["days": "\(estimated)", "litres": texts.litres(statement.use.estimatedLitres)]))
        }
        if statement.use.missingHours > 0 {
            lines.append(texts("quality_missing", ["hours": texts.number(statement.use.missingHours)]))
        }
        if !quality.unjoinedOn.isEmpty {
            let days = quality.unjoinedOn.map(texts.day).joined(separator: texts("list_comma"))
            lines.append(texts("quality_unjoined", ["days": days]))
        }
        lines.append(texts("quality_detectable", ["rate": texts.number(quality.detectableLitresPerHour)]))
        for (kind, count) in statement.findings.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            lines.append(texts("finding_line", ["what": texts("finding_\(kind.rawValue)"), "count": "\(count)"]))
        }
        return lines
    }

    /// A month's litres in a mean; of one with days missing what all its days come to by the mean of the others.
    private func wholeMonth(_ month: EarlierUse) -> String {
        let litres = texts.number(month.litres)
        guard let known = month.knownDays else { return litres }
        return "\(litres) ÷ \(known) × \(month.month.dayCount)"
    }

    var basis: [String] {
        let persons =
            statement.persons.map { texts("basis_persons", ["n": "\($0)"]) } ?? texts("basis_persons_unknown")
        let readings = texts("basis_readings", ["n": texts.number(Int64(statement.quality.readings))])
        let sizes = statement.analysis?.sizes ?? []
        let dates = sizes.map(texts.size).joined(separator: texts("list_comma"))
        let dated = sizes.isEmpty ? [] : [texts("basis_sizes", ["sizes": dates])]
        let home = isWithdrawn ? [persons] : [persons] + dated + [readings]
        return home + [
            texts("basis_tariff", ["name": surroundings.tariffName, "version": statement.tariff.version]),
            texts("basis_rules", ["version": statement.rules.version]),
        ]
    }
}
