import Scoring
import Tariffs
import Testing
import Water

struct SavingTests {
    let shipped: Shipped
    let rules: SavingRules

    init() throws {
        shipped = try Shipped()
        rules = try #require(shipped.savingRules.saving)
    }

    /// Earlier levels, last month's, this one's; the usual, the band and the percent, or nil where not judged.
    static let judged: [([Int64], Int64, Int64, [Int64]?)] = [
        // Five levels are one too few, thirteen one too many.
        ([1_000, 1_000, 1_000, 1_000, 1_000], 500, 500, nil),
        (Array(repeating: 1_000, count: 13), 500, 500, nil),
        (Array(repeating: 1_000, count: 12), 500, 500, [1_000, 50, 45]),
        // Exactly the band is chance; one beyond it is not a percent yet; ten are.
        (Array(repeating: 1_000, count: 6), 950, 950, [1_000, 50, 0]),
        (Array(repeating: 1_000, count: 6), 949, 949, [1_000, 50, 0]),
        (Array(repeating: 1_000, count: 6), 940, 940, [1_000, 50, 1]),
        // One low month beside a usual one is none.
        (Array(repeating: 1_000, count: 6), 1_000, 100, [1_000, 50, 0]),
        (Array(repeating: 1_000, count: 6), 100, 1_000, [1_000, 50, 0]),
        // A home that goes up and down by itself: nothing before both are below its lowest month.
        ([600, 1_400, 1_000, 1_200, 800, 1_000], 599, 500, [1_000, 400, 0]),
        ([600, 1_400, 1_000, 1_200, 800, 1_000], 539, 500, [1_000, 400, 6]),
        // 828.5 is 829; the 29 down to 800 are less than 5 %, 41.45.
        ([800, 820, 831, 840, 900, 826], 700, 701, [829, 41, 10]),
        (Array(repeating: 0, count: 6), 0, 0, nil),
    ]

    @Test(arguments: judged)
    func `two months are judged against the earlier ones`(
        levels: [Int64], last: Int64, own: Int64, expected: [Int64]?
    ) {
        let found = rules.judge(levels: levels, last: last, own: own)
        #expect(found.map { [$0.usual, $0.band, $0.percent] } == expected)
        // The order in which the levels came decides nothing.
        #expect(rules.judge(levels: levels.reversed(), last: last, own: own) == found)
    }

    @Test func `points grow by the percent and end at the most`() {
        #expect([-1, 0, 1, 7, 20, 21, 100].map { rules.points(percent: $0).count } == [0, 0, 1, 7, 20, 20, 20])
    }

    private var cohort: Cohort {
        // 21 homes, 5,000 to 7,000: the middle one uses 6,000 litres per equivalised person.
        Cohort(
            area: area, distribution: Distribution(of: (0...20).map { 5_000 + Int64($0) * 100 }),
            rules: shipped.savingRules.cohort)
    }

    private func levels(_ count: Int, upTo last: Int = 1, of persons: Int? = 3) -> [MonthLevel] {
        (last..<last + count).reversed().map {
            MonthLevel(month: Shipped.month.advanced(by: -$0), permille: 1_200, persons: persons)
        }
    }

    private func statement(_ home: HomeMonth, cohort: Cohort?, _ levels: [MonthLevel]) -> Statement {
        let context = StatementContext(
            tariff: shipped.tariff, rules: shipped.savingRules, cohort: cohort, frozenFigure: nil,
            earlierLevels: levels)
        return makeStatement(home, household: "1", version: 1, in: context)
    }

    @Test func `a home that uses a quarter less for two months is paid by the percent`() throws {
        // 8,235 L by three persons are 4,500 each: 750 ‰ of the middle home's 6,000.
        var levels = levels(8)
        levels[7].permille = 850
        let found = statement(home(litres: 8_235), cohort: cohort, levels)
        let saving = try #require(found.saving)
        #expect(saving.own == 750 && saving.notJudged == nil)
        // Usual 1,200, band 60, the higher 850: 290 are 24 %.
        #expect(saving.judgement?.percent == 24)
        let line = try #require(found.points.lines.last)
        #expect(line.rule == "saving" && line.value == 24 && line.pointsBeforeCap == Points(20))
        // Band and norm have filled the month's cap.
        #expect(found.points.total == Points(40) && line.points == .zero)
        #expect(saving.levelsFor(next: found.month, persons: found.persons).count == 9)
        #expect(try Statement(bytes: found.bytes) == found)
        #expect(String(decoding: found.bytes, as: UTF8.self).contains("\"layout\":\"jieshui.statement.3\""))
    }

