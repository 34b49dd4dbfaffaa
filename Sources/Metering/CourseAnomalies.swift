import Water

/// Says what is remarkable between believed registers: the steps that start runs, and flows, stillness and silence.
struct CourseAnomalies {
    /// A register that has stood so long, over so many readings, may have been stuck.
    private static let stillSeconds: Int64 = 86_400
    private static let stillReadings = 4
    /// So many pairs on each side tell what usually flows.
    private static let neighbours = 12

    let judged: JudgedMeter
    let limit: FlowLimit
    let rules: MeteringRules
    /// Indices of believed registers at which the step changes.
    var stepChanges: Set<Int> = []

    func anomalies() -> [Anomaly] {
        let believed = judged.believed
        var found: [Anomaly] = []
        for index in believed.indices {
            if let modulus = limit.modulus, believed[index].register.millilitres >= modulus {
                found.append(anomaly(.beyondModulus, from: index, to: index))
            }
            guard index > 0 else { continue }
            switch believed[index].rule {
            case .rollover: found.append(anomaly(.rollover, from: index - 1, to: index))
            case .reverseFlow: found.append(anomaly(.reverseFlow, from: index - 1, to: index))
            default: if believed[index].startsRun { found.append(anomaly(step(to: index), from: index - 1, to: index)) }
            }
            let seconds = believed[index].at - believed[index - 1].at
            if seconds > rules.qualifyingPairSeconds { found.append(anomaly(.silence, from: index - 1, to: index)) }
            if isAboveNominal(index) { found.append(anomaly(.aboveNominalFlow, from: index - 1, to: index)) }
            if isImprobable(index) { found.append(anomaly(.improbableRise, from: index - 1, to: index)) }
        }
        return found + stillness()
    }

    /// True where more than Q3 flowed in the pair that ends at `index`. What a coarse register shows at once flowed
    /// before.
    func isAboveNominal(_ index: Int) -> Bool {
        guard index > 0, !judged.believed[index].startsRun, !stepChanges.contains(index),
            !judged.movesByOneStep(to: index)
        else { return false }
        let (before, after) = (judged.believed[index - 1], judged.believed[index])
        let rise = after.counted.millilitres - before.counted.millilitres
        return !limit.passesNominally(rise, in: after.at - before.at)
    }

    /// True where more flowed in the pair that ends at `index` than a home uses in the time, and the meter passes it.
    func isImprobable(_ index: Int) -> Bool {
        guard index > 0, !judged.believed[index].startsRun, !stepChanges.contains(index),
            !judged.movesByOneStep(to: index)
        else { return false }
        let (before, after) = (judged.believed[index - 1], judged.believed[index])
        let (rise, seconds) = (after.counted.millilitres - before.counted.millilitres, after.at - before.at)
        return limit.passesNominally(rise, in: seconds) && !limit.continues(rise, in: seconds)
    }

    /// What makes a new run out of the register at `index`.
    private func step(to index: Int) -> AnomalyKind {
        let (before, after) = (judged.believed[index - 1], judged.believed[index])
        let seconds = after.at - before.at
        let (from, to) = (before.register.millilitres, after.register.millilitres)
        let flow = multiplyThenFloorDivide(highestFlow(around: index), seconds, by: 3_600) ?? 0
        let usual = min(flow, FlowLimit.highestRegister)
        let low = floorDivide(from, by: limit.resolution)
        let high = floorDivide(from + usual, by: limit.resolution)
        let shown = floorDivide(to, by: limit.resolution)
        if to < from, to <= usual + limit.resolution { return .reset }
        let error = RegisterError(shown: shown, fitting: low...max(low, high)).kind
        if let error, error == .bitFlip || error == .wrongUnit { return error }
        let isOverload = !limit.overloadPasses(to - from, in: seconds) && limit.pipePasses(to - from, in: seconds)
        return to > from && isOverload ? .overloadFlow : .suspectedExchange
    }

