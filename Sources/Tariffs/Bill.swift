public import Water

/// Why a bill rests on something nobody has confirmed.
public enum BillAssumption: String, Sendable, Hashable, CaseIterable {
    /// The month starts before the tariff's figures are certain.
    case monthBeforeCertain = "month_before_certain"
    /// The household size is unknown; the base size stands in.
    case personsUnknown = "persons_unknown"
    /// The household is larger than the sources' rule reaches.
    case personsBeyondRule = "persons_beyond_rule"
}

/// Why there is no bill, in the order they are tested.
public enum BillRefusal: String, Error, Sendable, Hashable, CaseIterable {
    /// Some day of the month is outside the tariff's validity.
    case outsideValidity = "outside_validity"
    /// Litres, now or earlier in the period, below 0 or above 10^12.
    case litresOutOfRange = "litres_out_of_range"
    /// Persons below 1 or above 100.
    case personsOutOfRange = "persons_out_of_range"
}

/// One line of a bill. Tiered charges have a line for every tier, also for those not reached.
public struct BillLine: Sendable, Hashable {
    /// The tariff line's name, as `base` or `sewage`.
    public let name: String
    /// From 1; nil for a charge with one price.
    public let tier: Int?
    public let litres: Int64
    public let priceYuanPerM3: ExactDecimal
    /// litres × price, rounded half up to the fen.
    public let amount: Money

    public init(name: String, tier: Int?, litres: Int64, priceYuanPerM3: ExactDecimal, amount: Money) {
        self.name = name
        self.tier = tier
        self.litres = litres
        self.priceYuanPerM3 = priceYuanPerM3
        self.amount = amount
    }
}

/// What a month's volume costs under a tariff.
public struct Bill: Sendable, Hashable {
    public let lines: [BillLine]
    /// The sum of the rounded lines.
    public let total: Money
    /// In the order of `BillAssumption`.
    public let assumptions: [BillAssumption]
    /// The size the bounds were taken for.
    public let persons: Int
    /// Inclusive tier bounds at that size, litres, ascending.
    public let boundsLitres: [Int64]
    /// The tier that the last litre falls in, from 1.
    public let tier: Int
    /// Litres that still fit that tier in this period; nil in the last tier.
    public let litresToNextTier: Int64?

    public init(
        lines: [BillLine], total: Money, assumptions: [BillAssumption], persons: Int, boundsLitres: [Int64], tier: Int,
        litresToNextTier: Int64?
    ) {
        self.lines = lines
        self.total = total
        self.assumptions = assumptions
        self.persons = persons
        self.boundsLitres = boundsLitres
        self.tier = tier
        self.litresToNextTier = litresToNextTier
    }
}

/// Bills `litres` of `month`.
///
/// `persons` nil is unknown: billed at the base size and marked. `periodToDateLitres` is what the household used
/// earlier in the tariff's basis period, `litres` excluded: the year to date for a yearly tariff, ignored for a
/// monthly one.
public func bill(
    _ tariff: Tariff, month: BillingMonth, persons: Int?, litres: Int64, periodToDateLitres: Int64 = 0
) -> Result<Bill, BillRefusal> {
    let range: ClosedRange<Int64> = 0...1_000_000_000_000
    guard tariff.isValid(in: month) else { return .failure(.outsideValidity) }
    guard range.contains(litres), range.contains(periodToDateLitres) else { return .failure(.litresOutOfRange) }
    let size = persons ?? tariff.basePersons
    guard (1...100).contains(size) else { return .failure(.personsOutOfRange) }

    let before = tariff.basis == .month ? 0 : periodToDateLitres
    let bounds = tariff.boundsLitres(persons: size)
    let volumes = split(litres, after: before, at: bounds)
    var lines: [BillLine] = []
    lines.reserveCapacity(tariff.lines.count + bounds.count)
    for line in tariff.lines {
        switch line.prices {
        case .flat(let price):
            guard let priced = billLine(line.name, tier: nil, litres, price) else { return .failure(.litresOutOfRange) }
            lines.append(priced)
        case .tiered(let prices):
            for (index, (volume, price)) in zip(volumes, prices).enumerated() {
                guard let priced = billLine(line.name, tier: index + 1, volume, price) else {
                    return .failure(.litresOutOfRange)
                }
                lines.append(priced)
            }
        }
    }
    let reached = bounds.firstIndex { before + litres <= $0 }
    return .success(
        Bill(
            lines: lines, total: lines.reduce(.zero) { $0 + $1.amount },
            assumptions: assumptions(tariff, month: month, persons: persons), persons: size, boundsLitres: bounds,
            tier: (reached ?? bounds.count) + 1, litresToNextTier: reached.map { bounds[$0] - before - litres }))
}

/// The litres in each tier of a volume that starts after `before` litres of the period.
private func split(_ litres: Int64, after before: Int64, at bounds: [Int64]) -> [Int64] {
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

/// litres / 1000 m³ × price yuan × 100 fen, half up; nil where it does not fit 64 bits.
private func billLine(_ name: String, tier: Int?, _ litres: Int64, _ price: ExactDecimal) -> BillLine? {
    guard let denominator = powerOfTen(price.decimals + 1),
        let fen = multiplyThenDivideHalfUp(litres, price.scaled, by: denominator)
    else { return nil }
    return BillLine(name: name, tier: tier, litres: litres, priceYuanPerM3: price, amount: Money(fen: fen))
}

private func assumptions(_ tariff: Tariff, month: BillingMonth, persons: Int?) -> [BillAssumption] {
    var found: [BillAssumption] = []
    if month.firstDay < tariff.certainFrom { found.append(.monthBeforeCertain) }
    if persons == nil { found.append(.personsUnknown) }
    if let persons, persons > tariff.certainToPersons { found.append(.personsBeyondRule) }
    return found
}

extension Bill {
    /// The object that `jieshui tariff bill` prints and statements carry: `lines` (`name`, `tier`, `litres`,
    /// `price_yuan_per_m3`, `fen`), `total_fen`, `assumptions`, `persons`, `bounds_litres`, `tier`,
    /// `litres_to_next_tier`.
    public var json: CanonicalJSON {
        .object([
            "lines": .array(lines.map(\.json)),
            "total_fen": .integer(total.fen),
            "assumptions": .array(assumptions.map { .string($0.rawValue) }),
            "persons": .integer(Int64(persons)),
            "bounds_litres": .array(boundsLitres.map { .integer($0) }),
            "tier": .integer(Int64(tier)),
            "litres_to_next_tier": .optional(litresToNextTier),
        ])
    }
}

extension BillLine {
    /// `name`, `tier` (null for one price), `litres`, `price_yuan_per_m3` (an exact decimal as text), `fen`.
    public var json: CanonicalJSON {
        .object([
            "name": .string(name),
            "tier": .optional(tier.map(Int64.init)),
            "litres": .integer(litres),
            "price_yuan_per_m3": .string(priceYuanPerM3.description),
            "fen": .integer(amount.fen),
        ])
    }
}
