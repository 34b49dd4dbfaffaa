public import Water

/// The month's figures where not one of its days has any: the mean of the previous three months, spread over the days.
///
/// The bylaws of Zhengzhou and Shangqiu bill an unreadable meter so; the next register offsets what was too much or too
/// little, for its month and this one are measured anew from it. The days are estimated, the seconds stay missing and
/// unqualified and the month's ends open: nothing of it ranks, alarms or earns.
///
/// - Parameter previous: months of the same household in any order; of the three before this one those count that are
///   whole, without a missing day and not themselves such an estimate. Their mean is floored to the litre.
/// - Returns: nil where the month has a figure, the household was not there for all of it, or no month counts.
public func bylawEstimate(for home: HomeMonth, from previous: [HomeMonth]) -> HomeMonth? {
    var counted: [BillingMonth: Int64] = [:]
    for month in previous where month.household == home.household && month.isWhole {
        let back = home.month.number - month.month.number
        if (1...3).contains(back) { counted[month.month] = month.litres }
    }
    return bylawEstimate(for: home, meanOf: Array(counted.values))
}

/// As above, of the litres of the months that count: 1 to 3 of them.
public func bylawEstimate(for home: HomeMonth, meanOf counted: [Int64]) -> HomeMonth? {
    guard home.lacksRegister, !home.isPartial, !home.isBracketed, !counted.isEmpty else { return nil }
    let litres = floorDivide(counted.reduce(0, +), by: Int64(counted.count))
    var estimate = home
    estimate.days = spread(litres, over: home.days)
    estimate.estimatedLitres = litres
    return estimate
}

extension HomeMonth {
    /// No day has a figure.
    public var lacksRegister: Bool { !days.isEmpty && days.allSatisfy { $0.state == .missing } }

    /// True where the bylaw's mean stands for the month: every day is estimated though the month's ends are open.
    public var isBylawEstimate: Bool { !isBracketed && days.allSatisfy { $0.state == .estimated } }

    fileprivate var isWhole: Bool { !isPartial && missingSeconds == 0 && days.allSatisfy { $0.state != .missing } }
}

/// Each day the difference of the floored parts up to its ends, so that the days add up exactly.
private func spread(_ litres: Int64, over days: [DayUse]) -> [DayUse] {
    let count = Int64(days.count)
    func part(_ number: Int) -> Int64 { multiplyThenFloorDivide(litres, Int64(number), by: count) ?? 0 }
    return days.enumerated().map { number, day in
        DayUse(day: day.day, litres: part(number + 1) - part(number), state: .estimated)
    }
}
