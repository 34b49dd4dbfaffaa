import Water

/// Equivalised use of many homes: each distinct figure, rising, with the number of homes at or below it.
///
/// Depends on the figures alone, never on their order; parts merge, so that a city is the sum of its communities.
public struct Distribution: Sendable, Hashable {
    /// Litres per equivalised person, strictly rising.
    public let litres: [Int64]
    /// Homes at or below the figure of the same index, strictly rising.
    public let homesAtOrBelow: [Int]

    public static let empty = Distribution(rising: [])

    /// One entry for each home, in any order.
    public init(of litres: some Sequence<Int64>) {
        self.init(rising: litres.sorted().lazy.map { ($0, 1) })
    }

    /// The homes of all parts together.
    public init(merging parts: some Sequence<Distribution>) {
        var runs: [(litres: Int64, homes: Int)] = []
        for part in parts {
            for index in part.litres.indices { runs.append((part.litres[index], part.homes(at: index))) }
        }
        runs.sort { $0.litres < $1.litres }
        self.init(rising: runs)
    }

    private init(rising runs: some Sequence<(Int64, Int)>) {
        var litres: [Int64] = []
        var homes: [Int] = []
        var total = 0
        for (figure, count) in runs {
            total += count
            if litres.last == figure {
                homes[homes.count - 1] = total
            } else {
                litres.append(figure)
                homes.append(total)
            }
        }
        self.litres = litres
        self.homesAtOrBelow = homes
    }

    /// Homes in all.
    public var homes: Int { homesAtOrBelow.last ?? 0 }

    private func homes(at index: Int) -> Int { homesAtOrBelow[index] - (index > 0 ? homesAtOrBelow[index - 1] : 0) }

    /// Homes strictly below `figure`, and homes at it; by binary search.
    public func count(around figure: Int64) -> (lower: Int, equal: Int) {
        let index = firstIndex(in: litres) { $0 >= figure }
        let lower = index > 0 ? homesAtOrBelow[index - 1] : 0
        return (lower, index < litres.count && litres[index] == figure ? homes(at: index) : 0)
    }

    /// The figure of the `rank`th home, from 1; nil outside 1–`homes`.
    public func figure(atRank rank: Int) -> Int64? {
        guard rank >= 1, rank <= homes else { return nil }
        return litres[firstIndex(in: homesAtOrBelow) { $0 >= rank }]
    }

    /// The nearest-rank percentile: the figure at rank ceil(percent × homes / 100), at least 1; nil without homes.
    public func nearestRank(percent: Int64) -> Int64? {
        figure(atRank: max(1, (Int(percent) * homes + 99) / 100))
    }

    /// The middle figure; between two, their mean rounded half up. nil without homes.
    public var median: Int64? {
        guard let low = figure(atRank: (homes + 1) / 2), let high = figure(atRank: homes / 2 + 1) else { return nil }
        return divideHalfUp(low + high, by: 2)
    }
}

/// The first index whose element meets a test that once met stays met; the count where none does.
private func firstIndex<Element>(in sorted: [Element], where meets: (Element) -> Bool) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
        let middle = (low + high) / 2
        if meets(sorted[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
}

/// Where a home stands among the others of its cohort.
public struct Rank: Sendable, Hashable {
    /// Other homes that use less, and as much, per equivalised person; the home itself is in neither.
    public let lowerHomes: Int
    public let equalHomes: Int
    /// Other homes in all, 1 or more.
    public let otherHomes: Int

    public init(lowerHomes: Int, equalHomes: Int, otherHomes: Int) {
        self.lowerHomes = lowerHomes
        self.equalHomes = equalHomes
        self.otherHomes = otherHomes
    }

    /// floor(100 × (lower + ½ equal) / others): 0 uses least, 100 most.
    public var percentile: Int64 {
        otherHomes < 1 ? 0 : Int64((200 * lowerHomes + 100 * equalHomes) / (2 * otherHomes))
    }

    /// Other homes that use more.
    public var higherHomes: Int { otherHomes - lowerHomes - equalHomes }

    /// 100 × (higher + ½ equal) / others, half up: how many in a hundred use more.
    public var higherPercent: Int64 {
        divideHalfUp(Int64(200 * higherHomes + 100 * equalHomes), by: Int64(2 * max(otherHomes, 1)))
    }
}

extension Distribution {
    /// The rank of a home that uses `figure`. `frozen` is the figure by which the home itself is in the
    /// distribution; nil where it is not in it, as in a community excluded when the city was frozen.
    /// nil where there is no other home.
    public func rank(of figure: Int64, frozen: Int64?) -> Rank? {
        var (lower, equal) = count(around: figure)
        var others = homes
        if let frozen {
            others -= 1
            if frozen < figure { lower -= 1 }
            if frozen == figure { equal -= 1 }
        }
        guard others >= 1, lower >= 0, equal >= 0 else { return nil }
        return Rank(lowerHomes: lower, equalHomes: equal, otherHomes: others)
    }
}
