public import Database
public import Water

/// A sender of readings. Its key is kept only as a hash.
public struct Gateway: Sendable, Hashable {
    public let id: GatewayID
    public let name: String
    /// It may send for meters of this area and below.
    public let area: AreaID
    public let createdAt: Instant
    /// nil while its key is good.
    public let revokedAt: Instant?
    /// Its clock minus the server's when a reading last came from the future; nil where none did.
    public let clockOffsetSeconds: Int64?
    public let lastSeenAt: Instant?
}

extension Reader {
    /// Every gateway, by name, revoked ones included.
    public func gateways() throws -> [Gateway] {
        try all(
            """
            SELECT gateway_id, name, area_id, created_at, revoked_at, clock_offset_seconds, last_seen_at
            FROM gateway ORDER BY name
            """, Reader.gateway)
    }

    /// The gateway whose key has this hash; nil where there is none or it is revoked.
    public func gateway(keyHash: String) throws -> Gateway? {
        try gateways(keyHashes: [keyHash])[keyHash]
    }

    /// Those that are not revoked of many keys, by the keys' hashes; one question asks for up to 64.
    public func gateways(keyHashes: [String]) throws -> [String: Gateway] {
        var found: [String: Gateway] = [:]
        for start in stride(from: 0, to: keyHashes.count, by: 64) {
            let asked = keyHashes[start..<min(keyHashes.count, start + 64)]
            // Few lengths, filled up with the last one: few statements to keep prepared.
            let length = [1, 8, 64].first { $0 >= asked.count } ?? 64
            let padded = asked + repeatElement(asked[asked.endIndex - 1], count: length - asked.count)
            try each(
                """
                SELECT gateway_id, name, area_id, created_at, revoked_at, clock_offset_seconds, last_seen_at, key_hash
                FROM gateway WHERE key_hash IN (\(SQL.list(Array(padded)))) AND revoked_at IS NULL
                """
            ) { found[try $0.text(7)] = try Reader.gateway($0) }
        }
        return found
    }

    public func gateway(name: String) throws -> Gateway? {
        try first(
            """
            SELECT gateway_id, name, area_id, created_at, revoked_at, clock_offset_seconds, last_seen_at
            FROM gateway WHERE name = \(name)
            """, Reader.gateway)
    }

    private static func gateway(_ row: Row) throws -> Gateway {
        Gateway(
            id: try row.id(0), name: try row.text(1), area: try row.id(2), createdAt: try row.instant(3),
            revokedAt: try row.instantOrNil(4), clockOffsetSeconds: try row.integerOrNil(5),
            lastSeenAt: try row.instantOrNil(6))
    }
}

extension Transaction {
    public func addGateway(name: String, area: AreaID, keyHash: String, at: Instant) throws -> GatewayID {
        let id = try insertReturningKey(
            """
            INSERT INTO gateway (name, area_id, key_hash, created_at)
            VALUES (\(name), \(area), \(keyHash), \(at)) RETURNING gateway_id
            """)
        try raiseRegistryVersion()
        return GatewayID(id)
    }

    public func setKey(hash: String, of gateway: GatewayID) throws {
        try execute("UPDATE gateway SET key_hash = \(hash) WHERE gateway_id = \(gateway)")
        try raiseRegistryVersion()
    }

    public func revoke(_ gateway: GatewayID, at: Instant) throws {
        try execute("UPDATE gateway SET revoked_at = \(at) WHERE gateway_id = \(gateway) AND revoked_at IS NULL")
        try raiseRegistryVersion()
    }

    /// Notes when a gateway was heard, and how far its clock runs ahead where that showed. Not a registry change. An
    /// earlier time than is known changes nothing but the offset.
    public func noteSeen(_ gateway: GatewayID, clockOffsetSeconds: Int64?, at: Instant) throws {
        try execute(
            """
            UPDATE gateway SET
                last_seen_at = CASE WHEN last_seen_at > \(at) THEN last_seen_at ELSE \(at) END,
                clock_offset_seconds = CAST(\(clockOffsetSeconds) AS BIGINT)
            WHERE gateway_id = \(gateway)
            """)
    }
}
