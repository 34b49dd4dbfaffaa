import Database
import Metering
import Scoring
import Storage
import Water

/// Loads the earlier months whose mean can stand for one without any register, as the newest statements say them.
struct LoadMonthBases {
    let community: CommunityID
    let reader: Reader

    /// Homes from which on a month's figures of all homes are cheaper than a question for each.
    private static let homesForPassage = 50

    /// By home, the latest that count, as many as a mean takes.
    func callAsFunction(
        of homes: Set<HouseholdID>, before month: BillingMonth
    ) throws -> [HouseholdID: [MonthBasis]] {
        var found: [HouseholdID: [MonthBasis]] = [:]
        var open = homes
        for back in 1...BylawMean.reach where !open.isEmpty {
            let earlier = month.advanced(by: -back)
            for (home, use) in try uses(earlier, of: open) {
                guard let basis = try basis(use, of: home) else { continue }
                found[home, default: []].append(basis)
                if found[home, default: []].count == BylawMean.months { open.remove(home) }
            }
        }
        return found
    }

    private func uses(_ month: BillingMonth, of homes: Set<HouseholdID>) throws -> [(HouseholdID, EarlierUse)] {
        guard homes.count >= Self.homesForPassage else {
            return try homes.compactMap { home in
                try reader.statementFigures(of: home, in: community, month).map { (home, $0.use) }
            }
        }
        return try reader.statementFigures(of: community, from: month, to: month).compactMap { home, months in
            homes.contains(home) ? months[month].map { (home, $0.use) } : nil
        }
    }

    /// nil where the month does not count: too few of its days are known, the household was not there for all of it, or
    /// it is such an estimate itself.
    private func basis(_ use: EarlierUse, of home: HouseholdID) throws -> MonthBasis? {
        guard BylawMean.mayCount(use.month, missingHours: use.missingHours) else { return nil }
        var known = use.month.dayCount
        if !use.isWhole {
            guard let stored = try reader.statement(of: home, in: community, use.month) else { return nil }
            let said = try Statement(bytes: Array(stored.body.utf8))
            if said.quality.isPartial || said.isEstimatedWhole || said.unranked == .notLivedIn { return nil }
            known = said.use.days.count { $0.litres != nil }
        }
        let basis = MonthBasis(
            month: use.month, litres: use.litres, missingHours: use.missingHours, knownDays: known,
            version: use.version, hash: use.hash)
        return BylawMean.counts(basis) ? basis : nil
    }
}
