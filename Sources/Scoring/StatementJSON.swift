import Tariffs
import Water

extension Statement {
    /// The layouts' names, one more whenever keys are added or change their meaning (the form of `readings_digest` is told
    /// by its own prefix). Keys that stand only where something is told of that most homes lack need none: so
    /// `share_millionths`, which is there only where `is_shared` is true, and not in such statements of before. The first
    /// layout has no `analysis`, the second no `saving`, which only rules that pay savings bring.
    static let firstLayout = "jieshui.statement.1"
    static let layoutWithoutSaving = "jieshui.statement.2"
    public static let layout = "jieshui.statement.3"

    /// SHA-256 of the canonical bytes, lower-case hex.
    public var hash: String { sha256Hex(bytes) }

    /// The canonical bytes: every figure with its unit in its key, one spelling, keys in the order of their bytes.
    /// `daily_litres` and `daily_states` start at the month's first day; a state is `m` measured, `e` estimated, `x`
    /// missing (litres null).
    public var bytes: [UInt8] {
        var text = JSONText(capacity: 4_096)
        text.object(write)
        return text.bytes
    }

    private func write(_ text: inout JSONText) {
        if let analysis { text.object("analysis", analysis.write) }
        text.object("billing", billing.write)
        text.object("cohort", cohort) { $1.write(&$0) }
        if let correction { text.object("correction", correction.write) }
        text.object("equivalised", equivalised) { text, size in
            text.member("litres_per_equivalised_person", size.litres)
            text.member("scale_millionths", size.scaleMillionths)
        }
        text.object("findings") { text in
            let counts = findings.map { (key: $0.key.rawValue, count: $0.value) }.sorted { $0.key < $1.key }
            for (key, count) in counts { text.member(named: key, count) }
        }
        text.object("headroom", headroom) { $1.write(&$0) }
        text.member("household", household)
        text.member("is_shared", isShared)
        text.object("last_month", lastMonth) { $1.write(&$0) }
        let plain = analysis == nil ? Statement.firstLayout : Statement.layoutWithoutSaving
        text.member("layout", saving == nil ? plain : Statement.layout)
        text.objects("leaks", leaks) { $1.write(&$0) }
        text.member("month", month.description)
        text.object("norm", norm) { text, norm in
            text.member("days", norm.days)
            text.member("litres", norm.litres)
            text.member("litres_per_person_day", norm.litresPerPersonDay)
        }
        text.member("persons", persons.map(Int64.init))
        text.object("points", points.write)
        text.object("quality", quality.write)
        text.object("rank", rank) { $1.write(&$0) }
        text.member("readings_digest", readingsDigest)
        text.object("rules", rules.write)
        text.object("same_month_last_year", sameMonthLastYear) { $1.write(&$0) }
        if let saving { text.object("saving") { text in saving.write(&text, persons: persons) } }
        text.object("sentence") { text in
            text.integers("arguments", sentence.arguments)
            text.member("code", sentence.code.rawValue)
        }
        if isShared, let shareMillionths { text.member("share_millionths", shareMillionths) }
        text.object("tariff", tariff.write)
        text.member("unranked", unranked?.rawValue)
        text.object("use", use.write)
        text.member("version", version)
    }
}

extension Statement.Use {
    fileprivate func write(_ text: inout JSONText) {
        text.array("daily_litres") { text in for day in days { text.element(day.litres) } }
        text.member("daily_states", String(decoding: days.map { $0.state.letter }, as: UTF8.self))
        text.member("estimated_litres", estimatedLitres)
        text.member("litres", litres)
        text.member("measured_litres", measuredLitres)
        text.member("missing_hours", missingHours)
    }
}

extension MeasureState {
    fileprivate var letter: UInt8 {
        switch self {
        case .measured: UInt8(ascii: "m")
        case .estimated: UInt8(ascii: "e")
        case .missing: UInt8(ascii: "x")
        }
    }
}

extension Statement.Billing {
    fileprivate func write(_ text: inout JSONText) {
        switch self {
        case .billed(let bill):
            text.object("bill", bill.write)
            text.member("refused", String?.none)
        case .refused(let refusal):
            text.member("bill", String?.none)
            text.member("refused", refusal.rawValue)
        }
    }
}

