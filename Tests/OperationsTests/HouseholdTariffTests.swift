import Database
import Logging
import Operations
import Scoring
import Storage
import Synchronization
import Tariffs
import Testing
import Water

/// Homes that are billed by another tariff than the city's.
@Suite(.freshDatabases) struct HouseholdTariffTests {
    private let october = BillingMonth("2026-10") ?? BillingMonth(number: 0)
    /// 2026-10-01T00:00:00+08:00.
    private let start = Instant(epochSeconds: 1_790_784_000)
    /// 2026-11-05T00:00:00+08:00.
    private let later = Instant(epochSeconds: 1_793_808_000)
    private let untiered = "taiyuan-untiered"

    /// Twelve homes of three; home n uses 10 + n litres an hour.
    private func city(_ engine: TestEngine) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        for home in 1...12 as ClosedRange<Int64> {
            try await city.addHome(home)
            let registers = (0...(31 * 24 + 6)).map { 100_000 + Int64($0) * (10 + home) }
            try await city.post(CityFixture.series(home, from: start - 1_800, registers))
        }
        return city
    }

    private func close(
        _ city: CityFixture, _ shelf: TariffShelf? = nil, by tariff: String = "taiyuan"
    ) throws -> CloseMonth {
        CloseMonth(
            database: city.database, calendar: city.calendar, shelf: try shelf ?? SharedFiles.shelf(),
            settings: CloseMonth.Settings(tariffID: tariff, rulesID: SharedFiles.rulesID),
            logger: Logger(label: "test"))
    }

    private func assign(
        _ tariff: String?, to home: Int64, from month: BillingMonth, _ city: CityFixture, at: Instant
    ) async throws -> RegistryChange {
        try await SetTariff(database: city.database, shelf: try SharedFiles.shelf())(
            TariffFrom(month: month, tariffID: tariff), of: "H\(home)", at: at
        ).get()
    }

    private func statement(
        _ home: Int64, _ city: CityFixture, of month: BillingMonth? = nil
    ) async throws -> Statement {
        let month = month ?? october
        let stored = try await city.database.read {
            try $0.statement(of: HouseholdID(home), in: CityFixture.first, month)
        }
        return try Statement(bytes: Array(try #require(stored).body.utf8))
    }

    private func total(_ statement: Statement) throws -> Int64 {
        guard case .billed(let bill) = statement.billing else {
            Issue.record("no bill")
            return 0
        }
        return bill.total.fen
    }

    @Test(arguments: TestEngine.allCases)
    func `a home is billed by the tariff in force for it, and every other by the city's`(engine: TestEngine)
        async throws
    {
        let city = try await city(engine)
        #expect(try await assign(untiered, to: 10, from: october, city, at: start) == .changed)
        #expect(try await assign(untiered, to: 10, from: october, city, at: start) == .unchanged)
        // Not yet, and no longer.
        _ = try await assign(untiered, to: 11, from: october.next, city, at: start)
        _ = try await assign(untiered, to: 12, from: october.previous, city, at: start)
        _ = try await assign(nil, to: 12, from: october, city, at: start)
        _ = try await close(city)(october, at: later).get()
        for home in 1...12 as ClosedRange<Int64> {
            let found = try await statement(home, city)
            #expect(found.tariff.id == (home == 10 ? untiered : "taiyuan"), "home \(home)")
        }
        // 20 L × 744 h = 14,880 L: at 2.40 and 0.50 without tiers.
        let own = try await statement(10, city)
        #expect(own.use.litres == 14_880)
        #expect(try total(own) == 3_571 + 744)
        guard case .billed(let bill) = own.billing else { return }
        #expect(bill.boundsLitres.isEmpty)
    }

    @Test(arguments: TestEngine.allCases)
    func `a tariff noted late corrects the home's closed months and nobody else's`(engine: TestEngine) async throws {
        let city = try await city(engine)
        _ = try await close(city)(october, at: later).get()
        let before = try await statement(10, city)
        _ = try await assign(untiered, to: 10, from: october, city, at: later + 60)
        let summary = try await close(city).corrections(at: later + 120)
        #expect(summary.statements == 1 && summary.unchanged == 0)
        let after = try await statement(10, city)
        #expect(after.version == 2 && after.correction?.causes == [.homeTariff])
        // Tiered: 9 m³ at 2.30, 4.5 at 4.60, 1.38 at 6.90 and 0.50 on all: 20.70 + 20.70 + 9.52 + 7.44.
        #expect(try total(before) == 2_070 + 2_070 + 952 + 744)
        #expect(try total(after) == 3_571 + 744)
        #expect(after.rank == before.rank && after.points == before.points)
        #expect(try await statement(11, city).version == 1)
        #expect(try await close(city).corrections(at: later + 180) == CorrectionSummary())
    }

    @Test(arguments: TestEngine.allCases)
    func `a month is neither closed nor exported without the tariff of one of its homes`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        _ = try await assign(untiered, to: 3, from: october, city, at: start)
        let without = try SharedFiles.shelf(without: "taiyuan-untiered.yaml")
        #expect(
            try await close(city, without)(october, at: later)
                == .failure(.noTariff(MissingFile(id: untiered, month: october))))
        let begun = try await city.database.read { try $0.communityMonths(october) }
        #expect(begun.isEmpty)
        // A home that moved out before the month needs none, and notes none for the month.
        _ = try await MoveOut(database: city.database)("H3", on: start - 86_400, at: start).get()
        #expect(try await close(city, without)(october, at: later).get().statements == 11)
        let export = ExportMonth(database: city.database, calendar: city.calendar, shelf: without)
        #expect(try await export(october, of: "140105001001") { _ in }.get() > 0)
        #expect(try await close(city).corrections(at: later + 60) == CorrectionSummary())
        #expect(try await city.database.read { try $0.monthTariffs(october) }.isEmpty)
        // One that lived there does: an export says so instead of leaving it out.
        _ = try await assign(untiered, to: 4, from: october, city, at: later + 120)
        #expect(try await close(city).corrections(at: later + 180).statements == 1)
        #expect(try await export(october, of: "140105001001") { _ in } == .failure(.withoutFiles))
    }

    @Test func `a tariff is noted only of the shelf, and only for months that it covers`() async throws {
        let city = try await city(.sqlite)
        let set = SetTariff(database: city.database, shelf: try SharedFiles.shelf())
        func field(_ id: String, _ month: String) async throws -> String? {
            let from = TariffFrom(month: try #require(BillingMonth(month)), tariffID: id)
            guard case .failure(let refusal) = try await set(from, of: "H3", at: start) else { return nil }
            return refusal.field
        }
        #expect(try await field("elsewhere", "2026-10") == "tariff")
        #expect(try await field(untiered, "2015-12") == "from")
        #expect(try await field(untiered, "2016-01") == nil)
    }

    @Test(arguments: TestEngine.allCases)
    func `a home's tariff put right corrects the homes billed by it when it is said`(engine: TestEngine) async throws {
        let city = try await city(engine)
        for home in [4, 7] as [Int64] { _ = try await assign(untiered, to: home, from: october, city, at: start) }
        let wrong = try SharedFiles.shelf(untieredBase: "2.50")
        _ = try await close(city, wrong)(october, at: later).get()
        let right = try SharedFiles.shelf()
        let refused = try await close(city, right)(october, at: later + 60)
        let files = FrozenFiles(month: october, rules: "v1", tariff: untiered, isOfHomes: true)
        #expect(refused == .failure(.frozenWithOther(files)))
        #expect(
            CloseRefusal.frozenWithOther(files).description.contains(
                "jieshui tariff correct 2026-10 --tariff taiyuan-untiered"))
        let correct = CorrectTariff(database: city.database, shelf: right)
        #expect(try await correct(october, of: "wuxi", reason: "x", at: later) == .failure(.notBilled(id: "wuxi")))
        #expect(try await correct(october, of: untiered, reason: "价格录错", at: later) == .success(2))
        #expect(try await correct(october, of: untiered, reason: "again", at: later) == .failure(.isTheSame))
        let summary = try await close(city, right).corrections(at: later + 120)
        #expect(summary.statements == 2)
        let corrected = try await statement(4, city)
        #expect(corrected.correction?.causes == [.tariff])
        // 14 L × 744 h = 10,416 L at 2.40 and 0.50.
        #expect(try total(corrected) == 2_500 + 521)
        #expect(try await close(city, right)(october, at: later + 180).get().wasComplete)
    }

    @Test(arguments: TestEngine.allCases)
    func `the file of a tariff that statements went by stays away from corrections until it is back`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        _ = try await assign(untiered, to: 4, from: october, city, at: start)
        _ = try await close(city)(october, at: later).get()
        try await city.post(CityFixture.series(4, from: start + 900, [100_000 + 14 + 3]))
        try await city.post(CityFixture.series(5, from: start + 900, [100_000 + 15 + 3]))
        try await city.fold.whatIsThere(at: later)
        let other = try SharedFiles.shelf(untieredBase: "2.50")
        let first = try await close(city, other).corrections(at: later + 60)
        #expect(first.withoutFiles == 1 && first.statements == 1)
        #expect(first.missingFiles.count == 1)
        #expect(first.missingFiles.first?.contains("tariff correct 2026-10 --tariff taiyuan-untiered") == true)
        #expect(try await statement(4, city).version == 1)
        #expect(try await close(city).corrections(at: later + 120).statements == 1)
        #expect(try await statement(4, city).version == 2)
    }

    @Test(arguments: TestEngine.allCases)
    func `an export has the tariffs that its homes are billed by`(engine: TestEngine) async throws {
        let city = try await city(engine)
        _ = try await assign(untiered, to: 10, from: october, city, at: start)
        _ = try await close(city)(october, at: later).get()
        let lines = Lines()
        let export = ExportMonth(database: city.database, calendar: city.calendar, shelf: try SharedFiles.shelf())
        _ = try await export(october, of: "140105001001") { lines.add($0) }.get()
        let tariffs = lines.all.filter { $0.contains(#""type":"tariff""#) }
        #expect(tariffs.count == 2)
        let homes = lines.all.filter { $0.contains(#""type":"household""#) }
        #expect(homes.count { $0.contains(#""tariff":"taiyuan-untiered","tariff_since":"2026-10""#) } == 1)
        #expect(homes.count { $0.contains(#""tariff":"taiyuan","tariff_since":null"#) } == 11)
    }

    @Test func `a tariff by the year counts the months that it was the home's`() async throws {
        let city = try await city(.sqlite)
        let november = october.next
        _ = try await assign("beijing", to: 8, from: october, city, at: start)
        _ = try await assign("beijing", to: 9, from: october, city, at: start)
        _ = try await close(city)(october, at: later).get()
        _ = try await assign("beijing", to: 10, from: november, city, at: later)
        // Said again, and an error taken back: the tariff was the home's all along.
        _ = try await assign("beijing", to: 8, from: november, city, at: later)
        _ = try await assign(untiered, to: 9, from: november, city, at: later)
        _ = try await assign("beijing", to: 9, from: november, city, at: later)
        try await postNovember(of: [8, 9, 10], city)
        _ = try await close(city)(november, at: city.calendar.interval(of: november).end + 5 * 86_400).get()
        var periods: [Int64?] = []
        for home in [8, 9, 10] as [Int64] {
            periods.append(try await statement(home, city, of: november).analysis?.periodLitres)
        }
        // 744 h of October and 720 h of November; home 10's tiers begin with November.
        let expected: [Int64?] = [18 * 1_464, 19 * 1_464, 20 * 720]
        #expect(periods == expected)
    }

    @Test(arguments: TestEngine.allCases)
    func `a corrected month corrects later ones whose yearly tariff it fills, though it went by a monthly one`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        let november = october.next
        try await city.addHome(13)
        let late = (0..<240).map { 100_000 + Int64($0) * 20 }
        let known = (240...(31 * 24 + 6)).map { 100_000 + Int64($0) * 20 }
        try await city.post(CityFixture.series(13, from: start - 1_800 + 240 * 3_600, known))
        _ = try await close(city)(october, at: later).get()
        try await postNovember(of: [12], city)
        try await postNovember(of: [13], hourly: 20, city)
        let december = city.calendar.interval(of: november).end
        _ = try await close(city, by: "beijing")(november, at: december + 5 * 86_400).get()
        // Its first whole day is 11 October: 504 h.
        let before = try await statement(13, city, of: november)
        #expect(before.tariff.id == "beijing" && before.analysis?.periodLitres == 20 * (504 + 720))

        try await city.post(CityFixture.series(13, from: start - 1_800, late), at: december)
        try await city.fold.whatIsThere(at: december)
        _ = try await close(city, by: "beijing").corrections(at: december + 6 * 86_400)
        #expect(try await statement(13, city).version == 2)
        let after = try await statement(13, city, of: november)
        #expect(after.version == 2 && after.analysis?.periodLitres == 20 * 1_464)
        #expect(try await statement(12, city, of: november).version == 1)
    }

    /// Home n uses 10 + n litres an hour, or `hourly`.
    private func postNovember(of homes: [Int64], hourly: Int64? = nil, _ city: CityFixture) async throws {
        for home in homes {
            for day in stride(from: 31, to: 62, by: 6) {
                let hours = (day * 24 + 6..<(day + 6) * 24 + 6).map { 100_000 + Int64($0) * (hourly ?? 10 + home) }
                try await city.post(
                    CityFixture.series(home, from: start - 1_800 + Int64(day * 24 + 6) * 3_600, hours),
                    at: later + 40 * 86_400)
            }
        }
    }
}

/// Lines as they are written.
private final class Lines: Sendable {
    private let found = Mutex<[String]>([])
    func add(_ line: String) { found.withLock { $0.append(line) } }
    var all: [String] { found.withLock { $0 } }
}
