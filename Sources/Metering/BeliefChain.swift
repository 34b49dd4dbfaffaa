import Water

/// Finds, day by day, the chain of registers that keeps the most readings.
///
/// Each reading kept weighs 2; a restart costs 5 and reverse flow 3. So a lone misfit is left out (2 against 10 for
/// a restart there and one back), and a restart stands once three readings bear it out. An excursion, registers that
/// are left and come back from to where the chain goes on, costs 4 however many they are, and so does another
/// register among a meter's own: a true exchange never comes back. A register that staff accepted or entered weighs
/// more than any way around it costs.
struct BeliefChain {
    /// What one is in the costs above. Of two chains of equal cost the one that keeps more readings is believed: each
    /// reading of an excursion costs a millionth.
    private static let unit: Int64 = 1 << 20
    private static let weight = 2 * unit
    private static let pinnedWeight = 100 * unit
    private static let restartCost = 5 * unit
    private static let reverseCost = 3 * unit
    private static let excursionCost = 4 * unit
    /// Misfits in a row that a chain may pass over one by one; more of them are an excursion or cost more than a
    /// restart there and back.
    private static let reach = 32
    /// Runs of registers that follow one another that an excursion may consist of.
    private static let runs = 16
    private static let reachSeconds: Int64 = 6 * 86_400
    private static let fewest = 3
    /// A leap is no flow where it is so many times as fast as what flows besides, up to a quarter of a day and beyond.
    private static let haste: (brief: Int64, long: Int64) = (16, 4)
    private static let briefSeconds: Int64 = 6 * 3_600
    /// A lesser leap is not looked at, register steps.
    private static let leastLeap: Int64 = 16

    /// Ascending, one an instant, registers in range.
    private let registers: [ShownRegister]
    private let limit: FlowLimit
    private let stepChange: StepChange
    private let isAnyPinned: Bool
    /// For each register the index of the first one at or after it that does not follow the one before it.
    private let nextMisfit: [Int]
    /// For each register the index of the first of those that follow one another up to it.
    private let runStart: [Int]

    init(_ registers: [ShownRegister], limit: FlowLimit) {
        self.registers = registers
        self.limit = limit
        self.stepChange = StepChange(registers, limit: limit)
        self.isAnyPinned = registers.contains(where: \.isPinned)
        var next = [Int](repeating: registers.count, count: registers.count + 1)
        var starts = [Int](repeating: 0, count: registers.count)
        for index in stride(from: registers.count - 1, through: 1, by: -1) {
            let step = limit.step(
                from: registers[index - 1].register, to: registers[index],
                in: registers[index].at - registers[index - 1].at)
            next[index] = step.follows ? next[index + 1] : index
        }
        if !registers.isEmpty { next[0] = registers.count > 1 ? next[1] : 1 }
        for index in registers.indices.dropFirst() { starts[index] = next[index] == index ? index : starts[index - 1] }
        self.nextMisfit = next
        self.runStart = starts
    }

    /// What lies between two registers of a window.
    private func step(_ earlier: Int, _ later: Int, in window: Range<Int>) -> Step {
        let (a, b) = (registers[earlier], registers[later])
        let step = limit.step(from: a.register, to: b, in: b.at - a.at)
        return step.follows ? step : stepChange.step(earlier, later, within: window) ?? step
    }

    /// True for each register that its day's chain keeps.
    func verdicts() -> [Bool] {
        var verdicts = [Bool](repeating: true, count: registers.count)
        var chains = Chains()
        var start = 0
        var low = 0
        var high = 0
        while start < registers.count {
            let day = floorDivide(registers[start].at, by: 86_400) * 86_400
            var end = start + 1
            while end < registers.count, registers[end].at < day + 86_400 { end += 1 }
            while registers[low].at < day - BeliefChain.reachSeconds { low += 1 }
            high = max(high, end)
            while high < registers.count, registers[high].at < day + 86_400 + BeliefChain.reachSeconds { high += 1 }
            let window =
                max(
                    0, min(low, start - BeliefChain.fewest))..<min(
                    registers.count, max(high, end + BeliefChain.fewest))
            let misfit = nextMisfit[min(window.lowerBound + 1, registers.count)]
            if misfit < window.upperBound {
                judge(start..<end, within: window, firstMisfit: misfit, &chains, into: &verdicts)
            }
            start = end
        }
        return verdicts
    }

    /// Keeps of a day what the chain of the window's highest score keeps. Of equal chains the one whose links lie
    /// latest.
    private func judge(
        _ day: Range<Int>, within window: Range<Int>, firstMisfit: Int, _ chains: inout Chains,
        into verdicts: inout [Bool]
    ) {
        chains.begin(window)
        // Up to the first misfit keeping everything cannot be beaten.
        for index in window.lowerBound..<firstMisfit { chains.keep(weight: weight(of: registers[index])) }
        for index in firstMisfit..<window.upperBound {
            let (straight, returned) = links(to: index, in: chains)
            chains.append(straight, returned, weight: weight(of: registers[index]))
        }
        for index in day { verdicts[index] = false }
        chains.eachOfBest { if day.contains($0) { verdicts[$0] = true } }
    }

