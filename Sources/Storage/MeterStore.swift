public import Database
public import Water

/// A registered meter.
public struct Meter: Sendable, Hashable {
    public let id: MeterID
    /// As printed, case-folded.
    public let serial: String
    public let traits: MeterTraits
}

/// What a meter is like, whatever it hangs on.
public struct MeterTraits: Sendable, Hashable {
    /// The register's step, 1 mL or more.
    public var resolution: Volume
    /// 常用流量 Q3, litres per hour, 1 or more; nil where not known.
    public var nominalFlowLitresPerHour: Int64?
    /// The register returns to zero at this volume; nil where not known.
    public var modulus: Volume?

    public init(resolution: Volume, nominalFlowLitresPerHour: Int64?, modulus: Volume?) {
        self.resolution = resolution
        self.nominalFlowLitresPerHour = nominalFlowLitresPerHour
        self.modulus = modulus
    }
}

/// A meter at a usage point for a time, as the registry keeps it.
public struct Placement: Sendable, Hashable {
    public let community: CommunityID
    public let usagePoint: UsagePointID
    public let from: Instant
    public let to: Instant?
    public let startRegister: Volume?
    public let finalRegister: Volume?

    public init(
        community: CommunityID, usagePoint: UsagePointID, from: Instant, to: Instant?, startRegister: Volume?,
        finalRegister: Volume?
    ) {
        self.community = community
        self.usagePoint = usagePoint
        self.from = from
        self.to = to
        self.startRegister = startRegister
        self.finalRegister = finalRegister
    }

    /// True where both hold for some time; two that meet at the instant of an exchange do not overlap.
    public func overlaps(_ other: Placement) -> Bool {
        (to.map { other.from < $0 } ?? true) && (other.to.map { from < $0 } ?? true)
    }
}

/// Whom an address stands for.
public struct AddressHolder: Sendable, Hashable {
    public let meter: MeterID
    /// False for a number that only stands for readings of an address nobody registered.
    public let isRegistered: Bool
}

extension Reader {
    public func meter(serial: String) throws -> Meter? {
        try first(
            """
            SELECT meter_id, serial, resolution_ml, nominal_flow_lph, modulus_ml FROM meter WHERE serial = \(serial)
            """
        ) { row in
            Meter(
                id: try row.id(0), serial: try row.text(1),
                traits: MeterTraits(
                    resolution: Volume(millilitres: try row.integer(2)),
                    nominalFlowLitresPerHour: try row.integerOrNil(3), modulus: try row.volumeOrNil(4)))
        }
    }

    /// Where a meter hung, by start; at most one at a time.
    public func placements(of meter: MeterID) throws -> [Placement] {
        try all(
            """
            SELECT community_id, usage_point_id, installed_at, removed_at, start_register_ml, final_register_ml
            FROM meter_installation WHERE meter_id = \(meter) ORDER BY installed_at
            """
        ) { row in
            Placement(
                community: try row.id(0), usagePoint: try row.id(1), from: try row.instant(2),
                to: try row.instantOrNil(3), startRegister: try row.volumeOrNil(4),
                finalRegister: try row.volumeOrNil(5))
        }
    }

    /// A meter's registered addresses, in the order of their texts.
    public func addresses(of meter: MeterID) throws -> [MeterAddress] {
        try all(
            "SELECT address FROM meter_address WHERE meter_id = \(meter) AND is_registered = 1 ORDER BY address"
        ) { MeterAddress(text: try $0.text(0)) }.compactMap { $0 }
    }

    /// Whom an address stands for; nil where it was never seen.
    public func holder(of address: MeterAddress) throws -> AddressHolder? {
        try first("SELECT meter_id, is_registered FROM meter_address WHERE address = \(address.text)") {
            AddressHolder(meter: try $0.id(0), isRegistered: try $0.flag(1))
        }
    }

    /// Unregistered numbers that stand for a wmbus address under any other driver, or none.
    public func heldUnderOtherDrivers(_ address: MeterAddress) throws -> [MeterID] {
        guard address.protocol == .wmbus else { return [] }
        let bare = "wmbus:\(address.address)"
        // `@` sorts directly before `A`: the half-open range holds every `wmbus:ADDRESS@…`.
        return try all(
            """
            SELECT meter_id FROM meter_address WHERE is_registered = 0 AND address <> \(address.text)
                AND (address = \(bare) OR (address >= \(bare + "@") AND address < \(bare + "A")))
            """
        ) { try $0.id(0) }
    }
}

extension Transaction {
    /// A new meter; `number` is that of an unregistered address it takes over, with the readings held under it.
    public func addMeter(serial: String, traits: MeterTraits, takingOver number: MeterID?) throws -> MeterID {
        if let number {
            try execute("UPDATE meter SET serial = \(serial) WHERE meter_id = \(number)")
            try setTraits(traits, of: number)
            return number
        }
        let id = MeterID(try insertReturningKey("INSERT INTO meter (serial) VALUES (\(serial)) RETURNING meter_id"))
        try setTraits(traits, of: id)
        return id
    }

    public func setTraits(_ traits: MeterTraits, of meter: MeterID) throws {
        try execute(
            """
            UPDATE meter SET resolution_ml = \(traits.resolution), modulus_ml = \(traits.modulus),
                nominal_flow_lph = \(traits.nominalFlowLitresPerHour)
            WHERE meter_id = \(meter)
            """)
        try raiseRegistryVersion()
    }

    /// Registers an address for a meter, whoever stood for it while it was unregistered.
    public func register(_ address: MeterAddress, for meter: MeterID, at: Instant) throws {
        try execute(
            """
            INSERT INTO meter_address (address, meter_id, is_registered, first_seen_at)
            VALUES (\(address.text), \(meter), 1, \(at))
            ON CONFLICT (address) DO UPDATE SET meter_id = excluded.meter_id, is_registered = 1
            """)
        try raiseRegistryVersion()
    }

    /// Writes an installation; the one of the same meter and start is replaced, wherever it was.
    public func put(_ placement: Placement, of meter: MeterID) throws {
        try execute(
            "DELETE FROM meter_installation WHERE meter_id = \(meter) AND installed_at = \(placement.from)")
        try execute(
            """
            INSERT INTO meter_installation (community_id, meter_id, usage_point_id, installed_at, removed_at,
                start_register_ml, final_register_ml)
            VALUES (\(placement.community), \(meter), \(placement.usagePoint), \(placement.from), \(placement.to),
                \(placement.startRegister), \(placement.finalRegister))
            """)
        try raiseRegistryVersion()
    }
}
