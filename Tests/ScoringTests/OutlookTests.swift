import Scoring
import Tariffs
import Testing
import Water

struct OutlookTests {
    let shipped: Shipped

    init() throws { shipped = try Shipped() }

    /// October with the first days known and the rest to come.
    private func running(_ litres: [Int64], persons: Int? = 3) -> HomeMonth {
        home(litres: 0, persons: persons).with { month in
            month.days = month.days.enumerated().map { index, day in
                index < litres.count
                    ? DayUse(day: day.day, litres: litres[index], state: .measured)
                    : DayUse(day: day.day, litres: nil, state: .missing)
            }
        }
    }

    private func look(_ home: HomeMonth, before: [Int64] = [], usual: Int64? = nil) -> Outlook {
        let days = before.enumerated().map { index, litres in
            DayUse(day: home.month.firstDay.advanced(by: index - before.count), litres: litres, state: .measured)
        }
        var context = StatementContext(tariff: shipped.tariff, rules: shipped.rules, cohort: nil, frozenFigure: nil)
        context.sameMonthLastYear = usual.map {
            EarlierUse(month: home.month.advanced(by: -12), litres: $0, missingHours: 0, version: 1, hash: "")
        }
        return outlook(home, before: days, in: context)
    }

    @Test func `an even home is expected to go on, and its interval is a point`() throws {
        let found = look(running(Array(repeating: 300, count: 10)))
        #expect(found.soFarLitres == 3_000 && found.daysLeft == 21 && found.knownDays == 10)
        let forecast = try #require(found.forecast)
        #expect(forecast.expectedLitres == 9_300)
        #expect(forecast.lowestLitres == 9_300 && forecast.highestLitres == 9_300)
        // 9 m³ × 2.30 + 0.3 × 4.60 + 9.3 × 0.50.
        #expect(forecast.bill?.total == Money(fen: 2_070 + 138 + 465))
    }

    @Test func `water that runs up to the last reading runs, and else it has stopped`() throws {
        let start = Instant(epochSeconds: 1_790_784_000)
        let old = ContinuousFlow(from: start, to: start + 30 * 3_600, litresPerHour: 6)
        let new = ContinuousFlow(from: start + 50 * 3_600, to: start + 80 * 3_600, litresPerHour: 9)
        func found(_ flows: [ContinuousFlow], lastAt: Instant?, ranBefore: Bool = false) -> Outlook {
            var month = running(Array(repeating: 300, count: 3))
            month.continuousFlows = flows
            month.lastReadingAt = lastAt
            let context = StatementContext(
                tariff: shipped.tariff, rules: shipped.rules, cohort: nil, frozenFigure: nil)
            return outlook(month, before: [], ranBefore: ranBefore, in: context)
        }
        // Its last hour is whole; the reading in the next one is not.
        #expect(found([old, new], lastAt: new.to + 3_599).flow == .init(stretch: new, isRunning: true))
        #expect(found([new, old], lastAt: new.to + 3_600).flow == .init(stretch: new, isRunning: false))
        #expect(found([], lastAt: new.to).flow == nil && !found([], lastAt: new.to).isQuietAgain)
        #expect(found([], lastAt: new.to, ranBefore: true).isQuietAgain)
        #expect(!found([new], lastAt: new.to, ranBefore: true).isQuietAgain)
    }

    @Test func `of a home that moves in or out within the month only its own days are to come`() throws {
        let days = (0..<31).map { $0 < 20 ? nil : Int64(240) }.prefix(29)
        var month = running([])
        month.days = month.days.enumerated().map { index, day in
            let litres = index < days.count ? days[index] : nil
            return DayUse(day: day.day, litres: litres, state: litres == nil ? .missing : .measured)
        }
        let context = StatementContext(tariff: shipped.tariff, rules: shipped.rules, cohort: nil, frozenFigure: nil)
        let first = month.month.firstDay
        let found = outlook(month, before: [], lived: first.advanced(by: 20)...first.advanced(by: 30), in: context)
        #expect(found.knownDays == 9 && found.daysLeft == 2 && found.gapDays == 0)
        #expect(found.forecast?.expectedLitres == 2_640 && found.warnings.isEmpty)
        let leaves = outlook(month, before: [], lived: first...first.advanced(by: 29), in: context)
        #expect(leaves.daysLeft == 21 && leaves.gapDays == 20 && leaves.forecast?.expectedLitres == 9 * 240 + 21 * 240)
    }

