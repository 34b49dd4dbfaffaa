public import Water

/// Bills `litres` of `month` for a household of one size.
///
/// `persons` nil is unknown: billed at the base size and marked. `periodToDateLitres` is what the household used
/// earlier in the tariff's basis period, `litres` excluded: the year to date for a yearly tariff, ignored for a
/// monthly one.
public func bill(
    _ tariff: Tariff, month: BillingMonth, persons: Int?, litres: Int64, periodToDateLitres: Int64 = 0
) -> Result<Bill, BillRefusal> {
    bill(
        tariff, month: month, sizes: [HouseholdSize(from: LocalDay(number: 0), persons: persons)], litres: litres,
        periodToDateLitres: periodToDateLitres)
}

/// Bills `litres` of `month` for a household whose size may change within the basis period.
///
/// A bound is the mean over the period's days of the bound each day's size gives, rounded half up to the litre; days
/// to come count at the month's last size. Where a version of the tariff starts inside the month, the litres are
/// shared out by days, each cut rounded half up to the litre; with a monthly basis each version's bounds are shared
/// out by the same days, with a longer one the volume goes on filling whole bounds.
public func bill(
    _ tariff: Tariff, month: BillingMonth, sizes: [HouseholdSize], litres: Int64, periodToDateLitres: Int64 = 0
) -> Result<Bill, BillRefusal> {
    let range: ClosedRange<Int64> = 0...1_000_000_000_000
    guard tariff.isValid(in: month) else { return .failure(.outsideValidity) }
    guard range.contains(litres), range.contains(periodToDateLitres) else { return .failure(.litresOutOfRange) }
    guard sizes.allSatisfy({ (1...100).contains($0.persons ?? 1) }) else { return .failure(.personsOutOfRange) }
    let parts = monthParts(tariff, month: month, sizes: sizes, litres: litres, before: periodToDateLitres)
    guard let last = parts.last else { return .failure(.outsideValidity) }
    var lines: [BillLine] = []
    lines.reserveCapacity(parts.count * tariff.lines.count * (tariff.bounds.count + 1))
    // The version in force at the month's end leads: its tiers are the ones the household stands in.
    guard last.append(to: &lines), parts.dropLast().allSatisfy({ $0.append(to: &lines) }) else {
        return .failure(.litresOutOfRange)
    }
    let position = last.before + last.litres
    let reached = last.bounds.firstIndex { position <= $0 }
    return .success(
        Bill(
            lines: lines, total: lines.reduce(.zero) { $0 + $1.amount }, assumptions: assumptions(parts),
            persons: last.sizes.last?.persons ?? tariff.basePersons, boundsLitres: last.bounds,
            tier: (reached ?? last.bounds.count) + 1, litresToNextTier: reached.map { last.bounds[$0] - position }))
}

/// The days of a month that one version of a tariff prices, and the litres that fall to them.
struct MonthPart {
    let tariff: Tariff
    let month: BillingMonth
    let days: ClosedRange<LocalDay>
    let litres: Int64
    /// Litres of the basis period before this part's.
    let before: Int64
    let bounds: [Int64]
    /// The household's sizes over the days that the bounds rest on.
    let sizes: [SizeSpan]

    var isWholeMonth: Bool { days.dayCount == Int64(month.dayCount) }

    /// The litres of each tier.
    var volumes: [Int64] {
        var volumes: [Int64] = []
        volumes.reserveCapacity(bounds.count + 1)
        var start = before
        let end = before + litres
        for bound in bounds {
            let next = max(start, min(end, bound))
            volumes.append(next - start)
            start = next
        }
        volumes.append(end - start)
        return volumes
    }

    /// Adds this part's lines; false where an amount does not fit 64 bits.
    func append(to lines: inout [BillLine]) -> Bool {
        let suffix = days.upperBound == month.lastDay ? "" : "-until-\(days.upperBound)"
        let volumes = volumes
        for line in tariff.lines {
            let name = line.name + suffix
            switch line.prices {
            case .flat(let price):
                guard let amount = cost(of: litres, at: price) else { return false }
                lines.append(BillLine(name: name, tier: nil, litres: litres, priceYuanPerM3: price, amount: amount))
            case .tiered(let prices):
                for (index, (volume, price)) in zip(volumes, prices).enumerated() {
                    guard let amount = cost(of: volume, at: price) else { return false }
                    lines.append(
                        BillLine(name: name, tier: index + 1, litres: volume, priceYuanPerM3: price, amount: amount))
                }
            case .fixed(let price):
                guard let amount = share(of: price) else { return false }
                lines.append(
                    BillLine(name: name, tier: nil, litres: 0, priceYuanPerM3: price, amount: amount, unit: .month))
            }
        }
        return true
    }

    /// The fixed price × these days / the month's days, half up to the fen.
    private func share(of price: ExactDecimal) -> Money? {
        guard let unit = powerOfTen(price.decimals) else { return nil }
        return multiplyThenDivideHalfUp(price.scaled, 100 * days.dayCount, by: unit * Int64(month.dayCount))
            .map(Money.init(fen:))
    }
}

