import Water

/// Walks a meter's believed registers in order: counts what flowed, starts runs, and names what was seen.
func course(
    of shown: [ShownRegister], believed beliefs: [Belief], rejected: [ShownRegister], edits: [StandingEdit],
    installation: MeterInstallation, limit: FlowLimit
) -> JudgedMeter {
    let line = shown.indices.filter { beliefs[$0].isBelieved }.map { shown[$0] }
    var course = Course(installation: installation, limit: limit, line: line)
    var group: Range<Int> = 0..<0
    for index in shown.indices {
        if beliefs[index].isConflict {
            if !group.contains(index) {
                var end = index + 1
                while end < shown.count, shown[end].at == shown[index].at { end += 1 }
                group = index..<end
                course.notice(conflict: shown[group])
            }
            if beliefs[index].isBelieved { course.believe(shown[index], beliefs[index]) }
        } else if beliefs[index].isBelieved {
            course.believe(shown[index], beliefs[index])
        } else if beliefs[index].isCoarser {
            course.setAside(coarser: shown[index])
        } else {
            course.pass(over: shown[index], beliefs[index].doubt)
        }
    }
    course.finish(
        conflicts: shown.indices.filter { beliefs[$0].isConflict && !beliefs[$0].isBelieved }.map { shown[$0] },
        rejected: rejected)
    return course.judged(edits: edits)
}

/// The state of a walk over one meter's registers.
private struct Course {
    /// Reverse flow is netted against the use of the seven days after it.
    private static let nettingSeconds: Int64 = 7 * 86_400

    private let installation: MeterInstallation
    private let limit: FlowLimit
    /// Over the registers that come to be believed, by the same indices.
    private let stepChange: StepChange
    private let line: Range<Int>
    private var believed: [BelievedReading] = []
    private var disbelieved: [DisbelievedReading] = []
    private var findings: [Finding] = []
    private var isBroken = false
    /// Readings left out since the last believed one that are no conflicts.
    private var passedOver: [(reading: ShownRegister, doubt: Doubt?)] = []

    /// Registers with the run's moduli added, one for each of `believed`.
    private var levels: [Int64] = []
    private var moduli: Int64 = 0
    /// Whole litres, in millilitres, between level and counted register.
    private var offset: Int64 = 0
    /// The index of the run's highest level within the netting span.
    private var mark = 0
    /// The registers since the mark are lower by their step alone: no water flowed back.
    private var isMarkKept = false
    private var runStart = 0

    init(installation: MeterInstallation, limit: FlowLimit, line: [ShownRegister]) {
        self.installation = installation
        self.limit = limit
        self.stepChange = StepChange(line, limit: limit)
        self.line = line.indices
    }

    func judged(edits: [StandingEdit]) -> JudgedMeter {
        JudgedMeter(
            installation: installation, believed: believed,
            disbelieved: disbelieved.sorted {
                $0.at != $1.at ? $0.at < $1.at : $0.register < $1.register
            }, findings: findings.sorted(), edits: edits, isBroken: isBroken)
    }

    mutating func pass(over reading: ShownRegister, _ doubt: Doubt?) { passedOver.append((reading, doubt)) }

    /// Contradicts nothing: no finding.
    mutating func setAside(coarser reading: ShownRegister) { leaveOut(reading, reason: nil, rule: .coarser) }

    mutating func notice(conflict: ArraySlice<ShownRegister>) {
        for one in conflict { find(.conflict, at: one, before: believed.last?.register) }
    }

    mutating func believe(_ reading: ShownRegister, _ belief: Belief) {
        guard let last = believed.last else {
            settle(before: nil, isSound: false)
            append(
                reading, counted: reading.register, level: reading.register, startsRun: true,
                rule: belief.isConflict ? .onlyFitting : .first)
            return
        }
        let step = step(from: last, to: reading, isUnitConfirmed: belief.isUnitConfirmed)
        settle(before: reading, isSound: step.follows || step == .otherStep)
        switch step {
        case .flow: rise(to: reading, rule: belief.isConflict ? .onlyFitting : .follows)
        case .otherStep:
            isMarkKept = true
            rise(to: reading, rule: .resolutionChange)
        case .rollover:
            find(.rollover, at: reading, before: last.register)
            moduli += limit.modulus ?? 0
            rise(to: reading, rule: .rollover)
        case .reverseFlow:
            find(.reverseFlow, at: reading, before: last.register)
            rise(to: reading, rule: .reverseFlow)
        case .fall:
            find(.reset, at: reading, before: last.register)
            restart(at: reading)
        case .tooFast:
            find(.stepUp, at: reading, before: last.register)
            restart(at: reading)
        }
    }

    /// Conflicting registers that no chain took up, the readings after the last believed one, and what staff rejected.
    mutating func finish(conflicts: [ShownRegister], rejected: [ShownRegister]) {
        settle(before: nil, isSound: false)
        for one in conflicts { leaveOut(one, reason: .conflict, rule: .conflict) }
        for one in rejected { leaveOut(one, reason: nil, rule: .rejectedByStaff) }
    }

