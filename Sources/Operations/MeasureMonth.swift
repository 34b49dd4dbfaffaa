public import Database
public import Metering
import Scoring
public import Storage
public import Water

/// The first pass of a close: judges a community's readings and freezes each home's figures.
///
/// Computes on a snapshot outside any write transaction, then writes in a short one that commits only if no fold
/// changed the community meanwhile: it writes the row that every fold of the community writes.
public struct MeasureMonth: Sendable {
    private let database: Database
    private let calendar: CityCalendar
    private let rules: MeteringRules

    /// How often a community that folding keeps changing is measured again before it is left for later.
    private static let attempts = 5

    public init(database: Database, calendar: CityCalendar, rules: MeteringRules) {
        self.database = database
        self.calendar = calendar
        self.rules = rules
    }

    /// What measuring a community came to.
    public enum Outcome: Sendable, Hashable {
        /// Its figures are frozen now.
        case measured(homes: Int)
        /// They were before: nothing is changed.
        case measuredBefore
        /// Its readings of the month, or those of the month before, were pruned; it has readings from `kept` on.
        case pruned(kept: BillingMonth)
        /// Folding outran every attempt.
        case keepsChanging
    }

    private enum Found {
        case measuredBefore
        case pruned(kept: BillingMonth)
        case figures([HomeMonth], version: Int64)
    }

    /// Measures one community. With a lease it is released in the transaction that freezes the figures; throws
    /// `LeaseLost` where it was taken over.
    public func callAsFunction(
        _ community: CommunityID, _ month: BillingMonth, under lease: Lease? = nil, at: Instant
    ) async throws -> Outcome {
        for _ in 0..<Self.attempts {
            let homes: [HomeMonth]
            let version: Int64
            switch try await database.read({ try find(community, month, $0) }) {
            case .measuredBefore: return .measuredBefore
            case .pruned(let kept): return .pruned(kept: kept)
            case .figures(let measured, let measuredVersion):
                homes = measured
                version = measuredVersion
            }
            do {
                let isWritten = try await database.write(repeatable: true) { transaction in
                    try freeze(homes, of: community, month, version: version, under: lease, at: at, transaction)
                }
                if isWritten { return .measured(homes: homes.count) }
            } catch DatabaseFailure.conflict {
                continue
            }
        }
        return .keepsChanging
    }

    private func find(_ community: CommunityID, _ month: BillingMonth, _ reader: Reader) throws -> Found {
        if try reader.communityMonth(month, of: community)?.isMeasured == true { return .measuredBefore }
        // Homes that were read would be measured as if they had not been.
        if let kept = try reader.firstKeptMonth(of: community), month <= kept { return .pruned(kept: kept) }
        let version = try reader.foldVersion(of: community)
        return .figures(try figures(of: community, month, reader), version: version)
    }

    /// Writes the figures, unless a fold changed what they rest on; true where they are written, also by an attempt
    /// whose end was never heard.
    func freeze(
        _ homes: [HomeMonth], of community: CommunityID, _ month: BillingMonth, version: Int64, under lease: Lease?,
        at: Instant, _ transaction: Transaction
    ) throws -> Bool {
        if let lease { try transaction.requireLease(lease) }
        if try transaction.reader.communityMonth(month, of: community)?.isMeasured == true { return true }
        guard try transaction.reader.foldVersion(of: community) == version else { return false }
        try transaction.holdFold(of: community, at: at)
        try transaction.freeze(homes, of: community, month, foldVersion: version, at: at)
        try transaction.noteDoubts(of: homes, in: community, month, calendar, at: at)
        if let lease { try transaction.release(lease) }
        return true
    }

    /// The figures of every home of a community, from what the snapshot holds.
    func figures(of community: CommunityID, _ month: BillingMonth, _ reader: Reader) throws -> [HomeMonth] {
        try Figures(calendar: calendar, rules: rules)(of: community, month, only: nil, reader)
    }

    /// Homes' figures of a month from the sets, the registry and, where nothing was read, from the months before.
    struct Figures {
        let calendar: CityCalendar
        let rules: MeteringRules
        /// As `LoadReadings.digestForms`.
        var digestForms: [HouseholdID: ReadingsDigestForm] = [:]

        /// Of `only`, or of every home of the community.
        func callAsFunction(
            of community: CommunityID, _ month: BillingMonth, only: Set<HouseholdID>?, _ reader: Reader
        ) throws -> [HomeMonth] {
            var load = LoadReadings(
                community: community, month: month, span: MonthSpan(month, calendar: calendar), calendar: calendar,
                rules: rules, reader: reader)
            load.refusesPruned = only != nil
            load.digestForms = digestForms
            let homes = if let only { try load.figures(of: only) } else { try load.figures() }
            // A month without any register takes the mean of the latest three that count.
            let unread = Set(homes.filter(\.lacksRegister).map(\.household))
            if unread.isEmpty { return homes }
            let earlier = try LoadMonthBases(community: community, reader: reader)(of: unread, before: month)
            return homes.map { home in bylawEstimate(for: home, from: earlier[home.household] ?? []) ?? home }
        }
    }
}
