import Tariffs
public import Water

/// 一户一分析: what a month's figures say beside use, bill and rank. Each value can be redone from the statement.
///
/// A function of the home's frozen month, its earlier statements, the tariff and the rules; of no clock.
public struct Analysis: Sendable, Hashable {
    /// Litres of the tariff's period up to the month's end: the month's own, with a longer basis those before too.
    public var periodLitres: Int64
    /// The persons by date where they changed within the twelve months: tier bounds go by the mean over the days.
    public var sizes: [PersonsFrom]
    /// Where the month had no register: the months whose mean, floored to the litre, stands for it, one with days missing
    /// by its mean day; empty otherwise.
    public var bylawMonths: [EarlierUse]
    /// What the home usually uses; nil without a whole earlier month to tell it from.
    public var baseline: Baseline?
    /// Monday to Sunday; the days with a figure.
    public var week: [WeekdayUse]
    /// 02:00 to 05:00; nil where no night is known.
    public var night: NightUse?
    /// Going down to the cohort's median; nil where unranked or without a cohort.
    public var toMedian: Statement.Headroom?
    /// What the longest continuous flow of the month let through; nil without one.
    public var leak: LeakCost?
    /// What last month's statement said beside its litres; nil without one.
    public var lastMonth: EarlierFigures?
    /// Limits that the month came near to or went over, nearest first; none where earlier months' mean stands for it.
    public var warnings: [LimitWarning]
    /// What to do, three at most: water that never stops first, then most litres first; none where earlier months' mean
    /// stands for the month. Statements of before have the most litres first whatever it is.
    public var actions: [SavingAction]

    /// What the home used before, brought to this month's length.
    public struct Baseline: Sendable, Hashable {
        public enum Kind: String, Sendable, Hashable, CaseIterable {
            case sameMonthLastYear = "same_month_last_year"
            /// The mean of the whole ones of the last three months.
            case recentMonths = "recent_months"
        }
        public var kind: Kind
        /// The statements it rests on, oldest first.
        public var months: [EarlierUse]
        /// Their litres × this month's days / their days, rounded half up.
        public var litres: Int64
        /// Own litres less the baseline's; below 0 is less than usual.
        public var changeLitres: Int64
    }

    public struct WeekdayUse: Sendable, Hashable {
        /// Days of this weekday that have a figure.
        public var days: Int
        /// Their litres together.
        public var litres: Int64

        public init(days: Int, litres: Int64) {
            self.days = days
            self.litres = litres
        }

        /// Litres a day, rounded half up; nil without a day.
        public var meanLitres: Int64? { days > 0 ? divideHalfUp(litres, by: Int64(days)) : nil }
    }

    public struct LeakCost: Sendable, Hashable {
        /// The stretches of continuous flow within the month, of every meter: hours, and litres in each at least.
        public var flows: [Flow]
        /// The flows' litres together, and no more than the month's litres: the least that can have run out.
        public var litres: Int64
        /// The bill without these litres; nil without a bill.
        public var billWithout: Money?
        /// The own bill less the bill without, at least 0; nil without a bill.
        public var cost: Money?

        public struct Flow: Sendable, Hashable {
            public var hours: Int64
            /// What ran through the meter.
            public var litresPerHour: Int64
            /// The home's part of it, millionths, where the meter is shared.
            public var shareMillionths: Int64?

            /// The home's litres: hours × litres an hour, of which a share is rounded down; nil past 64 bits.
            public var litres: Int64? {
                let (whole, tooLarge) = hours.multipliedReportingOverflow(by: litresPerHour)
                if tooLarge { return nil }
                return shareMillionths.map { multiplyThenFloorDivide(whole, $0, by: 1_000_000) } ?? whole
            }
        }

        public var hours: Int64 { flows.reduce(0) { $0 &+ $1.hours } }
    }

    /// A limit of which at least 80 % is used; of what is usual, 103 %.
    public struct LimitWarning: Sendable, Hashable {
        public enum Limit: String, Sendable, Hashable, CaseIterable {
            /// The upper bound of the tier that the last litre is in; in the last tier, its lower bound.
            case tier
            /// 用水定额.
            case norm
            /// What the home usually uses.
            case baseline
            /// What the household means to use at most, by its own word; of the month under way alone.
            case goal
        }
        public enum Level: String, Sendable, Hashable, CaseIterable {
            /// 80 to 109 %.
            case near
            /// 110 % or more.
            case over
        }
        public var limit: Limit
        public var limitLitres: Int64
        /// What of it is used: the month's litres, for a tier with those before it in the tariff's period.
        public var usedLitres: Int64

        /// floor(100 × used / limit).
        public var percent: Int64 { multiplyThenFloorDivide(usedLitres, 100, by: max(limitLitres, 1)) ?? .max }
        public var level: Level { percent >= 110 ? .over : .near }
    }

    /// One thing to do, and what it would save in a month like this one.
    public struct SavingAction: Sendable, Hashable {
        public enum Kind: String, Sendable, Hashable, CaseIterable {
            /// Find and stop the flow that never pauses: what ran in the month, the sum of hours × litres an hour. `because`:
            /// that sum, then the hours and litres an hour of each flow. Statements of before say the litres an hour and
            /// the hours of one flow, and save what it would come to in all of the month's hours.
            case stopFlow = "stop_flow"
            /// Look for what runs at night: the quietest night's litres, over 24 hours and all days.
            case checkNight = "check_night"
            /// Use no more on the three heaviest days than on the home's middle day, of the measured ones, 20 at least.
            /// Statements of before take the estimated ones too.
            case easeHeavyDays = "ease_heavy_days"
            /// Go back to what was usual.
            case backToUsual = "back_to_usual"
            /// Stay below the bound of the tier that the last litre fell in.
            case stayInTier = "stay_in_tier"
        }
        public var kind: Kind
        /// Litres a month, 100 or more.
        public var litres: Int64
        /// The bill without these litres, and the own bill less that, at least 0; nil without a bill.
        public var billWithout: Money?
        public var saving: Money?
        /// The whole numbers that its reason names, as its kind's rule says.
        public var because: [Int64]
    }
}

/// What last month's statement said beside its litres.
public struct EarlierFigures: Sendable, Hashable {
    public var bill: Money?
    public var percentile: Int64?
    public var points: Points

    public init(bill: Money?, percentile: Int64?, points: Points) {
        self.bill = bill
        self.percentile = percentile
        self.points = points
    }

    public init(_ statement: Statement) {
        if case .billed(let bill) = statement.billing { self.bill = bill.total } else { self.bill = nil }
        self.percentile = statement.rank?.percentile
        self.points = statement.points.total
    }
}
