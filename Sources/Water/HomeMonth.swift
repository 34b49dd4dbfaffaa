/// How a day's or a month's volume came to be known.
public enum MeasureState: String, Sendable, Hashable {
    /// Both ends lie in believed pairs no longer than the usual interval.
    case measured
    /// Between believed registers, but only the split over time is by proportion.
    case estimated
    /// An end lies before the first or after the last believed register: no figure.
    case missing
}

/// A home's litres on one local day.
public struct DayUse: Sendable, Hashable {
    public let day: LocalDay
    /// Whole litres, the difference of two boundary registers; nil exactly when `state` is missing.
    public let litres: Int64?
    public let state: MeasureState

    public init(day: LocalDay, litres: Int64?, state: MeasureState) {
        self.day = day
        self.litres = litres
        self.state = state
    }
}

/// A stretch of continuous flow: every whole hour of 24 or more ran at or above the rule's rate.
public struct ContinuousFlow: Sendable, Hashable {
    /// First instant of the first such hour.
    public let from: Instant
    /// End of the last such hour (open end) within what is known at the month's close.
    public let to: Instant
    /// The lowest hourly volume of the last 24 hours of the stretch, litres per hour.
    public let litresPerHour: Int64
    /// The lowest hourly volume of the whole stretch, litres per hour: what ran in each of its hours at least.
    public let leastLitresPerHour: Int64
    /// The home's part of what its meter shows, millionths; nil for all of it. The litres an hour are the whole meter's.
    public let shareMillionths: Int64?

    /// `least` is nil where only the rate of the last hours was kept.
    public init(
        from: Instant, to: Instant, litresPerHour: Int64, least: Int64? = nil, shareMillionths: Int64? = nil
    ) {
        self.from = from
        self.to = to
        self.litresPerHour = litresPerHour
        leastLitresPerHour = least ?? litresPerHour
        self.shareMillionths = shareMillionths
    }

    public var hours: Int64 { (to - from) / 3_600 }
}

/// What flowed between 02:00 and 05:00 local time on the month's nights whose both ends lie in believed pairs of at
/// most three hours: while a home sleeps nothing should.
public struct NightUse: Sendable, Hashable {
    /// Nights that are known, 1–31.
    public let nights: Int
    /// Whole litres of all of them together.
    public let litres: Int64
    /// The litres of the night that had least.
    public let lowestLitres: Int64

    public init(nights: Int, litres: Int64, lowestLitres: Int64) {
        self.nights = nights
        self.litres = litres
        self.lowestLitres = lowestLitres
    }
}

/// What a meter's readings showed that is not consumption. Each is for staff, none is an answer to a gateway.
public enum FindingKind: String, Sendable, Hashable, CaseIterable {
    /// Two registers at one instant.
    case conflict
    /// A register that fits neither neighbour and is left out.
    case jump
    /// A register below the one before it, left out or read as the start of a new run.
    case fallingRegister = "falling_register"
    /// The register passed its modulus.
    case rollover
    /// The register restarted lower and went on from there; the volume across it is unknown.
    case reset
    /// The register restarted higher than any flow allows and went on from there; the volume across it is unknown.
    case stepUp = "step_up"
    /// A small decrease that water flowing back explains.
    case reverseFlow = "reverse_flow"
    /// The meter was exchanged within the month.
    case exchange
    /// The meter said that it was opened, magnetised or taken away; the first time in the month.
    case tamper
}

/// A finding on one meter.
public struct Finding: Sendable, Hashable, Comparable {
    public let kind: FindingKind
    public let meter: MeterID
    /// The instant it is seen at (for a pair: the later one).
    public let at: Instant
    /// The register shown at `at`.
    public let register: Volume
    /// The believed register before it, where there is one.
    public let before: Volume?

    public init(kind: FindingKind, meter: MeterID, at: Instant, register: Volume, before: Volume?) {
        self.kind = kind
        self.meter = meter
        self.at = at
        self.register = register
        self.before = before
    }

    public static func < (a: Finding, b: Finding) -> Bool {
        (a.meter, a.at.epochSeconds, a.register.millilitres, a.kind.rawValue)
            < (b.meter, b.at.epochSeconds, b.register.millilitres, b.kind.rawValue)
    }
}

/// An earlier month of a home that stands in the mean for one without any register, as its statement says it.
public struct MonthBasis: Sendable, Hashable {
    public let month: BillingMonth
    /// Of the days that have any.
    public let litres: Int64
    /// Hours outside every believed pair, rounded up.
    public let missingHours: Int64
    /// Days that have litres, 1 up to all of the month's.
    public let knownDays: Int
    public let version: Int
    /// SHA-256 of the statement's bytes, lower-case hex.
    public let hash: String

    public init(
        month: BillingMonth, litres: Int64, missingHours: Int64, knownDays: Int, version: Int, hash: String
    ) {
        self.month = month
        self.litres = litres
        self.missingHours = missingHours
        self.knownDays = knownDays
        self.version = version
        self.hash = hash
    }

