import Tariffs
import Water

/// Why bytes are not a statement.
public struct StatementDefect: Error, Sendable, Hashable {
    /// The key that could not be read; `canonical` where the bytes are not the statement's one spelling.
    public let key: String
}

extension Statement {
    /// Reads what `bytes` wrote, and nothing else: a statement that would be spelled differently is refused.
    public init(bytes: [UInt8]) throws(StatementDefect) {
        guard let value = parseJSON(bytes) else { throw StatementDefect(key: "canonical") }
        let json = try Members(value, "statement")
        let layout = try json.string("layout")
        guard [Statement.firstLayout, Statement.layoutWithoutSaving, Statement.layout].contains(layout) else {
            throw StatementDefect(key: "layout")
        }
        let month = try json.parsed("month") { BillingMonth($0) }
        self.init(
            household: try json.string("household"), month: month, version: try json.int("version"),
            isShared: try json.bool("is_shared"),
            shareMillionths: try json.integerIfPresent("share_millionths", in: 1...1_000_000),
            use: try Use(json.members("use"), month: month),
            persons: try json.optionalInteger("persons").map { Int($0) },
            equivalised: try json.optionalMembers("equivalised").map { json throws(StatementDefect) in
                Equivalised(
                    scaleMillionths: try json.integer("scale_millionths"),
                    litres: try json.integer("litres_per_equivalised_person"))
            },
            billing: try Billing(json.members("billing")),
            tariff: try FileReference(json.members("tariff")), rules: try FileReference(json.members("rules")),
            lastMonth: try json.optionalMembers("last_month").map(EarlierUse.init(json:)),
            sameMonthLastYear: try json.optionalMembers("same_month_last_year").map(EarlierUse.init(json:)),
            unranked: try json.optionalParsed("unranked") { UnrankedReason(rawValue: $0) },
            cohort: try json.optionalMembers("cohort").map(CohortSummary.init(json:)),
            rank: try json.optionalMembers("rank").map(Rank.init(json:)),
            headroom: try json.optionalMembers("headroom").map(Headroom.init(json:)),
            norm: try json.optionalMembers("norm").map { json throws(StatementDefect) in
                Norm(
                    litresPerPersonDay: try json.integer("litres_per_person_day"), days: try json.int("days"),
                    litres: try json.integer("litres"))
            },
            leaks: try json.list("leaks").map(ContinuousFlow.init(json:)),
            findings: try Statement.findings(json.members("findings")),
            points: try PointsEarned(json.members("points")), sentence: try Sentence(json.members("sentence")),
            quality: try Quality(json.members("quality")), readingsDigest: try json.string("readings_digest"),
            analysis: layout == Statement.firstLayout ? nil : try Analysis(json.members("analysis")),
            saving: layout == Statement.layout ? try Saving(json: json.members("saving")) : nil,
            correction: json.keys.contains("correction") ? try Correction(json: json.members("correction")) : nil)
        if let persons, let levels = saving?.levels, levels.allSatisfy({ $0.persons == nil }) {
            for index in levels.indices { saving?.levels[index].persons = persons }
        }
        guard self.bytes == bytes else { throw StatementDefect(key: "canonical") }
    }

    private static func findings(_ json: Members) throws(StatementDefect) -> [FindingKind: Int] {
        var found: [FindingKind: Int] = [:]
        for key in json.keys {
            guard let kind = FindingKind(rawValue: key) else { throw StatementDefect(key: key) }
            found[kind] = try json.int(key)
        }
        return found
    }
}

extension Statement.Use {
    fileprivate init(_ json: Members, month: BillingMonth) throws(StatementDefect) {
        let states = Array(try json.string("daily_states").utf8)
        let litres = try json.values("daily_litres")
        guard states.count == litres.count, states.count <= 31 else { throw StatementDefect(key: "daily_states") }
        var days: [DayUse] = []
        for (index, (letter, value)) in zip(states, litres).enumerated() {
            let day = month.firstDay.advanced(by: index)
            switch (letter, value) {
            case (UInt8(ascii: "m"), .integer(let litres)):
                days.append(DayUse(day: day, litres: litres, state: .measured))
            case (UInt8(ascii: "e"), .integer(let litres)):
                days.append(DayUse(day: day, litres: litres, state: .estimated))
            case (UInt8(ascii: "x"), .null):
                days.append(DayUse(day: day, litres: nil, state: .missing))
            default: throw StatementDefect(key: "daily_litres")
            }
        }
        let measured = try json.integer("measured_litres")
        let estimated = try json.integer("estimated_litres")
        if measured.addingReportingOverflow(estimated).overflow { throw StatementDefect(key: "litres") }
        self.init(
            measuredLitres: measured, estimatedLitres: estimated, days: days,
            missingHours: try json.integer("missing_hours"))
    }
}

extension Statement.Billing {
    fileprivate init(_ json: Members) throws(StatementDefect) {
        if let refusal = try json.optionalParsed("refused", { BillRefusal(rawValue: $0) }) {
            self = .refused(refusal)
            return
        }
        let bill = try json.members("bill")
        self = .billed(
            Bill(
                lines: try bill.list("lines").map(BillLine.init(json:)),
                total: Money(fen: try bill.integer("total_fen")),
                assumptions: try bill.values("assumptions").map { value throws(StatementDefect) in
                    guard case .string(let code) = value, let assumption = BillAssumption(rawValue: code) else {
                        throw StatementDefect(key: "assumptions")
                    }
                    return assumption
                },
                persons: try bill.int("persons"), boundsLitres: try bill.integers("bounds_litres"),
                tier: try bill.int("tier"), litresToNextTier: try bill.optionalInteger("litres_to_next_tier")))
    }
}

