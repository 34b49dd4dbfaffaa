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

    /// Adds what a further part or attempt of the round did.
    mutating func add(_ part: FoldRound) {
        entries += part.entries
        changedSets += part.changedSets
        markedHomes += part.markedHomes
    }
}

/// Moves journal entries into day sets: a set union, so that retries, order and repeated folds change nothing.
///
/// A round takes one community's oldest entries, works out on a snapshot what sets they come to, and writes those: a
/// large round in several transactions, the last of which removes the entries from the journal. What is written of a
/// round that breaks off is folded again, and is there. A plan that something has overtaken is made anew.
///
/// Any number of processes may fold one city. Each has one community in hand at a time, by a lease that its rounds
/// themselves write, and passes it on after a few rounds, so that a process that joins finds others free. Without the
/// lease results would be as right: rounds of one community at once meet on the rows they write, and one is run again.
public actor FoldReadings {
    let database: Database
    private let calendar: CityCalendar
    private let rules: MeteringRules
    let logger: Logger
    let worker: Worker
    private let shelf: DirectoryShelf
    private let backlog: FoldBacklog
    /// How long readings that come one by one may wait for more of their meters.
    private let gatherSeconds: Int64
    private var directory: MeterDirectory?
    /// The community in hand, and how many more rounds it has.
    private var inHand: (lease: Lease, rounds: Int)?
    private var lastFolded: CommunityID?
    private var troubles = FoldTroubles()
    private var hasBegun = false
    /// Readings that this process had recorded when it was last looked.
    private var recorded: Int64 = 0

    /// Readings a round takes at most (a journal row is never split), unless they come one by one: keeps its transaction
    /// short.
    private let readingsPerRound: Int64
    /// Readings of a community that are worth a round where they come one by one, as concentrators send them, before their
    /// time to wait is over: some of each meter, so that every set is written anew for all that waits for it, and not for
    /// each hour. A round then takes up to twice as many.
    private static let scatteredWorth = (least: Int64(20_000), perMeter: Int64(5), most: Int64(100_000))
    /// Sets that a transaction writes, where a round has more: answers wait for the writer between them, not for all.
    private let setsPerTransaction: Int
    /// Communities whose last round was of readings that came one by one.
    private var scattered: Set<CommunityID> = []
    /// Rounds that wait before one takes four times as many readings.
    private static let roundsBehind: Int64 = 200
    /// How often the registry is read before a transaction, where it keeps moving on, until one reads it itself.
    private static let readsAhead = 2
    /// How often a large round is planned before a small one is placed in its transaction.
    private static let attempts = 3
    /// Rounds of one community in a row.
    private static let roundsInHand = 4
    /// Meters of a community that one passage over its sets visits.
    static let sweepsTogether = 10_000

    /// - Parameters:
    ///   - worker: who this process is, where others may fold the same database.
    ///   - shelf, backlog: shared with the recording of the same process.
    ///   - gatherSeconds: as long may readings wait that come one by one, as concentrators send them, so that each day's
    ///     set is written once for several; 0 folds what is there.
    ///   - readingsPerRound, setsPerTransaction: 1 or more; a round of more day sets is written in parts.
    public init(
        database: Database, calendar: CityCalendar, rules: MeteringRules, logger: Logger, worker: Worker = .alone,
        shelf: DirectoryShelf = DirectoryShelf(), backlog: FoldBacklog = FoldBacklog(), gatherSeconds: Int64 = 0,
        readingsPerRound: Int64 = 10_000, setsPerTransaction: Int = 4_000
    ) {
        self.readingsPerRound = max(1, readingsPerRound)
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
    /// and that no other process has in hand. A community whose round fails is left alone for a while, and told to the
    /// log; what fails for the whole database is thrown.
    public func callAsFunction(at: Instant) async throws -> FoldRound {
        let (owner, now, held) = (worker.owner, worker.now(), inHand?.lease.community)
        let alone = troubles.leftAlone(at: at)
        let last = try await place()
        let (sweeps, next) = try await database.read { reader in
            // A community that another closes is left alone: each fold of it would have it measured anew.
            let others = try reader.leasedByOthers(.fold, than: owner, at: now)
                .union(try reader.leasedByOthers(.close, than: owner, at: now)).union(alone)
            if let held, try reader.hasJournal(of: held) {
                return (try reader.nextSweeps(limit: Self.sweepsTogether, besides: others), CommunityID?.some(held))
            }
            return (
                try reader.nextSweeps(limit: Self.sweepsTogether, besides: others),
                try reader.nextCommunityToFold(after: last, besides: others)
            )
        }
        if let first = sweeps.first {
            do {
                if let round = try await visit(sweeps, at: at) {
                    troubles.end(of: first.community)
                    return round
                }
            } catch let error where error.isOfOneCommunity {
                return try await leaveAlone(first.community, because: error, at: at)
            }
        }
        guard let next, !givesWay(at: at) else { return try await idle() }
        lastFolded = next
        do {
            if try await isGathering(next, at: at) { return try await idle() }
            let round = try await foldInHand(next, at: at)
            troubles.end(of: next)
            return round
        } catch let error where error.isOfOneCommunity {
            return try await leaveAlone(next, because: error, at: at)
        }
    }

    /// Readings rush in, and did since the last look.
    private func givesWay(at: Instant) -> Bool {
        let seen = recorded
        recorded = backlog.recorded
        return gatherSeconds > 0 && backlog.givesWay(since: seen, at: at)
    }

    private func idle() async throws -> FoldRound {
        try await letGo()
        var round = FoldRound()
        round.isIdle = true
        return round
    }

    /// The round has done nothing, the next one is of another community.
    private func leaveAlone(
        _ community: CommunityID, because error: any Error, at: Instant
    ) async throws -> FoldRound {
        let seconds = troubles.note(community, at: at)
        logger.error(
            "a community cannot be folded and is left alone for a while",
            metadata: ["community": "\(community)", "error": "\(error)", "seconds": "\(seconds)"])
        try await letGo()
        return FoldRound()
    }

    /// True where a community's readings are few and young: the next look may find more of the same days. Not while
    /// answers may wait for folding, nor where nothing comes any more.
    private func isGathering(_ community: CommunityID, at: Instant) async throws -> Bool {
        let worth = scatteredWorth(of: community)
        guard gatherSeconds > 0, !backlog.isHigh, !backlog.isSilent(at: at),
            let lag = try await database.read({ try $0.journalLag(of: community, upTo: worth) })
        else { return false }
        let age = at - lag.oldest
        return lag.readings < worth && age >= -FoldBacklog.aheadSeconds
            && age < (scattered.contains(community) ? gatherSeconds : min(gatherSeconds, 2))
    }

    private func scatteredWorth(of community: CommunityID) -> Int64 {
        let (least, perMeter, most) = Self.scatteredWorth
        return min(most, max(least, Int64(directory?.meterCount(of: community) ?? 0) * perMeter))
    }

    /// Lets others have the community in hand: at the end of the work.
    public func letGo() async throws {
        guard let (lease, _) = inHand else { return }
        inHand = nil
        try await database.write(repeatable: true, .withTheNext) { try $0.release(lease) }
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
            try await letGo()
            try await jump()
            return FoldRound()
        }
        if let lease = inHand?.lease { inHand = (lease, rounds - 1) }
        return round
    }

    /// Folds the community's oldest entries; nil where another process has it. `keeping` keeps it in hand while entries are
    /// left.
    func fold(_ community: CommunityID, keeping: Bool, at: Instant) async throws -> FoldRound? {
        var total = FoldRound()
        var attempt = 0
        while true {
            attempt += 1
            let most = attempt <= Self.attempts ? most(of: community) : readingsPerRound
            let work = try await plan(community, readings: most)
            guard let done = try await write(work, of: community, keeping: keeping, at: at) else { return nil }
            total.add(done.round)
            if done.isWhole {
                backlog.take(work.readings)
                return total
            }
        }
    }

    /// Readings that a round of a community takes at most. Where many rounds wait, larger ones end sooner.
    private func most(of community: CommunityID) -> Int64 {
        if scattered.contains(community) { return scatteredWorth(of: community) * 2 }
        return readingsPerRound * (backlog.readings < readingsPerRound * Self.roundsBehind ? 1 : 4)
    }

    /// Rows of the journal and what they come to.
    private struct Work: Sendable {
        let rows: [JournalRow]
        let plan: FoldPlan

        var readings: Int64 { rows.reduce(0) { $0 + $1.readings } }
    }

    /// Rows never change: they are read before the transactions, so that answers wait the less for these.
    private func plan(_ community: CommunityID, readings limit: Int64) async throws -> Work {
        let (known, calendar, shelf) = (directory, calendar, shelf)
        let (work, fresh) = try await database.read { reader in
            let rows = try reader.journalRows(of: community, readings: limit)
            let directory = try reader.directory(known, shelf)
            let plan = try FoldPlan(
                of: rows.map(\.payload), expected: Int(rows.reduce(0) { $0 + $1.readings }), directory: directory,
                calendar: calendar, reader)
            return (Work(rows: rows, plan: plan), directory)
        }
        directory = fresh
        if work.plan.isOneByOne { scattered.insert(community) } else { scattered.remove(community) }
        return work
    }

    /// Writes the plan's sets, and in the last transaction removes the rows; not whole where something overtook a plan
    /// that is too large to be placed anew in one. nil where another process has the community.
    private func write(
        _ work: Work, of community: CommunityID, keeping: Bool, at: Instant
    ) async throws -> (round: FoldRound, isWhole: Bool)? {
        let (rows, count) = (work.rows, setsPerTransaction)
        let isSmall = rows.count < 2 || work.readings <= readingsPerRound
        var (plan, total) = (work.plan, FoldRound())
        while plan.changes.count > count {
            let part = plan
            let done = try await underLease(of: community, at: at) { folding, _ in
                try folding.write(first: count, of: part)
            }
            guard let done else { return nil }
            keep(done.lease)
            guard let bases = done.value else {
                if isSmall { break }
                return (total, false)
            }
            plan.leaveOut(first: count, basedOn: bases)
            total.add(done.round)
        }
        let left = plan
        let done = try await underLease(of: community, at: at) { folding, lease -> LastPart in
            let transaction = folding.transaction
            // Another process may have been quicker.
            guard try transaction.reader.areInJournal(rows) else {
                try transaction.release(lease)
                return .othersWere
            }
            guard try isSmall || left.holds(under: folding.directory, transaction.reader) else { return .isOvertaken }
            try folding.take(rows.map(\.payload), planned: left)
            try folding.finish(journal: community)
            try transaction.removeFromJournal(rows)
            let stays = try keeping && transaction.reader.hasJournal(of: community)
            if !stays { try transaction.release(lease) }
            return .isWritten(stays: stays)
        }
        guard let done else { return nil }
        total.add(done.round)
        switch done.value {
        case .isOvertaken: keep(done.lease)
        case .othersWere, .isWritten(stays: false): inHand = nil
        case .isWritten(stays: true): keep(done.lease)
        }
        return (total, done.value != .isOvertaken)
    }

    private enum LastPart: Sendable, Equatable {
        case isOvertaken, othersWere
        case isWritten(stays: Bool)
    }

    /// The lease is in hand, with the rounds it has.
    private func keep(_ lease: Lease) {
        inHand = (lease, inHand?.lease.community == lease.community ? inHand?.rounds ?? 0 : 0)
    }

    /// A fold's transaction: claims the community in it, so that the lease costs no transaction of its own, and gives up
    /// another that was in hand; nil where another process has it.
    ///
    /// The registry is read before it: answers that wait for the database's one writer do not wait for two million
    /// meters. Where it moves on each time, as during an import, the transaction reads it, so that it ends.
    func underLease<T: Sendable>(
        of community: CommunityID, at: Instant,
        _ body: @escaping @Sendable (inout Folding, Lease) throws -> T
    ) async throws -> (value: T, round: FoldRound, lease: Lease)? {
        let earlier = inHand?.lease.community == community ? nil : inHand?.lease
        let shelf = shelf
        var reads = 0
        while true {
            let isLast = reads == Self.readsAhead
            switch try await claiming(community, givingUp: earlier, readsRegistry: isLast, at: at, body) {
            case .isWithOther: return nil
            case .isBehind:
                reads += 1
                let known = directory
                directory = try await database.read { try $0.directory(known, shelf) }
            case .isDone(let value, let round, let lease, let fresh):
                directory = fresh
                if earlier != nil { inHand = nil }
                return (value, round, lease)
            }
        }
    }

    /// One transaction of `underLease`; it writes nothing where the registry is newer than the one at hand, unless it
    /// may read it.
    private func claiming<T: Sendable>(
        _ community: CommunityID, givingUp earlier: Lease?, readsRegistry: Bool, at: Instant,
        _ body: @escaping @Sendable (inout Folding, Lease) throws -> T
    ) async throws -> Claimed<T> {
        let (known, calendar, rules, shelf) = (directory, calendar, rules, shelf)
        let (owner, now) = (worker.owner, worker.now())
        do {
            // Until it is durable the journal has what it folded.
            return try await database.write(repeatable: true, .withTheNext) { transaction -> Claimed<T> in
                let reader = transaction.reader
                let found: MeterDirectory? =
                    try readsRegistry ? reader.directory(known, shelf) : reader.directoryAtHand(known, shelf)
                guard let directory = found else { return .isBehind }
                guard
                    let lease = try transaction.claim(
                        .fold, of: community, by: owner, at: now, seconds: Worker.leaseSeconds)
                else { return .isWithOther }
                if let earlier { try transaction.release(earlier) }
                var folding = Folding(
                    transaction: transaction, directory: directory, calendar: calendar, rules: rules, at: at)
                let value = try body(&folding, lease)
                return .isDone(value, folding.round, lease, directory)
            }
        } catch DatabaseFailure.conflict {
            return .isWithOther
        }
    }
}

/// What became of a fold's transaction.
private enum Claimed<T: Sendable>: Sendable {
    /// The registry is newer than the one at hand: nothing was written.
    case isBehind
    /// Another process has the community.
    case isWithOther
    case isDone(T, FoldRound, Lease, MeterDirectory)
}
