import Water

/// Reads a judged meter's register at ascending instants.
///
/// A boundary register lies between the believed registers around it by elapsed seconds; within a split window and a
/// pair too long to be measured, by the home's own hours of the week. It is floored to the litre, after the home's
/// share where the meter is shared.
struct BoundaryReader {
    private let judged: JudgedMeter
    private let shareMillionths: Int64?
    /// The number of believed registers at or before the last instant asked for.
    private var passed = 0
    private var split: ProfileSplit?
    /// The longest pair that is split by time.
    private let longestSeconds: Int64

    init(_ judged: JudgedMeter, shareMillionths: Int64?, split: SplitWindow? = nil) {
        self.judged = judged
        self.shareMillionths = shareMillionths.map { min(max($0, 0), 1_000_000) }
        self.split = split.map(ProfileSplit.init)
        self.longestSeconds = split?.longestSeconds ?? .max
    }

    /// The boundary register at `instant`, which is no earlier than the one asked for before; nil outside believed
    /// pairs.
    mutating func boundary(at instant: Instant) -> Boundary? {
        let believed = judged.believed
        while passed < believed.count, believed[passed].at <= instant { passed += 1 }
        guard passed > 0 else { return nil }
        let before = believed[passed - 1]
        if before.at == instant {
            return boundary(at: before.counted.millilitres, pairSeconds: 0)
        }
        guard passed < believed.count, !believed[passed].startsRun else { return nil }
        let pair = Pair(
            from: before.at, to: believed[passed].at,
            volume: believed[passed].counted.millilitres - before.counted.millilitres)
        let seconds = pair.to - pair.from
        let part = seconds > longestSeconds ? split?.part(of: pair, at: instant, judged) : nil
        return boundary(at: before.counted.millilitres + (part ?? pair.linear(at: instant)), pairSeconds: seconds)
    }

    private func boundary(at millilitres: Int64, pairSeconds: Int64) -> Boundary {
        Boundary(
            millilitres: millilitres, litres: litres(millilitres), pairSeconds: pairSeconds, index: passed - 1)
    }

    private func litres(_ millilitres: Int64) -> Int64 {
        guard let shareMillionths else { return floorDivide(millilitres, by: 1_000) }
        return multiplyThenFloorDivide(millilitres, shareMillionths, by: 1_000_000_000) ?? 0
    }
}

/// A meter's register at an instant between believed registers.
struct Boundary {
    /// The counted register of the whole meter.
    let millilitres: Int64
    /// Whole litres of the counted register, or of the home's share of it.
    let litres: Int64
    /// The length of the believed pair around it; 0 at a believed register.
    let pairSeconds: Int64
    /// The believed register at or before it.
    let index: Int
}

/// Two believed registers in a row and the volume between them, 0 or more.
struct Pair {
    let from: Instant
    let to: Instant
    let volume: Int64

    /// The part of the volume that flowed up to `instant` if it flowed evenly, floored.
    func linear(at instant: Instant) -> Int64 {
        let (seconds, elapsed) = (to - from, instant - from)
        if volume < 1 << 31, elapsed < 1 << 31 { return floorDivide(volume * elapsed, by: seconds) }
        return multiplyThenFloorDivide(volume, elapsed, by: seconds) ?? volume
    }
}

/// The longest pair over which a split is measured: the longer of the rules' floor and their factor times the lower
/// median gap of believed registers of the 30 days up to `end`. Seconds.
func measuredSplitSeconds(_ judged: JudgedMeter, upTo end: Instant, rules: MeteringRules) -> Int64 {
    let believed = judged.believed
    let start = end - 30 * 86_400
    guard let last = judged.lastIndex(atOrBefore: end) else { return rules.splitFloorSeconds }
    let numerator = min(max(rules.usualIntervalNumerator, 0), 1_000)
    let denominator = max(rules.usualIntervalDenominator, 1)
    // Gaps no longer than this leave the floor the longer of the two; mostly they are, and nothing is sorted.
    var short = 0
    var gaps = 0
    var index = last
    while index > 0, believed[index - 1].at >= start {
        gaps += 1
        if (believed[index].at - believed[index - 1].at) * numerator <= rules.splitFloorSeconds * denominator {
            short += 1
        }
        index -= 1
    }
    guard gaps > 0, short <= (gaps - 1) / 2 else { return rules.splitFloorSeconds }
    let sorted = (index..<last).map { believed[$0 + 1].at - believed[$0].at }.sorted()
    let usual = sorted[(gaps - 1) / 2]
    return max(rules.splitFloorSeconds, floorDivide(usual * numerator, by: denominator))
}
