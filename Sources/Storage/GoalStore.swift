public import Database
public import Water

extension Reader {
    /// What a household means to use in a month at most, litres; nil where it has said nothing.
    public func goalLitres(of household: HouseholdID, in community: CommunityID) throws -> Int64? {
        try first(
            """
            SELECT litres FROM household_goal WHERE community_id = \(community) AND household_id = \(household)
            """
        ) { try $0.integer(0) }
    }
}

extension Transaction {
    /// Sets or, with nil, ends a household's own goal.
    public func setGoal(_ litres: Int64?, of household: HouseholdID, in community: CommunityID, at: Instant) throws {
        guard let litres else {
            try execute(
                "DELETE FROM household_goal WHERE community_id = \(community) AND household_id = \(household)")
            return
        }
        try execute(
            """
            INSERT INTO household_goal (community_id, household_id, litres, set_at)
            VALUES (\(community), \(household), \(litres), \(at))
            ON CONFLICT (community_id, household_id) DO UPDATE SET litres = excluded.litres, set_at = excluded.set_at
            """)
    }
}
