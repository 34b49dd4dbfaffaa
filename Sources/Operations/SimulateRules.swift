public import Database
import Scoring
import Storage
public import Tariffs
public import Water

/// What a version of the rules would have given for closed months.
public struct RuleSimulation: Sendable, Hashable {
    public var months: [BillingMonth] = []
    public var communities: [Cost] = []
    /// By persons; those of unknown number last.
    public var sizes: [Size] = []

    public struct Tally: Sendable, Hashable {
        /// Home-months, those ranked, those judged for savings and those paid for them.
        public var homeMonths: Int64 = 0
        public var ranked: Int64 = 0
        public var judged: Int64 = 0
        public var paid: Int64 = 0
        /// Those of the judged that would be paid had the home used a fifth less in both months: what the rule sees.
        public var paidAtFifthLess: Int64 = 0
        /// Points of all rules together, and of savings alone.
        public var points: Int64 = 0
        public var savingPoints: Int64 = 0

        mutating func add(_ other: Tally) {
            homeMonths += other.homeMonths
            ranked += other.ranked
            judged += other.judged
            paid += other.paid
            paidAtFifthLess += other.paidAtFifthLess
            points += other.points
            savingPoints += other.savingPoints
        }
    }

    /// A community's.
    public struct Cost: Sendable, Hashable {
        public let code: String
        public var tally: Tally
    }

    /// That of homes of one size.
    public struct Size: Sendable, Hashable {
        /// nil is unknown.
        public let persons: Int?
        public var tally: Tally
    }

    public var total: Tally {
        communities.reduce(into: Tally()) { $0.add($1.tally) }
    }

    /// Of a thousand judged home-months how many were paid for savings, half up: with no programme, falsely. nil where
    /// none was judged.
    public var paidPermille: Int64? {
        total.judged > 0 ? multiplyThenDivideHalfUp(total.paid, 1_000, by: total.judged) : nil
    }
}

/// Runs a version of the rules over closed months as they were frozen, whatever rules they were closed by. Writes
/// nothing. Tells what the version costs, who gains by size, and how often it pays savings by chance.
public struct SimulateRules: Sendable {
    private let database: Database

    /// The months looked at, the latest; each community's figures of all of them are read one after another.
    public static let mostMonths = 36

    public init(database: Database) { self.database = database }

    /// Over every frozen month of `span`. Savings are judged by the months before it too, as a close does: a part of the
    /// months gives its part of the same result. `step` is told how many communities are done, of how many.
    public func callAsFunction(
        _ rules: RuleSet, over span: ClosedRange<BillingMonth>, step: (Int, Int) -> Void = { _, _ in }
    ) async throws -> RuleSimulation {
        let (frozen, chains) = try await database.read { reader in
            (try reader.frozenMonths(limit: Self.mostMonths), try reader.cohortChains())
        }
        let months = frozen.filter(span.contains).sorted()
        let first = months.first?.advanced(by: -((rules.saving?.mostMonths ?? -1) + 1))
        let scored = first.map { first in frozen.filter { $0 >= first && $0 <= span.upperBound }.sorted() } ?? []
        var cohorts: [BillingMonth: Cohorts] = [:]
        var communities: Set<CommunityID> = []
        for month in scored {
            cohorts[month] = try await self.cohorts(of: month, rules, chains, &communities)
        }
        var simulation = RuleSimulation(months: months)
        var sizes: [Int: RuleSimulation.Tally] = [:]
        for (index, community) in communities.sorted().enumerated() {
            let chain = chains[community] ?? []
            var levels: [HouseholdID: [MonthLevel]] = [:]
            var cost = RuleSimulation.Cost(code: chain.first?.code ?? "", tally: .init())
            for month in scored {
                guard let cohorts = cohorts[month] else { continue }
                let cohort = cohorts.cohort(along: chain)
                for home in try await database.read({ try $0.homeMonths(of: community, month) }) {
                    let takesPart = cohorts.byArea[community] != nil
                    let score = score(
                        home, under: rules, cohort: cohort,
                        frozenFigure: takesPart ? standing(of: home, under: rules).figure : nil,
                        earlierLevels: levels[home.household] ?? [])
                    if let saving = score.saving {
                        levels[home.household] = saving.levelsFor(next: month, persons: home.persons)
                    }
                    guard span.contains(month) else { continue }
                    let tally = tally(of: score, persons: home.persons, rules)
                    cost.tally.add(tally)
                    sizes[home.persons ?? .max, default: .init()].add(tally)
                }
            }
            simulation.communities.append(cost)
            step(index + 1, communities.count)
        }
        simulation.sizes = sizes.sorted { $0.key < $1.key }.map {
            .init(persons: $0.key == .max ? nil : $0.key, tally: $0.value)
        }
        return simulation
    }

    private func cohorts(
        of month: BillingMonth, _ rules: RuleSet, _ chains: [CommunityID: [CohortArea]],
        _ communities: inout Set<CommunityID>
    ) async throws -> Cohorts {
        var figures: [CommunityID: [Int64]] = [:]
        let measured = try await database.read { try $0.communityMonths(month).filter(\.isMeasured) }
        for community in measured.map(\.community) {
            communities.insert(community)
            let homes = try await database.read { try $0.homeMonths(of: community, month) }
            figures[community] = homes.compactMap { standing(of: $0, under: rules).figure }
        }
        return Cohorts(figures: figures, chains: chains, rules: rules.cohort)
    }

    private func isPaidAtFifthLess(_ saving: Saving?, persons: Int?, _ rules: SavingRules?) -> Bool {
        let levels = saving?.counted(for: persons) ?? []
        guard let saving, let rules, saving.judgement != nil, let last = levels.last, let own = saving.own else {
            return false
        }
        let found = rules.judge(
            levels: levels.dropLast().map(\.permille), last: divideHalfUp(last.permille * 4, by: 5),
            own: divideHalfUp(own * 4, by: 5))
        return rules.points(percent: found?.percent ?? 0) > .zero
    }

    private func tally(of score: Score, persons: Int?, _ rules: RuleSet) -> RuleSimulation.Tally {
        let saving = score.points.lines.first { $0.rule == rules.saving?.rule }
        let given = saving?.points.count ?? 0
        return RuleSimulation.Tally(
            homeMonths: 1, ranked: score.standing.reason == nil ? 1 : 0,
            judged: score.saving?.judgement == nil ? 0 : 1,
            // What the monthly cap leaves nothing of was still meant for a saving.
            paid: (saving?.pointsBeforeCap ?? .zero) > .zero ? 1 : 0,
            paidAtFifthLess: isPaidAtFifthLess(score.saving, persons: persons, rules.saving) ? 1 : 0,
            points: score.points.total.count,
            savingPoints: given)
    }
}
