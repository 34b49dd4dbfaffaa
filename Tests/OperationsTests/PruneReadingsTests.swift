import Database
import Dispatch
import Ingest
import Logging
import Metering
import Operations
import Scoring
import Storage
import Testing
import Water

@Suite(.freshDatabases) struct PruneReadingsTests {
    private let october = BillingMonth("2026-10") ?? BillingMonth(number: 0)
    /// 2026-10-01T00:00:00+08:00.
    private let start = Instant(epochSeconds: 1_790_784_000)
    private let later = Instant(epochSeconds: 1_793_808_000)
    /// In December 2029: 36 months back October 2026 is past, December 2026 is kept.
    private let much = Instant(epochSeconds: 1_793_808_000 + 1_130 * 86_400)

    private func closed(_ engine: TestEngine) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        for home in 1...12 as ClosedRange<Int64> {
            try await city.addHome(home)
            let registers = (0..<31 * 24 + 6).map { 100_000 + (Int64($0) - Int64($0) / 24) * (6 + home) }
            try await city.post(CityFixture.series(home, from: start - 5_400, registers))
        }
        _ = try await close(city)(october, at: later).get()
        try await closeToDecember(city)
        try await city.database.write { transaction in
            _ = try transaction.addStaff(
                name: "desk", area: CityFixture.city, role: .administrator, passwordHash: "x", at: start)
        }
        return city
    }

    private func closeToDecember(_ city: CityFixture) async throws {
        for back in [1, 2] {
            let month = october.advanced(by: back)
            _ = try await close(city)(month, at: city.calendar.interval(of: month).end + 4 * 86_400).get()
        }
    }

    /// Two communities of two homes, read from the evening before October to the morning after.
    private func read(_ engine: TestEngine) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        for home in [1, 2, 13, 14] as [Int64] {
            try await city.addHome(home, in: home < 13 ? CityFixture.first : CityFixture.second)
            let registers = (0..<31 * 24 + 6).map { 100_000 + Int64($0) * (6 + home) }
            try await city.post(CityFixture.series(home, from: start - 5_400, registers))
        }
        return city
    }

    private func close(_ city: CityFixture) throws -> CloseMonth {
        CloseMonth(
            database: city.database, calendar: city.calendar, shelf: try SharedFiles.shelf(),
            settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: SharedFiles.rulesID),
            logger: Logger(label: "test"))
    }

    @Test(arguments: TestEngine.allCases)
    func `pruning removes readings past the policy, packed or not, and leaves statements and points`(
        engine: TestEngine
    ) async throws {
        let city = try await closed(engine)
        _ = try await PackReadings(database: city.database)(afterDays: 0, at: later)
        let prune = PruneReadings(database: city.database, calendar: city.calendar)
        let statements = try await city.database.read { try $0.statements(of: CityFixture.first, october).map(\.hash) }
        let counted = try await prune(keepMonths: 36, isDryRun: true, at: much).get()
        // October is packed; the last day of September and the first of November are not.
        #expect(counted.first == BillingMonth("2026-12") && counted.count.packedMonths == 12)
        #expect(counted.count.daySets == 24)
        #expect(try await city.elementCount(1) == 31 * 24 + 6)
        let removed = try await prune(keepMonths: 36, at: much).get()
        #expect(removed.count.packedMonths == 12 && removed.count.daySets == 24)
        #expect(try await city.elementCount(1) == 0)
        let left = try await city.database.read { try $0.statements(of: CityFixture.first, october).map(\.hash) }
        #expect(left == statements)
        let again = try await prune(keepMonths: 36, at: much).get()
        #expect(again.count == PrunedCount())
    }

    @Test(arguments: TestEngine.allCases)
    func `what needs pruned readings is refused by name`(engine: TestEngine) async throws {
        let city = try await closed(engine)
        _ = try await PruneReadings(database: city.database, calendar: city.calendar)(keepMonths: 36, at: much).get()
        try await city.database.write { transaction in
            try transaction.markDirty(HouseholdID(3), of: CityFixture.first, october, cause: .persons, at: much)
        }
        let summary = try await close(city).corrections(at: much)
        #expect(summary.withoutReadings == 1 && summary.statements == 0)
        #expect(summary.householdsWithoutReadings == ["H3"])
        let staff = try #require(try await city.database.read { try $0.staff(name: "desk") })
        let request = EditRequest(
            id: "e-1", meter: try #require(MeterAddress(.serial, "m3")), at: start + 86_400,
            register: Volume(litres: 100_500), action: .enter, reason: "补录")
        let edit = EditReading(database: city.database, calendar: city.calendar, rules: .standard)
        #expect(try await edit(request, by: staff, at: much) == .failure(.readingsArePruned))
    }

    @Test(arguments: TestEngine.allCases)
    func `months that need pruned readings are counted beside the homes whose they are, and are told apart`(
        engine: TestEngine
    ) async throws {
        let city = try await closed(engine)
        _ = try await PruneReadings(database: city.database, calendar: city.calendar)(keepMonths: 36, at: much).get()
        // December is kept, but it is bracketed by the month before.
        try await city.database.write { transaction in
            for month in [october, october.next, october.advanced(by: 2)] {
                for home in [3, 4] as [Int64] {
                    try transaction.markDirty(
                        HouseholdID(home), of: CityFixture.first, month, cause: .persons, at: much)
                }
            }
        }
        let summary = try await close(city).corrections(at: much)
        #expect(summary.withoutReadings == 6 && summary.householdsWithoutReadings == ["H3", "H4"])
        let beyond = try await city.database.read { reader in
            try [october, october.next, october.advanced(by: 2), october.advanced(by: 3)].map {
                try reader.isBeyondCorrection(HouseholdID(3), of: CityFixture.first, $0, city.calendar)
            }
        }
        #expect(beyond == [true, true, true, false])
        // A home that did not live there then is withdrawn without any readings.
        _ = try await city.database.write { transaction in
            try transaction.execute("UPDATE household SET moved_out_at = \(start) WHERE household_id = 3")
        }
        #expect(
            try await city.database.read {
                try !$0.isBeyondCorrection(HouseholdID(3), of: CityFixture.first, october, city.calendar)
            })
    }

    @Test(arguments: TestEngine.allCases)
    func `what a month rests on stays while a community has no statements of it`(engine: TestEngine) async throws {
        let city = try await read(engine)
        let prune = PruneReadings(database: city.database, calendar: city.calendar)
        _ = try await close(city)(october, at: later, excluding: ["140105001002": "unread"]).get()
        try await closeToDecember(city)
        let refusal = PruneRefusal.notIssued(month: october, communities: 1, keepsEnough: 39)
        for months in [36, 38] {
            for isDryRun in [true, false] {
                let ending = try await prune(keepMonths: months, isDryRun: isDryRun, at: much)
                guard case .failure(refusal) = ending else {
                    Issue.record("\(months) months kept")
                    continue
                }
            }
        }
        #expect(
            refusal.description
                == "2026-10 has no statements yet of 1 community, whose homes were lived in then: issue them "
                + "by jieshui close 2026-10, or keep what they rest on by --keep-months 39")
        #expect(try await prune(keepMonths: 39, at: much).get().count == PrunedCount())
        #expect(try await close(city)(october, at: much).get().issuedCommunities == 1)
        // A day before, the month and the first of November of four homes.
        #expect(try await prune(keepMonths: 36, at: much).get().count.daySets == 4 * 33)
    }

    @Test(arguments: TestEngine.allCases)
    func `statements begin with the first close: before it nothing goes, and after it what is older`(
        engine: TestEngine
    ) async throws {
        let city = try await read(engine)
        _ = try await city.foldAll()
        let prune = PruneReadings(database: city.database, calendar: city.calendar)
        let early = try await prune(keepMonths: 1, allowsShorter: true, at: later)
        guard case .failure(.neverClosed(communities: 2)) = early else {
            Issue.record("pruned before the first close")
            return
        }
        // A service that is newer than the months kept has nothing to lose.
        #expect(try await prune(keepMonths: 36, isDryRun: true, at: later).get().count == PrunedCount())
        _ = try await close(city)(october, at: later).get()
        // September was lived in and is never closed.
        #expect(try await prune(keepMonths: 1, allowsShorter: true, at: later).get().count.daySets == 4)
    }

    @Test(arguments: TestEngine.allCases)
    func `a month is not measured from what is left of its readings`(engine: TestEngine) async throws {
        let city = try await read(engine)
        let excluded = ["140105001002": "unread"]
        _ = try await close(city)(october, at: later, excluding: excluded).get()
        for kept in [october, october.next] {
            _ = try await city.database.write { transaction in
                try transaction.prune(
                    CityFixture.second, before: kept, city.calendar.interval(of: kept).start, at: later)
            }
            let refusal = CloseRefusal.readingsPruned(communities: ["140105001002"], month: october, kept: kept)
            #expect(try await close(city)(october, at: later) == .failure(refusal))
            #expect(refusal.description.contains("2026-10 of 140105001002"), "\(refusal)")
            #expect(refusal.description.contains("those from \(kept) on are kept"), "\(refusal)")
            #expect(refusal.description.hasSuffix("close without them by --exclude 140105001002 --reason …"))
        }
        #expect(try await city.database.read { try $0.statements(of: CityFixture.second, october).isEmpty })
        #expect(try await close(city)(october, at: later, excluding: excluded).get().statements == 0)
    }

    @Test(.enabled(if: TestEngine.allCases.contains(.postgres) && !TestEngine.isCitus))
    func `a community that others keep writing to waits for the next run, and is told beside what is done`()
        async throws
    {
        let city = try await read(.postgres)
        _ = try await close(city)(october, at: later).get()
        let prune = PruneReadings(database: city.database, calendar: city.calendar)
        try await city.database.write { transaction in
            try transaction.script(
                """
                CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql
                    AS $$ BEGIN RAISE EXCEPTION 'met' USING ERRCODE = '40001'; END $$;
                CREATE TRIGGER meet BEFORE INSERT ON community_fold
                    FOR EACH ROW WHEN (NEW.community_id = 4) EXECUTE FUNCTION meet();
                """)
        }
        let first = try await prune(keepMonths: 1, allowsShorter: true, at: later).get()
        #expect(first.waitingCommunities == [CityFixture.first] && first.isAnyWaiting)
        #expect(first.count.daySets == 2)
        try await city.database.write { try $0.script("DROP TRIGGER meet ON community_fold") }
        let second = try await prune(keepMonths: 1, allowsShorter: true, at: later).get()
        #expect(second.count.daySets == 2 && !second.isAnyWaiting)
    }

    @Test(.enabled(if: TestEngine.allCases.contains(.postgres) && !TestEngine.isCitus))
    func `a month's part that others are reading waits for the next run`() async throws {
        let city = try await CityFixture(on: .postgres)
        let september = october.previous
        #expect(try await city.database.prepareReadings(from: september, to: september) == 1)
        let prune = PruneReadings(database: city.database, calendar: city.calendar)
        let other = try Database(address: city.address, connections: 1)
        let began = AsyncStream<Void>.makeStream()
        let mayEnd = DispatchSemaphore(value: 0)
        async let reading: Void = other.write { transaction in
            _ = try transaction.reader.monthsOfReadings()
            began.continuation.finish()
            mayEnd.wait()
        }
        for await _ in began.stream {}
        let first: PruneSummary
        do {
            first = try await prune(keepMonths: 36, at: much).get()
            mayEnd.signal()
        } catch {
            mayEnd.signal()
            throw error
        }
        try await reading
        #expect(first.waitingPartitions == 1 && first.isAnyWaiting)
        #expect(first.count.partitions == 0)
        let second = try await prune(keepMonths: 36, at: much).get()
        #expect(second.count.partitions == 1 && !second.isAnyWaiting)
    }

    @Test func `fewer than 36 months are kept only with a reason`() async throws {
        let city = try await CityFixture(on: .sqlite)
        let prune = PruneReadings(database: city.database, calendar: city.calendar)
        guard case .failure(let refusal) = try await prune(keepMonths: 35, at: much) else {
            Issue.record("pruned")
            return
        }
        #expect(refusal == .keepsTooFew(months: 35))
        #expect(try await prune(keepMonths: 12, allowsShorter: true, at: much).get().first == BillingMonth("2028-12"))
    }
}

extension CityFixture {
    fileprivate func elementCount(_ home: Int64) async throws -> Int {
        let address = try #require(MeterAddress(.serial, "m\(home)"))
        return try await database.read { try $0.elements(at: address)?.count ?? 0 }
    }
}
