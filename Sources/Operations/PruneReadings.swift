public import Database
public import Storage
public import Water

/// Why nothing is pruned.
public enum PruneRefusal: Error, Sendable, Hashable {
    /// Readings are kept at least 36 months, so that a statement can be corrected that long.
    case keepsTooFew(months: Int)
    /// More months than readings can be old.
    case keepsTooMany(months: Int)
}

extension PruneRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .keepsTooFew(let months):
            months < 1
                ? "readings are kept at least 1 month, not \(months)"
                : "readings are kept at least \(PruneReadings.fewestMonths) months, not \(months): say why with --allow-shorter"
        case .keepsTooMany(let months): "--keep-months must be at most \(PruneReadings.mostMonths), not \(months)"
        }
    }
}

/// Removes readings older than the policy keeps, with alarms, notes about households and delivered events of that time.
/// Statements and their digests stay; a correction that would need what is gone is refused by name.
///
/// A community is one transaction; killed anywhere it is pruned or not, and the next run goes on. Months that are a part
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
    ) async throws -> Result<(first: BillingMonth, count: PrunedCount), PruneRefusal> {
        guard keepMonths >= Self.fewestMonths || (allowsShorter && keepMonths >= 1) else {
            return .failure(.keepsTooFew(months: keepMonths))
        }
        guard keepMonths <= Self.mostMonths else { return .failure(.keepsTooMany(months: keepMonths)) }
        let month = calendar.month(of: at).advanced(by: -keepMonths)
        let start = calendar.interval(of: month).start
        var total = PrunedCount()
        for community in try await database.read({ try $0.communitiesWithReadings() }) {
            if isDryRun {
                total.add(try await database.read { try $0.prunable(of: community, before: month, start) })
            } else {
                total.add(
                    try await database.write(repeatable: true) {
                        try $0.prune(community, before: month, start, at: at)
                    })
            }
        }
        if !isDryRun { total.partitions = try await database.dropReadings(before: month) }
        return .success((month, total))
    }
}
