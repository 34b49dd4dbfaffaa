import Water

/// Finds, day by day, the chain of registers that keeps the most readings.
///
/// Each reading kept weighs 2; a restart costs 5 and reverse flow 3. So a lone misfit is left out (2 against 10 for
/// a restart there and one back), and a restart stands once three readings bear it out. A register that staff
/// accepted or entered weighs more than any way around it costs.
struct BeliefChain {
    private static let weight: Int32 = 2
    private static let pinnedWeight: Int32 = 100
    private static let restartCost: Int32 = 5
    private static let reverseCost: Int32 = 3
    /// Misfits in a row that a chain may pass over; more of them cost more than a restart there and back.
    private static let reach = 32
    private static let reachSeconds: Int64 = 6 * 86_400
    private static let fewest = 3

    /// Ascending, one an instant, registers in range.
    private let registers: [ShownRegister]
    private let limit: FlowLimit
    /// For each register the index of the first one at or after it that does not follow the one before it.
    private let nextMisfit: [Int]

    init(_ registers: [ShownRegister], limit: FlowLimit) {
        self.registers = registers
        self.limit = limit
        var next = [Int](repeating: registers.count, count: registers.count + 1)
        for index in stride(from: registers.count - 1, through: 1, by: -1) {
            let follows =
                switch BeliefChain.step(registers[index - 1], registers[index], limit: limit) {
                case .flow, .rollover: true
                case .reverseFlow, .fall, .tooFast: false
                }
            next[index] = follows ? next[index + 1] : index
        }
        if !registers.isEmpty { next[0] = registers.count > 1 ? next[1] : 1 }
        self.nextMisfit = next
    }

    private static func step(_ a: ShownRegister, _ b: ShownRegister, limit: FlowLimit) -> Step {
        limit.step(from: a.register, to: b, in: b.at - a.at)
    }

    /// True for each register that its day's chain keeps.
    func verdicts() -> [Bool] {
        var verdicts = [Bool](repeating: true, count: registers.count)
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
            judge(start..<end, within: window, into: &verdicts)
            start = end
        }
        return verdicts
    }

    private func judge(_ day: Range<Int>, within window: Range<Int>, into verdicts: inout [Bool]) {
        let misfit = nextMisfit[min(window.lowerBound + 1, registers.count)]
        guard misfit < window.upperBound else { return }
        for index in day { verdicts[index] = false }
        let (links, last) = bestChain(in: window, firstMisfit: misfit)
        var offset = last
        while offset >= 0 {
            if day.contains(window.lowerBound + offset) { verdicts[window.lowerBound + offset] = true }
            offset = links[offset]
        }
    }

    /// The chain of the highest score: each offset's predecessor in `window` (−1 for none) and the chain's last
    /// offset. Of equal chains the one whose links lie latest.
    private func bestChain(in window: Range<Int>, firstMisfit: Int) -> (links: [Int], last: Int) {
        var scores = [Int32](repeating: 0, count: window.count)
        var links = [Int](repeating: -1, count: window.count)
        var best = 0
        // Up to the first misfit keeping everything cannot be beaten.
        var kept: Int32 = 0
        for offset in 0..<(firstMisfit - window.lowerBound) {
            kept += BeliefChain.weight(of: registers[window.lowerBound + offset])
            scores[offset] = kept
            links[offset] = offset - 1
            best = offset
        }
        for offset in (firstMisfit - window.lowerBound)..<window.count {
            (scores[offset], links[offset]) = link(to: offset, in: window, scores: scores, best: best)
            if scores[offset] >= scores[best] { best = offset }
        }
        return (links, best)
    }

    /// The best way to reach `offset`: from a register it follows, by a restart, or as the first.
    private func link(to offset: Int, in window: Range<Int>, scores: [Int32], best: Int) -> (Int32, Int) {
        let later = registers[window.lowerBound + offset]
        var score: Int32 = 0
        var link = -1
        // The highest skipped register that is no higher than this one.
        var skipped = Int64.min
        for earlier in stride(from: offset - 1, through: max(0, offset - BeliefChain.reach), by: -1) {
            let from = registers[window.lowerBound + earlier]
            let step = BeliefChain.step(from, later, limit: limit)
            switch step {
            case .flow where from.register > skipped || later.isVouchedFor, .rollover:
                if scores[earlier] > score { (score, link) = (scores[earlier], earlier) }
            case .reverseFlow:
                let reached = scores[earlier] - BeliefChain.reverseCost
                if reached > score { (score, link) = (reached, earlier) }
            default: break
            }
            if link == earlier, scores[earlier] == scores[best], score == scores[best] { break }
            if from.register <= later.register { skipped = max(skipped, from.register) }
        }
        let restarted = scores[best] - BeliefChain.restartCost
        if restarted > score { (score, link) = (restarted, best) }
        return (score + BeliefChain.weight(of: later), link)
    }

    private static func weight(of register: ShownRegister) -> Int32 { register.isPinned ? pinnedWeight : weight }
}
