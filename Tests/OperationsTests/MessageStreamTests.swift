import Database
import Foundation
import Ingest
import Logging
import Operations
import Storage
import Testing
import Water

/// A stream of messages is a set of elements: whatever order, repeats, cuts and formats it comes in, as bodies, frames,
/// telegrams or a platform's push, with folds and registrations in between, the stored sets and the statements have the
/// same bytes.
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
        for home in Self.homes {
            try await city.addHome(home, in: community(of: home), registered: false)
            try await register(home, in: city)
        }
        for (gateway, own) in Dictionary(grouping: elements, by: \.gateway).sorted(by: { $0.key < $1.key }) {
            try await post(own, by: .body(.json), from: gateway, to: city)
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
            try await city.addHome(home, in: community(of: home), registered: false)
            if isLate { late.append(home) } else { try await register(home, in: city) }
        }
        var sent = elements
        sent += elements.filter { _ in Bool.random(using: &random) }
        sent.shuffle(using: &random)
        while !sent.isEmpty {
            let body = Array(sent.suffix(Int.random(in: 1...max(elements.count / 3, 1), using: &random)))
            sent.removeLast(body.count)
            for (gateway, own) in Dictionary(grouping: body, by: \.gateway).sorted(by: { $0.key < $1.key }) {
                let told = Dictionary(grouping: own) { spoken(by: $0.meter) }
                for (kind, alike) in told.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                    let way = ways(of: kind).randomElement(using: &random) ?? .body(.json)
                    try await post(alike, by: way, from: gateway, to: city)
                }
            }
            if Int.random(in: 0..<4, using: &random) == 0 { _ = try await city.foldAll() }
            if let home = late.last, Int.random(in: 0..<3, using: &random) == 0 {
                late.removeLast()
                try await register(home, in: city)
            }
        }
        for home in late { try await register(home, in: city) }
        _ = try await city.foldAll()
        return city
    }

    private func community(of home: Int64) -> CommunityID { home > 2 ? CityFixture.second : CityFixture.first }

    /// A meter of each protocol, and one more with a printed number.
    private func spoken(by meter: Int64) -> AddressProtocol {
        switch meter {
        case 2: .cjt188
        case 3: .wmbus
        default: .serial
        }
    }

    /// A meter's number as its protocol has it.
    private func number(of meter: Int64) -> String {
        switch spoken(by: meter) {
        case .serial: "M\(meter)"
        case .cjt188: "1401050000000\(meter)"
        case .wmbus: "0000000\(meter)"
        }
    }

    private func register(_ home: Int64, in city: CityFixture) async throws {
        let address = try #require(MeterAddress(spoken(by: home), number(of: home)))
        try await city.registerMeter(home, in: community(of: home), at: address)
    }

    /// How a message comes.
    private enum Way: Sendable {
        case body(WireFormat)
        /// Huawei IoTDA's, a service for each element.
        case push
    }

    private func ways(of kind: AddressProtocol) -> [Way] {
        let own: [Way] =
            switch kind {
            case .serial: []
            case .cjt188: [.body(.cjt188)]
            case .wmbus: [.body(.wmbus)]
            }
        return own + [.body(.json), .body(.ndjson), .body(.csv), .body(.senml), .push]
    }

    private func post(
        _ elements: [Element], by way: Way, from gateway: GatewayID, to city: CityFixture
    ) async throws {
        var readings = 0
        for batch in try batches(of: elements, by: way) {
            let answer = try await city.record(batch, from: gateway, at: Self.received)
            #expect(answer.rejected == 0, "\(way): \(answer)")
            readings += answer.readings
        }
        #expect(readings == elements.count, "\(way)")
    }

    private func batches(of elements: [Element], by way: Way) throws -> [DecodedBatch] {
        switch way {
        case .body(.wmbus):
            // It tells no time: each comes when it is heard.
            return try elements.map { element in
                try decode(Array(hex(telegram(element)).utf8), as: .wmbus, receivedAt: element.at)
            }
        case .body(let format):
            return [try decode(Array(text(elements, as: format).utf8), as: format, receivedAt: nil)]
        case .push: return [try pushed(elements)]
        }
    }

    private func pushed(_ elements: [Element]) throws -> DecodedBatch {
        let services = elements.map {
            #"{"service_id":"W","event_time":"\#($0.at.utc)","properties":{"no":"\#(number(of: $0.meter))","v":\#($0.litres)}}"#
        }
        let body = """
            {"resource":"device.property","event":"report",\
            "notify_data":{"header":{"device_id":"D"},"body":{"services":[\(services.joined(separator: ","))]}}}
            """
        let request = PushRequest(
            method: .post, query: [(name: "token", value: "s3cret")], body: Array(body.utf8), receivedAt: Self.received)
        let secrets = PushSecrets(proofs: [.query(name: "token", value: "s3cret")])
        guard case .push(let push) = receivePush(request, from: .huaweiIoTDA, secrets: secrets) else {
            throw BodyRefusal.malformed(offset: 0, reason: "no push")
        }
        let name = elements.first.map { spoken(by: $0.meter).rawValue } ?? ""
        let mapping = "kind: properties\nmeter: no\nprotocol: \(name)\nregister: v\nunit: L"
        return try decodePush(push, by: try Mapping.read(mapping, file: "stream")).batch
    }

    /// A reply with the register in hundredths of a litre and the meter's clock on the city's time.
    private func frame(_ element: Element) -> [UInt8] {
        let local = element.at.epochSeconds + 28_800
        let (year, month, date) = LocalDay(number: Int32(local / 86_400)).date
        let second = local % 86_400
        var bytes: [UInt8] = [0x68, 0x10] + packed(Int64(number(of: element.meter)) ?? 0, bytes: 7)
        bytes += [0x81, 0x16, 0x90, 0x1F, 0x00] + packed(element.litres * 100, bytes: 4)
        bytes += [0x29, 0x00, 0x00, 0x00, 0x00, 0x29]
        let time: [Int64] = [second % 60, second / 60 % 60, second / 3_600]
        let day: [Int64] = [Int64(date), Int64(month), Int64(year % 100), 20]
        for part in time + day { bytes += packed(part, bytes: 1) }
        bytes += [0x00, 0x00]
        return bytes + [bytes.reduce(0, &+), 0x16]
    }

    /// Decimal digits, two a byte, low byte first.
    private func packed(_ value: Int64, bytes count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        for _ in 0..<count {
            bytes.append(UInt8(rest / 10 % 10 * 16 + rest % 10))
            rest /= 100
        }
        return bytes
    }

    /// An iPerl's, not encrypted: the register in litres and no flow.
    private func telegram(_ element: Element) -> [UInt8] {
        let litres = (0..<4).map { UInt8(truncatingIfNeeded: element.litres >> (8 * $0)) }
        let head: [UInt8] = [0x18, 0x44, 0xAE, 0x4C, UInt8(element.meter), 0, 0, 0, 0x68, 0x07, 0x7A, 0x55, 0, 0, 0]
        return head + [0x04, 0x13] + litres + [0x02, 0x3B, 0, 0]
    }

    private func text(_ elements: [Element], as format: WireFormat) -> String {
        switch format {
        case .cjt188: return elements.map { hex(frame($0)) }.joined(separator: "\n")
        case .csv:
            let rows = elements.map {
                "\(number(of: $0.meter)),\($0.at.utc),\($0.litres),\(spoken(by: $0.meter).rawValue)\n"
            }
            return "meter,at,volume_l,protocol\n" + rows.joined()
        case .senml:
            let records = elements.map { element in
                let kind = spoken(by: element.meter)
                let name = (kind == .serial ? "" : "\(kind.rawValue):") + number(of: element.meter)
                return #"{"n":"\#(name)","u":"l","t":\#(element.at.epochSeconds),"v":\#(element.litres)}"#
            }
            return "[\(records.joined(separator: ","))]"
        default:
            let items = elements.enumerated().map { index, element in
                let start =
                    index % 2 == 0 ? #""at":"\#(element.at.utc)","volume_l":\#(element.litres)"# : series(element)
                let (name, kind) = (number(of: element.meter), spoken(by: element.meter).rawValue)
                return #"{"meter":"\#(name)","protocol":"\#(kind)",\#(start)}"#
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
