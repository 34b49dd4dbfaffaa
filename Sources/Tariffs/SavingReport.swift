import Water

/// What a rule version did when it was run over months with no programme: stated in its file, decides nothing.
public struct SavingReport: Sendable, Hashable {
    /// Which homes and months, in words.
    public let history: String
    /// Home-months that the rule judged, and those it would have paid.
    public let judged: Int64
    public let paid: Int64
    /// What it would have paid for these, within the monthly cap.
    public let points: Int64
    /// Those it would have paid had each home used a fifth less in both months.
    public let paidAtFifthLess: Int64
    /// What all points together would have cost each community; empty where the file does not say.
    public let communities: [Cost]
    /// Who would have gained, by persons; those of unknown number last. Empty where the file does not say.
    public let sizes: [Gain]

    /// Of a thousand judged home-months at most so many may be paid, half up: with no programme each is a false award.
    public static let mostPaidPermille: Int64 = 50

    /// Home-months with the points of all rules together, and of savings alone.
    public struct Sum: Sendable, Hashable {
        public let homeMonths: Int64
        public let points: Int64
        public let savingPoints: Int64

        /// Points that a hundred homes have in a month, half up; nil without a home.
        public var pointsPer100Homes: Int64? {
            homeMonths > 0 ? multiplyThenDivideHalfUp(points, 100, by: homeMonths) : nil
        }

        public init(homeMonths: Int64, points: Int64, savingPoints: Int64) {
            self.homeMonths = homeMonths
            self.points = points
            self.savingPoints = savingPoints
        }
    }

    public struct Cost: Sendable, Hashable {
        /// What the history's community is called.
        public let name: String
        public let sum: Sum
    }

    public struct Gain: Sendable, Hashable {
        /// nil is unknown.
        public let persons: Int?
        public let sum: Sum
    }
}

extension SavingReport {
    static let keys = ["history", "judged", "paid", "points", "paid_at_a_fifth_less"]
    /// Both or none: reports of before had neither.
    static let partKeys = ["communities", "sizes"]

    private static let range: ClosedRange<Int64> = 0...1_000_000_000_000
    private static let sumKeys = ["home_months", "points", "points_per_100_homes_a_month", "saving_points"]

    /// Refused where a part is more than the whole, where communities and sizes do not come to the same, or where more
    /// is paid than may be; the last not on trial.
    static func read(_ keys: CheckedMapping, isTrial: Bool) throws(FileRefusal) -> SavingReport {
        let judged = try keys.integer("judged", in: 1...range.upperBound)
        let paid = try keys.integer("paid", in: range)
        let paidAtFifthLess = try keys.integer("paid_at_a_fifth_less", in: range)
        guard paid <= judged else { throw try keys.value("paid").bad("at most judged") }
        guard paidAtFifthLess <= judged else { throw try keys.value("paid_at_a_fifth_less").bad("at most judged") }
        let permille = multiplyThenDivideHalfUp(paid, 1_000, by: judged) ?? .max
        guard isTrial || permille <= mostPaidPermille else {
            throw try keys.value("paid").bad("at most \(mostPaidPermille) ‰ of judged")
        }
        let parts = partKeys.compactMap { keys.optional($0) }
        if parts.count == 1, let missing = partKeys.first(where: { keys.optional($0) == nil }) {
            throw parts[0].refusal(.missingKey(missing))
        }
        let report = SavingReport(
            history: try keys.text("history"), judged: judged, paid: paid,
            points: try keys.integer("points", in: range), paidAtFifthLess: paidAtFifthLess,
            communities: try parts.first.map(costs) ?? [], sizes: try parts.last.map(gains) ?? [])
        if !parts.isEmpty { try report.check(keys) }
        return report
    }

    private func check(_ keys: CheckedMapping) throws(FileRefusal) {
        let (all, bySize) = (Self.total(communities.map(\.sum)), Self.total(sizes.map(\.sum)))
        guard all == bySize else {
            throw try keys.value("sizes").bad("home-months and points that come to those of communities")
        }
        guard all.savingPoints == points else {
            throw try keys.value("communities").bad("saving_points that come to points")
        }
        guard judged <= all.homeMonths else { throw try keys.value("judged").bad("at most the home-months") }
    }

    private static func total(_ sums: [Sum]) -> Sum {
        Sum(
            homeMonths: sums.reduce(0) { $0 + $1.homeMonths }, points: sums.reduce(0) { $0 + $1.points },
            savingPoints: sums.reduce(0) { $0 + $1.savingPoints })
    }

    private static func costs(_ list: Located) throws(FileRefusal) -> [Cost] {
        var found: [Cost] = []
        for item in try rows(of: list) {
            let keys = try item.mapping(required: ["name"] + sumKeys)
            found.append(Cost(name: try keys.text("name"), sum: try sum(keys)))
        }
        return found
    }

    private static func gains(_ list: Located) throws(FileRefusal) -> [Gain] {
        var found: [Gain] = []
        for item in try rows(of: list) {
            let keys = try item.mapping(required: ["persons"] + sumKeys)
            let value = try keys.value("persons")
            let persons = try value.isWord("unknown") ? nil : Int(value.integer(in: 1...100))
            if let last = found.last, last.persons ?? .max >= persons ?? .max { throw value.bad("rising") }
            found.append(Gain(persons: persons, sum: try sum(keys)))
        }
        return found
    }

    private static func rows(of list: Located) throws(FileRefusal) -> [Located] {
        let items = try list.list()
        guard (1...1_000).contains(items.count) else { throw list.bad("1 to 1000 entries") }
        return items
    }

    private static func sum(_ keys: CheckedMapping) throws(FileRefusal) -> Sum {
        let sum = Sum(
            homeMonths: try keys.integer("home_months", in: 1...range.upperBound),
            points: try keys.integer("points", in: range), savingPoints: try keys.integer("saving_points", in: range))
        guard sum.savingPoints <= sum.points else { throw try keys.value("saving_points").bad("at most points") }
        let stated = try keys.value(sumKeys[2])
        guard try stated.integer(in: range) == sum.pointsPer100Homes else {
            throw stated.bad("points × 100 ÷ home_months, half up")
        }
        return sum
    }
}
