import Database
import Foundation
import Logging
import Operations
import Scoring
import Storage
import Testing
import Water

/// What a city is told does not depend on the engine that keeps it.
@Suite(.freshDatabases, .enabled(if: TestEngine.allCases.contains(.postgres)))
struct TwoEnginesTests {
    private let october = BillingMonth("2026-10") ?? BillingMonth(number: 0)
    /// 2026-10-01T00:00:00+08:00.
    private let start = Instant(epochSeconds: 1_790_784_000)
    /// 2026-11-05T00:00:00+08:00, past the 72 h.
    private let later = Instant(epochSeconds: 1_793_808_000)

    @Test func `the same bodies give the same sets, statements, points and events, byte for byte`() async throws {
        let bodies = bodies()
        var random = SeededRandom(seed: 20_261_125)
        let shuffled = (bodies + bodies).shuffled(using: &random)
        let sqlite = try await outcome(on: .sqlite, bodies)
        let postgres = try await outcome(on: .postgres, bodies)
        let mixed = try await outcome(on: .postgres, shuffled)
        #expect(sqlite.statements.count == 10 && !sqlite.transfers.isEmpty && sqlite.events.count == 2)
        #expect(sqlite == postgres)
        #expect(sqlite == mixed)
    }

    @Test func `texts come in the same order from both engines`() async throws {
        let numbers = [
            "a1", "A1", "B", "b", "Z", "a", "10", "9", "09", "a-1", "a_1", "a 1", "ä", "é", "Ω", "一", "丁", "三栋", "十",
            "３", "🚰", "~", "!", "a10", "a2", "É", "ａ", "\u{E000}", "\u{FFFD}", "\u{10000}",
        ]
        var orders: [[String]] = []
        for engine in [TestEngine.sqlite, .postgres] {
            let database = try await freshDatabase(of: engine)
            let test = try await TestCity.build(in: database)
            let community = try await test.community("A")
            try await database.write { transaction in
                for number in numbers {
                    _ = try transaction.addHousehold(
                        number: number, area: community, in: community, movedIn: test.now, movedOut: nil)
                }
            }
            let listed = try await database.read { reader in
                try reader.households(of: community, after: "", limit: 1_000).map(\.number)
            }
            var paged: [String] = []
            while true {
                let last = paged.last ?? ""
                let page = try await database.read { try $0.households(of: community, after: last, limit: 7) }
                if page.isEmpty { break }
                paged += page.map(\.number)
            }
            #expect(paged == listed, "\(engine)")
            orders.append(listed)
        }
        #expect(orders[0] == orders[1])
        #expect(orders[0].count == numbers.count)
        #expect(orders[0] == numbers.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    private struct Outcome: Equatable {
        let sets: String
        let statements: [String]
        let transfers: [String]
        let events: [String]
    }

    private func outcome(on engine: TestEngine, _ bodies: [String]) async throws -> Outcome {
        let city = try await CityFixture(on: engine)
        for home in 1...5 as ClosedRange<Int64> { try await city.addHome(home, persons: home == 5 ? nil : home) }
        for home in 6...10 as ClosedRange<Int64> { try await city.addHome(home, in: CityFixture.second) }
        for body in bodies { try await city.post(body) }
        let close = CloseMonth(
            database: city.database, calendar: city.calendar, shelf: try SharedFiles.shelf(),
            settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: SharedFiles.rulesID),
            logger: Logger(label: "test"))
        _ = try await close(october, at: later, despiteHeld: true).get()
        let sets = try await city.sets()
        let october = october
        return try await city.database.read { reader in
            let communities = [CityFixture.first, CityFixture.second]
            return Outcome(
                sets: sets,
                statements: try communities.flatMap { try reader.statements(of: $0, october).map(\.body) },
                transfers: try communities.flatMap { try reader.communityTransfers($0).map { "\($0)" } },
                events: try reader.all("SELECT body FROM outbox_event ORDER BY event_id") { try $0.text(0) })
        }
    }

    /// Ten meters of different habits: a gap, an alarmed telegram, a reading ahead of the clock, an unknown meter.
    private func bodies() -> [String] {
        var bodies: [String] = []
        for home in 1...10 as ClosedRange<Int64> {
            let hours = (-2...(31 * 24 + 4)).map { Int64($0) }.filter { home != 3 || !(200..<260).contains($0) }
            for part in stride(from: 0, to: hours.count, by: 100) {
                let readings = hours[part..<min(part + 100, hours.count)].map { hour in
                    let litres = 100_000 + (hour + 2) * (3 + home) + hour * hour / 50 * (home % 3)
                    return
                        #"{"meter":"M\#(home)","at":"\#((start + hour * 3_600 + home * 60).utc)","volume_l":"\#(litres)"}"#
                }
                bodies.append(#"{"readings":[\#(readings.joined(separator: ","))]}"#)
            }
        }
        bodies.append(CityFixture.series(99, from: start, [1, 2, 3]))
        return bodies
    }
}
