import Database
import Ledger
import Logging
import Operations
import Scoring
import Storage
import Tariffs
import Testing
import Water

@testable import Ingest

/// Savings over the months of a city: from statements of rules without them on, through corrections.
@Suite(.freshDatabases) struct SavingCloseTests {
    private let first = BillingMonth(number: 2_026 * 12 + 0)
    private let september = BillingMonth(number: 2_026 * 12 + 8)
    private let october = BillingMonth(number: 2_026 * 12 + 9)
    /// 2025-12-31T00:30:00+08:00.
    private let start = Instant(epochSeconds: 1_767_110_400 + 1_800)
    private let step: Int64 = 43_200
    /// Readings up to 2026-11-01.
    private let count = 612
    /// The readings of 31 August 12:30 and 1 September 00:30.
    private let late = 487...488

    /// Home n uses 30 + n litres an hour; from September on home 12 uses 37 for 42.
    private func register(_ home: Int64, _ index: Int) -> Int64 {
        let (hours, saved) = (Int64(index) * 12, Int64(max(0, index - late.upperBound)) * 12)
        return 10_000 + hours * (30 + home) - (home == 12 ? saved * 5 : 0)
    }

    private func body(_ home: Int64, _ indices: some Sequence<Int>, less: Int64 = 0) -> String {
        let items = indices.map { index in
            let at = start + Int64(index) * step
            return #"{"meter":"M\#(home)","at":"\#(at.utc)","volume_l":\#(register(home, index) - less)}"#
        }
        return #"{"readings":[\#(items.joined(separator: ","))]}"#
    }

