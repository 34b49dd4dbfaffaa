/// The numbers that measuring rests on, as plain values of the rule file.
///
/// Two spans are definitions, not settings: belief looks at readings within seven days, and reverse flow is netted
/// against the use of the seven days after it.
public struct MeteringRules: Sendable, Hashable {
    /// An hour at or above this volume is an hour of continuous flow, litres per hour, 1 or more.
    public var continuousFlowLitresPerHour: Int64
    /// So many whole clock hours in a row are a stretch of continuous flow, 1 or more.
    public var continuousFlowHours: Int
    /// A believed pair no longer than this counts towards the quality gate, seconds.
    public var qualifyingPairSeconds: Int64
    /// The usual interval's factor: a split over a pair longer than numerator ÷ denominator times it is estimated.
    public var usualIntervalNumerator: Int64
    public var usualIntervalDenominator: Int64
    /// A split over a pair no longer than this is measured whatever the usual interval, seconds. Hours of
    /// continuous flow are read from pairs no longer than this alone.
    public var splitFloorSeconds: Int64
    /// Q3 of a meter that the registry gives none for, litres per hour.
    public var defaultNominalFlowLitresPerHour: Int64
    /// Q4 ÷ Q3 in hundredths: the most a meter passes for a short time. GB/T 778: 125.
    public var overloadHundredths: Int64
    /// How far two clocks of one meter's gateways may lie apart, seconds: added to a pair's length when its flow is
    /// compared with Q4.
    public var stampSlackSeconds: Int64
    /// The largest decrease that water flowing back explains, litres.
    public var reverseFlowLitres: Int64
    /// The most that a dwelling's service pipe passes, litres per hour, whatever meter the registry names: DN32 at
    /// 5 m/s is 14.5 m³/h. Ours; no source gives one.
    public var pipeCapacityLitresPerHour: Int64 = 14_400
    /// The fewest known hours of the household's month from which its hour-of-week profile is drawn, a week being a
    /// good number; with fewer, and with 0 always, an estimated split is by time. 0, because the binding definitions
    /// lay every midnight by time.
    public var profileHours: Int64 = 0
    /// A stretch without a litre longer than this is named, seconds. Domain.md: more than ten zero days are absence.
    public var standstillSeconds: Int64 = 10 * 86_400
    /// A reading further ahead than this has not come yet, seconds. Semantics.md: ten minutes.
    public var aheadSeconds: Int64 = 600

    public init(
        continuousFlowLitresPerHour: Int64, continuousFlowHours: Int, qualifyingPairSeconds: Int64,
        usualIntervalNumerator: Int64, usualIntervalDenominator: Int64, splitFloorSeconds: Int64,
        defaultNominalFlowLitresPerHour: Int64, overloadHundredths: Int64, stampSlackSeconds: Int64,
        reverseFlowLitres: Int64
    ) {
        self.continuousFlowLitresPerHour = continuousFlowLitresPerHour
        self.continuousFlowHours = continuousFlowHours
        self.qualifyingPairSeconds = qualifyingPairSeconds
        self.usualIntervalNumerator = usualIntervalNumerator
        self.usualIntervalDenominator = usualIntervalDenominator
        self.splitFloorSeconds = splitFloorSeconds
        self.defaultNominalFlowLitresPerHour = defaultNominalFlowLitresPerHour
        self.overloadHundredths = overloadHundredths
        self.stampSlackSeconds = stampSlackSeconds
        self.reverseFlowLitres = reverseFlowLitres
    }

    /// The first rule version: 5 L/h for 24 h, pairs of 48 h, 1.5 usual intervals or 3 h, Q3 2.5 m³/h, Q4 1.25 Q3,
    /// two minutes of clock error, 20 L of reverse flow. The last two are ours; the rest is published or binding.
    public static let standard = MeteringRules(
        continuousFlowLitresPerHour: 5, continuousFlowHours: 24, qualifyingPairSeconds: 48 * 3_600,
        usualIntervalNumerator: 3, usualIntervalDenominator: 2, splitFloorSeconds: 3 * 3_600,
        defaultNominalFlowLitresPerHour: 2_500, overloadHundredths: 125, stampSlackSeconds: 120,
        reverseFlowLitres: 20)
}
