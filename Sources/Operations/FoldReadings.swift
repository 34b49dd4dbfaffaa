public import Database
public import Logging
public import Metering
public import Storage
public import Water

/// What one round of folding did.
public struct FoldRound: Sendable, Hashable {
    /// Readings and alerts taken from the journal.
    public var entries = 0
    /// Day sets that changed.
    public var changedSets = 0
    /// Homes marked because their month already had figures.
    public var markedHomes = 0
    /// True where the journal and the sweeps had nothing left when the round began, or nothing but what other
    /// processes are at.
    public var isIdle = false
}

/// Moves journal entries into day sets: a set union, so that retries, order and repeated folds change nothing.
///
/// A round takes one community's oldest entries, resolves each against the registry inside its transaction, adds
/// them to the sets of their days and removes them from the journal, all in that transaction.
///
/// Any number of processes may fold one city. Each has one community in hand at a time, by a lease that its rounds
/// themselves write, and passes it on after a few rounds, so that a process that joins finds others free. Without the
/// lease results would be as right: rounds of one community at once meet on the rows they write, and one is run again.
public actor FoldReadings {
    private let database: Database
    private let calendar: CityCalendar
    private let rules: MeteringRules
    private let logger: Logger
    private let worker: Worker
    private let shelf: DirectoryShelf
    private let backlog: FoldBacklog
    /// How long readings that come one by one may wait for more of their meters.
    private let gatherSeconds: Int64
    private var directory: MeterDirectory?
    /// The community in hand, and how many more rounds it has.
    private var inHand: (lease: Lease, rounds: Int)?
    private var lastFolded: CommunityID?
    private var hasBegun = false

    /// Readings a round takes at most (a journal row is never split): keeps its transaction short.
    private static let readingsPerRound: Int64 = 10_000
    /// Readings of a community that are worth a round where they come one by one, as concentrators send them, before their
    /// time to wait is over: some of each meter, so that every set is written anew for all that waits for it, and not for
    /// each hour. A round then takes up to twice as many.
    private static let scatteredWorth = (least: Int64(20_000), perMeter: Int64(5), most: Int64(100_000))
    /// Sets that a transaction writes, where a round has more: answers wait for the writer between them, not for all.
    private let setsPerTransaction: Int
    /// The last round brought few readings to each set.
    private var isScattered = false
    /// Rounds of one community in a row.
    private static let roundsInHand = 4
    /// Day sets that sweeps visit in one transaction.
    private static let setsPerSweep = 500
    /// Meters of a community that one passage over its sets visits.
    private static let sweepsTogether = 10_000
    private static let pollMilliseconds: Int64 = 100

    /// - Parameters:
    ///   - worker: who this process is, where others may fold the same database.
    ///   - shelf, backlog: shared with the recording of the same process.
    ///   - gatherSeconds: as long may readings wait that come one by one, as concentrators send them, so that each day's
    ///     set is written once for several; 0 folds what is there.
    ///   - setsPerTransaction: 1 or more; a round of more day sets is written in parts.
    public init(
        database: Database, calendar: CityCalendar, rules: MeteringRules, logger: Logger, worker: Worker = .alone,
        shelf: DirectoryShelf = DirectoryShelf(), backlog: FoldBacklog = FoldBacklog(), gatherSeconds: Int64 = 0,
        setsPerTransaction: Int = 4_000
    ) {
        self.setsPerTransaction = max(1, setsPerTransaction)
        self.shelf = shelf
        self.backlog = backlog
        self.gatherSeconds = gatherSeconds
        self.database = database
        self.calendar = calendar
        self.rules = rules
        self.logger = logger
        self.worker = worker
    }

    /// One round: the sweeps the registry asked for, else the community in hand or the next in turn that has entries
    /// and that no other process has in hand.
    public func callAsFunction(at: Instant) async throws -> FoldRound {
        let (owner, now, held) = (worker.owner, worker.now(), inHand?.lease.community)
        let last = try await place()
        let (sweeps, next) = try await database.read { reader in
            let others = try reader.leasedByOthers(.fold, than: owner, at: now)
            if let held, try reader.hasJournal(of: held) {
                return (try reader.nextSweeps(limit: Self.sweepsTogether, besides: others), CommunityID?.some(held))
            }
            return (
                try reader.nextSweeps(limit: Self.sweepsTogether, besides: others),
                try reader.nextCommunityToFold(after: last, besides: others)
            )
        }
        if !sweeps.isEmpty, let round = try await visit(sweeps, at: at) { return round }
        guard let next else {
            try await letGo()
            var idle = FoldRound()
            idle.isIdle = true
            return idle
        }
        lastFolded = next
        if try await isGathering(next, at: at) {
            try await letGo()
            var idle = FoldRound()
            idle.isIdle = true
            return idle
        }
        return try await foldInHand(next, at: at)
    }

    /// True where a community's readings are few and young: the next look may find more of the same days. Not while
    /// answers may wait for folding.
    private func isGathering(_ community: CommunityID, at: Instant) async throws -> Bool {
        let worth = scatteredWorth(of: community)
        guard gatherSeconds > 0, !backlog.isHigh,
            let lag = try await database.read({ try $0.journalLag(of: community, upTo: worth) })
        else { return false }
        return lag.readings < worth && at - lag.oldest < (isScattered ? gatherSeconds : min(gatherSeconds, 2))
    }

    private func scatteredWorth(of community: CommunityID) -> Int64 {
        let (least, perMeter, most) = Self.scatteredWorth
        return min(most, max(least, Int64(directory?.meterCount(of: community) ?? 0) * perMeter))
    }

    /// Folds what the journal holds now, and not what arrives meanwhile: a city that never falls silent can still be
    /// measured. What other processes have in hand is left to them and waited for.
    public func whatIsThere(at: Instant) async throws {
        try await sweepAll(at: at)
        var marks = try await database.read { try $0.journalMarks() }
        while !marks.isEmpty {
            var hasMoved = false
            for (community, mark) in marks.sorted(by: { $0.key < $1.key }) {
                while try await database.read({ try $0.hasJournal(of: community, upTo: mark) }) {
                    guard try await fold(community, keeping: true, at: at) != nil else { break }
                    hasMoved = true
                }
                if try await !database.read({ try $0.hasJournal(of: community, upTo: mark) }) { marks[community] = nil }
                try await letGo()
            }
            if !marks.isEmpty, !hasMoved { try await worker.pause(milliseconds: Self.pollMilliseconds) }
        }
    }

    /// Lets others have the community in hand: at the end of the work.
    public func letGo() async throws {
        guard let (lease, _) = inHand else { return }
        inHand = nil
        try await database.write(repeatable: true) { try $0.release(lease) }
    }

    private func sweepAll(at: Instant) async throws {
        let owner = worker.owner
        while try await !database.read({ try $0.nextSweeps(limit: 1).isEmpty }) {
            let now = worker.now()
            let sweeps = try await database.read { reader in
                try reader.nextSweeps(
                    limit: Self.sweepsTogether, besides: try reader.leasedByOthers(.fold, than: owner, at: now))
            }
            if !sweeps.isEmpty, try await visit(sweeps, at: at) != nil { continue }
            try await worker.pause(milliseconds: Self.pollMilliseconds)
        }
    }

    /// The community after which the turn goes on. A process begins anywhere, so that those that began together do
    /// not all want the same one.
    private func place() async throws -> CommunityID? {
        if !hasBegun {
            hasBegun = true
            try await jump()
            backlog.set(try await database.read { try $0.journalLag()?.readings ?? 0 })
        }
        return lastFolded
    }

    private func jump() async throws {
        guard let highest = try await database.read({ try $0.lastJournaledCommunity() })?.value else { return }
        let dice = worker.dice()
        lastFolded = CommunityID(highest / 1_000_000 * dice + highest % 1_000_000 * dice / 1_000_000 - 1)
    }

    /// A round of a community, which stays in hand until it is empty or its rounds are over.
    private func foldInHand(_ community: CommunityID, at: Instant) async throws -> FoldRound {
        let rounds = inHand?.lease.community == community ? inHand?.rounds ?? 0 : Self.roundsInHand
        guard let round = try await fold(community, keeping: rounds > 1, at: at) else {
            // Another process was quicker, and would be again at the next one.
            inHand = nil
            try await jump()
            return FoldRound()
        }
        if let lease = inHand?.lease { inHand = (lease, rounds - 1) }
        return round
    }

    /// One transaction; nil where another process has the community. `keeping` keeps it in hand while entries are left.
    private func fold(_ community: CommunityID, keeping: Bool, at: Instant) async throws -> FoldRound? {
        let earlier = inHand?.lease
        let limit = isScattered ? scatteredWorth(of: community) * 2 : Self.readingsPerRound
        let (known, calendar, shelf) = (directory, calendar, shelf)
        // Rows never change: they are read before the transaction, so that answers wait the less for it.
        let (rows, whole, fresh) = try await database.read { reader in
            let rows = try reader.journalRows(of: community, readings: limit)
            let directory = try reader.directory(known, shelf)
            let plan = try FoldPlan(of: rows.map(\.payload), directory: directory, calendar: calendar, reader)
            return (rows, plan, directory)
        }
        directory = fresh
        guard let (plan, written) = try await writeFirst(of: whole, rows, of: community, at: at) else { return nil }
        let done = try await underLease(of: community, at: at) { folding, lease in
            let transaction = folding.transaction
            if let earlier, earlier.community != community { try transaction.release(earlier) }
            // Another process may have been quicker.
            guard try transaction.reader.areInJournal(rows) else {
                try transaction.release(lease)
                return Lease?.none
            }
            try folding.take(rows.map(\.payload), planned: plan)
            try folding.finish(journal: community)
            try transaction.removeFromJournal(rows)
            let stays = try keeping && transaction.reader.hasJournal(of: community)
            if !stays { try transaction.release(lease) }
            return stays ? lease : nil
        }
        guard let done else { return nil }
        var round = done.round
        round.changedSets += written.changedSets
        round.markedHomes += written.markedHomes
        backlog.take(rows.reduce(0) { $0 + $1.readings })
        if round.entries > 0 { isScattered = round.changedSets * 5 > round.entries }
        inHand = done.value.map { ($0, 0) }
        return round
    }

    /// Writes the sets of a plan that are more than a transaction should, part by part. Returns what is left, which takes
    /// the entries from the journal, and what was done; nil where another process has the community.
    private func writeFirst(
        of plan: FoldPlan, _ rows: [JournalRow], of community: CommunityID, at: Instant
    ) async throws -> (left: FoldPlan, written: FoldRound)? {
        var (left, written) = (plan, FoldRound())
        let count = setsPerTransaction
        while left.changes.count > count {
            let part = left
            let done = try await underLease(of: community, at: at) { folding, _ in
                guard try folding.transaction.reader.areInJournal(rows) else {
                    return [CommunityID: FoldPlan.Basis]?.none
                }
                return try folding.write(first: count, of: part)
            }
            guard let done else { return nil }
            // Overtaken: the last transaction finds that too, and places every entry anew.
            guard let bases = done.value else { break }
            left.leaveOut(first: count, basedOn: bases)
            written.changedSets += done.round.changedSets
            written.markedHomes += done.round.markedHomes
        }
        return (left, written)
    }

    /// A fold's transaction: claims the community in it, so that the lease costs no transaction of its own; nil where
    /// another process has it.
    private func underLease<T: Sendable>(
        of community: CommunityID, at: Instant,
        _ body: @escaping @Sendable (inout Folding, Lease) throws -> T
    ) async throws -> (value: T, round: FoldRound)? {
        let (known, calendar, rules, shelf) = (directory, calendar, rules, shelf)
        let (owner, now) = (worker.owner, worker.now())
        do {
            let done = try await database.write(repeatable: true) { transaction -> (T, FoldRound, MeterDirectory)? in
                guard
                    let lease = try transaction.claim(
                        .fold, of: community, by: owner, at: now, seconds: Worker.leaseSeconds)
                else { return nil }
                let directory = try transaction.reader.directory(known, shelf)
                var folding = Folding(
                    transaction: transaction, directory: directory, calendar: calendar, rules: rules, at: at)
                let value = try body(&folding, lease)
                return (value, folding.round, directory)
            }
            guard let (value, round, fresh) = done else { return nil }
            directory = fresh
            return (value, round)
        } catch DatabaseFailure.conflict {
            return nil
        }
    }

    /// Moves rows of a community that the registry no longer maps so, in one passage over its sets: union into the
    /// right place, removal from the old one. nil where another process has the community.
    private func visit(_ sweeps: [Sweep], at: Instant) async throws -> FoldRound? {
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
            total.changedSets += page.round.changedSets
            total.markedHomes += page.round.markedHomes
            staying.formUnion(page.value.staying)
            after = page.value.next
        } while after != nil
        return total
    }
}

extension Reader {
    fileprivate func areInJournal(_ rows: [JournalRow]) throws -> Bool { try rows.allSatisfy { try isInJournal($0) } }

    /// The directory at the registry version that this snapshot sees.
    fileprivate func directory(_ known: MeterDirectory?, _ shelf: DirectoryShelf) throws -> MeterDirectory {
        if let known, known.version == (try currentRegistryVersion()) { return known }
        return try shelf.directory(of: self)
    }
}
