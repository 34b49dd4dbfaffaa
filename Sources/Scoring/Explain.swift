import Tariffs
public import Water

/// How one figure of a statement came about: what it rests on, by which rule, in which version.
public struct Explanation: Sendable, Hashable {
    /// The path of the figure in the statement: names of members and places in lists, as `billing.bill.lines.0.fen`. Of what
    /// only the page shows (`explainShown`) a name of its own.
    public var key: String
    public var value: Int64
    public var unit: Unit
    public var rule: Rule
    /// Redone, it gives `value`.
    public var arithmetic: Arithmetic
    /// The file whose version decided; nil where the service's own definitions do.
    public var file: Statement.FileReference?

    public enum Unit: String, Sendable, Hashable, CaseIterable {
        case litres, fen, points, percent, hours, days, seconds, persons, homes, millilitres, millionths
        /// Thousandths of the cohort's median.
        case permille
        /// Between two percentiles; of no member, on the page alone.
        case percentPoints = "percent_points"
        case litresPerHour = "litres_per_hour"
        case epochSeconds = "epoch_seconds"
        /// A count, a version or a tier.
        case number
    }

    /// What is done, named for the catalogue of texts.
    public enum Rule: String, Sendable, Hashable, CaseIterable {
        /// The home's part of a shared meter's registers; see `Statement.shareMillionths`.
        case shareOfRegister = "share_of_register"
        case sumOfDays = "sum_of_days"
        case monthUse = "month_use"
        case missingHours = "missing_hours"
        case equivalised
        case billLine = "bill_line"
        case fixedCharge = "fixed_charge"
        case billTotal = "bill_total"
        case toNextTier = "to_next_tier"
        case tierBound = "tier_bound"
        case tierVolume = "tier_volume"
        case tierReached = "tier_reached"
        /// The month's litres with those before it in the tariff's period.
        case periodLitres = "period_litres"
        /// The bill of other litres by the same tariff: the volume in each tier × its price, each line half up to the fen,
        /// added. Of a month with two versions of the tariff the bill as it stands.
        case billOfOther = "bill_of_other"
        case percentile
        case cohortFigure = "cohort_figure"
        case headroomTarget = "headroom_target"
        case headroomLitres = "headroom_litres"
        case headroomSaving = "headroom_saving"
        case norm
        case pointsBeforeCap = "points_before_cap"
        case pointsOfRule = "points_of_rule"
        case pointsTotal = "points_total"
        case qualifyingPercent = "qualifying_percent"
        case baseline
        case againstBaseline = "against_baseline"
        case weekdayMean = "weekday_mean"
        case nightMean = "night_mean"
        case leakLitres = "leak_litres"
        case leakCost = "leak_cost"
        case againstLastMonth = "against_last_month"
        case limitPercent = "limit_percent"
        case actionLitres = "action_litres"
        case actionSaving = "action_saving"
        case againstCorrected = "against_corrected"
        case bylawMean = "bylaw_mean"
        case level
        case higherLevel = "higher_level"
        case usualLevel = "usual_level"
        case lowestLevel = "lowest_level"
        case savingBand = "saving_band"
        case savingGain = "saving_gain"
        case savingPercent = "saving_percent"
        /// What measuring the month gave.
        case measured
        /// What the registry says.
        case registered
        /// A number of the tariff's or the rules' file.
        case setByFile = "set_by_file"
        /// What an earlier statement, or the corrected version, said.
        case saidBefore = "said_before"
        /// The same number as elsewhere in the statement, named by the input.
        case asElsewhere = "as_elsewhere"
        case calendar
        /// The statement's own version.
        case numbered
    }
}

/// Every numeric member of a statement with how it came about: a function of the statement alone, so that the
/// explanation of an old statement never changes. In the order of the page.
public func explain(_ statement: Statement) -> [Explanation] { ExplanationList(of: statement).members }

/// What the page shows of it: the computed members, and the means and changes that are made of members and are none
/// themselves.
public func explainShown(_ statement: Statement) -> [Explanation] { ExplanationList(of: statement).shown }

extension Explanation {
    /// `key`, `value`, `unit`, `rule`, `expression`, `inputs` (by name; a list where several), and `file` with `id`,
    /// `version` and `digest`, or null.
    public var json: CanonicalJSON {
        let inputs = arithmetic.inputs.map { input -> (String, CanonicalJSON) in
            let isList = arithmetic.expression.contains("sum(\(input.name))") || input.values.count > 1
            let values = input.values.map { CanonicalJSON.integer($0) }
            return (input.name, isList ? .array(values) : values[0])
        }
        return .object([
            "key": .string(key), "value": .integer(value), "unit": .string(unit.rawValue),
            "rule": .string(rule.rawValue), "expression": .string(arithmetic.expression),
            "inputs": .object(Dictionary(inputs) { first, _ in first }), "file": file.map(\.json) ?? .null,
        ])
    }
}

