import Database
import Ingest
import Logging
import Operations
import Scoring
import Storage
import Testing
import Water

@Suite(.freshDatabases) struct PackReadingsTests {
    private let october = BillingMonth("2026-10") ?? BillingMonth(number: 0)
    /// 2026-10-01T00:00:00+08:00.
    private let start = Instant(epochSeconds: 1_790_784_000)
    private let later = Instant(epochSeconds: 1_793_808_000)

    /// Twelve homes; home 1's readings stop on 29 October.
    private func closed(_ engine: TestEngine) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        for home in 1...12 as ClosedRange<Int64> {
            try await city.addHome(home)
            try await city.post(body(home, 0..<(home == 1 ? 28 * 24 : 31 * 24 + 6)))
        }
        _ = try await close(city)(october, at: later).get()
        return city
    }

    private func body(_ home: Int64, _ hours: Range<Int>) -> String {
        let registers = hours.map { 100_000 + (Int64($0) - Int64($0) / 24) * (6 + home) }
        return CityFixture.series(home, from: start - 5_400 + Int64(hours.lowerBound) * 3_600, registers)
    }

    private func close(_ city: CityFixture) throws -> CloseMonth {
        CloseMonth(
            database: city.database, calendar: city.calendar, shelf: try SharedFiles.shelf(),
            settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: SharedFiles.rulesID),
            logger: Logger(label: "test"))
    }

    private func sets(_ city: CityFixture) async throws -> [String] {
        try await city.database.read { reader in
            var lines: [String] = []
            try reader.eachDaySet(of: CityFixture.first, from: LocalDay(number: 0), to: LocalDay(number: 99_999)) {
                lines.append("\($0) \($1) \(hex(DaySet.encode($2)))")
            }
            return lines
        }
    }

    private func statements(_ city: CityFixture) async throws -> [String] {
        try await city.database.read { try $0.statements(of: CityFixture.first, october).map(\.body) }
    }

    private func unpackedRows(_ city: CityFixture) async throws -> Int64 {
        try await city.database.read {
            try $0.first("SELECT count(*) FROM reading_day WHERE day BETWEEN 20727 AND 20757") { try $0.integer(0) }
                ?? 0
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a month that is packed in parts reads the same after each of them`(engine: TestEngine) async throws {
        let (city, whole) = (try await closed(engine), try await closed(engine))
        let before = try await sets(city)
        let (at, month) = (later, october)
        let meters = try await city.database.read { try $0.metersToPack(of: CityFixture.first, month) }
        #expect(meters.count == 12)
        // Killed after the first part: the rest is done by the next run.
        let part = try await city.database.write {
            try $0.pack(CityFixture.first, month, meters: meters[0]...meters[4], at: at)
        }
        #expect(part.meters == 5)
        #expect(try await sets(city) == before)
        let left = try await city.database.read { try $0.metersToPack(of: CityFixture.first, month) }
        #expect(left == Array(meters[5...]))
        let rest = try await PackReadings(database: city.database, metersAtOnce: 3)(afterDays: 0, at: at)
        let once = try await PackReadings(database: whole.database)(afterDays: 0, at: at)
        var both = part
        both.add(rest)
        #expect(both == once && rest.meters == 7)
        #expect(try await sets(city) == before)
        #expect(try await unpackedRows(city) == 0)
        #expect(try await city.database.read { try $0.monthsToPack(issuedBefore: at, limit: 9).count } == 0)
    }

    @Test(arguments: TestEngine.allCases)
    func `packing changes nothing that is read, and a repeat packs nothing`(engine: TestEngine) async throws {
        let city = try await closed(engine)
        let before = try await sets(city)
        let early = try await PackReadings(database: city.database)(afterDays: 7, at: later + 86_400)
        #expect(early == PackedCount())
        let packed = try await PackReadings(database: city.database)(afterDays: 7, at: later + 8 * 86_400)
        #expect(packed.meters == 12 && packed.readings > 8_000 && packed.bytesAfter < packed.bytesBefore)
        #expect(try await unpackedRows(city) == 0)
        #expect(try await sets(city) == before)
        #expect(try await PackReadings(database: city.database)(afterDays: 7, at: later + 9 * 86_400) == PackedCount())
        // Measured anew from packed months every home comes out the same.
        try await city.database.write { transaction in
            for home in 1...12 as ClosedRange<Int64> {
                try transaction.markDirty(
                    HouseholdID(home), of: CityFixture.first, october, cause: .installation, at: later)
            }
        }
        let summary = try await close(city).corrections(at: later + 9 * 86_400)
        #expect(summary.unchanged == 12 && summary.statements == 0)
        for home in 1...12 as ClosedRange<Int64> {
            let meter = try #require(MeterAddress(.serial, "m\(home)"))
            let count = try await city.database.read { try $0.elements(at: meter)?.count }
            #expect(count == (home == 1 ? 28 * 24 : 31 * 24 + 6))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what comes after packing is as if it had never been packed`(engine: TestEngine) async throws {
        let (plain, packed) = (try await closed(engine), try await closed(engine))
        let much = later + 8 * 86_400
        _ = try await PackReadings(database: packed.database)(afterDays: 7, at: much)
        for city in [plain, packed] {
            // A repeat of what is there, then what is missing.
            try await city.post(body(1, 0..<28 * 24), at: much)
            try await city.post(body(2, 100..<200), at: much)
            try await city.fold.whatIsThere(at: much)
            let dirty = try await city.database.read { try $0.dirtyHomes(of: CityFixture.first).count }
            #expect(dirty == 0)
            try await city.post(body(1, 28 * 24..<31 * 24 + 6), at: much)
            try await city.fold.whatIsThere(at: much)
            let summary = try await close(city).corrections(at: much)
            #expect(summary.statements == 1)
        }
        #expect(try await sets(plain) == sets(packed))
        #expect(try await statements(plain) == statements(packed))
        // What came late is packed with the rest.
        let again = try await PackReadings(database: packed.database)(afterDays: 7, at: much + 8 * 86_400)
        #expect(again.meters == 1)
        #expect(try await sets(plain) == sets(packed))
    }

    @Test(arguments: TestEngine.allCases)
    func `readings of a packed month move with their meter`(engine: TestEngine) async throws {
        let city = try await closed(engine)
        let stray = try #require(MeterAddress(.serial, "m77"))
        let own = try #require(MeterAddress(.serial, "m2"))
        _ = try await PackReadings(database: city.database)(afterDays: 0, at: later)
        // The meter of home 2 is said to be number 77's as well: its readings are visited again.
        try await city.database.write { transaction in
            let other = try transaction.holdAddress(stray, at: later)
            let meter = try #require(try transaction.reader.heldMeter(at: own))
            try transaction.execute(
                """
                INSERT INTO meter_installation (community_id, meter_id, usage_point_id, installed_at)
                VALUES (\(CityFixture.first), \(other), 2, \(CityFixture.movedIn))
                """)
            try transaction.execute("UPDATE meter SET serial = 'm77' WHERE meter_id = \(other)")
            try transaction.execute("UPDATE meter_address SET is_registered = 1 WHERE meter_id = \(other)")
            try transaction.askSweep(of: meter, in: CityFixture.first, target: other, at: later)
            try transaction.execute("UPDATE registry_version SET version = version + 1")
        }
        try await city.fold.whatIsThere(at: later + 60)
        let moved = try await city.database.read { try $0.elements(at: stray)?.count }
        #expect(moved == 31 * 24 + 6)
        let left = try await city.database.read { try $0.elements(at: own)?.count }
        #expect(left == 0)
    }
}
