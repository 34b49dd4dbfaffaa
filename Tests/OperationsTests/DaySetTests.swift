import Storage
import Testing
import Water

@Suite struct DaySetTests {
    private func element(_ at: Int64, _ millilitres: Int64, _ gateway: Int64 = 1) -> ReadingElement {
        ReadingElement(
            at: Instant(epochSeconds: at), register: Volume(millilitres: millilitres), gateway: GatewayID(gateway))
    }

    @Test func `a set reads back as it was, whatever its numbers`() throws {
        var random = SeededRandom(seed: 20_261_001)
        for round in 0..<500 {
            let count = Int.random(in: 0...50, using: &random)
            let unit = [1, 10, 1_000, 1_000_000].randomElement(using: &random) ?? 1
            let elements = Set(
                (0..<count).map { _ in
                    element(
                        Int64.random(in: 946_684_800...4_000_000_000, using: &random),
                        Int64.random(in: 0...1_000_000_000_000, using: &random) / Int64(unit) * Int64(unit),
                        Int64.random(in: 1...3, using: &random))
                }
            ).sorted()
            #expect(try DaySet.decode(DaySet.encode(elements)) == elements, "round \(round)")
        }
    }

    @Test func `the extremes read back too`() throws {
        let elements = [element(.min, 0), element(.max, .max, .min)]
        #expect(try DaySet.decode(DaySet.encode(elements)) == elements)
    }

    @Test func `a union is the same in any order and any number of times`() {
        let a = [element(1, 10), element(3, 30)]
        let b = [element(1, 10), element(1, 10, 2), element(2, 20)]
        let both = DaySet.union(a, b)
        #expect(both == [element(1, 10), element(1, 10, 2), element(2, 20), element(3, 30)])
        #expect(DaySet.union(b, a) == both)
        #expect(DaySet.union(both, a) == both)
    }

    @Test func `24 hourly litre registers take at most 44 bytes, with stamps that jitter at most 100`() {
        let elements = (0..<24).map { element(1_790_000_000 + Int64($0) * 3_600, 123_456_000 + Int64($0) * 12_000) }
        #expect(DaySet.encode(elements).count <= 44)
        let jittering = elements.enumerated().map { index, one in
            element(one.at.epochSeconds + Int64(index * index % 7), one.register.millilitres)
        }
        #expect(DaySet.encode(jittering).count <= 100)
    }

    @Test func `instants in runs read back as they were, and bytes written before there were runs`() throws {
        var random = SeededRandom(seed: 20_261_125)
        for round in 0..<500 {
            var elements: [ReadingElement] = []
            var at = Int64.random(in: 946_684_800...4_000_000_000, using: &random)
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let step = [0, 1, 900, 1_800, 3_600].randomElement(using: &random) ?? 1
                for _ in 0..<Int.random(in: 1...30, using: &random) {
                    elements.append(
                        element(
                            at, Int64.random(in: 0...999_999, using: &random), Int64.random(in: 1...2, using: &random)))
                    at += Int64(step)
                }
            }
            elements = Set(elements).sorted()
            #expect(try DaySet.decode(DaySet.encode(elements)) == elements, "round \(round)")
        }
        let written: [UInt8] = [1, 3, 1, 2, 2, 0xE0, 0xF7, 0x89, 0xAB, 0x0D, 0x0A, 0xA0, 0x38, 2]
        #expect(try DaySet.decode(written) == [element(1_790_000_624, 5_000), element(1_790_004_224, 6_000)])
    }

    @Test func `damaged bytes are refused, never a trap`() throws {
        let bytes = DaySet.encode([element(1_790_000_000, 5_000), element(1_790_003_600, 6_000, 2)])
        for cut in 0..<bytes.count {
            #expect(throws: DamagedBytes.self) { try DaySet.decode(Array(bytes[..<cut])) }
        }
        var random = SeededRandom(seed: 7)
        for _ in 0..<20_000 {
            var damaged = bytes
            damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            _ = try? DaySet.decode(damaged)
        }
    }
}

