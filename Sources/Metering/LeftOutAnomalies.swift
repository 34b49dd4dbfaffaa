import Water

/// Says what each register that is not believed is, beside the believed ones.
struct LeftOutAnomalies {
    /// An old register may be sent anew for so long.
    private static let staleSeconds: Int64 = 86_400
    /// Registers left out that follow each other, no longer apart than this, are another meter's.
    private static let chainSeconds: Int64 = 7 * 86_400
    private static let fewestInterleaved = 3
    /// More meters than this are not told apart.
    private static let mostInterleaved = 32

    let judged: JudgedMeter
    let limit: FlowLimit
    let rules: MeteringRules
    private let coarser: CoarserRuns
    /// The time that usually lies between two readings.
    private let usualGap: Int64

    init(judged: JudgedMeter, limit: FlowLimit, rules: MeteringRules, coarser: CoarserRuns) {
        self.coarser = coarser
        self.judged = judged
        self.limit = limit
        self.rules = rules
        usualGap = judged.usualGap
    }

    /// One for each register left out, but one for each run in doubt and each chain of interleaved ones. Conflicts that
    /// are not such a chain are named by their instant elsewhere.
    func anomalies() -> [Anomaly] {
        let apart: Set<QualityRule> = [.rejectedByStaff, .otherUnit, .nought, .coarser]
        let left = judged.disbelieved.filter {
            !apart.contains($0.rule) && !($0.rule == .conflict && coarser.isTwice(at: $0.at))
        }
        let kinds = left.map(kind)
        let chains = interleaved(left, kinds)
        var found = chains.map { chain in
            Anomaly(
                kind: .interleaved, meter: judged.installation.meter, from: left[chain[0]].at,
                to: left[chain[chain.count - 1]].at, register: left[chain[chain.count - 1]].register,
                before: before(left[chain[0]].at)?.register, count: chain.count)
        }
        found += judged.doubtedStretches.map { stretch in
            Anomaly(
                kind: stretch.rule == .nought ? .zeroRegister : .wrongUnit, meter: judged.installation.meter,
                from: stretch.first.at, to: stretch.last.at, register: stretch.last.register,
                before: before(stretch.first.at)?.register, count: stretch.count)
        }
        let taken = Set(chains.joined())
        for (index, one) in left.enumerated() where one.rule != .conflict && !taken.contains(index) {
            found.append(
                Anomaly(
                    kind: kinds[index], meter: judged.installation.meter, from: one.at, to: one.at,
                    register: one.register, before: before(one.at)?.register, count: 1))
        }
        return found
    }

    private func kind(_ one: DisbelievedReading) -> AnomalyKind {
        if one.rule == .impossibleRegister { return .impossibleRegister }
        if isReverseFlow(one) { return .reverseFlow }
        if isMisstamped(one) { return .misstamped }
        if let fitting = fitting(one.at) {
            let shown = floorDivide(one.register.millilitres, by: limit.resolution)
            if let kind = RegisterError(shown: shown, fitting: fitting).kind { return kind }
        }
        // Where nothing is believed before it, the one after it tells.
        let beside = before(one.at) ?? judged.believed.first
        return beside.map { one.register < $0.register } ?? false ? .dip : .spike
    }

    /// True for one register a little below those around it, or above the next, at a time at which one was due: a
    /// register that does not come at its meter's pace has a wrong stamp instead.
    private func isReverseFlow(_ one: DisbelievedReading) -> Bool {
        guard let index = judged.lastIndex(atOrBefore: one.at) else { return false }
        let before = judged.believed[index]
        let after = index + 1 < judged.believed.count ? judged.believed[index + 1] : nil
        guard one.at - before.at >= usualGap / 2, after.map({ $0.at - one.at >= usualGap / 2 }) ?? true else {
            return false
        }
        let fallen = max((before.register - one.register).millilitres, 0)
        let falls = after.map { max((one.register - $0.register).millilitres, 0) } ?? 0
        return fallen + falls > 0 && limit.isReverse(max(fallen, falls))
            && limit.passes(max((one.register - before.register).millilitres, 0), in: one.at - before.at)
    }

