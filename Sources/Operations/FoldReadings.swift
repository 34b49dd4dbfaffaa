public import Database
public import Logging
public import Metering
import Storage
public import Water

/// What one round of folding did.
public struct FoldRound: Sendable, Hashable {
    /// Readings and alerts taken from the journal.
    public var entries = 0
    /// Day sets that changed.
    public var changedSets = 0
    /// Homes marked because their month already had figures.
    public var markedHomes = 0
    /// True where the journal and the sweeps had nothing left when the round began.
    public var isIdle = false
}

/// Moves journal entries into day sets: a set union, so that retries, order and repeated folds change nothing.
///
/// A round takes one community's oldest entries, resolves each against the registry inside its transaction, adds
/// them to the sets of their days and removes them from the journal, all in that transaction.
public actor FoldReadings {
    private let database: Database
    private let calendar: CityCalendar
    private let rules: MeteringRules
    private let logger: Logger
    private var directory: MeterDirectory?
    private var lastFolded: CommunityID?

    /// Readings a round takes at most (a journal row is never split): keeps its transaction short.
    private static let readingsPerRound: Int64 = 10_000
    /// Day sets that sweeps visit in one transaction.
    private static let setsPerSweep = 500
    /// Meters of a community that one passage over its sets visits.
    private static let sweepsTogether = 10_000

    public init(database: Database, calendar: CityCalendar, rules: MeteringRules, logger: Logger) {
        self.database = database
        self.calendar = calendar
        self.rules = rules
        self.logger = logger
    }

    /// Folds what the journal holds now, and not what arrives meanwhile: a city that never falls silent can still be
    /// measured. Another process may fold beside it.
    public func whatIsThere(at: Instant) async throws {
        while try await !database.read({ try $0.nextSweeps(limit: 1).isEmpty }) { _ = try await callAsFunction(at: at) }
        for (community, mark) in try await database.read({ try $0.journalMarks() }).sorted(by: { $0.key < $1.key }) {
            while try await database.read({ try $0.hasJournal(of: community, upTo: mark) }) {
                _ = try await fold(community, at: at)
            }
        }
    }

    /// One round: the sweeps the registry asked for, else the next community in turn that has entries.
    public func callAsFunction(at: Instant) async throws -> FoldRound {
        let last = lastFolded
        let (sweeps, community) = try await database.read { reader in
            (try reader.nextSweeps(limit: Self.sweepsTogether), try reader.nextCommunityToFold(after: last))
        }
        if !sweeps.isEmpty { return try await visit(sweeps, at: at) }
        guard let community else {
            var idle = FoldRound()
            idle.isIdle = true
            return idle
        }
        lastFolded = community
        return try await fold(community, at: at)
    }

    private func fold(_ community: CommunityID, at: Instant) async throws -> FoldRound {
        let (known, calendar, rules) = (directory, calendar, rules)
        let (round, fresh) = try await database.write { transaction in
            let directory = try transaction.directory(known)
            var folding = Folding(
                transaction: transaction, directory: directory, calendar: calendar, rules: rules, at: at)
            let rows = try transaction.reader.journalRows(of: community, readings: Self.readingsPerRound)
            for row in rows {
                for entry in try JournalPayload.decode(row.payload) { try folding.take(entry) }
            }
            try folding.finish()
            if let last = rows.last {
                try transaction.removeFromJournal(upTo: last.id, of: community)
                try transaction.noteFold(of: community, at: at)
            }
            return (folding.round, directory)
        }
        directory = fresh
        return round
    }

    /// Moves rows of a community that the registry no longer maps so, in one passage over its sets: union into the
    /// right place, removal from the old one.
    private func visit(_ sweeps: [Sweep], at: Instant) async throws -> FoldRound {
        let community = sweeps[0].community
        let (first, last) = (sweeps[0].meter, sweeps[sweeps.count - 1].meter)
        let targets = Dictionary(sweeps.map { ($0.meter, $0.target) }) { known, _ in known }
        var after: DayKey?
        var total = FoldRound()
        var staying: Set<MeterID> = []
        repeat {
            let (known, calendar, rules, start, kept) = (directory, calendar, rules, after, staying)
            let (round, fresh, next, stayed) = try await database.write { transaction in
                let directory = try transaction.directory(known)
                var folding = Folding(
                    transaction: transaction, directory: directory, calendar: calendar, rules: rules, at: at)
                let keys = try transaction.reader.sweptKeys(
                    of: community, meters: first, last, after: start, limit: Self.setsPerSweep)
                for key in keys {
                    if let target = targets[key.meter] { try folding.move(key, to: target) }
                }
                try folding.finish()
                let isLast = keys.count < Self.setsPerSweep
                if isLast {
                    let stillHeld = folding.staying.union(kept)
                    for sweep in sweeps {
                        try folding.moveAlerts(sweep)
                        try transaction.finish(sweep, isStillHeld: stillHeld.contains(sweep.meter))
                    }
                }
                return (folding.round, directory, isLast ? nil : keys.last, folding.staying)
            }
            directory = fresh
            total.changedSets += round.changedSets
            total.markedHomes += round.markedHomes
            staying.formUnion(stayed)
            after = next
        } while after != nil
        return total
    }
}

extension Transaction {
    /// The directory at the registry version this transaction sees.
    fileprivate func directory(_ known: MeterDirectory?) throws -> MeterDirectory {
        if let known, known.version == (try reader.currentRegistryVersion()) { return known }
        return try reader.meterDirectory()
    }
}
