public import Water

/// When a home is paid for using less than it used to, and how much.
///
/// A month's level is the home's litres per equivalised person in thousandths of its cohort's median: what all homes do
/// in a dry or a hot month is not in it. The higher level of a month and the one before is compared with the levels of
/// the months before those; what lies within their own scatter is chance, and so is one low month alone.
public struct SavingRules: Sendable, Hashable {
    /// The award's rule name.
    public let rule: String
    /// Earlier levels needed, and the most that are looked at, counted back from the two months.
    public let leastMonths: Int
    public let mostMonths: Int
    /// The band of chance: this percentage of the distance from the usual level down to the lowest,
    public let bandPercentOfRange: Int64
    /// and at least this percentage of the usual level.
    public let bandPercentAtLeast: Int64
    /// A month with more days without water has no level.
    public let mostZeroDays: Int
    /// For each whole percent of the usual level beyond the band.
    public let pointsPerPercent: Points
    public let mostPoints: Points

    /// What a saving of `percent` gives before the monthly cap.
    public func points(percent: Int64) -> Points {
        let (product, overflow) = max(0, percent).multipliedReportingOverflow(by: pointsPerPercent.count)
        return overflow ? mostPoints : min(mostPoints, Points(product))
    }

    /// Judges two months against earlier levels; nil for fewer of them than the rule needs, or none above 0.
    ///
    /// - Parameters:
    ///   - levels: thousandths of the cohort's median, of the months before the two.
    ///   - last, own: those of the two.
    public func judge(levels: [Int64], last: Int64, own: Int64) -> SavingJudgement? {
        guard levels.count >= leastMonths, levels.count <= mostMonths else { return nil }
        let sorted = levels.sorted()
        let usual = divideHalfUp(sorted[(sorted.count - 1) / 2] &+ sorted[sorted.count / 2], by: 2)
        guard usual > 0, let lowest = sorted.first,
            let range = multiplyThenDivideHalfUp(usual - lowest, bandPercentOfRange, by: 100),
            let least = multiplyThenDivideHalfUp(usual, bandPercentAtLeast, by: 100)
        else { return nil }
        let now = max(last, own)
        let band = max(range, least)
        let gain = usual - band - now
        return SavingJudgement(
            usual: usual, lowest: lowest, band: band, now: now, gain: gain,
            percent: multiplyThenFloorDivide(max(0, gain), 100, by: usual) ?? 0)
    }
}

/// What came of comparing two months' levels with the earlier ones. All but `percent` in thousandths of the cohort's
/// median.
public struct SavingJudgement: Sendable, Hashable {
    /// The median of the earlier levels, of an even number the mean of the middle two, half up.
    public var usual: Int64
    /// The lowest of them.
    public var lowest: Int64
    public var band: Int64
    /// The higher of the two months'.
    public var now: Int64
    /// `usual − band − now`; 0 and below is chance.
    public var gain: Int64
    /// floor(100 × gain / usual), at least 0.
    public var percent: Int64

    public init(usual: Int64, lowest: Int64, band: Int64, now: Int64, gain: Int64, percent: Int64) {
        self.usual = usual
        self.lowest = lowest
        self.band = band
        self.now = now
        self.gain = gain
        self.percent = percent
    }
}

extension SavingRules {
    static func read(_ keys: CheckedMapping, besides names: [String]) throws(FileRefusal) -> SavingRules {
        let rule = try keys.name("rule")
        if names.contains(rule) { throw try keys.value("rule").refusal(.repeatedName(rule)) }
        let least = try keys.int("months_at_least", in: 2...12)
        let most = try keys.int("months_at_most", in: 2...12)
        guard most >= least else { throw try keys.value("months_at_most").bad("at least months_at_least") }
        return SavingRules(
            rule: rule, leastMonths: least, mostMonths: most,
            bandPercentOfRange: try keys.integer("band_percent_of_range", in: 0...1_000),
            bandPercentAtLeast: try keys.integer("band_percent_at_least", in: 0...100),
            mostZeroDays: try keys.int("zero_days_at_most", in: 0...31),
            pointsPerPercent: Points(try keys.integer("points_per_percent", in: 1...1_000)),
            mostPoints: Points(try keys.integer("points_at_most", in: 1...10_000)))
    }

    static let keys = [
        "rule", "months_at_least", "months_at_most", "band_percent_of_range", "band_percent_at_least",
        "zero_days_at_most", "points_per_percent", "points_at_most",
    ]

    var meaning: CanonicalJSON {
        .object([
            "rule": .string(rule),
            "months": .array([.integer(Int64(leastMonths)), .integer(Int64(mostMonths))]),
            "band_percent": .array([.integer(bandPercentOfRange), .integer(bandPercentAtLeast)]),
            "zero_days_at_most": .integer(Int64(mostZeroDays)),
            "points": .array([.integer(pointsPerPercent.count), .integer(mostPoints.count)]),
        ])
    }
}
