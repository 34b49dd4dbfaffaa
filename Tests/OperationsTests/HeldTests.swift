import Database
import Ingest
import Operations
import Storage
import Testing
import Water

/// What nobody registered and what is kept apart: found by gateway, counted, and given free again when it joins.
@Suite(.freshDatabases) struct HeldTests {
    private let october = CityFixture.october
    private let own = CityFixture.firstGateway
    private let other = CityFixture.secondGateway

    @Test(arguments: TestEngine.allCases)
    func `what some gateways heard is found and counted however much others heard later`(
        engine: TestEngine
    ) async throws {
        let city = try await CityFixture(on: engine)
        let (own, other, next) = (own, other, october + 86_400)
        try await city.post(CityFixture.series(1, from: october, [1, 2]), from: own)
        for meter in 1...4 as ClosedRange<Int64> {
            try await city.post(CityFixture.series(meter, from: next, [5]), from: other)
        }
        _ = try await city.foldAll()
        let (all, mine, none) = try await city.database.read { reader in
            (
                try reader.heldMeters(limit: 1), try reader.heldMeters(of: [own], limit: 1),
                try reader.heldMeters(of: [], limit: 1)
            )
        }
        #expect(all.map(\.gateway) == ["g3"] && mine.map(\.gateway) == ["g2"] && mine.map(\.readings) == [2])
        #expect(none.isEmpty)
        let lists: [[GatewayID]?] = [nil, [own], [own, other], []]
        let counts = try await city.database.read { reader in try lists.map { try reader.heldCount(of: $0) } }
        #expect(counts.map(\.meters) == [4, 1, 4, 0] && counts.map(\.readings) == [6, 2, 6, 0])
        let addresses = try ["m1", "m2"].map { try #require(MeterAddress(.serial, $0)) }
        let last = try await city.database.read { reader -> [Instant?] in
            try addresses.flatMap { [try reader.lastHeld(at: $0), try reader.lastHeld(at: $0, of: [own])] }
        }
        #expect(last == [next, october + 3_600, next, nil])
    }

    @Test(arguments: TestEngine.allCases)
    func `readings kept apart of some gateways are found however many others have later`(
        engine: TestEngine
    ) async throws {
        let city = try await CityFixture(on: engine)
        let (own, other) = (own, other)
        for (meter, gateway) in [(1, own), (2, other), (3, other)] as [(Int64, GatewayID)] {
            let body = CityFixture.series(meter, from: october + meter * 86_400, [5])
            try await city.post(body, from: gateway, at: october)
        }
        _ = try await city.foldAll()
        let (all, mine, none) = try await city.database.read { reader in
            (
                try reader.quarantined(limit: 1), try reader.quarantined(of: [own], limit: 1),
                try reader.quarantined(of: [], limit: 1)
            )
        }
        #expect(all.map(\.gateway) == ["g3"] && mine.map(\.gateway) == ["g2"] && none.isEmpty)
    }

    @Test(arguments: TestEngine.allCases)
    func `readings kept apart are counted page by page, each once and without those that joined`(
        engine: TestEngine
    ) async throws {
        let city = try await CityFixture(on: engine)
        for home in 1...2 as ClosedRange<Int64> { try await city.addHome(home) }
        let ahead = october + 10 * 86_400
        let first = CityFixture.series(1, from: ahead, [10, 20, 30])
        for gateway in [CityFixture.cityGateway, own] { try await city.post(first, from: gateway, at: october) }
        for (meter, litres) in [(2, [5, 6]), (9, [7])] as [(Int64, [Int64])] {
            try await city.post(CityFixture.series(meter, from: ahead, litres), at: october)
        }
        _ = try await city.foldAll()
        let month = city.calendar.month(of: october)
        let span = city.calendar.interval(of: month)
        func counts() async throws -> Set<Int> {
            try await city.database.read { reader in
                Set(try (1...8).map { try reader.held(of: month, span, together: $0).keptApart })
            }
        }
        #expect(try await counts() == [6])
        try await city.post(CityFixture.series(1, from: ahead, [10, 20]))
        _ = try await city.foldAll()
        #expect(try await counts() == [4])
    }

    /// A frame of the meter 11223344556677 whose clock says 2026-10-01 01:00:00.
    private func frame(heardAt: Instant?) throws -> DecodedBatch {
        var bytes: [UInt8] = [0x68, 0x10, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x81, 0x16, 0x90, 0x1F, 0x01]
        bytes += [0x45, 0x23, 0x01, 0x00, 0x2C, 0x00, 0x00, 0x00, 0x00, 0x2C]
        bytes += [0x00, 0x00, 0x01, 0x01, 0x10, 0x26, 0x20, 0x00, 0x00]
        return try decode(bytes + [bytes.reduce(0, &+), 0x16], as: .cjt188, receivedAt: heardAt)
    }

    @Test(arguments: TestEngine.allCases)
    func `a meter's clock that runs ahead is told as the meter's, and the gateway's offset is what it does not explain`(
        engine: TestEngine
    ) async throws {
        let city = try await CityFixture(on: engine)
        let address = try #require(MeterAddress(.cjt188, "11223344556677"))
        try await city.addHome(1, registered: false)
        try await city.registerMeter(1, at: address)
        let cases: [(heardAt: Instant?, cause: String, offset: Int64?)] = [
            (october, "the meter's clock is 3600 s ahead of the time of receipt", nil),
            (october + 400, "the meter's clock is 3200 s ahead of the time of receipt", nil),
            (october + 3_000, "the gateway's clock may be 3000 s ahead", 3_000),
            (nil, "the gateway's clock may be 3600 s ahead", 3_600),
        ]
        for (heardAt, cause, offset) in cases {
            let answer = try await city.record(
                try frame(heardAt: heardAt), from: CityFixture.cityGateway, at: october)
            #expect(answer.held == 1 && answer.entries.map(\.field) == ["at"])
            let reason = try #require(answer.entries.first?.reason)
            #expect(reason.hasPrefix("the time is more than 10 minutes ahead of the server (\(cause)); "))
            await city.record.settle()
            let found = try await city.database.read { try $0.gateways().compactMap(\.clockOffsetSeconds).first }
            #expect(found == offset, "\(cause)")
        }
    }

    /// Readings held, by gateway.
    private func held(_ city: CityFixture) async throws -> [GatewayID: Int64] {
        try await city.database.read { reader in
            Dictionary(uniqueKeysWithValues: try reader.heldAddresses().map { ($0.gateway, $0.readings) })
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what joins uses no more of its gateway's limit, and what stays does`(engine: TestEngine) async throws {
        var limits = RecordLimits()
        limits.heldReadingsPerGateway = 5
        let city = try await CityFixture(on: engine, limits: limits)
        try await city.addHome(1, registered: false)
        // Two lie before the meter hung there.
        try await city.post(CityFixture.series(1, from: CityFixture.movedIn - 7_200, [1, 2]))
        try await city.post(CityFixture.series(1, from: october, [100, 110, 120]))
        try await city.post(CityFixture.series(1, from: october + 86_400, [130]), from: own)
        _ = try await city.foldAll()
        #expect(try await held(city) == [CityFixture.cityGateway: 5, own: 1])
        try await city.registerMeter(1)
        _ = try await city.foldAll()
        #expect(try await held(city) == [CityFixture.cityGateway: 2])
        let answer = try await city.post(CityFixture.series(2, from: october, [7, 8, 9]))
        #expect(answer.held == 1 && answer.rejected == 0 && answer.readings == 3)
    }
}
