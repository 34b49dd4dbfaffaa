import Database
import Metering
import Storage
import Testing
import Water

@testable import Operations

/// Transactions that overlap on a server. On SQLite one waits for the other's end: there is nothing to overlap.
@Suite(.freshDatabases) struct SeveralProcessesOverlapTests {
    private static let servers = TestEngine.allCases.filter { $0 != .sqlite }
    private let at = Instant(epochSeconds: 1_795_000_000)
    private let october = BillingMonth("2026-10") ?? BillingMonth(number: 0)

    /// A fold of one entry of the unregistered, that began by the registry of before `meanwhile`.
    private func fold(
        _ entry: JournalEntry, in city: CityFixture, meanwhile: @escaping @Sendable () async throws -> Void
    ) async throws {
        let (at, calendar) = (at, city.calendar)
        try await city.database.write { transaction in
            var folding = Folding(
                transaction: transaction, directory: try transaction.reader.meterDirectory(), calendar: calendar,
                rules: .standard, at: at)
            try folding.take(entry)
            try folding.finish(journal: .unregistered)
        } meanwhile: {
            try await meanwhile()
        }
    }

    private func register(
        _ serial: String, _ others: [MeterAddress] = [], in process: OtherProcess
    ) async throws {
        let entry = try MeterEntry(
            serial: try #require(MeterAddress(.serial, serial)), otherAddresses: others, usagePoint: "P1",
            from: CityFixture.movedIn, to: nil, startRegister: nil, finalRegister: nil, resolution: nil,
            nominalFlowLitresPerHour: nil, modulus: nil)
        _ = try await RegisterMeter(database: process.database)(entry, at: at).get()
        _ = try await process.fold.untilIdle(at: at)
    }

    private func counts(_ city: CityFixture) async throws -> [Int] {
        try await city.database.read { reader in
            try [CommunityID.unregistered, CityFixture.first].map { community in
                var count = 0
                try reader.eachDaySet(of: community, from: LocalDay(number: 0), to: LocalDay(number: 99_999)) {
                    count += $2.count
                }
                return count
            }
        }
    }

    @Test(arguments: servers)
    func `a fold that a registration and its sweep overtake is made again`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1, registered: false)
        // Its address is known from a reading that joins no set: the sweep finds nothing to move.
        try await city.post(CityFixture.series(1, from: at + 86_400, [100]), at: at)
        _ = try await city.foldAll()
        let process = try OtherProcess("b", of: city)
        let address = try #require(MeterAddress(.serial, "M1"))
        let value = TimedRegister(at: CityFixture.october, register: Volume(litres: 100))
        let entry = JournalEntry.readings(
            gateway: CityFixture.cityGateway, address: address, values: [value], isFuture: false)
        try await fold(entry, in: city) { try await register("M1", in: process) }
        #expect(try await counts(city) == [0, 1])
    }

    @Test(arguments: servers)
    func `an address first seen while its meter is registered under another name joins the meter`(
        engine: TestEngine
    ) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1, registered: false)
        let process = try OtherProcess("b", of: city)
        let (seen, given) = (
            try #require(MeterAddress(.wmbus, "0000000b", driver: "hydrus")),
            try #require(MeterAddress(.wmbus, "0000000b"))
        )
        let value = TimedRegister(at: CityFixture.october, register: Volume(litres: 100))
        let entry = JournalEntry.readings(
            gateway: CityFixture.cityGateway, address: seen, values: [value], isFuture: false)
        try await fold(entry, in: city) { try await register("M1", [given], in: process) }
        #expect(try await counts(city) == [0, 1])
    }

    @Test(arguments: servers)
    func `one set widened by two folds at once holds what both brought`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1, registered: false)
        try await city.post(CityFixture.series(1, from: CityFixture.october, [100]))
        _ = try await city.foldAll()
        let process = try OtherProcess("b", of: city)
        let address = try #require(MeterAddress(.serial, "M1"))
        let value = TimedRegister(at: CityFixture.october + 60, register: Volume(litres: 101))
        let entry = JournalEntry.readings(
            gateway: CityFixture.cityGateway, address: address, values: [value], isFuture: false)
        try await fold(entry, in: city) {
            let body = CityFixture.series(1, from: CityFixture.october + 120, [102])
            _ = try await process.record(
                try CityFixture.decoded(body), from: CityFixture.cityGateway,
                at: Instant(epochSeconds: 1_795_000_000))
            _ = try await process.fold.untilIdle(at: Instant(epochSeconds: 1_795_000_000))
        }
        #expect(try await counts(city) == [3, 0])
        #expect(try await city.database.read { try $0.heldMeters(limit: 1).map(\.readings) } == [3])
    }

    @Test(arguments: servers)
    func `figures that a fold overtakes while they are frozen are not kept`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        try await city.post(CityFixture.series(1, from: CityFixture.october, [100, 110]))
        _ = try await city.foldAll()
        let process = try OtherProcess("b", of: city)
        let measure = MeasureMonth(database: city.database, calendar: city.calendar, rules: .standard)
        let (october, at, first) = (october, at, CityFixture.first)
        let (version, homes) = try await city.database.read { reader in
            (try reader.foldVersion(of: first), try measure.figures(of: first, october, reader))
        }
        let isWritten = try await city.database.write { transaction in
            try measure.freeze(
                homes, of: first, october, version: version, under: nil, at: at, transaction)
        } meanwhile: {
            try await city.post(CityFixture.series(1, from: CityFixture.october + 7_200, [120]))
            _ = try await process.fold.untilIdle(at: at)
        }
        #expect(!isWritten)
        #expect(try await measure(first, october, at: at) == .measured(homes: 1))
    }

    /// What is measured while readings are folded: a reading is in the figures, or its home is marked.
    @Test(arguments: TestEngine.allCases)
    func `a reading folded while its community is measured is in the figures or marks its home`(
        engine: TestEngine
    ) async throws {
        let city = try await CityFixture.city(of: 8, on: engine)
        for home in 1...16 as ClosedRange<Int64> {
            for body in CityFixture.octoberBodies(of: home) { try await city.post(body) }
        }
        _ = try await city.foldAll()
        let others = [try OtherProcess("a", of: city), try OtherProcess("b", of: city)]
        for home in 1...16 as ClosedRange<Int64> {
            let between = CityFixture.october + 15 * 86_400 + 900
            try await city.post(CityFixture.series(home, from: between, [100_000 + (15 * 24 + 2) * (6 + home % 12)]))
        }
        let (october, at) = (october, at)
        let measure = MeasureMonth(database: others[0].database, calendar: city.calendar, rules: .standard)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await others[1].fold.untilIdle(at: at) }
            group.addTask {
                for community in 100..<108 as Range<Int64> {
                    _ = try await measure(CommunityID(community), october, at: at)
                }
            }
            try await group.waitForAll()
        }
        for community in (100..<108 as Range<Int64>).map({ CommunityID($0) }) {
            let (frozen, now, dirty) = try await city.database.read { reader in
                (
                    try reader.homeMonths(of: community, october), try measure.figures(of: community, october, reader),
                    try reader.dirtyHomes(of: community).map(\.household)
                )
            }
            #expect(frozen.count == 2)
            for (old, new) in zip(frozen, now) where old != new { #expect(dirty.contains(old.household)) }
            for (old, new) in zip(frozen, now) where old == new { #expect(!dirty.contains(old.household)) }
        }
    }
}
