import Ingest
import Testing
import Water

@Suite struct NativeItemTests {
    /// 2026-10-01T00:00:00+08:00.
    private let october: Int64 = 1_790_784_000

    @Test(
        arguments: [
            (#""volume_m3":"123.456""#, 123_456_000), (#""volume_m3":123.456"#, 123_456_000), (#""volume_m3":0"#, 0),
            (#""volume_m3":"0.000001""#, 1), (#""volume_m3":1.00000100"#, 1_000_001), (#""volume_l":1.5"#, 1_500),
            (#""volume_l":"7""#, 7_000), (#""volume_m3":"0012.50""#, 12_500_000),
            (#""volume_m3":1000000000000"#, 1_000_000_000_000_000_000),
            (#""volume_m3":"\u0031.5""#, 1_500_000), (#""volume\u005fl":2"#, 2_000),
        ] as [(String, Int64)])
    func `a volume is read exactly`(volume: String, millilitres: Int64) throws {
        let batch = try decoded(item(#""meter":"M1","at":"2026-10-01T00:00:00+08:00","# + volume), as: .json)
        #expect(faults(batch) == [])
        #expect(batch.registers == [millilitres])
        #expect(batch.instants == [october])
        let address = try #require(MeterAddress(.serial, "m1"))
        #expect(batch.runs == [ReadingRun(item: 0, address: address, range: 0..<1)])
    }

    @Test(
        arguments: [
            ("1e3", "exponents are refused"), (#""1E3""#, "exponents are refused"), ("1.5e0", "exponents are refused"),
            ("-1", "a register is never negative"), (#""-0.5""#, "a register is never negative"),
            ("0.0000001", "decimals beyond one millilitre"), ("1000000000000.000001", "above 1000000000000 m3"),
            ("999999999999999999999999999999", "above 1000000000000 m3"),
            (#""1,5""#, "not a plain decimal number"), (#""1.""#, "not a plain decimal number"),
            (#""+1""#, "not a plain decimal number"), (#"".5""#, "not a plain decimal number"),
            (#""""#, "not a plain decimal number"), (#""-""#, "not a plain decimal number"),
            (#"" 1""#, "not a plain decimal number"), (#""1.2.3""#, "not a plain decimal number"),
            ("true", "not a plain decimal number"), ("[1]", "not a plain decimal number"), ("null", "is null"),
        ] as [(String, String)])
    func `a volume that is not exact is rejected`(volume: String, reason: String) throws {
        let batch = try decoded(
            item(#""meter":"M1","at":"2026-10-01T00:00:00+08:00","volume_m3":"# + volume), as: .json)
        #expect(faults(batch) == ["volume_m3: \(reason)"])
        #expect(batch.registers.isEmpty && batch.instants.isEmpty && batch.runs.isEmpty)
    }

    @Test(
        arguments: [
            ("2026-10-01T00:00:00+08:00", 1_790_784_000), ("2026-09-30T16:00:00Z", 1_790_784_000),
            ("2026-09-30t16:00:00z", 1_790_784_000), ("2026-09-30T12:30:00-03:30", 1_790_784_000),
            ("2026-09-30T16:00:00.000Z", 1_790_784_000), ("2000-01-01T00:00:00Z", 946_684_800),
            ("2000-01-01T08:00:00+08:00", 946_684_800), ("2024-02-29T23:59:59Z", 1_709_251_199),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] as [(String, Int64)])
    func `a time is read with its offset`(time: String, seconds: Int64) throws {
        let batch = try decoded(item(#""meter":"M1","volume_l":1,"at":""# + time + #"""#), as: .json)
        #expect(faults(batch) == [])
        #expect(batch.instants == [seconds])
    }

    @Test(
        arguments: [
            ("2026-10-01T00:00:00", "a time needs an offset, as +08:00 or Z"),
            ("2026-10-01T00:00:00.5Z", "fractions of a second are refused"),
            ("1999-12-31T23:59:59Z", "before 2000-01-01"), ("2000-01-01T00:00:00+08:00", "before 2000-01-01"),
            ("1111-11-11T11:11:11Z", "before 2000-01-01"), ("0000-01-01T00:00:00Z", "before 2000-01-01"),
            ("2026-02-29T00:00:00Z", ""), ("2026-13-01T00:00:00Z", ""), ("2026-10-01T24:00:00Z", ""),
            ("2026-10-01T00:60:00Z", ""), ("2026-10-01T00:00:60Z", ""), ("2026-10-01 00:00:00Z", ""),
            ("2026-10-01T00:00Z", ""), ("2026-10-01", ""), ("", ""), ("2026-10-01T00:00:00+0800", ""),
            ("2026-10-01T00:00:00+08:0", ""), ("2026-10-01T00:00:00+24:00", ""), ("2026-10-01T00:00:00.Z", ""),
            ("2026-10-01T00:00:00Z ", ""), ("２026-10-01T00:00:00Z", ""), ("2026-1O-01T00:00:00Z", ""),
        ] as [(String, String)])
    func `a time in doubt is rejected`(time: String, reason: String) throws {
        let batch = try decoded(item(#""meter":"M1","volume_l":1,"at":""# + time + #"""#), as: .json)
        let said = reason.isEmpty ? "not a time as 2026-10-01T00:00:00+08:00" : reason
        #expect(faults(batch) == ["at: \(said)"])
        #expect(batch.instants.isEmpty)
    }

    @Test(
        arguments: [
            (#""at":"2026-10-01T00:00:00Z","volume_l":1"#, "meter: is missing"),
            (#""meter":"M1","volume_l":1"#, "at: is missing"),
            (#""meter":"M1","at":"2026-10-01T00:00:00Z""#, "volume_m3: is missing"),
            ("", "at: is missing"),
            (#""meter":7,"at":"2026-10-01T00:00:00Z","volume_l":1"#, "meter: must be a string"),
            (#""meter":"","at":"2026-10-01T00:00:00Z","volume_l":1"#, "meter: not 1 to 64 of 0-9 a-z - _ . :"),
            (#""meter":"水","at":"2026-10-01T00:00:00Z","volume_l":1"#, "meter: not 1 to 64 of 0-9 a-z - _ . :"),
            (#""meter":"M1","at":1790784000,"volume_l":1"#, "at: must be a string"),
            (#""meter":"M1","meter":"M1","at":"2026-10-01T00:00:00Z","volume_l":1"#, "meter: given twice"),
            (#""meter":"M1","m\u0065ter":"M1","at":"2026-10-01T00:00:00Z","volume_l":1"#, "meter: given twice"),
            (
                #""meter":"M1","at":"2026-10-01T00:00:00Z","volume_l":1,"volume_m3":1"#,
                "volume_l: volume_m3 is given too"
            ),
            (#""meter":"M1","at":"2026-10-01T00:00:00Z","volume":1"#, "volume: unknown key"),
            (#""meter":"M1","at":"2026-10-01T00:00:00Z","volume_l":1,"x":{"a":[1,{}]}"#, "x: unknown key"),
            (
                #""meter":"M1","at":"2026-10-01T00:00:00Z","volume_l":1,"protocol":"modbus""#,
                "protocol: not one of serial, cjt188, wmbus"
            ),
            (#""meter":"12345","at":"2026-10-01T00:00:00Z","volume_l":1,"protocol":"cjt188""#, "meter: not 14 digits"),
            (
                #""meter":"12345","at":"2026-10-01T00:00:00Z","volume_l":1,"protocol":"wmbus""#,
                "meter: not 8 hex digits"
            ),
            (
                #""meter":"M1","at":"2026-10-01T00:00:00Z","volume_l":1,"driver":"izar""#,
                "driver: only wmbus addresses have a driver"
            ),
            (
                #""meter":"12345678","at":"2026-10-01T00:00:00Z","volume_l":1,"protocol":"wmbus","driver":"a b""#,
                "driver: not 1 to 64 of 0-9 a-z - _ . :"
            ),
            (#""meter":"M1","at":"2026-10-01T00:00:00Z","volume_l":1,"interval_s":60"#, "at: not a part of a series"),
        ] as [(String, String)])
    func `a wrong item is rejected by its first fault`(members: String, fault: String) throws {
        let good = #"{"meter":"M2","at":"2026-10-01T00:00:00Z","volume_l":9}"#
        let batch = try decoded(#"{"readings":[{"# + members + "}," + good + "]}", as: .json)
        #expect(faults(batch) == [fault])
        #expect(batch.itemCount == 2)
        #expect(batch.registers == [9_000])
        #expect(batch.runs.map(\.item) == [1])
    }

    @Test func `addresses of other protocols are named as such`() throws {
        let wmbus = #"{"meter":"2089ABCD","protocol":"wmbus","driver":"Izar","at":"2026-10-01T00:00:00Z","volume_l":1}"#
        let cjt188 = #"{"protocol":"cjt188","meter":"00112233445566","at":"2026-10-01T00:00:00Z","volume_l":1}"#
        let batch = try decoded(#"{"readings":["# + wmbus + "," + cjt188 + "]}", as: .json)
        #expect(batch.runs.map(\.address.text) == ["wmbus:2089abcd@izar", "cjt188:00112233445566"])
    }

    @Test func `a key twice with the same meaning never mixes two meters`() throws {
        let body = (1...3).map { #"{"meter":"M\#($0 % 2)","at":"2026-10-01T00:00:00Z","volume_l":\#($0)}"# }
        let batch = try decoded(#"{"readings":["# + body.joined(separator: ",") + "]}", as: .json)
        #expect(batch.runs.map(\.address.address) == ["m1", "m0", "m1"])
    }
}
