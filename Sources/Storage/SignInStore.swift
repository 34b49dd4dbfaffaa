public import Database
public import Water

extension Transaction {
    /// A household's code, in the place of the one before.
    public func setSignInCode(
        hash: String, of household: HouseholdID, in community: CommunityID, tries: Int, at: Instant,
        expiresAt: Instant
    ) throws {
        try execute(
            """
            INSERT INTO sign_in_code (community_id, household_id, code_hash, made_at, expires_at, tries_left)
            VALUES (\(community), \(household), \(hash), \(at), \(expiresAt), \(tries))
            ON CONFLICT (community_id, household_id) DO UPDATE
            SET code_hash = excluded.code_hash, made_at = excluded.made_at, expires_at = excluded.expires_at,
                tries_left = excluded.tries_left, used_at = NULL
            """)
    }

    /// Spends one try of a household's code; true where `hash` is the code's, which is used up with that. False
    /// where it is another, used, expired, or out of tries.
    public func useSignInCode(
        hash: String, of household: HouseholdID, in community: CommunityID, at: Instant
    ) throws -> Bool {
        let tried = try execute(
            """
            UPDATE sign_in_code SET tries_left = tries_left - 1
            WHERE community_id = \(community) AND household_id = \(household) AND used_at IS NULL
                AND expires_at > \(at) AND tries_left > 0
            """)
        guard tried == 1 else { return false }
        return try execute(
            """
            UPDATE sign_in_code SET used_at = \(at)
            WHERE community_id = \(community) AND household_id = \(household) AND code_hash = \(hash)
            """) == 1
    }
}
