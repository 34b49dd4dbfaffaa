import Database
import Storage
import Water

extension FoldReadings {
    /// Day sets that sweeps visit in one transaction.
    private static let setsPerSweep = 500

    /// Moves rows of a community that the registry no longer maps so, in one passage over its sets: union into the
    /// right place, removal from the old one. nil where another process has the community.
    func visit(_ sweeps: [Sweep], at: Instant) async throws -> FoldRound? {
        let community = sweeps[0].community
        let (first, last) = (sweeps[0].meter, sweeps[sweeps.count - 1].meter)
        let targets = Dictionary(sweeps.map { ($0.meter, $0.target) }) { known, _ in known }
        var after: DayKey?
        var total = FoldRound()
        var staying: Set<MeterID> = []
        repeat {
            let (start, kept) = (after, staying)
            let page = try await underLease(of: community, at: at) { folding, lease in
                let transaction = folding.transaction
                if start == nil { try transaction.unpackSwept(of: community, meters: first, last) }
                let keys = try transaction.reader.sweptKeys(
                    of: community, meters: first, last, after: start, limit: Self.setsPerSweep)
                for key in keys {
                    if let target = targets[key.meter] { try folding.move(key, to: target) }
                }
                let isLast = keys.count < Self.setsPerSweep
                if isLast {
                    for sweep in sweeps { try folding.moveAlerts(sweep) }
                }
                try folding.finish(sweeping: community)
                if isLast {
                    let stillHeld = folding.staying.union(kept)
                    for sweep in sweeps { try transaction.finish(sweep, isStillHeld: stillHeld.contains(sweep.meter)) }
                    try transaction.release(lease)
                }
                return (next: isLast ? nil : keys.last, staying: folding.staying)
            }
            guard let page else { return nil }
            total.add(page.round)
            staying.formUnion(page.value.staying)
            after = page.value.next
        } while after != nil
        return total
    }
}
