public import Water

/// What can be wrong with a meter's readings, told apart by rule. None of it is consumption. The raw value is for
/// storage and pages.
///
/// A fall of the register, most reported of all, is one of nine: examples in litres, an hour apart.
///
/// | registers | kind |
/// |---|---|
/// | 99,999,998 → 3, modulus 100,000,000 | `rollover` |
/// | 5,003 → 0 → 1 → 4 | `reset`: what flowed since the last reading explains the register from zero |
/// | 5,003 → 731 → 732 → 735 | `suspectedExchange`: it does not, so another register goes on |
/// | 104 → 101 → 101 | `reverseFlow` |
/// | 100 → 160 → 131 → 170 | `misstamped`: 160 was shown later than its stamp |
/// | 20,001 → 7,713 → 20,003 | `bitFlip`: 7,713 and 20,001 differ in two bits |
/// | 20,001 → 20 → 20,003 | `wrongUnit`: cubic metres sent as litres |
/// | 20,001 → 0 → 20,003 | `zeroRegister` |
/// | 20,001 → 14,444 → 20,003 | `dip`: none of these |
public enum AnomalyKind: String, Sendable, Hashable, CaseIterable {
    /// More than one register at one instant.
    case conflictingStamps = "conflicting_stamps"
    /// The same register at the same instant from several gateways. Harmless; counted once.
    case repeatedByGateways = "repeated_by_gateways"
    /// Stamped later than now.
    case ahead
    /// Stamped before 2000 or after 2099.
    case impossibleTime = "impossible_time"
    /// Below zero or above 10^9 m³.
    case impossibleRegister = "impossible_register"
    /// Sent before the meter was installed or after it was taken away.
    case outsideInstallation = "outside_installation"
    /// At or above the modulus that the registry gives: one of the two is wrong.
    case beyondModulus = "beyond_modulus"

    case rollover
    /// The register began again at zero.
    case reset
    /// Another register goes on, higher or lower than the last: the meter was exchanged and nobody noted it. Over more
    /// than a day higher is what exceeds Q4 for one day and a tenth of Q3 for the rest.
    case suspectedExchange = "suspected_exchange"
    case reverseFlow = "reverse_flow"
    /// A rise that stays, above the meter's overload flow Q4 but within what the pipe passes: a burst, or a Q3 that the
    /// registry has wrong. Its volume counts only once staff accept the register.
    case overloadFlow = "overload_flow"

    /// A register that fits within hours of its stamp and not at it: a clock ran fast, or an old register was sent anew.
    case misstamped
    /// One or two binary digits differ from a register that fits.
    case bitFlip = "bit_flip"
    /// One decimal digit differs from a register that fits: mistyped, misread, or a digit's bits flipped.
    case wrongDigit = "wrong_digit"
    /// A power of ten times, or part of, a register that fits.
    case wrongUnit = "wrong_unit"
    /// Zero amid a running register: what some gateways send for a meter that does not answer.
    case zeroRegister = "zero_register"
    /// Too high, and none of these.
    case spike
    /// Too low, and none of these.
    case dip
    /// Three or more registers left out that follow each other: a second meter under the same address.
    case interleaved

    /// A flow above the meter's nominal flow Q3 that it can pass for a short time.
    case aboveNominalFlow = "above_nominal_flow"
    /// A rise beyond what a home uses in the time, Q4 for an hour and then a thirtieth of Q3, and within what the meter
    /// passes: a burst between two readings, or another register. It counts.
    case improbableRise = "improbable_rise"
    /// No litre for more than the rules' days: an empty home, a closed valve or a stuck register. Readings alone do not
    /// tell which.
    case standstill
    /// The register stood still and made up for it within hours, at twice the flow of any other: it was stuck, or old values
    /// were sent anew. The volume is right, the days it is counted on are not.
    case caughtUp = "caught_up"
    /// No reading for longer than the quality gate takes.
    case silence
    /// The register's step changed: other decimals, another device, another unit.
    case resolutionChange = "resolution_change"
    /// The step is not the registry's.
    case resolutionMismatch = "resolution_mismatch"
}

/// Something wrong with one meter's readings over [from, to].
public struct Anomaly: Sendable, Hashable, Comparable {
    public let kind: AnomalyKind
    public let meter: MeterID
    /// The first instant it shows at; for a step or a silence the believed register before it.
    public let from: Instant
    /// The last instant it shows at.
    public let to: Instant
    /// The register at `to`.
    public let register: Volume
    /// The believed register before it, where there is one; for `resolutionChange` and `resolutionMismatch` the step
    /// that was expected.
    public let before: Volume?
    /// Readings it is about, 1 or more.
    public let count: Int

    public static func < (a: Anomaly, b: Anomaly) -> Bool {
        if (a.meter, a.from, a.to) != (b.meter, b.from, b.to) {
            return (a.meter, a.from, a.to) < (b.meter, b.from, b.to)
        }
        return (a.kind.rawValue, a.register.millilitres) < (b.kind.rawValue, b.register.millilitres)
    }
}
