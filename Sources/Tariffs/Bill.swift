public import Water

/// Why a bill rests on something nobody has confirmed.
public enum BillAssumption: String, Sendable, Hashable, CaseIterable {
    /// The month starts before the tariff's figures are certain.
    case monthBeforeCertain = "month_before_certain"
    /// The household size is unknown; the base size stands in.
    case personsUnknown = "persons_unknown"
    /// The household is larger than the sources' rule reaches.
    case personsBeyondRule = "persons_beyond_rule"
    /// The month ends after the last day the tariff's figures are known to hold.
    case monthAfterCertain = "month_after_certain"
    /// The tariff's figures rest on a weak source.
    case figuresUncertain = "figures_uncertain"
}

/// Why there is no bill, in the order they are tested.
public enum BillRefusal: String, Error, Sendable, Hashable, CaseIterable {
    /// Some day of the month is outside the tariff's validity.
    case outsideValidity = "outside_validity"
    /// Litres, now or earlier in the period, below 0 or above 10^12.
    case litresOutOfRange = "litres_out_of_range"
    /// Persons below 1 or above 100.
    case personsOutOfRange = "persons_out_of_range"
    /// The household lived there at no time of the month: it owes nothing, fixed charges neither.
    case notLivedIn = "not_lived_in"
    /// Nothing is known of the month, nor of those before it: no figure is no use of nothing.
    case noFigure = "no_figure"
}

/// What a line's price is for.
public enum BillUnit: String, Sendable, Hashable, CaseIterable {
    case cubicMetre = "m3"
    /// A calendar month, whatever the volume.
    case month
}

/// One line of a bill. Tiered charges have a line for every tier, also for those not reached.
public struct BillLine: Sendable, Hashable {
    /// The tariff line's name, as `base` or `sewage`; a line of an earlier version of the tariff, valid for the
    /// month's first days only, ends with `-until-` and its last day.
    public let name: String
    /// From 1; nil for a charge with one price.
    public let tier: Int?
    /// 0 for a fixed charge.
    public let litres: Int64
    /// Yuan per cubic metre; per month where `unit` says so.
    public let priceYuanPerM3: ExactDecimal
    /// litres × price, rounded half up to the fen; of a fixed charge, price × the days of the tariff's
    /// version over the month's days.
    public let amount: Money
    public let unit: BillUnit

    public init(
        name: String, tier: Int?, litres: Int64, priceYuanPerM3: ExactDecimal, amount: Money,
        unit: BillUnit = .cubicMetre
    ) {
        self.name = name
        self.tier = tier
        self.litres = litres
        self.priceYuanPerM3 = priceYuanPerM3
        self.amount = amount
        self.unit = unit
    }
}

/// What a month's volume costs under a tariff.
public struct Bill: Sendable, Hashable {
    /// The lines of the version valid on the month's last day, then those of earlier parts of the month.
    public let lines: [BillLine]
    /// The sum of the rounded lines.
    public let total: Money
    /// In the order of `BillAssumption`.
    public let assumptions: [BillAssumption]
    /// The size on the month's last day, or the base size where unknown.
    public let persons: Int
    /// Inclusive tier bounds, litres, ascending: at that size, or the mean by days where the size changed.
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
    /// `name`, `tier` (null for one price), `litres`, `price_yuan_per_m3` (an exact decimal as text), `fen`; a fixed
    /// charge has also `unit` = `month`, and its price is per month.
    public var json: CanonicalJSON {
        var members: [String: CanonicalJSON] = [
            "name": .string(name),
            "tier": .optional(tier.map(Int64.init)),
            "litres": .integer(litres),
            "price_yuan_per_m3": .string(priceYuanPerM3.description),
            "fen": .integer(amount.fen),
        ]
        if unit != .cubicMetre { members["unit"] = .string(unit.rawValue) }
        return .object(members)
    }
}
