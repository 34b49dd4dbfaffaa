import Water

/// Finds where a register's step changes, as far as powers of ten show it.
struct ResolutionAnomalies {
    /// So many different registers in a row that share a power of ten do so by no chance.
    private static let fewest = 8
    private static let coarsest: Int64 = 10_000_000

    let judged: JudgedMeter

    /// Indices into `believed` at which the register begins to move by another step, with the step before.
    let changes: [(index: Int, before: Int64)]
    private let steps: [Int64]
    private let moved: [Int]

    init(judged: JudgedMeter) {
        self.judged = judged
        let believed = judged.believed
        let moved = believed.indices.filter {
            !believed[$0].isNoted && ($0 == 0 || believed[$0].register != believed[$0 - 1].register)
        }
        let steps = moved.map { ResolutionAnomalies.step(of: believed[$0].register.millilitres) }
        var changes: [(Int, Int64)] = []
        let fewest = ResolutionAnomalies.fewest
        for index in stride(from: fewest, through: steps.count - fewest, by: 1) {
            let before = steps[index - fewest..<index].min() ?? 1
            let after = steps[index..<index + fewest].min() ?? 1
            let isCoarser = after > before && steps[index - 1] < after
            let isFiner = after < before && steps[index] < before
            if isCoarser || isFiner { changes.append((moved[index], before)) }
        }
        self.changes = changes
        self.steps = steps
        self.moved = moved
    }

    func anomalies() -> [Anomaly] {
        var found = changes.map { change in
            Anomaly(
                kind: .resolutionChange, meter: judged.installation.meter, from: judged.believed[change.index].at,
                to: judged.believed[change.index].at, register: judged.believed[change.index].register,
                before: Volume(millilitres: change.before), count: 1)
        }
        if let mismatch { found.append(mismatch) }
        return found
    }

    /// Where the step that all registers show is not the registry's.
    private var mismatch: Anomaly? {
        let expected = judged.installation.resolution
        guard changes.isEmpty, steps.count >= ResolutionAnomalies.fewest * 2, let step = steps.min(),
            let first = moved.first, let last = moved.last, step != expected.millilitres,
            step < expected.millilitres || expected.millilitres < ResolutionAnomalies.coarsest
        else { return nil }
        return Anomaly(
            kind: .resolutionMismatch, meter: judged.installation.meter, from: judged.believed[first].at,
            to: judged.believed[last].at, register: judged.believed[last].register, before: expected,
            count: steps.count)
    }

    /// The highest power of ten that divides a register, 1 mL to 10 m³.
    private static func step(of register: Int64) -> Int64 {
        var step: Int64 = 1
        while step < coarsest, register % (step * 10) == 0 { step *= 10 }
        return step
    }
}
