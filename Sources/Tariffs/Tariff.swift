public import Water

/// The period over which a tariff's tiers fill.
public enum TariffBasis: String, Sendable, Hashable, CaseIterable {
    case month
    /// Two calendar months, the first of them odd: January–February, March–April, ….
    case twoMonths = "two_months"
    /// The calendar year.
    case year
}

/// How a tier's bound grows for a household above the base size.
public enum HouseholdRule: String, Sendable, Hashable, CaseIterable {
    /// By the tier's extra volume for each person above the base.
    case perPerson = "per_person"
    /// By the tier's extra volume once, however many persons are above the base.
    case once
    /// Not at all.
    case never
}

/// A tier that ends; the last tier of a tariff has no end and no bound.
public struct TierBound: Sendable, Hashable {
    /// The tier's last litre at the base size, inclusive, within one basis period.
    public let litres: Int64
    /// What a household above the base size adds to the bound, litres.
    public let extraLitres: Int64
}

/// How sure a file's figures are; a low one is said on every bill.
public enum CertaintyLevel: String, Sendable, Hashable, CaseIterable {
    case high, medium, low
}

/// What a version's first basis period holds when its validity starts inside that period.
public enum FirstPeriod: String, Sendable, Hashable, CaseIterable {
    /// The whole bounds.
    case whole
    /// The bounds times the days from `valid_from` over the period's days, rounded half up to the litre.
    case byDays = "by_days"
}

/// One charge: water, sewage, a tax, garbage.
public struct TariffLine: Sendable, Hashable {
    /// 1–32 of `0-9 a-z - _`, unique in the tariff, as `base` and `sewage`.
    public let name: String
    public let prices: Prices

    /// Exact decimals, up to four places.
    public enum Prices: Sendable, Hashable {
        /// One price for the whole volume, yuan per cubic metre.
        case flat(ExactDecimal)
        /// One price for each tier, lowest first, yuan per cubic metre.
        case tiered([ExactDecimal])
        /// Yuan per calendar month whatever the volume; where versions of the tariff share a month, each costs its days'
        /// share. A household that lived there for a part of the month owes it whole, as no source says otherwise.
        case fixed(ExactDecimal)
    }
}

/// A city's residential water tariff, valid for whole months of a period.
public struct Tariff: Sendable, Hashable {
    /// The name of its file's succession, as `taiyuan`; several versions share it.
    public let id: String
    /// The file's own version text, unique under the id; with `earlierParts`, all of them joined by `+`.
    public internal(set) var version: String
    /// SHA-256, lower-case hex, of everything that decides a bill; comments, names and examples are left out. With
    /// `earlierParts`, of all their digests in order.
    public internal(set) var digest: String
    public let nameZh: String
    public let nameEn: String
    /// The first and the last valid day; nil is open. A month is valid only where all its days are.
    public let validFrom: LocalDay
    public let validTo: LocalDay?
    /// A month that starts before this day is billed by assumption.
    public let certainFrom: LocalDay
    /// A month that ends after this day is billed by assumption; nil is open.
    public let certainTo: LocalDay?
    /// nil where the file does not say.
    public let certaintyLevel: CertaintyLevel?
    public let basis: TariffBasis
    /// The household size that the bounds are written for; unknown persons are billed at it, by assumption.
    public let basePersons: Int
    public let householdRule: HouseholdRule
    /// Above this size the household rule is an assumption.
    public let certainToPersons: Int
    /// Ascending; one fewer than there are tiers.
    public let bounds: [TierBound]
    public let lines: [TariffLine]
    /// Where the figures come from, in words.
    public let source: String
    /// How sure they are, in words.
    public let certainty: String
    public let firstPeriod: FirstPeriod
    /// The versions before this one that price the first days of a month it starts within, oldest first; empty for
    /// a version that is valid for the whole month.
    public internal(set) var earlierParts: [Tariff] = []

    /// The inclusive bounds, litres, for a household of `persons`.
    public func boundsLitres(persons: Int) -> [Int64] {
        let times = extraTimes(persons: persons)
        return bounds.map { $0.litres + $0.extraLitres * times }
    }

    /// How many times the extra volume is added for a household of `persons`.
    func extraTimes(persons: Int) -> Int64 {
        let above = Int64(max(0, persons - basePersons))
        return switch householdRule {
        case .perPerson: above
        case .once: min(above, 1)
        case .never: 0
        }
    }

    /// True where every day of `month` is valid, in this version or an earlier part.
    public func isValid(in month: BillingMonth) -> Bool {
        month.firstDay >= (earlierParts.first ?? self).validFrom && validTo.map { month.lastDay <= $0 } ?? true
    }

    /// The first month of the basis period that `month` lies in.
    public func periodStart(of month: BillingMonth) -> BillingMonth {
        switch basis {
        case .month: month
        case .twoMonths: month.advanced(by: -((month.month - 1) % 2))
        case .year: month.advanced(by: -(month.month - 1))
        }
    }

    /// The first and the last day of the basis period that `month` lies in.
    func periodDays(of month: BillingMonth) -> ClosedRange<LocalDay> {
        let start = periodStart(of: month)
        let months =
            switch basis {
            case .month: 1
            case .twoMonths: 2
            case .year: 12
            }
        return start.firstDay...start.advanced(by: months - 1).lastDay
    }
}
