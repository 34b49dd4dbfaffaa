public import Database
import Ledger
public import Logging
import Metering
import Scoring
import Storage
public import Tariffs
public import Water

/// What a run of corrections did.
public struct CorrectionSummary: Sendable, Hashable {
    /// New versions issued.
    public var statements = 0
    /// Homes marked whose figures came out the same: the mark is taken back, nothing is issued.
    public var unchanged = 0
    public var transfers = 0
    /// Homes' months that were closed with a tariff or rules no longer on the shelf: they stay marked.
    public var withoutFiles = 0
    /// Which files are missing and what can be done, a sentence for each.
    public var missingFiles: Set<String> = []
    /// Homes' months whose readings, or those of the month before, were pruned: they stay as they are, and marked.
    public var withoutReadings = 0
    /// The numbers of the households whose these are: for who asks, never for the log.
    public var householdsWithoutReadings: Set<String> = []
    /// Communities that other processes are at, or that kept changing: correct again.
    public var leftOpen = 0

    public init() {}

    mutating func add(_ other: CorrectionSummary) {
        statements += other.statements
        unchanged += other.unchanged
        transfers += other.transfers
        withoutFiles += other.withoutFiles
        missingFiles.formUnion(other.missingFiles)
        withoutReadings += other.withoutReadings
        householdsWithoutReadings.formUnion(other.householdsWithoutReadings)
        leftOpen += other.leftOpen
    }

    /// Adds what a run before this one did. What that left is told by this one, which came back to it.
    mutating func addDone(by former: CorrectionSummary) {
        statements += former.statements
        unchanged += former.unchanged
        transfers += former.transfers
    }
}

/// Issues version n+1 of every statement whose readings, persons or installations changed after its month was measured:
/// with the difference, the reason, and the points added or taken back by linked transfers.
///
/// The figures of the cohort are those frozen with the month; nobody else's statement changes. Runs for months however
/// old. Safe to repeat and to interrupt: what is corrected is not corrected again, and a kill between two homes leaves
/// the rest marked.
public struct CorrectStatements: Sendable {
    private let database: Database
    private let calendar: CityCalendar
    private let shelf: TariffShelf
    private let worker: Worker
    private let logger: Logger
    private let before: BillingMonth?

    /// Homes corrected in one transaction.
    private static let batch = 200
    private static let attempts = 5

    /// `before`: only months before it, and without a word to the log of those that cannot be corrected: a run of all
    /// months follows.
    public init(
        database: Database, calendar: CityCalendar, shelf: TariffShelf, logger: Logger, worker: Worker = .alone,
        before: BillingMonth? = nil
    ) {
        self.database = database
        self.calendar = calendar
        self.shelf = shelf
        self.logger = logger
        self.worker = worker
        self.before = before
    }

    /// Corrects every marked home of `only` or of all communities, those `besides` left out, oldest month first. What is
    /// not folded yet waits for the next run.
    public func callAsFunction(
        only: CommunityID? = nil, besides: Set<CommunityID> = [], at: Instant
    ) async throws -> CorrectionSummary {
        var summary = CorrectionSummary()
        let communities = try await database.read { try $0.communitiesToCorrect() }
        for community in communities where (only == nil || only == community) && !besides.contains(community) {
            guard let lease = try await worker.claim(.close, of: community, in: database) else {
                summary.leftOpen += 1
                continue
            }
            do {
                let found = try await worker.renewing(lease, in: database) {
                    try await correct(community, under: lease, at: at)
                }
                summary.add(found)
            } catch is LeaseLost {
                summary.leftOpen += 1
                continue
            } catch {
                await SharedPass(database: database, worker: worker, job: .close, logger: logger).give(lease)
                throw error
            }
            try await database.write(repeatable: true) { try $0.release(lease) }
        }
        return summary
    }

    private func correct(
        _ community: CommunityID, under lease: Lease, at: Instant
    ) async throws -> CorrectionSummary {
        var summary = CorrectionSummary()
        var last: BillingMonth?
        // Month by month, looked up anew each time: a corrected month may mark later ones that rest on it.
        while let (month, homes) = try await database.read({ [last] in try $0.nextToCorrect(of: community, after: last)
        }), before.map({ month < $0 }) ?? true {
            last = month
            guard let files = try await files(of: month, community) else {
                // Not issued yet: the statement to come will be of the figures as they are then measured.
                continue
            }
            guard let (tariff, rules) = files.found else {
                summary.withoutFiles += homes.count
                summary.missingFiles.formUnion(files.missing)
                warn(of: files.missing, month, homes: homes.count)
                continue
            }
            var homes = homes
            if let kept = try await database.read({ try $0.firstKeptMonth(of: community) }), month <= kept {
                // What was said of those that did not live there in the month is withdrawn without any readings.
                let left = try await database.read { [calendar, homes] reader in
                    Set(
                        try homes.filter {
                            try reader.isBeyondCorrection($0, of: community, month, calendar)
                        })
                }
                homes.removeAll { left.contains($0) }
                summary.add(try await withoutReadings(left, in: community))
                if !left.isEmpty, before == nil {
                    logger.warning(
                        "a correction needs readings that were pruned",
                        metadata: ["month": "\(month)", "kept_from": "\(kept)", "homes": "\(left.count)"])
                }
            }
            let month = CorrectMonth(
                community: community, month: month, tariff: tariff, rules: rules, shelf: shelf, calendar: calendar)
            for start in stride(from: 0, to: homes.count, by: Self.batch) {
                let part = Array(homes[start..<min(start + Self.batch, homes.count)])
                summary.add(try await correct(month, part, under: lease, at: at))
            }
        }
        return summary
    }

