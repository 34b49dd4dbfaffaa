import Database
import Storage
import Testing
import Water

@Suite(.freshDatabases, .enabled(if: TestEngine.allCases.contains(.postgres)))
struct ReadingPartitionTests {
    private let october = BillingMonth("2026-10") ?? BillingMonth(number: 0)
    private let december = BillingMonth("2026-12") ?? BillingMonth(number: 0)
    private let element = ReadingElement(
        at: Instant(epochSeconds: 1_790_784_000), register: Volume(millilitres: 5), gateway: GatewayID(1))

    @Test func `months made ahead take the readings of their days, the remainder every other`() async throws {
        let database = try await freshDatabase(of: .postgres)
        #expect(try await database.prepareReadings(from: october, to: december) == 3)
        #expect(try await database.prepareReadings(from: october, to: december.next) == 1)
        let days = [
            october.firstDay.advanced(by: -1), october.firstDay, october.lastDay, december.lastDay,
            december.next.lastDay.advanced(by: 1),
        ]
        try await put(days, database)
        #expect(
            try await places(database) == [
                "reading_day_2026_10": 2, "reading_day_2026_12": 1, "reading_day_rest": 2,
            ])
        #expect(try await found(database) == days)
    }

    @Test func `a month begun in the remainder stays there`() async throws {
        let database = try await freshDatabase(of: .postgres)
        try await put([october.lastDay], database)
        #expect(try await database.prepareReadings(from: october, to: december) == 2)
        try await put([october.firstDay], database)
        #expect(try await places(database) == ["reading_day_rest": 2])
    }

    @Test func `several processes make each month once`() async throws {
        let database = try await freshDatabase(of: .postgres)
        let (october, december) = (october, december)
        let made = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 { group.addTask { try await database.prepareReadings(from: october, to: december) } }
            return try await group.reduce(0, +)
        }
        #expect(made == 3)
    }

    @Test func `a month past its time is detached in one step`() async throws {
        let database = try await freshDatabase(of: .postgres)
        _ = try await database.prepareReadings(from: october, to: december)
        try await put([october.firstDay, december.firstDay], database)
        try await database.write { try $0.script("ALTER TABLE reading_day DETACH PARTITION reading_day_2026_10") }
        #expect(try await found(database) == [december.firstDay])
    }

    @Test func `SQLite has one table and makes none`() async throws {
        let database = try await freshDatabase(of: .sqlite)
        #expect(try await database.prepareReadings(from: october, to: december) == 0)
    }

    private func put(_ days: [LocalDay], _ database: Database) async throws {
        let element = element
        try await database.write { transaction in
            try transaction.write(
                days.map { (DayKey(community: CommunityID(1), day: $0, meter: MeterID(1)), DaySet.encode([element])) })
        }
    }

    private func found(_ database: Database) async throws -> [LocalDay] {
        try await database.read { reader in
            var days: [LocalDay] = []
            try reader.eachDaySet(
                of: CommunityID(1), from: LocalDay(number: 0), to: LocalDay(number: 99_999)
            ) { day, _, _ in days.append(day) }
            return days
        }
    }

    /// How many rows lie in each part that has any.
    private func places(_ database: Database) async throws -> [String: Int64] {
        try await database.read { reader in
            let parts = try reader.all(
                """
                SELECT CAST(CAST(inhrelid AS regclass) AS TEXT) FROM pg_inherits
                WHERE inhparent = CAST('reading_day' AS regclass)
                """
            ) { try $0.text(0) }
            var places: [String: Int64] = [:]
            for part in parts {
                let count = SQL(stringLiteral: "SELECT count(*) FROM \(part)")
                places[part] = try reader.first(count) { try $0.integer(0) }
            }
            return places.filter { $0.value > 0 }
        }
    }
}
