public import Tariffs
public import Water

/// An area that a cohort may be drawn from.
public struct CohortArea: Sendable, Hashable {
    public let id: AreaID
    public let kind: AreaKind
    public let code: String

    public init(id: AreaID, kind: AreaKind, code: String) {
        self.id = id
        self.kind = kind
        self.code = code
    }
}

/// All rankable homes of one area, of any size, compared in litres per equivalised person.
public struct Cohort: Sendable, Hashable {
    public let area: CohortArea
    public let distribution: Distribution
    /// nil only without homes.
    public let medianLitres: Int64?
    /// 节水标杆, rounded to the rules' step; nil below the published minimum of homes.
    public let benchmarkLitres: Int64?

    public init(area: CohortArea, distribution: Distribution, rules: RuleSet.CohortRules) {
        self.area = area
        self.distribution = distribution
        self.medianLitres = distribution.median
        self.benchmarkLitres =
            distribution.homes >= rules.minimumPublishedHomes
            ? distribution.nearestRank(percent: rules.benchmarkPercentile)
                .map { round($0, toNearest: rules.benchmarkStepLitres) }
            : nil
    }

    public var homes: Int { distribution.homes }
}

/// The cohorts of one month of a city, worked out once from the frozen figures.
public struct Cohorts: Sendable {
    /// Every area that has a rankable home, with those of all its communities.
    public let byArea: [AreaID: Cohort]
    private let minimumHomes: Int

    /// `figures`: equivalised litres of every rankable home, by community. `chains`: for each community the areas
    /// its cohort may widen through, itself first, the city last.
    public init(figures: [CommunityID: [Int64]], chains: [CommunityID: [CohortArea]], rules: RuleSet.CohortRules) {
        var parts: [CohortArea: [Distribution]] = [:]
        for (community, litres) in figures where !litres.isEmpty {
            let distribution = Distribution(of: litres)
            for area in chains[community] ?? [] { parts[area, default: []].append(distribution) }
        }
        var byArea: [AreaID: Cohort] = [:]
        for (area, parts) in parts {
            let all = parts.count == 1 ? parts[0] : Distribution(merging: parts)
            byArea[area.id] = Cohort(area: area, distribution: all, rules: rules)
        }
        self.byArea = byArea
        self.minimumHomes = rules.minimumPrivateHomes
    }

    /// Cohorts as they were frozen.
    public init(frozen: some Sequence<Cohort>, rules: RuleSet.CohortRules) {
        self.byArea = Dictionary(frozen.map { ($0.area.id, $0) }) { first, _ in first }
        self.minimumHomes = rules.minimumPrivateHomes
    }

    /// The first area of the chain with enough homes; nil where even the last has too few.
    public func cohort(along chain: [CohortArea]) -> Cohort? {
        for area in chain {
            if let cohort = byArea[area.id], cohort.homes >= minimumHomes { return cohort }
        }
        return nil
    }
}

extension Distribution {
    /// `{"homes":[…],"litres":[…]}`: homes at each figure, and figures as steps from the one before. For storage.
    public var json: CanonicalJSON {
        var steps: [CanonicalJSON] = []
        var counts: [CanonicalJSON] = []
        for index in litres.indices {
            steps.append(.integer(litres[index] - (index > 0 ? litres[index - 1] : 0)))
            counts.append(.integer(Int64(homesAtOrBelow[index] - (index > 0 ? homesAtOrBelow[index - 1] : 0))))
        }
        return .object(["litres": .array(steps), "homes": .array(counts)])
    }

    /// Reads what `json` wrote; nil for anything else.
    public init?(json bytes: [UInt8]) {
        guard case .object(let members)? = parseJSON(bytes), members.count == 2,
            case .array(let steps)? = members["litres"], case .array(let counts)? = members["homes"],
            steps.count == counts.count
        else { return nil }
        var figures: [Int64] = []
        var totals: [Int] = []
        for (step, count) in zip(steps, counts) {
            guard case .integer(let step) = step, case .integer(let count) = count, step >= 0, count >= 1,
                figures.isEmpty || step >= 1
            else { return nil }
            let (figure, tooFar) = (figures.last ?? 0).addingReportingOverflow(step)
            let (total, tooMany) = (totals.last ?? 0).addingReportingOverflow(Int(count))
            guard !tooFar, !tooMany, total < 1 << 40, figure < 1 << 60 else { return nil }
            figures.append(figure)
            totals.append(total)
        }
        self.init(litres: figures, homesAtOrBelow: totals)
    }

    fileprivate init(litres: [Int64], homesAtOrBelow: [Int]) {
        self.litres = litres
        self.homesAtOrBelow = homesAtOrBelow
    }
}
