public import Tariffs
public import Water

/// A month's level: the home's litres per equivalised person in thousandths of its cohort's median.
public struct MonthLevel: Sendable, Hashable {
    public var month: BillingMonth
    public var permille: Int64
    /// The household's size that it was reckoned with; nil in what was kept before sizes were.
    public var persons: Int?

    public init(month: BillingMonth, permille: Int64, persons: Int? = nil) {
        self.month = month
        self.permille = permille
        self.persons = persons
    }

    /// Whether it says something of a home of so many persons: levels of another size are another home's history.
    public func counts(for persons: Int?) -> Bool { self.persons == nil || self.persons == persons }
}

/// 节水幅度, the second axis beside the level: the home against its own earlier months, each month against what its
/// cohort did then.
public struct Saving: Sendable, Hashable {
    /// Levels of earlier months, oldest first: those of the months before last that are looked at, then last month's.
    /// A month that has no level is left out.
    public var levels: [MonthLevel]
    /// This month's: litres per equivalised person × 1,000 / the cohort's median, half up; nil where it has none.
    public var own: Int64?
    /// nil where it is not judged.
    public var judgement: SavingJudgement?
    /// Why it is not judged; nil where it is.
    public var notJudged: Reason?
    /// What the rules go by: the band as a percentage of the distance from the usual level down to the lowest, and at
    /// least of the usual level; points for each percent beyond it, and at most.
    public var bandPercentOfRange: Int64
    public var bandPercentAtLeast: Int64
    public var pointsPerPercent: Points
    public var mostPoints: Points

    public init(
        levels: [MonthLevel], own: Int64?, judgement: SavingJudgement?, notJudged: Reason?,
        bandPercentOfRange: Int64, bandPercentAtLeast: Int64, pointsPerPercent: Points, mostPoints: Points
    ) {
        self.levels = levels
        self.own = own
        self.judgement = judgement
        self.notJudged = notJudged
        self.bandPercentOfRange = bandPercentOfRange
        self.bandPercentAtLeast = bandPercentAtLeast
        self.pointsPerPercent = pointsPerPercent
        self.mostPoints = mostPoints
    }

    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// The month is not ranked, or there is no cohort.
        case unranked
        /// More days without water than the rule allows: nobody was at home.
        case absent
        /// The register went back, restarted or ran backwards in the month, or the meter was tampered with.
        case register
        /// Last month has no level.
        case noLastMonth = "no_last_month"
        /// Last month's level is of another number of persons.
        case sizeChanged = "size_changed"
        /// Fewer earlier levels of this size than the rule needs.
        case tooFewMonths = "too_few_months"
    }

    /// Levels for the statement of the month after `month`: these and the own, the latest that it can look at.
    public func levelsFor(next month: BillingMonth, persons: Int?) -> [MonthLevel] {
        levels + (own.map { [MonthLevel(month: month, permille: $0, persons: persons)] } ?? [])
    }

    /// The levels that a home of so many persons is compared with, last month's at the end.
    public func counted(for persons: Int?) -> [MonthLevel] { levels.filter { $0.counts(for: persons) } }
}

extension Saving {
    /// Findings that make a month's litres nobody's proof of saving.
    private static let findings: Set<FindingKind> = [.fallingRegister, .reset, .stepUp, .reverseFlow, .tamper]

    /// The level of a month whose statement has none of its own, for rules before it paid no savings.
    public static func level(of statement: Statement, under rules: SavingRules) -> Int64? {
        guard statement.unranked == nil, let size = statement.equivalised, let cohort = statement.cohort,
            cohort.medianLitres > 0, statement.quality.zeroDays <= rules.mostZeroDays,
            !statement.findings.keys.contains(where: findings.contains)
        else { return nil }
        return multiplyThenDivideHalfUp(size.litres, 1_000, by: cohort.medianLitres)
    }

    /// `earlier`: levels of the months before this one, oldest first, whatever their number.
    init(
        of home: HomeMonth, equivalised: Int64?, cohort: Cohort?, earlier: [MonthLevel], under rules: SavingRules
    ) {
        bandPercentOfRange = rules.bandPercentOfRange
        bandPercentAtLeast = rules.bandPercentAtLeast
        pointsPerPercent = rules.pointsPerPercent
        mostPoints = rules.mostPoints
        let last = home.month.previous
        let first = last.advanced(by: -rules.mostMonths)
        levels = earlier.filter { $0.month >= first && $0.month <= last }
        guard let equivalised, let median = cohort?.medianLitres, median > 0,
            let level = multiplyThenDivideHalfUp(equivalised, 1_000, by: median)
        else {
            notJudged = .unranked
            return
        }
        guard home.zeroDays <= rules.mostZeroDays else {
            notJudged = .absent
            return
        }
        guard !home.findings.contains(where: { Saving.findings.contains($0.kind) }) else {
            notJudged = .register
            return
        }
        own = level
        guard let before = levels.last, before.month == last else {
            notJudged = .noLastMonth
            return
        }
        guard before.counts(for: home.persons) else {
            notJudged = .sizeChanged
            return
        }
        let earlier = counted(for: home.persons).dropLast().map(\.permille)
        judgement = rules.judge(levels: earlier, last: before.permille, own: level)
        if judgement == nil { notJudged = .tooFewMonths }
    }
}

