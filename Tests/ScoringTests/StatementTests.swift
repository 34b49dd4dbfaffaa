import Foundation
import Scoring
import Tariffs
import Testing
import Water

struct StatementTests {
    let shipped: Shipped

    init() throws { shipped = try Shipped() }

    /// Twenty homes at 1,000 to 20,000 litres per equivalised person; benchmark 4,000, median 10,500.
    private func cohort(_ homes: Int = 20) -> Cohort {
        Cohort(
            area: area, distribution: Distribution(of: (1...homes).map { Int64($0) * 1_000 }),
            rules: shipped.rules.cohort)
    }

    private func statement(_ home: HomeMonth, cohort: Cohort?, frozen: Int64? = nil) -> Statement {
        let context = StatementContext(
            tariff: shipped.tariff, rules: shipped.rules, cohort: cohort, frozenFigure: frozen)
        return makeStatement(home, household: "0351-0001", version: 1, in: context)
    }

    /// One-person homes (scale 1): litres, percentile, points of band and norm, sentence.
    static let earners: [(Int64, Int64, [Int64], Sentence)] = [
        (1_000, 0, [30, 10], Sentence(.amongBest, [1_000, 0])),
        (4_000, 15, [30, 10], Sentence(.amongBest, [4_000, 15])),
        (5_000, 21, [20, 0], Sentence(.thrifty, [5_000, 21])),
        (10_000, 47, [20, 0], Sentence(.thrifty, [10_000, 47])),
        // 11 m³ cost 20.70 + 9.20 + 5.50, the benchmark's 4 m³ 9.20 + 2.00.
        (11_000, 52, [0, 0], Sentence(.headroom, [11_000, 7_000, 2_420])),
    ]

    @Test(arguments: earners)
    func `low use is praised and paid by percentile and norm`(
        litres: Int64, percentile: Int64, points: [Int64], sentence: Sentence
    ) {
        let statement = statement(home(litres: litres, persons: 1), cohort: cohort(), frozen: litres)
        #expect(statement.rank?.percentile == percentile)
        #expect(statement.points.lines.map(\.points.count) == points)
        #expect(statement.points.total.count == points.reduce(0, +))
        #expect(statement.sentence == sentence)
        #expect((statement.points.noneReason == nil) == (statement.points.total > .zero))
    }

    @Test func `every shown number can be redone from the statement`() throws {
        let statement = statement(home(litres: 20_000, persons: 3), cohort: cohort())
        let equivalised = try #require(statement.equivalised)
        #expect(equivalised.litres == divideHalfUp(20_000 * 1_000_000, by: equivalised.scaleMillionths))
        let benchmark = try #require(statement.cohort?.benchmarkLitres)
        let headroom = try #require(statement.headroom)
        #expect(headroom.benchmarkHomeLitres == divideHalfUp(benchmark * equivalised.scaleMillionths, by: 1_000_000))
        #expect(headroom.litres == 20_000 - headroom.benchmarkHomeLitres)
        guard case .billed(let bill) = statement.billing else { throw StatementDefectFound() }
        #expect(headroom.saving == bill.total - (headroom.benchmarkBill ?? .zero))
        let norm = try #require(statement.norm)
        #expect(norm.litres == norm.litresPerPersonDay * 3 * Int64(norm.days))
        #expect(statement.use.days.compactMap(\.litres).reduce(0, +) == statement.use.litres)
    }

    private struct StatementDefectFound: Error {}

    static let nothing: [(UnrankedReason, @Sendable (inout HomeMonth) -> Void)] = [
        (.absent, { $0.zeroDays = 20 }),
        (.vacant, { $0.measuredLitres = 100 }),
        (.unknownPersons, { $0.persons = nil }),
        (.partial, { $0.isPartial = true }),
        (.tooLittleMeasured, { $0.qualifyingSeconds = 100 }),
        (.notBracketed, { $0.isBracketed = false }),
        (
            .notJoined,
            {
                $0.isBracketed = false
                $0.unjoinedOn = [$0.month.firstDay.advanced(by: 11), $0.month.lastDay]
            }
        ),
        (.shared, { $0.shareMillionths = 400_000 }),
        (.personsOutsideScale, { $0.persons = 30 }),
    ]

    @Test(arguments: nothing.indices)
    func `an unranked month earns nothing, has no rank and says why`(index: Int) throws {
        let (reason, change) = StatementTests.nothing[index]
        let statement = statement(home(litres: 1_000, persons: 3).with(change), cohort: cohort())
        #expect(statement.unranked == reason)
        #expect(statement.rank == nil)
        #expect(statement.headroom == nil)
        #expect(statement.points.total == .zero)
        #expect(statement.points.lines.map(\.points) == [.zero, .zero])
        #expect(statement.points.noneReason == .unranked(reason))
        #expect(statement.sentence.code == .unranked)
        #expect(statement.isShared == (reason == .shared))
        #expect(statement.shareMillionths == (reason == .shared ? 400_000 : nil))
        #expect(statement.quality.unjoinedOn.count == (reason == .notJoined ? 2 : 0))
        #expect(try Statement(bytes: statement.bytes) == statement)
    }

