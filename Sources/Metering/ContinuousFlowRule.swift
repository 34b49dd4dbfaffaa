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

/// Stretches of continuous flow on one meter that end after `start` and no later than `end`.
///
/// Every whole clock hour (aligned to the epoch hour) shows the rule's litres as a difference of boundary registers,
/// and lies in believed pairs no longer than the rules' floor, none of which shows less than the rate. So a missing
/// or an estimated hour is not a flowing one, and a dry pair is not hidden by the flow on both sides of it. A stretch
/// may begin up to seven days before `start`, not before `earliest`. The whole meter's flow, also of a shared one.
func continuousFlows(
    _ judged: JudgedMeter, from start: Instant, to end: Instant, earliest: Instant, rules: MeteringRules
) -> [ContinuousFlow] {
    let believed = judged.believed
    let hours = Int64(max(rules.continuousFlowHours, 1))
    let rate = min(max(rules.continuousFlowLitresPerHour, 1), 1_000_000) * 1_000
    let resolution = min(max(judged.installation.resolution.millilitres, 1), 1_000_000_000)
    let scanStart = max(start - 7 * 86_400, earliest)
    var flows: [ContinuousFlow] = []
    var index = (judged.lastIndex(atOrBefore: scanStart) ?? 0) + 1
    var flowingFrom: Instant?
    while index < believed.count, believed[index - 1].at < end {
        let seconds = believed[index].at - believed[index - 1].at
        let volume = believed[index].counted.millilitres - believed[index - 1].counted.millilitres
        let isFlowing =
            !believed[index].startsRun && seconds <= rules.splitFloorSeconds
            && (volume + resolution) * 3_600 >= rate * seconds
        if isFlowing {
            if flowingFrom == nil { flowingFrom = max(believed[index - 1].at, scanStart) }
        } else if let from = flowingFrom {
            addStretches(of: judged, from: from, to: believed[index - 1].at, hours: hours, rules: rules, into: &flows)
            flowingFrom = nil
        }
        index += 1
    }
    if let from = flowingFrom {
        addStretches(
            of: judged, from: from, to: min(believed[index - 1].at, end), hours: hours, rules: rules, into: &flows)
    }
    return flows.filter { $0.to > start }
}

/// Appends the stretches of clock hours within [from, to], which lies in usable pairs.
private func addStretches(
    of judged: JudgedMeter, from: Instant, to: Instant, hours: Int64, rules: MeteringRules,
    into flows: inout [ContinuousFlow]
) {
    guard to - from >= hours * 3_600 else { return }
    var hour = Instant(epochSeconds: -floorDivide(-from.epochSeconds, by: 3_600) * 3_600)
    var reader = BoundaryReader(judged, shareMillionths: nil)
    var register = reader.boundary(at: hour)?.litres
    var volumes: [Int64] = []
    while hour + 3_600 <= to {
        let next = reader.boundary(at: hour + 3_600)?.litres
        if let register, let next, next - register >= max(rules.continuousFlowLitresPerHour, 1) {
            volumes.append(next - register)
        } else {
            addStretch(volumes, endingAt: hour, hours: hours, into: &flows)
            volumes.removeAll(keepingCapacity: true)
        }
        register = next
        hour = hour + 3_600
    }
    addStretch(volumes, endingAt: hour, hours: hours, into: &flows)
}

private func addStretch(
    _ volumes: [Int64], endingAt end: Instant, hours: Int64, into flows: inout [ContinuousFlow]
) {
    guard Int64(volumes.count) >= hours, let lowest = volumes.suffix(24).min() else { return }
    flows.append(
        ContinuousFlow(
            from: end - Int64(volumes.count) * 3_600, to: end, litresPerHour: lowest, least: volumes.min()))
}
