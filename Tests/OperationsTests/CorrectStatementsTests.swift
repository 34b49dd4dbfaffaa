import Database
import Ingest
import Ledger
import Logging
import Metering
import Operations
import Scoring
import Storage
import Tariffs
import Testing
import Water

@Suite(.freshDatabases) struct CorrectStatementsTests {
    private let october = BillingMonth("2026-10") ?? BillingMonth(number: 0)
    /// 2026-10-01T00:00:00+08:00.
    private let start = Instant(epochSeconds: 1_790_784_000)
    /// 2026-11-05T00:00:00+08:00.
    private let later = Instant(epochSeconds: 1_793_808_000)
    private let cut = 28 * 24

    /// Twelve homes of three; home n uses 6 + n litres an hour. Home 1's readings end on 29 October.
    private func city(_ engine: TestEngine) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        for home in 1...12 as ClosedRange<Int64> {
            try await city.addHome(home)
            try await city.post(body(home, 0..<(home == 1 ? cut : 31 * 24 + 6)))
        }
        try await city.database.write { transaction in
            try transaction.setTimeZone("Asia/Shanghai")
            _ = try transaction.addStaff(
                name: "desk", area: CityFixture.city, role: .administrator, passwordHash: "x", at: start)
        }
        return city
    }

    /// Half past every hour from two hours before October on; at home nothing runs from 03:00 to 04:00.
    private func body(_ home: Int64, _ hours: Range<Int>) -> String {
        let registers = hours.map { hour in
            100_000 + (Int64(hour) - Int64(hour) / 24) * (6 + home)
        }
        return CityFixture.series(
            home, from: start - 2 * 3_600 + 1_800 + Int64(hours.lowerBound) * 3_600, registers)
    }

    private func close(_ city: CityFixture, sewage: String? = nil) throws -> CloseMonth {
        CloseMonth(
            database: city.database, calendar: city.calendar, shelf: try SharedFiles.shelf(sewage: sewage),
            settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: SharedFiles.rulesID),
            logger: Logger(label: "test"))
    }

    private func statement(_ home: Int64, _ city: CityFixture, version: Int64? = nil) async throws -> Statement {
        let stored = try await city.database.read {
            try $0.statement(of: HouseholdID(home), in: CityFixture.first, october, version: version)
        }
        return try Statement(bytes: Array(try #require(stored).body.utf8))
    }

    private func bodies(_ city: CityFixture, besides home: Int64) async throws -> [String] {
        try await city.database.read { reader in
            try reader.statements(of: CityFixture.first, october).filter { $0.household != HouseholdID(home) }.map(
                \.body)
        }
    }

    private func balance(_ home: Int64, _ city: CityFixture) async throws -> Points {
        try await city.database.read {
            try $0.accountState(of: AccountHolder(community: CityFixture.first, household: HouseholdID(home)))
                .lots.reduce(.zero) { $0 + $1.available }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `late readings give the same second version in however many folds they come, and list those of the month`(
        engine: TestEngine
    ) async throws {
        var said: [String] = []
        for parts in [1, 2, 9] {
            try await DatabaseScope.run {
                var random = SeededRandom(seed: 20_261_129 + UInt64(parts))
                let city = try await city(engine)
                _ = try await close(city)(october, at: later).get()
                // Silent from 29 October to 12 December; two of its readings are out of place.
                let much = later + 60 * 86_400
                var late: [(hour: Int, litres: Int)] = []
                for hour in cut..<72 * 24 { late.append((hour, 100_000 + (hour - hour / 24) * 7)) }
                late[30].litres += 90_000
                late.append((late[50].hour, late[50].litres + 3))
                late.shuffle(using: &random)
                for part in 0..<parts {
                    var own = stride(from: part, to: late.count, by: parts).map { late[$0] }
                    // What a part repeats changes nothing, whoever sends it.
                    if part > 0 { own += late.prefix(40) }
                    let body: [String] = own.map { reading in
                        let at = start - 5_400 + Int64(reading.hour) * 3_600
                        return #"{"meter":"M1","at":"\#(at.utc)","volume_l":\#(reading.litres)}"#
                    }
                    let answer = try await city.post(
                        #"{"readings":[\#(body.joined(separator: ","))]}"#,
                        from: part == 0 ? CityFixture.firstGateway : CityFixture.cityGateway, at: much)
                    #expect(answer.accepted == own.count, "\(answer.entries.prefix(2))")
                    _ = try await city.fold.whatIsThere(at: much)
                }
                let summary = try await close(city).corrections(at: much)
                #expect(summary.statements == 1, "\(parts): \(summary)")
                let second = try await statement(1, city)
                let correction = try #require(second.correction)
                #expect(second.use.litres == 31 * 23 * 7 && correction.readings.count == 20)
                let end = city.calendar.interval(of: october).end
                #expect(correction.readings.allSatisfy { $0.at < end && $0.cause == .lateReading })
                said.append(String(decoding: second.bytes, as: UTF8.self))
            }
        }
        #expect(Set(said).count == 1)
    }

    @Test(arguments: TestEngine.allCases)
    func `a correction that fails gives its community up at once`(engine: TestEngine) async throws {
        let city = try await city(engine)
        _ = try await close(city)(october, at: later).get()
        _ = try await city.post(body(1, cut..<31 * 24 + 6), at: later)
        _ = try await city.fold.whatIsThere(at: later)
        // A statement of a form that no program knows.
        try await city.database.write {
            _ = try $0.execute("UPDATE statement SET packed = \([0xFF] as [UInt8]) WHERE household_id = 1")
        }
        await #expect(throws: (any Error).self) { try await close(city).corrections(at: later) }
        let held = try await city.database.read { try $0.lease(.close, of: CityFixture.first) }
        #expect(try #require(held).until == Instant(epochSeconds: 0))
    }

    @Test(arguments: TestEngine.allCases)
    func `late readings give a second version with the difference, its reason and the points, and change nobody else`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        _ = try await close(city)(october, at: later).get()
        let first = try await statement(1, city)
        #expect(first.version == 1 && first.correction == nil && first.unranked == .notBracketed)
        let others = try await bodies(city, besides: 1)

        // Two months later.
        let much = later + 60 * 86_400
        try await city.post(body(1, cut..<(31 * 24 + 6)), at: much)
        _ = try await city.fold.whatIsThere(at: much)
        let summary = try await close(city)(october, at: much).get().corrections
        #expect(summary.statements == 1 && summary.unchanged == 0 && summary.leftOpen == 0)

        let second = try await statement(1, city)
        let correction = try #require(second.correction)
        #expect(second.version == 2 && second.unranked == nil)
        #expect(correction.version == 1 && correction.hash == first.hash && correction.litres == first.use.litres)
        #expect(correction.causes == [.lateReading] && correction.readings.count == 20 && correction.hasMoreReadings)
        #expect(second.use.litres == 31 * 23 * 7)
        #expect(second.points.total > .zero)
        #expect(try await balance(1, city) == second.points.total)
        // The cohort is the one frozen with the month, in which this home was not.
        #expect(second.cohort?.homes == 11 && second.rank?.otherHomes == 11)
        #expect(try await bodies(city, besides: 1) == others)
        #expect(try await statement(1, city, version: 1) == first)
        for entry in explain(second) { #expect(entry.arithmetic.value == entry.value, "\(entry.key)") }

        let again = try await close(city)(october, at: much).get().corrections
        #expect(again == CorrectionSummary())
        let events = try await city.eventCount()
        #expect(events == 2)
    }

    @Test(arguments: TestEngine.allCases)
    func `a person count put right takes points back by a transfer linked to the award`(engine: TestEngine)
        async throws
    {
        let city = try await city(engine)
        _ = try await close(city)(october, at: later).get()
        let first = try await statement(2, city)
        #expect(first.points.total == Points(40))
        let change = try await SetPersons(database: city.database)(
            1, of: "H2", from: LocalDay(number: 1), at: later)
        #expect(change == .success(.changed))
        let summary = try await close(city).corrections(at: later + 60)
        #expect(summary.statements == 1)
        let second = try await statement(2, city)
        #expect(second.persons == 1 && second.correction?.causes == [.persons])
        #expect(second.correction?.figures.points == Points(40) && second.points.total < Points(40))
        #expect(try await balance(2, city) == second.points.total)
        let transfers = try await city.database.read {
            try $0.transfers(of: AccountHolder(community: CityFixture.first, household: HouseholdID(2)))
        }
        let award = try #require(transfers.first { $0.kind == .award })
        #expect(transfers.contains { $0.kind == .clawback && $0.link == award.id })
    }

    @Test(arguments: TestEngine.allCases)
    func `a mark that changes nothing ends without a version`(engine: TestEngine) async throws {
        let city = try await city(engine)
        _ = try await close(city)(october, at: later).get()
        try await city.database.write { transaction in
            try transaction.markDirty(
                HouseholdID(5), of: CityFixture.first, october, cause: .installation, at: later)
        }
        let summary = try await close(city).corrections(at: later + 60)
        #expect(summary.statements == 0 && summary.unchanged == 1)
        #expect(try await statement(5, city).version == 1)
        let left = try await city.database.read { try $0.dirtyHomes(of: CityFixture.first).count }
        #expect(left == 0)
    }

    @Test(arguments: TestEngine.allCases)
    func `a reading that staff enter closes a month, and taking it back opens it again`(engine: TestEngine)
        async throws
    {
        let city = try await city(engine)
        _ = try await close(city)(october, at: later).get()
        let staff = try #require(try await city.database.read { try $0.staff(name: "desk") })
        let edit = EditReading(database: city.database, calendar: city.calendar, rules: .standard)
        let meter = try #require(MeterAddress(.serial, "m1"))
        let at = start + 31 * 86_400 + 3_600
        func request(_ id: String, _ action: EditAction, register: Int64 = 105_000) -> EditRequest {
            EditRequest(
                id: id, meter: meter, at: at, register: Volume(litres: register), action: action, reason: "上门抄表")
        }
        let entered = try await edit(request("e-1", .enter), by: staff, at: later).get()
        #expect(!entered.isRepeat && entered.markedHomes == 1)
        #expect(try await edit(request("e-1", .enter), by: staff, at: later + 9).get().isRepeat)
        #expect(try await edit(request("e-1", .reject), by: staff, at: later) == .failure(.idIsTaken))
        _ = try await close(city).corrections(at: later + 60)
        let second = try await statement(1, city)
        #expect(second.correction?.causes == [.edit])
        #expect(second.correction?.readings.first?.register == Volume(litres: 105_000))
        #expect(second.quality.isBracketed)

        _ = try await edit(request("e-2", .withdraw), by: staff, at: later + 120).get()
        _ = try await close(city).corrections(at: later + 180)
        let third = try await statement(1, city)
        #expect(third.version == 3 && !third.quality.isBracketed)
        #expect(third.readingsDigest == (try await statement(1, city, version: 1)).readingsDigest)
    }

    @Test(arguments: TestEngine.allCases)
    func `a month closed when digests were of lines is corrected by digests of lines`(engine: TestEngine) async throws {
        let city = try await city(engine)
        _ = try await close(city)(october, at: later).get()
        let first = try await statement(1, city)
        #expect(first.readingsDigest.hasPrefix("v2:"))
        let community = CityFixture.first
        try await city.database.write { transaction in
            let frozen = try transaction.reader.homeMonths(of: community, october).first { $0.household.value == 1 }
            var home = try #require(frozen)
            home.readingsDigest = String(repeating: "ab", count: 32)
            _ = try transaction.execute(
                """
                UPDATE home_month SET body = \(home.storedText)
                WHERE community_id = \(community) AND month = \(october) AND household_id = \(home.household)
                """)
        }
        try await city.post(body(1, cut..<(31 * 24 + 6)), at: later + 60)
        _ = try await city.fold.whatIsThere(at: later + 60)
        #expect(try await close(city).corrections(at: later + 120).statements == 1)
        let second = try await statement(1, city)
        // From the half hour before the month to the one after it.
        let lines = (1...31 * 24 + 2).map { hour in
            "m1,\(start.epochSeconds - 5_400 + Int64(hour) * 3_600),\((100_000 + Int64(hour - hour / 24) * 7) * 1_000)\n"
        }
        #expect(second.version == 2 && second.readingsDigest == sha256Hex(Array(lines.joined().utf8)))
    }

    @Test(arguments: TestEngine.allCases)
    func `a register entered after months of silence corrects every month between`(engine: TestEngine) async throws {
        let city = try await city(engine)
        // Home 1 has been silent since 28 October; October to January are closed without it.
        let months = ["2026-10", "2026-11", "2026-12", "2027-01"].compactMap { BillingMonth($0) }
        for home in 2...12 as ClosedRange<Int64> {
            for day in stride(from: 31, to: 130, by: 10) {
                let hours = day * 24 + 6..<min(day + 10, 130) * 24 + 6
                try await city.post(body(home, hours), at: later + 100 * 86_400)
            }
        }
        for month in months {
            _ = try await close(city)(month, at: city.calendar.interval(of: month).end + 5 * 86_400).get()
        }
        let silent = try await city.database.read {
            try $0.statement(of: HouseholdID(1), in: CityFixture.first, months[1])
        }
        let nothing = try Statement(bytes: Array(try #require(silent).body.utf8))
        // Four days of October are unknown: it stands in no mean, and without one there is no bill.
        #expect(nothing.use.litres == 0 && nothing.billing == .refused(.noFigure))

        let staff = try #require(try await city.database.read { try $0.staff(name: "desk") })
        // The last register is of hour 671: 100,000 + (671 − 27) × 7 = 104,508; then 10 L an hour for 110 days.
        let last = start - 5_400 + 671 * 3_600
        let edit = EditReading(database: city.database, calendar: city.calendar, rules: .standard)
        let request = EditRequest(
            id: "e-1", meter: try #require(MeterAddress(.serial, "m1")), at: last + 110 * 86_400,
            register: Volume(litres: 104_508 + 110 * 240), action: .enter, reason: "上门抄表")
        #expect(try await edit(request, by: staff, at: last + 110 * 86_400).get().markedHomes == 1)
        let summary = try await close(city).corrections(at: last + 111 * 86_400)
        #expect(summary.statements == 4)
        for (month, litres) in zip(months.dropFirst(), [30 * 240, 31 * 240, 31 * 240] as [Int64]) {
            let stored = try await city.database.read {
                try $0.statement(of: HouseholdID(1), in: CityFixture.first, month)
            }
            let statement = try Statement(bytes: Array(try #require(stored).body.utf8))
            #expect(statement.version == 2 && statement.use.litres == litres && statement.use.missingHours == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an exchange found weeks later corrects both months it reaches`(engine: TestEngine) async throws {
        let city = try await city(engine)
        let november = try #require(BillingMonth("2026-11"))
        for home in 2...12 as ClosedRange<Int64> {
            for day in stride(from: 31, to: 64, by: 10) {
                try await city.post(body(home, day * 24 + 6..<min(day + 10, 64) * 24 + 6), at: later + 40 * 86_400)
            }
        }
        // Home 1's new meter has sent since 29 October 00:00 under a serial nobody registered: 10 L an hour from 500 L.
        let exchange = start + 28 * 86_400
        for day in stride(from: 0, to: 36, by: 6) {
            let registers = (day * 24..<(day + 6) * 24).map { 500 + Int64($0) * 10 }
            try await city.post(
                CityFixture.series(99, from: exchange + Int64(day) * 86_400, registers), at: later + 40 * 86_400)
        }
        for month in [october, november] {
            _ = try await close(city)(
                month, at: city.calendar.interval(of: month).end + 5 * 86_400, despiteHeld: true
            ).get()
        }
        #expect(try await statement(1, city).unranked == .notBracketed)

        // The old one showed 104,514 L when it was taken off.
        let now = exchange + 60 * 86_400
        for (serial, from, to, first, final) in [
            ("m1", CityFixture.movedIn, exchange, nil, 104_514), ("m99", exchange, nil, 500, nil),
        ] as [(String, Instant, Instant?, Int64?, Int64?)] {
            let entry = try MeterEntry(
                serial: try #require(MeterAddress(.serial, serial)), otherAddresses: [], usagePoint: "P1", from: from,
                to: to, startRegister: first.map { Volume(litres: $0) },
                finalRegister: final.map { Volume(litres: $0) }, resolution: nil, nominalFlowLitresPerHour: nil,
                modulus: nil)
            _ = try await RegisterMeter(database: city.database)(entry, at: now).get()
        }
        try await city.fold.whatIsThere(at: now)
        let summary = try await close(city).corrections(at: now)
        #expect(summary.statements == 2)
        let corrected = try await statement(1, city)
        #expect(corrected.version == 2 && corrected.correction?.causes.contains(.installation) == true)
        // At 1 October 00:00 half an hour past 100,007 L, that is 100,010.5; then three days of the new one's 240 L.
        #expect(corrected.use.litres == 104_514 - 100_010 + 3 * 240)
        let next = try await city.database.read {
            try $0.statement(of: HouseholdID(1), in: CityFixture.first, november)
        }
        let second = try Statement(bytes: Array(try #require(next).body.utf8))
        #expect(second.version == 2 && second.use.litres == 30 * 240)
    }

    @Test(arguments: TestEngine.allCases)
    func `a tariff put right corrects every bill of the month and no points, and only when it is said`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        _ = try await close(city, sewage: "0.60")(october, at: later).get()
        let wrong = try await statement(4, city)
        let refused = try await close(city)(october, at: later + 60)
        guard case .failure(.frozenWithOther) = refused else {
            Issue.record("\(refused)")
            return
        }
        let correct = CorrectTariff(database: city.database, shelf: try SharedFiles.shelf())
        #expect(try await correct(october, reason: " ", at: later) == .failure(.reasonIsMissing))
        #expect(try await correct(october.next, reason: "x", at: later) == .failure(.notClosed))
        #expect(try await correct(october, reason: "污水处理费录错", at: later) == .success(12))
        #expect(try await correct(october, reason: "again", at: later) == .failure(.isTheSame))

        // Killed before every home was marked: saying it again marks the rest.
        try await city.database.write { transaction in
            try transaction.clearDirty(HouseholdID(4), of: CityFixture.first, october)
            let frozen = try #require(try transaction.reader.cityMonth(october))
            try transaction.replaceTariff(
                of: october, id: frozen.tariffID, formerHash: "f", hash: frozen.tariffHash, reason: "x", at: later)
        }
        #expect(try await correct(october, reason: "again", at: later) == .success(12))

        let summary = try await close(city)(october, at: later + 120).get().corrections
        #expect(summary.statements == 12 && summary.transfers == 0)
        let right = try await statement(4, city)
        #expect(right.correction?.causes == [.tariff] && right.use == wrong.use && right.points == wrong.points)
        guard case .billed(let before) = wrong.billing, case .billed(let after) = right.billing else {
            Issue.record("no bill")
            return
        }
        // 31 × 23 × 10 = 7,130 L: a tenth of a yuan less a cubic metre, 4.278 and 3.565 rounded half up.
        #expect(right.use.litres == 7_130 && before.total - after.total == Money(fen: 428 - 357))
        #expect(try await close(city)(october, at: later + 180).get().corrections == CorrectionSummary())
    }
}
