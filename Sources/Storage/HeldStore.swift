public import Database
public import Water

/// How much is held of meters that nobody registered.
public struct HeldCount: Sendable, Hashable {
    /// Each once, however many gateways hear it.
    public let meters: Int64
    public let readings: Int64
}

/// An unregistered address as staff see it.
public struct HeldMeter: Sendable, Hashable {
    public let address: String
    public let gateway: String
    public let readings: Int64
    public let firstSeen: Instant
    public let last: Instant
}

/// A visit that the registry asked for: rows of (community, meter) that may belong elsewhere now.
public struct Sweep: Sendable, Hashable {
    public let community: CommunityID
    public let meter: MeterID
    public let target: MeterID
    /// When it was asked for last: a visit ends only the asking it began with.
    public let askedAt: Instant
}

extension Reader {
    /// What is held of meters that nobody registered. With `gateways` what these heard alone.
    public func heldCount(of gateways: [GatewayID]? = nil) throws -> HeldCount {
        let none = HeldCount(meters: 0, readings: 0)
        if gateways?.isEmpty == true { return none }
        return try first(
            """
            SELECT count(DISTINCT h.meter_id), coalesce(CAST(sum(h.readings) AS BIGINT), 0)
            FROM held_meter h
            JOIN meter_address a ON a.meter_id = h.meter_id AND a.is_registered = 0
            WHERE h.community_id = 0 \(Reader.heard("h", by: gateways))
            """
        ) { HeldCount(meters: try $0.integer(0), readings: try $0.integer(1)) } ?? none
    }

    /// Held meters, latest first, at most `limit`. With `gateways` what these heard alone.
    public func heldMeters(of gateways: [GatewayID]? = nil, limit: Int) throws -> [HeldMeter] {
        if gateways?.isEmpty == true { return [] }
        return try all(
            """
            SELECT a.address, g.name, h.readings, a.first_seen_at, h.last_at
            FROM held_meter h
            JOIN meter_address a ON a.meter_id = h.meter_id AND a.is_registered = 0
            JOIN gateway g ON g.gateway_id = h.gateway_id
            WHERE h.community_id = 0 \(Reader.heard("h", by: gateways))
            ORDER BY h.last_at DESC, a.address LIMIT \(limit)
            """
        ) { row in
            HeldMeter(
                address: try row.text(0), gateway: try row.text(1), readings: try row.integer(2),
                firstSeen: try row.instant(3), last: try row.instant(4))
        }
    }

    /// When the last held reading of an address that nobody registered was taken; nil where none is held. With
    /// `gateways` of what these heard alone.
    public func lastHeld(at address: MeterAddress, of gateways: [GatewayID]? = nil) throws -> Instant? {
        if gateways?.isEmpty == true { return nil }
        return try first(
            """
            SELECT h.last_at FROM meter_address a
            JOIN held_meter h ON h.meter_id = a.meter_id AND h.community_id = 0
            WHERE a.address = \(address.text) AND a.is_registered = 0 \(Reader.heard("h", by: gateways))
            ORDER BY h.last_at DESC LIMIT 1
            """
        ) { try $0.instant(0) }
    }

    /// A condition on the gateway of an alias's rows, to follow another; none where `gateways` is nil.
    private static func heard(_ name: SQL, by gateways: [GatewayID]?) -> SQL {
        guard let gateways else { return "" }
        return "AND \(name).gateway_id IN (\(SQL.list(gateways)))"
    }

    /// The meter number that stands for an address nobody registered; nil where it was never seen.
    public func heldMeter(at address: MeterAddress) throws -> MeterID? {
        try first("SELECT meter_id FROM meter_address WHERE address = \(address.text)") { try $0.id(0) }
    }

