import Database
import Dispatch
import Ingest
import Operations
import Storage
import Testing
import Water

@Suite(.freshDatabases) struct RecordAndFoldTests {
    /// 2026-10-01T00:00:00+08:00.
    private let october = Instant(epochSeconds: 1_790_784_000)

    @Test(arguments: TestEngine.allCases)
    func `an accepted reading is in the journal at once and in its set after folding`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        let answer = try await city.post(CityFixture.series(1, from: october, [100, 110, 120]))
        #expect(answer.accepted == 1 && answer.readings == 3 && answer.entries.isEmpty)
        let address = try #require(MeterAddress(.serial, "M1"))
        #expect(try await city.database.read { try $0.journaled(at: address).count } == 3)
        let round = try await city.foldAll()
        #expect(round.entries == 3 && round.changedSets == 1)
        #expect(try await city.database.read { try $0.journalLag()?.readings } == nil)
        let elements = try await city.database.read { try $0.elements(at: address) }
        #expect(elements?.map(\.register.flooredLitres) == [100, 110, 120])
    }

    @Test(arguments: TestEngine.allCases)
    func `order, repeats and the number of folds change no byte`(engine: TestEngine) async throws {
        var texts: Set<String> = []
        for seed in 1...4 as ClosedRange<UInt64> {
            let city = try await CityFixture(on: engine)
            for home in 1...3 as ClosedRange<Int64> { try await city.addHome(home) }
            var bodies: [String] = []
            for home in 1...3 as ClosedRange<Int64> {
                for day in 0..<4 {
                    bodies.append(
                        CityFixture.series(
                            home, from: october + Int64(day) * 86_400,
                            (0..<24).map { Int64(day * 24 + $0) * (7 + home) }))
                }
            }
            var random = SeededRandom(seed: seed)
            let sent = seed == 1 ? bodies : (bodies + bodies + bodies).shuffled(using: &random)
            for (index, body) in sent.enumerated() {
                try await city.post(body)
                if seed == 3, index % 5 == 0 { _ = try await city.foldAll() }
            }
            _ = try await city.foldAll()
            texts.insert(try await city.sets())
        }
        #expect(texts.count == 1)
        #expect(texts.first?.isEmpty == false)
    }

    @Test(arguments: TestEngine.allCases)
    func `an unregistered meter is held and joins when it is registered`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1, registered: false)
        let answer = try await city.post(CityFixture.series(1, from: october, [100, 110]))
        #expect(answer.held == 1 && answer.accepted == 0)
        #expect(answer.entries.first?.reason.contains("no meter is registered as ") == true)
        #expect(answer.entries.map(\.field) == ["meter"])
        _ = try await city.foldAll()
        #expect(try await city.database.read { try $0.heldMeters(limit: 10).map(\.readings) } == [2])
        try await city.registerMeter(1)
        _ = try await city.foldAll()
        let held = try await city.database.read { try $0.heldMeters(limit: 10) }
        #expect(held.isEmpty)
        let moved = try await city.sets()
        #expect(moved.hasPrefix("\(CityFixture.first) ") && !moved.contains("\n"))
    }

    @Test(arguments: TestEngine.allCases)
    func `a registered meter outside the gateway's scope is rejected`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        let answer = try await city.post(
            CityFixture.series(1, from: october, [100]), from: CityFixture.secondGateway)
        #expect(answer.rejected == 1 && answer.readings == 0)
        #expect(answer.entries.first?.reason.contains("scope") == true)
        _ = try await city.foldAll()
        #expect(try await city.sets().isEmpty)
    }

    @Test(arguments: TestEngine.allCases)
    func `what a gateway out of scope sent before the meter joined stays quarantined`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1, registered: false)
        try await city.post(CityFixture.series(1, from: october, [100]), from: CityFixture.secondGateway)
        try await city.post(CityFixture.series(1, from: october + 3_600, [110]), from: CityFixture.firstGateway)
        _ = try await city.foldAll()
        try await city.registerMeter(1)
        _ = try await city.foldAll()
        let address = try #require(MeterAddress(.serial, "M1"))
        let elements = try await city.database.read { try $0.elements(at: address) }
        #expect(elements?.map(\.register.flooredLitres) == [110])
        #expect(try await city.database.read { try $0.quarantined(limit: 10).map(\.reason) } == ["scope"])
    }

    @Test(arguments: TestEngine.allCases)
    func `a reading ahead of the clock is held and joins no set`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        let answer = try await city.post(CityFixture.series(1, from: october, [100, 110]), at: october - 3_000)
        #expect(answer.held == 1)
        #expect(answer.entries.map(\.field) == ["at", "at"] && answer.entries.map(\.offset) == [0, 1])
        _ = try await city.foldAll()
        #expect(try await city.database.read { try $0.quarantined(limit: 10).map(\.reason) } == ["future", "future"])
        await city.record.settle()
        let offsets = try await city.database.read { try $0.quarantined(limit: 10).map(\.gatewayOffsetSeconds) }
        #expect(offsets == [6_600, 6_600])
        let soon = try await city.post(CityFixture.series(1, from: october, [100]), at: october - 600)
        #expect(soon.accepted == 1)
    }

    @Test func `values of a series ahead of the clock are named by their places, beside those that are rejected`()
        async throws
    {
        let city = try await CityFixture(on: .sqlite)
        try await city.addHome(1)
        let series = """
            {"readings":[{"meter":"M1","start":"\(october.utc)","interval_s":3600,\
            "registers_l":[null,100,-1,null,120,130]},{"meter":"M1","at":"\((october + 9_000).utc)","volume_l":"1"}]}
            """
        let answer = try await city.post(series, at: october + 5_000)
        #expect(answer.entries.map(\.index) == [0, 0, 0, 1])
        #expect(answer.entries.map(\.offset) == [2, 4, 5, nil])
        #expect(answer.entries.map(\.status) == [.rejected, .held, .held, .held])
        #expect(answer.rejected == 1 && answer.held == 1 && answer.readings == 4)
    }

    private func ahead(_ seconds: Int) -> String {
        "the time is more than 10 minutes ahead of the server (the gateway's clock may be \(seconds) s ahead); "
            + "it joins no statement: send it again when its time has come"
    }

    @Test(arguments: TestEngine.allCases)
    func `a reading ahead of the clock joins when it is sent again in its time, and not by itself`(
        engine: TestEngine
    ) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        let early = try await city.post(CityFixture.series(1, from: october, [100, 110]), at: october - 3_000)
        #expect(early.entries.map(\.reason) == [ahead(3_000), ahead(6_600)])
        _ = try await city.foldAll(at: october + 9_000)
        #expect(try await city.sets().isEmpty)
        let again = try await city.post(CityFixture.series(1, from: october, [100, 110]), at: october + 3_600)
        #expect(again.accepted == 1 && again.entries.isEmpty)
        _ = try await city.foldAll()
        let address = try #require(MeterAddress(.serial, "M1"))
        let elements = try await city.database.read { try $0.elements(at: address) }
        #expect(elements?.map(\.register.flooredLitres) == [100, 110])
    }

    @Test func `of a meter that nobody registered, a reading ahead of the clock is not said to join`() async throws {
        let city = try await CityFixture(on: .sqlite)
        let early = try await city.post(CityFixture.series(2, from: october, [100]), at: october - 3_000)
        #expect(early.entries.map(\.reason) == ["no meter is registered as serial:m2", ahead(3_000)])
    }

    @Test func `what is held, and what is out of scope, is named by its line`() async throws {
        let city = try await CityFixture(on: .sqlite)
        try await city.addHome(1)
        let (now, later) = (october.utc, (october + 9_000).utc)
        let table = "meter,at,volume_l\n\nM1,\(now),100\nM2,\(now),100\nM1,\(later),110\n"
        let batch = try decode(Array(table.utf8), as: .csv, receivedAt: nil)
        let answer = try await city.record(batch, from: CityFixture.cityGateway, at: october + 5_000)
        #expect(answer.entries.map(\.index) == [1, 2])
        let unregistered = "line 4: no meter is registered as serial:m2; the reading joins when one is"
        #expect(answer.entries.map(\.reason) == [unregistered, "line 5: \(ahead(4_000))"])
        let other = try await city.record(batch, from: CityFixture.secondGateway, at: october + 5_000)
        let scope = "the meter is outside this gateway's scope"
        #expect(other.entries.map(\.reason) == ["line 3: \(scope)", unregistered, "line 5: \(scope)"])
    }

    @Test(arguments: TestEngine.allCases)
    func `a gateway's held meters and readings have a limit`(engine: TestEngine) async throws {
        var limits = RecordLimits()
        limits.heldMetersPerGateway = 1
        limits.heldReadingsPerGateway = 3
        let city = try await CityFixture(on: engine, limits: limits)
        #expect(try await city.post(CityFixture.series(1, from: october, [1, 2])).held == 1)
        let second = try await city.post(CityFixture.series(2, from: october, [1]))
        #expect(second.rejected == 1 && second.entries.first?.field == "held_limit")
        let full = try await city.post(CityFixture.series(1, from: october + 7_200, [3, 4]))
        #expect(full.readings == 1 && full.rejected == 1)
    }

    @Test(arguments: TestEngine.allCases)
    func `a change of the registry forgets nothing of what is held and not folded yet`(
        engine: TestEngine
    ) async throws {
        var limits = RecordLimits()
        limits.heldMetersPerGateway = 2
        limits.heldReadingsPerGateway = 3
        let city = try await CityFixture(on: engine, limits: limits)
        for meter in 1...2 as ClosedRange<Int64> {
            #expect(try await city.post(CityFixture.series(meter, from: october, [1])).held == 1)
        }
        try await city.addHome(9)
        #expect(try await city.post(CityFixture.series(3, from: october, [1])).rejected == 1)
        let full = try await city.post(CityFixture.series(1, from: october + 3_600, [2, 3]))
        #expect(full.readings == 1 && full.rejected == 1)
        // One that is registered makes room for another.
        try await city.addHome(2)
        _ = try await city.foldAll()
        #expect(try await city.post(CityFixture.series(3, from: october, [1])).held == 1)
    }

    @Test(arguments: TestEngine.allCases)
    func `what is held is sent again as often as a gateway likes, and uses no more of its limit`(
        engine: TestEngine
    ) async throws {
        var limits = RecordLimits()
        limits.heldReadingsPerGateway = 5
        let city = try await CityFixture(on: engine, limits: limits)
        for round in 0..<6 {
            let answer = try await city.post(
                CityFixture.series(1, from: october, [1, 2]), at: october + 10_000 + Int64(round) * 10)
            #expect(answer.held == 1 && answer.rejected == 0, "\(round)")
            _ = try await city.foldAll()
        }
        #expect(try await city.database.read { try $0.heldMeters(limit: 10).map(\.readings) } == [2])
    }

    @Test(arguments: TestEngine.allCases)
    func `alarms of meters that nobody registered are kept up to the same limit`(engine: TestEngine) async throws {
        var limits = RecordLimits()
        limits.heldMetersPerGateway = 2
        let city = try await CityFixture(on: engine, limits: limits)
        for number in 1...4 {
            let body =
                #"{"_":"telegram","media":"water","meter":"hydrus","name":"a","id":"0000000\#(number)","#
                + #""timestamp":"2026-10-01T00:00:00Z","status":"LEAK"}"#
            let answer = try await city.postTelegram(body)
            #expect(answer.entries.contains { $0.field == "held_limit" } == (number > 2), "\(number)")
        }
        _ = try await city.foldAll()
        #expect(try await city.database.read { try $0.alerts(of: .unregistered, limit: 10).count } == 2)
        // Alone they hold their meters, so that another process knows of them.
        #expect(try await city.database.read { try $0.heldMeters(limit: 10).map(\.readings) } == [0, 0])
    }

    @Test(arguments: TestEngine.allCases)
    func `one gateway at its limit takes nothing from another`(engine: TestEngine) async throws {
        var limits = RecordLimits()
        limits.heldReadingsPerGateway = 10
        let city = try await CityFixture(on: engine, limits: limits)
        func post(_ meter: Int64, _ count: Int64, from gateway: GatewayID, at: Instant) async throws -> RecordAnswer {
            try await city.post(CityFixture.series(meter, from: october, Array(1...count)), from: gateway, at: at)
        }
        let at = october + 100_000
        #expect(try await post(1, 10, from: CityFixture.cityGateway, at: at).held == 1)
        #expect(try await post(2, 5, from: CityFixture.firstGateway, at: at).held == 1)
        #expect(try await post(3, 1, from: CityFixture.cityGateway, at: at + 10).rejected == 1)
        #expect(try await post(4, 5, from: CityFixture.firstGateway, at: at + 20).held == 1)
    }

    @Test(arguments: TestEngine.allCases)
    func `a clock that was put right is no longer told as ahead`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        func offset() async throws -> Int64? {
            await city.record.settle()
            return try await city.database.read { try $0.gateways().compactMap(\.clockOffsetSeconds).first }
        }
        _ = try await city.post(CityFixture.series(1, from: october, [100]), at: october - 3_000)
        #expect(try await offset() == 3_000)
        _ = try await city.post(CityFixture.series(1, from: october, [100]), at: october + 10)
        #expect(try await offset() == nil)
    }

    @Test(arguments: TestEngine.allCases)
    func `a reading at the instant of a move belongs to both communities`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        try await city.addHome(2, in: CityFixture.second, registered: false)
        try await city.database.write { transaction in
            try transaction.execute("UPDATE meter_installation SET removed_at = \(october + 3_600)")
            try transaction.execute(
                """
                INSERT INTO meter_installation (community_id, meter_id, usage_point_id, installed_at)
                SELECT \(CityFixture.second), meter_id, 2, \(october + 3_600) FROM meter_installation
                """)
            try transaction.execute("UPDATE registry_version SET version = version + 1")
        }
        try await city.post(CityFixture.series(1, from: october, [100, 110, 120]))
        _ = try await city.foldAll()
        let counts = try await city.database.read { reader in
            try [CityFixture.first, CityFixture.second].map { community in
                var count = 0
                try reader.eachDaySet(of: community, from: LocalDay(number: 0), to: LocalDay(number: 99_999)) {
                    count += $2.count
                }
                return count
            }
        }
        #expect(counts == [2, 2])
    }

    @Test(arguments: TestEngine.allCases)
    func `a device alarm is kept once however often it is sent`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        let body =
            #"{"_":"telegram","media":"water","meter":"hydrus","name":"a","id":"0000000a","timestamp":"2026-10-01T00:00:00Z","total_m3":1.5,"status":"LEAK"}"#
        for _ in 0..<3 { try await city.postTelegram(body) }
        _ = try await city.foldAll()
        #expect(try await city.database.read { try $0.alerts(limit: 10).map(\.code) } == ["leak"])
    }

    @Test(arguments: TestEngine.allCases)
    func `an alarm of an unregistered meter joins its community with the meter`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1, registered: false)
        let body = #"""
            {"_":"telegram","media":"water","meter":"hydrus","name":"a","id":"0000000b",
            "timestamp":"2026-10-01T00:00:00Z","total_m3":1.5,"status":"LEAK"}
            """#
        try await city.postTelegram(body)
        _ = try await city.foldAll()
        #expect(try await city.database.read { try $0.alerts(of: .unregistered, limit: 10).count } == 1)
        let address = try #require(MeterAddress(.wmbus, "0000000b", driver: "hydrus"))
        try await city.registerMeter(1, at: address)
        _ = try await city.foldAll()
        let joined = try await city.database.read { try $0.alerts(of: CityFixture.first, limit: 10).map(\.code) }
        #expect(joined == ["leak"])
        #expect(try await city.database.read { try $0.alerts(of: .unregistered, limit: 10).isEmpty })
    }

    @Test func `while another holds the database for long the service says that it takes no writes`() async throws {
        let city = try await CityFixture(on: .sqlite)
        try await city.addHome(1)
        let at = Instant(epochSeconds: 1_795_000_000)
        let began = AsyncStream<Void>.makeStream()
        let mayEnd = DispatchSemaphore(value: 0)
        let (record, database) = (city.record, city.database)
        async let holder: Void = database.write { _ in
            began.continuation.finish()
            mayEnd.wait()
        }
        for await _ in began.stream {}
        let batch = try CityFixture.batch(CityFixture.series(1, from: CityFixture.october, [5]))
        async let answer = record(batch, from: CityFixture.cityGateway, at: at)
        // Until the commit has begun.
        while await record.canWrite(at: at + 6) { await Task.yield() }
        #expect(await record.canWrite(at: at + 5))
        mayEnd.signal()
        #expect(try await answer.accepted == 1)
        try await holder
        #expect(await record.canWrite(at: at + 60))
    }
}
