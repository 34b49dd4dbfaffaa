public import Database
public import Scoring
public import Tariffs
public import Water

/// A damaged row of frozen cohort figures.
public struct DamagedCohort: Error, Hashable, Sendable {
    public let area: AreaID
}

extension Reader {
    /// For every community the areas its cohort may widen through, itself first, the city last.
    public func cohortChains() throws -> [CommunityID: [CohortArea]] {
        var areas: [AreaID: (area: CohortArea, parent: AreaID?)] = [:]
        try each("SELECT area_id, kind, code, parent_id FROM area") { row in
            let id: AreaID = try row.id(0)
            guard let kind = AreaKind(rawValue: try row.text(1)) else { throw DamagedCohort(area: id) }
            areas[id] = (CohortArea(id: id, kind: kind, code: try row.text(2)), try row.idOrNil(3))
        }
        var chains: [CommunityID: [CohortArea]] = [:]
        for (id, entry) in areas where entry.area.kind == .community {
            var chain: [CohortArea] = []
            var next: AreaID? = id
            while let current = next, let entry = areas[current], chain.count < AreaKind.allCases.count {
                chain.append(entry.area)
                next = entry.parent
            }
            chains[id] = chain
        }
        return chains
    }

    /// The month's cohorts as they were frozen.
    public func frozenCohorts(_ month: BillingMonth, rules: RuleSet.CohortRules) throws -> Cohorts {
        let rows = try all(
            """
            SELECT a.area_id, a.kind, a.code, c.body FROM cohort_figures c JOIN area a ON a.area_id = c.area_id
            WHERE c.month = \(month) ORDER BY a.area_id
            """
        ) { row -> Cohort in
            let id: AreaID = try row.id(0)
            guard let kind = AreaKind(rawValue: try row.text(1)),
                let distribution = Distribution(json: Array(try row.text(3).utf8))
            else { throw DamagedCohort(area: id) }
            return Cohort(
                area: CohortArea(id: id, kind: kind, code: try row.text(2)), distribution: distribution, rules: rules)
        }
        return Cohorts(frozen: rows, rules: rules)
    }
}