    /// What all its days come to by the mean of those that are known, floored to the litre.
    public var wholeLitres: Int64 {
        guard knownDays > 0, knownDays < month.dayCount else { return litres }
        return multiplyThenFloorDivide(litres, Int64(month.dayCount), by: Int64(knownDays)) ?? litres
    }
}

/// A home's measured figures for one month, frozen by the measure pass. Depends on nothing but the sets of
/// readings and the registry.
public struct HomeMonth: Sendable, Hashable {
    public var household: HouseholdID
    public var month: BillingMonth
    /// One entry per day of the month, in order.
    public var days: [DayUse]
    /// Litres of days whose state is measured.
    public var measuredLitres: Int64
    /// Litres of days whose state is estimated.
    public var estimatedLitres: Int64
    /// Seconds of the month; a clock-change month is an hour off.
    public var monthSeconds: Int64
    /// Seconds of the month outside every believed pair, of the worst meter at each instant. Shown in hours.
    public var missingSeconds: Int64
    /// Seconds of the month inside believed pairs of at most 48 h on every meter of the home.
    public var qualifyingSeconds: Int64
    /// Both month ends lie within believed pairs (or at installation ends with a noted register) on every meter.
    public var isBracketed: Bool
    /// Days on which nothing flowed: measured ones with zero litres, and those between two equal registers.
    public var zeroDays: Int
    /// Persons on the month's last day; nil is unknown, which is not 1.
    public var persons: Int?
    /// The persons by date where they changed in the twelve months up to the month's end, the oldest entry being the
    /// one in force when these begin; empty where they did not.
    public var sizes: [PersonsFrom]
    /// Millionths of a shared meter's volume that are this home's; nil for a home with meters of its own.
    public var shareMillionths: Int64?
    /// True where the household moved in or out within the month, or was without any meter for part of it.
    public var isPartial: Bool
    public var continuousFlows: [ContinuousFlow]
    /// The smallest continuous leak that the coarsest register of the home can show in an hour, litres per hour.
    public var detectableLitresPerHour: Int64
    public var findings: [Finding]
    /// nil where no night is known, and for months frozen before nights were looked at.
    public var night: NightUse?
    /// Distinct (instant, register) pairs in the month, disbelieved ones included.
    public var readingCount: Int
    /// The last believed register's instant, the statement's "data until"; nil without one.
    public var lastReadingAt: Instant?
    /// SHA-256, lower-case hex, over the sorted (serial, instant, register) from the bracketing register before
    /// the month to the one after, disbelieved ones included (semantics.md, Fold and close).
    public var readingsDigest: String
    /// Where the month had no register: the months whose mean stands for it, oldest first; empty otherwise.
    public var bylawMonths: [MonthBasis]
    /// Days on which a meter was exchanged and its register at that instant is not known, so that the figures before and
    /// after do not join. Empty where a month end is open too: that is told first.
    public var unjoinedOn: [LocalDay]
    /// Runs in doubt that begin in the month. Not a figure: told with it once, and kept beside it.
    public var doubts: [MeterDoubt] = []

    public init(
        household: HouseholdID, month: BillingMonth, days: [DayUse], measuredLitres: Int64, estimatedLitres: Int64,
        monthSeconds: Int64, missingSeconds: Int64, qualifyingSeconds: Int64, isBracketed: Bool, zeroDays: Int,
        persons: Int?, shareMillionths: Int64?, isPartial: Bool, continuousFlows: [ContinuousFlow],
        detectableLitresPerHour: Int64, findings: [Finding], readingCount: Int, lastReadingAt: Instant?,
        readingsDigest: String, night: NightUse? = nil, sizes: [PersonsFrom] = [], bylawMonths: [MonthBasis] = [],
        unjoinedOn: [LocalDay] = []
    ) {
        self.household = household
        self.month = month
        self.days = days
        self.measuredLitres = measuredLitres
        self.estimatedLitres = estimatedLitres
        self.monthSeconds = monthSeconds
        self.missingSeconds = missingSeconds
        self.qualifyingSeconds = qualifyingSeconds
        self.isBracketed = isBracketed
        self.zeroDays = zeroDays
        self.persons = persons
        self.shareMillionths = shareMillionths
        self.isPartial = isPartial
        self.continuousFlows = continuousFlows
        self.detectableLitresPerHour = detectableLitresPerHour
        self.findings = findings
        self.readingCount = readingCount
        self.lastReadingAt = lastReadingAt
        self.readingsDigest = readingsDigest
        self.night = night
        self.sizes = sizes
        self.bylawMonths = bylawMonths
        self.unjoinedOn = unjoinedOn
    }

    /// Measured and estimated litres together.
    public var litres: Int64 { measuredLitres + estimatedLitres }

    /// False where the household lived there at no time of the month: of such a month no second is missing and no day
    /// has litres, while of one that was lived in every second is missing or lies between two registers.
    public var isLivedIn: Bool { missingSeconds > 0 || days.contains { $0.litres != nil } }
}
