import Water

/// Why a run of registers is set aside until a person says that it is right.
enum Doubt {
    /// It goes on from a power of ten times, or part of, what the meter showed before.
    case otherUnit
    /// It shows nought and nothing else.
    case nought

    var rule: QualityRule {
        switch self {
        case .otherUnit: .otherUnit
        case .nought: .nought
        }
    }
}

/// Finds among the registers of a chain the runs that another unit, or a gateway's noughts for a silent meter, explain
/// better than water, however long they are.
///
/// A run begins where a register does not follow the one before, or rises further than a home uses in the time. It is
/// compared with the last register of the run before it that is not in doubt. Runs in another unit that go on from one
/// another are one. A run with a register that staff accepted or entered is in no doubt. A run of noughts that then moves
/// is a register that began again, and is believed.
struct DoubtedRuns {
    /// So much before a run tells how its home uses water.
    private static let usageSeconds: Int64 = 6 * 86_400
    /// For so long the highest flow of that time may go on, then twice its mean.
    private static let briefSeconds: Int64 = 6 * 3_600
    /// Millilitres an hour that flow at least, where less is known.
    private static let leastFlow: Int64 = 10_000
    /// A register of fewer steps has too few digits to be told from a chance; of so many it is not mistaken for what ran
    /// since a beginning at nought.
    private static let steps: (least: Int64, clear: Int64) = (10, 100)

    /// So many registers tell the step of a run.
    private static let looked = 8

    /// The runs in doubt, by index of the line; ascending.
    private(set) var doubted: [(run: Range<Int>, why: Doubt)] = []
    /// The first registers of runs in another unit that a person says is right.
    private(set) var confirmed: [Int] = []

    private let line: [ShownRegister]
    private let limit: FlowLimit

    /// `line`: registers by instant, one an instant.
    init(_ line: [ShownRegister], limit: FlowLimit) {
        self.line = line
        self.limit = limit
        let starts = runStarts()
        if starts.isEmpty { return }
        var before = 0..<starts[0]
        for (index, start) in starts.enumerated() {
            let run = start..<(index + 1 < starts.count ? starts[index + 1] : line.count)
            let earlier = goesOn(start, after: before) ? doubted.popLast()?.run : nil
            let whole = (earlier ?? run).lowerBound..<run.upperBound
            let why = earlier == nil ? doubt(run, after: before) : .otherUnit
            if let why, !line[run].contains(where: \.isPinned) {
                doubted.append((whole, why))
            } else {
                if why == .otherUnit { confirmed.append(whole.lowerBound) }
                before = run
            }
        }
    }

    /// Whether the register at `index` goes on from the run in doubt just before it, in whose unit the home uses as
    /// much as it did `before`, and not from there.
    private func goesOn(_ index: Int, after before: Range<Int>) -> Bool {
        guard let last = doubted.last, last.why == .otherUnit, last.run.upperBound == index else { return false }
        let (own, other, now) = (line[before.upperBound - 1], line[index - 1], line[index])
        guard own.register > 0, now.register >= other.register else { return false }
        if now.register >= own.register, limit.continues(now.register - own.register, in: now.at - own.at) {
            return false
        }
        let usual = 2 * usual(in: now.at - other.at, after: before)
        let inUnit = multiplyThenFloorDivide(usual, max(other.register, own.register), by: own.register)
        return inUnit.map { now.register - other.register <= $0 } ?? true
    }

    /// Where runs begin, but the first.
    private func runStarts() -> [Int] {
        let stepChange = StepChange(line, limit: limit)
        return line.indices.dropFirst().filter { index in
            let (a, b) = (line[index - 1], line[index])
            let seconds = b.at - a.at
            switch limit.step(from: a.register, to: b.register, in: seconds) {
            case .flow: return !limit.continues(b.register - a.register, in: seconds)
            case .rollover, .reverseFlow: return false
            case .fall, .tooFast, .otherStep: return stepChange.step(index - 1, index, within: line.indices) == nil
            }
        }
    }

    private func doubt(_ run: Range<Int>, after before: Range<Int>) -> Doubt? {
        let first = line[run.lowerBound]
        if line[before.upperBound - 1].register > 0, line[run].allSatisfy({ $0.register == 0 }) { return .nought }
        let isOther = isInOtherUnit(first, after: before) || isInFinerUnit(run, after: before)
        return isOther ? .otherUnit : nil
    }

    private func isInOtherUnit(_ first: ShownRegister, after before: Range<Int>) -> Bool {
        let last = line[before.upperBound - 1]
        let shown = floorDivide(first.register, by: limit.resolution)
        let low = floorDivide(last.register, by: limit.resolution)
        let high = floorDivide(last.register + usual(in: first.at - last.at, after: before), by: limit.resolution)
        let isClear = shown >= Self.steps.clear || shown > high - low + 1
        guard isClear, min(shown, low) >= Self.steps.least else { return false }
        return RegisterError(shown: shown, fitting: low...high).isWrongUnit
    }

    /// Whether a run shows decimals that the meter has not, and in those the digits that the meter would show: cubic
    /// metres sent as litres, of a register with too few digits for them.
    private func isInFinerUnit(_ run: Range<Int>, after before: Range<Int>) -> Bool {
        func finest(_ part: Range<Int>) -> Int64 {
            part.map { StepChange.step(of: line[$0].register) }.min() ?? StepChange.coarsest
        }
        let step = finest(run.prefix(Self.looked))
        let own = min(limit.resolution, finest(before.suffix(Self.looked)))
        guard step < own else { return false }
        let (first, last) = (line[run.lowerBound], line[before.upperBound - 1])
        let shown = floorDivide(first.register, by: step)
        let low = floorDivide(last.register, by: own)
        let high = floorDivide(last.register + usual(in: first.at - last.at, after: before), by: own)
        return shown >= Self.steps.clear && (low...high).contains(shown)
    }

    /// What the home may have used in `seconds` after a run, millilitres.
    private func usual(in seconds: Int64, after run: Range<Int>) -> Int64 {
        let last = line[run.upperBound - 1]
        var highest = Self.leastFlow
        var index = run.upperBound - 1
        while index > run.lowerBound, last.at - line[index - 1].at <= Self.usageSeconds {
            let length = max(line[index].at - line[index - 1].at, 900)
            let rise = max(line[index].register - line[index - 1].register, 0)
            highest = max(highest, multiplyThenFloorDivide(rise, 3_600, by: length) ?? 0)
            index -= 1
        }
        let rise = max(last.register - line[index].register, 0)
        let mean = multiplyThenFloorDivide(rise, 3_600, by: max(last.at - line[index].at, 3_600)) ?? 0
        let brief = multiplyThenFloorDivide(highest, min(seconds, Self.briefSeconds), by: 3_600) ?? 0
        let long = multiplyThenFloorDivide(2 * max(mean, Self.leastFlow), seconds, by: 3_600)
        return min(brief + (long ?? FlowLimit.highestRegister), FlowLimit.highestRegister)
    }
}
