public import Database
public import Water

/// A community system that events are delivered to. Its secrets are not part of it.
public struct Target: Sendable, Hashable {
    public let id: TargetID
    public let name: String
    /// `http` or `https`; may carry a token of the target's own, so it is never logged.
    public let url: String
    /// It hears of every community that is or lies in this area.
    public let area: AreaID
    /// Why it may pull statements; nil where it may not.
    public let purpose: String?
    public let createdAt: Instant
    /// nil while it is delivered to.
    public let disabledAt: Instant?
    public let disabledReason: String?
    /// Nothing is sent to it before then.
    public let slowUntil: Instant?
    /// True between a rotation and its end, while two secrets sign.
    public let isRotating: Bool

    /// True where it may pull statements with its key.
    public var isEntitled: Bool { purpose != nil }
}

extension Target: CustomStringConvertible {
    /// Without the address, for logs.
    public var description: String { "target \(id) \(name)" }
}

extension Reader {
    /// Every target by name, disabled ones included.
    public func targets() throws -> [Target] {
        try all(
            """
            SELECT target_id, name, url, area_id, purpose, created_at, disabled_at, disabled_reason, slow_until,
                CASE WHEN previous_secret IS NULL THEN 0 ELSE 1 END
            FROM target ORDER BY name
            """, Reader.target)
    }

    public func target(name: String) throws -> Target? {
        try first(
            """
            SELECT target_id, name, url, area_id, purpose, created_at, disabled_at, disabled_reason, slow_until,
                CASE WHEN previous_secret IS NULL THEN 0 ELSE 1 END
            FROM target WHERE name = \(name)
            """, Reader.target)
    }

    /// The targets that may pull a community's statements, by name.
    public func entitledTargets(of community: CommunityID) throws -> [Target] {
        let areas = Set(try areaChain(from: community).map(\.id))
        return try targets().filter { $0.isEntitled && $0.disabledAt == nil && areas.contains($0.area) }
    }

    /// The entitled target whose pull key has this hash, disabled or not; nil where there is none.
    public func target(pullKeyHash: String) throws -> Target? {
        try first(
            """
            SELECT target_id, name, url, area_id, purpose, created_at, disabled_at, disabled_reason, slow_until,
                CASE WHEN previous_secret IS NULL THEN 0 ELSE 1 END
            FROM target WHERE pull_key_hash = \(pullKeyHash)
            """, Reader.target)
    }

    /// What signs deliveries to enabled targets, as it is kept, by target name.
    public func signingSecrets() throws -> [(target: String, secret: String)] {
        try all("SELECT name, secret FROM target WHERE disabled_at IS NULL ORDER BY name") { row in
            (try row.text(0), try row.text(1))
        }
    }

    /// The current secret of a target, enabled or not, as it is kept.
    public func signingSecret(of target: TargetID) throws -> String? {
        try first("SELECT secret FROM target WHERE target_id = \(target)") { try $0.text(0) }
    }

    private static func target(_ row: Row) throws -> Target {
        Target(
            id: try row.id(0), name: try row.text(1), url: try row.text(2), area: try row.id(3),
            purpose: try row.textOrNil(4), createdAt: try row.instant(5), disabledAt: try row.instantOrNil(6),
            disabledReason: try row.textOrNil(7), slowUntil: try row.instantOrNil(8), isRotating: try row.flag(9))
    }
}

extension Transaction {
    /// Adds a target. `secret` is kept as it is given, sealed or not; `pullKeyHash` and `purpose` come together or not at all.
    public func addTarget(
        name: String, url: String, area: AreaID, secret: String, pullKeyHash: String?, purpose: String?, at: Instant
    ) throws -> TargetID {
        TargetID(
            try insertReturningKey(
                """
                INSERT INTO target (name, url, area_id, secret, pull_key_hash, purpose, created_at)
                VALUES (\(name), \(url), \(area), \(secret), \(pullKeyHash), \(purpose), \(at))
                RETURNING target_id
                """))
    }

    /// The new secret and the one before it both sign from now on; an older one no longer does.
    public func rotateSecret(of target: TargetID, to secret: String) throws {
        try execute(
            "UPDATE target SET previous_secret = secret, secret = \(secret) WHERE target_id = \(target)")
    }

    /// The current secret gives way to another; the one before it signs on.
    public func replaceSecret(of target: TargetID, by secret: String) throws {
        try execute("UPDATE target SET secret = \(secret) WHERE target_id = \(target)")
    }

    /// Only the current secret signs from now on.
    public func dropPreviousSecret(of target: TargetID) throws {
        try execute("UPDATE target SET previous_secret = NULL WHERE target_id = \(target)")
    }

    /// Another key to pull statements with; only an entitled target has one.
    public func setPullKey(hash: String, of target: TargetID) throws {
        try execute("UPDATE target SET pull_key_hash = \(hash) WHERE target_id = \(target) AND purpose IS NOT NULL")
    }

    /// Stops deliveries: those that wait become disabled and stay in the failure list. Returns how many.
    @discardableResult
    public func disable(_ target: TargetID, reason: String, at: Instant) throws -> Int {
        try execute(
            """
            UPDATE target SET disabled_at = \(at), disabled_reason = \(reason)
            WHERE target_id = \(target) AND disabled_at IS NULL
            """)
        return try execute(
            """
            UPDATE delivery SET state = 'disabled', next_at = NULL
            WHERE target_id = \(target) AND state = 'waiting'
            """)
    }

    /// Delivers again what happens from now on. What was disabled meanwhile waits for a replay.
    public func enable(_ target: TargetID) throws {
        try execute(
            """
            UPDATE target SET disabled_at = NULL, disabled_reason = NULL, slow_until = NULL
            WHERE target_id = \(target)
            """)
    }

    /// Sends a target nothing before `until`; never shortens a longer wait.
    public func slow(_ target: TargetID, until: Instant) throws {
        try execute(
            """
            UPDATE target SET slow_until = \(until)
            WHERE target_id = \(target) AND (slow_until IS NULL OR slow_until < \(until))
            """)
    }
}
