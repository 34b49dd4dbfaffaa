public import Tariffs
public import Water

/// What the statements of one month share, and what one home brings besides its measured figures.
public struct StatementContext: Sendable {
    public var tariff: Tariff
    public var rules: RuleSet
    /// The cohort found by widening; nil where even the city has too few rankable homes.
    public var cohort: Cohort?
    /// The home's own figure in the cohort's distribution, litres per equivalised person; nil where it is not in it
    /// (unranked when the cohort was frozen, or of an excluded community).
    public var frozenFigure: Int64?
    public var lastMonth: EarlierUse?
    public var sameMonthLastYear: EarlierUse?
    /// What the statements of two and three months ago said, in any order.
    public var monthsBeforeLast: [EarlierUse]
    /// What last month's statement said beside its litres.
    public var lastFigures: EarlierFigures?
    /// The month's first instant; without it no leak has a cost.
    public var monthStart: Instant?
    /// Litres earlier in the tariff's basis period; ignored for a monthly tariff.
    public var periodToDateLitres: Int64
    /// Levels that earlier statements gave, oldest first.
    public var earlierLevels: [MonthLevel]

    public init(
        tariff: Tariff, rules: RuleSet, cohort: Cohort?, frozenFigure: Int64?, lastMonth: EarlierUse? = nil,
        sameMonthLastYear: EarlierUse? = nil, monthsBeforeLast: [EarlierUse] = [],
        lastFigures: EarlierFigures? = nil, monthStart: Instant? = nil, periodToDateLitres: Int64 = 0,
        earlierLevels: [MonthLevel] = []
    ) {
        self.tariff = tariff
        self.rules = rules
        self.cohort = cohort
        self.frozenFigure = frozenFigure
        self.lastMonth = lastMonth
        self.sameMonthLastYear = sameMonthLastYear
        self.monthsBeforeLast = monthsBeforeLast
        self.lastFigures = lastFigures
        self.monthStart = monthStart
        self.periodToDateLitres = periodToDateLitres
        self.earlierLevels = earlierLevels
    }
}

/// One version of a home's statement: a function of its arguments alone. `correction`: what it corrects, from version 2
/// on.
public func makeStatement(
    _ home: HomeMonth, household number: String, version: Int, in context: StatementContext,
    correction: Correction? = nil
) -> Statement {
    let rules = context.rules
    let score = score(
        home, under: rules, cohort: context.cohort, frozenFigure: context.frozenFigure,
        earlierLevels: context.earlierLevels)
    let (standing, rank, norm, points) = (score.standing, score.rank, score.norm, score.points)
    let billing = billing(of: home, in: context)
    let headroom = headroom(of: home, standing, billing, in: context)
    let inputs = AnalysisInputs(
        home: home, isRankable: standing.reason == nil, billing: billing, rank: rank, norm: norm, points: points.total,
        context: context)
    return Statement(
        household: number, month: home.month, version: version, isShared: home.shareMillionths != nil,
        shareMillionths: home.shareMillionths, use: use(of: home), persons: home.persons,
        equivalised: equivalised(home, rules), billing: billing,
        tariff: .init(id: context.tariff.id, version: context.tariff.version, digest: context.tariff.digest),
        rules: .init(id: rules.id, version: rules.version, digest: rules.digest),
        lastMonth: context.lastMonth, sameMonthLastYear: context.sameMonthLastYear, unranked: standing.reason,
        cohort: summary(of: context.cohort), rank: rank, headroom: headroom, norm: norm,
        leaks: home.continuousFlows, findings: count(home.findings), points: points,
        sentence: sentence(for: home, standing, rank, norm, headroom, rules), quality: quality(of: home, rules),
        readingsDigest: home.readingsDigest, analysis: analysis(of: inputs), saving: score.saving,
        correction: correction)
}

extension Standing {
    /// nil where rankable.
    public var reason: UnrankedReason? {
        if case .unranked(let reason) = self { reason } else { nil }
    }
}

private func use(of home: HomeMonth) -> Statement.Use {
    Statement.Use(
        measuredLitres: home.measuredLitres, estimatedLitres: home.estimatedLitres, days: home.days,
        missingHours: -floorDivide(-home.missingSeconds, by: 3_600))
}

private func equivalised(_ home: HomeMonth, _ rules: RuleSet) -> Statement.Equivalised? {
    guard let persons = home.persons, let scale = rules.scaleMillionths(persons: persons),
        let litres = rules.equivalisedLitres(home.litres, persons: persons)
    else { return nil }
    return Statement.Equivalised(scaleMillionths: scale, litres: litres)
}

private func billing(of home: HomeMonth, in context: StatementContext) -> Statement.Billing {
    // Of a month of which nothing is known there is no bill: one of nought would say that nothing was used.
    if home.isLivedIn, home.days.allSatisfy({ $0.litres == nil }) { return .refused(.noFigure) }
    return switch bill(of: home, litres: home.litres, context) {
    case .success(let bill): .billed(bill)
    case .failure(let refusal): .refused(refusal)
    }
}

private func summary(of cohort: Cohort?) -> Statement.CohortSummary? {
    guard let cohort, let median = cohort.medianLitres else { return nil }
    return Statement.CohortSummary(
        kind: cohort.area.kind, code: cohort.area.code, homes: cohort.homes, medianLitres: median,
        benchmarkLitres: cohort.benchmarkLitres)
}

