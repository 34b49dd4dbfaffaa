public import Database
public import Water

/// Whom a session speaks for.
public enum SessionSubject: Sendable, Hashable {
    case resident(HouseholdID, community: CommunityID)
    case staff(StaffID)
}

/// A signed-in browser. Its token is kept only as a hash.
public struct Session: Sendable, Hashable {
    public let subject: SessionSubject
    /// Every form of the session carries it.
    public let csrfToken: String
    public let expiresAt: Instant
}

extension Session: CustomStringConvertible {
    /// No token, for logs.
    public var description: String { "session of \(subject)" }
}

extension Reader {
    /// The session of a token; nil where it is unknown, expired, or its household has moved out or its member of
    /// staff is disabled.
    public func session(tokenHash: String, at: Instant) throws -> Session? {
        try first(
            """
            SELECT s.staff_id, s.household_id, s.community_id, s.csrf_token, s.expires_at FROM session s
            LEFT JOIN household h ON h.community_id = s.community_id AND h.household_id = s.household_id
            LEFT JOIN staff f ON f.staff_id = s.staff_id
            WHERE s.token_hash = \(tokenHash) AND s.expires_at > \(at)
                AND (h.moved_out_at IS NULL OR h.moved_out_at > \(at)) AND f.disabled_at IS NULL
            """
        ) { row in
            let subject: SessionSubject =
                if let staff: StaffID = try row.idOrNil(0) {
                    .staff(staff)
                } else {
                    .resident(try row.id(1), community: try row.id(2))
                }
            return Session(subject: subject, csrfToken: try row.text(3), expiresAt: try row.instant(4))
        }
    }
}

extension Transaction {
    public func addSession(
        tokenHash: String, subject: SessionSubject, csrfToken: String, at: Instant, expiresAt: Instant
    ) throws {
        switch subject {
        case .resident(let household, let community):
            try execute(
                """
                INSERT INTO session
                    (token_hash, kind, community_id, household_id, csrf_token, created_at, expires_at)
                VALUES (\(tokenHash), 'resident', \(community), \(household), \(csrfToken), \(at), \(expiresAt))
                """)
        case .staff(let staff):
            try execute(
                """
                INSERT INTO session (token_hash, kind, staff_id, csrf_token, created_at, expires_at)
                VALUES (\(tokenHash), 'staff', \(staff), \(csrfToken), \(at), \(expiresAt))
                """)
        }
    }

    public func removeSession(tokenHash: String) throws {
        try execute("DELETE FROM session WHERE token_hash = \(tokenHash)")
    }

    /// Removes sessions expired at `at`, at most `limit`; returns how many.
    @discardableResult
    public func purgeSessions(at: Instant, limit: Int) throws -> Int {
        try execute(
            """
            DELETE FROM session WHERE token_hash IN
                (SELECT token_hash FROM session WHERE expires_at <= \(at) ORDER BY expires_at LIMIT \(limit))
            """)
    }

    /// Ends every session of a household and its unused code.
    public func endSignIns(of household: HouseholdID, in community: CommunityID) throws {
        try execute(
            """
            DELETE FROM session WHERE kind = 'resident' AND community_id = \(community)
                AND household_id = \(household)
            """)
        try execute(
            """
            DELETE FROM sign_in_code WHERE community_id = \(community) AND household_id = \(household)
            """)
    }
}