    @Test func `why a month is not judged is said`() throws {
        let good = home(litres: 8_235)
        let restarted = good.with { month in
            month.findings = [
                Finding(
                    kind: .reset, meter: MeterID(1), at: Instant(epochSeconds: 1_790_800_000), register: .zero,
                    before: nil)
            ]
        }
        let cases: [(HomeMonth, Cohort?, [MonthLevel], Saving.Reason, level: Bool)] = [
            (good.with { $0.persons = nil }, cohort, levels(8), .unranked, false),
            (good, nil, levels(8), .unranked, false),
            (good.with { $0.zeroDays = 5 }, cohort, levels(8), .absent, false),
            (restarted, cohort, levels(8), .register, false),
            (good, cohort, levels(8, upTo: 2), .noLastMonth, true),
            (good, cohort, [], .noLastMonth, true),
            (good, cohort, levels(6), .tooFewMonths, true),
            (good, cohort, levels(8, of: 2), .sizeChanged, true),
            (good, cohort, levels(8, upTo: 3, of: 2) + levels(2, of: 3), .tooFewMonths, true),
        ]
        for (home, cohort, levels, reason, hasLevel) in cases {
            let found = statement(home, cohort: cohort, levels)
            let saving = try #require(found.saving)
            #expect(saving.notJudged == reason && (saving.own != nil) == hasLevel && saving.judgement == nil)
            #expect(found.points.lines.last?.points == .zero && found.points.lines.last?.value == nil)
            #expect(try Statement(bytes: found.bytes) == found)
        }
    }

    @Test func `levels of another number of persons are shown, and neither saved from nor compared with`() throws {
        let mixed = levels(8, upTo: 3, of: 3) + levels(1, upTo: 2, of: 5) + levels(1, of: 3)
        let found = statement(home(litres: 8_235), cohort: cohort, mixed)
        let saving = try #require(found.saving)
        #expect(saving.levels == mixed && saving.counted(for: 3).count == 9 && saving.judgement?.usual == 1_200)
        #expect(String(decoding: found.bytes, as: UTF8.self).contains("\"level_persons\":[3,3,3,3,3,3,3,3,5,3]"))
        #expect(try Statement(bytes: found.bytes) == found)
        let explained = explain(found)
        #expect(explained.contains { $0.key == "saving.level_persons.8" && $0.value == 5 })
        #expect(explained.contains { $0.key == "saving.usual_permille" && $0.value == 1_200 })

        let grown = statement(home(litres: 8_235).with { $0.persons = 5 }, cohort: cohort, levels(8, of: 3))
        #expect(grown.saving?.judgement == nil && grown.saving?.own != nil)
        #expect(grown.points.lines.last?.points == .zero)
        let next = try #require(grown.saving).levelsFor(next: grown.month, persons: grown.persons)
        #expect(next.map(\.persons) == Array(repeating: 3, count: 8) + [5])
    }

    @Test func `a damaged statement that judges by nothing is explained without a trap`() throws {
        var damaged = statement(home(litres: 8_235), cohort: cohort, levels(8))
        damaged.saving?.levels = levels(1)
        #expect(explain(try Statement(bytes: damaged.bytes)).contains { $0.rule == .level })
    }

    @Test func `levels older than the rule looks at are left out`() throws {
        let saving = try #require(statement(home(), cohort: cohort, levels(20)).saving)
        #expect(saving.levels.count == 13 && saving.levels.last?.month == Shipped.month.previous)
    }

    @Test func `what everybody does is nobody's saving`() throws {
        // The whole cohort uses a third less, the home too: its level is as ever.
        let dry = Cohort(
            area: area, distribution: Distribution(of: (0...20).map { (5_000 + Int64($0) * 100) * 2 / 3 }),
            rules: shipped.savingRules.cohort)
        let saving = try #require(statement(home(litres: 8_784), cohort: dry, levels(8)).saving)
        #expect(saving.own == 1_200 && saving.judgement?.percent == 0)
    }
}
