public import Database
public import Storage
public import Water

/// Why nothing is pruned.
public enum PruneRefusal: Error, Sendable, Hashable {
    /// Readings are kept at least 36 months, so that a statement can be corrected that long.
    case keepsTooFew(months: Int)
    /// More months than readings can be old.
    case keepsTooMany(months: Int)
    /// The earliest month that communities have no statements of though homes lived there and there are readings: they
    /// would be measured without them. `keepsEnough`: the fewest months to keep that leave it all it rests on.
    case notIssued(month: BillingMonth, communities: Int, keepsEnough: Int)
    /// Readings of that many communities with homes would go before any month was closed.
    case neverClosed(communities: Int)
}

private func counted(_ communities: Int) -> String {
    communities == 1 ? "1 community" : "\(communities) communities"
}

extension PruneRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .keepsTooFew(let months):
            months < 1
                ? "readings are kept at least 1 month, not \(months)"
                : "readings are kept at least \(PruneReadings.fewestMonths) months, not \(months): say why with --allow-shorter"
        case .keepsTooMany(let months): "--keep-months must be at most \(PruneReadings.mostMonths), not \(months)"
        case .notIssued(let month, let communities, let months):
            "\(month) has no statements yet of \(counted(communities)), whose homes were lived in then: issue them by "
                + "jieshui close \(month), or keep what they rest on by --keep-months \(months)"
        case .neverClosed(let communities):
            "no month was closed yet, and \(counted(communities)) would lose readings: statements begin with the first "
                + "close, and what is older than its month can be removed after it"
        }
    }
}

/// What a run removed, or would remove.
public struct PruneSummary: Sendable, Hashable {
    /// The first month kept.
    public let first: BillingMonth
    public var count = PrunedCount()
    /// Communities that others kept writing to: nothing of theirs is removed, the next run does it.
    public var waitingCommunities: [CommunityID] = []
    /// Empty months that are parts of their own and that others were reading: the next run drops them.
    public var waitingPartitions = 0

    public var isAnyWaiting: Bool { !waitingCommunities.isEmpty || waitingPartitions > 0 }
}

/// Removes readings older than the policy keeps, with alarms, notes about households and delivered events of that time.
/// Statements and their digests stay; a correction that would need what is gone is refused by name. Refused itself while
/// a month up to the first one kept has statements to come, for a month rests on the one before it too. Statements begin
/// with the first month that the city closed: what is older is history, and goes.
///
/// A community is one transaction; killed anywhere it is pruned or not, and the next run goes on. What others keep busy
/// is left to the next run and told. Months that are a part
/// of their own on PostgreSQL are dropped whole once they are empty.
public struct PruneReadings: Sendable {
    private let database: Database
    private let calendar: CityCalendar

    /// Source: semantics.md, Fold and close.
    public static let fewestMonths = 36
    /// A hundred years.
    public static let mostMonths = 1_200

    public init(database: Database, calendar: CityCalendar) {
        self.database = database
        self.calendar = calendar
    }

    /// Prunes what is older than `keepMonths` whole months before the running one; with `isDryRun` only counts.
    public func callAsFunction(
        keepMonths: Int, allowsShorter: Bool = false, isDryRun: Bool = false, at: Instant
    ) async throws -> Result<PruneSummary, PruneRefusal> {
        guard keepMonths >= Self.fewestMonths || (allowsShorter && keepMonths >= 1) else {
            return .failure(.keepsTooFew(months: keepMonths))
        }
        guard keepMonths <= Self.mostMonths else { return .failure(.keepsTooMany(months: keepMonths)) }
        let month = calendar.month(of: at).advanced(by: -keepMonths)
        let running = calendar.month(of: at)
        if let refusal = try await database.read({ try outstanding(upTo: month, running: running, $0) }) {
            return .failure(refusal)
        }
        let start = calendar.interval(of: month).start
        var summary = PruneSummary(first: month)
        for community in try await database.read({ try $0.communitiesWithReadings() }) {
            if isDryRun {
                summary.count.add(try await database.read { try $0.prunable(of: community, before: month, start) })
                continue
            }
            do {
                summary.count.add(
                    try await database.write(repeatable: true) {
                        try $0.prune(community, before: month, start, at: at)
                    })
            } catch DatabaseFailure.conflict {
                summary.waitingCommunities.append(community)
            }
        }
        if !isDryRun {
            let parts = try await database.dropReadings(before: month)
            summary.count.partitions = parts.dropped
            summary.waitingPartitions = parts.waiting
        }
        return .success(summary)
    }

    /// Why readings of before `kept` are still needed; nil where every month up to it has its statements.
    private func outstanding(
        upTo kept: BillingMonth, running: BillingMonth, _ reader: Reader
    ) throws -> PruneRefusal? {
        let begun = try reader.firstMonthBegun()
        guard (begun ?? kept) <= kept else { return nil }
        let from = begun.map { calendar.interval(of: $0).start } ?? Instant(epochSeconds: 0)
        // One passage over the homes; a month is asked about only where a community with readings lacks it.
        let all = try reader.communitiesWithHomes((from, calendar.interval(of: kept).end))
        var firsts: [CommunityID: BillingMonth] = [:]
        for community in all { firsts[community.id] = try reader.firstReadingMonth(of: community.id) }
        guard let begun else {
            let count = firsts.values.count { $0 <= kept }
            return count == 0 ? nil : .neverClosed(communities: count)
        }
        for number in begun.number...kept.number {
            let month = BillingMonth(number: number)
            let issued = Set(try reader.communityMonths(month).filter { $0.issuedAt != nil }.map(\.community))
            let open = Set(firsts.filter { $0.value <= month && !issued.contains($0.key) }.keys)
            if open.isEmpty { continue }
            let count = try reader.communitiesWithHomes(calendar.interval(of: month)).count { open.contains($0.id) }
            if count > 0 {
                return .notIssued(
                    month: month, communities: count, keepsEnough: Int(running.number - month.number) + 1)
            }
        }
        return nil
    }
}
