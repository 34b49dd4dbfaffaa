import Database
import Scoring
import Storage
import Tariffs
import Water

/// Freezes the city's cohort figures of a month, once: from the frozen figures of every community that takes part.
struct FreezeMonth: Sendable {
    let database: Database
    /// Communities read at once.
    let lanes: Int

    /// The month's cohorts, frozen now or before.
    func callAsFunction(_ month: BillingMonth, _ tariff: Tariff, _ rules: RuleSet, at: Instant) async throws -> Cohorts
    {
        if try await database.read({ try $0.cityMonth(month) }) == nil {
            let cohorts = try await cohorts(of: month, rules)
            try await database.write(repeatable: true) { transaction in
                // Where another process froze it meanwhile, that is what holds.
                guard try transaction.reader.cityMonth(month) == nil else { return }
                try transaction.freeze(
                    CityMonth(
                        month: month, ruleVersion: rules.version, ruleHash: rules.digest, tariffID: tariff.id,
                        tariffHash: tariff.digest, frozenAt: at),
                    cohorts: cohorts.byArea.values.sorted { $0.area.id < $1.area.id }.map {
                        (area: $0.area.id, body: $0.distribution.json.text)
                    })
            }
        }
        return try await database.read { try $0.frozenCohorts(month, rules: rules.cohort) }
    }

    private func cohorts(of month: BillingMonth, _ rules: RuleSet) async throws -> Cohorts {
        let (chains, members) = try await database.read { reader in
            (try reader.cohortChains(), try reader.communityMonths(month).filter { $0.excludedReason == nil })
        }
        let figures = try await withThrowingTaskGroup(of: [CommunityID: [Int64]].self) { group in
            for lane in 0..<lanes {
                let own = stride(from: lane, to: members.count, by: lanes).map { members[$0].community }
                group.addTask { try await ranked(of: own, month, rules) }
            }
            return try await group.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
        }
        return Cohorts(figures: figures, chains: chains, rules: rules.cohort)
    }

    private func ranked(
        of communities: [CommunityID], _ month: BillingMonth, _ rules: RuleSet
    ) async throws -> [CommunityID: [Int64]] {
        var figures: [CommunityID: [Int64]] = [:]
        for community in communities {
            let homes = try await database.read { try $0.homeMonths(of: community, month) }
            figures[community] = homes.compactMap { standing(of: $0, under: rules).figure }
        }
        return figures
    }
}

extension Standing {
    /// Litres per equivalised person; nil where unranked.
    var figure: Int64? {
        if case .rankable(let litres) = self { litres } else { nil }
    }
}
