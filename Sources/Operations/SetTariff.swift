public import Database
import Scoring
import Storage
public import Tariffs
public import Water

/// Notes the tariff that a household is billed by from a month on.
public struct SetTariff: Sendable {
    private let database: Database
    private let shelf: TariffShelf

    public init(database: Database, shelf: TariffShelf) {
        self.database = database
        self.shelf = shelf
    }

    /// Refuses an unknown number, a tariff that the shelf has not, and a month that it is not valid for.
    public func callAsFunction(
        _ tariff: TariffFrom, of number: String, at: Instant
    ) async throws -> Result<RegistryChange, RegistryRefusal> {
        do throws(RegistryRefusal) {
            if let id = tariff.tariffID { try shelf.require(id, from: tariff.month, field: "from") }
        } catch {
            return .failure(error)
        }
        return try await database.write { transaction in
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

extension TariffShelf {
    /// Refuses an id that no tariff has, and a first month that none of its versions covers.
    func require(_ id: String, from month: BillingMonth, field: String) throws(RegistryRefusal) {
        guard tariffs.contains(where: { $0.id == id }) else {
            let known = Set(tariffs.map(\.id)).sorted().joined(separator: ", ")
            let choice = known.isEmpty ? "no tariff file was found, give their folder by --tariffs" : known
            throw .malformed(field: "tariff", expected: "\(TariffFrom.cityWord), or the id of a tariff file: \(choice)")
        }
        guard tariff(id, in: month) != nil else {
            throw .malformed(field: field, expected: "a month that the tariff \(id) is valid for, as YYYY-MM")
        }
    }

    /// The first month that the tariff of an id is valid for; nil without one.
    func firstMonth(of id: String) -> BillingMonth? {
        tariffs.first { $0.id == id }.flatMap { tariff in
            let (year, number, day) = tariff.validFrom.date
            return BillingMonth(year: year, month: number)?.advanced(by: day > 1 ? 1 : 0)
        }
    }
}
