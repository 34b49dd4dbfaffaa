public import Database
public import Water

/// A home whose water ran without a pause, as its newest statement of a month says.
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

extension Reader {
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
