import Water

/// Finds the registers that only show others with decimals cut off: a second sender's whole cubic metres among litres.
///
/// Of a step of 10 L, 100 L or 1 m³ every multiple is looked at between the registers beside it that are none, the
/// meter's own. A run of own registers that follow one another, where each multiple is cut off from what they leave
/// open at its instant, and often enough is the very register before it cut off, is shown by two senders. Its multiples
/// are set aside, but one that stands where an own register is due and none came: it is an own one that ends in noughts,
/// where no more of them stand so than chance makes.
///
/// Own registers apart for longer than a day and eight usual gaps leave room for a register that shows no more.
struct CoarserLooks {
    private static let steps: [Int64] = [1_000_000, 100_000, 10_000]
    /// So many own registers tell their pace.
    private static let fewest = 4
    /// Digits that agree by no chance, and of falls that water flowing back explains as well.
    private static let digitsOfFall = 3
    private static let digitsOfReverse = 6
    /// Water that flows to and fro moves a register by fewer steps, where it shows the same again.
    private static let fewestSteps: Int64 = 3
    /// The longest that own registers lie apart: so many usual gaps, or so long where that is longer.
    private static let longestGaps: Int64 = 8
    private static let longestSeconds: Int64 = 86_400

    private let registers: [ShownRegister]
    private let limit: FlowLimit
    /// Where a register is the one before with decimals cut off, ascending.
    private let falls: [Int]

    /// Of registers by instant, one an instant.
    init(_ registers: [ShownRegister], limit: FlowLimit) {
        self.registers = registers
        self.limit = limit
        falls = registers.indices.dropFirst().filter { index in
            let (from, to) = (registers[index - 1].register, registers[index].register)
            return to < from && from - to < CoarserLooks.steps[0] && from - to < StepChange.step(of: to)
        }
    }

    /// The looks of a window, ascending; told from the window alone.
    func found(in window: Range<Int>) -> [Int] {
        var (low, high) = (0, falls.count)
        while low < high {
            let middle = (low + high) / 2
            if falls[middle] <= window.lowerBound { low = middle + 1 } else { high = middle }
        }
        guard low < falls.count, falls[low] < window.upperBound else { return [] }
        var rest = Array(window)
        var found: [Int] = []
        for step in CoarserLooks.steps {
            let looks = Walk(step, over: rest, of: registers, limit: limit)?.looks ?? []
            if looks.isEmpty { continue }
            found += looks
            let taken = Set(looks)
            rest.removeAll(where: taken.contains)
        }
        return found.sorted()
    }
}

extension CoarserLooks {
    /// A walk over a window for the looks of one step.
    private struct Walk {
        private let step: Int64
        private let registers: [ShownRegister]
        private let limit: FlowLimit
        private let digits: Int
        /// The gap that own registers usually have.
        private let usual: Int64
        /// A multiple where an own register is due, and none came, is one of them by chance.
        private var isDueOwn = false
        private(set) var looks: [Int] = []

        /// The looks of the run so far, and what speaks for it: falls by more than water flows back, all falls but the
        /// same small one again, and multiples that no own register is missing for.
        private var run: [Int] = []
        private var clearFalls = 0
        private var smallFalls = 0
        private var extra = 0
        private var lastFall: Int64?

        /// nil where there are too few own registers.
        init?(_ step: Int64, over places: [Int], of registers: [ShownRegister], limit: FlowLimit) {
            self.step = step
            self.registers = registers
            self.limit = limit
            let own = places.filter { registers[$0].isOwn(besides: step) }
            guard own.count >= CoarserLooks.fewest, own.count < places.count else { return nil }
            let finest = own.reduce(step) { min($0, StepChange.step(of: registers[$1].register)) }
            digits = StepChange.digits(step, finest)
            let gaps = zip(own, own.dropFirst()).map { registers[$1].at - registers[$0].at }.sorted()
            usual = gaps[(gaps.count - 1) / 2]
            isDueOwn = isChance(of: own, among: places)
            var before: Int?
            var block: [Int] = []
            for place in places {
                guard registers[place].isOwn(besides: step) else {
                    block.append(place)
                    continue
                }
                walk(block, after: before, before: place)
                block.removeAll(keepingCapacity: true)
                before = place
            }
            walk(block, after: before, before: nil)
            endRun()
        }

