import Foundation
import Tariffs
import Testing
import Water

@testable import Scoring

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
        for list in [entries, explainShown(statement)] {
            let others = list.filter { $0.arithmetic.value != $0.value }
            #expect(others.isEmpty, "\(others)")
            #expect(Set(list.map(\.key)).count == list.count)
        }
        // More persons than the tariff's or the scale's rule reaches still have a bill of these lines.
        if case .billed(let bill) = statement.billing {
            #expect(entries.count(where: { $0.rule == .billLine }) == bill.lines.count)
        } else {
            Issue.record("no bill")
        }
    }

    @Test
    func `together the seeds need every rule but those of fixed charges, shares, corrections and months of a mean`() {
        let statements = (1...60).map { statement(seed: $0) }
        let rules = Set(statements.flatMap { (explain($0) + explainShown($0)).map(\.rule) })
        #expect(Set(Explanation.Rule.allCases).subtracting(rules) == Self.undrawn)
    }

    private static let undrawn: Set<Explanation.Rule> = [
        .fixedCharge, .againstCorrected, .bylawMean, .shareOfRegister,
    ]

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func `the bill of other litres is redone line by line`(seed: UInt64) throws {
        var statement = statement(seed: seed)
        let others = { (statement: Statement) in explain(statement).filter { $0.rule == .billOfOther } }
        #expect(others(statement).allSatisfy { $0.arithmetic.expression.contains("half_up(litres * price_") })
        #expect(others(statement).allSatisfy { $0.arithmetic.value == $0.value })
        // A bill of lines that do not tell what other litres cost, as of two versions in a month, stands as it is.
        guard case .billed(let bill) = statement.billing else { return }
        statement.billing = .billed(
            Bill(
                lines: bill.lines + bill.lines, total: Money(fen: 2 * bill.total.fen), assumptions: [],
                persons: bill.persons, boundsLitres: bill.boundsLitres, tier: bill.tier,
                litresToNextTier: bill.litresToNextTier))
        let stated = others(statement).filter { $0.value > 0 }
        #expect(stated.allSatisfy { ["bill_there_fen", "bill_without_fen"].contains($0.arithmetic.expression) })
    }

    @Test func `the bill without a leak is of the litres that are left, tier by tier`() throws {
        let flow = ContinuousFlow(
            from: Instant(epochSeconds: 1_790_784_000), to: Instant(epochSeconds: 1_790_784_000 + 48 * 3_600),
            litresPerHour: 10)
        let context = StatementContext(
            tariff: shipped.tariff, rules: shipped.rules, cohort: nil, frozenFigure: nil,
            monthStart: Instant(epochSeconds: 1_790_784_000))
        let leaking = home(litres: 10_544).with { $0.continuousFlows = [flow] }
        let entries = explain(makeStatement(leaking, household: "1", version: 1, in: context))
        let without = try #require(entries.first { $0.key == "analysis.leak.bill_without_fen" })
        // 10,064 L: 9 m³ × 2.30, 1.064 × 4.60 = 4.8944 and 10.064 × 0.50 = 5.032.
        #expect(without.value == 2_070 + 489 + 503)
        #expect(without.arithmetic.inputs.first { $0.name == "litres" }?.values == [9_000, 1_064, 10_064])
        #expect(without.arithmetic.inputs.first { $0.name == "price_without_point" }?.values == [230, 460, 50])
    }

    /// Every numeric member of a statement by its path.
    private func numbers(of statement: Statement) throws -> [String: Int64] {
        func leaves(_ value: CanonicalJSON, _ path: [String]) -> [(String, Int64)] {
            switch value {
            case .integer(let number): [(path.joined(separator: "."), number)]
            case .object(let members): members.flatMap { leaves($0.value, path + [$0.key]) }
            case .array(let elements): elements.enumerated().flatMap { leaves($0.element, path + ["\($0.offset)"]) }
            case .null, .bool, .string: []
            }
        }
        return Dictionary(leaves(try #require(parseJSON(statement.bytes)), [])) { first, _ in first }
    }

    /// True where whatever may be absent is there.
    private func hasAll(_ statement: Statement) -> Bool {
        guard let analysis = statement.analysis, statement.saving?.judgement != nil else { return false }
        guard analysis.leak != nil, analysis.lastMonth != nil, analysis.toMedian != nil else { return false }
        return analysis.night != nil && !analysis.warnings.isEmpty && !analysis.actions.isEmpty
            && statement.headroom?.benchmarkBill != nil
    }

    /// With all that a statement can hold: the first drawn that has all, and what is never drawn.
    private func full() throws -> Statement {
        var statement = try #require((1...1_000).lazy.map { self.statement(seed: $0) }.first(where: hasAll))
        statement.correction = Correction(
            of: statement, hash: "ab",
            changes: [
                HomeChange(
                    cause: .lateReading, serial: "M1", at: Instant(epochSeconds: 1_790_800_000),
                    register: Volume(litres: 7)),
                HomeChange(cause: .persons, serial: "", at: Instant(epochSeconds: 0), register: .zero),
            ], monthStart: Instant(epochSeconds: 1_790_784_000))
        (statement.isShared, statement.shareMillionths) = (true, 400_000)
        statement.findings = [.jump: 2, .exchange: 1]
        statement.lastMonth = earlier(1, 8_000)
        statement.sameMonthLastYear = earlier(12, 9_000)
        statement.analysis?.sizes = [
            PersonsFrom(day: LocalDay(number: 0), persons: nil), PersonsFrom(day: LocalDay(number: 9), persons: 3),
        ]
        statement.analysis?.leak?.flows[0].shareMillionths = 400_000
        statement.saving?.levels[0].persons = 20
        statement.leaks = [
            ContinuousFlow(
                from: Instant(epochSeconds: 1_790_784_000), to: Instant(epochSeconds: 1_790_874_000), litresPerHour: 5,
                shareMillionths: 400_000)
        ]
        return statement
    }

    @Test func `every numeric member of a full statement is explained, and every explanation is of a member`() throws {
        var estimated = try full()
        estimated.analysis?.bylawMonths = [earlier(2, 9_000), earlier(1, 8_000)]
        estimated.analysis?.bylawMonths[0].knownDays = 29
        var oldest = try full()
        (oldest.analysis, oldest.saving) = (nil, nil)
        for statement in [try full(), estimated, oldest] + (1...60).map({ statement(seed: $0) }) {
            let (entries, members) = (explain(statement), try numbers(of: statement))
            #expect(Set(entries.map(\.key)).symmetricDifference(members.keys) == [])
            #expect(entries.count == members.count)
            let others = entries.filter { members[$0.key] != $0.value }
            #expect(others.isEmpty, "\(others)")
        }
    }

    @Test func `of a tariff by the year a tier's volume is what the month adds to it`() throws {
        let text = try String(contentsOf: Shipped.folder.appendingPathComponent("beijing.yaml"), encoding: .utf8)
        var context = StatementContext(
            tariff: try #require(try loadTariffs([("beijing.yaml", text)]).tariff("beijing", in: Shipped.month)),
            rules: shipped.rules, cohort: nil, frozenFigure: nil)
        // Tier 1 ends at 180,000 litres, tier 2 at 260,000.
        context.periodToDateLitres = 175_000
        let entries = explain(makeStatement(home(litres: 20_000), household: "1", version: 1, in: context))
        func entry(_ key: String) throws -> Explanation { try #require(entries.first { $0.key == key }) }
        let volumes: [Int64] = [5_000, 15_000, 0, 20_000]
        for (line, litres) in volumes.enumerated() {
            let volume = try entry("billing.bill.lines.\(line).litres")
            #expect(volume.value == litres && volume.arithmetic.value == litres)
        }
        #expect(
            try entry("billing.bill.lines.1.litres").arithmetic.expression
                == "min(period_litres, bound_litres) - min(period_litres, bound_before_litres) - "
                + "(min(before_month_litres, bound_litres) - min(before_month_litres, bound_before_litres))")
        #expect(try entry("billing.bill.bounds_litres.0").value == 180_000)
        let period = try entry("analysis.period_litres")
        #expect(period.value == 195_000 && period.arithmetic.expression == "before_month_litres + litres")
        // Without the 15,000 litres beyond tier 1 the month adds 5,000 to it, and 5,000 to either charge of one price.
        let without = try entry("analysis.actions.0.bill_without_fen")
        #expect(without.arithmetic.value == without.value)
        #expect(without.arithmetic.inputs.first { $0.name == "litres" }?.values == [5_000, 5_000, 5_000])
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
            least: "min {}", and: " & ")
        let arithmetic = Arithmetic.halfUp(
            .product([.difference(.input("a", 12), .input("b", 2)), .input("", 3)]),
            by: .sum([.input("c", 4), .input("d", 3)]))
        #expect(arithmetic.inFigures(words) { "\($0)" } == "(12 − 2) × 3 ÷ (4 + 3) ≈")
        #expect(arithmetic.expression == "half_up((a - b) * 3 / (c + d))")
        #expect(arithmetic.value == 4)
    }

    @Test func `words that follow a part hold it in brackets within another, and the least is of numbers told apart`() {
        let words = Arithmetic.Words(
            minus: " − ", times: " × ", by: " ÷ ", halfUp: "{} ≈", floor: "{} ⌊", ceiling: "{} ⌈",
            atLeastZero: "{} ≥ 0", least: "min {}", and: " & ")
        func written(_ arithmetic: Arithmetic) -> String {
            arithmetic.inFigures(words) { $0 == 9_000 ? "9,000" : "\($0)" }
        }
        let (a, b) = (Arithmetic.input("a", 7), Arithmetic.input("b", 2))
        let gain = Arithmetic.atLeastZero(.difference(.input("c", 1), .input("d", 4)))
        let percent = Arithmetic.floor(.product([.input("", 100), gain]), by: a)
        #expect(written(percent) == "100 × (1 − 4 ≥ 0) ÷ 7 ⌊")
        #expect(percent.expression == "floor(100 * max(0, c - d) / a)")
        let sum = Arithmetic.sum([.floor(a, by: b), .halfUp(a, by: b)])
        #expect(written(.ceiling(sum, by: b)) == "((7 ÷ 2 ⌊) + (7 ÷ 2 ≈)) ÷ 2 ⌈")
        #expect(written(.difference(.ceiling(a, by: b), .floor(a, by: b))) == "(7 ÷ 2 ⌈) − (7 ÷ 2 ⌊)")
        let least = Arithmetic.least(.input("e", 50), .input("f", 9_000))
        #expect(written(least) == "min 50 & 9,000")
        #expect(least.expression == "min(e, f)")
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
