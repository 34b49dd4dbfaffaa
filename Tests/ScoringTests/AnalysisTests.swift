import Scoring
import Tariffs
import Testing
import Water

struct AnalysisTests {
    let shipped: Shipped

    init() throws { shipped = try Shipped() }

    /// 2026-10-01 00:00 in Taiyuan.
    private let start = Instant(epochSeconds: 1_790_784_000)

    private func earlier(_ back: Int, _ litres: Int64, missing: Int64 = 0) -> EarlierUse {
        EarlierUse(
            month: Shipped.month.advanced(by: -back), litres: litres, missingHours: missing, version: 1,
            hash: String(repeating: "cd", count: 32))
    }

    private func analysis(
        _ home: HomeMonth, _ change: (inout StatementContext) -> Void = { _ in }
    ) throws -> Analysis {
        var context = StatementContext(
            tariff: shipped.tariff, rules: shipped.rules, cohort: nil, frozenFigure: nil, monthStart: start)
        change(&context)
        return try #require(makeStatement(home, household: "1", version: 1, in: context).analysis)
    }

    @Test func `the same month last year is the baseline where it was whole`() throws {
        let found = try analysis(home(litres: 10_000)) {
            $0.sameMonthLastYear = earlier(12, 9_000)
            $0.lastMonth = earlier(1, 5_000)
        }
        let baseline = try #require(found.baseline)
        #expect(baseline.kind == .sameMonthLastYear)
        #expect(baseline.litres == 9_000)
        #expect(baseline.changeLitres == 1_000)
    }

    /// September, August, July with their gaps; the baseline of October's 31 days by hand.
    static let recent: [([Int64?], Int64?)] = [
        // 30 + 31 + 31 days: 27,600 × 31 / 92 = 9,300.
        ([9_000, 9_300, 9_300], 9_300),
        // Without August: 18,300 × 31 / 61 = 9,300.
        ([9_000, nil, 9_300], 9_300),
        // September alone: 6,001 × 31 / 30 = 6,201.03.
        ([6_001, nil, nil], 6_201),
        ([nil, nil, nil], nil),
    ]

    @Test(arguments: recent)
    func `else the whole ones of the last three months are, by days`(litres: [Int64?], usual: Int64?) throws {
        let months = litres.enumerated().map { earlier($0 + 1, $1 ?? 4_000, missing: $1 == nil ? 1 : 0) }
        let found = try analysis(home(litres: 10_000)) {
            $0.sameMonthLastYear = earlier(12, 9_000, missing: 3)
            $0.lastMonth = months[0]
            $0.monthsBeforeLast = [months[2], months[1]]
        }
        #expect(found.baseline?.litres == usual)
        #expect(found.baseline?.changeLitres == usual.map { 10_000 - $0 })
        let dates = found.baseline?.months.map(\.month) ?? []
        #expect(dates == dates.sorted())
    }

    @Test func `the week adds up to the month, day by day of the week`() throws {
        let found = try analysis(home(litres: 9_301))
        #expect(found.week.reduce(0) { $0 + $1.litres } == 9_301)
        // October 2026 begins on a Thursday and ends on a Saturday, which took the odd litre.
        #expect(found.week.map(\.days) == [4, 4, 4, 5, 5, 5, 4])
        #expect(found.week[5].litres == 1_501)
        #expect(found.week[0].meanLitres == 300)
    }

