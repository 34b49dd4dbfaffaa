import Database
import Ingest
import Logging
import Metering
import Operations
import Storage
import Testing
import Water

/// What staff may decide on a reading, and where it holds.
@Suite(.freshDatabases) struct EditReadingTests {
    private let october = BillingMonth("2026-10") ?? BillingMonth(number: 0)
    /// 2026-10-01T00:00:00+08:00.
    private let start = Instant(epochSeconds: 1_790_784_000)
    /// 2026-11-05T00:00:00+08:00.
    private let later = Instant(epochSeconds: 1_793_808_000)

    private var moved: Instant { start + 15 * 86_400 }

    /// Home 1's meter moves to home 2, in the other community.
    private func cityOfMove(_ engine: TestEngine, _ address: MeterAddress) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        try await city.addHome(2, in: CityFixture.second, registered: false)
        try await city.database.write { transaction in
            let meter = try #require(try transaction.reader.heldMeter(at: address))
            try transaction.execute("UPDATE meter_installation SET removed_at = \(moved) WHERE meter_id = \(meter)")
            try transaction.execute(
                """
                INSERT INTO meter_installation (community_id, meter_id, usage_point_id, installed_at)
                VALUES (\(CityFixture.second), \(meter), 2, \(moved))
                """)
            try transaction.execute("UPDATE registry_version SET version = version + 1")
            for (name, area) in [("desk", CityFixture.city), ("one", CityFixture.second)] {
                _ = try transaction.addStaff(
                    name: name, area: area, role: .administrator, passwordHash: "x", at: moved)
            }
        }
        return city
    }

    @Test(arguments: TestEngine.allCases)
    func `a decision at the instant a meter moves holds in both communities`(engine: TestEngine) async throws {
        let address = try #require(MeterAddress(.serial, "m1"))
        let city = try await cityOfMove(engine, address)
        // Every hour, the hour of the move among them.
        let registers = (0..<31 * 24 + 6).map { 1_000 + Int64($0) * 9 }
        try await city.post(CityFixture.series(1, from: start - 3_600, registers))
        let close = CloseMonth(
            database: city.database, calendar: city.calendar, shelf: try SharedFiles.shelf(),
            settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: SharedFiles.rulesID),
            logger: Logger(label: "test"))
        _ = try await close(october, at: later).get()
        let edit = EditReading(database: city.database, calendar: city.calendar, rules: .standard)
        let (desk, one) = try await city.database.read { reader in
            (try #require(try reader.staff(name: "desk")), try #require(try reader.staff(name: "one")))
        }
        func request(_ id: String, _ action: EditAction) -> EditRequest {
            EditRequest(
                id: id, meter: address, at: moved, register: Volume(litres: 1_000 + (15 * 24 + 1) * 9), action: action,
                reason: "核对")
        }
        func decisions() async throws -> [Int] {
            try await city.database.read { reader in
                try [CityFixture.first, CityFixture.second].map { try reader.edits(in: $0).values.joined().count }
            }
        }
        let first = try await edit(request("e-1", .reject), by: desk, at: later).get()
        #expect(!first.isRepeat && first.markedHomes == 2)
        #expect(try await edit(request("e-1", .reject), by: desk, at: later + 9).get().isRepeat)
        #expect(try await decisions() == [1, 1])
        // Staff of one side decide for theirs.
        _ = try await edit(request("e-2", .withdraw), by: one, at: later + 60).get()
        #expect(try await decisions() == [1, 2])
        _ = try await edit(request("e-3", .withdraw), by: desk, at: later + 90).get()
        #expect(try await decisions() == [2, 2])
        // Known to one side only, as where the other's journal is not folded yet: decided for both.
        try await city.database.write { transaction in
            let meter = try #require(try transaction.reader.heldMeter(at: address))
            let key = DayKey(community: CityFixture.second, day: city.calendar.day(of: moved), meter: meter)
            let rest = try transaction.reader.daySet(key).filter { $0.at != moved }
            try transaction.write([(key, DaySet.encode(rest))])
        }
        _ = try await edit(request("e-4", .reject), by: desk, at: later + 120).get()
        #expect(try await decisions() == [3, 3])
    }

    static let refusals: [(EditAction, Int64, Int64, String, String, EditRefusal)] = [
        (.reject, 5_400, 1, "m1", "why", .noSuchReading), (.withdraw, 5_400, 1, "m1", "why", .nothingToWithdraw),
        (.enter, 5_400, 1, "m99", "why", .unknownMeter), (.enter, 5_400, 1, "m1", "  ", .reasonIsMissing),
        (.enter, -80_000_000, 1, "m1", "why", .notInstalled),
        (.enter, 900_000_000, 1, "m1", "why", .instantIsAhead),
        (.enter, -900_000_000, 1, "m1", "why", .instantIsOutOfRange),
        (.enter, 5_400, -1, "m1", "why", .registerIsOutOfRange),
    ]

    @Test(arguments: refusals)
    func `a decision that cannot be is refused by field`(
        action: EditAction, after: Int64, litres: Int64, serial: String, reason: String, refusal: EditRefusal
    ) async throws {
        let city = try await CityFixture(on: .sqlite)
        try await city.addHome(1)
        try await city.database.write { transaction in
            _ = try transaction.addStaff(
                name: "desk", area: CityFixture.city, role: .administrator, passwordHash: "x", at: later)
        }
        let staff = try #require(try await city.database.read { try $0.staff(name: "desk") })
        let request = EditRequest(
            id: "e-1", meter: try #require(MeterAddress(.serial, serial)), at: start + after,
            register: Volume(litres: litres), action: action, reason: reason)
        let edit = EditReading(database: city.database, calendar: city.calendar, rules: .standard)
        #expect(try await edit(request, by: staff, at: later) == .failure(refusal))
        #expect(refusal.description.hasPrefix("\(refusal.field): "))
    }
}
