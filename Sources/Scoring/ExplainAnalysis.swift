import Tariffs
import Water

extension ExplanationList {
    mutating func add(_ analysis: Analysis) {
        let before = analysis.periodLitres &- statement.use.litres
        add(
            "analysis.period_litres", analysis.periodLitres, .litres, .periodLitres,
            before == 0 ? own : .sum([.input("before_month_litres", before), own]), isShown: before != 0)
        if let baseline = analysis.baseline { add(baseline, isShown: analysis.bylawMonths.isEmpty) }
        add(week: analysis.week)
        if let night = analysis.night {
            let nights = Int64(max(night.nights, 1))
            addBeside(
                "analysis.night.mean", divideHalfUp(night.litres, by: nights), .litres, .nightMean,
                .halfUp(.input("litres", night.litres), by: .input("nights", nights)))
        }
        if let room = analysis.toMedian {
            add(room, "analysis.to_median", "median_litres", figure: statement.cohort?.medianLitres)
        }
        if let leak = analysis.leak { add(leak) }
        addChange(analysis)
        for (index, warning) in analysis.warnings.enumerated() {
            add(
                "analysis.warnings.\(index).percent", warning.percent, .percent, .limitPercent,
                .floor(
                    .product([.input("", 100), .input("used_litres", warning.usedLitres)]),
                    by: .input("limit_litres", warning.limitLitres)),
                by: warning.limit == .tier ? statement.tariff : statement.rules)
        }
        for (index, action) in analysis.actions.enumerated() { add(action, "analysis.actions.\(index)") }
    }

    private mutating func add(week: [Analysis.WeekdayUse]) {
        for (index, weekday) in week.enumerated() {
            let key = "analysis.week_monday_first.\(index)"
            let days = statement.use.days.filter { $0.litres != nil && $0.day.weekday == index + 1 }
            give("\(key).days", Int64(weekday.days), .days, .measured)
            add(
                "\(key).litres", weekday.litres, .litres, .sumOfDays,
                .sum(days.map { .input("day_litres", $0.litres ?? 0) }), isShown: false)
            guard let mean = weekday.meanLitres else { continue }
            addBeside(
                "\(key).mean", mean, .litres, .weekdayMean,
                .halfUp(.input("litres", weekday.litres), by: .input("days", Int64(weekday.days))))
        }
    }

    /// 折抵: what this version says less what the corrected one said.
    mutating func add(_ correction: Correction) {
        addBeside(
            "correction.change_litres", statement.use.litres &- correction.litres, .litres, .againstCorrected,
            .difference(own, .input("corrected_litres", correction.litres)))
        if let bill, let before = correction.figures.bill {
            addBeside(
                "correction.change_bill_fen", bill.total.fen - before.fen, .fen, .againstCorrected,
                .difference(.input("bill_fen", bill.total.fen), .input("corrected_bill_fen", before.fen)))
        }
        let points = statement.points.total.count
        addBeside(
            "correction.change_points", points - correction.figures.points.count, .points, .againstCorrected,
            .difference(.input("points", points), .input("corrected_points", correction.figures.points.count)))
    }

    private mutating func add(_ baseline: Analysis.Baseline, isShown: Bool) {
        let days = Int64(statement.month.dayCount)
        add(
            "analysis.baseline.litres", baseline.litres, .litres, .baseline,
            .halfUp(
                .product([
                    .sum(baseline.months.map { .input("earlier_litres", $0.litres) }), .input("days", days),
                ]),
                by: .sum(baseline.months.map { .input("earlier_days", Int64($0.month.dayCount)) })), isShown: isShown)
        // Of a month that is not known whole nobody can say that it was less.
        add(
            "analysis.baseline.change_litres", baseline.changeLitres, .litres, .againstBaseline,
            .difference(own, .input("baseline_litres", baseline.litres)), isShown: isShown && statement.isComparable)
    }

