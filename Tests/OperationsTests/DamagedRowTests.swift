import Database
import Storage
import Testing
import Water

/// Rows in a form that this program does not know: each error names the row.
@Suite(.freshDatabases) struct DamagedRowTests {
    private let october = BillingMonth("2026-10") ?? BillingMonth(number: 0)
    private let at = Instant(epochSeconds: 1_793_808_000)
    private let unknown: [UInt8] = [9, 0, 0]
    private let words =
        "packed in form 9, which this program does not know: it was written by a newer one or is damaged"

    private func expect(
        _ row: String, of city: CityFixture, _ read: @escaping @Sendable (Reader) throws -> Void
    ) async throws {
        do {
            try await city.database.read(read)
            Issue.record("\(row) was read")
        } catch {
            #expect("\(error)" == "\(row): \(words)")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a statement is named by its household, month and version`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(3)
        let statement = StoredStatement(
            household: HouseholdID(3), month: october, version: 1, body: "a", hash: sha256Hex(Array("a".utf8)))
        try await city.database.write { [unknown, at] transaction in
            try transaction.add([statement], to: CityFixture.first, at: at)
            _ = try transaction.execute("UPDATE statement SET packed = \(unknown)")
        }
        let name = "statement of the household with id 3, 2026-10, version 1"
        try await expect(name, of: city) { [october] in
            _ = try $0.statement(of: HouseholdID(3), in: CityFixture.first, october)
        }
        try await expect(name, of: city) { [october] in _ = try $0.statements(of: CityFixture.first, october) }
    }

    @Test(arguments: TestEngine.allCases)
    func `a day set is named by its community, meter and day`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        let (day, meter) = (october.firstDay, MeterID(7))
        let key = DayKey(community: CityFixture.first, day: day, meter: meter)
        try await city.database.write { [unknown] in try $0.write([(key, unknown)]) }
        let name = "readings of meter number 7 in community number 4, 2026-10-01, are damaged"
        try await expect(name, of: city) { _ = try $0.daySet(key) }
        try await expect(name, of: city) { _ = try $0.daySets([key]) }
        let many = (1...100 as ClosedRange<Int64>).map {
            DayKey(community: CityFixture.first, day: day, meter: MeterID($0))
        }
        try await expect(name, of: city) { _ = try $0.daySets(many) }
        try await expect(name, of: city) { try $0.eachDaySet(of: CityFixture.first, from: day, to: day) { _, _, _ in } }
        try await expect(name, of: city) {
            try $0.eachDaySet(of: meter, in: CityFixture.first, from: day, to: day) { _, _ in }
        }
        try await expect(name, of: city) {
            _ = try $0.nearestSet(of: meter, in: CityFixture.first, before: day.advanced(by: 1))
        }
        try await expect(name, of: city) {
            _ = try $0.nearestSet(of: meter, in: CityFixture.first, after: day.advanced(by: -1))
        }
        await #expect(throws: DamagedReadings.self) {
            try await city.database.write { [october, at] in
                try $0.pack(CityFixture.first, october, meters: meter...meter, at: at)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a packed month is named by its community and meter`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        for home in 1...7 as ClosedRange<Int64> { try await city.addHome(home) }
        let (day, meter) = (october.firstDay, MeterID(7))
        try await city.database.write { [unknown, october, at] transaction in
            try transaction.execute(
                """
                INSERT INTO packed_month (community_id, month, packed_at)
                VALUES (\(CityFixture.first), \(october), \(at))
                """)
            try transaction.execute(
                """
                INSERT INTO reading_month (community_id, month, meter_id, body)
                VALUES (\(CityFixture.first), \(october), \(meter), \(unknown))
                """)
        }
        let name = "readings of meter number 7 in community number 4, 2026-10-01 to 2026-10-31, are damaged"
        try await expect(name, of: city) {
            _ = try $0.daySet(DayKey(community: CityFixture.first, day: day, meter: meter))
        }
        try await expect(name, of: city) { _ = try $0.meterSets(of: CityFixture.first, from: day, to: day) }
    }

    @Test(arguments: TestEngine.allCases)
    func `a row of the journal is named by its number`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        try await city.database.write { [unknown, at] transaction in
            try transaction.appendToJournal(
                [JournalAddition(community: CityFixture.first, readings: 1, payload: unknown)], at: at)
        }
        let id = try #require(
            try await city.database.read { try $0.first("SELECT journal_id FROM journal") { try $0.integer(0) } })
        let name = "journal row \(id) of community 4"
        try await expect(name, of: city) { _ = try $0.journalRows(of: CityFixture.first, readings: 10) }
        let address = try #require(MeterAddress(.serial, "m1"))
        try await expect(name, of: city) { _ = try $0.journaled(at: address) }
    }
}
