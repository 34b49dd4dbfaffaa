public import Database
public import Water

/// A household's one-time code as staff see it; the code itself is kept as a hash alone.
public struct SignInCode: Sendable, Hashable {
    public let madeAt: Instant
    /// When it stops working: its last day, or the try that spent the last one.
    public let endsAt: Instant
    public let usedAt: Instant?
    /// Wrong codes were tried until none was left.
    public let isOutOfTries: Bool
}

extension Reader {
    /// The code made last for a household; nil without one.
    public func signInCode(of household: HouseholdID, in community: CommunityID) throws -> SignInCode? {
        try first(
            """
            SELECT made_at, expires_at, used_at, tries_left FROM sign_in_code
            WHERE community_id = \(community) AND household_id = \(household)
            """
        ) { row in
            let usedAt = try row.instantOrNil(2)
            return SignInCode(
                madeAt: try row.instant(0), endsAt: try row.instant(1), usedAt: usedAt,
                isOutOfTries: try row.integer(3) < 1 && usedAt == nil)
        }
    }
}

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
    /// where it is another, used, expired, or out of tries. The last try ends the code, whenever it would have expired.
    public func useSignInCode(
        hash: String, of household: HouseholdID, in community: CommunityID, at: Instant
    ) throws -> Bool {
        let tried = try execute(
            """
            UPDATE sign_in_code SET tries_left = tries_left - 1,
                expires_at = CASE WHEN tries_left = 1 THEN CAST(\(at) AS BIGINT) ELSE expires_at END
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
