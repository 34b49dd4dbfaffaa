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
    /// Homes of months that were closed with a tariff or rules no longer on the shelf: they stay marked.
    public var withoutFiles = 0
    /// Homes of months whose readings, or those of the month before, were pruned: they stay as they are, and marked.
    public var withoutReadings = 0
    /// Communities that other processes are at, or that kept changing: correct again.
    public var leftOpen = 0

    public init() {}

    mutating func add(_ other: CorrectionSummary) {
        statements += other.statements
        unchanged += other.unchanged
        transfers += other.transfers
        withoutFiles += other.withoutFiles
        withoutReadings += other.withoutReadings
        leftOpen += other.leftOpen
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

    /// Homes corrected in one transaction.
    private static let batch = 200
    private static let attempts = 5

    public init(
        database: Database, calendar: CityCalendar, shelf: TariffShelf, logger: Logger, worker: Worker = .alone
    ) {
        self.database = database
        self.calendar = calendar
        self.shelf = shelf
        self.logger = logger
        self.worker = worker
    }

    /// Corrects every marked home of `only` or of all communities, oldest month first. What is not folded yet waits for
    /// the next run.
    public func callAsFunction(only: CommunityID? = nil, at: Instant) async throws -> CorrectionSummary {
        var summary = CorrectionSummary()
        let communities = try await database.read { try $0.communitiesToCorrect() }
        for community in communities where only == nil || only == community {
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
        }) {
            last = month
            guard let files = try await files(of: month, community) else {
                // Not issued yet: the statement to come will be of the figures as they are then measured.
                continue
            }
            guard let (tariff, rules) = files.found else {
                summary.withoutFiles += homes.count
                logger.warning(
                    "a closed month's tariff or rules are no longer on the shelf",
                    metadata: ["month": "\(month)", "homes": "\(homes.count)", "missing": "\(files.missing)"])
                continue
            }
            var homes = homes
            if let kept = try await database.read({ try $0.firstKeptMonth(of: community) }), month <= kept {
                let marked = homes.count
                homes = try await withdrawable(homes, month, community)
                let left = marked - homes.count
                summary.withoutReadings += left
                if left > 0 {
                    logger.warning(
                        "a correction needs readings that were pruned",
                        metadata: ["month": "\(month)", "kept_from": "\(kept)", "homes": "\(left)"])
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

    /// Of homes of a month whose readings were pruned those that did not live there in it: what was said of them is
    /// withdrawn without any.
    private func withdrawable(
        _ homes: [HouseholdID], _ month: BillingMonth, _ community: CommunityID
    ) async throws -> [HouseholdID] {
        let span = calendar.interval(of: month)
        return try await database.read { reader in
            try homes.filter { try reader.household($0, in: community)?.time(within: span) == nil }
        }
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
                var summary = CorrectionSummary()
                summary.withoutReadings = 1
                return summary
            }
            do {
                let isWritten = try await database.write(repeatable: true) { transaction in
                    try transaction.requireLease(lease)
                    return try month.write(work, at: at, transaction)
                }
                if isWritten { return work.summary }
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
        /// Which are not on the shelf as they were.
        var missing = ""
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
            let missing =
                (tariff == nil ? ["tariff \(frozen.tariffID)"] : [])
                + (rules == nil ? ["rules \(frozen.ruleVersion)"] : [])
            return Files(found: nil, missing: missing.joined(separator: ", "))
        }
        return Files(found: (tariff, rules))
    }
}
