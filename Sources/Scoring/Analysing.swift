import Tariffs
import Water

/// What the statement's own figures are put together with.
struct AnalysisInputs {
    let home: HomeMonth
    let isRankable: Bool
    let billing: Statement.Billing
    let rank: Rank?
    let norm: Statement.Norm?
    let points: Points
    let context: StatementContext
}

func analysis(of inputs: AnalysisInputs) -> Analysis {
    let home = inputs.home
    let before = inputs.context.tariff.basis == .month ? 0 : inputs.context.periodToDateLitres
    var analysis = Analysis(
        periodLitres: home.litres &+ before, sizes: home.sizes, bylawMonths: bylawMonths(of: home, inputs.context),
        baseline: baseline(of: home, inputs.context),
        week: week(of: home), night: home.night,
        toMedian: toMedian(inputs), leak: leakCost(inputs),
        lastMonth: inputs.context.lastMonth == nil ? nil : inputs.context.lastFigures, warnings: [], actions: [])
    analysis.warnings = warnings(inputs, analysis)
    analysis.actions = actions(inputs, analysis)
    return analysis
}

/// The same month of last year where it was whole, else the whole ones of the last three months.
func baseline(of home: HomeMonth, _ context: StatementContext) -> Analysis.Baseline? {
    func make(_ kind: Analysis.Baseline.Kind, _ months: [EarlierUse]) -> Analysis.Baseline? {
        let days = months.reduce(Int64(0)) { $0 + Int64($1.month.dayCount) }
        var litres: Int64 = 0
        for month in months {
            let (sum, overflow) = litres.addingReportingOverflow(month.litres)
            if overflow { return nil }
            litres = sum
        }
        guard days > 0, let usual = multiplyThenDivideHalfUp(litres, Int64(home.month.dayCount), by: days) else {
            return nil
        }
        return Analysis.Baseline(kind: kind, months: months, litres: usual, changeLitres: home.litres &- usual)
    }
    if let lastYear = context.sameMonthLastYear, lastYear.isWhole { return make(.sameMonthLastYear, [lastYear]) }
    let recent = (context.monthsBeforeLast + [context.lastMonth].compactMap { $0 }).filter(\.isWhole)
        .sorted { $0.month < $1.month }
    return recent.isEmpty ? nil : make(.recentMonths, recent)
}

/// The months whose mean stands for one without any register. Figures frozen before they named them rest on the whole
/// ones of the last three.
private func bylawMonths(of home: HomeMonth, _ context: StatementContext) -> [EarlierUse] {
    if !home.bylawMonths.isEmpty { return home.bylawMonths.map { EarlierUse($0) } }
    guard !home.isBracketed, !home.days.isEmpty, home.days.allSatisfy({ $0.state == .estimated }) else { return [] }
    return (context.monthsBeforeLast + [context.lastMonth].compactMap { $0 }).filter(\.isWhole)
        .sorted { $0.month < $1.month }
}

private func week(of home: HomeMonth) -> [Analysis.WeekdayUse] {
    var week = Array(repeating: Analysis.WeekdayUse(days: 0, litres: 0), count: 7)
    for day in home.days {
        guard let litres = day.litres else { continue }
        let index = day.day.weekday - 1
        week[index].days += 1
        week[index].litres &+= litres
    }
    return week
}

private func toMedian(_ inputs: AnalysisInputs) -> Statement.Headroom? {
    guard inputs.isRankable, inputs.rank != nil, let median = inputs.context.cohort?.medianLitres else { return nil }
    return headroom(of: inputs.home, downTo: median, inputs.billing, in: inputs.context)
}

/// What going down to `figure` litres per equivalised person would save; nil where the home's size has no scale.
func headroom(
    of home: HomeMonth, downTo figure: Int64, _ billing: Statement.Billing, in context: StatementContext
) -> Statement.Headroom? {
    guard let persons = home.persons, let target = context.rules.homeLitres(equivalised: figure, persons: persons)
    else { return nil }
    var room = Statement.Headroom(
        benchmarkHomeLitres: target, litres: max(0, home.litres - target), benchmarkBill: nil, saving: nil)
    if case .billed(let own) = billing, let best = total(of: home, litres: target, context) {
        room.benchmarkBill = best
        room.saving = max(.zero, own.total - best)
    }
    return room
}

/// The bill's total had the home used `litres`.
private func total(of home: HomeMonth, litres: Int64, _ context: StatementContext) -> Money? {
    let outcome = bill(of: home, litres: litres, context)
    return if case .success(let bill) = outcome { bill.total } else { nil }
}

/// The bill of the home's month had it used `litres`.
func bill(of home: HomeMonth, litres: Int64, _ context: StatementContext) -> Result<Bill, BillRefusal> {
    guard home.isLivedIn else { return .failure(.notLivedIn) }
    let sizes =
        home.sizes.isEmpty
        ? [HouseholdSize(from: LocalDay(number: 0), persons: home.persons)]
        : home.sizes.map { HouseholdSize(from: $0.day, persons: $0.persons) }
    return Tariffs.bill(
        context.tariff, month: home.month, sizes: sizes, litres: litres,
        periodToDateLitres: context.periodToDateLitres)
}

