public import Water

/// The time over which a meter's figures can differ between two judgements of it, both ends included: from the
/// believed register before the first change to the one after the last, in whichever series has it.
///
/// A change is a believed pair of one series that the other does not have with the same volume, or a disbelieved
/// reading that only one has. Every month that overlaps the span is dirty. nil where nothing changed.
public func dirtiedSpan(before: JudgedMeter, after: JudgedMeter) -> (from: Instant, to: Instant)? {
    var span: (from: Instant, to: Instant)?
    func widen(_ from: Instant, _ to: Instant) {
        span = span.map { (min($0.from, from), max($0.to, to)) } ?? (from, to)
    }
    let old = Set(BelievedPair.all(of: before))
    let new = Set(BelievedPair.all(of: after))
    for pair in old.symmetricDifference(new) { widen(pair.from, pair.to) }
    let wasLeft = Set(before.disbelieved)
    let isLeft = Set(after.disbelieved)
    for reading in wasLeft.symmetricDifference(isLeft) {
        for judged in [before, after] {
            let index = judged.lastIndex(atOrBefore: reading.at)
            let next = index.map { $0 + 1 } ?? 0
            let from = index.map { judged.believed[$0].at } ?? reading.at
            widen(from, next < judged.believed.count ? max(reading.at, judged.believed[next].at) : reading.at)
        }
    }
    return span
}

/// What figures rest on: two believed registers in a row; a first register pairs with itself.
private struct BelievedPair: Hashable {
    let from: Instant
    let to: Instant
    let register: Volume
    let volume: Volume?

    static func all(of judged: JudgedMeter) -> [BelievedPair] {
        let believed = judged.believed
        return believed.indices.map { index in
            let previous = believed[index == 0 ? 0 : index - 1]
            return BelievedPair(
                from: previous.at, to: believed[index].at, register: believed[index].register,
                volume: believed[index].startsRun ? nil : believed[index].counted - previous.counted)
        }
    }
}
