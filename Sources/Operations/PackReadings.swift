public import Database
public import Storage
public import Water

/// Packs the day sets of closed months: a month's readings of a meter in one body, a fraction of the bytes. Nothing that
/// is read changes by it; what comes late is folded as ever, and packed at the next run.
///
/// Some hundred meters are one transaction, so that answers do not wait long for it; killed anywhere a part is done or
/// not done, and the next run goes on. SQLite uses the freed pages again; the file does not shrink.
public struct PackReadings: Sendable {
    private let database: Database
    private let metersAtOnce: Int

    /// Months packed in a run of `limit` at most.
    public static let monthsOfRun = 1_000
    /// Days after which a month can be packed: up to a hundred years.
    public static let waitDays = 0...36_500

    /// `metersAtOnce`: meters of a transaction, 1 or more.
    public init(database: Database, metersAtOnce: Int = 200) {
        self.database = database
        self.metersAtOnce = max(1, metersAtOnce)
    }

    /// What was packed, by community and month.
    public struct Packed: Sendable {
        public let community: CommunityID
        public let month: BillingMonth
        public let count: PackedCount
    }

    /// Packs months whose statements were issued `afterDays` days (of `waitDays`) ago or more; of `month` alone where given.
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

    /// How often a part whose sets others change meanwhile is begun again.
    private static let attempts = 3

    /// nil where others keep changing it from the beginning; else what is packed by then, which stays packed.
    private func pack(_ community: CommunityID, _ month: BillingMonth, at: Instant) async throws -> PackedCount? {
        let meters = try await database.read { try $0.metersToPack(of: community, month) }
        var total = PackedCount()
        for start in stride(from: 0, to: meters.count, by: metersAtOnce) {
            let part = meters[start]...meters[min(start + metersAtOnce, meters.count) - 1]
            guard let count = try await pack(community, month, part, at: at) else {
                return total.meters > 0 ? total : nil
            }
            total.add(count)
        }
        return total
    }

    private func pack(
        _ community: CommunityID, _ month: BillingMonth, _ meters: ClosedRange<MeterID>, at: Instant
    ) async throws -> PackedCount? {
        for _ in 0..<Self.attempts {
            do {
                return try await database.write(repeatable: true) {
                    try $0.pack(community, month, meters: meters, at: at)
                }
            } catch DatabaseFailure.conflict {
                continue
            }
        }
        return nil
    }
}
