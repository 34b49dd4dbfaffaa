public import Water

/// A register that is believed.
public struct BelievedReading: Sendable, Hashable {
    public let at: Instant
    /// As the meter showed it.
    public let register: Volume
    /// The register that volumes are differences of: never falls within a meter, moduli added, water that flowed
    /// back netted, unknown steps left out. Equal to `register` until the first such event.
    public let counted: Volume
    /// True for the first believed register and wherever the volume since the one before is unknown (reset,
    /// step up): the pair that ends here is no believed pair.
    public let startsRun: Bool
    /// True where only the registry's noted start or final register says so.
    public let isNoted: Bool
    /// True where only staff say so.
    public let isEntered: Bool
    /// The rule that lets it be believed.
    public let rule: QualityRule

    public var quality: ReadingQuality { rule.quality }
}

/// A reading that is not believed.
public struct DisbelievedReading: Sendable, Hashable {
    public let at: Instant
    public let register: Volume
    /// `conflict`, `jump` or `fallingRegister`; nil where staff rejected it or it is a coarser look.
    public let reason: FindingKind?
    /// The rule that left it out.
    public let rule: QualityRule
    /// True where it is the registry's noted start or final register.
    public let isNoted: Bool
    /// True where only staff say so.
    public let isEntered: Bool

    public var quality: ReadingQuality { rule.quality }
}

/// A meter's readings with a verdict on each.
public struct JudgedMeter: Sendable, Hashable {
    public let installation: MeterInstallation
    /// Ascending, one an instant.
    public let believed: [BelievedReading]
    /// Ascending by instant, then register.
    public let disbelieved: [DisbelievedReading]
    /// Ascending; all but `exchange`, which is a home's.
    public let findings: [Finding]
    /// The staff's decisions within the installation's time that stand, by instant, then register.
    public let edits: [StandingEdit]
    /// True where a run other than the first starts.
    let isBroken: Bool

    init(
        installation: MeterInstallation, believed: [BelievedReading], disbelieved: [DisbelievedReading],
        findings: [Finding], edits: [StandingEdit] = [], isBroken: Bool
    ) {
        self.installation = installation
        self.believed = believed
        self.disbelieved = disbelieved
        self.findings = findings
        self.edits = edits
        self.isBroken = isBroken
    }

    /// The stretches of `believed` over which volume is known, in order.
    public var runs: [Range<Int>] {
        var runs: [Range<Int>] = []
        var start = 0
        for index in believed.indices.dropFirst() where believed[index].startsRun {
            runs.append(start..<index)
            start = index
        }
        if start < believed.count { runs.append(start..<believed.count) }
        return runs
    }

    /// Where registers are in doubt as a run (another unit, noughts), by time.
    public var doubtedStretches: [DoubtedStretch] {
        var stretches: [DoubtedStretch] = []
        for one in disbelieved where one.rule == .otherUnit || one.rule == .nought {
            if let last = stretches.last, last.rule == one.rule, last.to.map({ one.at < $0 }) ?? true {
                stretches[stretches.count - 1].last = one
                stretches[stretches.count - 1].count += 1
                continue
            }
            guard let before = lastIndex(atOrBefore: one.at) else { continue }
            stretches.append(
                DoubtedStretch(
                    from: believed[before].at, first: one, last: one, count: 1,
                    to: before + 1 < believed.count ? believed[before + 1].at : nil))
        }
        return stretches
    }

    /// The runs in doubt that begin over [from, to).
    func doubts(from: Instant, to: Instant) -> [MeterDoubt] {
        doubtedStretches.filter { $0.first.at >= from && $0.first.at < to }.map {
            MeterDoubt(meter: installation.meter, from: $0.from, first: $0.first.at, to: $0.to)
        }
    }

    /// Whether the readings end in a run in doubt.
    public var endsInDoubt: Bool { doubtedStretches.last.map { $0.to == nil } ?? false }

    /// The last believed register at or before `instant`, by index; nil before the first.
    func lastIndex(atOrBefore instant: Instant) -> Int? {
        var low = 0
        var high = believed.count
        while low < high {
            let middle = (low + high) / 2
            if believed[middle].at <= instant { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : low - 1
    }
}

/// Registers in doubt between two believed ones.
public struct DoubtedStretch: Sendable, Hashable {
    /// The believed register before them.
    public let from: Instant
    public let first: DisbelievedReading
    public internal(set) var last: DisbelievedReading
    public internal(set) var count: Int
    /// The believed register after them; nil where there is none yet.
    public let to: Instant?

    var rule: QualityRule { first.rule }
}
