import Water

/// The smallest leak the rule finds through a register of this step, litres per hour: the rule's rate rounded up to
/// whole steps.
///
/// In an hour a register of step q shows a flow f as ⌊f/q⌋ steps at least. The rule wants `rate` litres in every
/// hour, so the least flow that never shows less is ⌈rate/q⌉ × q. A 10 L pulse register: 10 L/h; a 1 L register: the
/// rule's own 5 L/h.
func detectableLitresPerHour(resolution: Volume, rules: MeteringRules) -> Int64 {
    let step = min(max(resolution.millilitres, 1), 1_000_000_000)
    let rate = min(max(rules.continuousFlowLitresPerHour, 1), 1_000_000) * 1_000
    let shown = (rate + step - 1) / step * step
    return (shown + 999) / 1_000
}

/// A meter in the line of meters of one usage point, for the time that its flow is looked at.
struct FlowMeter {
    let judged: JudgedMeter
    /// The home's part of what flows through it, millionths; nil for all of it.
    let share: Int64?
    let from: Instant
    let to: Instant
}

/// Stretches of continuous flow on one usage point that end after `start` and no later than its meters' `to`.
///
/// Every whole clock hour (aligned to the epoch hour) shows the rule's litres as a difference of boundary registers,
/// and lies in believed pairs no longer than the rules' floor, none of which shows less than the rate. So a missing
/// or an estimated hour is not a flowing one, and a dry pair is not hidden by the flow on both sides of it. A stretch
/// goes on over an exchange whose registers are known on both sides. It may begin up to seven days before `start`, not
/// before `earliest`. The whole meter's flow, also of a shared one.
///
/// - Parameter meters: of one usage point, by when they were installed.
func continuousFlows(
    _ meters: [FlowMeter], from start: Instant, earliest: Instant, rules: MeteringRules
) -> [ContinuousFlow] {
    let scanStart = max(start - 7 * 86_400, earliest)
    var flows: [ContinuousFlow] = []
    var chain: [FlowMeter] = []
    for meter in meters {
        for segment in flowingSegments(meter, from: scanStart, rules: rules) {
            if let last = chain.last, last.to != segment.from {
                addStretches(of: chain, rules: rules, into: &flows)
                chain = []
            }
            chain.append(segment)
        }
    }
    addStretches(of: chain, rules: rules, into: &flows)
    return flows.filter { $0.to > start }
}

/// The parts of a meter's time, from `scanStart` on, whose believed pairs all show the rate; without those too short.
private func flowingSegments(_ meter: FlowMeter, from scanStart: Instant, rules: MeteringRules) -> [FlowMeter] {
    let believed = meter.judged.believed
    let rate = min(max(rules.continuousFlowLitresPerHour, 1), 1_000_000) * 1_000
    let resolution = min(max(meter.judged.installation.resolution.millilitres, 1), 1_000_000_000)
    let installation = meter.judged.installation
    let shortest = Int64(max(rules.continuousFlowHours, 1)) * 3_600
    var segments: [FlowMeter] = []
    var flowingFrom: Instant?
    func end(at to: Instant) {
        guard let from = flowingFrom else { return }
        flowingFrom = nil
        // A short one counts only with what another meter shows before or after it.
        let isWhole = to - from >= shortest || from == installation.from || to == installation.to
        if from < to, isWhole {
            segments.append(FlowMeter(judged: meter.judged, share: meter.share, from: from, to: to))
        }
    }
    var index = (meter.judged.lastIndex(atOrBefore: scanStart) ?? 0) + 1
    while index < believed.count, believed[index - 1].at < meter.to {
        let seconds = believed[index].at - believed[index - 1].at
        let volume = believed[index].counted.millilitres - believed[index - 1].counted.millilitres
        let isFlowing =
            !believed[index].startsRun && seconds <= rules.splitFloorSeconds
            && (volume + resolution) * 3_600 >= rate * seconds
        if isFlowing {
            if flowingFrom == nil { flowingFrom = max(believed[index - 1].at, scanStart) }
        } else {
            end(at: believed[index - 1].at)
        }
        index += 1
    }
    if index > 1, index <= believed.count { end(at: min(believed[index - 1].at, meter.to)) }
    return segments
}

/// Appends the stretches of clock hours within segments that follow one another without a gap.
private func addStretches(of chain: [FlowMeter], rules: MeteringRules, into flows: inout [ContinuousFlow]) {
    let hours = Int64(max(rules.continuousFlowHours, 1))
    guard let from = chain.first?.from, let to = chain.last?.to, to - from >= hours * 3_600 else { return }
    var hour = Instant(epochSeconds: -floorDivide(-from.epochSeconds, by: 3_600) * 3_600)
    var readers = chain.map { BoundaryReader($0.judged, shareMillionths: nil) }
    var volumes: [Int64] = []
    let share = chain.first?.share
    while hour + 3_600 <= to {
        let litres = litres(of: chain, &readers, from: hour, to: hour + 3_600)
        if let litres, litres >= max(rules.continuousFlowLitresPerHour, 1) {
            volumes.append(litres)
        } else {
            addStretch(volumes, endingAt: hour, hours: hours, share, into: &flows)
            volumes.removeAll(keepingCapacity: true)
        }
        hour = hour + 3_600
    }
    addStretch(volumes, endingAt: hour, hours: hours, share, into: &flows)
}

/// What flowed through the meters of a chain over [from, to], litres; nil where a register is not known.
private func litres(
    of chain: [FlowMeter], _ readers: inout [BoundaryReader], from: Instant, to: Instant
) -> Int64? {
    var sum: Int64 = 0
    for index in chain.indices where chain[index].from < to && chain[index].to > from {
        guard let opening = readers[index].boundary(at: max(from, chain[index].from)),
            let closing = readers[index].boundary(at: min(to, chain[index].to))
        else { return nil }
        sum += closing.litres - opening.litres
    }
    return sum
}

private func addStretch(
    _ volumes: [Int64], endingAt end: Instant, hours: Int64, _ share: Int64?, into flows: inout [ContinuousFlow]
) {
    guard Int64(volumes.count) >= hours, let lowest = volumes.suffix(24).min() else { return }
    flows.append(
        ContinuousFlow(
            from: end - Int64(volumes.count) * 3_600, to: end, litresPerHour: lowest, least: volumes.min(),
            shareMillionths: share))
}
