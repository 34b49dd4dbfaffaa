public import Water

/// Which earlier months' mean stands for one without any register.
///
/// The bylaws of Zhengzhou and Shangqiu name the previous three months and say nothing of those that were not read.
/// The numbers beside three are ours.
public enum BylawMean {
    /// So many, the latest that count; as many as there are where fewer do.
    public static let months = 3
    /// Months back, no further.
    public static let reach = 12
    /// A month counts that has litres on so many of a hundred of its days; the rest come to its mean day.
    private static let knownPercent = 90

    /// True where no more than a tenth of the month's hours is missing; a month with more has too few days.
    public static func mayCount(_ month: BillingMonth, missingHours: Int64) -> Bool {
        missingHours >= 0 && missingHours * 100 <= Int64(month.dayCount * 24 * (100 - knownPercent))
    }

    /// True where a month's own figures may stand for another: litres on nine of ten of its days at least.
    public static func counts(_ basis: MonthBasis) -> Bool {
        mayCount(basis.month, missingHours: basis.missingHours) && basis.litres >= 0
            && (1...basis.month.dayCount).contains(basis.knownDays)
            && basis.knownDays * 100 >= basis.month.dayCount * knownPercent
    }
}

/// The month's figures where not one of its days has any: the mean of the latest three months that count, spread over
/// the days.
///
/// The bylaws bill an unreadable meter so; the next register offsets what was too much or too little, for its month and
/// this one are measured anew from it. The days are estimated, the seconds stay missing and unqualified and the month's
/// ends open: nothing of it ranks, alarms or earns.
///
/// - Parameter earlier: months of the same household that are no such estimates themselves, in any order. Those count
///   that lie up to twelve months back and have litres on nine days in ten; one with days missing counts by its mean
///   day. Their mean is floored to the litre.
/// - Returns: nil where the month has a figure, the household was not there for all of it, or no month counts.
public func bylawEstimate(for home: HomeMonth, from earlier: [MonthBasis]) -> HomeMonth? {
    guard home.lacksRegister, !home.isPartial, !home.isBracketed else { return nil }
    let counted = earlier.filter {
        (1...Int32(BylawMean.reach)).contains(home.month.number - $0.month.number) && BylawMean.counts($0)
    }.sorted { $0.month < $1.month }.suffix(BylawMean.months)
    guard !counted.isEmpty else { return nil }
    let litres = floorDivide(counted.reduce(0) { $0 + $1.wholeLitres }, by: Int64(counted.count))
    var estimate = home
    estimate.days = spread(litres, over: home.days)
    estimate.estimatedLitres = litres
    estimate.bylawMonths = Array(counted)
    return estimate
}

extension HomeMonth {
    /// No day has a figure.
    public var lacksRegister: Bool { !days.isEmpty && days.allSatisfy { $0.state == .missing } }

    /// True where the bylaw's mean stands for the month: every day is estimated though the month's ends are open.
    public var isBylawEstimate: Bool { !isBracketed && days.allSatisfy { $0.state == .estimated } }
}

/// Each day the difference of the floored parts up to its ends, so that the days add up exactly.
private func spread(_ litres: Int64, over days: [DayUse]) -> [DayUse] {
    let count = Int64(days.count)
    func part(_ number: Int) -> Int64 { multiplyThenFloorDivide(litres, Int64(number), by: count) ?? 0 }
    return days.enumerated().map { number, day in
        DayUse(day: day.day, litres: part(number + 1) - part(number), state: .estimated)
    }
}
