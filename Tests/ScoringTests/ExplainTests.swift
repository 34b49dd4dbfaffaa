import Scoring
import Tariffs
import Testing
import Water

struct ExplainTests {
    let shipped: Shipped

    init() throws { shipped = try Shipped() }

    private func earlier(_ back: Int, _ litres: Int64) -> EarlierUse {
        EarlierUse(
            month: Shipped.month.advanced(by: -back), litres: litres, missingHours: 0, version: 1,
            hash: String(repeating: "cd", count: 32))
    }

    /// A home of figures drawn from a seed: gaps, estimates, a leak, nights and earlier months or none of them.
    private func statement(seed: UInt64) -> Statement {
        var random = SeededGenerator(state: seed)
        var drawn = home(litres: 0, persons: Bool.random(using: &random) ? Int.random(in: 1...22, using: &random) : nil)
        drawn.days = drawn.days.map { day in
            let litres = Int64.random(in: 0...2_000, using: &random)
            return switch Int.random(in: 0...9, using: &random) {
            case 0: DayUse(day: day.day, litres: nil, state: .missing)
            case 1: DayUse(day: day.day, litres: litres, state: .estimated)
            default: DayUse(day: day.day, litres: litres, state: .measured)
            }
        }
        func sum(_ state: MeasureState) -> Int64 {
            drawn.days.filter { $0.state == state }.reduce(0) { $0 + ($1.litres ?? 0) }
        }
        (drawn.measuredLitres, drawn.estimatedLitres) = (sum(.measured), sum(.estimated))
        drawn.missingSeconds = max(0, Int64.random(in: -90_000...90_000, using: &random))
        drawn.qualifyingSeconds = drawn.monthSeconds - drawn.missingSeconds
        let start = Instant(epochSeconds: 1_790_784_000)
        if Bool.random(using: &random) {
            drawn.continuousFlows = (0..<Int.random(in: 1...3, using: &random)).map { index in
                let from = start + Int64(index) * 500_000 - 100_000
                return ContinuousFlow(
                    from: from, to: from + Int64.random(in: 24...99, using: &random) * 3_600,
                    litresPerHour: Int64.random(in: 4...90, using: &random))
            }
        }
        if Bool.random(using: &random) {
            drawn.night = NightUse(nights: 25, litres: 400, lowestLitres: Int64.random(in: 0...9, using: &random))
        }
        var context = StatementContext(
            tariff: shipped.tariff, rules: shipped.rules,
            cohort: Cohort(
                area: area, distribution: Distribution(of: (1...30).map { Int64($0) * 700 }),
                rules: shipped.rules.cohort),
            frozenFigure: nil, monthStart: start)
        if Bool.random(using: &random) {
            context.lastMonth = earlier(1, Int64.random(in: 0...20_000, using: &random))
            context.monthsBeforeLast = [earlier(2, 7_000), earlier(3, Int64.random(in: 0...9_000, using: &random))]
            context.lastFigures = EarlierFigures(bill: Money(fen: 2_345), percentile: 33, points: Points(10))
        }
        if seed.isMultiple(of: 2) {
            context.rules = shipped.savingRules
            context.earlierLevels = (1...Int.random(in: 1...13, using: &random)).reversed().map {
                MonthLevel(
                    month: Shipped.month.advanced(by: -$0), permille: Int64.random(in: 700...1_600, using: &random))
            }
        }
        return makeStatement(drawn, household: "1", version: 1, in: context)
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func `every explanation, redone, gives the figure it explains`(seed: UInt64) throws {
        let statement = statement(seed: seed)
        let entries = explain(statement)
        for entry in entries {
            #expect(entry.arithmetic.value == entry.value, "\(entry.key): \(entry.arithmetic.expression)")
        }
        #expect(Set(entries.map(\.key)).count == entries.count)
        // More persons than the tariff's or the scale's rule reaches still have a bill of these lines.
        if case .billed(let bill) = statement.billing {
            #expect(entries.count(where: { $0.rule == .billLine }) == bill.lines.count)
        } else {
            Issue.record("no bill")
        }
    }

    @Test
    func `together the seeds need every rule but those of fixed charges, corrections and months without a register`() {
        let rules = Set((1...60).flatMap { explain(statement(seed: $0)).map(\.rule) })
        #expect(Set(Explanation.Rule.allCases).subtracting(rules) == [.fixedCharge, .againstCorrected, .bylawMean])
    }

    @Test func `an expression names its inputs and spells constants`() throws {
        let entries = explain(statement(seed: 3))
        let total = try #require(entries.first { $0.key == "billing.bill.total_fen" })
        #expect(total.arithmetic.expression == "sum(line_fen)")
        let line = try #require(entries.first { $0.rule == .billLine })
        #expect(line.arithmetic.expression == "half_up(litres * price_without_point / 1000)")
        #expect(line.file == statement(seed: 3).tariff)
        let percentile = try #require(
            (1...60).lazy.flatMap { explain(statement(seed: $0)) }.first { $0.rule == .percentile })
        #expect(
            percentile.arithmetic.expression
                == "floor((200 * lower_homes + 100 * equal_homes) / (2 * other_homes))")
        let text = total.json.text
        #expect(text.contains(#""expression":"sum(line_fen)""#))
        #expect(text.contains(#""inputs":{"line_fen":["#))
    }

    @Test func `a calculation in figures can be followed`() {
        let words = Arithmetic.Words(
            minus: " − ", times: " × ", by: " ÷ ", halfUp: "{} ≈", floor: "⌊{}⌋", ceiling: "⌈{}⌉", atLeastZero: "{}",
            least: "min {}")
        let arithmetic = Arithmetic.halfUp(
            .product([.difference(.input("a", 12), .input("b", 2)), .input("", 3)]),
            by: .sum([.input("c", 4), .input("d", 3)]))
        #expect(arithmetic.inFigures(words) { "\($0)" } == "(12 − 2) × 3 ÷ (4 + 3) ≈")
        #expect(arithmetic.expression == "half_up((a - b) * 3 / (c + d))")
        #expect(arithmetic.value == 4)
    }

    static let roundings: [(Arithmetic, Int64?)] = [
        (.halfUp(.input("a", 5), by: .input("b", 2)), 3),
        (.halfUp(.input("a", -5), by: .input("b", 2)), -3),
        (.floor(.input("a", -5), by: .input("b", 2)), -3),
        (.ceiling(.input("a", -5), by: .input("b", 2)), -2),
        (.ceiling(.input("a", 5), by: .input("b", 2)), 3),
        (.floor(.input("a", 1), by: .input("b", 0)), nil),
        (.product([.input("a", .max), .input("b", .max), .input("c", .max)]), nil),
        (.sum([.input("a", .max), .input("b", 1)]), nil),
        (.atLeastZero(.difference(.input("a", 1), .input("b", 2))), 0),
        (.least(.input("a", 1), .input("b", 2)), 1),
    ]

    @Test(arguments: roundings)
    func `a calculation rounds as it says and never traps`(arithmetic: Arithmetic, value: Int64?) {
        #expect(arithmetic.value == value)
    }
}