    /// The visits still to be made in the community that waits longest and is not among `others`, at most `limit`.
    public func nextSweeps(limit: Int, besides others: Set<CommunityID> = []) throws -> [Sweep] {
        let communities = try all(
            "SELECT community_id, min(asked_at) FROM sweep GROUP BY community_id ORDER BY 2, 1"
        ) { try $0.id(0) as CommunityID }
        guard let oldest = communities.first(where: { !others.contains($0) }) else { return [] }
        return try all(
            """
            SELECT community_id, meter_id, target_meter_id, asked_at FROM sweep
            WHERE community_id = \(oldest) ORDER BY meter_id LIMIT \(limit)
            """
        ) { row in
            Sweep(
                community: try row.id(0), meter: try row.id(1), target: try row.id(2), askedAt: try row.instant(3))
        }
    }

    /// The keys of a community's day sets after a key, in key order, that belong to a meter asked to be visited with
    /// a number from `first` to `last`; at most `limit`.
    public func sweptKeys(
        of community: CommunityID, meters first: MeterID, _ last: MeterID, after: DayKey?, limit: Int
    ) throws -> [DayKey] {
        try all(
            """
            SELECT d.day, d.meter_id FROM reading_day d
            WHERE d.community_id = \(community) AND (d.day, d.meter_id) > (\(after?.day.number ?? Int32.min),
                \(after?.meter.value ?? Int64.min))
                AND EXISTS (SELECT 1 FROM sweep s WHERE s.community_id = d.community_id AND s.meter_id = d.meter_id
                    AND s.meter_id BETWEEN \(first) AND \(last))
            ORDER BY d.day, d.meter_id LIMIT \(limit)
            """
        ) { DayKey(community: community, day: LocalDay(number: Int32(try $0.integer(0))), meter: try $0.id(1)) }
    }
}

extension Transaction {
    /// The meter number that stands for an unregistered address, made on first sight.
    public func holdAddress(_ address: MeterAddress, at: Instant) throws -> MeterID {
        if let known = try reader.heldMeter(at: address) { return known }
        let meter = MeterID(try insertReturningKey("INSERT INTO meter (serial) VALUES (NULL) RETURNING meter_id"))
        try execute(
            """
            INSERT INTO meter_address (address, meter_id, is_registered, first_seen_at)
            VALUES (\(address.text), \(meter), 0, \(at))
            """)
        return meter
    }

    /// Adds to what is held of a gateway's meter.
    public func countHeld(_ readings: Int, of meter: MeterID, gateway: GatewayID, last: Instant) throws {
        try execute(
            """
            INSERT INTO held_meter (community_id, gateway_id, meter_id, readings, last_at)
            VALUES (0, \(gateway), \(meter), \(readings), \(last))
            ON CONFLICT (community_id, gateway_id, meter_id) DO UPDATE
            SET readings = held_meter.readings + excluded.readings,
                last_at = CASE WHEN excluded.last_at > held_meter.last_at THEN excluded.last_at ELSE held_meter.last_at END
            """)
    }

    /// Takes readings that joined off what is held of a gateway's meter.
    public func countJoined(_ readings: Int, of meter: MeterID, gateway: GatewayID) throws {
        try execute(
            """
            UPDATE held_meter SET readings = CASE WHEN readings > \(readings) THEN readings - \(readings) ELSE 0 END
            WHERE community_id = 0 AND gateway_id = \(gateway) AND meter_id = \(meter)
            """)
    }

    /// Ends a visit, unless the registry asked again meanwhile. A meter none of whose readings are left unregistered
    /// is held no more, nor for a gateway of which neither a reading nor an alarm of it is left.
    public func finish(_ sweep: Sweep, isStillHeld: Bool) throws {
        try execute(
            """
            DELETE FROM sweep WHERE community_id = \(sweep.community) AND meter_id = \(sweep.meter)
                AND target_meter_id = \(sweep.target) AND asked_at = \(sweep.askedAt)
            """)
        guard sweep.community == .unregistered else { return }
        guard isStillHeld else {
            try execute("DELETE FROM held_meter WHERE community_id = 0 AND meter_id = \(sweep.meter)")
            return
        }
        try execute(
            """
            DELETE FROM held_meter WHERE community_id = 0 AND meter_id = \(sweep.meter) AND readings = 0
                AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.community_id = held_meter.community_id
                    AND a.meter_id = held_meter.meter_id AND a.gateway_id = held_meter.gateway_id)
            """)
    }

