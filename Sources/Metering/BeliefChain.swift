import Water

/// Finds, day by day, the chain of registers that keeps the most readings.
///
/// Each reading kept weighs 2; a restart costs 5 and reverse flow 3. So a lone misfit is left out (2 against 10 for
/// a restart there and one back), and a restart stands once three readings bear it out. An excursion, registers that
/// are left and come back from to where the chain goes on, costs 4 however many they are, and so does another
/// register among a meter's own: a true exchange never comes back. What an edge of the window cuts off is an excursion
/// too where the chain came back three times from those same registers, once after half as long. A register that staff
/// accepted or entered weighs more than any way around it costs.
struct BeliefChain {
    enum Verdict {
        case kept, leftOut
        /// Another register with decimals cut off.
        case coarser
    }

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
    /// A rise from one meter's registers over to another's costs something only beside chains that cost the same.
    private static let crossingCost = unit / 2
    /// Runs of registers that follow one another that an excursion may consist of.
    private static let runs = 16
    /// Runs at a window's edge that an excursion it cuts off may begin or end among.
    private static let openRuns = 4
    /// A register that stayed away for longer is not expected back.
    private static let openSeconds: Int64 = 2 * 86_400
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
    private let coarserLooks: CoarserLooks
    private let isAnyPinned: Bool
    /// For each register the index of the first one at or after it that does not follow the one before it.
    private let nextMisfit: [Int]
    /// For each register the index of the first of those that follow one another up to it.
    private let runStart: [Int]

