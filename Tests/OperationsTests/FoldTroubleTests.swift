import Database
import Logging
import Operations
import Storage
import Testing
import Water

/// One community's stored readings are damaged: the others go on, and it is named.
@Suite(.freshDatabases) struct FoldTroubleTests {
    private let at = Instant(epochSeconds: 1_795_000_000)
    private let october = BillingMonth(number: 2_026 * 12 + 9)
    private let code = "140105001001"

    /// Home 1 in the first community with half a day folded, home 2 in the second without any readings.
    private func city(_ engine: TestEngine) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        try await city.addHome(2, in: CityFixture.second)
        try await city.post(CityFixture.series(1, from: CityFixture.october, Array(100..<112)))
        _ = try await city.foldAll()
        return city
    }

    private func postMore(_ city: CityFixture) async throws {
        try await city.post(CityFixture.series(1, from: CityFixture.october + 12 * 3_600, Array(112..<124)))
        try await city.post(CityFixture.series(2, from: CityFixture.october, Array(100..<124)))
    }

    /// Puts other bytes in the place of the first community's first day; what was there.
    private func put(_ bytes: [UInt8], _ city: CityFixture) async throws -> [UInt8] {
        try await city.database.write { transaction in
            let day = try #require(
                try transaction.reader.first(
                    "SELECT min(day) FROM reading_day WHERE community_id = \(CityFixture.first)"
                ) { try $0.integer(0) })
            let known = try transaction.reader.first(
                "SELECT body FROM reading_day WHERE community_id = \(CityFixture.first) AND day = \(day)"
            ) { try $0.blob(0) }
            try transaction.execute(
                "UPDATE reading_day SET body = \(bytes) WHERE community_id = \(CityFixture.first) AND day = \(day)")
            return try #require(known)
        }
    }

    private func waiting(_ city: CityFixture) async throws -> [Bool] {
        try await city.database.read { reader in
            try [CityFixture.first, CityFixture.second].map { try reader.hasJournal(of: $0) }
        }
    }

    private func close(_ city: CityFixture) throws -> CloseMonth {
        CloseMonth(
            database: city.database, calendar: city.calendar, shelf: try SharedFiles.shelf(),
            settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: SharedFiles.rulesID),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test(arguments: TestEngine.allCases)
    func `a community whose readings are damaged is left alone for a growing while, and the others are folded`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        let whole = try await put([99], city)
        try await postMore(city)
        #expect(try await city.fold.untilIdle(at: at).entries == 24)
        #expect(try await waiting(city) == [true, false])
        // Two seconds, then four.
        #expect(try await city.fold(at: at + 1).isIdle)
        #expect(try await !city.fold(at: at + 2).isIdle)
        #expect(try await city.fold(at: at + 5).isIdle)
        #expect(try await !city.fold(at: at + 6).isIdle)
        // A clock that stepped back keeps nothing waiting.
        #expect(try await !city.fold(at: at - 1_000).isIdle)
        _ = try await put(whole, city)
        #expect(try await city.fold.untilIdle(at: at + 700).entries == 12)
        #expect(try await waiting(city) == [false, false])
    }

    @Test(arguments: TestEngine.allCases)
    func `a sweep that fails keeps no other community's readings waiting`(engine: TestEngine) async throws {
        let city = try await city(engine)
        _ = try await put([99], city)
        try await city.database.write { transaction in
            let meter = try #require(try transaction.reader.meter(serial: "m1")).id
            try transaction.execute(
                """
                INSERT INTO sweep (community_id, meter_id, target_meter_id, asked_at)
                VALUES (\(CityFixture.first), \(meter), \(meter), 0)
                """)
        }
        try await postMore(city)
        #expect(try await city.fold.untilIdle(at: at).entries == 24)
        #expect(try await waiting(city) == [true, false])
        let failure = await #expect(throws: NotFolded.self) { try await city.fold.whatIsThere(at: at + 60) }
        #expect(failure?.reasons.keys.sorted() == [code])
    }

    @Test(arguments: TestEngine.allCases)
    func `a close says which community, meter and day it fails for, and goes on without that community`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        _ = try await put([99], city)
        try await postMore(city)
        let close = try close(city)
        let failure = await #expect(throws: NotFolded.self) {
            _ = try await close(october, at: CityFixture.afterOctober)
        }
        let meter = try #require(try await city.database.read { try $0.meter(serial: "m1") }).id
        let words =
            "\(code) (readings of meter number \(meter) in community number 4, 2026-10-01, are damaged: packed in form 99, "
        #expect("\(try #require(failure))".contains(words))
        #expect(try await waiting(city) == [true, false])
        let summary = try await close(october, at: CityFixture.afterOctober, excluding: [code: "damaged"]).get()
        #expect(summary.excluded == [code] && summary.statements == 1)
        // A late reading of each: the one that can be folded is corrected, beside the other and at the next close too.
        let late = CityFixture.series(2, from: CityFixture.october + 40 * 3_600, [1_900])
        try await city.post(late, at: CityFixture.afterOctober)
        let left = await #expect(throws: NotFolded.self) {
            try await city.fold.whatIsThere(at: CityFixture.afterOctober)
        }
        let apart = try #require(left).communities
        #expect(apart == [CityFixture.first])
        let corrected = try await close.corrections(besides: apart, at: CityFixture.afterOctober + 60)
        #expect(corrected.statements == 1 && corrected.leftOpen == 0)
    }

    @Test(arguments: TestEngine.allCases)
    func `damage that only measuring meets is named too, however many homes are read at once`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        try await postMore(city)
        for home in 3...80 as ClosedRange<Int64> { try await city.addHome(home) }
        _ = try await city.foldAll()
        _ = try await put([99], city)
        let close = try close(city)
        let failure = await #expect(throws: DamagedCommunity.self) {
            _ = try await close(october, at: CityFixture.afterOctober)
        }
        let words = "community number 4, 2026-10-01, are damaged"
        #expect(failure?.code == code && failure?.reason.contains(words) == true)
    }
}
