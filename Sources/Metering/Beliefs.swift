import Water

/// The verdict on each of a meter's registers and what kind of question it was.
struct Belief {
    var isBelieved: Bool
    /// One of several registers at its instant.
    var isConflict: Bool
}

/// Judges `shown` (ascending, distinct). Pure, and local: see `judge`.
func beliefs(_ shown: [ShownRegister], limit: FlowLimit) -> [Belief] {
    var beliefs = [Belief](repeating: Belief(isBelieved: false, isConflict: false), count: shown.count)
    var singles: [Int] = []
    var conflicts: [Range<Int>] = []
    var start = 0
    while start < shown.count {
        var end = start + 1
        while end < shown.count, shown[end].at == shown[start].at { end += 1 }
        if end - start == 1 {
            if FlowLimit.registers.contains(shown[start].register) { singles.append(start) }
        } else {
            for index in start..<end { beliefs[index].isConflict = true }
            if let heard = heardAlone(start..<end, of: shown) {
                if FlowLimit.registers.contains(shown[heard].register) { singles.append(heard) }
            } else {
                conflicts.append(start..<end)
            }
        }
        start = end
    }
    let chain = BeliefChain(singles.map { shown[$0] }, limit: limit)
    for (index, isBelieved) in chain.verdicts().enumerated() where isBelieved {
        beliefs[singles[index]].isBelieved = true
    }
    let settled = singles.filter { beliefs[$0].isBelieved }
    for conflict in conflicts {
        if let one = onlyFitting(conflict, of: shown, between: settled, limit: limit) { beliefs[one].isBelieved = true }
    }
    return beliefs
}

/// The register of a conflict that stands above all others there; nil where several do or all are plain.
private func heardAlone(_ conflict: Range<Int>, of shown: [ShownRegister]) -> Int? {
    let highest = conflict.map { shown[$0].standing }.max() ?? .plain
    let heard = conflict.filter { shown[$0].standing == highest }
    return highest > .plain && heard.count == 1 ? heard[0] : nil
}

/// The only register of `conflict` that fits the believed registers on both sides (on the one side there is); nil
/// where none or several do, or nothing is believed on either side.
private func onlyFitting(
    _ conflict: Range<Int>, of shown: [ShownRegister], between settled: [Int], limit: FlowLimit
) -> Int? {
    var low = 0
    var high = settled.count
    while low < high {
        let middle = (low + high) / 2
        if settled[middle] < conflict.lowerBound { low = middle + 1 } else { high = middle }
    }
    let before = low > 0 ? shown[settled[low - 1]] : nil
    let after = low < settled.count ? shown[settled[low]] : nil
    guard before != nil || after != nil else { return nil }
    func follows(_ a: ShownRegister, _ b: ShownRegister) -> Bool {
        limit.step(from: a.register, to: b.register, in: b.at - a.at).follows
    }
    var found: Int?
    for index in conflict where FlowLimit.registers.contains(shown[index].register) {
        if let before, !follows(before, shown[index]) { continue }
        if let after, !follows(shown[index], after) { continue }
        if found != nil { return nil }
        found = index
    }
    return found
}