    private func step(from last: BelievedReading, to reading: ShownRegister, isUnitConfirmed: Bool) -> Step {
        // From one unit to another nothing flowed, whoever says that the later one is right.
        if isUnitConfirmed { return reading.register < last.register.millilitres ? .fall : .tooFast }
        var step = limit.step(from: last.register.millilitres, to: reading, in: reading.at - last.at.epochSeconds)
        if !step.follows { step = stepChange.step(believed.count - 1, believed.count, within: line) ?? step }
        if reading.isVouchedFor { return step }
        // A rise over a reading that already rose too fast is that step, later.
        let range = last.register.millilitres...max(last.register.millilitres, reading.register)
        return step == .flow && passedOver.contains { range.contains($0.reading.register) } ? .tooFast : step
    }

    // A level below the mark counts nothing; above it, what exceeds it. A mark older than the netting span is
    // forgotten, unless the register's step explains what lies below it: the highest level since then takes its place.
    private mutating func rise(to reading: ShownRegister, rule: QualityRule) {
        let level = reading.register + moduli
        let last = believed[believed.count - 1].counted.millilitres
        var isForgotten = false
        if !isMarkKept, mark != believed.count - 1, reading.at - believed[mark].at.epochSeconds > Course.nettingSeconds
        {
            mark = highest(since: reading.at - Course.nettingSeconds)
            isForgotten = true
        }
        if isForgotten { offset = (floorDivide(last, by: 1_000) - floorDivide(levels[mark], by: 1_000)) * 1_000 }
        let exceeds = level >= levels[mark]
        let counted = exceeds ? max(last, level + offset) : last
        append(reading, counted: counted, level: level, startsRun: false, rule: rule)
        if exceeds { (mark, isMarkKept) = (believed.count - 1, false) }
    }

    /// The latest of the run's highest levels from `instant` on, the last believed one at least.
    private func highest(since instant: Int64) -> Int {
        var best = believed.count - 1
        var index = best
        while index >= runStart, index == best || believed[index].at.epochSeconds >= instant {
            if levels[index] > levels[best] { best = index }
            index -= 1
        }
        return best
    }

    // Nothing is counted across the step; whole litres keep the floors of both runs as they are.
    private mutating func restart(at reading: ShownRegister) {
        let last = believed[believed.count - 1].counted.millilitres
        isBroken = true
        moduli = 0
        offset = (floorDivide(last, by: 1_000) - floorDivide(reading.register, by: 1_000)) * 1_000
        append(
            reading, counted: max(last, reading.register + offset), level: reading.register, startsRun: true,
            rule: .restart)
        (mark, isMarkKept) = (believed.count - 1, false)
        runStart = mark
    }

    private mutating func append(
        _ reading: ShownRegister, counted: Int64, level: Int64, startsRun: Bool, rule: QualityRule
    ) {
        believed.append(
            BelievedReading(
                at: Instant(epochSeconds: reading.at), register: Volume(millilitres: reading.register),
                counted: Volume(millilitres: counted), startsRun: startsRun, isNoted: reading.source == .noted,
                isEntered: reading.source == .entered, rule: reading.rule(orElse: rule)))
        levels.append(level)
    }

    /// Gives the readings passed over their reason. Sound: the believed registers around them agree.
    private mutating func settle(before next: ShownRegister?, isSound: Bool) {
        let last = believed.last?.register.millilitres
        var doubted: Doubt?
        for (one, doubt) in passedOver {
            let reason: FindingKind = last.map { one.register < $0 } ?? false ? .fallingRegister : .jump
            leaveOut(one, reason: reason, rule: doubt?.rule ?? (isSound ? .misfit : .unconfirmed))
            // Of a run in doubt the first register tells.
            if doubt == nil || doubt != doubted { find(reason, at: one, before: believed.last?.register) }
            doubted = doubt ?? doubted
        }
        passedOver.removeAll(keepingCapacity: true)
    }

    private mutating func leaveOut(_ one: ShownRegister, reason: FindingKind?, rule: QualityRule) {
        let isPossible = FlowLimit.registers.contains(one.register) || rule == .rejectedByStaff
        disbelieved.append(
            DisbelievedReading(
                at: Instant(epochSeconds: one.at), register: Volume(millilitres: one.register), reason: reason,
                rule: isPossible ? rule : .impossibleRegister, isNoted: one.source == .noted,
                isEntered: one.source == .entered))
    }

    private mutating func find(_ kind: FindingKind, at one: ShownRegister, before: Volume?) {
        findings.append(
            Finding(
                kind: kind, meter: installation.meter, at: Instant(epochSeconds: one.at),
                register: Volume(millilitres: one.register), before: before))
    }
}

extension ShownRegister {
    /// A person's word before what was found; the registry's where nothing was.
    fileprivate func rule(orElse found: QualityRule) -> QualityRule {
        switch standing {
        case .accepted: .acceptedByStaff
        case .entered: .enteredByStaff
        case .noted, .plain: source == .noted && (found == .follows || found == .first) ? .noted : found
        }
    }
}
