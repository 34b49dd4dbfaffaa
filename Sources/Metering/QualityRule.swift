/// How far a reading is trusted: 数据质量码 of LwM2M uCIFI.
public enum ReadingQuality: UInt8, Sendable, Hashable {
    case unchecked = 0
    /// Left out, and the believed registers on both sides agree without it.
    case rejectedCertainly = 1
    /// Left out, where later readings may still speak for it.
    case rejectedProbably = 2
    /// Believed beside a finding: the first of a new run, a rollover, reverse flow, one of several at its instant.
    case acceptedSuspicious = 3
    case accepted = 4
}

/// The rule that gave a reading its quality. The raw value is for storage and pages.
public enum QualityRule: String, Sendable, Hashable, CaseIterable {
    /// No lower than the believed register before it, by no more than the meter passes in the time.
    case follows
    /// The earliest register looked at: there is nothing before it to compare with.
    case first
    /// Only the registry's note of an installation says so.
    case noted
    case acceptedByStaff = "accepted_by_staff"
    case enteredByStaff = "entered_by_staff"
    /// Believed through the modulus.
    case rollover
    /// A small decrease that water flowing back explains; netted.
    case reverseFlow = "reverse_flow"
    /// The first of a new run: three readings bear it out, the volume up to it is unknown.
    case restart
    /// The only one of several registers at its instant that fits both neighbours.
    case onlyFitting = "only_fitting"
    /// Believed after a flow above the meter's nominal flow Q3.
    case aboveNominalFlow = "above_nominal_flow"
    /// Believed after a rise beyond what a home uses in the time.
    case improbableRise = "improbable_rise"
    /// Believed in a stretch without a litre that an empty home, a closed valve or a stuck register explains.
    case standstill
    /// Believed at a sudden change of the register's step.
    case resolutionChange = "resolution_change"
    /// Fits neither neighbour, and they do not agree without it: later readings may speak for it.
    case unconfirmed
    /// Goes on in another unit than before: set aside until staff say that it is right, or the register comes back.
    case otherUnit = "other_unit"
    /// Nought and nothing else from a meter that has counted: set aside until it moves.
    case nought
    /// One of several registers at its instant, and none or another of them is believed.
    case conflict
    /// Fits neither neighbour, and the believed registers on both sides agree without it.
    case misfit
    /// What the believed registers around it show, with decimals cut off: a second sender's. Contradicts none of them.
    case coarser
    case rejectedByStaff = "rejected_by_staff"
    /// Before 2000 or after 2099.
    case impossibleTime = "impossible_time"
    /// Below zero, or above 10^9 m³.
    case impossibleRegister = "impossible_register"
    /// Its instant has not come yet.
    case ahead
    /// Outside the time that the meter was installed for.
    case outsideInstallation = "outside_installation"

    public var quality: ReadingQuality {
        switch self {
        case .follows, .first, .noted, .acceptedByStaff, .enteredByStaff: .accepted
        case .rollover, .reverseFlow, .restart, .onlyFitting, .aboveNominalFlow, .improbableRise, .standstill,
            .resolutionChange:
            .acceptedSuspicious
        case .unconfirmed, .otherUnit, .nought, .conflict: .rejectedProbably
        case .misfit, .coarser, .rejectedByStaff, .impossibleTime, .impossibleRegister: .rejectedCertainly
        case .ahead, .outsideInstallation: .unchecked
        }
    }
}