    @Test func `a leak costs the bill with it less the bill without it`() throws {
        // It began five days before the month, of which nothing is this month's: 48 hours of 10 litres are.
        let flow = ContinuousFlow(from: start - 5 * 86_400, to: start + 2 * 86_400, litresPerHour: 10)
        let found = try analysis(home(litres: 8_680).with { $0.continuousFlows = [flow] })
        let leak = try #require(found.leak)
        #expect(leak.hours == 48)
        #expect(leak.litres == 480)
        // 8.68 m³ × 2.30 and 0.50: 19.964 → 19.96, 4.34; 8.2 m³: 18.86, 4.10.
        #expect(leak.cost == Money(fen: 1_996 + 434 - 1_886 - 410))
        // No more than ran out in the month.
        #expect(found.actions.first?.kind == .stopFlow)
        #expect(found.actions.first?.litres == 480)
        #expect(found.actions.first?.because == [480, 48, 10])
        let more = ContinuousFlow(from: start + 86_400, to: start + 2 * 86_400, litresPerHour: 400)
        let capped = try analysis(home(litres: 8_680).with { $0.continuousFlows = [flow, more] })
        #expect(capped.actions.first?.litres == 8_680)
        #expect(capped.actions.first?.because == [10_080, 48, 10, 24, 400])
    }

    @Test func `of a shared meter's leak a home pays its own part`() throws {
        let flow = ContinuousFlow(
            from: start, to: start + 2 * 86_400, litresPerHour: 11, shareMillionths: 333_333)
        let found = try analysis(home(litres: 8_680).with { $0.continuousFlows = [flow] })
        let leak = try #require(found.leak)
        // 48 × 11 × 0.333333, rounded down.
        #expect(leak.litres == 175 && leak.flows.first?.litresPerHour == 11)
        #expect(found.actions.first?.litres == 175)
        // 8.68 m³ × 2.30 and 0.50: 19.96, 4.34; 8.505 m³: 19.56, 4.25.
        #expect(leak.cost == Money(fen: 1_996 + 434 - 1_956 - 425))
    }

    @Test func `a night that is never quiet is named, and only without a leak`() throws {
        let night = NightUse(nights: 31, litres: 200, lowestLitres: 3)
        let found = try analysis(home(litres: 8_680).with { $0.night = night })
        #expect(found.actions.map(\.kind) == [.checkNight])
        // 3 L in three hours: 1 L/h in each hour of 31 days.
        #expect(found.actions.first?.litres == 744)
        let short = try analysis(
            home(litres: 8_680).with { $0.night = NightUse(nights: 19, litres: 60, lowestLitres: 3) })
        #expect(short.actions.isEmpty)
    }

    @Test func `three actions at most, the largest first, each with its reason and what it saves`() throws {
        let busy = home(litres: 12_000, persons: 3).with { month in
            month.days = month.days.enumerated().map { index, day in
                DayUse(day: day.day, litres: index < 3 ? 1_067 : 314, state: .measured)
            }
            month.measuredLitres = month.days.compactMap(\.litres).reduce(0, +)
            month.night = NightUse(nights: 31, litres: 310, lowestLitres: 10)
        }
        let found = try analysis(busy) { $0.sameMonthLastYear = earlier(12, 11_000) }
        // 11,993 L: back to usual would save 993 and is the fourth.
        #expect(found.actions.map(\.kind) == [.stayInTier, .checkNight, .easeHeavyDays])
        #expect(found.actions.map(\.litres) == [2_993, 2_480, 2_259])
        #expect(found.actions[2].because == [314, 1_067, 1_067, 1_067])
        #expect(found.actions.allSatisfy { $0.saving ?? .zero > .zero })
    }

    @Test func `what is over a tier's bound is an action, with its tier and bound`() throws {
        let found = try analysis(home(litres: 10_000, persons: 1))
        let action = try #require(found.actions.first)
        #expect(action.kind == .stayInTier)
        #expect(action.because == [1, 9_000, 10_000])
        #expect(action.litres == 1_000)
        // 1 m³ in tier 2 at 4.60 and sewage 0.50.
        #expect(action.saving == Money(fen: 510))
    }

    @Test func `water that never stops comes first, however little of the month it is`() throws {
        let flow = ContinuousFlow(from: start, to: start + 2 * 86_400, litresPerHour: 10)
        let found = try analysis(home(litres: 12_000, persons: 3).with { $0.continuousFlows = [flow] })
        #expect(found.actions.map(\.kind) == [.stopFlow, .stayInTier])
        #expect(found.actions.map(\.litres) == [480, 3_000])
    }

