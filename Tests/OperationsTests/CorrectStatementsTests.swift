import Database
import Ingest
import Ledger
import Logging
import Metering
import Operations
import Scoring
import Storage
import Tariffs
import Testing
import Water

@Suite(.freshDatabases) struct CorrectStatementsTests {
    private let october = BillingMonth("2026-10") ?? BillingMonth(number: 0)
    /// 2026-10-01T00:00:00+08:00.
    private let start = Instant(epochSeconds: 1_790_784_000)
    /// 2026-11-05T00:00:00+08:00.
    private let later = Instant(epochSeconds: 1_793_808_000)
    private let cut = 28 * 24

    /// Twelve homes of three; home n uses 6 + n litres an hour. Home 1's readings end on 29 October.
    private func city(_ engine: TestEngine) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        for home in 1...12 as ClosedRange<Int64> {
            try await city.addHome(home)
            try await city.post(body(home, 0..<(home == 1 ? cut : 31 * 24 + 6)))
        }
        try await city.database.write { transaction in
            try transaction.setTimeZone("Asia/Shanghai")
            _ = try transaction.addStaff(
                name: "desk", area: CityFixture.city, role: .administrator, passwordHash: "x", at: start)
        }
        return city
    }

    /// Half past every hour from two hours before October on; at home nothing runs from 03:00 to 04:00.
    private func body(_ home: Int64, _ hours: Range<Int>) -> String {
        let registers = hours.map { hour in
            100_000 + (Int64(hour) - Int64(hour) / 24) * (6 + home)
        }
        return CityFixture.series(
            home, from: start - 2 * 3_600 + 1_800 + Int64(hours.lowerBound) * 3_600, registers)
    }

    private func close(_ city: CityFixture) throws -> CloseMonth {
        CloseMonth(
            database: city.database, calendar: city.calendar, shelf: try SharedFiles.shelf(),
            settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: SharedFiles.rulesID),
            logger: Logger(label: "test"))
    }

    private func statement(_ home: Int64, _ city: CityFixture, version: Int64? = nil) async throws -> Statement {
        let stored = try await city.database.read {
            try $0.statement(of: HouseholdID(home), in: CityFixture.first, october, version: version)
        }
        return try Statement(bytes: Array(try #require(stored).body.utf8))
    }

    private func bodies(_ city: CityFixture, besides home: Int64) async throws -> [String] {
        try await city.database.read { reader in
            try reader.statements(of: CityFixture.first, october).filter { $0.household != HouseholdID(home) }.map(
                \.body)
        }
    }

    private func balance(_ home: Int64, _ city: CityFixture) async throws -> Points {
        try await city.database.read {
            try $0.accountState(of: AccountHolder(community: CityFixture.first, household: HouseholdID(home)))
                .lots.reduce(.zero) { $0 + $1.available }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `late readings give a second version with the difference, its reason and the points, and change nobody else`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        _ = try await close(city)(october, at: later).get()
        let first = try await statement(1, city)
        #expect(first.version == 1 && first.correction == nil && first.unranked == .notBracketed)
        let others = try await bodies(city, besides: 1)

        // Two months later.
        let much = later + 60 * 86_400
        try await city.post(body(1, cut..<(31 * 24 + 6)), at: much)
        _ = try await city.fold.whatIsThere(at: much)
        let summary = try await close(city)(october, at: much).get().corrections
        #expect(summary.statements == 1 && summary.unchanged == 0 && summary.leftOpen == 0)

        let second = try await statement(1, city)
        let correction = try #require(second.correction)
        #expect(second.version == 2 && second.unranked == nil)
        #expect(correction.version == 1 && correction.hash == first.hash && correction.litres == first.use.litres)
        #expect(correction.causes == [.lateReading] && correction.readings.count == 20 && correction.hasMoreReadings)
        #expect(second.use.litres == 31 * 23 * 7)
        #expect(second.points.total > .zero)
        #expect(try await balance(1, city) == second.points.total)
        // The cohort is the one frozen with the month, in which this home was not.
        #expect(second.cohort?.homes == 11 && second.rank?.otherHomes == 11)
        #expect(try await bodies(city, besides: 1) == others)
        #expect(try await statement(1, city, version: 1) == first)
        for entry in explain(second) { #expect(entry.arithmetic.value == entry.value, "\(entry.key)") }

        let again = try await close(city)(october, at: much).get().corrections
        #expect(again == CorrectionSummary())
        let events = try await city.eventCount()
        #expect(events == 2)
    }

    @Test(arguments: TestEngine.allCases)
    func `a person count put right takes points back by a transfer linked to the award`(engine: TestEngine)
        async throws
    {
        let city = try await city(engine)
        _ = try await close(city)(october, at: later).get()
        let first = try await statement(2, city)
        #expect(first.points.total == Points(40))
        let change = try await SetPersons(database: city.database)(
            1, of: "H2", from: LocalDay(number: 1), at: later)
        #expect(change == .success(.changed))
        let summary = try await close(city).corrections(at: later + 60)
        #expect(summary.statements == 1)
        let second = try await statement(2, city)
        #expect(second.persons == 1 && second.correction?.causes == [.persons])
        #expect(second.correction?.figures.points == Points(40) && second.points.total < Points(40))
        #expect(try await balance(2, city) == second.points.total)
        let transfers = try await city.database.read {
            try $0.transfers(of: AccountHolder(community: CityFixture.first, household: HouseholdID(2)))
        }
        let award = try #require(transfers.first { $0.kind == .award })
        #expect(transfers.contains { $0.kind == .clawback && $0.link == award.id })
    }

    @Test(arguments: TestEngine.allCases)
    func `a mark that changes nothing ends without a version`(engine: TestEngine) async throws {
        let city = try await city(engine)
        _ = try await close(city)(october, at: later).get()
        try await city.database.write { transaction in
            try transaction.markDirty(
                HouseholdID(5), of: CityFixture.first, october, cause: .installation, at: later)
        }
        let summary = try await close(city).corrections(at: later + 60)
        #expect(summary.statements == 0 && summary.unchanged == 1)
        #expect(try await statement(5, city).version == 1)
        let left = try await city.database.read { try $0.dirtyHomes(of: CityFixture.first).count }
        #expect(left == 0)
    }

    @Test(arguments: TestEngine.allCases)
    func `a reading that staff enter closes a month, and taking it back opens it again`(engine: TestEngine)
        async throws
    {
        let city = try await city(engine)
        _ = try await close(city)(october, at: later).get()
        let staff = try #require(try await city.database.read { try $0.staff(name: "desk") })
        let edit = EditReading(database: city.database, calendar: city.calendar, rules: .standard)
        let meter = try #require(MeterAddress(.serial, "m1"))
        let at = start + 31 * 86_400 + 3_600
        func request(_ id: String, _ action: EditAction, register: Int64 = 105_000) -> EditRequest {
            EditRequest(
                id: id, meter: meter, at: at, register: Volume(litres: register), action: action, reason: "上门抄表")
        }
        let entered = try await edit(request("e-1", .enter), by: staff, at: later).get()
        #expect(!entered.isRepeat && entered.markedHomes == 1)
        #expect(try await edit(request("e-1", .enter), by: staff, at: later + 9).get().isRepeat)
        #expect(try await edit(request("e-1", .reject), by: staff, at: later) == .failure(.idIsTaken))
        _ = try await close(city).corrections(at: later + 60)
        let second = try await statement(1, city)
        #expect(second.correction?.causes == [.edit])
        #expect(second.correction?.readings.first?.register == Volume(litres: 105_000))
        #expect(second.quality.isBracketed)

        _ = try await edit(request("e-2", .withdraw), by: staff, at: later + 120).get()
        _ = try await close(city).corrections(at: later + 180)
        let third = try await statement(1, city)
        #expect(third.version == 3 && !third.quality.isBracketed)
        #expect(third.readingsDigest == (try await statement(1, city, version: 1)).readingsDigest)
    }

    static let refusals: [(EditAction, Int64, Int64, String, String, EditRefusal)] = [
        (.reject, 5_400, 1, "m1", "why", .noSuchReading), (.withdraw, 5_400, 1, "m1", "why", .nothingToWithdraw),
        (.enter, 5_400, 1, "m99", "why", .unknownMeter), (.enter, 5_400, 1, "m1", "  ", .reasonIsMissing),
        (.enter, -80_000_000, 1, "m1", "why", .notInstalled),
        (.enter, 900_000_000, 1, "m1", "why", .instantIsOutOfRange),
        (.enter, 5_400, -1, "m1", "why", .registerIsOutOfRange),
    ]

    @Test(arguments: refusals)
    func `a decision that cannot be is refused by field`(
        action: EditAction, after: Int64, litres: Int64, serial: String, reason: String, refusal: EditRefusal
    ) async throws {
        let city = try await city(.sqlite)
        let staff = try #require(try await city.database.read { try $0.staff(name: "desk") })
        let request = EditRequest(
            id: "e-1", meter: try #require(MeterAddress(.serial, serial)), at: start + after,
            register: Volume(litres: litres), action: action, reason: reason)
        let edit = EditReading(database: city.database, calendar: city.calendar, rules: .standard)
        #expect(try await edit(request, by: staff, at: later) == .failure(refusal))
    }
}