/// What ran before the month began is an earlier month's; flows at one time on two meters both count, and of a shared
/// meter's the home's part.
private func leakCost(_ inputs: AnalysisInputs) -> Analysis.LeakCost? {
    let home = inputs.home
    guard !home.continuousFlows.isEmpty, let start = inputs.context.monthStart else { return nil }
    var flows: [Analysis.LeakCost.Flow] = []
    var litres: Int64 = 0
    for flow in home.continuousFlows {
        let hours = (flow.to - max(flow.from, start)) / 3_600
        guard hours > 0 else { continue }
        let own = Analysis.LeakCost.Flow(
            hours: hours, litresPerHour: flow.leastLitresPerHour, shareMillionths: flow.shareMillionths)
        guard let part = own.litres else { return nil }
        flows.append(own)
        litres &+= part
    }
    guard !flows.isEmpty else { return nil }
    litres = min(litres, home.litres)
    let without = bill(inputs, without: litres)
    return Analysis.LeakCost(
        flows: flows, litres: litres, billWithout: without, cost: saving(inputs, at: without))
}

/// None of a month that is estimated from earlier ones: nobody knows what was used of a limit.
private func warnings(_ inputs: AnalysisInputs, _ analysis: Analysis) -> [Analysis.LimitWarning] {
    guard analysis.bylawMonths.isEmpty else { return [] }
    let litres = inputs.home.litres
    var warnings: [Analysis.LimitWarning] = []
    func add(_ limit: Analysis.LimitWarning.Limit, _ limitLitres: Int64, used: Int64) {
        let warning = Analysis.LimitWarning(limit: limit, limitLitres: limitLitres, usedLitres: used)
        if limitLitres > 0, warning.percent >= 80 { warnings.append(warning) }
    }
    if case .billed(let bill) = inputs.billing, !bill.boundsLitres.isEmpty {
        add(
            .tier, bill.boundsLitres[min(bill.tier, bill.boundsLitres.count) - 1], used: analysis.periodLitres)
    }
    if let norm = inputs.norm { add(.norm, norm.litres, used: litres) }
    if let warning = usualWarning(litres, analysis.baseline) { warnings.append(warning) }
    return warnings.enumerated().sorted { ($1.element.percent, $0.offset) < ($0.element.percent, $1.offset) }
        .map(\.element)
}

/// What is usual is no budget: to have used most of it is no news, nor is a little more. nil below 103 %; ours, no
/// source gives a figure.
func usualWarning(_ litres: Int64, _ baseline: Analysis.Baseline?) -> Analysis.LimitWarning? {
    guard let baseline, baseline.litres > 0 else { return nil }
    let warning = Analysis.LimitWarning(limit: .baseline, limitLitres: baseline.litres, usedLitres: litres)
    return warning.percent >= 103 ? warning : nil
}

/// At most three: water that never stops first, then those that save most; of two that save alike the one named first
/// in `Kind`. None of a month that is estimated from earlier ones.
private func actions(_ inputs: AnalysisInputs, _ analysis: Analysis) -> [Analysis.SavingAction] {
    guard analysis.bylawMonths.isEmpty else { return [] }
    let home = inputs.home
    let days = Int64(home.month.dayCount)
    var found: [Analysis.SavingAction] = []
    func add(_ kind: Analysis.SavingAction.Kind, _ litres: Int64?, _ because: [Int64]) {
        guard let litres, litres >= leastWorthNaming else { return }
        found.append(.init(kind: kind, litres: min(litres, home.litres), because: because))
    }
    if let leak = analysis.leak {
        let ran = leak.flows.reduce(Int64(0)) { $0 &+ ($1.litres ?? 0) }
        add(.stopFlow, leak.litres, [ran] + leak.flows.flatMap { [$0.hours, $0.litresPerHour] })
    } else if let night = home.night, night.nights >= 20 {
        add(
            .checkNight, multiplyThenFloorDivide(night.lowestLitres, 24 * days, by: 3),
            [Int64(night.nights), night.lowestLitres])
    }
    // Of an estimated day only the sum with those beside it is known.
    let used = home.days.filter { $0.state == .measured }.compactMap(\.litres).sorted()
    // Of a month that is mostly unknown no day is the middle one.
    if used.count >= 20 {
        let middle = used[(used.count - 1) / 2]
        let heavy = used.suffix(3)
        add(.easeHeavyDays, heavy.reduce(0) { $0 &+ ($1 - middle) }, [middle] + heavy.reversed())
    }
    if let baseline = analysis.baseline { add(.backToUsual, baseline.changeLitres, [baseline.litres]) }
    if case .billed(let bill) = inputs.billing, bill.tier > 1, bill.tier - 2 < bill.boundsLitres.count {
        let bound = bill.boundsLitres[bill.tier - 2]
        let reached = analysis.periodLitres
        add(.stayInTier, reached &- bound, [Int64(bill.tier - 1), bound, reached])
    }
    let leaks = found.filter { $0.kind == .stopFlow }
    let others = found.filter { $0.kind != .stopFlow }.enumerated()
        .sorted { ($1.element.litres, $0.offset) < ($0.element.litres, $1.offset) }.map(\.element)
    return (leaks + others).prefix(3).map { action in
        var action = action
        action.billWithout = bill(inputs, without: action.litres)
        action.saving = saving(inputs, at: action.billWithout)
        return action
    }
}

/// Below this nothing is worth a resident's while. Ours; no source gives a figure.
private let leastWorthNaming: Int64 = 100

/// What the month would have cost without `litres`; nil without a bill.
private func bill(_ inputs: AnalysisInputs, without litres: Int64) -> Money? {
    guard case .billed = inputs.billing else { return nil }
    return total(of: inputs.home, litres: inputs.home.litres - litres, inputs.context)
}

private func saving(_ inputs: AnalysisInputs, at without: Money?) -> Money? {
    guard case .billed(let own) = inputs.billing, let without else { return nil }
    return max(.zero, own.total - without)
}
