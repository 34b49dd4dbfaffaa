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
        case litresPerHour = "litres_per_hour"
        case epochSeconds = "epoch_seconds"
        /// A count, a version or a tier.
        case number
    }

    /// What is done, named for the catalogue of texts.
    public enum Rule: String, Sendable, Hashable, CaseIterable {
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
        /// The bill of other litres by the same tariff.
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

    private mutating func addBill() {
        guard let bill else { return }
        for (index, bound) in bill.boundsLitres.enumerated() {
            add(
                "billing.bill.bounds_litres.\(index)", bound, .litres, .tierBound, .input("bound_litres", bound),
                by: statement.tariff)
        }
        for (index, line) in bill.lines.enumerated() { add(line, of: bill, "billing.bill.lines.\(index)") }
        add(
            "billing.bill.total_fen", bill.total.fen, .fen, .billTotal,
            .sum(bill.lines.map { .input("line_fen", $0.amount.fen) }), by: statement.tariff)
        give("billing.bill.tier", Int64(bill.tier), .number, .tierReached, by: statement.tariff)
        // Of a home whose size is unknown the tariff's base size.
        let isKnown = statement.persons != nil
        give(
            "billing.bill.persons", Int64(bill.persons), .persons, isKnown ? .registered : .setByFile,
            by: isKnown ? nil : statement.tariff)
        if let left = bill.litresToNextTier { addLeft(left, of: bill) }
    }

    private mutating func addLeft(_ left: Int64, of bill: Bill) {
        let (key, place) = ("billing.bill.litres_to_next_tier", bill.tier - 1)
        if bill.boundsLitres.indices.contains(place) {
            let arithmetic = Arithmetic.difference(
                .input("bound_litres", bill.boundsLitres[place]), .input("period_litres", periodLitres))
            if arithmetic.value == left {
                return add(key, left, .litres, .toNextTier, arithmetic, by: statement.tariff)
            }
        }
        // Of a month that two versions share, the last version's part alone fills its bounds.
        give(key, left, .litres, .toNextTier, by: statement.tariff)
    }

    private mutating func add(_ line: BillLine, of bill: Bill, _ key: String) {
        give("\(key).tier", line.tier.map(Int64.init), .number, .setByFile, by: statement.tariff)
        let fen = line.amount.fen
        guard line.unit == .cubicMetre, let divisor = line.priceYuanPerM3.fenDivisor else {
            give("\(key).litres", line.litres, .litres, .tierVolume, by: statement.tariff)
            return add("\(key).fen", fen, .fen, .fixedCharge, .input("fen", fen), by: statement.tariff)
        }
        let volume = volume(of: line, bill)
        add(
            "\(key).litres", line.litres, .litres, .tierVolume, volume, by: statement.tariff,
            isShown: line.tier != nil)
        add(
            "\(key).fen", fen, .fen, .billLine,
            .halfUp(
                .product([.input("litres", line.litres), .input("price_without_point", line.priceYuanPerM3.scaled)]),
                by: .input("", divisor)), by: statement.tariff)
    }

    /// What the month adds to a tier: the part of the period's litres that lies in it, less the part of those before the
    /// month. Of a month that two versions share, the volume as it stands.
    private func volume(of line: BillLine, _ bill: Bill) -> Arithmetic {
        let (bounds, before) = (bill.boundsLitres, periodLitres &- statement.use.litres)
        func within(_ litres: Arithmetic, _ tier: Int) -> Arithmetic {
            let reached = tier <= bounds.count ? .least(litres, .input("bound_litres", bounds[tier - 1])) : litres
            guard tier > 1, tier - 2 < bounds.count else { return reached }
            return .difference(reached, .least(litres, .input("bound_before_litres", bounds[tier - 2])))
        }
        var volume = own
        if let tier = line.tier, tier > 0 {
            volume = within(.input("period_litres", periodLitres), tier)
            if before != 0 {
                volume = .difference(volume, within(.input("before_month_litres", before), tier))
            }
        }
        return volume.value == line.litres ? volume : .input("litres", line.litres)
    }

    private var periodLitres: Int64 { statement.analysis?.periodLitres ?? statement.use.litres }

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
        add(
            "\(key).benchmark_bill_fen", best.fen, .fen, .billOfOther, .input("bill_there_fen", best.fen),
            by: statement.tariff)
        if let saving = room.saving {
            add(
                "\(key).saving_fen", saving.fen, .fen, .headroomSaving, less(than: .input("bill_there_fen", best.fen)),
                by: statement.tariff)
        }
    }

    /// The own bill less another, at least 0.
    func less(than other: Arithmetic) -> Arithmetic {
        .atLeastZero(.difference(.input("bill_fen", bill?.total.fen ?? 0), other))
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
