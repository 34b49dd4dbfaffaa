public import Database
import Storage
public import Water

/// Names the city and the zone that cuts its days: the first act on a new database. Repeating it changes nothing.
public struct SetUpCity: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    /// `entry` must be of kind city. A zone, a code or a name that differs from the stored one is refused.
    public func callAsFunction(
        _ entry: AreaEntry, calendar: CityCalendar
    ) async throws -> Result<RegistryChange, RegistryRefusal> {
        try await database.write { transaction in
            let zone = try transaction.reader.setting("time_zone")
            if let zone, zone != calendar.zone { return .failure(.cityZoneChanges(from: zone)) }
            if let known = try transaction.reader.cityArea() {
                if known.code != entry.code { return .failure(.cityExists(code: known.code)) }
                if known.name != entry.name {
                    return .failure(.cityNameChanges(from: known.name, code: known.code))
                }
            }
            let result = try transaction.register(entry)
            if case .success = result, zone == nil { try transaction.setTimeZone(calendar.zone) }
            return result
        }
    }
}
