import Water

/// Finds where a register's step changes, as far as powers of ten show it.
struct ResolutionAnomalies {
    /// So many readings of a step that it has by no chance, where enough digits agree.
    private static let fewest = 8

    let judged: JudgedMeter

    /// Indices into `believed` at which the register begins to move by another step, with the step before.
    let changes: [(index: Int, before: Int64)]
    /// The steps of registers that differ from the one before.
    private let steps: [Int64]
    private let moved: [Int]

    init(judged: JudgedMeter) {
        self.judged = judged
        let believed = judged.believed
        let moved = believed.indices.filter {
            !believed[$0].isNoted && ($0 == 0 || believed[$0].register != believed[$0 - 1].register)
        }
        self.moved = moved
        self.steps = moved.map { StepChange.step(of: believed[$0].register.millilitres) }
        self.changes = StepWalk(judged).changes
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
            step < expected.millilitres || expected.millilitres < StepChange.coarsest
        else { return nil }
        return Anomaly(
            kind: .resolutionMismatch, meter: judged.installation.meter, from: judged.believed[first].at,
            to: judged.believed[last].at, register: judged.believed[last].register, before: expected,
            count: steps.count)
    }

    /// A walk over a meter's believed readings, noted ones left out, for their steps.
    private struct StepWalk {
        /// Indices into `believed`.
        private let indices: [Int]
        private let registers: [Int64]
        private let steps: [Int64]
        private(set) var changes: [(index: Int, before: Int64)] = []

        init(_ judged: JudgedMeter) {
            indices = judged.believed.indices.filter { !judged.believed[$0].isNoted }
            registers = indices.map { judged.believed[$0].register.millilitres }
            steps = registers.map(StepChange.step)
            var last: (place: Int, digits: Int)?
            for place in indices.indices.dropFirst() {
                let isJudgedSo = judged.believed[indices[place]].rule == .resolutionChange
                guard let change = change(at: place, isJudgedSo: isJudgedSo) else { continue }
                // The last fine register may end in a nought by chance.
                if let last, place - last.place <= 2 {
                    if last.digits >= change.digits { continue }
                    changes.removeLast()
                }
                changes.append((indices[place], change.before))
                last = (place, change.digits)
            }
        }

        /// The step before, and by how many digits it changes; nil where it does not.
        private func change(at place: Int, isJudgedSo: Bool) -> (before: Int64, digits: Int)? {
            let isFiner = steps[place] < steps[place - 1]
            if !isJudgedSo, steps[place] == steps[place - 1] { return nil }
            let (side, away) = isFiner ? (place - 1, -1) : (place, 1)
            let finer = finest(from: isFiner ? place : place - 1, away: -away)
            let least = min(steps[place], steps[place - 1])
            guard let coarser = coarse(from: side, away: away, besides: finer, above: least, isJudgedSo: isJudgedSo)
            else { return nil }
            return (isFiner ? coarser : finer, StepChange.digits(coarser, finer))
        }

        /// The step that registers from `place` on share by no chance: eight readings at least, and so many different
        /// ones that eight digits agree, six where each has more than one. Where the change was judged so, as far as
        /// they go.
        private func coarse(
            from place: Int, away: Int, besides finer: Int64, above least: Int64, isJudgedSo: Bool
        ) -> Int64? {
            var step = steps[place]
            var (count, different, at) = (0, 0, place)
            while steps.indices.contains(at) {
                if steps[at] <= least { return isJudgedSo ? step : nil }
                step = min(step, steps[at])
                if registers[at] != 0, at == place || registers[at] != registers[at - away] { different += 1 }
                count += 1
                let digits = StepChange.digits(step, finer)
                if count >= ResolutionAnomalies.fewest, different * digits >= (digits > 1 ? 6 : 8) { return step }
                at += away
            }
            return isJudgedSo ? step : nil
        }

        /// The finest step of so many different registers that each would show it.
        private func finest(from place: Int, away: Int) -> Int64 {
            var step = steps[place]
            var (different, at) = (1, place + away)
            while different < ResolutionAnomalies.fewest, steps.indices.contains(at) {
                if registers[at] != registers[at - away] { different += 1 }
                step = min(step, steps[at])
                at += away
            }
            return step
        }
    }
}
