public import Tariffs
public import Water

/// 节水账单: one version of one home's month, with every number a resident needs to redo it by hand.
///
/// An analysis, not the utility's invoice. Immutable; its bytes (`StatementJSON.swift`) hold no clock time, no
/// random and no database identifier.
public struct Statement: Sendable, Hashable {
    /// The household's number.
    public var household: String
    public var month: BillingMonth
    /// From 1.
    public var version: Int
    /// The home shares a meter: shown, but neither ranked nor paid.
    public var isShared: Bool
    /// Where the home shares a meter, its part of the registers in millionths, 1 to 1,000,000. A boundary register of the
    /// home is that of the meter in whole millilitres × the share / 1,000,000,000, rounded down to the litre; a day is the
    /// difference of two. Of a home with several usage points the least of its shares: each meter goes by its own, and one
    /// that is not shared counts whole. nil where no meter is shared, and in statements of before shares were said.
    public var shareMillionths: Int64?
    public var use: Use
    /// Persons on the month's last day; nil is unknown.
    public var persons: Int?
    /// The scale and the litres per equivalised person; nil where persons are unknown or outside the table.
    public var equivalised: Equivalised?
    public var billing: Billing
    public var tariff: FileReference
    public var rules: FileReference
    /// What earlier statements said; nil where there is none.
    public var lastMonth: EarlierUse?
    public var sameMonthLastYear: EarlierUse?
    /// Why the month is not ranked; nil where it is rankable.
    public var unranked: UnrankedReason?
    /// nil where too few homes of the whole city are rankable.
    public var cohort: CohortSummary?
    /// nil without a cohort or where unranked.
    public var rank: Rank?
    public var headroom: Headroom?
    public var norm: Norm?
    public var leaks: [ContinuousFlow]
    /// Findings of the month by kind; kinds without any are left out.
    public var findings: [FindingKind: Int]
    public var points: PointsEarned
    public var sentence: Sentence
    public var quality: Quality
    /// SHA-256 of the readings it rests on, lower-case hex.
    public var readingsDigest: String
    /// nil in statements of the first layout.
    public var analysis: Analysis?
    /// nil under rules that pay no savings.
    public var saving: Saving?
    /// What this version corrects; nil in version 1.
    public var correction: Correction?

    public struct Use: Sendable, Hashable {
        public var measuredLitres: Int64
        public var estimatedLitres: Int64
        /// One for each day of the month, in order.
        public var days: [DayUse]
        /// Hours outside every believed pair, rounded up, so that any gap shows.
        public var missingHours: Int64

        public var litres: Int64 { measuredLitres + estimatedLitres }
    }

    public struct Equivalised: Sendable, Hashable {
        public var scaleMillionths: Int64
        /// litres × 1,000,000 / scale, rounded half up.
        public var litres: Int64
    }

    /// What the month's litres cost by the tariff, or why that cannot be said.
    public enum Billing: Sendable, Hashable {
        case billed(Bill)
        case refused(BillRefusal)
    }

    /// A tariff or rule file: id, version, and the SHA-256 of its meaning.
    public struct FileReference: Sendable, Hashable {
        public var id: String
        public var version: String
        public var digest: String

        public init(id: String, version: String, digest: String) {
            self.id = id
            self.version = version
            self.digest = digest
        }
    }

    public struct CohortSummary: Sendable, Hashable {
        public var kind: AreaKind
        public var code: String
        public var homes: Int
        /// Litres per equivalised person.
        public var medianLitres: Int64
        /// Litres per equivalised person, rounded; nil where too few homes for a benchmark.
        public var benchmarkLitres: Int64?
    }

    /// 节水空间: what using no more than the benchmark would save.
    public struct Headroom: Sendable, Hashable {
        /// The cohort's benchmark for this home's size: benchmark × scale / 1,000,000, rounded half up.
        public var benchmarkHomeLitres: Int64
        /// Own litres less the benchmark's, at least 0.
        public var litres: Int64
        /// The bill at the benchmark's litres; nil without a bill.
        public var benchmarkBill: Money?
        /// The own bill less the benchmark's, at least 0; nil without a bill.
        public var saving: Money?
    }

    public struct Norm: Sendable, Hashable {
        public var litresPerPersonDay: Int64
        public var days: Int
        /// litres per person and day × persons × days.
        public var litres: Int64
    }

