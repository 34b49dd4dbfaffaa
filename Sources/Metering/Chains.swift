/// A way to reach a register: from which, and what the chain up to it scores.
struct Link {
    /// The chain begins here.
    static let first = Link(score: 0, node: -1)
    static let none = Link(score: .min / 2, node: -1)

    var score: Int64
    /// Twice the index within the window, odd after an excursion; -1 for none.
    var node: Int32

    mutating func take(_ other: Link, cost: Int64 = 0) {
        if other.score - cost > score { self = Link(score: other.score - cost, node: other.node) }
    }
}

/// The best chains that end at each register of a window: straight ones, and those with an excursion paid for.
struct Chains {
    private struct Ends {
        /// How the register is reached.
        let straightFrom: Int32
        let returnedFrom: Int32
        /// What the chains score that end here, and the best that end here or before.
        let straight: Link
        let returned: Link
        var bestStraight: Link
        var bestReturned: Link
    }

    private(set) var window = 0..<0
    private var ends: [Ends] = []
    /// The best chain that leaves off before the window's end.
    private var cutOff = Link.none

    mutating func begin(_ window: Range<Int>) {
        self.window = window
        cutOff = .none
        ends.removeAll(keepingCapacity: true)
        ends.reserveCapacity(window.count)
    }

    /// Appends a register that follows the one before.
    mutating func keep(weight: Int64) { append(ends.last?.straight ?? .first, .none, weight: weight) }

    mutating func append(_ straight: Link, _ returned: Link, weight: Int64) {
        let place = ends.count
        let node = Int32(truncatingIfNeeded: 2 * place)
        let next = (
            straight: Link(score: straight.score + weight, node: node),
            returned: Link(score: returned.score + weight, node: node + 1)
        )
        var best = next
        if place > 0 {
            if ends[place - 1].bestStraight.score > best.straight.score { best.straight = ends[place - 1].bestStraight }
            if ends[place - 1].bestReturned.score > best.returned.score { best.returned = ends[place - 1].bestReturned }
        }
        ends.append(
            Ends(
                straightFrom: straight.node, returnedFrom: returned.node, straight: next.straight,
                returned: next.returned, bestStraight: best.straight, bestReturned: best.returned))
    }

    /// Ends a chain with what follows it in the window left out.
    mutating func end(_ link: Link, cost: Int64) { cutOff.take(link, cost: cost) }

    func straight(at index: Int) -> Link { ends[index - window.lowerBound].straight }
    func returned(at index: Int) -> Link { ends[index - window.lowerBound].returned }

    /// The best chain so far.
    var last: Link {
        guard let last = ends.last else { return .first }
        return last.bestReturned.score > last.bestStraight.score ? last.bestReturned : last.bestStraight
    }

    /// True where nothing at `index` or before can be followed to a better score than these have, or than is of use.
    func isNoBetter(upTo index: Int, _ straight: Link, _ returned: Link, least: (Int64, Int64)) -> Bool {
        let place = index - window.lowerBound
        let (bestStraight, bestReturned) = (ends[place].bestStraight.score, ends[place].bestReturned.score)
        return (bestStraight <= straight.score || bestStraight < least.0)
            && (bestReturned <= returned.score || bestReturned < least.1)
    }

    /// Calls `body` with the indices of the best chain, the last first.
    func eachOfBest(_ body: (Int) -> Void) {
        var node = cutOff.score > last.score ? cutOff.node : last.node
        while node >= 0 {
            let place = Int(node / 2)
            body(window.lowerBound + place)
            node = node % 2 == 0 ? ends[place].straightFrom : ends[place].returnedFrom
        }
    }
}
