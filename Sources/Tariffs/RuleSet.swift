public import Water

/// The numbers of comparison, points and leak finding, valid for whole months of a period.
public struct RuleSet: Sendable, Hashable {
    public let id: String
    public let version: String
    /// SHA-256, lower-case hex, of every figure that decides; comments and examples are left out.
    public let digest: String
    public let validFrom: LocalDay
    /// The last valid day; nil is open.
    public let validTo: LocalDay?
    /// Persons^0.55 in millionths, for 1, 2, … persons. Source: Jegnie et al. 2023.
    public let scaleMillionths: [Int64]
    /// 用水定额, litres per person and day.
    public let normLitresPerPersonDay: Int64
    public let gates: Gates
    public let cohort: CohortRules
    public let continuousFlow: ContinuousFlowRule
    public let points: PointRules
    /// nil where the version pays no savings; its statements then have no change axis.
    public let saving: SavingRules?
    /// What the version did over months with no programme, as its file states it; nil where it states none.
    public let savingReport: SavingReport?
    public let redemption: RedemptionRules
    public let source: String
    public let certainty: String

    /// What a month must show to be ranked and to earn.
    public struct Gates: Sendable, Hashable {
        /// At least this percentage of the month's seconds lies inside believed pairs of at most
        /// `qualifyingPairHours`.
        public let qualifyingPercent: Int64
        public let qualifyingPairHours: Int64
        /// Below this mean the home counts as vacant.
        public let vacancyLitresPerDay: Int64
        /// More zero days than this are absence.
        public let absenceZeroDays: Int
    }

    public struct CohortRules: Sendable, Hashable {
        /// Homes needed for a percentile that only the home sees.
        public let minimumPrivateHomes: Int
        /// Homes needed for anything published, and for the best-use benchmark.
        public let minimumPublishedHomes: Int
        /// The nearest-rank percentile that is the benchmark (节水标杆).
        public let benchmarkPercentile: Int64
        /// The benchmark is shown to the nearest multiple of this.
        public let benchmarkStepLitres: Int64
    }

    /// Flow at or above the rate in each of so many hours.
    public struct ContinuousFlowRule: Sendable, Hashable {
        public let millilitresPerHour: Int64
        public let hours: Int
    }

    /// Points for a percentile at or below a limit.
    public struct Band: Sendable, Hashable {
        public let percentileAtMost: Int64
        public let points: Points
    }

    public struct PointRules: Sendable, Hashable {
        /// The award's rule name; one for all bands, so that a corrected band replaces the former award.
        public let bandRule: String
        /// Rising percentiles, falling points; the first that holds is paid.
        public let bands: [Band]
        public let normRule: String
        /// For use at or below the home's norm.
        public let normPoints: Points
        public let monthlyCap: Points
        public let lotLifeMonths: Int
        /// The lowest balance a clawback may leave; at or below zero.
        public let clawbackFloor: Points
    }

    public struct RedemptionRules: Sendable, Hashable {
        public let holdHours: Int
        public let maximumOpenHolds: Int
    }

    public func isValid(in month: BillingMonth) -> Bool {
        month.firstDay >= validFrom && validTo.map { month.lastDay <= $0 } ?? true
    }

    /// The equivalence scale for a home of `persons`; nil outside the table.
    public func scaleMillionths(persons: Int) -> Int64? {
        persons >= 1 && persons <= scaleMillionths.count ? scaleMillionths[persons - 1] : nil
    }

    /// Litres per equivalised person: litres × 1,000,000 / scale, rounded half up; nil outside the table.
    public func equivalisedLitres(_ litres: Int64, persons: Int) -> Int64? {
        scaleMillionths(persons: persons).flatMap { multiplyThenDivideHalfUp(litres, 1_000_000, by: $0) }
    }

    /// What an equivalised figure means for a home of `persons`: litres × scale / 1,000,000, rounded half up.
    public func homeLitres(equivalised litres: Int64, persons: Int) -> Int64? {
        scaleMillionths(persons: persons).flatMap { multiplyThenDivideHalfUp(litres, $0, by: 1_000_000) }
    }

    /// The home's norm for a month: litres per person and day × persons × days.
    public func normLitres(persons: Int, days: Int) -> Int64 {
        normLitresPerPersonDay * Int64(clamping: persons) * Int64(clamping: days)
    }
}

/// One rule's award with every number it rests on.
public struct PointsLine: Sendable, Hashable {
    /// The rule's name, as the ledger's award key carries it.
    public let rule: String
    public let measure: Measure
    /// The home's percentile, litres or percent saved; nil where there is none.
    public let value: Int64?
    /// The limit compared with: the band's or the norm's. Where no band holds, the last band's. A saving has none.
    public let atMost: Int64?
    /// What the rule gives for this value.
    public let pointsBeforeCap: Points
    /// What is awarded: earlier lines fill the monthly cap first.
    public let points: Points

    public enum Measure: String, Sendable, Hashable, CaseIterable {
        case percentile, litres
        /// Whole percent of the usual level, beyond the band of chance.
        case savingPercent = "saving_percent"
    }

    public init(
        rule: String, measure: Measure, value: Int64?, atMost: Int64?, pointsBeforeCap: Points, points: Points
    ) {
        self.rule = rule
        self.measure = measure
        self.value = value
        self.atMost = atMost
        self.pointsBeforeCap = pointsBeforeCap
        self.points = points
    }
}

extension RuleSet {
    /// One line for each rule, also where it gives nothing, in the order band, norm, saving.
    ///
    /// `percentile` nil: no cohort. `litres` nil: the month earns nothing. `normLitres` nil: no known size.
    /// `savingPercent` nil: not judged.
    public func pointsLines(
        percentile: Int64?, litres: Int64?, normLitres: Int64?, savingPercent: Int64? = nil
    ) -> [PointsLine] {
        let band = percentile.flatMap { percentile in points.bands.first { percentile <= $0.percentileAtMost } }
        let isWithinNorm =
            if let litres, let normLitres { litres <= normLitres } else { false }
        let bandPoints = band?.points ?? .zero
        let normPoints = isWithinNorm ? points.normPoints : .zero
        let bandGranted = min(bandPoints, points.monthlyCap)
        let normGranted = min(normPoints, points.monthlyCap - bandGranted)
        let lines = [
            PointsLine(
                rule: points.bandRule, measure: .percentile, value: percentile,
                atMost: (band ?? points.bands.last)?.percentileAtMost, pointsBeforeCap: bandPoints,
                points: bandGranted),
            PointsLine(
                rule: points.normRule, measure: .litres, value: litres, atMost: normLitres,
                pointsBeforeCap: normPoints, points: normGranted),
        ]
        guard let saving else { return lines }
        let saved = savingPercent.map(saving.points(percent:)) ?? .zero
        return lines + [
            PointsLine(
                rule: saving.rule, measure: .savingPercent, value: savingPercent, atMost: nil, pointsBeforeCap: saved,
                points: min(saved, points.monthlyCap - bandGranted - normGranted))
        ]
    }
}
