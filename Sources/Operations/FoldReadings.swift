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

    /// Readings a round takes at most (a journal row is never split): keeps its transaction short.
    private static let readingsPerRound: Int64 = 20_000
    /// Day sets a sweep visits in one transaction.
    private static let setsPerSweep = 500

    public init(database: Database, calendar: CityCalendar, rules: MeteringRules, logger: Logger) {
        self.database = database
        self.calendar = calendar
        self.rules = rules
        self.logger = logger
    }

    /// Rounds until nothing is left, at most `rounds` (measure folds first).
    public func untilIdle(at: Instant, rounds: Int = 100_000) async throws -> FoldRound {
        var total = FoldRound()
        for _ in 0..<rounds {
            let round = try await callAsFunction(at: at)
            total.entries += round.entries
            total.changedSets += round.changedSets
            total.markedHomes += round.markedHomes
            total.isIdle = round.isIdle
            if round.isIdle { break }
        }
        return total
    }

    /// One round: a sweep if the registry asked for one, else the community that waits longest.
    public func callAsFunction(at: Instant) async throws -> FoldRound {
        let (sweep, community) = try await database.read { reader in
            (try reader.sweeps(limit: 1).first, try reader.communitiesToFold(limit: 1).first)
        }
        if let sweep { return try await visit(sweep, at: at) }
        guard let community else {
            var idle = FoldRound()
            idle.isIdle = true
            return idle
        }
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

    /// Moves rows that the registry no longer maps so: union into the right place, removal from the old one.
    private func visit(_ sweep: Sweep, at: Instant) async throws -> FoldRound {
        var after: LocalDay?
        var total = FoldRound()
        repeat {
            let (known, calendar, rules, start) = (directory, calendar, rules, after)
            let (round, fresh, next) = try await database.write { transaction in
                let directory = try transaction.directory(known)
                var folding = Folding(
                    transaction: transaction, directory: directory, calendar: calendar, rules: rules, at: at)
                let days = try transaction.reader.days(
                    of: sweep.meter, in: sweep.community, after: start, limit: Self.setsPerSweep)
                for day in days {
                    try folding.move(
                        DayKey(community: sweep.community, day: day, meter: sweep.meter), to: sweep.target)
                }
                try folding.finish()
                if days.count < Self.setsPerSweep {
                    try folding.moveAlerts(sweep)
                    try transaction.finish(sweep)
                }
                return (folding.round, directory, days.count < Self.setsPerSweep ? nil : days.last)
            }
            directory = fresh
            total.changedSets += round.changedSets
            total.markedHomes += round.markedHomes
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