    /// The best ways to reach a register: from one it follows, by a restart, or as the first; and such ways after, or
    /// by, an excursion.
    private func links(to index: Int, in chains: Chains) -> (straight: Link, returned: Link) {
        let later = registers[index]
        var straight = Link.first
        var returned = Link.none
        // A restart gives so much, and with an excursion still to be paid for no less.
        let restarted = chains.last.score - Self.restartCost
        let least = (restarted, restarted - Self.excursionCost)
        // The highest skipped register that is no higher than this one.
        var skipped = Int64.min
        for earlier in stride(from: index - 1, through: max(chains.window.lowerBound, index - Self.reach), by: -1) {
            if chains.isNoBetter(upTo: earlier, straight, returned, least: least) { break }
            let from = registers[earlier]
            switch step(earlier, index, in: chains.window) {
            case .flow where from.register > skipped || later.isVouchedFor,
                .otherStep where from.register > skipped || later.isVouchedFor, .rollover:
                straight.take(chains.straight(at: earlier))
                returned.take(chains.returned(at: earlier))
            case .reverseFlow:
                straight.take(chains.straight(at: earlier), cost: Self.reverseCost)
                returned.take(chains.returned(at: earlier), cost: Self.reverseCost)
            default: break
            }
            if from.register <= later.register { skipped = max(skipped, from.register) }
        }
        comeBack(to: index, in: chains, &returned)
        straight.take(chains.last, cost: Self.restartCost)
        return (straight, returned)
    }

    private func weight(of register: ShownRegister) -> Int64 {
        register.isPinned ? Self.pinnedWeight : Self.weight
    }
}

// Excursions: what a chain leaves and comes back from.
extension BeliefChain {
    /// Takes the best way to come back to the register at `index`. Each run before it gives one: from its last register
    /// that is no higher.
    private func comeBack(to index: Int, in chains: Chains, _ returned: inout Link) {
        let later = registers[index]
        let isStep = runStart[index] == index
        let leap = later.register - registers[index - 1].register
        if !isStep, leap < Self.leastLeap * limit.resolution || runStart[index] <= chains.window.lowerBound { return }
        func add(_ from: Int, cost: Int64) {
            let refund = Int64(index - from - 1) * (Self.weight - 1)
            returned.take(chains.straight(at: from), cost: Self.excursionCost + cost - refund)
            returned.take(chains.returned(at: from), cost: cost - refund)
        }
        var skipped = Int64.min
        var end = index - 1
        for _ in 0...Self.runs where end >= chains.window.lowerBound {
            let start = max(runStart[end], chains.window.lowerBound)
            if registers[start].register <= later.register {
                let from = lastNoHigher(than: later.register, in: start...end)
                if registers[from].register > skipped {
                    if from < index - 1, isExcursion(from, index, in: chains.window) { return add(from, cost: 0) }
                    skipped = registers[from].register
                }
            } else if end < index - 1, limit.isReverse(registers[end].register - later.register),
                isExcursion(end, index, in: chains.window)
            {
                return add(end, cost: Self.reverseCost)
            }
            if later.at - registers[start].at > Self.reachSeconds { break }
            end = start - 1
        }
    }

    /// Of registers that follow one another, the first being no higher, the last that is no higher.
    private func lastNoHigher(than register: Int64, in run: ClosedRange<Int>) -> Int {
        if registers[run.upperBound].register <= register { return run.upperBound }
        var (low, high) = (run.lowerBound, run.upperBound)
        while high - low > 1 {
            let middle = (low + high) / 2
            if registers[middle].register <= register { low = middle } else { high = middle }
        }
        return low
    }

    /// Whether the registers between two are none of this meter's: it goes on from the one to the other, and does not
    /// follow them on one side at least. On the other side it may leap: further than they and it rise, and faster.
    ///
    /// They lie within six days of both, so that each of their days sees the same.
    private func isExcursion(_ from: Int, _ to: Int, in window: Range<Int>) -> Bool {
        let (before, first) = (registers[from], registers[from + 1])
        let (last, after) = (registers[to - 1], registers[to])
        guard last.at - before.at <= Self.reachSeconds, after.at - first.at <= Self.reachSeconds,
            limit.continues(max(after.register - before.register, 0), in: after.at - before.at),
            !isAnyPinned || !registers[from + 1..<to].contains(where: \.isPinned)
        else { return false }
        let flowed = max(after.register - before.register, 0)
        let train = abs(last.register - first.register)
        func leaps(_ rise: Int64, in seconds: Int64) -> Bool {
            let haste = seconds < Self.briefSeconds ? Self.haste.brief : Self.haste.long
            return rise >= 2 * (flowed + limit.resolution) && rise > train
                && rise * (last.at - first.at) >= haste * train * seconds
                && rise * (after.at - before.at) >= haste * flowed * seconds
        }
        switch (step(from, from + 1, in: window), step(to - 1, to, in: window)) {
        case (.fall, .fall), (.fall, .tooFast), (.tooFast, .fall), (.tooFast, .tooFast): return true
        case (.flow, .fall): return leaps(first.register - before.register, in: first.at - before.at)
        case (.fall, .flow): return leaps(after.register - last.register, in: after.at - last.at)
        default: return false
        }
    }
}

/// A way to reach a register: from which, and what the chain up to it scores.
private struct Link {
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
private struct Chains {
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

    mutating func begin(_ window: Range<Int>) {
        self.window = window
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
        var node = last.node
        while node >= 0 {
            let place = Int(node / 2)
            body(window.lowerBound + place)
            node = node % 2 == 0 ? ends[place].straightFrom : ends[place].returnedFrom
        }
    }
}