/// litres / 1000 m³ × price yuan × 100 fen, half up: the one place where a volume's cost is rounded. nil where it
/// does not fit 64 bits.
func cost(of litres: Int64, at price: ExactDecimal) -> Money? {
    guard let denominator = powerOfTen(price.decimals + 1) else { return nil }
    return multiplyThenDivideHalfUp(litres, price.scaled, by: denominator).map(Money.init(fen:))
}

/// The versions that price `month`, oldest first; the month must lie in their validity.
func monthParts(
    _ tariff: Tariff, month: BillingMonth, sizes: [HouseholdSize], litres: Int64, before: Int64
) -> [MonthPart] {
    let whole = month.firstDay...month.lastDay
    guard !tariff.earlierParts.isEmpty else {
        return [MonthPart(tariff, month: month, days: whole, sizes: sizes, litres: litres, before: before)]
    }
    var parts: [MonthPart] = []
    var spent: Int64 = 0
    for version in tariff.earlierParts + [tariff] {
        guard let days = whole.intersection(version.validFrom...(version.validTo ?? month.lastDay)) else { continue }
        let elapsed = Int64(days.upperBound.number - whole.lowerBound.number) + 1
        let until = multiplyThenDivideHalfUp(litres, elapsed, by: Int64(month.dayCount)) ?? litres
        parts.append(
            MonthPart(
                version, month: month, days: days, sizes: sizes, litres: until - spent, before: before + spent))
        spent = until
    }
    return parts
}

extension MonthPart {
    /// `before` is ignored for a monthly basis.
    fileprivate init(
        _ tariff: Tariff, month: BillingMonth, days: ClosedRange<LocalDay>, sizes: [HouseholdSize], litres: Int64,
        before: Int64
    ) {
        let isMonthly = tariff.basis == .month
        let period = isMonthly ? month.firstDay...month.lastDay : tariff.periodDays(of: month)
        let filled = isMonthly ? days : tariff.filledDays(of: period)
        let spans = spans(sizes, over: filled, knownTo: month.lastDay)
        self.init(
            tariff: tariff, month: month, days: days, litres: litres, before: isMonthly ? 0 : before,
            bounds: tariff.boundsLitres(over: spans, ofDays: period.dayCount), sizes: spans)
    }
}

extension Tariff {
    /// The first month whose litres fill the same tiers as those of `month`: the month itself with a monthly basis.
    public func firstMonth(ofPeriodOf month: BillingMonth) -> BillingMonth {
        guard basis != .month else { return month }
        let (year, first, _) = filledDays(of: periodDays(of: month)).lowerBound.date
        return BillingMonth(year: year, month: first) ?? month
    }

    /// The days of a basis period longer than a month that the bounds are for.
    fileprivate func filledDays(of period: ClosedRange<LocalDay>) -> ClosedRange<LocalDay> {
        firstPeriod == .byDays && period.contains(validFrom) ? validFrom...period.upperBound : period
    }

    /// The mean of the days' bounds over the period, half up to the litre.
    fileprivate func boundsLitres(over spans: [SizeSpan], ofDays periodDays: Int64) -> [Int64] {
        if spans.count == 1, let span = spans.first, span.dayCount == periodDays {
            return boundsLitres(persons: span.persons ?? basePersons)
        }
        return bounds.map { bound in
            let sum = spans.reduce(Int64(0)) { sum, span in
                let extra = bound.extraLitres * extraTimes(persons: span.persons ?? basePersons)
                return sum + span.dayCount * (bound.litres + extra)
            }
            return divideHalfUp(sum, by: periodDays)
        }
    }

    /// This version with those of the month's first days before it; its digest then names them all.
    func following(_ earlier: [Tariff]) -> Tariff {
        let versions = earlier + [self]
        var joined = self
        joined.version = versions.map(\.version).joined(separator: "+")
        joined.digest = sha256Hex(CanonicalJSON.array(versions.map { .string($0.digest) }).bytes)
        joined.earlierParts = earlier
        return joined
    }
}

private func assumptions(_ parts: [MonthPart]) -> [BillAssumption] {
    BillAssumption.allCases.filter { assumption in parts.contains { $0.rests(on: assumption) } }
}

extension MonthPart {
    fileprivate func rests(on assumption: BillAssumption) -> Bool {
        switch assumption {
        case .monthBeforeCertain: days.lowerBound < tariff.certainFrom
        case .personsUnknown: sizes.contains { $0.persons == nil }
        case .personsBeyondRule: sizes.contains { $0.persons ?? 1 > tariff.certainToPersons }
        case .monthAfterCertain: tariff.certainTo.map { days.upperBound > $0 } ?? false
        case .figuresUncertain: tariff.certaintyLevel == .low
        }
    }
}
