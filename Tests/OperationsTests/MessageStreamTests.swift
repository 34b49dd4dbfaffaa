import Database
import Foundation
import Ingest
import Logging
import Operations
import Storage
import Testing
import Water

/// A stream of messages is a set of elements: whatever order, repeats, cuts and formats it comes in, with folds and
/// registrations in between, the stored sets and the statements have the same bytes.
///
/// JIESHUI_PROPERTY_CASES gives another number of cases, JIESHUI_FUZZ_SEED another seed.
@Suite(.freshDatabases) struct MessageStreamTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seed = environment["JIESHUI_FUZZ_SEED"].flatMap { UInt64($0) } ?? 20_261_125
    private static let received = Instant(epochSeconds: 1_795_000_000)
    private static let homes: ClosedRange<Int64> = 1...4

    /// One reading as one gateway sends it.
    private struct Element: Hashable {
        let meter: Int64
        let at: Instant
        let litres: Int64
        let gateway: GatewayID
    }

    private func cases(_ engine: TestEngine) -> Int {
        Self.environment["JIESHUI_PROPERTY_CASES"].flatMap { Int($0) } ?? (engine == .sqlite ? 50 : 8)
    }

    @Test(arguments: TestEngine.allCases)
    func `permuted, repeated and split, a stream of messages gives the same bytes and the same statements`(
        engine: TestEngine
    ) async throws {
        for number in 0..<cases(engine) {
            try await DatabaseScope.run {
                var random = SeededRandom(seed: Self.seed &+ UInt64(number))
                // Small cases first: the first that fails is about the smallest.
                let elements = stream(size: 3 + number, &random)
                let plain = try await plainCity(engine, elements)
                let mixed = try await mixedCity(engine, elements, &random)
                let said = "seed \(Self.seed) case \(number): \(elements.count) elements"
                #expect(try await sets(plain) == sets(mixed), "\(said)")
                let statements = try await statements(plain)
                #expect(statements.count == Self.homes.count, "\(said)")
                #expect(try await self.statements(mixed) == statements, "\(said)")
            }
        }
    }

    /// Registers that rise, with conflicts at one instant, falls, late days and readings outside October.
    private func stream(size: Int, _ random: inout SeededRandom) -> [Element] {
        var elements: [Element] = []
        for meter in Self.homes {
            var litres = Int64.random(in: 0...200_000, using: &random)
            var at = Instant(epochSeconds: 1_790_784_000 - 90_000)
            for _ in 0..<Int.random(in: 0...size, using: &random) {
                at = at + Int64.random(in: 1...(31 * 86_400 / Int64(size)), using: &random)
                litres += Int64.random(in: 0...400, using: &random)
                let odd = Int64.random(in: 0..<20, using: &random)
                let sent = odd == 0 ? max(litres - 12_288, 0) : litres
                let gateway =
                    odd == 1
                    ? CityFixture.cityGateway : meter > 2 ? CityFixture.secondGateway : CityFixture.firstGateway
                elements.append(Element(meter: meter, at: at, litres: sent, gateway: gateway))
                if odd == 2 {
                    elements.append(Element(meter: meter, at: at, litres: sent + 7, gateway: CityFixture.cityGateway))
                }
            }
        }
        return elements
    }

    /// Every element once, in order, each in a message of its own, to meters that are registered before.
    private func plainCity(_ engine: TestEngine, _ elements: [Element]) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        for home in Self.homes { try await city.addHome(home, in: community(of: home)) }
        for (gateway, own) in Dictionary(grouping: elements, by: \.gateway).sorted(by: { $0.key < $1.key }) {
            try await post(own, as: .json, from: gateway, to: city)
        }
        _ = try await city.foldAll()
        return city
    }

    /// Every element at least once, in any order, in bodies of any size and format, with folds in between; some meters
    /// are registered only after their readings came.
    private func mixedCity(
        _ engine: TestEngine, _ elements: [Element], _ random: inout SeededRandom
    ) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        var late: [Int64] = []
        for home in Self.homes {
            let isLate = Bool.random(using: &random)
            try await city.addHome(home, in: community(of: home), registered: !isLate)
            if isLate { late.append(home) }
        }
        var sent = elements
        sent += elements.filter { _ in Bool.random(using: &random) }
        sent.shuffle(using: &random)
        while !sent.isEmpty {
            let body = Array(sent.suffix(Int.random(in: 1...max(elements.count / 3, 1), using: &random)))
            sent.removeLast(body.count)
            for (gateway, own) in Dictionary(grouping: body, by: \.gateway) {
                let format = [WireFormat.json, .ndjson, .csv, .senml].randomElement(using: &random) ?? .json
                try await post(own, as: format, from: gateway, to: city)
            }
            if Int.random(in: 0..<4, using: &random) == 0 { _ = try await city.foldAll() }
            if let home = late.last, Int.random(in: 0..<3, using: &random) == 0 {
                late.removeLast()
                try await city.registerMeter(home, in: community(of: home))
            }
        }
        for home in late { try await city.registerMeter(home, in: community(of: home)) }
        _ = try await city.foldAll()
        return city
    }

    private func community(of home: Int64) -> CommunityID { home > 2 ? CityFixture.second : CityFixture.first }

    private func post(
        _ elements: [Element], as format: WireFormat, from gateway: GatewayID, to city: CityFixture
    ) async throws {
        let batch = try decode(Array(text(elements, as: format).utf8), as: format, receivedAt: nil)
        let answer = try await city.record(batch, from: gateway, at: Self.received)
        #expect(answer.rejected == 0 && answer.readings == elements.count, "\(answer)")
    }

    private func text(_ elements: [Element], as format: WireFormat) -> String {
        switch format {
        case .csv:
            return "meter,at,volume_l\n" + elements.map { "M\($0.meter),\($0.at.utc),\($0.litres)\n" }.joined()
        case .senml:
            let records = elements.map {
                #"{"n":"M\#($0.meter)","u":"l","t":\#($0.at.epochSeconds),"v":\#($0.litres)}"#
            }
            return "[\(records.joined(separator: ","))]"
        default:
            let items = elements.enumerated().map { index, element in
                let start =
                    index % 2 == 0 ? #""at":"\#(element.at.utc)","volume_l":\#(element.litres)"# : series(element)
                return #"{"meter":"M\#(element.meter)",\#(start)}"#
            }
            if format == .ndjson { return items.joined(separator: "\n") }
            return #"{"readings":[\#(items.joined(separator: ","))]}"#
        }
    }

    private func series(_ element: Element) -> String {
        #""start":"\#(element.at.utc)","interval_s":3600,"registers_l":[\#(element.litres)]"#
    }

    /// Every day's set by its meter's address: numbers of meters are given in the order they are first seen.
    private func sets(_ city: CityFixture) async throws -> [String] {
        try await city.database.read { reader in
            var names: [MeterID: String] = [:]
            try reader.each("SELECT meter_id, address FROM meter_address") {
                names[MeterID(try $0.integer(0))] = try $0.text(1)
            }
            var lines: [String] = []
            for community in [CommunityID.unregistered, CityFixture.first, CityFixture.second] {
                try reader.eachDaySet(of: community, from: LocalDay(number: 0), to: LocalDay(number: 99_999)) {
                    lines.append("\(community) \($0) \(names[$1] ?? "") \(hex(DaySet.encode($2)))")
                }
            }
            return lines.sorted()
        }
    }

    /// October closed, as canonical bytes.
    private func statements(_ city: CityFixture) async throws -> [String] {
        let october = try #require(BillingMonth("2026-10"))
        let close = CloseMonth(
            database: city.database, calendar: city.calendar, shelf: try SharedFiles.shelf(),
            settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: SharedFiles.rulesID),
            logger: Logger(label: "test"))
        _ = try await close(october, at: Self.received).get()
        return try await city.database.read { reader in
            try [CityFixture.first, CityFixture.second].flatMap { try reader.statements(of: $0, october).map(\.body) }
        }
    }
}