    init(_ registers: [ShownRegister], limit: FlowLimit) {
        self.registers = registers
        self.limit = limit
        self.stepChange = StepChange(registers, limit: limit)
        self.coarserLooks = CoarserLooks(registers, limit: limit)
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

    /// What becomes of each register on its day.
    func verdicts() -> [Verdict] {
        var verdicts = [Verdict](repeating: .kept, count: registers.count)
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
                let looks = coarserLooks.found(in: window)
                if looks.isEmpty {
                    judge(start..<end, within: window, firstMisfit: misfit, &chains, into: &verdicts)
                } else {
                    judge(start..<end, within: window, besides: looks, &chains, into: &verdicts)
                }
            }
            start = end
        }
        return verdicts
    }

    /// Keeps of a day what the chain of the window's highest score keeps. Of equal chains the one whose links lie
    /// latest.
    private func judge(
        _ day: Range<Int>, within window: Range<Int>, firstMisfit: Int, _ chains: inout Chains,
        into verdicts: inout [Verdict]
    ) {
        chains.begin(window)
        // Up to the first misfit, or a crossing, keeping everything cannot be beaten.
        let first = crossing(into: firstMisfit, in: window) ?? firstMisfit
        for index in window.lowerBound..<first { chains.keep(weight: weight(of: registers[index])) }
        let openings = openings(of: window, first: first)
        for index in first..<window.upperBound {
            var (straight, returned) = links(to: index, in: chains)
            if openings.contains(index) {
                returned.take(.first, cost: Self.excursionCost - refund(index - window.lowerBound))
            }
            chains.append(straight, returned, weight: weight(of: registers[index]))
        }
        for index in endings(of: window) {
            let refund = refund(window.upperBound - 1 - index)
            chains.end(chains.straight(at: index), cost: Self.excursionCost - refund)
            chains.end(chains.returned(at: index), cost: -refund)
        }
        for index in day { verdicts[index] = .leftOut }
        chains.eachOfBest { if day.contains($0) { verdicts[$0] = .kept } }
    }

    /// As above, of a window whose coarser looks are set aside.
    private func judge(
        _ day: Range<Int>, within window: Range<Int>, besides looks: [Int], _ chains: inout Chains,
        into verdicts: inout [Verdict]
    ) {
        for index in looks where day.contains(index) { verdicts[index] = .coarser }
        let taken = Set(looks)
        let rest = window.filter { !taken.contains($0) }
        let places = rest.indices.filter { day.contains(rest[$0]) }
        guard let first = places.first, let last = places.last else { return }
        let chain = BeliefChain(rest.map { registers[$0] }, limit: limit)
        let misfit = chain.nextMisfit[0]
        if misfit >= rest.count { return }
        var judged = [Verdict](repeating: .kept, count: rest.count)
        chain.judge(first..<last + 1, within: rest.indices, firstMisfit: misfit, &chains, into: &judged)
        for place in places { verdicts[rest[place]] = judged[place] }
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
            case .flow where from.register > skipped || later.isVouchedFor:
                let cost = isCrossing(earlier, index, in: chains.window) ? Self.crossingCost : 0
                straight.take(chains.straight(at: earlier), cost: cost)
                returned.take(chains.returned(at: earlier), cost: cost)
            case .otherStep where from.register > skipped || later.isVouchedFor, .rollover:
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
    /// What an excursion of so many registers gives back.
    private func refund(_ count: Int) -> Int64 { Int64(count) * (Self.weight - 1) }

    /// Takes the best way to come back to the register at `index`. Each run before it gives one: from its last register
    /// that is no higher.
    private func comeBack(to index: Int, in chains: Chains, _ returned: inout Link) {
        let later = registers[index]
        let isStep = runStart[index] == index
        let leap = later.register - registers[index - 1].register
        if !isStep, leap < Self.leastLeap * limit.resolution || runStart[index] <= chains.window.lowerBound { return }
        func add(_ from: Int, cost: Int64) {
            let refund = refund(index - from - 1)
            let excursion = Self.excursionCost - unseen(after: index, awaySince: from, in: chains.window)
            returned.take(chains.straight(at: from), cost: excursion + cost - refund)
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

    /// What the registers beyond the window's end would weigh of the three that bear a return out, where it leaves room
    /// for fewer: of a daily meter that came back after six days. Only from a rise beyond what a home uses.
    private func unseen(after index: Int, awaySince from: Int, in window: Range<Int>) -> Int64 {
        let (seen, before, first) = (window.upperBound - index, registers[from], registers[from + 1])
        guard seen < Self.fewest, nextMisfit[index + 1] >= window.upperBound, first.register > before.register,
            !limit.continues(first.register - before.register, in: first.at - before.at)
        else { return 0 }
        return Int64(Self.fewest - seen) * Self.weight
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

// Excursions that the window's edge cuts off.
extension BeliefChain {
    /// The registers near the window's start that all before them are an excursion from.
    private func openings(of window: Range<Int>, first: Int) -> [Int] {
        var found: [Int] = []
        var index = first
        for _ in 0..<Self.openRuns where index < window.upperBound {
            let seconds = registers[index].at - registers[window.lowerBound].at
            if seconds > Self.openSeconds { break }
            if isOpen(from: index, to: index - 1, away: 1, for: seconds, in: window) { found.append(index) }
            let next = nextMisfit[index + 1]
            if next >= window.upperBound { break }
            let crossing = crossing(into: next, in: window) ?? next
            index = crossing > index ? crossing : next
        }
        return found
    }

    /// The registers near the window's end that all after them are an excursion from.
    private func endings(of window: Range<Int>) -> [Int] {
        var found: [Int] = []
        var end = window.upperBound - 1
        for _ in 0..<Self.openRuns {
            let start = runStart[end]
            if start <= window.lowerBound { break }
            let crossed = lastNoHigher(than: registers[start - 1].register, in: start...end)
            for index in [crossed, start - 1] where index < end {
                let seconds = registers[window.upperBound - 1].at - registers[index].at
                if seconds > Self.openSeconds { return found }
                if isOpen(from: index, to: index + 1, away: -1, for: seconds, in: window) { found.append(index) }
            }
            end = start - 1
        }
        return found
    }

    /// Whether a chain that is left from a register to the one beside it, for so long up to the window's edge, comes
    /// back beyond: away from the edge it came back three times from registers that the other one goes on from, once
    /// after half as long. The register at the edge is not the chain's own.
    private func isOpen(from own: Int, to other: Int, away: Int, for seconds: Int64, in window: Range<Int>) -> Bool {
        switch step(min(own, other), max(own, other), in: window) {
        case .fall, .tooFast: break
        case .flow where isCrossing(min(own, other), max(own, other), in: window): break
        default: return false
        }
        var (mine, theirs) = (own, other)
        let edge = away > 0 ? window.lowerBound : window.upperBound - 1
        if isNearer(own, than: other, to: edge) { return false }
        var (isAway, isLong, times) = (false, false, 0)
        var index = own + away
        while window.contains(index), abs(registers[index].at - registers[own].at) <= Self.reachSeconds,
            abs(registers[index].at - registers[mine].at) <= Self.openSeconds
        {
            if isNearer(mine, than: theirs, to: index) {
                if isAway {
                    times += 1
                    isLong = isLong || 2 * abs(registers[index].at - registers[mine].at) >= seconds
                    if isLong, times >= Self.fewest { return true }
                }
                (mine, isAway) = (index, false)
            } else if goesOn(theirs, index) != nil {
                (theirs, isAway) = (index, true)
            }
            index += away
        }
        return false
    }

    /// Whether a rise leads over to another meter's registers: they fall back afterwards to where the earlier one goes
    /// on, or fell just before from one that goes on to the later one.
    private func isCrossing(_ earlier: Int, _ later: Int, in window: Range<Int>) -> Bool {
        let (low, high) = (registers[earlier].register, registers[later].register)
        guard high - low >= Self.leastLeap * limit.resolution else { return false }
        let (next, start) = (nextMisfit[later + 1], runStart[earlier])
        if next < window.upperBound, (low..<high).contains(registers[next].register),
            goesOn(earlier, next) != nil, step(next - 1, next, in: window) == .fall
        {
            return true
        }
        return start > window.lowerBound && registers[start - 1].register > low
            && registers[start - 1].register <= high && goesOn(start - 1, later) != nil
            && step(start - 1, start, in: window) == .fall
    }

    /// The first register that a crossing leads to among those that follow one another up to a misfit.
    private func crossing(into misfit: Int, in window: Range<Int>) -> Int? {
        let start = max(runStart[misfit - 1], window.lowerBound)
        let crossed = lastNoHigher(than: registers[misfit].register, in: start...misfit - 1)
        guard crossed < misfit - 1, isCrossing(crossed, crossed + 1, in: window) else { return nil }
        return crossed + 1
    }

    /// Whether a register goes on from the one, or to it, and not more closely from the other.
    private func isNearer(_ one: Int, than other: Int, to index: Int) -> Bool {
        guard let rise = goesOn(one, index) else { return false }
        return rise <= goesOn(other, index) ?? .max
    }

    /// By how much a register exceeds another one, whichever is the later, where it goes on from it; nil where not.
    private func goesOn(_ one: Int, _ other: Int) -> Int64? {
        let (earlier, later) = (registers[min(one, other)], registers[max(one, other)])
        let rise = later.register - earlier.register
        return limit.continues(rise, in: later.at - earlier.at) ? rise : nil
    }
}