    /// The highest flow of the believed pairs beside `index`, millilitres per hour; ten litres at least.
    func highestFlow(around index: Int) -> Int64 {
        let believed = judged.believed
        let first = max(1, index - CourseAnomalies.neighbours)
        let last = min(believed.count - 1, index + CourseAnomalies.neighbours)
        var highest: Int64 = 10_000
        for pair in stride(from: first, through: last, by: 1) where !believed[pair].startsRun {
            let seconds = max(believed[pair].at - believed[pair - 1].at, 900)
            let rise = believed[pair].counted.millilitres - believed[pair - 1].counted.millilitres
            highest = max(highest, multiplyThenFloorDivide(rise, 3_600, by: seconds) ?? 0)
        }
        return highest
    }

    /// Stretches of believed registers that do not move, as index ranges of two or more; a step that starts a run ends
    /// one.
    var stillStretches: [Range<Int>] {
        let believed = judged.believed
        var stretches: [Range<Int>] = []
        var start = 0
        for index in 1..<max(believed.count, 1) {
            if !believed[index].startsRun, believed[index].register == believed[start].register { continue }
            if index - start > 1 { stretches.append(start..<index) }
            start = index
        }
        if believed.count - start > 1 { stretches.append(start..<believed.count) }
        return stretches
    }

    private func stillness() -> [Anomaly] {
        let believed = judged.believed
        let longest = longestTelling
        func flow(to index: Int) -> Int64 { self.flow(to: index, longest: longest) }
        var (highest, second): (Int64, Int64) = (0, 0)
        for index in believed.indices.dropFirst() {
            let flow = flow(to: index)
            (highest, second) = (max(highest, flow), max(second, min(highest, flow)))
        }
        var found: [Anomaly] = []
        for stretch in stillStretches {
            let seconds = believed[stretch.upperBound - 1].at - believed[stretch.lowerBound].at
            if seconds > rules.standstillSeconds {
                found.append(
                    anomaly(.standstill, from: stretch.lowerBound, to: stretch.upperBound - 1, count: stretch.count))
            }
            let next = stretch.upperBound
            guard seconds >= CourseAnomalies.stillSeconds, stretch.count >= CourseAnomalies.stillReadings,
                next < believed.count, flow(to: next) > second, second > 0, highest >= 2 * second,
                !judged.movesByOneStep(to: next), madeUp(seconds, at: next)
            else { continue }
            found.append(anomaly(.caughtUp, from: stretch.lowerBound, to: next, count: stretch.count))
        }
        return found
    }

    /// Seconds: the rules' floor, or one and a half times what usually lies between two readings.
    private var longestTelling: Int64 { max(rules.splitFloorSeconds, judged.usualGap * 3 / 2) }

    /// Millilitres per hour up to `index`; 0 for pairs too long to tell.
    private func flow(to index: Int, longest: Int64) -> Int64 {
        let (before, after) = (judged.believed[index - 1], judged.believed[index])
        guard after.at - before.at <= longest, !after.startsRun else { return 0 }
        let rise = after.counted.millilitres - before.counted.millilitres
        return multiplyThenFloorDivide(rise, 3_600, by: max(after.at - before.at, 900)) ?? 0
    }

    /// True where the rise to `index` is at least half of what usually flows in `seconds`.
    private func madeUp(_ seconds: Int64, at index: Int) -> Bool {
        let believed = judged.believed
        let run = judged.runs.first { $0.contains(index) } ?? index..<index + 1
        let (first, last) = (believed[run.lowerBound], believed[run.upperBound - 1])
        let rise = believed[index].counted - believed[index - 1].counted
        let usual = multiplyThenFloorDivide(
            (last.counted - first.counted).millilitres, seconds, by: max(last.at - first.at, 1))
        return rise.millilitres * 2 >= usual ?? .max
    }

    private func anomaly(_ kind: AnomalyKind, from: Int, to: Int, count: Int = 1) -> Anomaly {
        Anomaly(
            kind: kind, meter: judged.installation.meter, from: judged.believed[from].at, to: judged.believed[to].at,
            register: judged.believed[to].register, before: from < to ? judged.believed[from].register : nil,
            count: count)
    }
}