    /// A month of homes that cannot be corrected any more.
    private func withoutReadings(
        _ homes: Set<HouseholdID>, in community: CommunityID
    ) async throws -> CorrectionSummary {
        var summary = CorrectionSummary()
        summary.withoutReadings = homes.count
        summary.householdsWithoutReadings = try await database.read { reader in
            Set(try homes.compactMap { try reader.household($0, in: community)?.number })
        }
        return summary
    }

    private func correct(
        _ month: CorrectMonth, _ homes: [HouseholdID], under lease: Lease, at: Instant
    ) async throws -> CorrectionSummary {
        for _ in 0..<Self.attempts {
            let work: CorrectMonth.Work
            do {
                guard let prepared = try await database.read({ try month.prepare(homes, at: at, $0) }) else { break }
                work = prepared
            } catch is PrunedBracket {
                // One home's silence must not hold up the others.
                if homes.count > 1 { return try await correctSingly(month, homes, under: lease, at: at) }
                return try await withoutReadings(Set(homes), in: month.community)
            }
            do {
                let isWritten = try await database.write(repeatable: true) { transaction in
                    try transaction.requireLease(lease)
                    return try month.write(work, at: at, transaction)
                }
                if isWritten {
                    warn(of: work.summary.missingFiles.sorted(), month.month, homes: work.summary.withoutFiles)
                    return work.summary
                }
            } catch DatabaseFailure.conflict {
                continue
            } catch is OtherTariffNoted {
                continue
            }
        }
        var summary = CorrectionSummary()
        summary.leftOpen = 1
        return summary
    }

    private func correctSingly(
        _ month: CorrectMonth, _ homes: [HouseholdID], under lease: Lease, at: Instant
    ) async throws -> CorrectionSummary {
        var summary = CorrectionSummary()
        for home in homes { summary.add(try await correct(month, [home], under: lease, at: at)) }
        return summary
    }

    private struct Files {
        let found: (tariff: Tariff, rules: RuleSet)?
        /// Which are not on the shelf as they were, and what can be done.
        var missing: [String] = []
    }

    /// The files a month was closed with; nil where the community's statements are not issued.
    private func files(of month: BillingMonth, _ community: CommunityID) async throws -> Files? {
        let (frozen, isIssued) = try await database.read { reader in
            (try reader.cityMonth(month), try reader.communityMonth(month, of: community)?.issuedAt != nil)
        }
        guard let frozen, isIssued else { return nil }
        let tariff = shelf.tariff(frozen.tariffID, in: month).flatMap { $0.digest == frozen.tariffHash ? $0 : nil }
        let rules = shelf.rules.first { $0.digest == frozen.ruleHash }
        guard let tariff, let rules else {
            return Files(
                found: nil,
                missing: (tariff == nil ? [missingTariff(of: frozen)] : [])
                    + (rules == nil ? [missingRules(of: frozen)] : []))
        }
        return Files(found: (tariff, rules))
    }

    private func warn(of missing: [String], _ month: BillingMonth, homes: Int) {
        guard !missing.isEmpty, before == nil else { return }
        logger.warning(
            "a closed month's tariff or rules are no longer on the shelf as they were",
            metadata: [
                "month": "\(month)", "homes": "\(homes)", "missing": "\(missing.joined(separator: "; "))",
            ])
    }

    private func missingTariff(of frozen: CityMonth) -> String {
        let name = "tariff \(frozen.tariffID) of digest \(frozen.tariffHash.prefix(12))"
        guard let other = shelf.tariff(frozen.tariffID, in: frozen.month) else {
            return "\(frozen.month) was closed with \(name), of which no file is there: put it back"
        }
        return "\(frozen.month) was closed with \(name); the file there is version \(other.version) of digest "
            + "\(other.digest.prefix(12)): put the former back, or say that this one is right by "
            + "jieshui tariff correct \(frozen.month) --reason …"
    }

    private func missingRules(of frozen: CityMonth) -> String {
        "\(frozen.month) was closed with rules of version \(frozen.ruleVersion) and digest "
            + "\(frozen.ruleHash.prefix(12)), of which no file is there: put it back"
    }
}

extension Reader {
    /// Whether a home's month stays as it is, whatever changed since: it lived there in it, and the readings of the
    /// month or of the one before were pruned.
    public func isBeyondCorrection(
        _ household: HouseholdID, of community: CommunityID, _ month: BillingMonth, _ calendar: CityCalendar
    ) throws -> Bool {
        guard let kept = try firstKeptMonth(of: community), month <= kept else { return false }
        return try self.household(household, in: community)?.time(within: calendar.interval(of: month)) != nil
    }
}
