import Database
import Foundation
import Storage
import Water

/// A city made straight in the database: homes of 1 to 4 persons, 1,500 to a community, one meter each, hourly
/// registers of one of 997 households' habits.
struct MadeCity {
    let homes: Int

    static let homesPerCommunity = 1_500
    private static let habits = 997
    private static let zone = "Asia/Shanghai"
    private static let movedIn: Int64 = 1_735_660_800
    /// The city, a district and a street come before the communities.
    private static let firstCommunity = 4

    var communities: Int { (homes + Self.homesPerCommunity - 1) / Self.homesPerCommunity }

    func initialise(_ jieshui: String, _ place: BenchPlace) async throws {
        let made = BenchCity(jieshui: jieshui, address: place.address, folder: place.folder)
        try made.run(["init", "--city", "基准市", "--zone", Self.zone, "--code", "140100"])
    }

    func fill(_ database: Database, _ months: [BillingMonth]) async throws {
        try await areas(database)
        guard let calendar = CityCalendar(zone: Self.zone) else { throw BenchFailure(reason: "no zone \(Self.zone)") }
        let days = months.flatMap { month in
            (month.firstDay.number - 1...month.lastDay.number + 1).map { LocalDay(number: $0) }
        }
        let bodies = habitBodies(Array(Set(days)).sorted(), calendar)
        for community in 0..<communities {
            let range = community * Self.homesPerCommunity..<min(homes, (community + 1) * Self.homesPerCommunity)
            let id = community + Self.firstCommunity
            try await database.write { transaction in
                try registry(range, id, transaction)
                for (day, list) in bodies { try readings(range, id, day, list, transaction) }
            }
        }
    }

    private func areas(_ database: Database) async throws {
        let communities = communities
        try await database.write { transaction in
            var rows = Rows(["area_id", "code", "kind", "name", "parent_id"])
            rows.append(2, "140105", "district", "基准区", 1)
            rows.append(3, "140105001", "street", "基准街道", 2)
            for community in 0..<communities {
                rows.append(
                    community + Self.firstCommunity, "140105001\(padded(community, 5))", "community",
                    "社区\(community)", 3)
            }
            try transaction.append(rows, to: "area")
        }
    }

    private func registry(_ range: Range<Int>, _ community: Int, _ transaction: Transaction) throws {
        var points = Rows(["community_id", "usage_point_id", "number", "area_id"])
        var households = Rows(["community_id", "household_id", "number", "area_id", "moved_in_at"])
        var held = Rows(["community_id", "household_id", "usage_point_id"])
        var persons = Rows(["community_id", "household_id", "from_day", "persons", "noted_at"])
        var meters = Rows(["meter_id", "serial"])
        var addresses = Rows(["address", "meter_id", "is_registered", "first_seen_at"])
        var installations = Rows(["community_id", "meter_id", "usage_point_id", "installed_at"])
        for home in range {
            let id = home + 1
            points.append(community, id, "P\(padded(home, 7))", community)
            households.append(community, id, "H\(padded(home, 7))", community, Self.movedIn)
            held.append(community, id, id)
            persons.append(community, id, 0, home % 4 + 1, 0)
            meters.append(id, Load.serial(home))
            addresses.append("serial:\(Load.serial(home))", id, 1, 0)
            installations.append(community, id, id, Self.movedIn)
        }
        try transaction.append(points, to: "usage_point")
        try transaction.append(households, to: "household")
        try transaction.append(held, to: "household_usage_point")
        try transaction.append(persons, to: "household_persons")
        try transaction.append(meters, to: "meter")
        try transaction.append(addresses, to: "meter_address")
        try transaction.append(installations, to: "meter_installation")
    }

    private func readings(
        _ range: Range<Int>, _ community: Int, _ day: LocalDay, _ bodies: [[UInt8]], _ transaction: Transaction
    ) throws {
        var rows = Rows(["community_id", "day", "meter_id", "body"])
        for home in range { rows.append(community, day, home + 1, bodies[home % Self.habits]) }
        try transaction.append(rows, to: "reading_day")
    }

    /// For every day the stored bytes of every habit.
    private func habitBodies(_ days: [LocalDay], _ calendar: CityCalendar) -> [(LocalDay, [[UInt8]])] {
        var registers = (0..<Self.habits).map { Int64(100_000 + $0 * 13) }
        return days.map { day in
            let start = calendar.start(of: day).epochSeconds
            let bodies = (0..<Self.habits).map { habit in
                let elements = (0..<24).map { hour in
                    // A quiet night, a morning and an evening; 100 to 500 L a day.
                    let litres =
                        hour < 6
                        ? 0
                        : (Int64(habit) * 7 + Int64(hour) * 11 + Int64(day.number) * 5) % 37 * Int64(habit % 4 + 1) / 3
                    registers[habit] += litres
                    return ReadingElement(
                        at: Instant(epochSeconds: start + Int64(hour) * 3_600 + 1_800),
                        register: Volume(millilitres: registers[habit] * 1_000), gateway: GatewayID(1))
                }
                return DaySet.encode(elements)
            }
            return (day, bodies)
        }
    }
}
