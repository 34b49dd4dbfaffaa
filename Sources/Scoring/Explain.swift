import Tariffs
public import Water

/// How one figure of a statement came about: what it rests on, by which rule, in which version.
public struct Explanation: Sendable, Hashable {
    /// Where the figure stands in the statement, as `equivalised.litres_per_equivalised_person`.
    public var key: String
    public var value: Int64
    public var unit: Unit
    public var rule: Rule
    /// Redone, it gives `value`.
    public var arithmetic: Arithmetic
    /// The file whose version decided; nil where the service's own definitions do.
    public var file: Statement.FileReference?

    public enum Unit: String, Sendable, Hashable, CaseIterable {
        case litres, fen, points, percent, hours
        /// Thousandths of the cohort's median.
        case permille
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
        case percentile
        case cohortFigure = "cohort_figure"
        case headroomTarget = "headroom_target"
        case headroomLitres = "headroom_litres"
        case headroomSaving = "headroom_saving"
        case norm
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
    }
}

/// Every computed figure of a statement with how it came about: a function of the statement alone, so that the
/// explanation of an old statement never changes. In the order of the page.
public func explain(_ statement: Statement) -> [Explanation] {
    var entries = ExplanationList(statement: statement)
    entries.addUse()
    entries.addBill()
    entries.addComparison()
    entries.addPoints()
    if let saving = statement.saving { entries.add(saving) }
    if let analysis = statement.analysis { entries.add(analysis) }
    if let correction = statement.correction { entries.add(correction) }
    return entries.found
}

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
    private(set) var found: [Explanation] = []

    init(statement: Statement) { self.statement = statement }

    mutating func add(
        _ key: String, _ value: Int64, _ unit: Explanation.Unit, _ rule: Explanation.Rule, _ arithmetic: Arithmetic,
        by file: Statement.FileReference? = nil
    ) {
        found.append(
            Explanation(key: key, value: value, unit: unit, rule: rule, arithmetic: arithmetic, file: file))
    }

    var own: Arithmetic { .input("litres", statement.use.litres) }
    var bill: Bill? { if case .billed(let bill) = statement.billing { bill } else { nil } }

    fileprivate mutating func addUse() {
        let use = statement.use
        func days(_ state: MeasureState) -> Arithmetic {
            .sum(use.days.filter { $0.state == state }.map { .input("\(state.rawValue)_day_litres", $0.litres ?? 0) })
        }
        add("use.measured_litres", use.measuredLitres, .litres, .sumOfDays, days(.measured))
        add("use.estimated_litres", use.estimatedLitres, .litres, .sumOfDays, days(.estimated))
        add(
            "use.litres", use.litres, .litres, .monthUse,
            .sum([.input("measured_litres", use.measuredLitres), .input("estimated_litres", use.estimatedLitres)]))
        add(
            "use.missing_hours", use.missingHours, .hours, .missingHours,
            .ceiling(.input("missing_seconds", statement.quality.missingSeconds), by: .input("", 3_600)))
        add(
            "quality.qualifying_percent", statement.quality.qualifyingPercent, .percent, .qualifyingPercent,
            .floor(
                .product([.input("", 100), .input("qualifying_seconds", statement.quality.qualifyingSeconds)]),
                by: .input("month_seconds", statement.quality.monthSeconds)))
        if let size = statement.equivalised {
            add(
                "equivalised.litres_per_equivalised_person", size.litres, .litres, .equivalised,
                .halfUp(
                    .product([own, .input("", 1_000_000)]), by: .input("scale_millionths", size.scaleMillionths)),
                by: statement.rules)
        }
        if let norm = statement.norm {
            let persons = Int64(statement.persons ?? 0)
            add(
                "norm.litres", norm.litres, .litres, .norm,
                .product([
                    .input("litres_per_person_day", norm.litresPerPersonDay), .input("persons", persons),
                    .input("days", Int64(norm.days)),
                ]), by: statement.rules)
        }
    }

    fileprivate mutating func addBill() {
        guard let bill else { return }
        for (index, line) in bill.lines.enumerated() {
            let key = "billing.bill.lines.\(index).fen"
            guard line.unit == .cubicMetre, let divisor = line.priceYuanPerM3.fenDivisor else {
                add(key, line.amount.fen, .fen, .fixedCharge, .input("fen", line.amount.fen), by: statement.tariff)
                continue
            }
            add(
                key, line.amount.fen, .fen, .billLine,
                .halfUp(
                    .product([
                        .input("litres", line.litres), .input("price_without_point", line.priceYuanPerM3.scaled),
                    ]),
                    by: .input("", divisor)), by: statement.tariff)
        }
        add(
            "billing.bill.total_fen", bill.total.fen, .fen, .billTotal,
            .sum(bill.lines.map { .input("line_fen", $0.amount.fen) }), by: statement.tariff)
        // Of a month that two versions share, the last version's part alone fills its bounds.
        guard let analysis = statement.analysis, let left = bill.litresToNextTier,
            bill.tier <= bill.boundsLitres.count, !bill.lines.contains(where: { $0.name.contains("-until-") })
        else { return }
        add(
            "billing.bill.litres_to_next_tier", left, .litres, .toNextTier,
            .difference(
                .input("bound_litres", bill.boundsLitres[bill.tier - 1]),
                .input("period_litres", analysis.periodLitres)), by: statement.tariff)
    }

    fileprivate mutating func addComparison() {
        if let cohort = statement.cohort {
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
        if let saving = room.saving, let best = room.benchmarkBill {
            add(
                "\(key).saving_fen", saving.fen, .fen, .headroomSaving, less(than: .input("bill_there_fen", best.fen)),
                by: statement.tariff)
        }
    }

    /// The own bill less another, at least 0.
    func less(than other: Arithmetic) -> Arithmetic {
        .atLeastZero(.difference(.input("bill_fen", bill?.total.fen ?? 0), other))
    }

    fileprivate mutating func addPoints() {
        let points = statement.points
        var before: [Arithmetic] = []
        for (index, line) in points.lines.enumerated() {
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
}

extension ExactDecimal {
    /// litres × the digits of a price in yuan per m³ / this = fen: 1,000 L and 100 fen leave ten, and ten for each decimal.
    fileprivate var fenDivisor: Int64? {
        (0...9).contains(decimals) ? (0..<decimals).reduce(Int64(10)) { ten, _ in ten * 10 } : nil
    }
}
