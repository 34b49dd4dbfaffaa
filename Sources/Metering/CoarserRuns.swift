import Water

/// Names what a second sender shows of a meter with decimals cut off.
struct CoarserRuns {
    /// Looks no longer apart than this are one run.
    private static let seconds: Int64 = 7 * 86_400

    private let judged: JudgedMeter
    /// The finest register of each instant whose others are all it with decimals cut off.
    private let finest: [Instant: Volume]

    init(_ judged: JudgedMeter) {
        self.judged = judged
        var shown: [Instant: [Int64]] = [:]
        for one in judged.disbelieved where one.rule == .conflict {
            shown[one.at, default: []].append(one.register.millilitres)
        }
        for instant in shown.keys {
            guard let index = judged.lastIndex(atOrBefore: instant), judged.believed[index].at == instant else {
                continue
            }
            shown[instant]?.append(judged.believed[index].register.millilitres)
        }
        finest = shown.compactMapValues { registers in
            guard let highest = registers.max(), registers.allSatisfy({ isCutOff($0, from: highest) }) else {
                return nil
            }
            return Volume(millilitres: highest)
        }
    }

    /// Whether all registers of an instant are one and its decimals cut off.
    func isTwice(at instant: Instant) -> Bool { finest[instant] != nil }

    /// One for each run, with the step of the believed registers among it; and of `changes` of the step those that are
    /// not within a run.
    func anomalies(besides changes: [Anomaly]) -> [Anomaly] {
        let looks = judged.disbelieved.filter { one in
            one.rule == .coarser || one.rule == .conflict && finest[one.at].map { one.register < $0 } ?? false
        }
        var runs: [(first: Int, last: Int)] = []
        for index in looks.indices {
            if let run = runs.last, looks[index].at - looks[run.last].at <= CoarserRuns.seconds {
                runs[runs.count - 1].last = index
            } else {
                runs.append((index, index))
            }
        }
        let named = runs.map { run in anomaly(from: looks[run.first], to: looks[run.last], run.last - run.first + 1) }
        let others = changes.filter { change in
            change.kind != .resolutionChange || !named.contains { $0.from <= change.from && change.from <= $0.to }
        }
        return named + others
    }

    private func anomaly(from first: DisbelievedReading, to last: DisbelievedReading, _ count: Int) -> Anomaly {
        let start = judged.lastIndex(atOrBefore: first.at) ?? 0
        let end = (judged.lastIndex(atOrBefore: last.at) ?? 0) + 1
        let around = judged.believed.indices.clamped(to: start..<end)
        let step = judged.believed[around].map { StepChange.step(of: $0.register.millilitres) }.min()
        return Anomaly(
            kind: .resolutionChange, meter: judged.installation.meter, from: first.at, to: last.at,
            register: last.register, before: step.map(Volume.init(millilitres:)), count: count)
    }
}

/// Whether a register is another one, or that one with decimals cut off.
func isCutOff(_ register: Int64, from finest: Int64) -> Bool {
    register == finest
        || register > 0 && register < finest && finest - register < StepChange.step(of: register)
}