    public struct PointsEarned: Sendable, Hashable {
        /// One for each rule, also where it gives nothing.
        public var lines: [PointsLine]
        public var monthlyCap: Points
        public var total: Points
        /// Why there are none; nil where there are some.
        public var noneReason: NoPointsReason?
    }

    public struct Quality: Sendable, Hashable {
        public var monthSeconds: Int64
        public var missingSeconds: Int64
        public var qualifyingSeconds: Int64
        /// What the gate asks for.
        public var requiredPercent: Int64
        public var isBracketed: Bool
        /// As `HomeMonth.unjoinedOn`.
        public var unjoinedOn: [LocalDay] = []
        public var isPartial: Bool
        public var zeroDays: Int
        public var readings: Int
        /// The smallest leak the meter can show in an hour.
        public var detectableLitresPerHour: Int64
        public var dataUntil: Instant?

        /// floor(100 × qualifying / month).
        public var qualifyingPercent: Int64 {
            monthSeconds > 0 ? multiplyThenFloorDivide(qualifyingSeconds, 100, by: monthSeconds) ?? 0 : 0
        }
    }
}

/// What an earlier month's statement said, and which.
public struct EarlierUse: Sendable, Hashable {
    public var month: BillingMonth
    public var litres: Int64
    /// Above 0 the litres are not the whole month's.
    public var missingHours: Int64
    public var version: Int
    /// SHA-256 of that statement's bytes, lower-case hex.
    public var hash: String
    /// Days with litres, where not all of the month's have any and it stands in a mean by its mean day; nil otherwise.
    public var knownDays: Int?

    public init(
        month: BillingMonth, litres: Int64, missingHours: Int64, version: Int, hash: String, knownDays: Int? = nil
    ) {
        self.month = month
        self.litres = litres
        self.missingHours = missingHours
        self.version = version
        self.hash = hash
        self.knownDays = knownDays
    }

    init(_ basis: MonthBasis) {
        self.init(
            month: basis.month, litres: basis.litres, missingHours: basis.missingHours, version: basis.version,
            hash: basis.hash, knownDays: basis.knownDays < basis.month.dayCount ? basis.knownDays : nil)
    }

    /// Nothing of the month is missing.
    public var isWhole: Bool { missingHours == 0 && litres >= 0 }
}

/// Why a month earned no points.
public enum NoPointsReason: Sendable, Hashable {
    /// The month is not ranked; the reason says why.
    case unranked(UnrankedReason)
    /// Use is above the norm and no cohort is large enough to compare with.
    case noCohort
    /// Use is above the norm and outside the bands.
    case noRuleMet

    public var code: String {
        switch self {
        case .unranked(let reason): reason.rawValue
        case .noCohort: "no_cohort"
        case .noRuleMet: "no_rule_met"
        }
    }

    public init?(code: String) {
        if let reason = UnrankedReason(rawValue: code) {
            self = .unranked(reason)
        } else if code == "no_cohort" {
            self = .noCohort
        } else if code == "no_rule_met" {
            self = .noRuleMet
        } else {
            return nil
        }
    }
}

/// The one plain sentence, as a code with whole numbers for the page's text catalogue.
public struct Sentence: Sendable, Hashable {
    public var code: Code
    public var arguments: [Int64]

    public init(_ code: Code, _ arguments: [Int64]) {
        self.code = code
        self.arguments = arguments
    }

    /// In the order they are tried.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The household lived there at no time of the month: what was said of it is withdrawn.
        case notLivedIn = "not_lived_in"
        /// No volume is known for any day.
        case noFigure = "no_figure"
        /// Water has run without a pause: litres of the month, hours, litres per hour.
        case leak
        /// Not ranked: litres of the month. The reason stands beside it.
        case unranked
        /// Praise, in the best band: litres, percentile.
        case amongBest = "among_best"
        /// Praise, in a paid band: litres, percentile.
        case thrifty
        /// Headroom: litres, headroom litres, headroom fen.
        case headroom
        /// At or below the norm: litres, norm litres.
        case withinNorm = "within_norm"
        /// Nothing else to say: litres.
        case used
    }
}

extension Statement {
    /// A month without any register: its litres stand for the mean of earlier ones.
    public var isEstimatedWhole: Bool { analysis?.bylawMonths.isEmpty == false }

    /// Whole, and of registers: fit to stand beside another month.
    public var isComparable: Bool { use.missingHours == 0 && !quality.isPartial && !isEstimatedWhole }
}
