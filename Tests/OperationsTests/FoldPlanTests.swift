import Database
import Ingest
import Logging
import Metering
import Storage
import Testing
import Water

@testable import Operations

/// A round of folding worked out before its transaction, and what may happen between the two.
@Suite(.freshDatabases) struct FoldPlanTests {
    private let at = Instant(epochSeconds: 1_795_000_000)
    private let october = CityFixture.october

    private func city(_ engine: TestEngine) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        for home in 1...2 as ClosedRange<Int64> { try await city.addHome(home) }
        _ = try await city.foldAll()
        return city
    }

    private func run(_ home: Int64, from start: Instant, _ litres: [Int64], isFuture: Bool = false) throws
        -> JournalEntry
    {
        .readings(
            gateway: CityFixture.cityGateway, address: try #require(MeterAddress(.serial, "m\(home)")),
            values: litres.enumerated().map {
                TimedRegister(at: start + Int64($0) * 3_600, register: Volume(litres: $1))
            }, isFuture: isFuture)
    }

    @Test(arguments: TestEngine.allCases)
    func `addresses of any length and protocol find their own meters alone`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        // Of fifteen characters an address is known as it is, of sixteen by its hash.
        let texts =
            (1...20).flatMap { length -> [String] in
                let digits = String(repeating: "1", count: length)
                return ["serial:\(digits)", "serial:\(digits.dropLast())2", "cjt188:\(digits)", "wmbus:\(digits)"]
            } + ["wmbus:\(String(repeating: "1", count: 8))@izar"]
        let addresses = try Set(texts).sorted().map { try #require(MeterAddress(text: $0)) }
        try await city.database.write { transaction in
            for (number, address) in addresses.enumerated() {
                _ = try transaction.execute(
                    "INSERT INTO meter (meter_id, serial) VALUES (\(Int64(number) + 100), \("x\(number)"))")
                _ = try transaction.execute(
                    """
                    INSERT INTO meter_address (address, meter_id, is_registered, first_seen_at)
                    VALUES (\(address.text), \(Int64(number) + 100), 1, 0)
                    """)
            }
        }
        let directory = try await city.database.read { try $0.meterDirectory() }
        for (number, address) in addresses.enumerated() {
            #expect(directory.meter(at: address)?.value == Int64(number) + 100, "\(address.text)")
            let text = Array(address.text.utf8)
            let byText = directory.meter(atText: text, text.indices)?.value
            #expect(byText == (address.protocol == .wmbus ? nil : Int64(number) + 100), "\(address.text)")
        }
        for text in ["serial:11111111111113", "serial:1111111111111113", "cjt188:13"] {
            #expect(directory.meter(at: try #require(MeterAddress(text: text))) == nil)
        }
    }

    private func row(_ entries: [JournalEntry]) -> [UInt8] { JournalPayload.row([JournalPayload.encode(entries)]) }

    private func plan(_ entries: [JournalEntry], _ city: CityFixture) async throws -> FoldPlan {
        let calendar = city.calendar
        return try await city.database.read {
            try FoldPlan(of: [row(entries)], directory: try $0.meterDirectory(), calendar: calendar, $0)
        }
    }

    /// Folds as planned, or with no plan at all.
    private func fold(_ entries: [JournalEntry], _ plan: FoldPlan?, _ city: CityFixture) async throws -> FoldRound {
        let (at, calendar) = (at, city.calendar)
        return try await city.database.write { transaction in
            var folding = Folding(
                transaction: transaction, directory: try transaction.reader.meterDirectory(), calendar: calendar,
                rules: .standard, at: at)
            if let plan {
                try folding.take([row(entries)], planned: plan)
            } else {
                for entry in entries { try folding.take(entry) }
            }
            try folding.finish(journal: CityFixture.first)
            return folding.round
        }
    }

    /// Readings of a day twice and of another, some before the meter hung there, some ahead of the clock.
    private func entries() throws -> [JournalEntry] {
        [
            try run(1, from: october, [100, 110, 120]), try run(1, from: october + 1_800, [105, 115]),
            try run(2, from: october + 20 * 3_600, [7, 8, 9, 10, 11, 12]),
            // Its first lies before the home's meter: these are placed one by one, on a day that is planned too.
            .readings(
                gateway: CityFixture.cityGateway, address: try #require(MeterAddress(.serial, "m1")),
                values: [CityFixture.movedIn - 60, october + 5 * 3_600].map {
                    TimedRegister(at: $0, register: Volume(litres: 150))
                }, isFuture: false),
            try run(2, from: at + 86_400, [500], isFuture: true),
            try run(9, from: october, [1]),
        ]
    }

    @Test(arguments: TestEngine.allCases)
    func `a planned fold gives the sets and counts of one without a plan`(engine: TestEngine) async throws {
        let (one, other) = (try await city(engine), try await city(engine))
        let entries = try entries()
        let plan = try await plan(entries, one)
        #expect(plan.rest.count == 3 && plan.readings == 11 && plan.changes.count == 3)
        let planned = try await fold(entries, plan, one)
        let plain = try await fold(entries, nil, other)
        #expect(planned == plain && planned.entries == 15)
        #expect(try await one.sets() == other.sets())
        let version = try await one.database.read { try $0.foldVersion(of: CityFixture.first) }
        // The same once more changes nothing, planned or not.
        let again = try await fold(entries, try await self.plan(entries, one), one)
        #expect(again.changedSets == 0 && again.entries == 15)
        #expect(try await one.database.read { try $0.foldVersion(of: CityFixture.first) } == version)
    }

    @Test(arguments: TestEngine.allCases)
    func `a plan that another fold overtook loses nothing of either`(engine: TestEngine) async throws {
        let (one, other) = (try await city(engine), try await city(engine))
        let (late, early) = (try entries(), [try run(1, from: october + 8 * 3_600, [200, 210])])
        let plan = try await plan(late, one)
        _ = try await fold(early, nil, one)
        _ = try await fold(late, plan, one)
        _ = try await fold(late + early, nil, other)
        #expect(try await one.sets() == other.sets())
    }

    @Test(arguments: TestEngine.allCases)
    func `a round in parts gives what one in whole gives`(engine: TestEngine) async throws {
        let (one, other) = (try await city(engine), try await city(engine))
        for city in [one, other] {
            for home in 1...2 as ClosedRange<Int64> {
                for day in 0..<3 as Range<Int64> {
                    try await city.post(CityFixture.series(home, from: october + day * 86_400, [10 + day, 11 + day]))
                }
            }
        }
        func fold(_ city: CityFixture, _ sets: Int) async throws -> FoldRound {
            let fold = FoldReadings(
                database: city.database, calendar: city.calendar, rules: .standard, logger: Logger(label: "test"),
                setsPerTransaction: sets)
            return try await fold(at: at)
        }
        let (parts, whole) = (try await fold(one, 1), try await fold(other, 1_000))
        #expect(parts == whole && parts.entries == 12 && parts.changedSets == 6)
        #expect(try await one.sets() == other.sets())
        #expect(try await !one.database.read { try $0.hasJournal(of: CityFixture.first) })
        // Each part is a change of its own: what was computed between two of them does not hold.
        func version(_ city: CityFixture) async throws -> Int64 {
            try await city.database.read { try $0.foldVersion(of: CityFixture.first) }
        }
        #expect(try await version(one) == version(other) + 5)
    }

    @Test(arguments: TestEngine.allCases)
    func `a part that is written alone, or whose rest is overtaken, loses and doubles nothing`(
        engine: TestEngine
    ) async throws {
        let (one, other) = (try await city(engine), try await city(engine))
        let entries = try entries()
        var plan = try await plan(entries, one)
        let (at, calendar, whole) = (at, one.calendar, plan)
        let written = try await one.database.write { transaction in
            var folding = Folding(
                transaction: transaction, directory: try transaction.reader.meterDirectory(), calendar: calendar,
                rules: .standard, at: at)
            return try folding.write(first: 1, of: whole)
        }
        plan.leaveOut(first: 1, basedOn: try #require(written))
        #expect(plan.changes.count == 2)
        #expect(try await one.sets().split(separator: "\n").count == 1)
        let left = plan
        #expect(try await one.database.read { try left.holds(under: try $0.meterDirectory(), $0) })
        // Another fold comes between.
        let early = [try run(1, from: october + 8 * 3_600, [200, 210])]
        _ = try await fold(early, nil, one)
        let again = try await one.database.write { transaction in
            var folding = Folding(
                transaction: transaction, directory: try transaction.reader.meterDirectory(), calendar: calendar,
                rules: .standard, at: at)
            return try folding.write(first: 1, of: left)
        }
        #expect(again == nil)
        _ = try await fold(entries, plan, one)
        _ = try await fold(entries + early, nil, other)
        #expect(try await one.sets() == other.sets())
    }

    @Test(arguments: TestEngine.allCases)
    func `a plan of before a registration goes by the registry of now`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        for home in 1...2 as ClosedRange<Int64> { try await city.addHome(home, registered: home == 1) }
        _ = try await city.foldAll()
        let entries = [try run(1, from: october, [100]), try run(2, from: october, [50])]
        let plan = try await plan(entries, city)
        #expect(plan.rest.count == 1)
        try await city.registerMeter(2)
        _ = try await fold(entries, plan, city)
        let sets = try await city.sets()
        #expect(sets.split(separator: "\n").allSatisfy { $0.hasPrefix("\(CityFixture.first) ") })
        #expect(sets.split(separator: "\n").count == 2)
    }

    @Test(arguments: TestEngine.allCases)
    func `a plan of before a month was measured marks the homes it comes late for`(engine: TestEngine) async throws {
        let city = try await city(engine)
        _ = try await fold([try run(1, from: october, [100, 110])], nil, city)
        let entries = [try run(1, from: october + 3 * 3_600, [130])]
        let plan = try await plan(entries, city)
        let month = city.calendar.month(of: october)
        let measure = MeasureMonth(database: city.database, calendar: city.calendar, rules: .standard)
        #expect(try await measure(CityFixture.first, month, at: at) == .measured(homes: 2))
        #expect(try await fold(entries, plan, city).markedHomes == 1)
        // Planned with the month measured, the same.
        let later = [try run(1, from: october + 5 * 3_600, [150])]
        #expect(try await fold(later, try await self.plan(later, city), city).markedHomes == 1)
    }

    @Test(arguments: TestEngine.allCases)
    func `with too much unfolded an answer waits for a while, and is given`(engine: TestEngine) async throws {
        let city = try await city(engine)
        // Left from before: as a restart finds it.
        let body = CityFixture.series(2, from: october, [5, 6])
        try await city.post(body)
        var limits = RecordLimits()
        limits.foldingMilliseconds = 20
        // Four readings of each of the two meters.
        let (backlog, logger) = (FoldBacklog(limit: 4, perMeter: 4), Logger(label: "test"))
        let record = RecordReadings(database: city.database, limits: limits, logger: logger, backlog: backlog)
        let fold = FoldReadings(
            database: city.database, calendar: city.calendar, rules: .standard, logger: logger, backlog: backlog,
            gatherSeconds: 100)
        // Few and young: they may wait for more of their meters.
        #expect(try await fold(at: at).isIdle)
        #expect(backlog.readings == 2)
        for hour in 0..<4 {
            let body = CityFixture.series(1, from: october + Int64(hour) * 7_200, [100 + Int64(hour), 110])
            #expect(try await record(CityFixture.batch(body), from: CityFixture.cityGateway, at: at).accepted == 1)
        }
        #expect(backlog.readings == 10 && backlog.isFull)
        // Not while answers wait for it.
        #expect(try await fold(at: at).entries == 10)
        #expect(backlog.readings == 0)
        // Others' readings never make the count negative, and what others folded is found out when it matters.
        try await city.post(body)
        _ = try await FoldReadings(
            database: city.database, calendar: city.calendar, rules: .standard, logger: logger, backlog: backlog
        ).untilIdle(at: at)
        #expect(backlog.readings == 0)
        backlog.set(1_000)
        for _ in 0..<10 { _ = try await record(CityFixture.batch(body), from: CityFixture.cityGateway, at: at) }
        #expect(backlog.readings <= 20)
    }

    @Test(arguments: TestEngine.allCases)
    func `readings are sorted by a registry as new as their request knows`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        for home in 1...2 as ClosedRange<Int64> { try await city.addHome(home, registered: home == 1) }
        func held(_ version: Int64?) async throws -> Int {
            let batch = try CityFixture.batch(CityFixture.series(2, from: october, [5]))
            return try await city.record(batch, from: CityFixture.cityGateway, knowing: version, at: at).held
        }
        let before = try await city.database.read { try $0.currentRegistryVersion() }
        #expect(try await held(before) == 1)
        try await city.registerMeter(2)
        // One that began before the registration may go by the registry of then.
        #expect(try await held(before) == 1)
        #expect(try await held(before + 1) == 0)
        #expect(try await held(nil) == 0)
        _ = try await city.foldAll()
        #expect(try await city.sets().split(separator: "\n").allSatisfy { $0.hasPrefix("\(CityFixture.first) ") })
    }

    @Test(arguments: TestEngine.allCases)
    func `requests that know of later registries do not take a load under way for theirs`(
        engine: TestEngine
    ) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        let batch = try CityFixture.batch(CityFixture.series(1, from: october, [5]))
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let record = RecordReadings(database: city.database, limits: RecordLimits(), logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<40 {
                        let version = try await city.database.write(repeatable: true) { transaction in
                            try transaction.raiseRegistryVersion()
                            return try transaction.reader.currentRegistryVersion()
                        }
                        let answer = try await record(
                            batch, from: CityFixture.cityGateway, knowing: version, at: at)
                        #expect(answer.accepted == 1)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a plan over two communities holds only while neither has changed`(engine: TestEngine) async throws {
        let city = try await city(engine)
        try await city.addHome(3, in: CityFixture.second)
        _ = try await city.foldAll()
        let entries = [try run(1, from: october, [100, 110]), try run(3, from: october, [7, 8])]
        let plan = try await plan(entries, city)
        #expect(plan.bases.count == 2 && plan.changes.count == 2)
        #expect(try await city.database.read { try plan.holds(under: try $0.meterDirectory(), $0) })
        _ = try await fold([try run(3, from: october + 9 * 3_600, [20])], nil, city)
        #expect(try await !city.database.read { try plan.holds(under: try $0.meterDirectory(), $0) })
        _ = try await fold(entries, plan, city)
        let address = try #require(MeterAddress(.serial, "m3"))
        let kept = try await city.database.read { try $0.elements(at: address) }
        #expect(kept?.map(\.register.flooredLitres) == [7, 8, 20])
    }

    @Test(arguments: TestEngine.allCases)
    func `many sets of a day are found in one passage as one by one, and no others`(engine: TestEngine) async throws {
        let database = try await freshDatabase(of: engine)
        let (month, october) = (BillingMonth("2026-10") ?? BillingMonth(number: 0), october)
        let day = month.firstDay
        @Sendable func key(_ meter: Int64) -> DayKey {
            DayKey(community: CityFixture.first, day: day, meter: MeterID(meter))
        }
        @Sendable func element(_ meter: Int64) -> ReadingElement {
            ReadingElement(at: october + meter, register: Volume(litres: meter), gateway: GatewayID(1))
        }
        _ = try await database.prepareReadings(from: month, to: month)
        let kept = (1...300 as ClosedRange<Int64>).filter { $0 % 3 != 0 }
        try await database.write { transaction in
            try transaction.write(kept.map { (key($0), DaySet.encode([element($0)])) })
        }
        // Near each other, far apart, and few.
        let many = Array(1...200 as ClosedRange<Int64>)
        for asked in [many, many.map { $0 * 9 }, [1, 2, 3, 299]] {
            let found = try await database.read { try $0.daySets(asked.map(key)) }
            let wanted = asked.filter(Set(kept).contains)
            #expect(found == Dictionary(uniqueKeysWithValues: wanted.map { (key($0), [element($0)]) }))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a plan of before a pruning brings nothing back`(engine: TestEngine) async throws {
        let city = try await city(engine)
        _ = try await fold([try run(1, from: october, [100])], nil, city)
        let entries = [try run(1, from: october + 3_600, [110])]
        let plan = try await plan(entries, city)
        let (start, at) = (city.calendar.interval(of: city.calendar.month(of: october).next).start, at)
        _ = try await city.database.write {
            try $0.prune(CityFixture.first, before: city.calendar.month(of: start), start, at: at)
        }
        _ = try await fold(entries, plan, city)
        let address = try #require(MeterAddress(.serial, "m1"))
        let kept = try await city.database.read { try $0.elements(at: address) }
        #expect(kept?.map(\.register.flooredLitres) == [110])
    }
}
