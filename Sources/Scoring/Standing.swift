public import Tariffs
public import Water

/// Why a home's month is not ranked and earns nothing, in the order the reasons are tested.
public enum UnrankedReason: String, Sendable, Hashable, CaseIterable {
    /// The household lived there at no time of the month: known only after a statement of it was issued.
    case notLivedIn = "not_lived_in"
    /// The home shares a meter.
    case shared
    /// The number of persons is not known; it is asked for, never assumed.
    case unknownPersons = "unknown_persons"
    /// More persons than the equivalence table holds, or fewer than one.
    case personsOutsideScale = "persons_outside_scale"
    /// The household moved in or out within the month, or was without a meter for part of it.
    case partial
    /// A month end lies outside every believed pair.
    case notBracketed = "not_bracketed"
    /// The month's ends are known, but not the register at which one meter ended or the next began.
    case notJoined = "not_joined"
    /// Too few of the month's seconds lie inside qualifying pairs.
    case tooLittleMeasured = "too_little_measured"
    /// What flowed in some stretch of the month is not known: the register restarted or leapt there.
    case gap
    /// The month's use is negative or beyond reckoning.
    case outOfRange = "out_of_range"
    /// The mean day is below the vacancy limit.
    case vacant
    /// Too many days without any use.
    case absent
}

/// Whether a home's month takes part in comparison and points.
public enum Standing: Sendable, Hashable {
    /// Whole litres per equivalised person, rounded half up.
    case rankable(equivalisedLitres: Int64)
    case unranked(UnrankedReason)
}

/// Judges a frozen month by the rules' gates. Sources: semantics.md, Comparison; DAIAD for vacancy and absence.
public func standing(of home: HomeMonth, under rules: RuleSet) -> Standing {
    if !home.isLivedIn { return .unranked(.notLivedIn) }
    if home.shareMillionths != nil { return .unranked(.shared) }
    guard let persons = home.persons else { return .unranked(.unknownPersons) }
    guard rules.scaleMillionths(persons: persons) != nil else { return .unranked(.personsOutsideScale) }
    if home.isPartial { return .unranked(.partial) }
    guard home.isBracketed else { return .unranked(home.unjoinedOn.isEmpty ? .notBracketed : .notJoined) }
    guard isEnoughMeasured(home, rules.gates) else { return .unranked(.tooLittleMeasured) }
    // Water that is not known is in no sum: it would count as saved.
    if home.missingSeconds > 0 { return .unranked(.gap) }
    let (litres, overflow) = home.measuredLitres.addingReportingOverflow(home.estimatedLitres)
    guard !overflow, litres >= 0, let equivalised = rules.equivalisedLitres(litres, persons: persons) else {
        return .unranked(.outOfRange)
    }
    if litres < rules.gates.vacancyLitresPerDay * Int64(home.month.dayCount) { return .unranked(.vacant) }
    if home.zeroDays > rules.gates.absenceZeroDays { return .unranked(.absent) }
    return .rankable(equivalisedLitres: equivalised)
}

/// qualifying / month >= percent / 100, by whole seconds; a month without seconds has none.
private func isEnoughMeasured(_ home: HomeMonth, _ gates: RuleSet.Gates) -> Bool {
    home.monthSeconds > 0
        && Int128(home.qualifyingSeconds) * 100 >= Int128(home.monthSeconds) * Int128(gates.qualifyingPercent)
}