    @Test func `unknown persons are billed at the base size, marked`() throws {
        let statement = statement(home(litres: 10_000, persons: nil), cohort: cohort())
        guard case .billed(let bill) = statement.billing else { throw StatementDefectFound() }
        #expect(bill.persons == 3)
        #expect(bill.assumptions == [.personsUnknown, .monthAfterCertain])
        #expect(statement.persons == nil)
        #expect(statement.equivalised == nil)
        #expect(statement.norm == nil)
    }

    @Test func `without a cohort the norm alone pays`() {
        let thrifty = statement(home(litres: 4_340, persons: 1), cohort: nil)
        #expect(thrifty.points.lines.map(\.points.count) == [0, 10])
        #expect(thrifty.sentence == Sentence(.withinNorm, [4_340, 4_340]))
        let heavy = statement(home(litres: 4_341, persons: 1), cohort: nil)
        #expect(heavy.points.noneReason == .noCohort)
        #expect(heavy.sentence == Sentence(.used, [4_341]))
        #expect(heavy.cohort == nil)
    }

    @Test func `a cohort of ten to fourteen ranks but has no benchmark`() {
        let statement = statement(home(litres: 9_000, persons: 1), cohort: cohort(10), frozen: 9_000)
        #expect(statement.rank?.percentile == 88)
        #expect(statement.cohort?.benchmarkLitres == nil)
        #expect(statement.headroom == nil)
        #expect(statement.points.noneReason == .noRuleMet)
        #expect(statement.sentence == Sentence(.used, [9_000]))
    }

    @Test func `a leak is said before praise, the longest first`() {
        let start = Instant(epochSeconds: 1_790_784_000)
        let statement = statement(
            home(litres: 1_000, persons: 1).with {
                $0.continuousFlows = [
                    ContinuousFlow(from: start, to: start + 24 * 3_600, litresPerHour: 9),
                    ContinuousFlow(from: start + 200_000, to: start + 200_000 + 30 * 3_600, litresPerHour: 4),
                ]
            }, cohort: cohort(), frozen: 1_000)
        #expect(statement.sentence == Sentence(.leak, [1_000, 30, 4]))
        #expect(statement.points.total.count == 40)
    }

    @Test func `a month without any figure says so`() {
        let empty = home(litres: 0).with { month in
            month.days = month.days.map { DayUse(day: $0.day, litres: nil, state: .missing) }
            month.missingSeconds = month.monthSeconds - 1
            month.isBracketed = false
        }
        let statement = statement(empty, cohort: cohort())
        #expect(statement.sentence == Sentence(.noFigure, []))
        #expect(statement.billing == .refused(.noFigure))
        #expect(statement.use.missingHours == 744)
    }

    @Test func `a month outside the tariff is stated, not billed`() throws {
        let early = home().with { $0.month = BillingMonth(number: 2_015 * 12) }
        let statement = statement(early, cohort: cohort())
        #expect(statement.billing == .refused(.outsideValidity))
        #expect(statement.headroom?.saving == nil)
    }

    @Test(arguments: [0, 10, 20, 30, 39, 40, 100] as [Int64])
    func `earlier lines fill a cap first and no month passes it`(cap: Int64) throws {
        let capped = try rules(cap: cap)
        let lines = capped.pointsLines(percentile: 5, litres: 10, normLitres: 10)
        #expect(lines.map(\.points.count) == [min(30, cap), min(10, max(0, cap - 30))])
        #expect(lines.map(\.pointsBeforeCap.count) == [30, 10])
    }

    private func rules(cap: Int64) throws -> RuleSet {
        let text = try ruleText().replacing("monthly_cap_points: 40", with: "monthly_cap_points: \(cap)")
        let points = """
              points:
                - {percentile: 60, litres: 2, norm_litres: 1, band_points: 0, norm_points: 0, total_points: 0}
                - {percentile: 61, litres: 2, norm_litres: 1, band_points: 0, norm_points: 0, total_points: 0}
                - {percentile: 62, litres: 2, norm_litres: 1, band_points: 0, norm_points: 0, total_points: 0}
            """
        let start = try #require(text.ranges(of: "  points:\n    - percentile").first?.lowerBound)
        return try loadTariffs([("capped.yaml", text[..<start] + points)]).rules[0]
    }

    private func ruleText() throws -> String {
        let folder = Shipped.folder
        return try String(contentsOf: folder.appendingPathComponent("rules-v1.yaml"), encoding: .utf8)
    }
}
