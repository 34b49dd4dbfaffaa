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

/// The time over which a usage point's figures can differ when its installations change: an exchange found late, a noted
/// register put right, a meter moved. Of each meter what `dirtiedSpan` says of its two judgements, and the time between
/// an installation's old and new end. nil where nothing changed.
///
/// - Parameters:
///   - before: the point's installations as they were, each with its meter's elements over all that can be reached.
///   - after: as they are now.
public func dirtiedSpan(
    before: [MeterReadings], after: [MeterReadings], rules: MeteringRules
) -> (from: Instant, to: Instant)? {
    var span: (from: Instant, to: Instant)?
    func widen(_ from: Instant, _ to: Instant) {
        span = span.map { (min($0.from, from), max($0.to, to)) } ?? (from, to)
    }
    func key(_ readings: MeterReadings) -> InstallationKey {
        InstallationKey(meter: readings.installation.meter, from: readings.installation.from)
    }
    let old = Dictionary(before.map { (key($0), $0) }) { first, _ in first }
    let new = Dictionary(after.map { (key($0), $0) }) { first, _ in first }
    let latest = Instant(epochSeconds: latestInstant)
    for (key, was) in old {
        guard let now = new[key] else {
            widen(key.from, was.installation.to ?? latest)
            continue
        }
        let ends = (was.installation.to ?? latest, now.installation.to ?? latest)
        if ends.0 != ends.1 { widen(min(ends.0, ends.1), max(ends.0, ends.1)) }
        if let judged = dirtiedSpan(before: judge(was, rules: rules), after: judge(now, rules: rules)) {
            widen(judged.from, judged.to)
        }
    }
    for (key, now) in new where old[key] == nil { widen(key.from, now.installation.to ?? latest) }
    return span
}

private struct InstallationKey: Hashable {
    let meter: MeterID
    let from: Instant
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
