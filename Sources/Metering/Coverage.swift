import Water

/// Spans of time, [from, to).
struct TimeSpans {
    private(set) var spans: [(from: Int64, to: Int64)] = []

    mutating func add(_ from: Instant, _ to: Instant) {
        if from < to { spans.append((from.epochSeconds, to.epochSeconds)) }
    }

    mutating func add(_ others: TimeSpans) { spans.append(contentsOf: others.spans) }

    var isEmpty: Bool { spans.isEmpty }

    /// Seconds in at least one of the spans.
    var seconds: Int64 { merged.reduce(0) { $0 + $1.to - $1.from } }

    /// The spans without overlaps, ascending.
    var merged: [(from: Int64, to: Int64)] {
        if spans.count < 2 { return spans }
        var merged: [(from: Int64, to: Int64)] = []
        for span in spans.sorted(by: { $0.from < $1.from }) {
            if let last = merged.last, span.from <= last.to {
                merged[merged.count - 1].to = max(last.to, span.to)
            } else {
                merged.append(span)
            }
        }
        return merged
    }

    func overlap(_ from: Instant, _ to: Instant) -> Bool {
        spans.contains { $0.from < to.epochSeconds && from.epochSeconds < $0.to }
    }

    /// What of [from, to) lies in none of the spans.
    func gaps(from: Instant, to: Instant) -> TimeSpans {
        var gaps = TimeSpans()
        var cursor = from.epochSeconds
        for span in merged where span.to > cursor {
            gaps.add(Instant(epochSeconds: cursor), Instant(epochSeconds: min(span.from, to.epochSeconds)))
            cursor = span.to
        }
        gaps.add(Instant(epochSeconds: cursor), to)
        return gaps
    }
}

/// Adds what of [from, to) lies outside the meter's believed pairs to `missing`, and that or inside pairs too long
/// for the quality gate to `unqualified`.
func addGaps(
    of judged: JudgedMeter, from: Instant, to: Instant, rules: MeteringRules, missing: inout TimeSpans,
    unqualified: inout TimeSpans
) {
    let believed = judged.believed
    guard let first = believed.first, let last = believed.last else {
        missing.add(from, to)
        unqualified.add(from, to)
        return
    }
    if first.at > from {
        missing.add(from, min(first.at, to))
        unqualified.add(from, min(first.at, to))
    }
    if last.at < to {
        missing.add(max(last.at, from), to)
        unqualified.add(max(last.at, from), to)
    }
    var index = (judged.lastIndex(atOrBefore: from) ?? 0) + 1
    while index < believed.count, believed[index - 1].at < to {
        let pair = (from: max(from, believed[index - 1].at), to: min(to, believed[index].at))
        if believed[index].startsRun {
            missing.add(pair.from, pair.to)
            unqualified.add(pair.from, pair.to)
        } else if believed[index].at - believed[index - 1].at > rules.qualifyingPairSeconds {
            unqualified.add(pair.from, pair.to)
        }
        index += 1
    }
}
