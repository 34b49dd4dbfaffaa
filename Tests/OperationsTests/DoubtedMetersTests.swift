import Database
import Logging
import Metering
import Operations
import Scoring
import Storage
import Testing
import Water

/// The list of meters in doubt, and the one decision that settles each.
@Suite(.freshDatabases) struct DoubtedMetersTests {
    private let october = BillingMonth("2026-10") ?? BillingMonth(number: 0)
    /// 2026-10-01T00:00:00+08:00.
    private let start = Instant(epochSeconds: 1_790_784_000)
    /// 2026-11-06T00:00:00+08:00, when October is closed.
    private let closing = Instant(epochSeconds: 1_793_894_400)
    /// Hours from the start to the first register of home 1 in another unit, and to the first nought of home 2.
    private let wrong = 11 * 24 + 5
    private let silent = 14 * 24

    private func register(_ hour: Int, _ home: Int64) -> Int64 { 300_000 + Int64(hour) * (6 + home) }

    /// Twelve homes, October closed. Home 1's meter goes on in another unit, through a gateway of its own; with
    /// `nought` home 2's shows nought and nothing else.
    private func city(_ engine: TestEngine, nought: Bool = false) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        for home in 1...12 as ClosedRange<Int64> { try await city.addHome(home) }
        try await city.database.write { transaction in
            try transaction.setTimeZone("Asia/Shanghai")
            for (name, area) in [("desk", CityFixture.city), ("other", CityFixture.second)] {
                _ = try transaction.addStaff(
                    name: name, area: area, role: .administrator, passwordHash: "x", at: start)
            }
        }
        let hours = -48..<31 * 24 + 6
        for home in 1...12 as ClosedRange<Int64> {
            let end = home == 1 ? wrong : home == 2 && nought ? silent : hours.upperBound
            try await post(home, (hours.lowerBound..<end).map { register($0, home) }, from: hours.lowerBound, to: city)
        }
        let other = (wrong..<hours.upperBound).map { register($0, 1) * 10 }
        try await post(1, other, from: wrong, by: CityFixture.firstGateway, to: city)
        if nought {
            let noughts = (silent..<hours.upperBound).map { _ in Int64(0) }
            try await post(2, noughts, from: silent, to: city)
        }
        _ = try await city.fold.whatIsThere(at: closing)
        _ = try await close(city)(october, at: closing).get()
        return city
    }

    private func post(
        _ home: Int64, _ registers: [Int64], from hour: Int, by gateway: GatewayID = CityFixture.cityGateway,
        to city: CityFixture
    ) async throws {
        let series = CityFixture.series(home, from: start + Int64(hour) * 3_600, registers)
        try await city.post(series, from: gateway, at: closing)
    }

    private func close(_ city: CityFixture) throws -> CloseMonth {
        CloseMonth(
            database: city.database, calendar: city.calendar, shelf: try SharedFiles.shelf(),
            settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: SharedFiles.rulesID),
            logger: Logger(label: "test"))
    }

    private func doubted(_ city: CityFixture) -> DoubtedMeters {
        DoubtedMeters(database: city.database, calendar: city.calendar, rules: .standard)
    }

    private func staff(_ name: String, _ city: CityFixture) async throws -> StaffMember {
        try #require(try await city.database.read { try $0.staff(name: name) })
    }

    private func statement(_ city: CityFixture) async throws -> Statement {
        let stored = try await city.database.read {
            try $0.statement(of: HouseholdID(1), in: CityFixture.first, october)
        }
        return try Statement(bytes: Array(try #require(stored).body.utf8))
    }

    @Test(arguments: TestEngine.allCases)
    func `a meter in another unit is listed with both registers, and counts once the first of them is accepted`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        let doubted = doubted(city)
        let found = try await doubted(in: CityFixture.first, at: closing)
        try #require(found.count == 1)
        let one = found[0]
        #expect(one.open.serial == "m1" && one.open.households == ["H1"] && !one.open.isDecided)
        #expect(one.open.doubt.first == start + Int64(wrong) * 3_600 && one.open.area == CityFixture.first)
        #expect(one.before == Volume(litres: register(wrong - 1, 1)))
        #expect(one.first == Volume(litres: register(wrong, 1) * 10) && !one.isNought)
        #expect(one.gateways == ["g2"])
        #expect(try await city.database.read { try $0.openDoubtCount(of: CityFixture.first) } == 1)
        #expect(try await statement(city).use.litres < 31 * 24 * 8)

        let desk = try await staff("desk", city)
        let away = try await doubted.accept(one, reason: "看过表盘", by: try await staff("other", city), at: closing)
        #expect(away == .failure(.notInstalled))
        let first = try #require(try await doubted.accept(one, reason: "看过表盘", by: desk, at: closing)).get()
        #expect(!first.isRepeat && first.markedHomes == 1)
        let again = try #require(try await doubted.accept(one, reason: "看过表盘", by: desk, at: closing + 60)).get()
        #expect(again.isRepeat)

        // Until the correction it is listed as decided, with nothing left to accept.
        let decided = try await doubted(in: CityFixture.first, at: closing)
        #expect(decided.map(\.open.isDecided) == [true] && decided.map(\.first) == [nil])
        #expect(try await doubted.accept(decided[0], reason: "看过表盘", by: desk, at: closing) == nil)
        #expect(try await city.database.read { try $0.openDoubtCount(of: CityFixture.first) } == 0)

        _ = try await close(city).corrections(at: closing)
        #expect(try await doubted(in: CityFixture.first, at: closing).isEmpty)
        let said = try await statement(city)
        #expect(said.version == 2)
        // The step itself is no use: eleven days of the one unit, then the other.
        #expect(said.use.litres == Int64(wrong - 1) * 7 + Int64(31 * 24 - wrong) * 70)
    }

    @Test(arguments: TestEngine.allCases)
    func `a nought is listed and never accepted, and a gateway's meters are told apart`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine, nought: true)
        let doubted = doubted(city)
        let found = try await doubted(in: CityFixture.first, at: closing)
        try #require(found.map(\.open.serial) == ["m1", "m2"])
        let nought = found[1]
        #expect(nought.isNought && nought.before == Volume(litres: register(silent - 1, 2)))
        #expect(nought.gateways == ["g1"])
        let desk = try await staff("desk", city)
        #expect(try await doubted.accept(nought, reason: "看过表盘", by: desk, at: closing) == nil)
        for (gateway, serials) in [
            (CityFixture.cityGateway, ["m2"]), (CityFixture.firstGateway, ["m1"]), (CityFixture.secondGateway, []),
        ] {
            let meters = try await doubted(in: CityFixture.first, sentBy: gateway, at: closing)
            #expect(meters.map(\.open.serial) == serials)
        }
        #expect(try await doubted(in: CityFixture.second, at: closing).isEmpty)
    }
}
