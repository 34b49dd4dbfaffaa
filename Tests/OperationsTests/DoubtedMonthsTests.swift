import Database
import Logging
import Metering
import Operations
import Scoring
import Storage
import Testing
import Water

/// A meter whose registers go on in another unit for months: what each month says, and what it says once they are back.
@Suite(.freshDatabases) struct DoubtedMonthsTests {
    private static let months = (10...12).map { BillingMonth("2026-\($0)") ?? BillingMonth(number: 0) }
    /// 2026-10-01T00:00:00+08:00.
    private let start = Instant(epochSeconds: 1_790_784_000)
    /// Hours from the start: ten times the register over these.
    private static let wrong = 11 * 24 + 5..<68 * 24
    private let end = 92 * 24 + 6

    private func register(_ hour: Int, _ home: Int64) -> Int64 { 300_000 + Int64(hour) * (6 + home) }

    private func sent(_ hour: Int, _ home: Int64, _ wrong: Range<Int> = Self.wrong) -> Int64 {
        home == 1 && wrong.contains(hour) ? register(hour, home) * 10 : register(hour, home)
    }

    private func city(_ engine: TestEngine) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        for home in 1...12 as ClosedRange<Int64> { try await city.addHome(home) }
        try await city.database.write { transaction in
            try transaction.setTimeZone("Asia/Shanghai")
            _ = try transaction.addStaff(
                name: "desk", area: CityFixture.city, role: .administrator, passwordHash: "x", at: start)
        }
        return city
    }

    private func post(
        _ hours: Range<Int>, to city: CityFixture, wrong: Range<Int> = Self.wrong, at: Instant
    ) async throws {
        for home in 1...12 as ClosedRange<Int64> {
            // A message holds 10,000 readings; a day's are sent together.
            for first in stride(from: hours.lowerBound, to: hours.upperBound, by: 480) {
                let part = first..<min(first + 480, hours.upperBound)
                try await city.post(
                    CityFixture.series(home, from: start + Int64(first) * 3_600, part.map { sent($0, home, wrong) }),
                    at: at)
            }
        }
    }

    private func close(_ city: CityFixture) throws -> CloseMonth {
        CloseMonth(
            database: city.database, calendar: city.calendar, shelf: try SharedFiles.shelf(),
            settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: SharedFiles.rulesID),
            logger: Logger(label: "test"))
    }

    /// When a month is closed: five days after it.
    private func closing(_ month: BillingMonth, _ city: CityFixture) -> Instant {
        city.calendar.interval(of: month).end + 5 * 86_400
    }

    private func statement(_ month: BillingMonth, _ city: CityFixture) async throws -> Statement {
        let stored = try await city.database.read {
            try $0.statement(of: HouseholdID(1), in: CityFixture.first, month)
        }
        return try Statement(bytes: Array(try #require(stored).body.utf8))
    }

    private func doubts(_ city: CityFixture) async throws -> [MeterDoubt] {
        try await city.database.read { try $0.doubts(in: CityFixture.first).values.flatMap { $0 } }
    }

    /// Litres from one month's start to the next, the register between the last right one and the next being drawn as a
    /// line.
    private func litres(_ month: BillingMonth, _ city: CityFixture, wrong: Range<Int> = Self.wrong) -> Int64 {
        let (last, next) = (wrong.lowerBound - 1, wrong.upperBound)
        func boundary(_ at: Instant) -> Int64 {
            let hour = Int((at - start) / 3_600)
            guard hour > last, hour < next else { return register(hour, 1) }
            let rise = register(next, 1) - register(last, 1)
            return register(last, 1) + rise * Int64(hour - last) / Int64(next - last)
        }
        let (from, to) = city.calendar.interval(of: month)
        return boundary(to) - boundary(from)
    }

    @Test(arguments: TestEngine.allCases)
    func `months of another unit are no use until the register is back, then each is corrected to what ran`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        var sentUntil = -48
        for (index, month) in Self.months.enumerated() {
            let at = closing(month, city)
            let until = index == 2 ? end : Int((at - start) / 3_600)
            try await post(sentUntil..<until, to: city, at: at)
            sentUntil = until
            _ = try await city.fold.whatIsThere(at: at)
            _ = try await close(city)(month, at: at).get()
            let said = try await statement(month, city)
            switch index {
            case 0:
                // What ran until the last right register; nothing of what came after it.
                #expect(said.use.days.compactMap(\.litres).allSatisfy { $0 == 24 * 7 })
                #expect(said.use.days.filter { $0.litres != nil }.count == 11)
                #expect(said.unranked != nil && said.points.total == .zero)
            case 1:
                // Without any register: estimated by the month before, and never as ten times the use.
                #expect(said.use.measuredLitres == 0 && said.use.litres <= 30 * 24 * 7)
                #expect(said.unranked != nil && said.points.total == .zero)
            default:
                #expect(said.use.litres == litres(month, city))
            }
        }
        // The last close has corrected the two before it.
        for month in Self.months.prefix(2) {
            let said = try await statement(month, city)
            #expect(said.version == 2 && said.use.litres == litres(month, city))
            #expect(said.use.days.allSatisfy { $0.litres != nil })
        }
        let found = try await doubts(city)
        #expect(found.map(\.to) == [start + Int64(Self.wrong.upperBound) * 3_600])
    }

    @Test(arguments: TestEngine.allCases)
    func `a month that ends where the other unit begins is joined to the next once that is measured`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        let wrong = 31 * 24..<54 * 24
        let (first, second) = (closing(Self.months[0], city), closing(Self.months[1], city))
        try await post(-48..<36 * 24, to: city, wrong: wrong, at: first)
        _ = try await city.fold.whatIsThere(at: first)
        _ = try await close(city)(Self.months[0], at: first).get()
        #expect(try await statement(Self.months[0], city).unranked != nil)
        // Day by day, as a gateway sends: at the end no reading near tells of October.
        for day in 36..<66 {
            try await post(day * 24..<(day + 1) * 24, to: city, wrong: wrong, at: second)
            _ = try await city.fold.whatIsThere(at: second)
            // What marked October until now is settled; the register comes back later.
            if day == 50 { _ = try await close(city).corrections(at: second) }
        }
        _ = try await close(city)(Self.months[1], at: second).get()
        _ = try await close(city).corrections(at: second)
        for month in Self.months.prefix(2) {
            let said = try await statement(month, city)
            #expect(said.use.litres == litres(month, city, wrong: wrong), "\(month)")
            #expect(said.use.days.allSatisfy { $0.litres != nil })
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `months closed with all their readings say the same as corrected ones`(engine: TestEngine) async throws {
        let city = try await city(engine)
        let at = closing(Self.months[2], city)
        try await post(-48..<end, to: city, at: at)
        _ = try await city.fold.whatIsThere(at: at)
        for month in Self.months {
            _ = try await close(city)(month, at: at).get()
            let said = try await statement(month, city)
            #expect(said.version == 1 && said.use.litres == litres(month, city))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `staff who accept a register of the other unit let its run count, in every month`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        var sentUntil = -48
        for month in Self.months.prefix(2) {
            let at = closing(month, city)
            let until = Int((at - start) / 3_600)
            try await post(sentUntil..<until, to: city, at: at)
            sentUntil = until
            _ = try await city.fold.whatIsThere(at: at)
            _ = try await close(city)(month, at: at).get()
        }
        #expect(try await doubts(city).map(\.to) == [nil])
        let at = closing(Self.months[1], city)
        let hour = 50 * 24
        let staff = try #require(try await city.database.read { try $0.staff(name: "desk") })
        let edit = EditReading(database: city.database, calendar: city.calendar, rules: .standard)
        _ = try await edit(
            EditRequest(
                id: "e-1", meter: try #require(MeterAddress(.serial, "m1")), at: start + Int64(hour) * 3_600,
                register: Volume(litres: sent(hour, 1)), action: .accept, reason: "看过表盘"), by: staff, at: at
        ).get()
        _ = try await close(city).corrections(at: at)
        let (october, november) = (try await statement(Self.months[0], city), try await statement(Self.months[1], city))
        #expect(november.version == 2 && november.use.measuredLitres == 30 * 24 * 70)
        // The step itself is no use: eleven days of the one unit, then the other.
        #expect(october.version == 2)
        #expect(
            october.use.litres == Int64(Self.wrong.lowerBound - 1) * 7 + Int64(31 * 24 - Self.wrong.lowerBound) * 70)
        #expect(try await doubts(city).isEmpty)
    }
}