    /// Moves a kept alarm to where its meter hangs now: added there first, removed here after.
    public func move(
        _ alert: KeptAlert, of meter: MeterID, from: CommunityID, to community: CommunityID, as target: MeterID
    ) throws {
        try keep(alert.alert, of: target, in: community, at: alert.at, gateway: alert.gateway)
        try execute(
            """
            DELETE FROM alert WHERE community_id = \(from) AND meter_id = \(meter) AND at = \(alert.at)
                AND code = \(alert.alert.code.rawValue) AND is_current = \(alert.alert.isCurrent)
            """)
    }
}

/// A held address with its gateway.
public struct HeldAddress: Sendable, Hashable {
    public let gateway: GatewayID
    public let address: String
    public let readings: Int64
}

extension Reader {
    /// Everything held, by gateway and address: bounded by the gateways' limits.
    public func heldAddresses() throws -> [HeldAddress] {
        try all(
            """
            SELECT h.gateway_id, a.address, h.readings FROM held_meter h
            JOIN meter_address a ON a.meter_id = h.meter_id WHERE h.community_id = 0
            """
        ) { HeldAddress(gateway: try $0.id(0), address: try $0.text(1), readings: try $0.integer(2)) }
    }
}

/// A reading that joins no set, as staff see it.
public struct QuarantinedReading: Sendable, Hashable {
    public let community: CommunityID
    public let serial: String
    public let at: Instant
    public let register: Volume
    public let gateway: String
    /// How far the gateway's clock was last seen to run ahead; nil where it never did.
    public let gatewayOffsetSeconds: Int64?
    public let reason: String
}

/// A device alarm as it is kept.
public struct KeptAlert: Sendable, Hashable {
    public let at: Instant
    public let alert: Alert
    public let gateway: GatewayID
}

/// A device alarm, as staff see it.
public struct AlertRow: Sendable, Hashable {
    public let community: CommunityID
    /// Empty where the meter is not registered.
    public let serial: String
    public let at: Instant
    public let code: String
    public let isCurrent: Bool
    public let raw: String
    /// The first of the meter's addresses, `wmbus:12345678`.
    public let address: String
    /// The number of the household that lived where the meter hung then; empty for none.
    public let household: String
}

extension SQL {
    /// The number of the household that lived where a meter hung at an instant, of an alias's `community_id`, `meter_id`
    /// and `at`; empty for none, the first of several. Not `min(h.number)`: for that SQLite walks the community's
    /// households in the order of their numbers.
    static func household(of name: SQL) -> SQL {
        """
        coalesce((SELECT min(h.number || '') FROM meter_installation i
            JOIN household_usage_point u
                ON u.community_id = i.community_id AND u.usage_point_id = i.usage_point_id
            JOIN household h ON h.community_id = u.community_id AND h.household_id = u.household_id
            WHERE i.community_id = \(name).community_id AND i.meter_id = \(name).meter_id
                AND i.installed_at <= \(name).at AND (i.removed_at IS NULL OR i.removed_at > \(name).at)
                AND h.moved_in_at <= \(name).at
                AND (h.moved_out_at IS NULL OR h.moved_out_at > \(name).at)), '')
        """
    }
}

extension Reader {
    /// Quarantined readings, latest first, at most `limit`. With `gateways` what these sent alone.
    public func quarantined(of gateways: [GatewayID]? = nil, limit: Int) throws -> [QuarantinedReading] {
        if gateways?.isEmpty == true { return [] }
        return try all(
            """
            SELECT q.community_id, coalesce(m.serial, ''), q.read_at, q.register_ml, g.name, q.reason,
                g.clock_offset_seconds
            FROM reading_quarantine q
            JOIN meter m ON m.meter_id = q.meter_id
            JOIN gateway g ON g.gateway_id = q.gateway_id
            WHERE 1 = 1 \(Reader.heard("q", by: gateways))
            ORDER BY q.noted_at DESC, q.read_at DESC, q.meter_id LIMIT \(limit)
            """
        ) { row in
            QuarantinedReading(
                community: try row.id(0), serial: try row.text(1), at: try row.instant(2),
                register: Volume(millilitres: try row.integer(3)), gateway: try row.text(4),
                gatewayOffsetSeconds: try row.integerOrNil(6), reason: try row.text(5))
        }
    }

