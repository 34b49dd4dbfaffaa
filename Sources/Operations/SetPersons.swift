public import Database
import Storage
public import Water

/// Notes how many live in a household from a date on.
public struct SetPersons: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    /// Refuses an unknown number and persons outside 1–20; nil is unknown, which is not 1. Where a member of staff
    /// is named the household's notes keep who it was.
    public func callAsFunction(
        _ persons: Int?, of number: String, from day: LocalDay, by staff: StaffID? = nil, at: Instant
    ) async throws -> Result<RegistryChange, RegistryRefusal> {
        let noted: PersonsFrom
        do {
            noted = try PersonsFrom(persons: persons, from: day)
        } catch {
            return .failure(error)
        }
        return try await database.write { transaction in
            guard let household = try transaction.reader.household(number: number) else {
                return .failure(.unknownHousehold(number))
            }
            let changed = try transaction.notePersons(noted, of: household.id, in: household.community, at: at)
            if changed, let staff {
                try transaction.log(
                    .persons, [day.description] + (persons.map { ["\($0)"] } ?? []), of: household.id,
                    in: household.community, by: staff, at: at)
            }
            return .success(changed ? .changed : .unchanged)
        }
    }
}

extension PersonsFrom {
    /// Refuses persons outside 1–20; nil is unknown.
    public init(persons: Int?, from day: LocalDay) throws(RegistryRefusal) {
        guard persons.map({ (1...20).contains($0) }) ?? true else {
            throw .malformed(field: "persons", expected: "a whole number from 1 to 20, or unknown (in a file: empty)")
        }
        self.init(day: day, persons: persons)
    }
}

extension Transaction {
    /// Notes persons from a date; false where that was noted already.
    func notePersons(
        _ persons: PersonsFrom, of household: HouseholdID, in community: CommunityID, at: Instant
    ) throws -> Bool {
        if try reader.persons(of: household, in: community).contains(persons) { return false }
        try setPersons(persons.persons, of: household, in: community, from: persons.day, at: at)
        try markPersons(of: household, in: community, from: persons.day, at: at)
        return true
    }
}
