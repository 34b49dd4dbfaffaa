import Tariffs
import Water

/// Where the members come from that no arithmetic gives: the meters, the registry, earlier statements.
extension ExplanationList {
    mutating func giveOrigins() {
        give("version", Int64(statement.version), .number, .numbered)
        give("persons", statement.persons.map(Int64.init), .persons, .registered)
        give(each: "use.daily_litres", statement.use.days.map(\.litres), .litres, .measured)
        giveQuality()
        let counts = statement.findings.sorted { $0.key.rawValue < $1.key.rawValue }
        for (kind, count) in counts { give("findings.\(kind.rawValue)", Int64(count), .number, .measured) }
        for (index, flow) in statement.leaks.enumerated() { give(flow, "leaks.\(index)") }
        if let last = statement.lastMonth { give(last, "last_month") }
        if let last = statement.sameMonthLastYear { give(last, "same_month_last_year") }
        for (index, value) in statement.sentence.arguments.enumerated() {
            give("sentence.arguments.\(index)", value, statement.sentence.unit(at: index), .asElsewhere)
        }
        if let analysis = statement.analysis { giveOrigins(of: analysis) }
        if let correction = statement.correction { giveOrigins(of: correction) }
        if let saving = statement.saving { giveOrigins(of: saving) }
    }

    private mutating func giveQuality() {
        let quality = statement.quality
        give("quality.month_seconds", quality.monthSeconds, .seconds, .calendar)
        give("quality.missing_seconds", quality.missingSeconds, .seconds, .measured)
        give("quality.qualifying_seconds", quality.qualifyingSeconds, .seconds, .measured)
        give("quality.required_percent", quality.requiredPercent, .percent, .setByFile, by: statement.rules)
        give("quality.zero_days", Int64(quality.zeroDays), .days, .measured)
        give("quality.readings", Int64(quality.readings), .number, .measured)
        give("quality.detectable_litres_per_hour", quality.detectableLitresPerHour, .litresPerHour, .measured)
        give("quality.data_until_epoch_seconds", quality.dataUntil?.epochSeconds, .epochSeconds, .measured)
    }

    private mutating func give(_ flow: ContinuousFlow, _ key: String) {
        give("\(key).from_epoch_seconds", flow.from.epochSeconds, .epochSeconds, .measured)
        give("\(key).to_epoch_seconds", flow.to.epochSeconds, .epochSeconds, .measured)
        give("\(key).hours", flow.hours, .hours, .measured)
        give("\(key).litres_per_hour", flow.litresPerHour, .litresPerHour, .measured)
        give("\(key).share_millionths", flow.shareMillionths, .millionths, .registered)
    }

    private mutating func give(_ earlier: EarlierUse, _ key: String) {
        give("\(key).known_days", earlier.knownDays.map(Int64.init), .days, .saidBefore)
        give("\(key).litres", earlier.litres, .litres, .saidBefore)
        give("\(key).missing_hours", earlier.missingHours, .hours, .saidBefore)
        give("\(key).version", Int64(earlier.version), .number, .saidBefore)
    }

    private mutating func give(_ figures: EarlierFigures, _ key: String) {
        give("\(key).bill_fen", figures.bill?.fen, .fen, .saidBefore)
        give("\(key).percentile", figures.percentile, .percent, .saidBefore)
        give("\(key).points", figures.points.count, .points, .saidBefore)
    }

    private mutating func giveOrigins(of analysis: Analysis) {
        for (index, size) in analysis.sizes.enumerated() {
            give("analysis.sizes.\(index).persons", size.persons.map(Int64.init), .persons, .registered)
        }
        for (index, month) in analysis.bylawMonths.enumerated() { give(month, "analysis.bylaw_months.\(index)") }
        for (index, month) in (analysis.baseline?.months ?? []).enumerated() {
            give(month, "analysis.baseline.months.\(index)")
        }
        if let figures = analysis.lastMonth { give(figures, "analysis.last_month") }
        if let night = analysis.night {
            give("analysis.night.litres", night.litres, .litres, .measured)
            give("analysis.night.lowest_litres", night.lowestLitres, .litres, .measured)
            give("analysis.night.nights", Int64(night.nights), .number, .measured)
        }
        for (index, flow) in (analysis.leak?.flows ?? []).enumerated() {
            let key = "analysis.leak.flows.\(index)"
            give("\(key).hours", flow.hours, .hours, .measured)
            give("\(key).litres_per_hour", flow.litresPerHour, .litresPerHour, .measured)
            give("\(key).share_millionths", flow.shareMillionths, .millionths, .registered)
        }
        for (index, warning) in analysis.warnings.enumerated() {
            give("analysis.warnings.\(index).limit_litres", warning.limitLitres, .litres, .asElsewhere)
            give("analysis.warnings.\(index).used_litres", warning.usedLitres, .litres, .asElsewhere)
        }
        for (index, action) in analysis.actions.enumerated() {
            for (place, value) in action.because.enumerated() {
                give("analysis.actions.\(index).because.\(place)", value, action.unit(at: place), .asElsewhere)
            }
        }
    }

    private mutating func giveOrigins(of correction: Correction) {
        give("correction.version", Int64(correction.version), .number, .saidBefore)
        give("correction.litres", correction.litres, .litres, .saidBefore)
        give(correction.figures, "correction.figures")
        for (index, reading) in correction.readings.enumerated() {
            let key = "correction.readings.\(index)"
            give("\(key).at_epoch_seconds", reading.at.epochSeconds, .epochSeconds, .measured)
            give("\(key).register_ml", reading.register.millilitres, .millilitres, .measured)
        }
    }

    private mutating func giveOrigins(of saving: Saving) {
        let rules = statement.rules
        give(each: "saving.level_permille", saving.levels.map(\.permille), .permille, .saidBefore)
        // Written only where a level is of another size.
        if saving.levels.contains(where: { !$0.counts(for: statement.persons) }) {
            give(each: "saving.level_persons", saving.levels.map { Int64($0.persons ?? 0) }, .persons, .saidBefore)
        }
        give("saving.band_percent_at_least", saving.bandPercentAtLeast, .percent, .setByFile, by: rules)
        give("saving.band_percent_of_range", saving.bandPercentOfRange, .percent, .setByFile, by: rules)
        give("saving.points_at_most", saving.mostPoints.count, .points, .setByFile, by: rules)
        give("saving.points_per_percent", saving.pointsPerPercent.count, .points, .setByFile, by: rules)
    }
}

extension Sentence {
    /// What the argument at a place is of; see `Code`.
    fileprivate func unit(at place: Int) -> Explanation.Unit {
        switch (code, place) {
        case (.leak, 1): .hours
        case (.leak, 2): .litresPerHour
        case (.amongBest, 1), (.thrifty, 1): .percent
        case (.headroom, 2): .fen
        default: .litres
        }
    }
}

extension Analysis.SavingAction {
    /// What the number at a place of `because` is of; see `Kind`.
    fileprivate func unit(at place: Int) -> Explanation.Unit {
        switch kind {
        case .stopFlow where because.count == 2: place == 0 ? .litresPerHour : .hours
        case .stopFlow: place == 0 ? .litres : place % 2 == 1 ? .hours : .litresPerHour
        case .checkNight, .stayInTier: place == 0 ? .number : .litres
        case .easeHeavyDays, .backToUsual: .litres
        }
    }
}
