public import Database
import Storage
public import Water

/// Why an entry of persons stays; nothing is changed then. In the order they are tested.
public enum PersonsStay: Error, Sendable, Hashable {
    case unknownHousehold
    /// Nothing is noted from that day, or another number.
    case isNotNoted
    /// The figures of a month, the last of them named, go by it.
    case isUsed(BillingMonth)
    /// Its day has come: another number may be noted from the same day.
    case hasBegun
}

/// Takes away an entry of persons that has not begun; the household's notes keep what it was and who took it away.
public struct RemovePersons: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    /// The entry is named by the number that was seen in it too, so that a changed one is not taken away unseen; nil is
    /// unknown.
    public func callAsFunction(
        _ persons: Int?, of number: String, from day: LocalDay, by staff: StaffID, at: Instant
    ) async throws -> Result<Void, PersonsStay> {
        let entry = PersonsFrom(day: day, persons: persons)
        return try await database.write { transaction in
            let reader = transaction.reader
            guard let calendar = try reader.city()?.calendar, let household = try reader.household(number: number)
            else {
                return .failure(.unknownHousehold)
            }
            let (home, community) = (household.id, household.community)
            guard try reader.persons(of: home, in: community).contains(entry) else { return .failure(.isNotNoted) }
            let using = try reader.measuredMonths(of: community).last { month in
                month.lastDay >= day && household.time(within: calendar.interval(of: month)) != nil
            }
            if let using { return .failure(.isUsed(using)) }
            guard day > calendar.day(of: at) else { return .failure(.hasBegun) }
            guard try transaction.removePersons(entry, of: home, in: community) else { return .failure(.isNotNoted) }
            // A measure under way has read the entry.
            try transaction.raiseFoldVersion(of: community, at: at)
            let words = [day.description] + (persons.map { ["\($0)"] } ?? []) + ["removed"]
            try transaction.log(.persons, words, of: home, in: community, by: staff, at: at)
            return .success(())
        }
    }
}