    private func city(_ engine: TestEngine) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        for home in 1...12 as ClosedRange<Int64> {
            try await city.addHome(home, since: start - 86_400)
            try await city.post(body(home, (0..<count).filter { home != 12 || !late.contains($0) }))
        }
        try await city.database.write { try $0.setTimeZone("Asia/Shanghai") }
        return city
    }

    private func close(_ city: CityFixture, _ month: BillingMonth) async throws -> CloseSummary {
        let rules = month < september ? SharedFiles.rulesID : "rules-saving"
        let close = CloseMonth(
            database: city.database, calendar: city.calendar, shelf: try SharedFiles.shelf(),
            settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: rules), logger: Logger(label: "test"))
        return try await close(month, at: Instant(epochSeconds: 1_795_000_000)).get()
    }

    private func statement(_ home: Int64, _ month: BillingMonth, _ city: CityFixture) async throws -> Statement {
        let stored = try await city.database.read {
            try $0.statement(of: HouseholdID(home), in: CityFixture.first, month)
        }
        return try Statement(bytes: Array(try #require(stored).body.utf8))
    }

    private func awarded(_ home: Int64, _ month: BillingMonth, _ city: CityFixture) async throws -> Points {
        let holder = AccountHolder(community: CityFixture.first, household: HouseholdID(home))
        let key = try #require(AwardKey(holder: holder, month: month, rule: "saving", statementVersion: 1))
        return try await city.database.read { try $0.awardHistory(key).net }
    }

    @Test(arguments: TestEngine.allCases)
    func `savings rest on statements of earlier rules, and a late reading takes back what it disproves`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        for back in 0...9 { _ = try await close(city, first.advanced(by: back)) }

        // August has levels only by the first rules' statements.
        let before = try await statement(12, september, city)
        let old = try #require(before.saving)
        #expect(old.levels.count == 8 && old.levels.first?.month == first && old.judgement?.percent == 0)
        #expect(try await statement(12, first, city).saving == nil)

        let found = try await statement(12, october, city)
        let saving = try #require(found.saving?.judgement)
        // 42 L/h are 1,151 ‰ of the middle home's 36.5, 37 are 1,014: two such months lie 137 below, and 58 of it are
        // chance.
        #expect(saving.usual == 1_151 && saving.band == 58 && (6...7).contains(saving.percent))
        let line = try #require(found.points.lines.last)
        #expect(line.points.count == saving.percent && found.rank?.percentile ?? 0 > 50)
        #expect(try await awarded(12, october, city) == line.points)
        for home in 1...11 as ClosedRange<Int64> {
            let other = try await statement(home, october, city)
            #expect(other.saving?.judgement?.percent == 0 && other.points.lines.last?.points == .zero)
        }

        // What was taken for August's water ran in September: its level rises, and is the higher of the two.
        try await city.post(body(12, late, less: 12 * 42))
        _ = try await city.fold.whatIsThere(at: Instant(epochSeconds: 1_795_000_000))
        let corrections = try await close(city, october).corrections
        #expect(corrections.leftOpen == 0)
        let (august, next) = (
            try await statement(12, september.previous, city), try await statement(12, september, city)
        )
        let again = try await statement(12, october, city)
        #expect(august.version == 2 && next.version == 2 && again.version == 2)
        let level = MonthLevel(
            month: september, permille: try #require(next.saving?.own), persons: next.persons)
        #expect(again.saving?.levels.last == level)
        #expect(try #require(next.saving?.own) > old.own ?? 0)
        let later = try #require(again.saving?.judgement)
        #expect(later.now > saving.now && later.percent < saving.percent)
        #expect(try await awarded(12, october, city).count == later.percent)
        for home in 1...11 as ClosedRange<Int64> {
            #expect(try await statement(home, october, city).version == 1)
        }
        #expect(try await close(city, october).corrections == CorrectionSummary())
        for month in [september, october] {
            for entry in explain(try await statement(12, month, city)) {
                #expect(entry.arithmetic.value == entry.value, "\(entry.key)")
            }
        }
    }

    private func correctedEvents(_ city: CityFixture) async throws -> Int64? {
        try await city.database.read {
            try $0.first("SELECT count(*) FROM outbox_event WHERE kind = 'statements.corrected'") {
                try $0.integer(0)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an earlier month issued late is named as such by the later one, and no system is told of that alone`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        _ = try await close(city, october)
        let first = try await statement(3, october, city)
        #expect(first.lastMonth == nil)
        let summary = try await close(city, september)
        #expect(summary.statements == 12 && summary.corrections.statements == 12)
        for home in 1...12 as ClosedRange<Int64> {
            let later = try await statement(home, october, city)
            #expect(later.version == 2 && later.correction?.causes == [.earlierMonthIssued], "home \(home)")
            #expect(later.lastMonth?.version == 1)
        }
        let second = try await statement(3, october, city)
        #expect(second.use == first.use && second.billing == first.billing && second.points == first.points)
        #expect(try await correctedEvents(city) == 0)

        // Of what changes a month itself they are told.
        try await city.post(body(12, late, less: 12 * 42))
        _ = try await city.fold.whatIsThere(at: now)
        _ = try await close(city, october)
        #expect(try await statement(12, september, city).correction?.causes == [.lateReading])
        #expect(try await statement(12, october, city).correction?.causes == [.earlierMonth])
        #expect(try await correctedEvents(city) == 1)
    }

    @Test(arguments: TestEngine.allCases)
    func `a meter that was tampered with proves no saving, also where it says so late`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        for back in 0...9 { _ = try await close(city, first.advanced(by: back)) }
        #expect(try await awarded(12, october, city) > .zero)

        // A measure under way must not miss it: the word alone, without a reading, makes the fold another one.
        let before = try await city.database.read { try $0.foldVersion(of: CityFixture.first) }
        _ = try await city.record(tampered(12, "2026-10-25T08:00:00Z"), from: CityFixture.cityGateway, at: now)
        _ = try await city.fold.whatIsThere(at: now)
        #expect(try await city.database.read { try $0.foldVersion(of: CityFixture.first) } > before)
        // An earlier word of the same month is another finding, a later one none.
        for at in ["2026-10-20T08:00:00Z", "2026-10-21T08:00:00Z"] {
            _ = try await city.record(tampered(12, at), from: CityFixture.cityGateway, at: now)
            _ = try await city.fold.whatIsThere(at: now)
            _ = try await close(city, october)
        }
        let found = try await statement(12, october, city)
        #expect(found.version == 2 && found.correction?.causes == [.tamper])
        #expect(found.findings == [.tamper: 1] && found.saving?.notJudged == .register)
        #expect(try await awarded(12, october, city) == .zero)
        // The level in the comparison with others stands.
        #expect(found.rank != nil && found.points.lines.count == 3)
    }

    private let now = Instant(epochSeconds: 1_795_000_000)

    /// As a telegram's status byte or an alarm word gives it.
    private func tampered(_ home: Int64, _ at: String) throws -> DecodedBatch {
        let address = try #require(MeterAddress(.serial, "M\(home)"))
        let instant = try #require(Instant(rfc3339: at))
        var batch = try CityFixture.batch(#"{"readings":[]}"#)
        let alert = Alert(code: .tamper, isCurrent: true, raw: "TAMPER")
        batch.alerts = [DecodedAlerts(item: 0, address: address, at: instant, alerts: [alert], raw: "TAMPER")]
        return batch
    }
}
