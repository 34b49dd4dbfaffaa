public import Database
import Scoring
import Storage
public import Water

/// Notes the tariff that a household is billed by from a month on.
public struct SetTariff: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    /// Refuses an unknown number. `tariff` is one of the city's shelf: the caller has looked.
    public func callAsFunction(
        _ tariff: TariffFrom, of number: String, at: Instant
    ) async throws -> Result<RegistryChange, RegistryRefusal> {
        try await database.write { transaction in
            guard let household = try transaction.reader.household(number: number) else {
                return .failure(.unknownHousehold(number))
            }
            let changed = try transaction.noteTariff(tariff, of: household.id, in: household.community, at: at)
            return .success(changed ? .changed : .unchanged)
        }
    }
}

extension Transaction {
    /// Notes a home's tariff from a month on and marks its months with figures from there; false where that was noted
    /// already.
    func noteTariff(
        _ tariff: TariffFrom, of household: HouseholdID, in community: CommunityID, at: Instant
    ) throws -> Bool {
        if try reader.tariffs(of: household, in: community).contains(tariff) { return false }
        try setTariff(tariff, of: household, in: community, at: at)
        for month in try reader.measuredMonths(of: community) where month >= tariff.month {
            try markDirty(household, of: community, month, cause: .homeTariff, at: at)
        }
        // A correction under way has read the former one.
        try raiseFoldVersion(of: community, at: at)
        return true
    }
}
