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
        _ city: CityFixture, by tariff: String = "beijing", _ shelf: TariffShelf? = nil
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

    private func bill(_ statement: Statement) throws -> Bill {
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
        let bill = try bill(second)
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
        _ = try await close(city, by: "taiyuan", former)(january, at: after(january, city)).get()
        try await read([("2026-02-01", 270), ("2026-03-01", 290)], city)
        let summary = try await close(city, by: "taiyuan")(february, at: march).get()
        #expect(summary.statements == 1 && summary.corrections.statements == 0)
        #expect(summary.corrections.withoutFiles == 1 && summary.corrections.missingFiles.count == 1)
        #expect(try await statement(january, city).version == 1)
        #expect(try await statement(february, city).version == 1)
        #expect(try await close(city, by: "taiyuan", former).corrections(at: march).statements == 1)
    }
}