extension Bill {
    fileprivate func write(_ text: inout JSONText) {
        text.array("assumptions") { text in for one in assumptions { text.element(one.rawValue) } }
        text.integers("bounds_litres", boundsLitres)
        text.objects("lines", lines) { $1.write(&$0) }
        text.member("litres_to_next_tier", litresToNextTier)
        text.member("persons", persons)
        text.member("tier", tier)
        text.member("total_fen", total.fen)
    }
}

extension BillLine {
    fileprivate func write(_ text: inout JSONText) {
        text.member("fen", amount.fen)
        text.member("litres", litres)
        text.member("name", name)
        text.member("price_yuan_per_m3", priceYuanPerM3.description)
        text.member("tier", tier.map(Int64.init))
        if unit != .cubicMetre { text.member("unit", unit.rawValue) }
    }
}

extension Statement.FileReference {
    fileprivate func write(_ text: inout JSONText) {
        text.member("digest", digest)
        text.member("id", id)
        text.member("version", version)
    }

    var json: CanonicalJSON {
        .object(["id": .string(id), "version": .string(version), "digest": .string(digest)])
    }
}

extension EarlierUse {
    func write(_ text: inout JSONText) {
        text.member("hash", hash)
        if let knownDays { text.member("known_days", knownDays) }
        text.member("litres", litres)
        text.member("missing_hours", missingHours)
        text.member("month", month.description)
        text.member("version", version)
    }
}

extension Statement.CohortSummary {
    fileprivate func write(_ text: inout JSONText) {
        text.member("area_code", code)
        text.member("area_kind", kind.rawValue)
        text.member("benchmark_litres_per_equivalised_person", benchmarkLitres)
        text.member("homes", homes)
        text.member("median_litres_per_equivalised_person", medianLitres)
    }
}

extension Rank {
    fileprivate func write(_ text: inout JSONText) {
        text.member("equal_homes", equalHomes)
        text.member("lower_homes", lowerHomes)
        text.member("other_homes", otherHomes)
        text.member("percentile", percentile)
    }
}

extension Statement.Headroom {
    func write(_ text: inout JSONText) {
        text.member("benchmark_bill_fen", benchmarkBill?.fen)
        text.member("benchmark_home_litres", benchmarkHomeLitres)
        text.member("litres", litres)
        text.member("saving_fen", saving?.fen)
    }
}

extension ContinuousFlow {
    fileprivate func write(_ text: inout JSONText) {
        text.member("from_epoch_seconds", from.epochSeconds)
        text.member("hours", hours)
        text.member("litres_per_hour", litresPerHour)
        if let share = shareMillionths { text.member("share_millionths", share) }
        text.member("to_epoch_seconds", to.epochSeconds)
    }
}

extension Statement.PointsEarned {
    fileprivate func write(_ text: inout JSONText) {
        text.objects("lines", lines) { $1.write(&$0) }
        text.member("monthly_cap_points", monthlyCap.count)
        text.member("none_reason", noneReason?.code)
        text.member("total_points", total.count)
    }
}

extension PointsLine {
    fileprivate func write(_ text: inout JSONText) {
        text.member("at_most", atMost)
        text.member("measure", measure.rawValue)
        text.member("points", points.count)
        text.member("points_before_cap", pointsBeforeCap.count)
        text.member("rule", rule)
        text.member("value", value)
    }
}

extension Statement.Quality {
    fileprivate func write(_ text: inout JSONText) {
        text.member("data_until_epoch_seconds", dataUntil?.epochSeconds)
        text.member("detectable_litres_per_hour", detectableLitresPerHour)
        text.member("is_bracketed", isBracketed)
        text.member("is_partial", isPartial)
        text.member("missing_seconds", missingSeconds)
        text.member("month_seconds", monthSeconds)
        text.member("qualifying_percent", qualifyingPercent)
        text.member("qualifying_seconds", qualifyingSeconds)
        text.member("readings", readings)
        text.member("required_percent", requiredPercent)
        if !unjoinedOn.isEmpty {
            text.array("unjoined_on") { text in for day in unjoinedOn { text.element(day.description) } }
        }
        text.member("zero_days", zeroDays)
    }
}