private func norm(of home: HomeMonth, _ rules: RuleSet) -> Statement.Norm? {
    guard let persons = home.persons, rules.scaleMillionths(persons: persons) != nil else { return nil }
    let days = home.month.dayCount
    return Statement.Norm(
        litresPerPersonDay: rules.normLitresPerPersonDay, days: days,
        litres: rules.normLitres(persons: persons, days: days))
}

/// Only for a rankable home whose cohort has a benchmark: a partial month has no potential to speak of.
private func headroom(
    of home: HomeMonth, _ standing: Standing, _ billing: Statement.Billing, in context: StatementContext
) -> Statement.Headroom? {
    guard standing.reason == nil, let benchmark = context.cohort?.benchmarkLitres else { return nil }
    return headroom(of: home, downTo: benchmark, billing, in: context)
}

/// What a home's month comes to by the rules alone: no bill, no text.
public struct Score: Sendable, Hashable {
    public var standing: Standing
    /// nil without a cohort or where unranked.
    public var rank: Rank?
    public var norm: Statement.Norm?
    /// nil under rules that pay no savings.
    public var saving: Saving?
    public var points: Statement.PointsEarned
}

/// - Parameters:
///   - frozenFigure: as in `StatementContext`.
///   - earlierLevels: as in `StatementContext`.
public func score(
    _ home: HomeMonth, under rules: RuleSet, cohort: Cohort?, frozenFigure: Int64?, earlierLevels: [MonthLevel]
) -> Score {
    let standing = standing(of: home, under: rules)
    let figure: Int64? = if case .rankable(let litres) = standing { litres } else { nil }
    let rank = figure.flatMap { cohort?.distribution.rank(of: $0, frozen: frozenFigure) }
    let norm = norm(of: home, rules)
    let saving = rules.saving.map {
        Saving(of: home, equivalised: figure, cohort: cohort, earlier: earlierLevels, under: $0)
    }
    return Score(
        standing: standing, rank: rank, norm: norm, saving: saving,
        points: points(of: home, standing, rank, norm, saving, rules))
}

private func points(
    of home: HomeMonth, _ standing: Standing, _ rank: Rank?, _ norm: Statement.Norm?, _ saving: Saving?,
    _ rules: RuleSet
) -> Statement.PointsEarned {
    let isRankable = standing.reason == nil
    let lines = rules.pointsLines(
        percentile: rank?.percentile, litres: isRankable ? home.litres : nil, normLitres: norm?.litres,
        savingPercent: saving?.judgement?.percent)
    let total = lines.reduce(Points.zero) { $0 + $1.points }
    let reason: NoPointsReason? =
        if let unranked = standing.reason {
            .unranked(unranked)
        } else if total > .zero {
            nil
        } else {
            rank == nil ? .noCohort : .noRuleMet
        }
    return Statement.PointsEarned(
        lines: lines, monthlyCap: rules.points.monthlyCap, total: total, noneReason: reason)
}

/// A leak first, then praise, then what can be saved; never a bare "others use more".
private func sentence(
    for home: HomeMonth, _ standing: Standing, _ rank: Rank?, _ norm: Statement.Norm?,
    _ headroom: Statement.Headroom?, _ rules: RuleSet
) -> Sentence {
    if !home.isLivedIn { return Sentence(.notLivedIn, []) }
    if home.days.allSatisfy({ $0.litres == nil }) { return Sentence(.noFigure, []) }
    if let leak = home.continuousFlows.max(by: { $0.hours < $1.hours }) {
        return Sentence(.leak, [home.litres, leak.hours, leak.litresPerHour])
    }
    if standing.reason != nil { return Sentence(.unranked, [home.litres]) }
    if let percentile = rank?.percentile {
        let bands = rules.points.bands
        if let best = bands.first, percentile <= best.percentileAtMost {
            return Sentence(.amongBest, [home.litres, percentile])
        }
        if let last = bands.last, percentile <= last.percentileAtMost {
            return Sentence(.thrifty, [home.litres, percentile])
        }
    }
    if let headroom, headroom.litres > 0, let saving = headroom.saving {
        return Sentence(.headroom, [home.litres, headroom.litres, saving.fen])
    }
    if let norm, home.litres <= norm.litres { return Sentence(.withinNorm, [home.litres, norm.litres]) }
    return Sentence(.used, [home.litres])
}

private func count(_ findings: [Finding]) -> [FindingKind: Int] {
    findings.reduce(into: [:]) { $0[$1.kind, default: 0] += 1 }
}

private func quality(of home: HomeMonth, _ rules: RuleSet) -> Statement.Quality {
    Statement.Quality(
        monthSeconds: home.monthSeconds, missingSeconds: home.missingSeconds,
        qualifyingSeconds: home.qualifyingSeconds, requiredPercent: rules.gates.qualifyingPercent,
        isBracketed: home.isBracketed, unjoinedOn: home.unjoinedOn, isPartial: home.isPartial,
        zeroDays: home.zeroDays,
        readings: home.readingCount, detectableLitresPerHour: home.detectableLitresPerHour,
        dataUntil: home.lastReadingAt)
}
