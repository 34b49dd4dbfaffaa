public import Database
public import Water

/// How the platform of a gateway pushes, and what its secrets are sealed as.
public struct GatewayPush: Sendable, Hashable {
    public let gateway: GatewayID
    /// The platform's word in the address, as `ctwing`.
    public let platform: String
    /// The mapping's text.
    public let mapping: String
    /// Opened by the key of the configuration alone.
    public let sealedSecrets: [UInt8]
    public let changedAt: Instant

    public init(
        gateway: GatewayID, platform: String, mapping: String, sealedSecrets: [UInt8], changedAt: Instant
    ) {
        self.gateway = gateway
        self.platform = platform
        self.mapping = mapping
        self.sealedSecrets = sealedSecrets
        self.changedAt = changedAt
    }
}

/// A meter's key as it is kept.
public struct SealedMeterKey: Sendable, Hashable {
    public let meter: MeterID
    public let sealed: [UInt8]
}

extension Reader {
    /// How a platform pushes for a gateway; nil where that is not set.
    public func push(of gateway: GatewayID, platform: String) throws -> GatewayPush? {
        try first(
            """
            SELECT gateway_id, platform, mapping, sealed_secrets, changed_at FROM gateway_push
            WHERE gateway_id = \(gateway) AND platform = \(platform)
            """, Reader.push)
    }

    /// Every setting, by gateway and platform.
    public func pushes() throws -> [GatewayPush] {
        try all(
            """
            SELECT gateway_id, platform, mapping, sealed_secrets, changed_at FROM gateway_push
            ORDER BY gateway_id, platform
            """, Reader.push)
    }

    private static func push(_ row: Row) throws -> GatewayPush {
        GatewayPush(
            gateway: try row.id(0), platform: try row.text(1), mapping: try row.text(2),
            sealedSecrets: try row.blob(3), changedAt: try row.instant(4))
    }

    /// The key of the registered meter that a telegram's address means, whatever the driver it is registered with; nil
    /// without a key, or where the address means two meters.
    public func sealedKey(ofTelegram address: MeterAddress) throws -> SealedMeterKey? {
        let bare = "wmbus:\(address.address)"
        // `@` sorts directly before `A`: the half-open range holds every `wmbus:ADDRESS@…`.
        let found: [SealedMeterKey] = try all(
            """
            SELECT DISTINCT k.meter_id, k.sealed_key FROM meter_address a
            JOIN meter_key k ON k.meter_id = a.meter_id
            WHERE a.is_registered = 1
                AND (a.address = \(bare) OR (a.address >= \(bare + "@") AND a.address < \(bare + "A")))
            """
        ) { SealedMeterKey(meter: try $0.id(0), sealed: try $0.blob(1)) }
        return found.count == 1 ? found[0] : nil
    }

    /// How many meters have a key.
    public func meterKeyCount() throws -> Int64 {
        try first("SELECT count(*) FROM meter_key") { try $0.integer(0) } ?? 0
    }
}

extension Transaction {
    /// Sets how a platform pushes for a gateway; what was set before is replaced.
    public func put(_ push: GatewayPush) throws {
        try execute(
            """
            INSERT INTO gateway_push (gateway_id, platform, mapping, sealed_secrets, changed_at)
            VALUES (\(push.gateway), \(push.platform), \(push.mapping), \(push.sealedSecrets), \(push.changedAt))
            ON CONFLICT (gateway_id, platform) DO UPDATE SET mapping = excluded.mapping,
                sealed_secrets = excluded.sealed_secrets, changed_at = excluded.changed_at
            """)
    }

    /// False where nothing was set.
    public func removePush(of gateway: GatewayID, platform: String) throws -> Bool {
        try execute("DELETE FROM gateway_push WHERE gateway_id = \(gateway) AND platform = \(platform)") > 0
    }

    /// Sets a meter's key; the one before is replaced.
    public func putKey(_ sealed: [UInt8], of meter: MeterID, at: Instant) throws {
        try execute(
            """
            INSERT INTO meter_key (meter_id, sealed_key, changed_at) VALUES (\(meter), \(sealed), \(at))
            ON CONFLICT (meter_id) DO UPDATE SET sealed_key = excluded.sealed_key, changed_at = excluded.changed_at
            """)
    }

    /// False where the meter had none.
    public func removeKey(of meter: MeterID) throws -> Bool {
        try execute("DELETE FROM meter_key WHERE meter_id = \(meter)") > 0
    }
}