        /// Whether no more multiples stand where own registers are due than own registers end so by chance.
        private func isChance(of own: [Int], among places: [Int]) -> Bool {
            var (due, next) = (0, 0)
            for place in places {
                if next < own.count, own[next] == place {
                    next += 1
                } else if next > 0, next < own.count,
                    !isAtPace(registers[own[next]].at - registers[own[next - 1]].at),
                    isDue(place, after: registers[own[next - 1]].at)
                {
                    due += 1
                }
            }
            let chance = (0..<digits).reduce(3 * own.count) { count, _ in count / 10 }
            return due <= chance + 2
        }

        private func isAtPace(_ seconds: Int64) -> Bool { seconds * 2 <= usual * 3 }

        private func isDue(_ place: Int, after instant: Int64) -> Bool {
            let past = (registers[place].at - instant) % max(usual, 1)
            return min(past, usual - past) * 32 <= usual
        }

        /// Takes the multiples between two own registers, or beyond the last or first of them.
        private mutating func walk(_ block: [Int], after before: Int?, before after: Int?) {
            if let before, let after {
                let (from, to) = (registers[before], registers[after])
                let seconds = to.at - from.at
                guard limit.step(from: from.register, to: to.register, in: seconds) == .flow,
                    block.isEmpty || seconds <= max(CoarserLooks.longestSeconds, CoarserLooks.longestGaps * usual)
                else { return endRun() }
            }
            if block.isEmpty { return }
            let from = before.map { registers[$0] }
            let to = after.map { registers[$0] }
            let start = from?.at ?? registers[block[0]].at
            let end = to?.at ?? registers[block[block.count - 1]].at
            let isAtPace = isAtPace(end - start)
            if from == nil || to == nil, end - start > CoarserLooks.longestGaps * usual { return endRun() }
            let low = from.map { cutOff($0.register) } ?? .min
            let high = to.map { cutOff($0.register) } ?? (from?.register ?? 0) + limit.most(in: end - start)
            guard block.allSatisfy({ (low...high).contains(registers[$0].register) }) else { return endRun() }
            for place in block {
                let isHigher = from.map { registers[place].register > $0.register } ?? true
                if isHigher, !isAtPace, isDueOwn, isDue(place, after: start) { continue }
                run.append(place)
            }
            if let from, let to { count(block[0], after: from, before: to, isAtPace: isAtPace) }
        }

        private mutating func count(
            _ first: Int, after from: ShownRegister, before to: ShownRegister, isAtPace: Bool
        ) {
            let register = registers[first].register
            // From a coarser step that stays no register comes back to a finer one.
            if digits > 1, to.register > from.register, to.register % (step / 10) == 0 { return }
            if register < from.register {
                let fall = from.register - register
                if !limit.isReverse(fall) { clearFalls += 1 }
                if register != lastFall || fall >= CoarserLooks.fewestSteps * limit.resolution { smallFalls += 1 }
                lastFall = register
            } else if isAtPace {
                extra += 1
            }
        }

        private mutating func endRun() {
            let isClear = clearFalls > 0 && (clearFalls + extra) * digits >= CoarserLooks.digitsOfFall
            if isClear || smallFalls * digits >= CoarserLooks.digitsOfReverse { looks += run }
            run.removeAll(keepingCapacity: true)
            (clearFalls, smallFalls, extra, lastFall) = (0, 0, 0, nil)
        }

        private func cutOff(_ register: Int64) -> Int64 { floorDivide(register, by: step) * step }
    }
}

extension ShownRegister {
    /// True of a register that is no multiple of a step, or that somebody beside the meter says.
    fileprivate func isOwn(besides step: Int64) -> Bool { standing > .plain || register % step != 0 }
}