    /// True where the register was shown shortly after its stamp, or before it.
    private func isMisstamped(_ one: DisbelievedReading) -> Bool {
        let believed = judged.believed
        let index = judged.lastIndex(atOrBefore: one.at) ?? -1
        if index >= 0, one.register < believed[index].register {
            var earlier = index
            while earlier > 0, believed[earlier - 1].at >= one.at - LeftOutAnomalies.staleSeconds {
                if believed[earlier].startsRun { return false }
                if believed[earlier - 1].register <= one.register { return true }
                earlier -= 1
            }
            return false
        }
        var later = index + 1
        while later < believed.count, believed[later].at <= one.at + rules.splitFloorSeconds {
            if believed[later].startsRun { return false }
            if believed[later].register >= one.register { return true }
            later += 1
        }
        return false
    }

    /// The registers that would have fitted at `instant`, in steps: between the two believed on each side, for the
    /// neighbours' own stamps may be off. nil where nothing bounds them.
    private func fitting(_ instant: Instant) -> ClosedRange<Int64>? {
        let believed = judged.believed
        guard let index = judged.lastIndex(atOrBefore: instant) else { return nil }
        let isWide = index > 0 && !believed[index].startsRun && isNear(believed[index - 1].at, instant)
        let low = believed[isWide ? index - 1 : index].register.millilitres
        let next = index + 1
        guard next < believed.count, !believed[next].startsRun else {
            let flow = usualMillilitresPerHour(around: index)
            let rise = multiplyThenFloorDivide(flow, instant - believed[index].at, by: 3_600) ?? 0
            return steps(low, believed[index].register.millilitres + min(rise, FlowLimit.highestRegister))
        }
        let beyond = next + 1
        let isWider = beyond < believed.count && !believed[beyond].startsRun && isNear(believed[beyond].at, instant)
        return steps(low, believed[isWider ? beyond : next].register.millilitres)
    }

    private func isNear(_ a: Instant, _ b: Instant) -> Bool { abs(a - b) <= rules.splitFloorSeconds }

    private func steps(_ low: Int64, _ high: Int64) -> ClosedRange<Int64> {
        let low = floorDivide(low, by: limit.resolution)
        return low...max(low, floorDivide(high, by: limit.resolution))
    }

    private func usualMillilitresPerHour(around index: Int) -> Int64 {
        CourseAnomalies(judged: judged, limit: limit, rules: rules).highestFlow(around: index)
    }

    private func before(_ instant: Instant) -> BelievedReading? {
        judged.lastIndex(atOrBefore: instant - 1).map { judged.believed[$0] }
    }

    /// Chains of registers left out that follow each other, by index. Those whose registers are mostly the believed
    /// ones with a fault are no second meter, unless they are more than the meter sends: a fault adds no readings.
    private func interleaved(_ left: [DisbelievedReading], _ kinds: [AnomalyKind]) -> [[Int]] {
        var chains: [[Int]] = []
        for index in left.indices where !isNoMeter(kinds[index]) {
            let chain = chains.suffix(LeftOutAnomalies.mostInterleaved).lastIndex { chain in
                let last = left[chain[chain.count - 1]]
                let seconds = left[index].at - last.at
                return seconds > 0 && seconds <= LeftOutAnomalies.chainSeconds
                    && limit.passes(left[index].register.millilitres - last.register.millilitres, in: seconds)
            }
            if let chain { chains[chain].append(index) } else { chains.append([index]) }
        }
        return chains.filter { chain in
            let faulty = chain.count { kinds[$0] != .spike && kinds[$0] != .dip }
            return chain.count >= LeftOutAnomalies.fewestInterleaved
                && (faulty * 2 <= chain.count
                    || areMore(chain.count, from: left[chain[0]].at, to: left[chain[chain.count - 1]].at))
        }
    }

    /// True where `count` registers over [from, to] come beside those that the meter usually sends.
    private func areMore(_ count: Int, from: Instant, to: Instant) -> Bool {
        let own = (judged.lastIndex(atOrBefore: to) ?? -1) - (judged.lastIndex(atOrBefore: from) ?? -1)
        return usualGap > 0 && Int64(count + own - 1) * usualGap * 2 > (to - from) * 3
    }

    private func isNoMeter(_ kind: AnomalyKind) -> Bool {
        switch kind {
        case .misstamped, .zeroRegister, .impossibleRegister, .reverseFlow: true
        default: false
        }
    }
}

extension JudgedMeter {
    /// The lower median of the times between believed readings, seconds; 0 where there are fewer than two.
    var usualGap: Int64 {
        let gaps = zip(believed, believed.dropFirst()).map { $1.at - $0.at }.sorted()
        return gaps.isEmpty ? 0 : gaps[(gaps.count - 1) / 2]
    }
}
