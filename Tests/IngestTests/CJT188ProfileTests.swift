import Ingest
import Testing
import Water

@Suite struct CJT188ProfileTests {
    private func decodeOne(_ data: [UInt8], _ lines: String) throws -> DecodedBatch {
        try cjt188Decoded(cjt188Frame(data: data), profile: lines)
    }

    @Test(arguments: [(0, 12_345_000), (1, 1_234_500), (2, 123_450), (3, 12_345)] as [(Int, Int64)])
    func `a profile sets the decimals of unit 29 and of no other`(decimals: Int, millilitres: Int64) throws {
        let lines = "litre decimals: \(decimals)"
        #expect(try decodeOne(cjt188Reply(unit: 0x29), lines).registers == [millilitres])
        #expect(try decodeOne(cjt188Reply(unit: 0x2C), lines).registers == [123_450_000])
    }

    @Test func `a profile sets the order of the identifier`() throws {
        for (order, good, bad) in [("high", [0x90, 0x1F], [0x1F, 0x90]), ("low", [0x1F, 0x90], [0x90, 0x1F])]
            as [(String, [UInt8], [UInt8])]
        {
            #expect(try decodeOne(cjt188Reply(identifier: good), "identifier: \(order)").registers.count == 1)
            let refused = try decodeOne(cjt188Reply(identifier: bad), "identifier: \(order)")
            #expect(faults(refused) == ["di: \(hex(bad).uppercased()) is not in the order that the profile says"])
        }
    }

    /// A clock that is a time both ways: 2026-09-11 08:26:20 low first, 2026-08-11 09:26:20 high first.
    private static let clocks: [(String, Int64)] = [
        ("either", 1_789_086_380), ("low", 1_789_086_380), ("high", 1_786_411_580), ("none", 1_790_784_000),
    ]

    @Test(arguments: clocks)
    func `a profile sets the order of the clock`(order: String, seconds: Int64) throws {
        let clock: [UInt8] = [0x20, 0x26, 0x08, 0x11, 0x09, 0x26, 0x20]
        #expect(try decodeOne(cjt188Reply(clock: clock), "clock: \(order)").instants == [seconds])
    }

    @Test func `a clock far from the time of receipt is believed and told`() throws {
        let far = Instant(epochSeconds: 1_431_352_891 + 400 * 86_400)
        let batch = try decode(cjt188Frame(data: cjt188Reply()), as: .cjt188, receivedAt: far)
        #expect(batch.instants == [1_431_352_891])
        #expect(batch.findings.map(\.reason) == ["the meter's clock and the time of receipt differ by 400 d"])
        let near = Instant(epochSeconds: 1_431_352_891 + 86_400)
        #expect(try decode(cjt188Frame(data: cjt188Reply()), as: .cjt188, receivedAt: near).findings.isEmpty)
    }

    private static let statuses: [(String, [UInt8], [AlertCode])] = [
        ("status-high-bits", [0x40, 0x00], [.valveClosed]),
        ("status-high-bits", [0xE0, 0], [.valveFault, .batteryLow]),
        ("status-high-bits", [0x07, 0xFF], []), ("status-closed-10", [0x02, 0], [.valveClosed]),
        ("status-closed-10", [0x01, 0], []), ("status-fault-d1", [0x03, 0], [.valveClosed, .valveFault]),
        ("status-fault-d1", [0x02, 0], [.valveFault]),
        ("status-maker-first", [0x18, 0x05], [.tamper, .permanentError, .valveClosed, .batteryLow]),
        ("status-maker-first", [0x05, 0x00], []), ("standard", [0x05, 0x00], [.valveClosed, .batteryLow]),
        ("status-fault-d1", [0xFF, 0xFF], []),
    ]

    @Test(arguments: statuses)
    func `a profile says what the bits of the status mean`(name: String, status: [UInt8], codes: [AlertCode]) throws {
        let profiles = try CJT188Profiles.builtIn()
        #expect(profiles.named(name) != nil)
        let options = CJT188Options(profiles: profiles, profile: profiles.named(name))
        let batch = try decode(
            cjt188Frame(data: cjt188Reply(status: status)), as: .cjt188, receivedAt: nil, cjt188: options)
        #expect(batch.alerts.map(\.raw) == [hex(status).uppercased()])
        #expect(batch.alerts.first?.alerts.map(\.code) == codes)
    }

    @Test func `a maker's code and a type choose the profile, the maker first`() throws {
        let text = """
            # A city's own.
            profile: by-type
            type: 11 | 12
            litre decimals: 0

            profile: by-maker
            maker: 1234 | 7833
            litre decimals: 1

            profile: by-both
            maker: 1234
            type: 13
            litre decimals: 3
            """
        let options = CJT188Options(profiles: try CJT188Profiles.read(text, file: "own"))
        let cases: [(UInt8, [UInt8], Int64)] = [
            (0x10, [0x34, 0x12], 1_234_500), (0x11, [0x34, 0x12], 1_234_500), (0x13, [0x34, 0x12], 12_345),
            (0x11, [0, 0], 12_345_000), (0x10, [0, 0], 123_450), (0x10, [0x33, 0x78], 1_234_500),
        ]
        for (type, maker, millilitres) in cases {
            let bytes = cjt188Frame(type: type, address: [1, 0, 0, 0, 0] + maker, data: cjt188Reply(unit: 0x29))
            let batch = try decode(bytes, as: .cjt188, receivedAt: nil, cjt188: options)
            #expect(batch.registers == [millilitres], "\(type) \(maker)")
        }
    }

    @Test func `a city's profile replaces the built-in one of its name`() throws {
        let profiles = try CJT188Profiles.read("profile: standard\nlitre decimals: 0", file: "own")
        #expect(profiles.all.count == 8)
        let batch = try decode(
            cjt188Frame(data: cjt188Reply(unit: 0x29, status: [1, 0])), as: .cjt188, receivedAt: nil,
            cjt188: CJT188Options(profiles: profiles))
        #expect(batch.registers == [12_345_000])
        #expect(batch.alerts.first?.alerts.map(\.code) == [.valveClosed])
        let silent = try cjt188Decoded(
            cjt188Frame(data: cjt188Reply(status: [1, 0])), profile: "alarms: none", receivedAt: nil)
        #expect(silent.alerts.first?.alerts == [])
        #expect(silent.alerts.first?.raw == "0100")
    }

    @Test func `every fault of a profile file is told with its line`() throws {
        let text = """
            clock: low
            profile: A b
            clock: forwards
            litre decimals: 4
            settlement day: 31
            identifier: high
            identifier: high
            maker: 783
            type: 20
            alarm flood: 1.01 = 01
            alarm leak: 1.01 = 02
            alarm leak: 3.01 = 01
            alarm leak: 1.00 = 00
            colour: red
            half hours:
            nothing
            alarms: some
            profile: x
            profile: x
            """
        do {
            _ = try CJT188Profiles.read(text, file: "own.profiles")
            Issue.record("no fault found")
        } catch {
            #expect(error.faults.map(\.line) == [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19])
            #expect(error.faults.first?.description == "own.profiles:1: clock stands before the first profile")
            #expect(error.faults[2].reason == "forwards is none of either, low, high, none")
            #expect(error.faults[8].reason == "no alarm is named flood")
        }
    }
}