extension Saving {
    /// The member `saving` of the statement of a household of so many persons.
    func write(_ text: inout JSONText, persons: Int?) {
        text.member("band_percent_at_least", bandPercentAtLeast)
        text.member("band_percent_of_range", bandPercentOfRange)
        text.member("band_permille", judgement?.band)
        text.member("gain_permille", judgement?.gain)
        text.member("higher_permille", judgement?.now)
        text.array("level_months") { text in for level in levels { text.element(level.month.description) } }
        text.integers("level_permille", levels.map(\.permille))
        // Only where they differ: the statements of all other homes keep their bytes. 0 is not known.
        if levels.contains(where: { !$0.counts(for: persons) }) {
            text.integers("level_persons", levels.map { Int64($0.persons ?? 0) })
        }
        text.member("lowest_permille", judgement?.lowest)
        text.member("not_judged", notJudged?.rawValue)
        text.member("own_permille", own)
        text.member("percent", judgement?.percent)
        text.member("points_at_most", mostPoints.count)
        text.member("points_per_percent", pointsPerPercent.count)
        text.member("usual_permille", judgement?.usual)
    }

    init(json: Members) throws(StatementDefect) {
        let months = try json.values("level_months").map { value throws(StatementDefect) in
            guard case .string(let text) = value, let month = BillingMonth(text) else {
                throw StatementDefect(key: "level_months")
            }
            return month
        }
        let permille = try json.integers("level_permille")
        guard months.count == permille.count else { throw StatementDefect(key: "level_permille") }
        levels = zip(months, permille).map { MonthLevel(month: $0, permille: $1) }
        if let persons = try json.integersIfPresent("level_persons") {
            guard persons.count == levels.count else { throw StatementDefect(key: "level_persons") }
            for (index, count) in persons.enumerated() where count > 0 { levels[index].persons = Int(count) }
        }
        own = try json.optionalInteger("own_permille")
        bandPercentOfRange = try json.integer("band_percent_of_range")
        bandPercentAtLeast = try json.integer("band_percent_at_least")
        pointsPerPercent = Points(try json.integer("points_per_percent"))
        mostPoints = Points(try json.integer("points_at_most"))
        notJudged = try json.optionalParsed("not_judged") { Reason(rawValue: $0) }
        guard notJudged == nil else { return }
        judgement = SavingJudgement(
            usual: try json.integer("usual_permille"), lowest: try json.integer("lowest_permille"),
            band: try json.integer("band_permille"), now: try json.integer("higher_permille"),
            gain: try json.integer("gain_permille"), percent: try json.integer("percent"))
    }
}

extension ExplanationList {
    mutating func add(_ saving: Saving) {
        guard let own = saving.own else { return }
        if let size = statement.equivalised, let cohort = statement.cohort {
            add(
                "saving.own_permille", own, .permille, .level,
                .halfUp(
                    .product([.input("litres_per_equivalised_person", size.litres), .input("", 1_000)]),
                    by: .input("median_litres", cohort.medianLitres)), by: statement.rules)
        }
        let counted = saving.counted(for: statement.persons)
        let earlier = counted.dropLast().map(\.permille).sorted()
        // Bytes that were damaged may judge without anything to judge by.
        guard let found = saving.judgement, let last = counted.last, !earlier.isEmpty else { return }
        let middle = [earlier[(earlier.count - 1) / 2], earlier[earlier.count / 2]]
        add(
            "saving.higher_permille", found.now, .permille, .higherLevel,
            .input("higher_level", max(last.permille, own)), by: statement.rules)
        add(
            "saving.usual_permille", found.usual, .permille, .usualLevel,
            .halfUp(.sum(middle.map { .input("middle_level", $0) }), by: .input("", 2)), by: statement.rules)
        add("saving.lowest_permille", found.lowest, .permille, .lowestLevel, .input("lowest_level", found.lowest))
        add("saving.band_permille", found.band, .permille, .savingBand, band(found, saving), by: statement.rules)
        add(
            "saving.gain_permille", found.gain, .permille, .savingGain,
            .difference(
                .difference(.input("usual_level", found.usual), .input("band", found.band)),
                .input("higher_level", found.now)), by: statement.rules)
        add(
            "saving.percent", found.percent, .percent, .savingPercent,
            .floor(
                .product([.input("", 100), .atLeastZero(.input("gain", found.gain))]),
                by: .input("usual_level", found.usual)), by: statement.rules)
    }

    /// The larger of the two percentages: one of them is the band, and the other no more.
    private func band(_ found: SavingJudgement, _ saving: Saving) -> Arithmetic {
        let usual = Arithmetic.input("usual_level", found.usual)
        let range = Arithmetic.difference(usual, .input("lowest_level", found.lowest))
        let ofRange = Arithmetic.halfUp(
            .product([range, .input("percent_of_range", saving.bandPercentOfRange)]), by: .input("", 100))
        let least = Arithmetic.halfUp(
            .product([usual, .input("percent_at_least", saving.bandPercentAtLeast)]), by: .input("", 100))
        return ofRange.value == found.band ? ofRange : least
    }
}
