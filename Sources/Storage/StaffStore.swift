public import Database
public import Water

/// What staff may do.
public enum StaffRole: String, Sendable, Hashable, CaseIterable {
    /// As a clerk; of the whole city also closes months.
    case administrator
    /// The desk and what is chased there, within the area: redemptions, codes, persons, readings, exchanges, follow-up.
    case clerk
}

/// A member of staff, without the password.
public struct StaffMember: Sendable, Hashable {
    public let id: StaffID
    public let name: String
    /// Sees and changes what lies in this area.
    public let area: AreaID
    public let role: StaffRole
    public let lockedUntil: Instant?
    public let disabledAt: Instant?
}

extension StaffMember: CustomStringConvertible {
    /// The row's number alone, for logs.
    public var description: String { "staff \(id)" }
}

extension Reader {
    /// All staff, by name.
    public func staff() throws -> [StaffMember] {
        try all(
            "SELECT staff_id, name, area_id, role, locked_until, disabled_at FROM staff ORDER BY name",
            Reader.staffMember)
    }

    public func staff(name: String) throws -> StaffMember? {
        try first(
            "SELECT staff_id, name, area_id, role, locked_until, disabled_at FROM staff WHERE name = \(name)",
            Reader.staffMember)
    }

    public func staff(_ id: StaffID) throws -> StaffMember? {
        try first(
            "SELECT staff_id, name, area_id, role, locked_until, disabled_at FROM staff WHERE staff_id = \(id)",
            Reader.staffMember)
    }

    private static func staffMember(_ row: Row) throws -> StaffMember {
        guard let role = StaffRole(rawValue: try row.text(3)) else { throw DatabaseFailure.unexpectedType(column: 3) }
        return StaffMember(
            id: try row.id(0), name: try row.text(1), area: try row.id(2), role: role,
            lockedUntil: try row.instantOrNil(4), disabledAt: try row.instantOrNil(5))
    }
}

extension Transaction {
    public func addStaff(
        name: String, area: AreaID, role: StaffRole, passwordHash: String, at: Instant
    ) throws -> StaffID {
        StaffID(
            try insertReturningKey(
                """
                INSERT INTO staff (name, area_id, role, password_hash, created_at)
                VALUES (\(name), \(area), \(role.rawValue), \(passwordHash), \(at)) RETURNING staff_id
                """))
    }

    /// A new password; ends the lock and every session.
    public func setPassword(hash: String, of staff: StaffID) throws {
        try execute(
            """
            UPDATE staff SET password_hash = \(hash), failures = 0, locked_until = NULL WHERE staff_id = \(staff)
            """)
        try execute("DELETE FROM session WHERE staff_id = \(staff)")
    }

    /// Ends a member's sign-in for good.
    public func disable(_ staff: StaffID, at: Instant) throws {
        try execute("UPDATE staff SET disabled_at = \(at) WHERE staff_id = \(staff) AND disabled_at IS NULL")
        try execute("DELETE FROM session WHERE staff_id = \(staff)")
    }

    /// Spends one try of a name before its password is looked at, so that parallel guesses cannot share one; the
    /// try that reaches `limit` locks. Returns the password's hash, or nil for a name that is unknown, disabled or
    /// locked: then nothing was spent.
    public func spendTry(of name: String, limit: Int, lockSeconds: Int64, at: Instant) throws -> (StaffID, String)? {
        // A lock that has run out starts the count again.
        try execute(
            """
            UPDATE staff SET failures = 0, locked_until = NULL WHERE name = \(name) AND locked_until <= \(at)
            """)
        return try reader.first(
            """
            UPDATE staff SET failures = failures + 1,
                locked_until = CASE WHEN failures + 1 >= \(limit) THEN CAST(\(at + lockSeconds) AS BIGINT) END
            WHERE name = \(name) AND locked_until IS NULL AND disabled_at IS NULL
            RETURNING staff_id, password_hash
            """
        ) { (try $0.id(0), try $0.text(1)) }
    }

    /// Gives the tries back after a right password; false where the password was changed meanwhile.
    public func clearTries(of staff: StaffID, passwordHash: String) throws -> Bool {
        try execute(
            """
            UPDATE staff SET failures = 0, locked_until = NULL
            WHERE staff_id = \(staff) AND password_hash = \(passwordHash) AND disabled_at IS NULL
            """) == 1
    }
}
