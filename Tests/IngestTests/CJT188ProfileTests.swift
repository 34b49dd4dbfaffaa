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

    @Test func `a city's profiles stand before the built-in ones, and none has the name of one`() throws {
        let types = (10...19).map(String.init).joined(separator: " | ")
        let profiles = try CJT188Profiles.read("profile: ours\ntype: \(types)\nlitre decimals: 0", file: "own")
        let builtIn = try CJT188Profiles.builtIn().all.map(\.name)
        #expect(profiles.all.map(\.name) == ["ours"] + builtIn)
        let batch = try decode(
            cjt188Frame(data: cjt188Reply(unit: 0x29, status: [1, 0])), as: .cjt188, receivedAt: nil,
            cjt188: CJT188Options(profiles: profiles))
        #expect(batch.registers == [12_345_000])
        #expect(batch.alerts.first?.alerts.map(\.code) == [.valveClosed])
        for name in builtIn {
            let fault = "own:1: the profile \(name) is built in: give this one another name"
            #expect(fileFaults("profile: \(name)") == [fault])
        }
        let silent = try cjt188Decoded(
            cjt188Frame(data: cjt188Reply(status: [1, 0])), profile: "alarms: none", receivedAt: nil)
        #expect(silent.alerts.first?.alerts == [])
        #expect(silent.alerts.first?.raw == "0100")
    }

    /// The faults of a file.
    private func fileFaults(_ text: String) -> [String] {
        do throws(MappingFaults) {
            _ = try CJT188Profiles.read(text, file: "own")
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    @Test(arguments: ["\r\n", "\r"])
    func `a file of profiles is the same with the line ends of any system`(end: String) throws {
        let lines = ["# A city's own.", "profile: ours", "maker: 1234", "", "# More.", "type: 11"]
        func whole(_ lines: [String]) -> String { lines.map { $0 + end }.joined() }
        let ours = try #require(try CJT188Profiles.read(whole(lines), file: "own").named("ours"))
        #expect(ours.makers == ["1234"] && ours.types == [0x11])
        #expect(fileFaults(whole(lines + ["colour: red"])) == ["own:7: no key is named colour"])
    }

    @Test(arguments: [
        ("maker: 1122 | 3344", "maker: 3344", true), ("type: 10 | 11", "type: 11", true),
        ("maker: 1122\ntype: 11", "type: 11 | 12\nmaker: 1122", true), ("maker: 1122", "maker: 3344", false),
        ("maker: 1122", "type: 11", false), ("maker: 1122", "maker: 1122\ntype: 11", false),
        ("maker: 1122\ntype: 10", "maker: 1122\ntype: 11", false), ("clock: low", "clock: low", false),
        ("maker: 7833", "maker: 1122", false),
    ])
    func `two profiles of a file that fit meters alike are refused by the line of the later`(
        first: String, second: String, isRefused: Bool
    ) {
        let text = "profile: city-east\n\(first)\n\nprofile: city-west\n\(second)"
        let line = first.split(separator: "\n").count + 3
        let words = "own:\(line): the profile city-west fits meters that city-east fits by the same maker or type"
        #expect(fileFaults(text) == (isRefused ? [words] : []))
    }

    @Test(arguments: ["", "\n", "# profile: ours", "# None yet.\r\n\r\n"])
    func `a file without any profile is refused`(text: String) {
        #expect(fileFaults(text) == ["own:1: no profile is in the file: profile: NAME begins one"])
    }

    /// As the documentation of the formats shows it.
    @Test func `a profile that carries its frames is read where they decode to what they say`() throws {
        let text = """
            profile: city-east
            maker: 1234 | 7833
            litre decimals: 0
            settlement day: 25
            frame: 6810010000000034128116901F0045238100290000000029003008011026200000CF16 \
            = 812.345 m3 at 2026-10-01 08:30:00
            frame: 6810010000000034128116901F0045238100290000000029003008011026200000CF16 = 812345 L
            """
        #expect(fileFaults(text) == [])
        #expect(try CJT188Profiles.read(text, file: "own").named("city-east")?.proofs.count == 2)
        let fault = "the frame does not prove city-east: the register is 8.12345 m3, not 812.345 m3"
        let finer = fileFaults(text.replacing("decimals: 0", with: "decimals: 2"))
        #expect(finer == ["own:5: \(fault)", "own:6: \(fault)"])
        let turned = fileFaults(text + "\nclock: high")
        #expect(turned == ["own:5: the frame does not prove city-east: the frame tells no time"])
        // A profile that is at fault itself proves nothing.
        #expect(fileFaults(text.replacing("decimals: 0", with: "decimals: 9")).count == 1)
    }

    private static let whole = hex(cjt188Frame(data: cjt188Reply())).uppercased()

    private static let unproved: [(String, String)] = [
        ("\(whole) = 123.46 m3", "the frame does not prove own: the register is 123.45 m3, not 123.46 m3"),
        (
            "\(whole) = 123.45 m3 at 2015-05-11 22:01:32",
            "the frame does not prove own: the clock shows 2015-05-11 22:01:31, not 2015-05-11 22:01:32"
        ),
        (
            "6810776655443322118109901F017856341200FFA116 = 123456.78 m3 at 2026-10-01 00:00:00",
            "the frame does not prove own: the frame tells no time"
        ),
        ("\(whole) \(whole) = 123.45 m3", "the frame does not prove own: more than one frame"),
        (
            "\(whole.dropLast(2))FF = 123.45 m3",
            "the frame does not prove own: length: byte 0: no end where the length says"
        ),
        (
            "68104433221100337881161F9000007766552C007766552C3101221105152021840816 = 556677 m3",
            "the frame does not prove own: checksum: byte 0: the checksum is 08, the bytes add up to 13"
        ),
        ("hello = 1 m3", "the frame does not prove own: frame: not hex text"),
        ("\(whole) = 1.2.3 m3", "frame: the register 1.2.3: not a plain decimal number"),
        (
            "\(whole) = 123.45 m3 at 2015-02-30 22:01:31",
            "frame: 2015-02-30 22:01:31 is no time of the form YYYY-MM-DD hh:mm:ss"
        ),
        ("\(whole)", "frame: HEX = REGISTER UNIT, as 6810…16 = 12.34 m3 at 2026-10-01 08:30:00"),
        ("\(whole) = 123.45", "frame: HEX = REGISTER UNIT, as 6810…16 = 12.34 m3 at 2026-10-01 08:30:00"),
        ("\(whole) = 123.45 barrel", "frame: HEX = REGISTER UNIT, as 6810…16 = 12.34 m3 at 2026-10-01 08:30:00"),
    ]

    @Test(arguments: unproved)
    func `a frame that does not decode to what it says refuses the file by its line`(proof: String, fault: String) {
        let text = "profile: own\n# Its frames.\nframe: \(Self.whole) = 123.45 m3\nframe: \(proof)"
        #expect(fileFaults(text) == ["own:4: \(fault)"])
    }

    @Test func `names of frames prove nothing in a city's file, and the built-in profiles carry frames`() throws {
        #expect(
            fileFaults("profile: own\nframes: cjt-99 | nonsense") == [
                "own:2: frames names the program's own tests: carry each frame as frame: HEX = REGISTER UNIT"
            ])
        let proved = try CJT188Profiles.builtIn().all.filter { !$0.proofs.isEmpty }.map(\.name)
        #expect(proved == ["standard", "maker-7833", "litre-high-clock"])
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
