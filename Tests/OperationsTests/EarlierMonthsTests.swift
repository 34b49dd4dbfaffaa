import Database
import Logging
import Operations
import Scoring
import Storage
import Tariffs
import Testing
import Water

/// What a month says of those before it, and which versions are issued for it. One home by a tariff of the year.
@Suite(.freshDatabases) struct EarlierMonthsTests {
    private let january = BillingMonth(number: 2_026 * 12 + 0)
    private let february = BillingMonth(number: 2_026 * 12 + 1)
    /// 2025-12-01T00:00:00+08:00.
    private let movedIn = Instant(epochSeconds: 1_764_518_400)
    /// 2026-03-06T00:00:00+08:00.
    private let march = Instant(epochSeconds: 1_772_726_400)

    private func city(_ engine: TestEngine) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        try await city.database.write { try $0.setTimeZone("Asia/Shanghai") }
        try await city.addHome(1, since: movedIn)
        try await read([("2026-01-01", 100), ("2026-01-20", 180)], city)
        return city
    }

    /// Registers in m³ at midnight.
    private func read(_ registers: [(day: String, cubicMetres: Int)], _ city: CityFixture) async throws {
        let items = registers.map { one in
            #"{"meter":"M1","at":"\#(one.day)T00:00:00+08:00","volume_l":\#(one.cubicMetres * 1_000)}"#
        }
        try await city.post(#"{"readings":[\#(items.joined(separator: ","))]}"#)
    }

    private func close(
        _ city: CityFixture, _ shelf: TariffShelf? = nil, by tariff: String = "beijing"
    ) throws -> CloseMonth {
        CloseMonth(
            database: city.database, calendar: city.calendar, shelf: try shelf ?? SharedFiles.shelf(),
            settings: CloseMonth.Settings(tariffID: tariff, rulesID: SharedFiles.rulesID),
            logger: Logger(label: "test"))
    }

    private func after(_ month: BillingMonth, _ city: CityFixture) -> Instant {
        city.calendar.interval(of: month).end + 5 * 86_400
    }

    private func statement(_ month: BillingMonth, _ city: CityFixture) async throws -> Statement {
        let stored = try await city.database.read {
            try $0.statement(of: HouseholdID(1), in: CityFixture.first, month)
        }
        return try Statement(bytes: Array(try #require(stored).body.utf8))
    }

    private func billed(_ statement: Statement) throws -> Bill {
        guard case .billed(let bill) = statement.billing else { throw NoBill() }
        return bill
    }

    private struct NoBill: Error {}

    private func correctedEvents(_ city: CityFixture) async throws -> Int64? {
        try await city.database.read {
            try $0.first("SELECT count(*) FROM outbox_event WHERE kind = 'statements.corrected'") {
                try $0.integer(0)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a close corrects the months before it first, so that its own bill is right at once`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        _ = try await close(city)(january, at: after(january, city)).get()
        #expect(try await statement(january, city).use.litres == 80_000)
        try await read([("2026-02-01", 270), ("2026-03-01", 290)], city)
        let summary = try await close(city)(february, at: march).get()
        #expect(summary.corrections.statements == 1 && summary.corrections.unchanged == 0)
        let first = try await statement(january, city)
        #expect(first.version == 2 && first.use.litres == 170_000)
        // 170 m³ before it: 10 of its 20 m³ are in the second tier.
        let second = try await statement(february, city)
        #expect(second.version == 1 && second.use.litres == 20_000 && second.analysis?.periodLitres == 190_000)
        #expect(second.lastMonth?.version == 2 && second.lastMonth?.litres == 170_000)
        let bill = try billed(second)
        #expect(bill.total == Money(fen: 12_000) && bill.tier == 2)
        #expect(try await correctedEvents(city) == 1)
        #expect(try await close(city)(february, at: march).get().corrections == CorrectionSummary())
    }

    @Test(arguments: TestEngine.allCases)
    func `a month whose file is not there waits without holding up the close of the next, and is counted once`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        let former = try SharedFiles.shelf(sewage: "0.60")
        _ = try await close(city, former, by: "taiyuan")(january, at: after(january, city)).get()
        try await read([("2026-02-01", 270), ("2026-03-01", 290)], city)
        let summary = try await close(city, by: "taiyuan")(february, at: march).get()
        #expect(summary.statements == 1 && summary.corrections.statements == 0)
        #expect(summary.corrections.withoutFiles == 1 && summary.corrections.missingFiles.count == 1)
        #expect(try await statement(january, city).version == 1)
        #expect(try await statement(february, city).version == 1)
        #expect(try await close(city, former, by: "taiyuan").corrections(at: march).statements == 1)
    }

    /// January and February closed with all their readings: 170 m³ and 20.
    private func closed(_ engine: TestEngine, by tariff: String) async throws -> CityFixture {
        let city = try await city(engine)
        try await read([("2026-02-01", 270), ("2026-03-01", 290)], city)
        for month in [january, february] {
            _ = try await close(city, by: tariff)(month, at: after(month, city)).get()
        }
        return city
    }

    private func setPersons(_ persons: Int, from month: BillingMonth, _ city: CityFixture) async throws {
        let change = try await SetPersons(database: city.database)(persons, of: "H1", from: month.firstDay, at: march)
        #expect(change == .success(.changed))
    }

    @Test(arguments: TestEngine.allCases)
    func `what moved only in earlier statements is no new version, and a month says the same in whatever order`(
        engine: TestEngine
    ) async throws {
        var said: [Statement] = []
        for isStepwise in [true, false] {
            let city = try await closed(engine, by: "taiyuan")
            let before = try await statement(february, city)
            // Four lived there in January, which is said for all months and then taken back from February on.
            try await setPersons(4, from: january, city)
            if isStepwise { #expect(try await close(city, by: "taiyuan").corrections(at: march).statements == 2) }
            try await setPersons(3, from: february, city)
            let summary = try await close(city, by: "taiyuan").corrections(at: march + 60)
            #expect(summary.statements == 1 && summary.unchanged == (isStepwise ? 0 : 1))
            let first = try await statement(january, city)
            #expect(first.version == 2 && first.persons == 4 && first.correction?.causes == [.persons])
            let second = try await statement(february, city)
            #expect(second.version == (isStepwise ? 3 : 1))
            // It names the version of January that it was made from.
            #expect(second.lastMonth?.version == (isStepwise ? 2 : 1))
            #expect(second.use == before.use && second.billing == before.billing && second.points == before.points)
            #expect(try await city.database.read { try $0.dirtyHomes(of: CityFixture.first).count } == 0)
            said.append(second)
        }
        #expect(said[0].use == said[1].use && said[0].billing == said[1].billing && said[0].persons == said[1].persons)
    }

    @Test(arguments: TestEngine.allCases)
    func `a correction names no late reading where the month rests on the same readings`(engine: TestEngine)
        async throws
    {
        let city = try await closed(engine, by: "taiyuan")
        try await setPersons(4, from: february, city)
        try await city.database.write { [february, march] transaction in
            try transaction.markDirty(
                HouseholdID(1), of: CityFixture.first, february, cause: .lateReading, at: march)
        }
        #expect(try await close(city, by: "taiyuan").corrections(at: march).statements == 1)
        #expect(try await statement(february, city).correction?.causes == [.persons])
    }

    @Test(arguments: TestEngine.allCases)
    func `a price put right in one month of a yearly tariff leaves the later ones alone`(engine: TestEngine)
        async throws
    {
        let city = try await closed(engine, by: "beijing")
        let right = try SharedFiles.shelf(beijingBase: "2.17")
        let correct = CorrectTariff(database: city.database, shelf: right)
        #expect(try await correct(january, reason: "价格录错", at: march) == .success(1))
        let summary = try await close(city, right).corrections(at: march + 60)
        #expect(summary.statements == 1 && summary.withoutFiles == 0 && summary.unchanged == 0)
        let first = try await statement(january, city)
        // 170 m³ at 2.17, 1.57 and 1.36.
        #expect(first.version == 2 && first.correction?.causes == [.tariff])
        #expect(try billed(first).total == Money(fen: 170 * 510))
        #expect(try await statement(february, city).version == 1)
        #expect(try await city.database.read { try $0.dirtyHomes(of: CityFixture.first).count } == 0)
        #expect(try await close(city, right).corrections(at: march + 120) == CorrectionSummary())
    }
}
