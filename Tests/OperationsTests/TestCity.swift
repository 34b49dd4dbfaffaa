import Database
import Operations
import Storage
import Testing
import Water

/// A small city every test may start from: city C, district D, street S, communities A and B, grid A1 in A.
struct TestCity: Sendable {
    let database: Database
    let calendar: CityCalendar
    /// 2026-10-01T00:00:00+08:00.
    let now = Instant(epochSeconds: 1_790_784_000)

    static func build(in database: Database, zone: String = "Asia/Shanghai") async throws -> TestCity {
        let calendar = try #require(CityCalendar(zone: zone))
        let city = try AreaEntry(code: "C", kind: .city, name: "太原市", parent: nil)
        _ = try await SetUpCity(database: database)(city, calendar: calendar).get()
        let areas: [(String, AreaKind, String)] = [
            ("D", .district, "C"), ("S", .street, "D"), ("A", .community, "S"), ("B", .community, "S"),
            ("A1", .grid, "A"),
        ]
        for (code, kind, parent) in areas {
            let entry = try AreaEntry(code: code, kind: kind, name: "name of \(code)", parent: parent)
            _ = try await AddArea(database: database)(entry).get()
        }
        return TestCity(database: database, calendar: calendar)
    }

    func instant(_ day: String) throws -> Instant { calendar.start(of: try #require(LocalDay(day))) }

    func community(_ code: String) async throws -> CommunityID {
        let area = try await database.read { try $0.area(code: code) }
        return try #require(area).id
    }

    /// A home on a usage point of the number `U` + its own, with persons from its move-in.
    @discardableResult
    func addHome(
        _ number: String, area: String = "A", persons: Int? = 3, movedIn: String = "2020-01-01",
        points: [HouseholdEntry.Point]? = nil
    ) async throws -> Household {
        let start = try instant(movedIn)
        let entry = try HouseholdEntry(
            number: number, area: area, points: points ?? [.init(number: "U\(number)", shareMillionths: nil)],
            movedIn: start, movedOut: nil,
            persons: PersonsFrom(persons: persons, from: calendar.day(of: start)))
        _ = try await RegisterHousehold(database: database)(entry, at: now).get()
        let home = try await database.read { try $0.household(number: number) }
        return try #require(home)
    }

    /// A meter on a usage point, in litres.
    func addMeter(
        _ serial: String, on point: String, from: String = "2020-01-01", to: String? = nil,
        addresses: [MeterAddress] = []
    ) async throws -> Result<RegistryChange, RegistryRefusal> {
        let address = try #require(MeterAddress(.serial, serial))
        let entry = try MeterEntry(
            serial: address, otherAddresses: addresses, usagePoint: point,
            from: try instant(from), to: try to.map { try instant($0) }, startRegister: nil, finalRegister: nil,
            resolution: nil, nominalFlowLitresPerHour: nil, modulus: nil)
        return try await RegisterMeter(database: database)(entry, at: now)
    }
}
