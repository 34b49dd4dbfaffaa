public import Database
public import Water

/// A statement as it is kept: its canonical text and what finds it.
public struct StoredStatement: Sendable, Hashable {
    public let household: HouseholdID
    public let month: BillingMonth
    public let version: Int64
    /// Canonical JSON; the hash is over its UTF-8 bytes.
    public let body: String
    public let hash: String
    /// When it was issued; not part of the statement, and nil before it is stored.
    public let issuedAt: Instant?

    public init(
        household: HouseholdID, month: BillingMonth, version: Int64, body: String, hash: String,
        issuedAt: Instant? = nil
    ) {
        self.household = household
        self.month = month
        self.version = version
        self.body = body
        self.hash = hash
        self.issuedAt = issuedAt
    }
}

extension Reader {
    /// A home's newest statement of a month, or a given version of it.
    public func statement(
        of household: HouseholdID, in community: CommunityID, _ month: BillingMonth, version: Int64? = nil
    ) throws -> StoredStatement? {
        try first(
            """
            SELECT household_id, month, version, body, hash, issued_at FROM statement
            WHERE community_id = \(community) AND month = \(month) AND household_id = \(household)
                AND version >= \(version ?? 1) AND version <= \(version ?? Int64.max)
            ORDER BY version DESC LIMIT 1
            """, Reader.stored)
    }

    /// The newest statement of every home of a community's month.
    public func statements(of community: CommunityID, _ month: BillingMonth) throws -> [StoredStatement] {
        try all(
            """
            SELECT s.household_id, s.month, s.version, s.body, s.hash, s.issued_at FROM statement s
            WHERE s.community_id = \(community) AND s.month = \(month) AND s.version =
                (SELECT max(v.version) FROM statement v WHERE v.community_id = s.community_id
                    AND v.month = s.month AND v.household_id = s.household_id)
            ORDER BY s.household_id
            """, Reader.stored)
    }

    /// One page of a community's newest statements in household-number order, after a number.
    public func statements(
        of community: CommunityID, _ month: BillingMonth, after number: String, limit: Int
    ) throws -> [(number: String, statement: StoredStatement)] {
        try all(
            """
            SELECT s.household_id, s.month, s.version, s.body, s.hash, s.issued_at, h.number FROM statement s
            JOIN household h ON h.community_id = s.community_id AND h.household_id = s.household_id
            WHERE s.community_id = \(community) AND s.month = \(month) AND h.number > \(number) AND s.version =
                (SELECT max(v.version) FROM statement v WHERE v.community_id = s.community_id
                    AND v.month = s.month AND v.household_id = s.household_id)
            ORDER BY h.number LIMIT \(limit)
            """
        ) { (try $0.text(6), try Reader.stored($0)) }
    }

    /// The months and newest versions of a home's statements, latest first, at most `limit`.
    public func statementMonths(
        of household: HouseholdID, in community: CommunityID, limit: Int
    ) throws -> [(month: BillingMonth, version: Int64)] {
        try all(
            """
            SELECT month, max(version) FROM statement
            WHERE community_id = \(community) AND household_id = \(household)
            GROUP BY month ORDER BY month DESC LIMIT \(limit)
            """
        ) { (try $0.month(0), try $0.integer(1)) }
    }

    private static func stored(_ row: Row) throws -> StoredStatement {
        StoredStatement(
            household: try row.id(0), month: try row.month(1), version: try row.integer(2), body: try row.text(3),
            hash: try row.text(4), issuedAt: try row.instant(5))
    }
}

extension Transaction {
    /// Adds statements; one that is there already is an error, for it could only be another.
    public func add(_ statements: [StoredStatement], to community: CommunityID, at: Instant) throws {
        var rows = Rows(["community_id", "month", "household_id", "version", "body", "hash", "issued_at"])
        for statement in statements {
            rows.append(
                community, statement.month, statement.household, statement.version, statement.body, statement.hash,
                at)
        }
        try append(rows, to: "statement")
    }
}
