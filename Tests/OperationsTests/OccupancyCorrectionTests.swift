import Database
import Ledger
import Logging
import Operations
import Scoring
import Storage
import Synchronization
import Tariffs
import Testing
import Water

/// Who lived where, put right after the month was closed.
@Suite(.freshDatabases) struct OccupancyCorrectionTests {
    private let october = BillingMonth(number: 2_026 * 12 + 9)
    private let later = CityFixture.afterOctober
    /// 2026-10-11T00:00:00+08:00.
    private let tenDaysIn = Instant(epochSeconds: 1_791_648_000)

    private func city(_ engine: TestEngine) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        try await complete(city)
        for home in 1...12 as ClosedRange<Int64> {
            try await city.addHome(home)
            for body in CityFixture.octoberBodies(of: home) { try await city.post(body) }
        }
        _ = try await close(city)(october, at: later).get()
        return city
    }

    /// What the fixture's city lacks: a zone, and numbers beyond those that its homes were given.
    private func complete(_ city: CityFixture) async throws {
        try await city.database.write { transaction in
            for (name, value) in [
                ("time_zone", "Asia/Shanghai"), ("last_household", "1000"), ("last_usage_point", "1000"),
            ] {
                try transaction.execute("INSERT INTO setting (name, value) VALUES (\(name), \(value))")
            }
        }
    }

    private func close(_ city: CityFixture) throws -> CloseMonth {
        CloseMonth(
            database: city.database, calendar: city.calendar, shelf: try SharedFiles.shelf(),
            settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: SharedFiles.rulesID),
            logger: Logger(label: "test"))
    }

    private func register(
        _ number: String, on point: String, from movedIn: Instant, to movedOut: Instant? = nil, persons: Int? = 3,
        _ city: CityFixture
    ) async throws -> RegistryChange {
        let entry = try HouseholdEntry(
            number: number, area: "140105001001", points: [.init(number: point, shareMillionths: nil)],
            movedIn: movedIn, movedOut: movedOut,
            persons: try persons.map { try PersonsFrom(persons: $0, from: LocalDay(number: 0)) })
        return try await RegisterHousehold(database: city.database)(entry, at: later + 60).get()
    }

    private func statement(_ number: String, _ city: CityFixture) async throws -> Statement? {
        try await city.database.read { reader -> Statement? in
            let household = try #require(try reader.household(number: number))
            return try reader.statement(of: household.id, in: household.community, october)
                .map { try Statement(bytes: Array($0.body.utf8)) }
        }
    }

    private func earned(_ number: String, _ city: CityFixture) async throws -> Points {
        try await city.database.read { reader in
            let household = try #require(try reader.household(number: number))
            let holder = AccountHolder(community: household.community, household: household.id)
            return try reader.accountState(of: holder).available
        }
    }

    private func exported(_ city: CityFixture) async throws -> [String] {
        let lines = Mutex<[String]>([])
        let export = ExportMonth(database: city.database, calendar: city.calendar, shelf: try SharedFiles.shelf())
        _ = try await export(october, of: "140105001001") { line in lines.withLock { $0.append(line) } }.get()
        return lines.withLock { $0 }
    }

    @Test(arguments: TestEngine.allCases)
    func `who was taken to live there and moved out before the month has nothing of it, and who did live there all`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        let before = try #require(try await statement("H2", city))
        #expect(before.points.total > .zero && before.billing != .refused(.notLivedIn))
        #expect(try await earned("H2", city) == before.points.total)
        let others = try await statement("H3", city)
        let leaking = try await city.database.read {
            try $0.suspectedLeaks(of: CityFixture.first, october, limit: 100)
        }
        // The most water first; a shorter list is its beginning.
        #expect(leaking.count == 12 && leaking[0].flow.litresPerHour == 17 && leaking[0].household == "H11")
        #expect(leaking.contains { $0.household == "H2" && $0.flow == before.leaks.first })

        // It comes out in November that another household moved in on the first of October.
        let start = city.calendar.interval(of: october).start
        _ = try await MoveOut(database: city.database)("H2", on: start, at: later + 60).get()
        #expect(try await register("N2", on: "P2", from: start, city) == .added)
        let summary = try await close(city).corrections(at: later + 120)
        #expect(summary.statements == 2 && summary.unchanged == 0)

        let withdrawn = try #require(try await statement("H2", city))
        #expect(withdrawn.version == 2 && withdrawn.correction?.causes == [.occupancy])
        #expect(withdrawn.unranked == .notLivedIn && withdrawn.sentence.code == .notLivedIn)
        #expect(withdrawn.use.litres == 0 && withdrawn.use.days.allSatisfy { $0.litres == nil })
        #expect(withdrawn.billing == .refused(.notLivedIn) && withdrawn.points.total == .zero)
        #expect(withdrawn.readingsDigest != before.readingsDigest && withdrawn.leaks.isEmpty)
        #expect(try await earned("H2", city) == .zero)

        let successor = try #require(try await statement("N2", city))
        #expect(successor.version == 1 && successor.correction == nil)
        #expect(successor.use == before.use && successor.billing == before.billing)
        #expect(successor.readingsDigest == before.readingsDigest)
        // The figures of the cohort are frozen: H2 is still among them, the successor is not.
        #expect(successor.cohort == before.cohort)
        #expect(successor.rank?.otherHomes == before.rank.map { $0.otherHomes + 1 })
        #expect(try await earned("N2", city) == successor.points.total)
        #expect(try await statement("H3", city) == others)
        let left = try await city.database.read {
            try $0.suspectedLeaks(of: CityFixture.first, october, limit: 100).map(\.household)
        }
        #expect(left.count == 12 && !left.contains("H2") && left.contains("N2"))

        #expect(try await close(city).corrections(at: later + 180) == CorrectionSummary())
        let lines = try await exported(city)
        #expect(lines.count { $0.contains(#""is_frozen":false"#) } == 1)
        #expect(lines.count { $0.contains(#""type":"statement""#) } == 13)
    }

    @Test(arguments: TestEngine.allCases)
    func `what was withdrawn comes back with the household, to the same figures`(engine: TestEngine) async throws {
        let city = try await city(engine)
        let before = try #require(try await statement("H2", city))
        let span = city.calendar.interval(of: october)
        #expect(try await register("H2", on: "P2", from: span.end, city) == .changed)
        let summary = try await close(city).corrections(at: later + 120)
        #expect(summary.statements == 1 && summary.unchanged == 0)
        #expect(try await statement("H2", city)?.unranked == .notLivedIn)
        _ = try await register("H2", on: "P2", from: CityFixture.movedIn, city)
        _ = try await close(city).corrections(at: later + 180)
        var after = try #require(try await statement("H2", city))
        #expect(after.version == 3 && after.correction?.figures.bill == nil)
        #expect(try await earned("H2", city) == before.points.total)
        after.version = 1
        after.correction = nil
        #expect(after == before)
    }

    @Test(arguments: TestEngine.allCases)
    func `a move-out taken back, and a tariff put right afterwards, reach who is registered late too`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        let start = city.calendar.interval(of: october).start
        let moveOut = MoveOut(database: city.database)
        _ = try await moveOut("H2", on: start, at: later + 60).get()
        _ = try await close(city).corrections(at: later + 120)
        #expect(try await moveOut("H2", on: nil, correcting: true, at: later + 180) == .success(.changed))
        #expect(try await close(city).corrections(at: later + 240).statements == 1)
        #expect(try await statement("H2", city)?.version == 3)
        _ = try await moveOut("H2", on: start, correcting: true, at: later + 300).get()
        _ = try await register("N2", on: "P2", from: start, city)
        _ = try await close(city).corrections(at: later + 360)
        let before = try #require(try await statement("N2", city))
        let dearer = try SharedFiles.shelf(sewage: "0.60")
        let corrected = try await CorrectTariff(database: city.database, shelf: dearer)(
            october, reason: "sewage", at: later + 420
        ).get()
        #expect(corrected == 13)
        let again = CloseMonth(
            database: city.database, calendar: city.calendar, shelf: dearer,
            settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: SharedFiles.rulesID),
            logger: Logger(label: "test"))
        // H2 lives there in no month of it: its withdrawn statement names the tariff too.
        #expect(try await again.corrections(at: later + 480).statements == 13)
        let after = try #require(try await statement("N2", city))
        #expect(after.version == 2 && after.correction?.causes == [.tariff] && after.billing != before.billing)
    }

    @Test(arguments: TestEngine.allCases)
    func `a month of a household that did not live there is withdrawn though its readings were pruned`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        let start = city.calendar.interval(of: october).start
        _ = try await city.database.write { transaction in
            try transaction.execute(
                "INSERT INTO pruned_month (community_id, month, pruned_at) VALUES (\(CityFixture.first), \(october.next), 0)"
            )
        }
        _ = try await MoveOut(database: city.database)("H2", on: start, at: later + 60).get()
        // Who comes after has no readings to be measured by, and is not marked.
        _ = try await register("N2", on: "P2", from: start, persons: nil, city)
        let summary = try await close(city).corrections(at: later + 120)
        #expect(summary.statements == 1 && summary.withoutReadings == 0)
        #expect(try await statement("H2", city)?.unranked == .notLivedIn)
        #expect(try await statement("N2", city) == nil)
        #expect(try await close(city).corrections(at: later + 180) == CorrectionSummary())
    }

    @Test(arguments: TestEngine.allCases)
    func `moving within the month makes both partial`(engine: TestEngine) async throws {
        let city = try await city(engine)
        let before = try #require(try await statement("H4", city))
        _ = try await MoveOut(database: city.database)("H4", on: tenDaysIn, at: later + 60).get()
        _ = try await register("N4", on: "P4", from: tenDaysIn, city)
        #expect(try await close(city).corrections(at: later + 120).statements == 2)
        let old = try #require(try await statement("H4", city))
        let new = try #require(try await statement("N4", city))
        #expect(old.unranked == .partial && new.unranked == .partial)
        #expect(old.version == 2 && new.version == 1)
        #expect(old.use.litres + new.use.litres == before.use.litres)
        #expect(old.use.days.count { $0.litres != nil } == 10 && new.use.days.count { $0.litres != nil } == 21)
        // Said again, or of persons alone: nothing more.
        #expect(try await register("N4", on: "P4", from: tenDaysIn, city) == .unchanged)
        #expect(try await close(city).corrections(at: later + 180) == CorrectionSummary())
    }

    @Test(arguments: TestEngine.allCases)
    func `a meter of a home that sent nothing for seven days is named`(engine: TestEngine) async throws {
        let city = try await city(engine)
        _ = try await MoveOut(database: city.database)("H5", on: tenDaysIn, at: later).get()
        // The last readings are of the first of November.
        for (days, silent) in [(5, 0), (8, 0), (9, 11)] as [(Int, Int)] {
            let today = LocalDay(number: october.next.firstDay.number + Int32(days) - 1)
            let found = try await city.database.read {
                try $0.silentMeters(of: CityFixture.first, at: later, today: today, limit: 100)
            }
            #expect(found.count == silent, "\(days)")
            #expect(found.allSatisfy { $0.serial == "m" + $0.household.dropFirst() && $0.household != "H5" })
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a home registered late whose meter said nothing has the statement that a timely one has`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        // One in time, of the next month; its meter never sent anything.
        try await city.addHome(20)
        let november = october.next
        let much = city.calendar.interval(of: november).end + 4 * 86_400
        _ = try await close(city)(november, at: much).get()
        let timely = try await city.database.read { reader in
            try reader.statement(of: HouseholdID(20), in: CityFixture.first, november)
        }
        let known = try Statement(bytes: Array(try #require(timely).body.utf8))
        #expect(known.use.missingHours == 720 && known.unranked == .notBracketed && known.correction == nil)

        _ = try await register("N9", on: "P99", from: CityFixture.movedIn, city)
        let meter = try MeterEntry(
            serial: try #require(MeterAddress(.serial, "n9")), otherAddresses: [], usagePoint: "P99",
            from: city.calendar.interval(of: november).start, to: nil, startRegister: nil, finalRegister: nil,
            resolution: nil, nominalFlowLitresPerHour: nil, modulus: nil)
        _ = try await RegisterMeter(database: city.database)(meter, at: much + 60).get()
        let summary = try await close(city).corrections(at: much + 120)
        // Of October, when no meter hung there, it has none.
        #expect(summary.statements == 1 && summary.leftOpen == 0)
        #expect(try await statement("N9", city) == nil)
        let late = try await city.database.read { reader -> Statement? in
            let household = try #require(try reader.household(number: "N9"))
            return try reader.statement(of: household.id, in: household.community, november)
                .map { try Statement(bytes: Array($0.body.utf8)) }
        }
        let found = try #require(late)
        #expect(found.version == 1 && found.correction == nil && found.use == known.use)
        #expect(found.unranked == known.unranked && found.points.total == .zero && found.sentence == known.sentence)
        #expect(try await close(city).corrections(at: much + 180) == CorrectionSummary())
    }

    @Test(arguments: TestEngine.allCases)
    func `a home registered late of which nothing is known has no statement`(engine: TestEngine) async throws {
        let city = try await city(engine)
        _ = try await register("N9", on: "P99", from: CityFixture.movedIn, city)
        // Moved in after the month: not even looked at.
        _ = try await register("N8", on: "P98", from: later, persons: nil, city)
        let summary = try await close(city).corrections(at: later + 120)
        #expect(summary.statements == 0 && summary.unchanged == 1)
        #expect(try await statement("N9", city) == nil)
        #expect(try await exported(city).count { $0.contains(#""number":"N9""#) } == 1)
        #expect(try await exported(city).count { $0.contains(#""number":"N8""#) } == 0)
    }

    @Test(arguments: TestEngine.allCases)
    func `a household registered while its community is measured is not overlooked`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        try await complete(city)
        try await city.addHome(1)
        for body in CityFixture.octoberBodies(of: 1) { try await city.post(body) }
        _ = try await city.foldAll()
        let version = try await city.database.read { try $0.foldVersion(of: CityFixture.first) }
        _ = try await register("N9", on: "P99", from: CityFixture.movedIn, persons: nil, city)
        #expect(try await city.database.read { try $0.foldVersion(of: CityFixture.first) } > version)
    }
}
