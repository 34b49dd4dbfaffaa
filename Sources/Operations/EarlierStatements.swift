import Database
import Scoring
import Storage
import Tariffs
import Water

/// What a community's earlier statements say to those of a month.
struct EarlierStatements {
    let month: BillingMonth
    /// The first month of the tariff's basis period; the month itself where none is before it.
    let periodStart: BillingMonth
    private let recent: [HouseholdID: [BillingMonth: StatementFigures]]
    private let lastYear: [HouseholdID: [BillingMonth: StatementFigures]]

    /// Reads last year's month, the last three, and those of the tariff's period before this one.
    /// With `only` of that home alone.
    init(
        of community: CommunityID, before month: BillingMonth, under tariff: Tariff, only: HouseholdID? = nil,
        _ reader: Reader
    ) throws {
        self.month = month
        periodStart = tariff.firstMonth(ofPeriodOf: month)
        recent = try reader.statementFigures(
            of: community, from: min(periodStart, month.advanced(by: -3)), to: month.previous, only: only)
        lastYear = try reader.statementFigures(
            of: community, from: month.advanced(by: -12), to: month.advanced(by: -12), only: only)
    }

    func use(_ household: HouseholdID, monthsBack: Int) -> StatementFigures? {
        let source = monthsBack == 12 ? lastYear : recent
        return source[household]?[month.advanced(by: -monthsBack)]
    }

    /// The household's litres of the tariff's period before the month, as its statements say.
    func periodToDateLitres(_ household: HouseholdID) -> Int64 {
        guard periodStart < month else { return 0 }
        return (recent[household] ?? [:]).reduce(0) { $1.key >= periodStart ? $0 &+ $1.value.use.litres : $0 }
    }
}

extension StatementContext {
    /// With what the household's earlier statements say.
    init(
        tariff: Tariff, rules: RuleSet, cohort: Cohort?, frozenFigure: Int64?, earlier: EarlierStatements,
        household: HouseholdID, monthStart: Instant
    ) {
        let last = earlier.use(household, monthsBack: 1)
        self.init(
            tariff: tariff, rules: rules, cohort: cohort, frozenFigure: frozenFigure, lastMonth: last?.use,
            sameMonthLastYear: earlier.use(household, monthsBack: 12)?.use,
            monthsBeforeLast: [2, 3].compactMap { earlier.use(household, monthsBack: $0)?.use },
            lastFigures: last?.others, monthStart: monthStart,
            periodToDateLitres: earlier.periodToDateLitres(household))
    }
}