    @Test func `the interval by hand`() throws {
        // Four of 200 and four of 400: mean 300, s² = 8 × 100² / 7; 23 days left of 31 judged by 8.
        let found = look(running([200, 400, 200, 400, 200, 400, 200, 400]))
        let forecast = try #require(found.forecast)
        #expect(forecast.expectedLitres == 2_400 + 300 * 23)
        // 2.2 × √(11,428.57 × (23 + 23²/8)) = 2.2 × √1,018,571.4 = 2,220.3, rounded up.
        #expect(forecast.highestLitres - forecast.expectedLitres == 2_221)
        #expect(forecast.expectedLitres - forecast.lowestLitres == 2_221)
    }

    @Test func `it never forecasts less than is used already`() throws {
        let found = look(running([0, 0, 0, 0, 0, 0, 5_000] + Array(repeating: 0, count: 20)))
        #expect(try #require(found.forecast).lowestLitres == 5_000)
    }

    @Test func `days before the month help at its start, twenty-eight at most`() throws {
        let found = look(running([100]), before: Array(repeating: 200, count: 40))
        #expect(found.basis.count == 28)
        // 27 × 200 + 100 over 28 days, 30 to go: 5,892.86.
        #expect(try #require(found.forecast).expectedLitres == 100 + 5_893)
        #expect(look(running([100]), before: [200, 200, 200, 200, 200]).forecast == nil)
    }

    @Test func `a goal counts gaps and days that are over as average ones, and only the days to come`() throws {
        var month = running(Array(repeating: 300, count: 10))
        month.days[4] = DayUse(day: month.days[4].day, litres: nil, state: .missing)
        let context = StatementContext(tariff: shipped.tariff, rules: shipped.rules, cohort: nil, frozenFigure: nil)
        // Nine days are known, the fifth is a gap, and the eleventh to the twentieth are over without data.
        let today = month.month.firstDay.advanced(by: 20)
        let found = outlook(month, before: [], goalLitres: 9_300, today: today, in: context)
        #expect(found.soFarLitres == 2_700 && found.gapDays == 11 && found.gapLitres == 3_300)
        #expect(found.daysLeft == 22 && found.daysToCome == 11)
        // (9,300 − 2,700 − 3,300) / 11.
        #expect(found.goalLitresPerDay == 300)
        let unaware = outlook(month, before: [], goalLitres: 9_300, in: context)
        #expect(unaware.gapDays == 1 && unaware.daysToCome == 21)
    }

    @Test func `a home that goes on below what is usual, or hardly above it, is not warned of it`() throws {
        let tenDays = running(Array(repeating: 300, count: 10))
        #expect(!look(tenDays, usual: 9_400).warnings.contains { $0.limit == .baseline })
        #expect(!look(tenDays, usual: 9_100).warnings.contains { $0.limit == .baseline })
        #expect(look(tenDays, usual: 9_000).warnings.contains { $0.limit == .baseline && $0.usedLitres == 9_300 })
    }

    @Test func `warnings are of what is expected, not of what is used`() throws {
        let found = look(running(Array(repeating: 300, count: 7)), usual: 8_000)
        // 9,300 L: 116 % of usual, 71 % of the norm, 68 % of tier 2's bound.
        #expect(found.warnings.map(\.limit) == [.baseline])
        #expect(found.warnings.first?.level == .over && found.warnings.first?.percent == 116)
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `hostile figures never trap`(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        let figures = (0..<Int.random(in: 0...31, using: &random)).map { _ in
            Int64.random(in: Bool.random(using: &random) ? 0...5_000 : Int64.min...Int64.max, using: &random)
        }
        let found = look(running(figures), before: figures)
        if let forecast = found.forecast {
            #expect(forecast.lowestLitres <= forecast.expectedLitres)
            #expect(forecast.expectedLitres <= forecast.highestLitres)
        }
    }
}
