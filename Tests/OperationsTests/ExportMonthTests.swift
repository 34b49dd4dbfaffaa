import Foundation
import Logging
import Operations
import Synchronization
import Tariffs
import Testing
import Water

/// What an export says beside the statements, so that bills of longer periods and of several versions can be redone.
@Suite(.freshDatabases) struct ExportMonthTests {
    private let october = BillingMonth("2026-10") ?? BillingMonth(number: 0)
    /// 2026-10-01T00:00:00+08:00.
    private let start = Instant(epochSeconds: 1_790_784_000)
    private let community = "140105001001"

    /// A yearly tariff of two versions: until 10 November, and from the 11th on.
    private func made(_ version: String, _ validity: String, price: String, month: String) -> String {
        """
        kind: tariff
        format: 1
        id: made
        version: "\(version)"
        name_zh: 例
        name_en: made
        \(validity)
        certain_from: 2020-01-01
        basis: year
        household: {base_persons: 4, extra_applies: once, certain_to_persons: 6}
        tiers:
          - {up_to_m3: "30", extra_m3: "6"}
        lines:
          - {name: base, prices_yuan_per_m3: ["\(price)", "2"]}
        source: made
        certainty: made
        examples:
          - {month: \(month), persons: 1, litres: 0, lines_fen: [0, 0], total_fen: 0, assumptions: []}
          - {month: \(month), persons: 2, litres: 0, lines_fen: [0, 0], total_fen: 0, assumptions: []}
          - {month: \(month), persons: 3, litres: 0, lines_fen: [0, 0], total_fen: 0, assumptions: []}
        """
    }

    /// The shipped files and the made ones.
    private func shelf() throws -> TariffShelf {
        let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("tariffs").path
        var files: [(name: String, text: String)] = [
            ("one", made("1", "valid_from: 2020-01-01\nvalid_to: 2026-11-10", price: "1.5", month: "2020-01")),
            ("two", made("2", "valid_from: 2026-11-11", price: "1.7", month: "2029-01")),
        ]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix(".yaml") {
            files.append((name, try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)))
        }
        return try loadTariffs(files)
    }

    /// Twelve homes of October and November, the first of them on the made tariff from October on.
    private func closedCity(_ engine: TestEngine, _ shelf: TariffShelf) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        for home in 1...12 as ClosedRange<Int64> {
            try await city.addHome(home)
            for day in stride(from: 0, to: 62, by: 6) {
                let hours = (day * 24...(day + 6) * 24).map { 100_000 + Int64($0) * (10 + home) }
                try await city.post(
                    CityFixture.series(home, from: start - 1_800 + Int64(day) * 86_400, hours), at: start + 90 * 86_400)
            }
        }
        let from = TariffFrom(month: october, tariffID: "made")
        _ = try await SetTariff(database: city.database, shelf: shelf)(from, of: "H1", at: start).get()
        let close = CloseMonth(
            database: city.database, calendar: city.calendar, shelf: shelf,
            settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: SharedFiles.rulesID),
            logger: Logger(label: "test"))
        for month in [october, october.next] {
            _ = try await close(month, at: city.calendar.interval(of: month).end + 5 * 86_400).get()
        }
        return city
    }

    private func exported(
        _ month: BillingMonth, of city: CityFixture, _ shelf: TariffShelf
    ) async throws -> [String] {
        let lines = ExportedLines()
        let export = ExportMonth(database: city.database, calendar: city.calendar, shelf: shelf)
        _ = try await export(month, of: community) { lines.add($0) }.get()
        return lines.all
    }

    @Test(arguments: TestEngine.allCases)
    func `an export has the content of every version that prices the month`(engine: TestEngine) async throws {
        let shelf = try shelf()
        let city = try await closedCity(engine, shelf)
        let lines = try await exported(october.next, of: city, shelf).filter { $0.contains(#""type":"tariff""#) }
        let made = try #require(lines.first { $0.contains(#""id":"made""#) && $0.contains(#""version":"1+2""#) })
        #expect(made.contains(#""valid_from":"2026-11-11","valid_to":null"#))
        #expect(made.contains(#""valid_from":"2020-01-01","valid_to":"2026-11-10","version":"1""#))
        #expect(made.contains(#""has_earlier_parts":true"#))
        #expect(made.contains(#""prices":["1.5","2"]"#) && made.contains(#""prices":["1.7","2"]"#))
        // Taiyuan's: what its digest is of.
        let taiyuan = try #require(lines.first { $0.contains(#""id":"taiyuan""#) })
        #expect(taiyuan.contains(#""certain_from":"2018-07-12","certain_to":"2025-05-31","certain_to_persons":3"#))
        #expect(taiyuan.contains(#""certainty_level":"medium""#) && taiyuan.contains(#""first_period":"whole""#))
        #expect(taiyuan.contains(#""earlier_parts":[]"#) && taiyuan.contains(#""valid_from":"2016-01-01""#))
    }

    @Test(arguments: TestEngine.allCases)
    func `an export has the year's earlier litres of homes whose tiers fill over more than a month`(
        engine: TestEngine
    ) async throws {
        let shelf = try shelf()
        let city = try await closedCity(engine, shelf)
        let first = try await exported(october, of: city, shelf).filter { $0.contains(#""type":"household""#) }
        #expect(first.count == 12 && first.allSatisfy { $0.contains(#""earlier_months":[]"#) })
        let homes = try await exported(october.next, of: city, shelf).filter { $0.contains(#""type":"household""#) }
        let own = try #require(homes.first { $0.contains(#""number":"H1""#) })
        // 11 L in each of 744 h.
        #expect(own.contains(#""earlier_months":[{"hash":""#))
        #expect(own.contains(#""litres":8184,"month":"2026-10","version":1}]"#))
        #expect(own.contains(#""tariff":"made","tariff_since":"2026-10""#))
        let others = homes.filter { !$0.contains(#""number":"H1""#) }
        #expect(others.count == 11)
        #expect(others.allSatisfy { $0.contains(#""earlier_months":[]"#) && $0.contains(#""tariff_since":null"#) })
    }
}

/// Lines as they are written.
private final class ExportedLines: Sendable {
    private let found = Mutex<[String]>([])
    func add(_ line: String) { found.withLock { $0.append(line) } }
    var all: [String] { found.withLock { $0 } }
}