    private mutating func add(_ leak: Analysis.LeakCost) {
        add(
            "analysis.leak.litres", leak.litres, .litres, .leakLitres,
            .least(
                ran(leak), own))
        guard let without = leak.billWithout else { return }
        addBillOfOther(
            "analysis.leak.bill_without_fen", without, of: statement.use.litres &- leak.litres,
            named: "bill_without_fen")
        if let cost = leak.cost {
            add(
                "analysis.leak.cost_fen", cost.fen, .fen, .leakCost,
                less(than: .input("bill_without_fen", without.fen)), by: statement.tariff)
        }
    }

    private func ran(_ leak: Analysis.LeakCost) -> Arithmetic {
        .sum(
            leak.flows.map { flow in
                let whole = [
                    Arithmetic.input("hours", flow.hours), .input("litres_per_hour", flow.litresPerHour),
                ]
                guard let share = flow.shareMillionths else { return .product(whole) }
                return .floor(
                    .product(whole + [.input("share_millionths", share)]), by: .input("scale_millionths", 1_000_000))
            })
    }

    private mutating func addChange(_ analysis: Analysis) {
        guard let last = statement.lastMonth, statement.isComparable, last.isWhole else { return }
        addBeside(
            "change.litres", statement.use.litres - last.litres, .litres, .againstLastMonth,
            .difference(own, .input("last_month_litres", last.litres)))
        guard let figures = analysis.lastMonth else { return }
        if let bill, let before = figures.bill {
            addBeside(
                "change.bill_fen", bill.total.fen - before.fen, .fen, .againstLastMonth,
                .difference(.input("bill_fen", bill.total.fen), .input("last_month_bill_fen", before.fen)))
        }
        if let rank = statement.rank, let before = figures.percentile {
            addBeside(
                "change.percentile", rank.percentile - before, .percentPoints, .againstLastMonth,
                .difference(.input("percentile", rank.percentile), .input("last_month_percentile", before)))
        }
    }

    private mutating func add(_ action: Analysis.SavingAction, _ key: String) {
        if let arithmetic = litres(of: action) {
            add("\(key).litres", action.litres, .litres, .actionLitres, .least(arithmetic, own))
        } else {
            give("\(key).litres", action.litres, .litres, .actionLitres)
        }
        guard let without = action.billWithout else { return }
        addBillOfOther(
            "\(key).bill_without_fen", without, of: statement.use.litres &- action.litres, named: "bill_without_fen")
        if let saving = action.saving {
            add(
                "\(key).saving_fen", saving.fen, .fen, .actionSaving,
                less(than: .input("bill_without_fen", without.fen)), by: statement.tariff)
        }
    }

    /// nil where `because` has not what the kind's rule names.
    private func litres(of action: Analysis.SavingAction) -> Arithmetic? {
        let days = Arithmetic.input("days", Int64(statement.month.dayCount))
        let because = action.because
        switch action.kind {
        case .stopFlow:
            if because.count == 2 { return .product([.input("litres_per_hour", because[0]), .input("", 24), days]) }
            guard because.count > 2, because.count % 2 == 1 else { return nil }
            if let leak = statement.analysis?.leak, leak.flows.contains(where: { $0.shareMillionths != nil }) {
                return ran(leak)
            }
            return .sum(
                stride(from: 1, to: because.count, by: 2).map {
                    .product([.input("hours", because[$0]), .input("litres_per_hour", because[$0 + 1])])
                })
        case .checkNight:
            guard because.count == 2 else { return nil }
            return .floor(
                .product([.input("lowest_night_litres", because[1]), .input("", 24), days]), by: .input("", 3))
        case .easeHeavyDays:
            guard because.count == 4 else { return nil }
            return .difference(
                .sum(because.dropFirst().map { .input("heavy_day_litres", $0) }),
                .product([.input("", 3), .input("middle_day_litres", because[0])]))
        case .backToUsual:
            guard because.count == 1 else { return nil }
            return .difference(own, .input("baseline_litres", because[0]))
        case .stayInTier:
            guard because.count == 3 else { return nil }
            return .difference(.input("period_litres", because[2]), .input("bound_litres", because[1]))
        }
    }
}
