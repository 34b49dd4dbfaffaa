public import Database
public import Scoring
public import Water

/// A home whose month has figures that something changed since.
public struct HomeToCorrect: Sendable, Hashable {
    public let month: BillingMonth
    public let household: HouseholdID
    /// The household's number.
    public let number: String
    public let movedIn: Instant
    /// nil while it lives there.
    public let movedOut: Instant?
    public let since: Instant
}

extension Reader {
    /// The first month after `last` of which any home of a community is to be corrected, with those homes.
    public func nextToCorrect(
        of community: CommunityID, after last: BillingMonth?
    ) throws -> (month: BillingMonth, homes: [HouseholdID])? {
        let dirty = try dirtyHomes(of: community).filter { last == nil || $0.month > last ?? $0.month }
        guard let month = dirty.first?.month else { return nil }
        return (month, dirty.filter { $0.month == month }.map(\.household))
    }

    /// What changed for a home since its month was measured, at most `limit` changes.
    public func changes(
        of household: HouseholdID, in community: CommunityID, _ month: BillingMonth, limit: Int
    ) throws -> [HomeChange] {
        try all(
            """
            SELECT c.cause, coalesce(m.serial, ''), c.read_at, c.register_ml
            FROM home_change c LEFT JOIN meter m ON m.meter_id = c.meter_id
            WHERE c.community_id = \(community) AND c.month = \(month) AND c.household_id = \(household)
            ORDER BY c.cause, c.meter_id, c.read_at, c.register_ml LIMIT \(limit)
            """
        ) { row in
            guard let cause = HomeChange.Cause(rawValue: try row.text(0)) else {
                throw DamagedBytes.notAValue("cause of a change")
            }
            return HomeChange(
                cause: cause, serial: try row.text(1), at: try row.instant(2),
                register: Volume(millilitres: try row.integer(3)))
        }
    }

    /// The homes of a community to be corrected, those marked first at the beginning, at most `limit`.
    public func homesToCorrect(of community: CommunityID, limit: Int) throws -> [HomeToCorrect] {
        try all(
            """
            SELECT d.month, d.household_id, h.number, h.moved_in_at, h.moved_out_at, d.since FROM home_dirty d
            JOIN household h ON h.community_id = d.community_id AND h.household_id = d.household_id
            WHERE d.community_id = \(community) ORDER BY d.since, d.month, d.household_id LIMIT \(limit)
            """
        ) {
            HomeToCorrect(
                month: try $0.month(0), household: try $0.id(1), number: try $0.text(2), movedIn: try $0.instant(3),
                movedOut: try $0.instantOrNil(4), since: try $0.instant(5))
        }
    }

    /// How many homes of a community are to be corrected of each month. Where a home did not live there in the month,
    /// whose `span` is given, and has no statement of it, nothing is there to correct, though it may be marked.
    public func countsToCorrect(
        of community: CommunityID, span: (BillingMonth) -> (start: Instant, end: Instant)
    ) throws -> [BillingMonth: Int] {
        let months = try all("SELECT DISTINCT month FROM home_dirty WHERE community_id = \(community) ORDER BY month") {
            try $0.month(0)
        }
        var counts: [BillingMonth: Int] = [:]
        for month in months {
            let (start, end) = span(month)
            counts[month] = try first(
                """
                SELECT count(*) FROM home_dirty d
                JOIN household h ON h.community_id = d.community_id AND h.household_id = d.household_id
                WHERE d.community_id = \(community) AND d.month = \(month) AND (
                    h.moved_in_at < \(end) AND (h.moved_out_at IS NULL OR h.moved_out_at > \(start))
                    OR EXISTS (
                        SELECT 1 FROM statement s
                        WHERE s.community_id = d.community_id AND s.month = d.month
                            AND s.household_id = d.household_id))
                """
            ) { Int(try $0.integer(0)) }
        }
        return counts
    }

    /// The communities with a home to correct, by number.
    public func communitiesToCorrect() throws -> [CommunityID] {
        try all("SELECT DISTINCT community_id FROM home_dirty ORDER BY community_id") { try $0.id(0) }
    }
}

extension Transaction {
    /// Marks a home whose month has figures, with why. A repeat changes nothing.
    ///
    /// `meter`, `read` and `register` say which reading; of a change that is none of a reading's they are nil.
    public func markDirty(
        _ household: HouseholdID, of community: CommunityID, _ month: BillingMonth, cause: HomeChange.Cause,
        meter: MeterID? = nil, read: Instant? = nil, register: Volume? = nil, at: Instant
    ) throws {
        try markDirty(household, of: community, month, at: at)
        try execute(
            """
            INSERT INTO home_change
                (community_id, month, household_id, cause, meter_id, read_at, register_ml, noted_at)
            VALUES (\(community), \(month), \(household), \(cause.rawValue), \(meter ?? MeterID(0)),
                \(read ?? Instant(epochSeconds: 0)), \(register ?? .zero), \(at))
            ON CONFLICT DO NOTHING
            """)
    }

    /// Takes back the mark of a home that was corrected, or that turned out to be right.
    public func clearDirty(_ household: HouseholdID, of community: CommunityID, _ month: BillingMonth) throws {
        try execute(
            """
            DELETE FROM home_dirty
            WHERE community_id = \(community) AND month = \(month) AND household_id = \(household)
            """)
        try execute(
            """
            DELETE FROM home_change
            WHERE community_id = \(community) AND month = \(month) AND household_id = \(household)
            """)
    }
}