    /// The first three days are heaviest and estimated, the next three as heavy as measured days get.
    private func month(estimated: Int) -> HomeMonth {
        home(persons: 3).with { month in
            month.days = month.days.enumerated().map { index, day in
                let litres: Int64 = index < 3 ? 900 : index < 6 ? 500 : 200
                let isEstimated = index < 3 || index >= 34 - estimated
                return DayUse(day: day.day, litres: litres, state: isEstimated ? .estimated : .measured)
            }
            let estimates = month.days.filter { $0.state == .estimated }.compactMap(\.litres).reduce(0, +)
            (month.measuredLitres, month.estimatedLitres) = (9_200 - estimates, estimates)
        }
    }

    @Test func `an estimated day is none of the heaviest, and with fewer than twenty measured ones none is`() throws {
        let heavy = try analysis(month(estimated: 11)).actions.first { $0.kind == .easeHeavyDays }
        #expect(heavy?.because == [200, 500, 500, 500] && heavy?.litres == 900)
        #expect(try !analysis(month(estimated: 12)).actions.contains { $0.kind == .easeHeavyDays })
    }

    /// Litres of a three-person October: tier bound 9,000, norm 13,020.
    static let limits: [(Int64, [String])] = [
        (7_199, []),
        (7_200, ["tier near 80"]),
        (9_000, ["tier near 100"]),
        (9_001, []),
        (10_416, ["norm near 80"]),
        (14_322, ["norm over 110", "tier near 106"]),
    ]

    @Test(arguments: limits)
    func `limits are warned of from 80 % on`(litres: Int64, expected: [String]) throws {
        let found = try analysis(home(litres: litres, persons: 3))
        let said = found.warnings.map { "\($0.limit.rawValue) \($0.level.rawValue) \($0.percent)" }
        #expect(said == expected)
    }

    /// Litres of a home that usually uses 5,000 in October.
    static let overUsual: [(Int64, [String])] = [
        (5_149, []), (5_150, ["baseline near 103"]), (5_500, ["baseline over 110"]),
    ]

    @Test(arguments: overUsual)
    func `a little more than usual is no news`(litres: Int64, expected: [String]) throws {
        let found = try analysis(home(litres: litres, persons: 3)) { $0.sameMonthLastYear = earlier(12, 5_000) }
        #expect(found.warnings.map { "\($0.limit.rawValue) \($0.level.rawValue) \($0.percent)" } == expected)
    }

    @Test func `a month estimated from earlier ones is warned of nothing and promised no saving`() throws {
        let measured = home(litres: 12_090, persons: 3)
        let estimated = measured.with { month in
            month.isBracketed = false
            month.days = month.days.map { DayUse(day: $0.day, litres: $0.litres, state: .estimated) }
            (month.measuredLitres, month.estimatedLitres) = (0, 12_090)
        }
        func found(_ home: HomeMonth) throws -> Analysis {
            try analysis(home) {
                $0.lastMonth = earlier(1, 12_090)
                $0.sameMonthLastYear = earlier(12, 9_000)
            }
        }
        let mean = try found(estimated)
        #expect(mean.bylawMonths.map(\.litres) == [12_090] && mean.baseline?.changeLitres == 3_090)
        #expect(mean.warnings.isEmpty && mean.actions.isEmpty)
        // Of registers the same litres are over what is usual and near the norm and the tier's bound.
        let known = try found(measured)
        #expect(known.warnings.map(\.limit) == [.baseline, .norm, .tier])
        #expect(known.actions.map(\.kind) == [.backToUsual, .stayInTier])
    }

