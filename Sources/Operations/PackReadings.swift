public import Database
public import Storage
public import Water

/// Packs the day sets of closed months: a month's readings of a meter in one body, a fraction of the bytes. Nothing that
/// is read changes by it; what comes late is folded as ever, and packed at the next run.
///
/// A community's month is one transaction; killed anywhere it is done or not done. SQLite uses the freed pages again; the
/// file does not shrink.
public struct PackReadings: Sendable {
    private let database: Database

    /// Months packed in a run of `limit` at most.
    public static let monthsOfRun = 1_000

    public init(database: Database) { self.database = database }

    /// What was packed, by community and month.
    public struct Packed: Sendable {
        public let community: CommunityID
        public let month: BillingMonth
        public let count: PackedCount
    }

    /// Packs months whose statements were issued `afterDays` days ago or more; of `month` alone where given.
    public func callAsFunction(
        afterDays: Int, month: BillingMonth? = nil, limit: Int = PackReadings.monthsOfRun, at: Instant,
        progress: (Packed) -> Void = { _ in }
    ) async throws -> PackedCount {
        let issued = at - Int64(afterDays) * 86_400
        let todo = try await database.read {
            try $0.monthsToPack(issuedBefore: issued, month: month, limit: limit)
        }
        var total = PackedCount()
        for (community, month) in todo {
            // What others keep changing is packed at the next run.
            guard let count = try await pack(community, month, at: at) else { continue }
            total.add(count)
            progress(Packed(community: community, month: month, count: count))
        }
        return total
    }

    /// How often a month whose sets others change meanwhile is begun again.
    private static let attempts = 3

    private func pack(_ community: CommunityID, _ month: BillingMonth, at: Instant) async throws -> PackedCount? {
        for _ in 0..<Self.attempts {
            do {
                return try await database.write(repeatable: true) { try $0.pack(community, month, at: at) }
            } catch DatabaseFailure.conflict {
                continue
            }
        }
        return nil
    }
}
