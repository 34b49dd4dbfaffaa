public import Database
public import Water

/// The city this installation serves.
public struct City: Sendable, Hashable {
    public let area: Area
    /// Its days and months.
    public let calendar: CityCalendar

    public var name: String { area.name }
}

/// Why the stored city cannot be used.
public enum CityFailure: Error, Hashable, Sendable {
    /// The stored zone is not known to this system's time zone data.
    case unknownZone(String)
}

extension Reader {
    /// The city with its time zone; nil before it is set up.
    public func city() throws -> City? {
        guard let area = try cityArea(), let zone = try setting("time_zone") else { return nil }
        guard let calendar = CityCalendar(zone: zone) else { throw CityFailure.unknownZone(zone) }
        return City(area: area, calendar: calendar)
    }

    /// A setting's text; nil where it was never set.
    public func setting(_ name: String) throws -> String? {
        try first("SELECT value FROM setting WHERE name = \(name)") { try $0.text(0) }
    }

    /// The newest migration applied.
    public func schemaNumber() throws -> Int64 {
        try first("SELECT max(number) FROM schema_migration") { try $0.integerOrNil(0) ?? 0 } ?? 0
    }
}

extension Reader {
    /// Whether a file of SQLite holds tables and was never one of ours. A server's database may hold others beside ours.
    public func isOfAnotherProgram() throws -> Bool {
        if isPostgres { return false }
        let isOurs =
            try first(
                """
                SELECT max(name = 'schema_migration') FROM sqlite_master
                WHERE type = 'table' AND name NOT LIKE 'sqlite%'
                """
            ) { try $0.integerOrNil(0) } ?? nil
        return isOurs == 0
    }

    /// What is damaged in a file of SQLite, in its own words; nil where it is whole.
    public func damage() throws -> String? {
        let found = try first("PRAGMA quick_check(1)") { try $0.text(0) }
        return found == "ok" ? nil : found ?? "it cannot be read"
    }
}

extension Transaction {
    /// Writes what is there already: to find out whether anything can be written.
    public func touch() throws { try execute("UPDATE registry_version SET version = version") }

    public func setSetting(_ name: String, to value: String) throws {
        try execute(
            """
            INSERT INTO setting (name, value) VALUES (\(name), \(value))
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """)
    }

    /// The zone that cuts the city's days. Set once, before the first reading.
    public func setTimeZone(_ zone: String) throws { try setSetting("time_zone", to: zone) }
}
