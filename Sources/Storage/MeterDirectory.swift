public import Database
public import Water

/// The registry as ingest and folding need it: which community a reading belongs to, and whose scope covers it.
/// A value of one registry version.
public struct MeterDirectory: Sendable {
    /// Where a meter hung, and for how long.
    public struct Place: Sendable, Hashable {
        public let community: CommunityID
        public let area: AreaID
        public let from: Instant
        public let to: Instant?

        /// Closed at both ends: the instant of an exchange belongs to both places.
        public func holds(_ at: Instant) -> Bool { from <= at && to.map { at <= $0 } ?? true }
    }

    public let version: Int64
    fileprivate let addresses: AddressTable
    /// wmbus meters by address alone: what a sender that names another driver, or none, may mean.
    fileprivate let wmbusWithoutDriver: AddressTable
    fileprivate let places: PlaceTable
    fileprivate let parents: [AreaID: AreaID]
    fileprivate let scopes: [GatewayID: AreaID]

    /// Meters that hang or hung anywhere.
    public var meterCount: Int { places.count }

    /// Those that hang or hung in a community; one that came back counts again.
    public func meterCount(of community: CommunityID) -> Int { places.counts[community] ?? 0 }

    /// The meter an address names, nil where it names none or more than one (such a reading is held).
    public func meter(at address: MeterAddress) -> MeterID? {
        if let meter = addresses.meter(of: address) { return meter }
        guard address.protocol == .wmbus, let bare = MeterAddress(.wmbus, address.address) else { return nil }
        // A registration without driver serves every driver; a sender without driver serves a lone registration.
        return address.driver.isEmpty ? wmbusWithoutDriver.meter(of: bare) : addresses.meter(of: bare)
    }

    /// The meter that the bytes of an address's `text` name, of a protocol without drivers; nil for any other, which
    /// its address may name.
    public func meter(atText bytes: [UInt8], _ range: Range<Int>) -> MeterID? {
        bytes.withUnsafeBytes { all in
            let text = UnsafeRawBufferPointer(rebasing: all[range])
            for (spoken, prefix) in Self.prefixes where text.starts(with: prefix) {
                let characters = UnsafeRawBufferPointer(rebasing: text[prefix.count...])
                return addresses.meter(of: AddressHash(spoken, utf8: characters))
            }
            return nil
        }
    }

    private static let prefixes = [AddressProtocol.serial, .cjt188].map { ($0, Array("\($0.rawValue):".utf8)) }

    /// The places in force at an instant: none, one, or both sides of a move.
    public func places(of meter: MeterID, at: Instant) -> [Place] { places.of(meter).filter { $0.holds(at) } }

    /// The one place that holds all of [from, to], of a meter that hung nowhere else; nil for any other, which is asked
    /// instant by instant. Almost every meter of a city, told by one look.
    public func onlyPlace(of meter: MeterID, from: Instant, to: Instant) -> Place? {
        guard let place = places.only(of: meter), place.holds(from), place.holds(to) else { return nil }
        return place
    }

    /// True where a gateway's scope is the area or lies above it.
    public func covers(_ gateway: GatewayID, _ area: AreaID) -> Bool {
        guard let scope = scopes[gateway] else { return false }
        var next: AreaID? = area
        while let current = next {
            if current == scope { return true }
            next = parents[current]
        }
        return false
    }
}

extension Reader {
    /// Raised by every change of areas, gateways, meters or installations.
    public func currentRegistryVersion() throws -> Int64 {
        try first("SELECT version FROM registry_version WHERE only_row = 1") { try $0.integer(0) } ?? 0
    }

    /// The whole directory at the current registry version.
    public func meterDirectory() throws -> MeterDirectory {
        func count(_ sql: SQL) throws -> Int { Int(try first(sql) { try $0.integer(0) } ?? 0) }
        let known = try count("SELECT count(*) FROM meter_address WHERE is_registered = 1")
        var addresses = AddressTable(capacity: known)
        var wmbus = AddressTable(capacity: known / 8)
        try each("SELECT address, meter_id FROM meter_address WHERE is_registered = 1") { row in
            guard let address = MeterAddress(text: try row.text(0)) else { return }
            let meter: MeterID = try row.id(1)
            addresses.add(address, meter)
            guard address.protocol == .wmbus, let bare = MeterAddress(.wmbus, address.address) else { return }
            wmbus.add(bare, meter)
        }
        var places = PlaceTable(capacity: try count("SELECT count(*) FROM meter_installation"))
        try each(
            """
            SELECT i.meter_id, i.community_id, p.area_id, i.installed_at, i.removed_at
            FROM meter_installation i
            JOIN usage_point p ON p.community_id = i.community_id AND p.usage_point_id = i.usage_point_id
            ORDER BY i.meter_id, i.installed_at
            """
        ) { row in
            places.add(
                MeterDirectory.Place(
                    community: try row.id(1), area: try row.id(2), from: try row.instant(3),
                    to: try row.instantOrNil(4)), of: try row.id(0))
        }
        return MeterDirectory(
            version: try currentRegistryVersion(), addresses: addresses, wmbusWithoutDriver: wmbus, places: places,
            parents: try pairs("SELECT area_id, parent_id FROM area WHERE parent_id IS NOT NULL"),
            scopes: try pairs("SELECT gateway_id, area_id FROM gateway WHERE revoked_at IS NULL"))
    }

    private func pairs<A, B>(_ sql: SQL) throws -> [Identifier<A>: Identifier<B>] {
        var found: [Identifier<A>: Identifier<B>] = [:]
        try each(sql) { row in found[try row.id(0)] = try row.id(1) }
        return found
    }
}