    /// The alarms of one meter kept under a community.
    public func keptAlerts(of meter: MeterID, in community: CommunityID) throws -> [KeptAlert] {
        try all(
            """
            SELECT at, code, is_current, raw, gateway_id FROM alert
            WHERE community_id = \(community) AND meter_id = \(meter) ORDER BY at, code, is_current
            """
        ) { row in
            let code = AlertCode(rawValue: try row.text(1)) ?? .unknown
            return KeptAlert(
                at: try row.instant(0), alert: Alert(code: code, isCurrent: try row.flag(2), raw: try row.text(3)),
                gateway: try row.id(4))
        }
    }

    /// The latest word of a household's own meters in [from, to] that water leaks; nil for none, or where its newest word
    /// says that it no longer does.
    public func leakAlert(of household: HouseholdID, in community: CommunityID, from: Instant, to: Instant) throws
        -> Instant?
    {
        try first(
            """
            SELECT a.at, a.is_current FROM household_usage_point u
            JOIN meter_installation i ON i.community_id = u.community_id AND i.usage_point_id = u.usage_point_id
            JOIN alert a ON a.community_id = i.community_id AND a.meter_id = i.meter_id
            WHERE u.community_id = \(community) AND u.household_id = \(household)
                AND a.code IN ('leak', 'burst') AND a.at >= \(from) AND a.at <= \(to)
                AND a.at >= i.installed_at AND (i.removed_at IS NULL OR a.at < i.removed_at)
            ORDER BY a.at DESC, a.is_current DESC LIMIT 1
            """
        ) { try $0.flag(1) ? try $0.instant(0) : nil } ?? nil
    }

    /// When each meter of a community said in [from, to) that it was being tampered with or taken away, ascending.
    public func tampers(
        in community: CommunityID, from: Instant, to: Instant
    ) throws -> [MeterID: [Instant]] {
        var found: [MeterID: [Instant]] = [:]
        try each(
            """
            SELECT meter_id, at FROM alert
            WHERE community_id = \(community) AND at >= \(from) AND at < \(to)
                AND code IN ('tamper', 'removed') AND is_current = 1
            ORDER BY at
            """
        ) { found[try $0.id(0), default: []].append(try $0.instant(1)) }
        return found
    }

    /// The same of one meter, at most `limit`.
    public func tampers(
        of meter: MeterID, in community: CommunityID, from: Instant, to: Instant, limit: Int
    ) throws -> [Instant] {
        try all(
            """
            SELECT at FROM alert
            WHERE community_id = \(community) AND meter_id = \(meter) AND at >= \(from) AND at < \(to)
                AND code IN ('tamper', 'removed') AND is_current = 1
            ORDER BY at LIMIT \(limit)
            """
        ) { try $0.instant(0) }
    }

    /// Device alarms of the whole city or one community, latest first, at most `limit`.
    public func alerts(of community: CommunityID? = nil, limit: Int) throws -> [AlertRow] {
        let place: SQL = community.map { "a.community_id = \($0)" } ?? "1 = 1"
        return try all(
            """
            SELECT a.community_id, coalesce(m.serial, ''), a.at, a.code, a.is_current, a.raw,
                coalesce((SELECT min(d.address) FROM meter_address d WHERE d.meter_id = a.meter_id), ''),
                \(SQL.household(of: "a"))
            FROM alert a JOIN meter m ON m.meter_id = a.meter_id
            WHERE \(place)
            ORDER BY a.at DESC, a.meter_id, a.code LIMIT \(limit)
            """
        ) { row in
            AlertRow(
                community: try row.id(0), serial: try row.text(1), at: try row.instant(2), code: try row.text(3),
                isCurrent: try row.flag(4), raw: try row.text(5), address: try row.text(6),
                household: try row.text(7))
        }
    }
}