    @Test func `what last month's statement said is kept beside it, and nothing without one`() throws {
        let found = try analysis(home(litres: 8_680)) {
            $0.lastMonth = earlier(1, 9_280)
            $0.lastFigures = EarlierFigures(bill: Money(fen: 3_000), percentile: 40, points: Points(20))
        }
        #expect(found.lastMonth == EarlierFigures(bill: Money(fen: 3_000), percentile: 40, points: Points(20)))
        let alone = try analysis(home()) {
            $0.lastFigures = EarlierFigures(bill: nil, percentile: nil, points: .zero)
        }
        #expect(alone.lastMonth == nil)
    }

    @Test func `a month without a register names the months whose mean stands for it, and can be redone`() throws {
        let estimated = home(litres: 0).with { month in
            month.isBracketed = false
            month.days = month.days.enumerated().map { index, day in
                DayUse(day: day.day, litres: index == 0 ? 310 : 300, state: .estimated)
            }
            month.measuredLitres = 0
            month.estimatedLitres = 9_310
        }
        var context = StatementContext(tariff: shipped.tariff, rules: shipped.rules, cohort: nil, frozenFigure: nil)
        context.lastMonth = earlier(1, 9_000)
        context.monthsBeforeLast = [earlier(2, 9_621), earlier(3, 4_000, missing: 5)]
        let statement = makeStatement(estimated, household: "1", version: 1, in: context)
        #expect(statement.analysis?.bylawMonths.map(\.litres) == [9_621, 9_000])
        let entry = try #require(explain(statement).first { $0.rule == .bylawMean })
        // (9,621 + 9,000) / 2 = 9,310.5, floored.
        #expect(entry.arithmetic.value == 9_310 && entry.value == 9_310)
        #expect(statement.points.total == .zero && statement.unranked == .notBracketed)
        #expect(try Statement(bytes: statement.bytes) == statement)
    }

    @Test func `a month without a register names the months it was measured by, with days missing by their mean day`()
        throws
    {
        let january = BillingMonth(number: home().month.number - 9)
        func basis(_ back: Int, _ litres: Int64, known: Int? = nil) -> MonthBasis {
            let month = home().month.advanced(by: -back)
            return MonthBasis(
                month: month, litres: litres, missingHours: known == nil ? 0 : 40, knownDays: known ?? month.dayCount,
                version: 2, hash: "ab")
        }
        // 7,000 L of 29 of January's 31 days are 7,482 of all.
        let bases = [basis(9, 7_000, known: 29), basis(5, 9_621), basis(1, 9_000)]
        let litres = (7_482 + 9_621 + 9_000) / 3 as Int64
        let estimated = home(litres: 0).with { month in
            month.isBracketed = false
            month.days = month.days.enumerated().map { index, day in
                DayUse(day: day.day, litres: index == 0 ? litres : 0, state: .estimated)
            }
            month.measuredLitres = 0
            month.estimatedLitres = litres
            month.bylawMonths = bases
        }
        var context = StatementContext(tariff: shipped.tariff, rules: shipped.rules, cohort: nil, frozenFigure: nil)
        context.lastMonth = earlier(1, 5)
        let statement = makeStatement(estimated, household: "1", version: 1, in: context)
        let months = try #require(statement.analysis?.bylawMonths)
        #expect(months.map(\.month) == [january, home().month.advanced(by: -5), home().month.advanced(by: -1)])
        #expect(months.map(\.knownDays) == [29, nil, nil] && months.map(\.version) == [2, 2, 2])
        let entry = try #require(explain(statement).first { $0.rule == .bylawMean })
        #expect(entry.arithmetic.value == litres && entry.value == litres)
        #expect(try Statement(bytes: statement.bytes) == statement)
    }

    @Test func `a statement of the first layout is still read, and has no analysis`() throws {
        let context = StatementContext(tariff: shipped.tariff, rules: shipped.rules, cohort: nil, frozenFigure: nil)
        var old = makeStatement(home(), household: "1", version: 1, in: context)
        old.analysis = nil
        #expect(String(decoding: old.bytes, as: UTF8.self).contains("jieshui.statement.1"))
        let read = try Statement(bytes: old.bytes)
        #expect(read == old)
        #expect(read.bytes == old.bytes)
    }
}