struct ExplanationList {
    let statement: Statement
    /// One for each numeric member.
    private(set) var members: [Explanation] = []
    private(set) var shown: [Explanation] = []

    init(of statement: Statement) {
        self.statement = statement
        addUse()
        addBill()
        addComparison()
        addPoints()
        if let saving = statement.saving { add(saving) }
        if let analysis = statement.analysis { add(analysis) }
        if let correction = statement.correction { add(correction) }
        giveOrigins()
    }

    /// A member that is worked out.
    mutating func add(
        _ key: String, _ value: Int64, _ unit: Explanation.Unit, _ rule: Explanation.Rule, _ arithmetic: Arithmetic,
        by file: Statement.FileReference? = nil, isShown: Bool = true
    ) {
        let entry = Explanation(key: key, value: value, unit: unit, rule: rule, arithmetic: arithmetic, file: file)
        members.append(entry)
        if isShown { shown.append(entry) }
    }

    /// What the page makes of members.
    mutating func addBeside(
        _ key: String, _ value: Int64, _ unit: Explanation.Unit, _ rule: Explanation.Rule, _ arithmetic: Arithmetic
    ) {
        shown.append(Explanation(key: key, value: value, unit: unit, rule: rule, arithmetic: arithmetic, file: nil))
    }

    /// A member that is given; nothing of one that is null.
    mutating func give(
        _ key: String, _ value: Int64?, _ unit: Explanation.Unit, _ rule: Explanation.Rule,
        by file: Statement.FileReference? = nil
    ) {
        guard let value else { return }
        // Places in lists are no names.
        let name = key.split(separator: ".").last { Int($0) == nil } ?? ""
        add(key, value, unit, rule, .input(String(name), value), by: file, isShown: false)
    }

    /// The elements of a list of numbers.
    mutating func give(
        each key: String, _ values: [Int64?], _ unit: Explanation.Unit, _ rule: Explanation.Rule,
        by file: Statement.FileReference? = nil
    ) {
        for (index, value) in values.enumerated() { give("\(key).\(index)", value, unit, rule, by: file) }
    }

    var own: Arithmetic { .input("litres", statement.use.litres) }
    var bill: Bill? { if case .billed(let bill) = statement.billing { bill } else { nil } }

    private mutating func addUse() {
        let use = statement.use
        if statement.isShared, let share = statement.shareMillionths {
            add("share_millionths", share, .millionths, .shareOfRegister, .input("share_millionths", share))
        }
        func days(_ state: MeasureState) -> Arithmetic {
            .sum(use.days.filter { $0.state == state }.map { .input("\(state.rawValue)_day_litres", $0.litres ?? 0) })
        }
        add("use.measured_litres", use.measuredLitres, .litres, .sumOfDays, days(.measured))
        add("use.estimated_litres", use.estimatedLitres, .litres, .sumOfDays, days(.estimated))
        addMonthUse()
        add(
            "use.missing_hours", use.missingHours, .hours, .missingHours,
            .ceiling(.input("missing_seconds", statement.quality.missingSeconds), by: .input("", 3_600)))
        add(
            "quality.qualifying_percent", statement.quality.qualifyingPercent, .percent, .qualifyingPercent,
            .floor(
                .product([.input("", 100), .input("qualifying_seconds", statement.quality.qualifyingSeconds)]),
                by: .input("month_seconds", statement.quality.monthSeconds)))
        if let size = statement.equivalised {
            give("equivalised.scale_millionths", size.scaleMillionths, .millionths, .setByFile, by: statement.rules)
            add(
                "equivalised.litres_per_equivalised_person", size.litres, .litres, .equivalised,
                .halfUp(
                    .product([own, .input("", 1_000_000)]), by: .input("scale_millionths", size.scaleMillionths)),
                by: statement.rules)
        }
        if let norm = statement.norm {
            let persons = Int64(statement.persons ?? 0)
            give("norm.days", Int64(norm.days), .days, .calendar)
            give("norm.litres_per_person_day", norm.litresPerPersonDay, .litres, .setByFile, by: statement.rules)
            add(
                "norm.litres", norm.litres, .litres, .norm,
                .product([
                    .input("litres_per_person_day", norm.litresPerPersonDay), .input("persons", persons),
                    .input("days", Int64(norm.days)),
                ]), by: statement.rules)
        }
    }

    /// Of a month without any register the mean of earlier ones.
    private mutating func addMonthUse() {
        let (use, earlier) = (statement.use, statement.analysis?.bylawMonths ?? [])
        if earlier.isEmpty {
            add(
                "use.litres", use.litres, .litres, .monthUse,
                .sum([
                    .input("measured_litres", use.measuredLitres), .input("estimated_litres", use.estimatedLitres),
                ]))
        } else {
            add(
                "use.litres", use.litres, .litres, .bylawMean,
                .floor(.sum(earlier.map(wholeMonth)), by: .input("months", Int64(earlier.count))))
        }
    }

