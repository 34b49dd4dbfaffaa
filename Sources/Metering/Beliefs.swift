import Water

/// The verdict on each of a meter's registers and what kind of question it was.
struct Belief {
    var isBelieved: Bool
    /// One of several registers at its instant.
    var isConflict: Bool
    /// Why it is not believed though it goes on from the ones before it.
    var doubt: Doubt?
    /// It shows others with decimals cut off, and contradicts none.
    var isCoarser = false
    /// The first register in another unit than before that a person says is right.
    var isUnitConfirmed = false
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
                if let finest = finestAlone(start..<end, of: shown) { singles.append(finest) }
            }
        }
        start = end
    }
    let settled = settle(singles, of: shown, limit: limit, &beliefs)
    for conflict in conflicts {
        for index in conflict { beliefs[index].isBelieved = false }
        if let one = onlyFitting(conflict, of: shown, between: settled, limit: limit) { beliefs[one].isBelieved = true }
    }
    return beliefs
}

/// How often what is in doubt is set aside and the rest judged again.
private let mostRounds = 32

/// Believes of `singles` what the chain keeps and what is in no doubt there: what is in doubt is set aside, and the
/// rest judged without it. Returns those believed.
private func settle(
    _ singles: [Int], of shown: [ShownRegister], limit: FlowLimit, _ beliefs: inout [Belief]
) -> [Int] {
    var left = singles
    var kept: [Int] = []
    var confirmed: [Int] = []
    for round in 1...mostRounds {
        let verdicts = BeliefChain(left.map { shown[$0] }, limit: limit).verdicts()
        for place in left.indices { beliefs[left[place]].isCoarser = verdicts[place] == .coarser }
        var isKept = verdicts.map { $0 == .kept }
        let places = left.indices.filter { isKept[$0] }
        kept = places.map { left[$0] }
        let found = DoubtedRuns(kept.map { shown[$0] }, limit: limit)
        confirmed = found.confirmed.map { kept[$0] }
        if found.doubted.isEmpty || round == mostRounds { break }
        for (run, why) in found.doubted {
            for index in run {
                beliefs[kept[index]].doubt = why
                isKept[places[index]] = false
            }
        }
        doubtAmid(left, isKept, of: shown, &beliefs)
        left.removeAll { beliefs[$0].doubt != nil }
    }
    for index in kept { beliefs[index].isBelieved = true }
    for index in confirmed { beliefs[index].isUnitConfirmed = true }
    return kept
}

/// Of registers that the chain left out where a run in another unit lies, too fast for any meter in it: those nearer to
/// the run than to the believed registers on both sides are in the same doubt.
private func doubtAmid(_ left: [Int], _ isKept: [Bool], of shown: [ShownRegister], _ beliefs: inout [Belief]) {
    var start = 0
    while start < left.count {
        if isKept[start] {
            start += 1
            continue
        }
        let end = (start..<left.count).first { isKept[$0] } ?? left.count
        let gap = left[start..<end]
        let around = [start - 1, end].filter(left.indices.contains).map { shown[left[$0]].register }
        start = end
        guard var near = gap.first(where: { beliefs[$0].doubt == .otherUnit }) else { continue }
        for index in gap {
            if beliefs[index].doubt == .otherUnit { near = index }
            guard beliefs[index].doubt == nil, !beliefs[index].isCoarser else { continue }
            let apart = abs(shown[index].register - shown[near].register)
            if around.allSatisfy({ abs(shown[index].register - $0) > apart }) { beliefs[index].doubt = .otherUnit }
        }
    }
}

/// The register of a conflict that stands above all others there; nil where several do or all are plain.
private func heardAlone(_ conflict: Range<Int>, of shown: [ShownRegister]) -> Int? {
    let highest = conflict.map { shown[$0].standing }.max() ?? .plain
    let heard = conflict.filter { shown[$0].standing == highest }
    return highest > .plain && heard.count == 1 ? heard[0] : nil
}

/// The register of a conflict that all others there show with decimals cut off; nil where none is. It is judged with
/// the single ones, so that its neighbours have each other, and believed where it alone fits both.
private func finestAlone(_ conflict: Range<Int>, of shown: [ShownRegister]) -> Int? {
    let finest = conflict.upperBound - 1
    let register = shown[finest].register
    guard FlowLimit.registers.contains(register), shown[finest].standing == .plain else { return nil }
    let isTwice = conflict.allSatisfy { shown[$0].standing == .plain && isCutOff(shown[$0].register, from: register) }
    return isTwice ? finest : nil
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
    while low < settled.count, settled[low] < conflict.upperBound { low += 1 }
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