extension BillLine {
    fileprivate init(json: Members) throws(StatementDefect) {
        self.init(
            name: try json.string("name"), tier: try json.optionalInteger("tier").map { Int($0) },
            litres: try json.integer("litres"),
            priceYuanPerM3: try json.parsed("price_yuan_per_m3") { ExactDecimal($0) },
            amount: Money(fen: try json.integer("fen")),
            unit: try json.parsedIfPresent("unit") { $0 == "month" ? BillUnit.month : nil } ?? .cubicMetre)
    }
}

extension Statement.FileReference {
    fileprivate init(_ json: Members) throws(StatementDefect) {
        self.init(
            id: try json.string("id"), version: try json.string("version"), digest: try json.string("digest"))
    }
}

extension EarlierUse {
    init(json: Members) throws(StatementDefect) {
        self.init(
            month: try json.parsed("month") { BillingMonth($0) }, litres: try json.integer("litres"),
            missingHours: try json.integer("missing_hours"), version: try json.int("version"),
            hash: try json.string("hash"),
            knownDays: json.keys.contains("known_days") ? try json.int("known_days") : nil)
    }
}

extension Statement.CohortSummary {
    fileprivate init(json: Members) throws(StatementDefect) {
        self.init(
            kind: try json.parsed("area_kind") { AreaKind(rawValue: $0) }, code: try json.string("area_code"),
            homes: try json.int("homes"),
            medianLitres: try json.integer("median_litres_per_equivalised_person"),
            benchmarkLitres: try json.optionalInteger("benchmark_litres_per_equivalised_person"))
    }
}

extension Rank {
    fileprivate init(json: Members) throws(StatementDefect) {
        let range: ClosedRange<Int64> = 0...1_000_000_000
        self.init(
            lowerHomes: Int(try json.integer("lower_homes", in: range)),
            equalHomes: Int(try json.integer("equal_homes", in: range)),
            otherHomes: Int(try json.integer("other_homes", in: range)))
    }
}

extension Statement.Headroom {
    init(json: Members) throws(StatementDefect) {
        self.init(
            benchmarkHomeLitres: try json.integer("benchmark_home_litres"), litres: try json.integer("litres"),
            benchmarkBill: try json.optionalInteger("benchmark_bill_fen").map(Money.init(fen:)),
            saving: try json.optionalInteger("saving_fen").map(Money.init(fen:)))
    }
}

extension ContinuousFlow {
    fileprivate init(json: Members) throws(StatementDefect) {
        // The range keeps the difference of two instants within 64 bits.
        let range: ClosedRange<Int64> = -1_000_000_000_000...1_000_000_000_000
        self.init(
            from: Instant(epochSeconds: try json.integer("from_epoch_seconds", in: range)),
            to: Instant(epochSeconds: try json.integer("to_epoch_seconds", in: range)),
            litresPerHour: try json.integer("litres_per_hour"),
            shareMillionths: try json.integerIfPresent("share_millionths"))
    }
}

extension Statement.PointsEarned {
    fileprivate init(_ json: Members) throws(StatementDefect) {
        self.init(
            lines: try json.list("lines").map(PointsLine.init(json:)),
            monthlyCap: Points(try json.integer("monthly_cap_points")),
            total: Points(try json.integer("total_points")),
            noneReason: try json.optionalParsed("none_reason") { NoPointsReason(code: $0) })
    }
}

extension PointsLine {
    fileprivate init(json: Members) throws(StatementDefect) {
        self.init(
            rule: try json.string("rule"), measure: try json.parsed("measure") { Measure(rawValue: $0) },
            value: try json.optionalInteger("value"), atMost: try json.optionalInteger("at_most"),
            pointsBeforeCap: Points(try json.integer("points_before_cap")),
            points: Points(try json.integer("points")))
    }
}

extension Sentence {
    fileprivate init(_ json: Members) throws(StatementDefect) {
        self.init(try json.parsed("code") { Code(rawValue: $0) }, try json.integers("arguments"))
    }
}

extension Statement.Quality {
    fileprivate init(_ json: Members) throws(StatementDefect) {
        self.init(
            monthSeconds: try json.integer("month_seconds"), missingSeconds: try json.integer("missing_seconds"),
            qualifyingSeconds: try json.integer("qualifying_seconds"),
            requiredPercent: try json.integer("required_percent"), isBracketed: try json.bool("is_bracketed"),
            unjoinedOn: try Self.unjoinedOn(json), isPartial: try json.bool("is_partial"),
            zeroDays: try json.int("zero_days"), readings: try json.int("readings"),
            detectableLitresPerHour: try json.integer("detectable_litres_per_hour"),
            dataUntil: try json.optionalInteger("data_until_epoch_seconds").map(Instant.init(epochSeconds:)))
    }

    private static func unjoinedOn(_ json: Members) throws(StatementDefect) -> [LocalDay] {
        guard json.keys.contains("unjoined_on") else { return [] }
        return try json.values("unjoined_on").map { value throws(StatementDefect) in
            guard case .string(let text) = value, let day = LocalDay(text) else {
                throw StatementDefect(key: "unjoined_on")
            }
            return day
        }
    }
}
