import Database
import Logging
import Metering
import Operations
import Scoring
import Storage
import Tariffs
import Testing
import Water

/// A meter that says nothing for months, and what is billed meanwhile.
@Suite(.freshDatabases) struct OutageTests {
    private let months = ["2026-10", "2026-11", "2026-12", "2027-01", "2027-02"].compactMap { BillingMonth($0) }
    /// 2026-10-01T00:00:00+08:00.
    private let start = Instant(epochSeconds: 1_790_784_000)
    private let end = Instant(epochSeconds: 1_790_784_000 + 160 * 86_400)

    /// Two homes that use 7 and 8 litres an hour; home 1's meter falls silent on 1 November.
    private func city(_ engine: TestEngine) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        try await city.database.write { try $0.setTimeZone("Asia/Shanghai") }
        for home in 1...2 as ClosedRange<Int64> { try await city.addHome(home) }
        try await post(1, days: 0..<31, city)
        try await post(2, days: 0..<155, city)
        return city
    }

    /// Half past every hour from two hours before the first day to six after the last.
    private func post(_ home: Int64, days: Range<Int>, _ city: CityFixture) async throws {
        for first in stride(from: days.lowerBound, to: days.upperBound, by: 10) {
            let hours = first * 24..<min(first + 10, days.upperBound) * 24 + 6
            let registers = hours.map { 100_000 + Int64($0) * (6 + home) }
            let from = start - 2 * 3_600 + 1_800 + Int64(hours.lowerBound) * 3_600
            try await city.post(CityFixture.series(home, from: from, registers), at: end)
        }
    }

    private func close(_ city: CityFixture) throws -> CloseMonth {
        CloseMonth(
            database: city.database, calendar: city.calendar, shelf: try SharedFiles.shelf(),
            settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: SharedFiles.rulesID),
            logger: Logger(label: "test"))
    }

    private func statement(_ home: Int64, _ month: BillingMonth, _ city: CityFixture) async throws -> Statement {
        let stored = try await city.database.read {
            try $0.statement(of: HouseholdID(home), in: CityFixture.first, month)
        }
        return try Statement(bytes: Array(try #require(stored).body.utf8))
    }

    private func closed(_ engine: TestEngine) async throws -> CityFixture {
        let city = try await city(engine)
        for month in months {
            _ = try await close(city)(month, at: city.calendar.interval(of: month).end + 5 * 86_400).get()
        }
        return city
    }

    @Test(arguments: TestEngine.allCases)
    func `in a long outage the fourth month is billed as the first is, by the last month that was read`(
        engine: TestEngine
    ) async throws {
        let city = try await closed(engine)
        for month in months.dropFirst() {
            let said = try await statement(1, month, city)
            #expect(said.use.litres == 31 * 24 * 7 && said.use.measuredLitres == 0, "\(month)")
            #expect(said.analysis?.bylawMonths.map(\.month) == [months[0]], "\(month)")
            #expect(said.billing != .refused(.noFigure) && said.points.total == .zero, "\(month)")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what a month is estimated by does not depend on when the ones before it are corrected`(
        engine: TestEngine
    ) async throws {
        var said: [[Int64]] = []
        for isStepwise in [true, false] {
            let city = try await closed(engine)
            // What November and December had comes in March.
            for days in [31..<61, 61..<92] {
                try await post(1, days: days, city)
                _ = try await city.fold.whatIsThere(at: end)
                if isStepwise { while try await close(city).corrections(at: end).statements > 0 {} }
            }
            while try await close(city).corrections(at: end).statements > 0 {}
            var litres: [Int64] = []
            for month in months { litres.append(try await statement(1, month, city).use.litres) }
            said.append(litres)
            let last = try await statement(1, months[4], city)
            #expect(last.analysis?.bylawMonths.map(\.month) == Array(months[..<3]))
        }
        let read = [31, 30, 31].map { Int64($0 * 24 * 7) }
        let mean = read.reduce(0, +) / 3
        #expect(said == [read + [mean, mean], read + [mean, mean]])
    }

    @Test(arguments: TestEngine.allCases)
    func `a month of a community that was left out marks what rests on it when it is issued`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        // Somebody else's month goes on without the community.
        try await city.addHome(3, in: CityFixture.second)
        let close = try close(city)
        func at(_ month: BillingMonth) -> Instant { city.calendar.interval(of: month).end + 5 * 86_400 }
        _ = try await close(months[0], at: at(months[0]), excluding: ["140105001001": "unread"]).get()
        _ = try await close(months[1], at: at(months[1])).get()
        #expect(try await statement(1, months[1], city).billing == .refused(.noFigure))
        _ = try await close(months[0], at: at(months[1])).get()
        while try await close.corrections(at: end).statements > 0 {}
        let said = try await statement(1, months[1], city)
        #expect(said.version == 2 && said.analysis?.bylawMonths.map(\.month) == [months[0]])
        #expect(said.use.litres == 31 * 24 * 7)
    }
}