    /// A month's litres; of one with days missing what all its days come to by the mean of the others.
    private func wholeMonth(_ month: EarlierUse) -> Arithmetic {
        let litres = Arithmetic.input("earlier_litres", month.litres)
        guard let known = month.knownDays else { return litres }
        return .floor(
            .product([litres, .input("earlier_days", Int64(month.month.dayCount))]),
            by: .input("known_days", Int64(known)))
    }

    private mutating func addComparison() {
        if let cohort = statement.cohort {
            give("cohort.homes", Int64(cohort.homes), .homes, .cohortFigure, by: statement.rules)
            add(
                "cohort.median_litres_per_equivalised_person", cohort.medianLitres, .litres, .cohortFigure,
                .input("frozen_figure", cohort.medianLitres), by: statement.rules)
            if let best = cohort.benchmarkLitres {
                add(
                    "cohort.benchmark_litres_per_equivalised_person", best, .litres, .cohortFigure,
                    .input("frozen_figure", best), by: statement.rules)
            }
        }
        if let rank = statement.rank {
            give("rank.lower_homes", Int64(rank.lowerHomes), .homes, .cohortFigure, by: statement.rules)
            give("rank.equal_homes", Int64(rank.equalHomes), .homes, .cohortFigure, by: statement.rules)
            give("rank.other_homes", Int64(rank.otherHomes), .homes, .cohortFigure, by: statement.rules)
            add(
                "rank.percentile", rank.percentile, .percent, .percentile,
                .floor(
                    .sum([
                        .product([.input("", 200), .input("lower_homes", Int64(rank.lowerHomes))]),
                        .product([.input("", 100), .input("equal_homes", Int64(rank.equalHomes))]),
                    ]),
                    by: .product([.input("", 2), .input("other_homes", Int64(rank.otherHomes))])), by: statement.rules)
        }
        if let room = statement.headroom {
            add(room, "headroom", "benchmark_litres", figure: statement.cohort?.benchmarkLitres)
        }
    }

    mutating func add(_ room: Statement.Headroom, _ key: String, _ name: String, figure: Int64?) {
        guard let figure, let scale = statement.equivalised?.scaleMillionths else { return }
        let target = Arithmetic.input("benchmark_home_litres", room.benchmarkHomeLitres)
        add(
            "\(key).benchmark_home_litres", room.benchmarkHomeLitres, .litres, .headroomTarget,
            .halfUp(
                .product([.input(name, figure), .input("scale_millionths", scale)]), by: .input("", 1_000_000)),
            by: statement.rules)
        add(
            "\(key).litres", room.litres, .litres, .headroomLitres, .atLeastZero(.difference(own, target)),
            by: statement.rules)
        guard let best = room.benchmarkBill else { return }
        addBillOfOther("\(key).benchmark_bill_fen", best, of: room.benchmarkHomeLitres, named: "bill_there_fen")
        if let saving = room.saving {
            add(
                "\(key).saving_fen", saving.fen, .fen, .headroomSaving, less(than: .input("bill_there_fen", best.fen)),
                by: statement.tariff)
        }
    }

    private mutating func addPoints() {
        let points = statement.points
        give("points.monthly_cap_points", points.monthlyCap.count, .points, .setByFile, by: statement.rules)
        var before: [Arithmetic] = []
        for (index, line) in points.lines.enumerated() {
            addBeforeCap(line, "points.lines.\(index)")
            let left = Arithmetic.difference(
                .input("monthly_cap_points", points.monthlyCap.count), .sum(before.isEmpty ? [.input("", 0)] : before))
            add(
                "points.lines.\(index).points", line.points.count, .points, .pointsOfRule,
                .least(.input("points_before_cap", line.pointsBeforeCap.count), left), by: statement.rules)
            before.append(.input("earlier_line_points", line.points.count))
        }
        add(
            "points.total_points", points.total.count, .points, .pointsTotal,
            .sum(points.lines.map { .input("line_points", $0.points.count) }), by: statement.rules)
    }

    private mutating func addBeforeCap(_ line: PointsLine, _ key: String) {
        let unit: Explanation.Unit = line.measure == .litres ? .litres : .percent
        give("\(key).value", line.value, unit, .asElsewhere)
        give("\(key).at_most", line.atMost, unit, .setByFile, by: statement.rules)
        let points = line.pointsBeforeCap.count
        var arithmetic = Arithmetic.input("rule_points", points)
        if line.measure == .savingPercent, let percent = line.value, let saving = statement.saving {
            let paid = Arithmetic.least(
                .product([
                    .input("percent", percent), .input("points_per_percent", saving.pointsPerPercent.count),
                ]), .input("points_at_most", saving.mostPoints.count))
            if paid.value == points { arithmetic = paid }
        }
        add("\(key).points_before_cap", points, .points, .pointsBeforeCap, arithmetic, by: statement.rules)
    }
}