@Suite struct JournalPayloadTests {
    @Test func `entries read back as they were`() throws {
        let address = try #require(MeterAddress(.wmbus, "0012ab34", driver: "hydrus"))
        let serial = try #require(MeterAddress(.serial, "14010500012345"))
        let entries: [JournalEntry] = [
            .readings(
                gateway: GatewayID(3), address: serial,
                values: [
                    TimedRegister(at: Instant(epochSeconds: 1_790_000_000), register: Volume(litres: 12)),
                    TimedRegister(at: Instant(epochSeconds: 1_789_000_000), register: Volume(litres: 11)),
                ], isFuture: false),
            .readings(
                gateway: GatewayID(3), address: serial,
                values: [TimedRegister(at: Instant(epochSeconds: 9_999_999_999), register: .zero)], isFuture: true),
            .alert(
                gateway: GatewayID(4), address: address, at: Instant(epochSeconds: 1),
                alert: Alert(code: .leak, isCurrent: false, raw: "PREV_LEAKAGE 水")),
        ]
        let row = JournalPayload.row([JournalPayload.encode([entries[0]]), JournalPayload.encode(Array(entries[1...]))])
        #expect(try JournalPayload.decode(row) == entries)
        for cut in 1..<row.count {
            // A cut between entries is a shorter row; anywhere else it is damage. Neither traps.
            if let shorter = try? JournalPayload.decode(Array(row[..<cut])) { #expect(shorter.count < entries.count) }
        }
    }

    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func `readings that follow others read back, from any parts`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let addresses = try [
            #require(MeterAddress(.serial, "14010500012345")), #require(MeterAddress(.serial, "14010500012346")),
            #require(MeterAddress(.serial, "7")), #require(MeterAddress(.cjt188, "14010500012345")),
            #require(MeterAddress(.wmbus, "0012ab34", driver: "hydrus")), #require(MeterAddress(.wmbus, "0012ab34")),
        ]
        let entries = (0..<60).map { _ -> JournalEntry in
            let gateway = GatewayID(Int64.random(in: 1...2, using: &random))
            let address = addresses[Int.random(in: 0..<addresses.count, using: &random)]
            let choice = Int.random(in: 0..<10, using: &random)
            if choice == 0 {
                return .alert(
                    gateway: gateway, address: address, at: Instant(epochSeconds: 1),
                    alert: Alert(code: .leak, isCurrent: true, raw: "LEAK"))
            }
            let values = (0..<(choice < 3 ? choice - 1 : 1)).map { _ in
                TimedRegister(
                    at: Instant(epochSeconds: .random(in: 0...2_000_000_000, using: &random)),
                    register: Volume(millilitres: .random(in: 0...1_000_000_000_000_000_000, using: &random)))
            }
            return .readings(gateway: gateway, address: address, values: values, isFuture: choice == 9)
        }
        let cut = Int.random(in: 0...entries.count, using: &random)
        let parts = [Array(entries[..<cut]), Array(entries[cut...])]
        let row = JournalPayload.row(parts.map(JournalPayload.encode))
        #expect(try JournalPayload.decode(row) == entries)
        var visited: [JournalEntry] = []
        try JournalPayload.eachRun(of: row) { bytes, range in
            MeterAddress(utf8: bytes, range) == addresses[0] ? MeterID(9) : nil
        } take: { values, meter, gateway in
            visited.append(.readings(gateway: gateway, address: addresses[0], values: values, isFuture: false))
            return true
        } rest: {
            visited.append($0)
        }
        #expect(visited == entries)
        for end in 1..<row.count {
            if let shorter = try? JournalPayload.decode(Array(row[..<end])) {
                #expect(shorter == Array(entries.prefix(shorter.count)))
            }
        }
    }

    @Test func `a concentrator's readings take few bytes`() throws {
        var writer = JournalWriter()
        for meter in 0..<1_000 as Range<Int64> {
            let address = try #require(MeterAddress(.serial, String(14_010_500_000_000 + meter)))
            writer.addReadings(
                gateway: GatewayID(7), address: address, instants: [1_790_000_000],
                registers: [(20_000 + meter * 7_919 % 1_000) * 1_000], 0..<1)
        }
        #expect(writer.bytes.count <= 10_000)
        #expect(try JournalPayload.decode(JournalPayload.row([writer.bytes])).count == 1_000)
    }

    @Test(arguments: [-1, 253_402_387_200, .max] as [Int64])
    func `a time that no decoder lets through is damage`(at: Int64) throws {
        let serial = try #require(MeterAddress(.serial, "m1"))
        let entries = [0, at].map { at in
            JournalEntry.readings(
                gateway: GatewayID(3), address: serial,
                values: [TimedRegister(at: Instant(epochSeconds: at), register: .zero)], isFuture: false)
        }
        for damaged in [entries, Array(entries.dropFirst())] {
            let row = JournalPayload.row([JournalPayload.encode(damaged)])
            #expect(throws: DamagedBytes.notAValue("time")) { try JournalPayload.decode(row) }
        }
    }

    @Test func `rows of the first form are read, and what follows nothing is damage`() throws {
        let serial = try #require(MeterAddress(.serial, "m1"))
        let value = TimedRegister(at: Instant(epochSeconds: 1_790_000_000), register: Volume(litres: 12))
        let entry = JournalEntry.readings(gateway: GatewayID(3), address: serial, values: [value], isFuture: false)
        let row = JournalPayload.row([JournalPayload.encode([entry])])
        #expect(row.first == 2 && row[1] == 1)
        #expect(try JournalPayload.decode([1] + row.dropFirst()) == [entry])
        #expect(throws: DamagedBytes.unknownVersion(3)) { try JournalPayload.decode([3] + row.dropFirst()) }
        let following = Array(JournalPayload.encode([entry, entry]).dropFirst(row.count - 1))
        #expect(following.first == 4)
        #expect(try JournalPayload.decode(row + following) == [entry, entry])
        #expect(throws: DamagedBytes.notAValue("entry that follows")) { try JournalPayload.decode([2] + following) }
    }
}

/// Repeatable randomness: SplitMix64.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
