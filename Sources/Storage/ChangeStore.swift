public import Database
public import Scoring
public import Water

extension Reader {
    /// The homes of a community that are to be corrected, by month, with what changed for each, at most `limit` changes
    /// a home.
    public func homesToCorrect(
        of community: CommunityID, limit: Int
    ) throws -> [BillingMonth: [HouseholdID: [HomeChange]]] {
        var found: [BillingMonth: [HouseholdID: [HomeChange]]] = [:]
        for (month, household) in try dirtyHomes(of: community) { found[month, default: [:]][household] = [] }
        try each(
            """
            SELECT c.month, c.household_id, c.cause, coalesce(m.serial, ''), c.read_at, c.register_ml
            FROM home_change c LEFT JOIN meter m ON m.meter_id = c.meter_id
            WHERE c.community_id = \(community)
            ORDER BY c.month, c.household_id, c.cause, c.meter_id, c.read_at, c.register_ml
            """
        ) { row in
            let (month, household): (BillingMonth, HouseholdID) = (try row.month(0), try row.id(1))
            guard let known = found[month]?[household], known.count < limit else { return }
            guard let cause = HomeChange.Cause(rawValue: try row.text(2)) else {
                throw DamagedBytes.notAValue("cause of a change")
            }
            found[month]?[household]?.append(
                HomeChange(
                    cause: cause, serial: try row.text(3), at: try row.instant(4),
                    register: Volume(millilitres: try row.integer(5))))
        }
        return found
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
