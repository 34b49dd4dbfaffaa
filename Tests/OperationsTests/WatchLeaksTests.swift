import Database
import Logging
import Operations
import Storage
import Testing
import Water

/// What runs in the month under way is known before its close.
@Suite(.freshDatabases) struct WatchLeaksTests {
    private let october = BillingMonth(number: 2_026 * 12 + 9)
    private let start = CityFixture.october

    private func city(_ engine: TestEngine) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        for home in 1...2 as ClosedRange<Int64> { try await city.addHome(home) }
        return city
    }

    private func settings() -> CloseMonth.Settings {
        CloseMonth.Settings(tariffID: "taiyuan", rulesID: SharedFiles.rulesID)
    }

    private func watch(_ city: CityFixture) throws -> WatchLeaks {
        WatchLeaks(
            database: city.database, calendar: city.calendar, shelf: try SharedFiles.shelf(), settings: settings())
    }

    /// Home 1 at ten litres an hour, home 2 with its water shut.
    private func post(_ hours: ClosedRange<Int64>, _ city: CityFixture) async throws {
        let from = start + hours.lowerBound * 3_600
        try await city.post(CityFixture.series(1, from: from, hours.map { 1_000 + $0 * 10 }))
        try await city.post(CityFixture.series(2, from: from, hours.map { _ in 500 }))
        _ = try await city.foldAll()
    }

    private func noted(_ city: CityFixture) async throws -> [SuspectedLeak] {
        try await city.database.read { try $0.suspectedLeaks(of: CityFixture.first, october, limit: 100) }
    }

    @Test(arguments: TestEngine.allCases)
    func `water that does not stop is noted while it runs, and what it came to is put right`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        let watch = try watch(city)
        #expect(try await watch(at: start + 3_600) == 1)
        try await post(0...23, city)
        #expect(try await watch(at: start + 8 * 3_600) == 1)
        // Not yet a day.
        #expect(try await noted(city).isEmpty)
        try await post(24...60, city)
        // Looked at less than six hours ago.
        #expect(try await watch(at: start + 13 * 3_600) == 0)
        #expect(try await watch(at: start + 15 * 3_600) == 1)
        let first = try await noted(city)
        #expect(first.map(\.household) == ["H1"] && first.map(\.flow.hours) == [60])
        #expect(first.map(\.flow.litresPerHour) == [10])
        // Nothing was folded since.
        #expect(try await watch(at: start + 30 * 3_600) == 0)
        try await post(61...90, city)
        #expect(try await watch(at: start + 40 * 3_600) == 1)
        #expect(try await noted(city).map(\.flow.hours) == [90])
        // Another process that begins looks at everything, and writes nothing new.
        #expect(try await self.watch(city)(at: start + 41 * 3_600) == 1)
        #expect(try await noted(city).map(\.flow.to) == [start + 90 * 3_600])
    }

    @Test(arguments: TestEngine.allCases)
    func `the close puts what it found in the place of what was noted before`(engine: TestEngine) async throws {
        let city = try await city(engine)
        try await post(0...60, city)
        #expect(try await watch(city)(at: start + 70 * 3_600) == 1)
        #expect(try await noted(city).map(\.flow.hours) == [60])
        try await post(61...100, city)
        let close = CloseMonth(
            database: city.database, calendar: city.calendar, shelf: try SharedFiles.shelf(), settings: settings(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        _ = try await close(october, at: CityFixture.afterOctober).get()
        #expect(try await noted(city).map(\.flow.hours) == [100])
        // What a process that is late would note of the closed month is not taken.
        try await post(101...110, city)
        _ = try await watch(city)(at: start + 120 * 3_600)
        #expect(try await noted(city).map(\.flow.hours) == [100])
    }

    @Test(arguments: TestEngine.allCases)
    func `a look that failed is taken again soon, and meanwhile the others are`(engine: TestEngine) async throws {
        let city = try await city(engine)
        try await city.addHome(3, in: CityFixture.second)
        try await post(0...60, city)
        let bodies = try await city.database.write { transaction in
            let bodies = try transaction.reader.all(
                "SELECT day, meter_id, body FROM reading_day WHERE community_id = \(CityFixture.first)"
            ) { (try $0.integer(0), try $0.integer(1), try $0.blob(2)) }
            let damaged: [UInt8] = [99]
            try transaction.execute(
                "UPDATE reading_day SET body = \(damaged) WHERE community_id = \(CityFixture.first)")
            return bodies
        }
        let watch = try watch(city)
        await #expect(throws: DamagedReadings.self) { _ = try await watch(at: start + 70 * 3_600) }
        #expect(try await watch(at: start + 70 * 3_600 + 20) == 1)
        try await city.database.write { transaction in
            for (day, meter, body) in bodies {
                try transaction.execute(
                    """
                    UPDATE reading_day SET body = \(body)
                    WHERE community_id = \(CityFixture.first) AND day = \(day) AND meter_id = \(meter)
                    """)
            }
        }
        #expect(try await watch(at: start + 70 * 3_600 + 599) == 0)
        #expect(try await watch(at: start + 70 * 3_600 + 600) == 1)
        #expect(try await noted(city).map(\.flow.hours) == [60])
    }

    @Test func `a look ends with the community that fills it, and the next goes on`() async throws {
        let city = try await CityFixture(on: .sqlite)
        try await city.addHome(1)
        try await city.addHome(3, in: CityFixture.second)
        let watch = try watch(city)
        #expect(try await watch(homes: 1, at: start + 3_600) == 1)
        #expect(try await watch(homes: 1, at: start + 3_601) == 1)
        #expect(try await watch(homes: 1, at: start + 3_602) == 0)
        // The next month is another.
        #expect(try await watch(at: start + 32 * 86_400) == 2)
    }
}
