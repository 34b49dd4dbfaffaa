import Database
import Ingest
import Logging
import Metering
import Scoring
import Storage
import Testing
import Water

@testable import Operations

/// What a meter showed before its exchange, and registers that contradict it.
@Suite(.freshDatabases) struct ExchangeMeterTests {
    /// 2026-10-01T00:00:00+08:00.
    private let start = Instant(epochSeconds: 1_790_784_000)
    private let now = Instant(epochSeconds: 1_793_808_000)

    /// Home 1's meter sends hourly for twenty days: 100,000 L at the start, ten more an hour; then its new one does so
    /// under the old one's number, from 500 L.
    private func city(_ engine: TestEngine) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        for day in 0..<20 as Range<Int64> {
            let registers = (0..<24).map { 100_000 + (day * 24 + $0) * 10 }
            try await city.post(CityFixture.series(1, from: start + day * 86_400, registers))
        }
        for day in 20..<30 as Range<Int64> {
            let registers = (0..<24).map { 500 + ((day - 20) * 24 + $0) * 10 }
            try await city.post(CityFixture.series(1, from: start + day * 86_400 + 1_800, registers))
        }
        try await city.database.write { try $0.setTimeZone("Asia/Shanghai") }
        _ = try await city.foldAll()
        return city
    }

    /// Half an hour after the old one's last reading, 104,790 L.
    private func exchange(final litres: Int64?) throws -> MeterExchange {
        MeterExchange(
            old: try #require(MeterAddress(.serial, "m1")), new: try #require(MeterAddress(.serial, "n1")),
            at: start + 20 * 86_400 - 1_800, finalRegister: litres.map { Volume(litres: $0) },
            startRegister: Volume(litres: 500))
    }

    private func note(
        _ litres: Int64?, isForced: Bool = false, _ city: CityFixture
    ) async throws -> Result<Void, ExchangeRefusal> {
        try await ExchangeMeter(database: city.database, calendar: city.calendar, rules: .standard)(
            try exchange(final: litres), isForced: isForced, now: now)
    }

    private func contradiction(_ litres: Int64, _ city: CityFixture) async throws -> RegisterContradiction {
        guard case .failure(.finalContradicts(let found)) = try await note(litres, city) else {
            throw NotContradicted(litres: litres)
        }
        return found
    }

    private struct NotContradicted: Error { let litres: Int64 }

    private func places(_ city: CityFixture) async throws -> [Placement] {
        try await city.database.read { reader in
            try reader.meter(serial: "m1").map { try reader.placements(of: $0.id) } ?? []
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a register that no meter shows is refused by its field, also by force`(engine: TestEngine) async throws {
        let city = try await city(engine)
        let most = Volume(litres: 1_000_000_000_000)
        let above = Volume(millilitres: most.millilitres + 1)
        let cases: [(field: String, final: Volume?, start: Volume?)] = [
            ("final_m3", above, nil), ("start_m3", most, above), ("start_m3", nil, Volume(millilitres: -1)),
        ]
        for (field, final, start) in cases {
            let known = try exchange(final: nil)
            let exchange = MeterExchange(
                old: known.old, new: known.new, at: known.at, finalRegister: final, startRegister: start)
            let done = try await ExchangeMeter(database: city.database, calendar: city.calendar, rules: .standard)(
                exchange, isForced: true, now: now)
            guard case .failure(let refusal) = done else {
                Issue.record("\(field) is taken")
                continue
            }
            #expect(refusal.description == "\(field): must be 0 to 1000000000 m³")
        }
        #expect(try await places(city).allSatisfy { $0.to == nil })
    }

    @Test(arguments: TestEngine.allCases)
    func `a last register below what the meter showed, or beyond what can have run since, is refused`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        let below = try await contradiction(104_000, city)
        #expect(below.kind == .belowEarlier && below.register == Volume(litres: 104_790))
        #expect(below.at == start + 20 * 86_400 - 3_600 && below.difference == Volume(litres: 790))
        let beyond = try await contradiction(604_790, city)
        #expect(beyond.kind == .beyondFlowSinceEarlier && beyond.register == Volume(litres: 104_790))
        let refusal = ExchangeRefusal.finalContradicts(below)
        let words = "final_m3: 104 is 0.79 m³ below 104.79, which the meter showed at 2026-10-20T15:00:00Z"
        #expect(refusal.description == words)
        #expect(try await places(city).allSatisfy { $0.to == nil })
        #expect(try await city.database.read { try $0.meter(serial: "n1") } == nil)
    }

    @Test(arguments: TestEngine.allCases)
    func `an exchange noted weeks after is judged by the readings before it, and a repeat is no other`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        // What came afterwards is the new meter's, however low.
        guard case .success = try await note(104_795, city) else {
            Issue.record("refused")
            return
        }
        guard case .success = try await note(104_795, city) else {
            Issue.record("refused when it was said again")
            return
        }
        #expect(try await places(city).map(\.finalRegister) == [Volume(litres: 104_795)])
        // Another last register for the same exchange is looked at as the first was.
        #expect(try await contradiction(104_000, city).kind == .belowEarlier)
    }

    @Test(arguments: TestEngine.allCases)
    func `by force it is taken as it is, and stays taken when it is said again`(engine: TestEngine) async throws {
        let city = try await city(engine)
        guard case .success = try await note(104_000, isForced: true, city),
            case .success = try await note(104_000, city)
        else {
            Issue.record("refused")
            return
        }
        #expect(try await places(city).map(\.finalRegister) == [Volume(litres: 104_000)])
    }

    @Test(arguments: TestEngine.allCases)
    func `what else is wrong with an exchange is told first, for it cannot be forced`(engine: TestEngine) async throws {
        let city = try await city(engine)
        let exchange = try exchange(final: 104_000)
        let outside = try await ExchangeMeter(database: city.database, calendar: city.calendar, rules: .standard)(
            exchange, now: now
        ) { _ in false }
        guard case .failure(.unknownMeter("m1")) = outside else {
            Issue.record("\(outside)")
            return
        }
        guard case .success = try await note(nil, city) else {
            Issue.record("refused without a last register")
            return
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an exchange noted while its community is measured for the first time is not overlooked`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        let october = BillingMonth(number: 2_026 * 12 + 9)
        let measure = MeasureMonth(database: city.database, calendar: city.calendar, rules: .standard)
        let (version, homes) = try await city.database.read { reader in
            (
                try reader.foldVersion(of: CityFixture.first),
                try measure.figures(of: CityFixture.first, october, reader)
            )
        }
        _ = try await note(104_795, city).get()
        let isFrozen = try await city.database.write { transaction in
            try measure.freeze(
                homes, of: CityFixture.first, october, version: version, under: nil, at: now, transaction)
        }
        #expect(!isFrozen)
        // A size noted later reaches no month with figures, and is not overlooked either.
        _ = try await measure(CityFixture.first, BillingMonth(number: 2_026 * 12), at: now)
        let later = try await city.database.read { try $0.foldVersion(of: CityFixture.first) }
        let meter = try MeterEntry(
            serial: try #require(MeterAddress(.serial, "m1")), otherAddresses: [], usagePoint: "P1",
            from: CityFixture.movedIn, to: nil, startRegister: nil, finalRegister: nil, resolution: nil,
            nominalFlowLitresPerHour: 1_600, modulus: nil)
        #expect(try await RegisterMeter(database: city.database)(meter, at: now).get() == .changed)
        #expect(try await city.database.read { try $0.foldVersion(of: CityFixture.first) } > later)
    }

    @Test(arguments: TestEngine.allCases)
    func `a register that staff enter against what the meter showed before or after needs their word once more`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        try await city.database.write { transaction in
            _ = try transaction.addStaff(
                name: "desk", area: CityFixture.city, role: .administrator, passwordHash: "x", at: start)
        }
        let staff = try #require(try await city.database.read { try $0.staff(name: "desk") })
        let edit = EditReading(database: city.database, calendar: city.calendar, rules: .standard)
        // Between 101,200 L at 00:00 and 101,210 at 01:00 of the sixth day.
        func request(_ id: String, _ litres: Int64) throws -> EditRequest {
            EditRequest(
                id: id, meter: try #require(MeterAddress(.serial, "m1")), at: start + 5 * 86_400 + 1_800,
                register: Volume(litres: litres), action: .enter, reason: "上门抄表")
        }
        for (id, litres, kind) in [
            ("e-1", 101_100, .belowEarlier), ("e-2", 101_900, .aboveLater), ("e-3", 201_205, .beyondFlowSinceEarlier),
        ] as [(String, Int64, RegisterContradiction.Kind)] {
            let asked = try request(id, litres)
            #expect(try await edit(asked, by: staff, at: now) == .failure(.registerContradicts))
            let found = try await city.database.read { try edit.contradiction(to: asked, by: staff, $0) }
            #expect(found?.kind == kind && found?.given == Volume(litres: litres), "\(litres)")
        }
        #expect(EditRefusal.registerContradicts.description == "register: the meter's other readings contradict it")
        #expect(try await edit(request("e-4", 101_205), by: staff, at: now).get().isRepeat == false)
        // The later word for the same minute is not held against the former.
        #expect(try await edit(request("e-5", 101_900), isForced: true, by: staff, at: now).get().isRepeat == false)
        #expect(try await edit(request("e-6", 101_206), by: staff, at: now).get().isRepeat == false)
        #expect(try await edit(request("e-5", 101_900), by: staff, at: now).get().isRepeat)
    }
}
