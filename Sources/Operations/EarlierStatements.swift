import Database
import Scoring
import Storage
import Tariffs
import Water

/// What a community's earlier statements say to those of a month.
struct EarlierStatements {
    let month: BillingMonth
    private let tariffs: HomeTariffs
    private let recent: [HouseholdID: [BillingMonth: StatementFigures]]
    private let lastYear: [HouseholdID: [BillingMonth: StatementFigures]]
    /// By home, where rules before those with savings issued its latest statement.
    private let olderLevels: [HouseholdID: [MonthLevel]]

    /// Reads last year's month, the last three, and those of the tariffs' periods before this one.
    /// With `only` of that home alone.
    init(
        of community: CommunityID, before month: BillingMonth, under tariffs: HomeTariffs, _ rules: RuleSet,
        only: HouseholdID? = nil, _ reader: Reader
    ) throws {
        self.month = month
        self.tariffs = tariffs
        let periodStart = tariffs.all.map { $0.firstMonth(ofPeriodOf: month) }.min() ?? month
        recent = try reader.statementFigures(
            of: community, from: min(periodStart, month.advanced(by: -3)), to: month.previous, only: only)
        lastYear = try reader.statementFigures(
            of: community, from: month.advanced(by: -12), to: month.advanced(by: -12), only: only)
        let isUnderEarlierRules = recent.values.contains { months in
            Self.latest(of: months, before: month).map { $0.levels == nil } ?? false
        }
        if let saving = rules.saving, isUnderEarlierRules {
            olderLevels = try Self.levels(of: community, before: month, under: saving, only: only, reader)
        } else {
            olderLevels = [:]
        }
    }

    /// The levels that whole statements of earlier rules give.
    private static func levels(
        of community: CommunityID, before month: BillingMonth, under rules: SavingRules, only: HouseholdID?,
        _ reader: Reader
    ) throws -> [HouseholdID: [MonthLevel]] {
        var found: [HouseholdID: [MonthLevel]] = [:]
        for back in (1...rules.mostMonths + 1).reversed() {
            let earlier = month.advanced(by: -back)
            let stored =
                if let only {
                    try [reader.statement(of: only, in: community, earlier)].compactMap { $0 }
                } else {
                    try reader.statements(of: community, earlier)
                }
            for one in stored {
                let statement = try Statement(bytes: Array(one.body.utf8))
                guard let level = Saving.level(of: statement, under: rules) else { continue }
                found[one.household, default: []].append(
                    MonthLevel(month: earlier, permille: level, persons: statement.persons))
            }
        }
        return found
    }

    private static func latest(
        of months: [BillingMonth: StatementFigures], before month: BillingMonth
    ) -> StatementFigures? {
        (1...3).lazy.compactMap { months[month.advanced(by: -$0)] }.first
    }

    func use(_ household: HouseholdID, monthsBack: Int) -> StatementFigures? {
        let source = monthsBack == 12 ? lastYear : recent
        return source[household]?[month.advanced(by: -monthsBack)]
    }

    /// The levels that the latest of the last three statements gave on.
    func levels(_ household: HouseholdID) -> [MonthLevel] {
        guard let latest = recent[household].flatMap({ Self.latest(of: $0, before: month) }) else { return [] }
        return latest.levels ?? olderLevels[household] ?? []
    }

    /// The household's litres of its tariff's period before the month, as its statements say. Months before the tariff
    /// was the home's do not fill its tiers.
    func periodToDateLitres(_ household: HouseholdID) -> Int64 {
        let start = tariffs.firstMonth(ofPeriodOf: household, in: month) ?? month
        guard start < month else { return 0 }
        return (recent[household] ?? [:]).reduce(0) { $1.key >= start ? $0 &+ $1.value.use.litres : $0 }
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
            periodToDateLitres: earlier.periodToDateLitres(household),
            earlierLevels: rules.saving == nil ? [] : earlier.levels(household))
    }
}
