public import Water

/// A bill's arithmetic in words and figures, one step a line: the tariff, how the bounds came about, how the volume
/// falls into tiers, each line's product before and after rounding, the sum, what is assumed, and the source.
///
/// Throws nothing: what cannot be explained is the result's failure. The arguments are those of `bill`;
/// `periodToDateLitres` nil is 0 and not asked for.
public func explain(
    _ tariff: Tariff, month: BillingMonth, sizes: [HouseholdSize], litres: Int64, periodToDateLitres: Int64? = nil
) -> Result<[String], ExplainRefusal> {
    guard Set(sizes.map(\.from)).count == sizes.count else { return .failure(.sizesOfOneDay) }
    let isMonthly = ([tariff] + tariff.earlierParts).allSatisfy { $0.basis == .month }
    guard !isMonthly || periodToDateLitres == nil else { return .failure(.noPeriodBefore) }
    let before = periodToDateLitres ?? 0
    let billed = bill(tariff, month: month, sizes: sizes, litres: litres, periodToDateLitres: before)
    return billed.mapError(ExplainRefusal.bill).map { bill in
        let parts = monthParts(tariff, month: month, sizes: sizes, litres: litres, before: before)
        var lines = ["tariff \(tariff.id) \(tariff.version), by \(tariff.basis.words), month \(month)"]
        for part in parts { lines += part.explanation(isOnly: parts.count == 1) }
        lines.append("lines, each rounded half up to the fen")
        lines += bill.lines.map { "  " + $0.explanation(parts, in: month) }
        lines.append("total \(bill.lines.map(\.amount.yuan).joined(separator: " + ")) = \(bill.total.yuan) yuan")
        lines += bill.assumptions.map { "assumed: \($0.words)" }
        lines.append("source: \(tariff.source)")
        lines.append("certainty: \(tariff.certainty)")
        return lines
    }
}

/// Why a bill's arithmetic is not told, in this order.
public enum ExplainRefusal: Error, Sendable, Hashable {
    /// Two of the sizes hold from one day.
    case sizesOfOneDay
    /// The tariff goes by the month: litres of its period before the month have no use.
    case noPeriodBefore
    case bill(BillRefusal)
}

extension MonthPart {
    fileprivate func explanation(isOnly: Bool) -> [String] {
        var lines: [String] = []
        if !isOnly {
            lines.append(
                "\(days.lowerBound) to \(days.upperBound), version \(ownVersion): \(days.dayCount) of "
                    + "\(month.dayCount) days, \(cubicMetres(litres)) m3 of the month")
        }
        for span in sizes {
            let size = span.persons.map { "\($0) persons" } ?? "persons unknown, \(tariff.basePersons) taken"
            lines.append("  \(span.days.lowerBound) to \(span.days.upperBound): \(size), \(span.dayCount) days")
        }
        let period = tariff.periodDays(of: month).dayCount
        for (index, bound) in bounds.enumerated() {
            let terms = sizes.map { term(tariff.bounds[index], $0, of: period) }.joined(separator: " + ")
            lines.append("  tier \(index + 1) ends at \(terms) = \(cubicMetres(bound)) m3")
        }
        if tariff.basis != .month { lines.append("  used before in the period: \(cubicMetres(before)) m3") }
        for (index, volume) in volumes.enumerated() where volume > 0 && !bounds.isEmpty {
            let start = volumes[..<index].reduce(before, +)
            lines.append(
                "  tier \(index + 1) takes \(cubicMetres(volume)) m3, from \(cubicMetres(start)) to "
                    + "\(cubicMetres(start + volume)) m3")
        }
        return lines
    }

    private var ownVersion: String { tariff.version.split(separator: "+").last.map(String.init) ?? tariff.version }

    /// One stretch's share of a bound: the base, the extra for its size, and its days over the period's.
    private func term(_ bound: TierBound, _ span: SizeSpan, of periodDays: Int64) -> String {
        let times = tariff.extraTimes(persons: span.persons ?? tariff.basePersons)
        let base = cubicMetres(bound.litres)
        let sum = times == 0 ? base : "(\(base) + \(times) x \(cubicMetres(bound.extraLitres)))"
        return span.dayCount == periodDays ? sum : "\(sum) x \(span.dayCount)/\(periodDays)"
    }
}

extension BillLine {
    fileprivate func explanation(_ parts: [MonthPart], in month: BillingMonth) -> String {
        let title = tier.map { "\(name) tier \($0)" } ?? name
        switch unit {
        case .cubicMetre:
            return "\(title): \(cubicMetres(litres)) m3 x \(priceYuanPerM3) yuan/m3 = \(exact) -> \(amount.yuan) yuan"
        case .month:
            let part = parts.first { name.hasSuffix("-until-\($0.days.upperBound)") } ?? parts.last
            let share = part.map { $0.isWholeMonth ? "" : " x \($0.days.dayCount)/\(month.dayCount) days" } ?? ""
            return "\(title): \(priceYuanPerM3) yuan a month\(share) -> \(amount.yuan) yuan"
        }
    }

    /// litres × price before rounding, with every decimal.
    private var exact: String {
        let (product, overflow) = litres.multipliedReportingOverflow(by: priceYuanPerM3.scaled)
        if overflow { return "…" }
        return ExactDecimal(scaled: product, decimals: priceYuanPerM3.decimals + 3).description
    }
}

extension TariffBasis {
    fileprivate var words: String {
        switch self {
        case .month: "month"
        case .twoMonths: "two months"
        case .year: "calendar year"
        }
    }
}

extension BillAssumption {
    fileprivate var words: String {
        switch self {
        case .monthBeforeCertain: "the month starts before the figures are certain"
        case .personsUnknown: "the household's size is unknown, the tariff's base size stands in"
        case .personsBeyondRule: "the household is larger than the sources' rule reaches"
        case .monthAfterCertain: "the month ends after the last day the figures are known to hold"
        case .figuresUncertain: "the figures rest on a weak source"
        }
    }
}

/// Litres as m³ with three decimals.
func cubicMetres(_ litres: Int64) -> String { ExactDecimal(scaled: litres, decimals: 3).description }
