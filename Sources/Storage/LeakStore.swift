public import Database
public import Water

/// A home whose water ran without a pause, as its newest statement of a month says, or of a month under way as it was
/// last looked at.
public struct SuspectedLeak: Sendable, Hashable {
    public let community: CommunityID
    public let household: String
    public let area: AreaID
    public let month: BillingMonth
    public let flow: ContinuousFlow
}

/// A meter that hangs in a home and has sent nothing for days.
public struct SilentMeter: Sendable, Hashable {
    public let serial: String
    public let meter: MeterID
    public let household: String
    public let area: AreaID
}

/// What ran in the homes of a community in a month: the first and the last instant and the litres an hour of each.
public struct Leaks: Sendable, Hashable {
    struct Stretch: Sendable, Hashable {
        let household: HouseholdID
        let from: Instant
        let to: Instant
        let litresPerHour: Int64
    }

    let stretches: Set<Stretch>

    public init(of homes: [HomeMonth]) {
        stretches = Set(
            homes.flatMap { home in
                home.continuousFlows.map {
                    Stretch(household: home.household, from: $0.from, to: $0.to, litresPerHour: $0.litresPerHour)
                }
            })
    }

    init(_ stretches: [Stretch]) { self.stretches = Set(stretches) }
}

extension Reader {
    /// What is noted of a community's month.
    public func leaks(of community: CommunityID, _ month: BillingMonth) throws -> Leaks {
        Leaks(
            try all(
                """
                SELECT household_id, from_at, to_at, litres_per_hour FROM suspected_leak
                WHERE community_id = \(community) AND month = \(month)
                """
            ) { row in
                Leaks.Stretch(
                    household: try row.id(0), from: try row.instant(1), to: try row.instant(2),
                    litresPerHour: try row.integer(3))
            })
    }

    /// What ran in a community's month, the most water first, at most `limit`.
    public func suspectedLeaks(of community: CommunityID, _ month: BillingMonth, limit: Int) throws -> [SuspectedLeak] {
        try all(
            """
            SELECT l.from_at, l.to_at, l.litres_per_hour, h.number, h.area_id FROM suspected_leak l
            JOIN household h ON h.community_id = l.community_id AND h.household_id = l.household_id
            WHERE l.community_id = \(community) AND l.month = \(month)
            ORDER BY (l.to_at - l.from_at) * l.litres_per_hour DESC, h.number, l.from_at LIMIT \(limit)
            """
        ) { row in
            SuspectedLeak(
                community: community, household: try row.text(3), area: try row.id(4), month: month,
                flow: ContinuousFlow(
                    from: try row.instant(0), to: try row.instant(1), litresPerHour: try row.integer(2)))
        }
    }

    /// The meters of a community's homes that have no folded reading of the eight days up to `today` and hung there all
    /// that time, by serial, at most `limit`.
    public func silentMeters(
        of community: CommunityID, at: Instant, today: LocalDay, limit: Int
    ) throws -> [SilentMeter] {
        let days = (0..<8).map { today.advanced(by: -$0) }
        // Day by day: a range over days would pass every meter of the community for each.
        return try all(
            """
            SELECT coalesce(m.serial, ''), i.meter_id, h.number, h.area_id FROM meter_installation i
            JOIN household_usage_point u
                ON u.community_id = i.community_id AND u.usage_point_id = i.usage_point_id
            JOIN household h ON h.community_id = u.community_id AND h.household_id = u.household_id
            JOIN meter m ON m.meter_id = i.meter_id
            WHERE i.community_id = \(community) AND i.installed_at <= \(at - 7 * 86_400)
                AND (i.removed_at IS NULL OR i.removed_at > \(at))
                AND h.moved_in_at <= \(at) AND (h.moved_out_at IS NULL OR h.moved_out_at > \(at))
                AND NOT EXISTS (
                    SELECT 1 FROM reading_day d WHERE d.community_id = i.community_id AND d.meter_id = i.meter_id
                        AND d.day IN (\(days[0]), \(days[1]), \(days[2]), \(days[3]), \(days[4]), \(days[5]),
                            \(days[6]), \(days[7])))
            ORDER BY 1, h.number LIMIT \(limit)
            """
        ) { row in
            SilentMeter(
                serial: try row.text(0), meter: try row.id(1), household: try row.text(2), area: try row.id(3))
        }
    }
}

extension Transaction {
    /// Puts what ran in a community's month in the place of all that was noted of it.
    public func setLeaks(_ leaks: Leaks, of community: CommunityID, _ month: BillingMonth) throws {
        try removeLeaks(of: community, month)
        var rows = Rows.leaks
        let ordered = leaks.stretches.sorted {
            ($0.household, $0.from, $0.to, $0.litresPerHour) < ($1.household, $1.from, $1.to, $1.litresPerHour)
        }
        for one in ordered { rows.append(community, month, one.household, one.from, one.to, one.litresPerHour) }
        try append(rows, to: "suspected_leak")
    }

    /// What was noted while the month was under way.
    func removeLeaks(of community: CommunityID, _ month: BillingMonth) throws {
        try execute("DELETE FROM suspected_leak WHERE community_id = \(community) AND month = \(month)")
    }

    /// Puts what ran in a home's month in the place of what was said of it before.
    public func setLeaks(
        _ flows: [ContinuousFlow], of household: HouseholdID, in community: CommunityID, _ month: BillingMonth
    ) throws {
        try execute(
            """
            DELETE FROM suspected_leak
            WHERE community_id = \(community) AND month = \(month) AND household_id = \(household)
            """)
        var rows = Rows.leaks
        rows.append(flows, of: household, in: community, month)
        try upsert(rows, into: "suspected_leak", key: Rows.leakColumns)
    }
}

extension Rows {
    static let leakColumns = ["community_id", "month", "household_id", "from_at", "to_at", "litres_per_hour"]
    static var leaks: Rows { Rows(leakColumns) }

    mutating func append(
        _ flows: [ContinuousFlow], of household: HouseholdID, in community: CommunityID, _ month: BillingMonth
    ) {
        for flow in flows { append(community, month, household, flow.from, flow.to, flow.litresPerHour) }
    }
}
