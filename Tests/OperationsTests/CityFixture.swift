import Database
import Ingest
import Logging
import Metering
import Operations
import Storage
import Testing
import Water

/// A small city: two communities of a street, a gateway for the city and one for each community, and homes whose
/// meter is `M` and the home's number.
struct CityFixture {
    let database: Database
    /// Where a second process finds the same database.
    let address: String
    let calendar: CityCalendar
    let record: RecordReadings
    let fold: FoldReadings

    static let city = AreaID(1)
    static let first = CommunityID(4)
    static let second = CommunityID(5)
    static let cityGateway = GatewayID(1)
    static let firstGateway = GatewayID(2)
    static let secondGateway = GatewayID(3)
    /// 2026-09-01T00:00:00+08:00.
    static let movedIn = Instant(epochSeconds: 1_788_192_000)

    init(
        on engine: TestEngine, zone: String = "Asia/Shanghai", limits: RecordLimits = RecordLimits()
    ) async throws {
        (database, address) = try await freshPlace(of: engine)
        calendar = try #require(CityCalendar(zone: zone))
        let logger = Logger(label: "test")
        record = RecordReadings(database: database, limits: limits, logger: logger)
        fold = FoldReadings(database: database, calendar: calendar, rules: .standard, logger: logger)
        try await database.write { transaction in
            let areas: [(Int64, String, String, Int64?)] = [
                (1, "1401", "city", nil), (2, "140105", "district", 1), (3, "140105001", "street", 2),
                (4, "140105001001", "community", 3), (5, "140105001002", "community", 3),
            ]
            for (id, code, kind, parent) in areas {
                try transaction.execute(
                    """
                    INSERT INTO area (area_id, code, kind, name, parent_id)
                    VALUES (\(id), \(code), \(kind), \(code), \(parent))
                    """)
            }
            for (id, area) in [(1, 1), (2, 4), (3, 5)] as [(Int64, Int64)] {
                try transaction.execute(
                    """
                    INSERT INTO gateway (gateway_id, name, area_id, key_hash, created_at)
                    VALUES (\(id), \("g\(id)"), \(area), \("hash\(id)"), 0)
                    """)
            }
        }
    }

    /// Adds a home of known size with a meter of its own, in force since `movedIn`.
    func addHome(
        _ number: Int64, in community: CommunityID = CityFixture.first, persons: Int64? = 3,
        registered: Bool = true, since: Instant = CityFixture.movedIn
    ) async throws {
        try await database.write { transaction in
            try transaction.execute(
                """
                INSERT INTO household (community_id, household_id, number, area_id, moved_in_at)
                VALUES (\(community), \(number), \("H\(number)"), \(community), \(since))
                """)
            try transaction.execute(
                """
                INSERT INTO household_persons (community_id, household_id, from_day, persons, noted_at)
                VALUES (\(community), \(number), 0, \(persons), 0)
                """)
            try transaction.execute(
                """
                INSERT INTO usage_point (community_id, usage_point_id, number, area_id)
                VALUES (\(community), \(number), \("P\(number)"), \(community))
                """)
            try transaction.execute(
                """
                INSERT INTO household_usage_point (community_id, household_id, usage_point_id)
                VALUES (\(community), \(number), \(number))
                """)
        }
        if registered { try await registerMeter(number, in: community, since: since) }
    }

    /// Registers the home's meter, taking over what is held under its serial.
    func registerMeter(
        _ number: Int64, in community: CommunityID = CityFixture.first, since: Instant = CityFixture.movedIn,
        at other: MeterAddress? = nil
    ) async throws {
        try await database.write { transaction in
            let address = try #require(other ?? MeterAddress(.serial, "m\(number)"))
            let meter = try transaction.holdAddress(address, at: since)
            try transaction.execute("UPDATE meter SET serial = \(address.address) WHERE meter_id = \(meter)")
            try transaction.execute("UPDATE meter_address SET is_registered = 1 WHERE meter_id = \(meter)")
            try transaction.execute(
                """
                INSERT INTO meter_installation (community_id, meter_id, usage_point_id, installed_at)
                VALUES (\(community), \(meter), \(number), \(since))
                """)
            try transaction.execute(
                """
                INSERT INTO sweep (community_id, meter_id, target_meter_id, asked_at)
                VALUES (0, \(meter), \(meter), 0)
                """)
            try transaction.execute("UPDATE registry_version SET version = version + 1")
        }
    }

    /// Posts native JSON as a gateway would.
    @discardableResult
    func post(
        _ json: String, from gateway: GatewayID = CityFixture.cityGateway,
        at: Instant = Instant(epochSeconds: 1_795_000_000)
    ) async throws -> RecordAnswer {
        try await record(Self.batch(json), from: gateway, at: at)
    }

    /// Native JSON as the service decodes it.
    static func batch(_ json: String) throws -> DecodedBatch {
        try decode(Array(json.utf8), as: .json, receivedAt: nil)
    }

    /// A body of native JSON as its values.
    static func decoded(_ json: String) throws -> DecodedBatch {
        try decode(Array(json.utf8), as: .json, receivedAt: nil)
    }

    /// Posts what the wmbusmeters gateway program sends.
    @discardableResult
    func postTelegram(_ json: String) async throws -> RecordAnswer {
        let batch = try decode(Array(json.utf8), as: .wmbusmeters, receivedAt: nil)
        return try await record(batch, from: CityFixture.cityGateway, at: Instant(epochSeconds: 1_795_000_000))
    }

    /// A series of hourly litre registers.
    static func series(_ meter: Int64, from start: Instant, _ litres: [Int64]) -> String {
        let registers = litres.map(String.init).joined(separator: ",")
        return
            #"{"readings":[{"meter":"M\#(meter)","start":"\#(start.utc)","interval_s":3600,"registers_l":[\#(registers)]}]}"#
    }

    /// Everything stored in sets, as one text: equal texts are equal databases.
    func sets() async throws -> String {
        try await database.read { reader in
            var lines: [String] = []
            for community in [CommunityID.unregistered, Self.first, Self.second] {
                try reader.eachDaySet(of: community, from: LocalDay(number: 0), to: LocalDay(number: 99_999)) {
                    lines.append("\(community) \($0) \($1) \(hex(DaySet.encode($2)))")
                }
            }
            return lines.joined(separator: "\n")
        }
    }

    func eventCount() async throws -> Int64? {
        try await database.read { try $0.first("SELECT count(*) FROM outbox_event") { try $0.integer(0) } }
    }

    func foldAll(at: Instant = Instant(epochSeconds: 1_795_000_000)) async throws -> FoldRound {
        try await fold.untilIdle(at: at)
    }
}

extension FoldReadings {
    /// Rounds until one finds nothing, added up.
    func untilIdle(at: Instant) async throws -> FoldRound {
        var total = try await callAsFunction(at: at)
        for _ in 0..<10_000 where !total.isIdle {
            let round = try await callAsFunction(at: at)
            total.entries += round.entries
            total.changedSets += round.changedSets
            total.markedHomes += round.markedHomes
            total.isIdle = round.isIdle
        }
        return total
    }
}
