public import Database
import Metering
import Storage
public import Tariffs
public import Water

/// Finds what runs without a pause in the month under way, so that it is chased while it runs and not after the close.
///
/// Measures a community as a close does, from what is folded, and keeps the stretches of continuous flow alone. The
/// month's close puts its own in their place. What it looked at is known to this process only: one that starts looks
/// at every community once.
public actor WatchLeaks {
    private let database: Database
    private let calendar: CityCalendar
    private let shelf: TariffShelf
    private let settings: CloseMonth.Settings
    private var looks: [CommunityID: Look] = [:]
    private var listed: (month: BillingMonth, at: Instant, communities: [CommunityWithHomes])?

    private struct Look {
        let month: BillingMonth
        let at: Instant
        /// What was folded by then; nil where the look failed.
        let version: Int64?

        /// When it is due again.
        var seconds: Int64 { version == nil ? WatchLeaks.secondsAfterFailure : WatchLeaks.secondsBetween }
    }

    /// A community is looked at again after this, where something was folded since.
    public static let secondsBetween: Int64 = 6 * 3_600
    /// A look that failed is taken again after this, whether or not anything was folded since.
    private static let secondsAfterFailure: Int64 = 600
    /// Which communities there are is read again after this: it counts every home of the city.
    private static let secondsBetweenLists: Int64 = 3_600

    public init(database: Database, calendar: CityCalendar, shelf: TariffShelf, settings: CloseMonth.Settings) {
        self.database = database
        self.calendar = calendar
        self.shelf = shelf
        self.settings = settings
    }

    /// Looks at communities that are due until they come to so many homes; returns how many communities it measured.
    public func callAsFunction(homes limit: Int = 3_000, at: Instant) async throws -> Int {
        let month = calendar.month(of: at)
        guard let rules = shelf.rules(settings.rulesID, in: month) else { return 0 }
        var (measured, homes) = (0, 0)
        for community in try await communities(in: month, at: at) where homes < limit {
            let last = looks[community.id].flatMap { $0.month == month ? $0 : nil }
            if let last, at >= last.at, at - last.at < last.seconds { continue }
            let version = try await database.read { try $0.foldVersion(of: community.id) }
            let isKnown = last?.version == version
            looks[community.id] = Look(month: month, at: at, version: isKnown ? version : nil)
            if isKnown { continue }
            // Where this throws the look is noted as failed.
            try await look(at: community.id, month, MeteringRules(rules))
            looks[community.id] = Look(month: month, at: at, version: version)
            measured += 1
            homes += community.homes
        }
        return measured
    }

    private func communities(in month: BillingMonth, at: Instant) async throws -> [CommunityWithHomes] {
        if let listed, listed.month == month, at >= listed.at, at - listed.at < Self.secondsBetweenLists {
            return listed.communities
        }
        let span = calendar.interval(of: month)
        let communities = try await database.read { try $0.communitiesWithHomes(span) }
        let known = Set(communities.map(\.id))
        looks = looks.filter { known.contains($0.key) }
        listed = (month, at, communities)
        return communities
    }

    private func look(at community: CommunityID, _ month: BillingMonth, _ rules: MeteringRules) async throws {
        let calendar = calendar
        let (known, found) = try await database.read { reader in
            let load = LoadReadings(
                community: community, month: month, span: MonthSpan(month, calendar: calendar), calendar: calendar,
                rules: rules, reader: reader)
            let homes = try load.figures().filter { !$0.continuousFlows.isEmpty }
            return (try reader.leaks(of: community, month), Leaks(of: homes))
        }
        guard known != found else { return }
        try await database.write(repeatable: true) { transaction in
            // The close knows better.
            guard try transaction.reader.communityMonth(month, of: community)?.isMeasured != true else { return }
            try transaction.setLeaks(found, of: community, month)
        }
    }
}
