import Database
import Ingest
import Logging
import Metering
import Operations
import Storage
import Testing
import Water

@Suite struct RegistryMeterTests {
    @Test(arguments: TestEngine.allCases)
    func `an exchange is a removal and an installation that share an instant`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            try await test.addHome("1")
            #expect(try await test.addMeter("M1", on: "U1", to: "2026-10-10") == .success(.added))
            #expect(try await test.addMeter("M2", on: "U1", from: "2026-10-10") == .success(.added))
            let exchange = try test.instant("2026-10-10")
            let directory = try await database.read { try $0.meterDirectory() }
            for serial in ["M1", "M2"] {
                let address = try #require(MeterAddress(.serial, serial))
                let meter = try #require(directory.meter(at: address))
                #expect(directory.places(of: meter, at: exchange).count == 1)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a meter hangs in one place at a time`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            try await test.addHome("1")
            try await test.addHome("2")
            _ = try await test.addMeter("M1", on: "U1", from: "2026-03-01", to: "2026-06-01")
            let overlap = Result<RegistryChange, RegistryRefusal>
                .failure(.overlapsInstallation(from: try test.instant("2026-03-01").utc))
            #expect(try await test.addMeter("M1", on: "U2", from: "2026-05-31") == overlap)
            #expect(try await test.addMeter("M1", on: "U2", from: "2026-01-01", to: "2026-03-02") == overlap)
            #expect(try await test.addMeter("M1", on: "U2", from: "2026-01-01") == overlap)
            #expect(try await test.addMeter("M1", on: "U2", from: "2026-06-01") == .success(.changed))
            #expect(try await test.addMeter("M1", on: "U2", from: "2026-01-01", to: "2026-03-01") == .success(.changed))
            #expect(try await test.addMeter("M1", on: "U9") == .failure(.unknownUsagePoint("U9")))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an address belongs to one meter and a repeat changes nothing`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            try await test.addHome("1")
            try await test.addHome("2")
            let radio = try #require(MeterAddress(.wmbus, "0012AB34", driver: "hydrus"))
            #expect(try await test.addMeter("M1", on: "U1", addresses: [radio]) == .success(.added))
            #expect(
                try await test.addMeter("M2", on: "U2", addresses: [radio])
                    == .failure(.addressIsTaken(field: "wmbus", serial: "m1")))
            #expect(try await database.read { try $0.meter(serial: "m2") } == nil)
            let version = try await database.read { try $0.currentRegistryVersion() }
            let sweeps = try await database.read { try $0.nextSweeps(limit: 10) }
            #expect(try await test.addMeter("M1", on: "U1", addresses: [radio]) == .success(.unchanged))
            #expect(try await test.addMeter("m1", on: "U1") == .success(.unchanged))
            #expect(try await database.read { try $0.currentRegistryVersion() } == version)
            #expect(try await database.read { try $0.nextSweeps(limit: 10) } == sweeps)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what was held under any of its addresses joins a meter when it is registered`(
        engine: TestEngine
    ) async throws {
        try await onFreshDatabase(of: engine) { database in
            let post = try await Posting(in: database)
            try await post.test.addHome("1")
            try await post.send(#"{"meter":"M1","at":"2026-10-01T00:00:00+08:00","volume_m3":"1.000"}"#)
            for (id, driver, cubic) in [("0012ab34", "hydrus", "2.000"), ("0012ab34", "iperl", "3.000")] {
                try await post.telegram(
                    #"{"_":"telegram","media":"water","meter":"\#(driver)","name":"","id":"\#(id)","#
                        + #""timestamp":"2026-10-01T01:00:00Z","total_m3":\#(cubic),"status":"OK"}"#)
            }
            try await post.fold()
            #expect(try await post.registers(in: .unregistered) == [1_000, 2_000, 3_000])
            #expect(try await database.read { try $0.heldMeters(limit: 10).count } == 3)
            let radio = try #require(MeterAddress(.wmbus, "0012AB34"))
            #expect(try await post.test.addMeter("M1", on: "U1", addresses: [radio]) == .success(.added))
            try await post.fold()
            #expect(try await post.registers(in: .unregistered) == [])
            #expect(try await post.registers(in: try await post.test.community("A")) == [1_000, 2_000, 3_000])
            #expect(try await database.read { try $0.heldMeters(limit: 10).isEmpty })
            #expect(try await database.read { try $0.nextSweeps(limit: 10).isEmpty })
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a corrected installation moves just the readings that it concerns`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            let post = try await Posting(in: database)
            try await post.test.addHome("1")
            try await post.test.addHome("2", area: "B")
            _ = try await post.test.addMeter("M1", on: "U1")
            for day in 1...4 {
                try await post.send(#"{"meter":"M1","at":"2026-10-0\#(day)T12:00:00+08:00","volume_m3":"\#(day)"}"#)
            }
            try await post.fold()
            let (a, b) = (try await post.test.community("A"), try await post.test.community("B"))
            #expect(try await post.registers(in: a) == [1_000, 2_000, 3_000, 4_000])
            // The removal becomes known late: what came after it belongs nowhere for now.
            #expect(try await post.test.addMeter("M1", on: "U1", to: "2026-10-03") == .success(.changed))
            try await post.fold()
            #expect(try await post.registers(in: a) == [1_000, 2_000])
            #expect(try await post.registers(in: .unregistered) == [3_000, 4_000])
            // Then the place it went to.
            #expect(try await post.test.addMeter("M1", on: "U2", from: "2026-10-04") == .success(.changed))
            try await post.fold()
            #expect(try await post.registers(in: a) == [1_000, 2_000])
            #expect(try await post.registers(in: .unregistered) == [3_000])
            #expect(try await post.registers(in: b) == [4_000])
            // The earlier place was in the other community all along.
            try await post.test.addHome("3", area: "B")
            #expect(try await post.test.addMeter("M1", on: "U3", to: "2026-10-03") == .success(.changed))
            try await post.fold()
            #expect(try await post.registers(in: a) == [])
            #expect(try await post.registers(in: b) == [1_000, 2_000, 4_000])
        }
    }
}

/// A city whose gateway sends and whose fold is asked for.
private struct Posting {
    let test: TestCity
    private let record: RecordReadings
    private let folding: FoldReadings
    private let gateway: GatewayID

    init(in database: Database) async throws {
        test = try await TestCity.build(in: database)
        var random = SeededRandom(seed: 1)
        gateway = try await AddGateway(database: database)(
            "g", area: "C", key: .gatewayKey(using: &random), at: test.now
        ).get()
        let logger = Logger(label: "test")
        record = RecordReadings(database: database, limits: RecordLimits(), logger: logger)
        folding = FoldReadings(database: database, calendar: test.calendar, rules: .standard, logger: logger)
    }

    func send(_ reading: String) async throws {
        let batch = try decode(Array(#"{"readings":[\#(reading)]}"#.utf8), as: .json, receivedAt: nil)
        _ = try await record(batch, from: gateway, at: test.now + 30 * 86_400)
    }

    func telegram(_ json: String) async throws {
        let batch = try decode(Array(json.utf8), as: .wmbusmeters, receivedAt: nil)
        _ = try await record(batch, from: gateway, at: test.now + 30 * 86_400)
    }

    func fold() async throws { _ = try await folding.untilIdle(at: test.now + 30 * 86_400) }

    /// Every register of a community's sets, litres, ascending.
    func registers(in community: CommunityID) async throws -> [Int64] {
        try await test.database.read { reader in
            var found: [Int64] = []
            try reader.eachDaySet(of: community, from: LocalDay(number: 0), to: LocalDay(number: 99_999)) {
                found += $2.map(\.register.flooredLitres)
            }
            return found.sorted()
        }
    }
}
