import Ingest
import Testing
import Water

@Suite struct SenMLVolumeTests {
    @Test func `volumes of water become readings and all else is passed over`() throws {
        let batch = try decoded(
            """
            [{"bn":"urn:dev:ser:14010500012345:","bt":1793462400,"n":"temperature","u":"Cel","v":11.5},
             {"n":"volume","u":"m3","v":123.456},
             {"n":"volume","u":"l","t":3600,"v":123460.5},
             {"n":"flow","u":"m3/s","v":0.001},
             {"n":"volume","u":"m3/s","t":7200,"s":123.470},
             {"n":"leak","t":7200,"vb":true}]
            """, as: .senml)
        #expect(batch.itemCount == 3)
        #expect(batch.registers == [123_456_000, 123_460_500, 123_470_000])
        #expect(batch.instants == [1_793_462_400, 1_793_466_000, 1_793_469_600])
        #expect(Set(batch.runs.map(\.address.text)) == ["serial:14010500012345"])
        #expect(batch.rejections.isEmpty)
    }

    @Test func `a base value and a base sum are added to the millilitre`() throws {
        let batch = try decoded(
            """
            [{"bn":"M1","bt":1793462400,"bu":"m3","bv":1000000.1,"v":0.000001},{"t":1,"v":0.000002},
             {"bs":5,"u":"l/s","t":2,"s":0.25}]
            """, as: .senml)
        #expect(batch.registers == [1_000_000_100_001, 1_000_000_100_002, 5_250])
    }

    @Test(arguments: [
        ("M1", "serial:m1"), ("M1/water", "serial:m1"), ("M1:TOTAL", "serial:m1"), ("M1:other", "serial:m1:other"),
        ("cjt188:14010500012345", "cjt188:14010500012345"), ("wmbus:2089ABCD/volume", "wmbus:2089abcd"),
        ("urn:dev:ser:M1:volume", "serial:m1"), ("urn:dev:ser:cjt188:14010500012345", "cjt188:14010500012345"),
        ("urn:dev:mac:0024befffe804ff1", "serial:urn:dev:mac:0024befffe804ff1"),
        ("urn:dev:os:1-M1", "serial:urn:dev:os:1-m1"), ("urn:dev:service:m1", "serial:urn:dev:service:m1"),
    ])
    func `a name names the meter`(name: String, address: String) throws {
        let batch = try decoded(#"[{"n":"\#(name)","u":"l","t":1793462400,"v":1}]"#, as: .senml)
        #expect(batch.runs.map(\.address.text) == [address])
    }

    @Test(arguments: [
        (#""n":"M1","u":"l","v":1"#, "t: relative to now, and X-Received-At is missing"),
        (#""n":"M1","u":"l","t":900000000,"v":1"#, "t: before 2000-01-01"),
        (#""n":"M1","u":"l","t":1e15,"v":1"#, "t: past the year 9999"),
        (#""n":"M1","u":"l","t":1793462400,"v":-1"#, "v: a register is never negative"),
        (#""n":"M1","u":"l","t":1793462400,"v":0.0001"#, "v: decimals beyond one millilitre"),
        (#""n":"M1","u":"l","t":1793462400,"v":1e3"#, "v: exponents are refused"),
        (#""n":"M1","u":"l","t":1793462400,"v":-0"#, "v: a register is never negative"),
        (#""n":"M1","u":"l","t":1793462400,"v":-0.0,"bv":0"#, "v: a register is never negative"),
        (#""n":"M1","u":"l/s","t":1793462400,"s":-0.0"#, "s: a register is never negative"),
        (#""n":"M1","u":"l/s","t":1793462400,"s":1e3"#, "s: exponents are refused"),
        (#""n":"M1","u":"l/s","t":1793462400,"v":1,"bs":1E3,"s":1"#, "bs: exponents are refused"),
        (#""n":"M1","u":"m3","t":1793462400,"v":1000000000001"#, "v: above 1000000000000 m3"),
        (#""n":"M1","u":"l","t":1793462400,"vs":"1""#, "v: not a plain decimal number"),
        (#""n":"M1","u":"l","t":1793462400"#, "v: is missing"),
        (#""n":"cjt188:12","u":"l","t":1793462400,"v":1"#, "n: not 14 digits"),
        (#""n":"M1/x","u":"l","t":1793462400,"v":1"#, "n: not 1 to 64 of 0-9 a-z - _ . :"),
    ])
    func `a record that cannot be a reading is rejected by its field`(record: String, fault: String) throws {
        let good = #"{"n":"M2","u":"l","t":1793462400,"v":7}"#
        let batch = try decoded("[{\(record)},\(good)]", as: .senml)
        #expect(faults(batch) == [fault])
        #expect(batch.registers == [7_000])
    }

    @Test(arguments: [
        (#""u":"m³","v":1"#, "u: m³ is no unit of SenML; m3, l, m3/s and l/s are taken"),
        (#""u":"M3","v":1"#, "u: M3 is no unit of SenML; m3, l, m3/s and l/s are taken"),
        (#""u":"L","v":1"#, "u: L is no unit of SenML; m3, l, m3/s and l/s are taken"),
        (#""u":"m^3","v":1"#, "u: m^3 is no unit of SenML; m3, l, m3/s and l/s are taken"),
        (#""u":"gal","v":1"#, "u: gal is no unit of SenML; m3, l, m3/s and l/s are taken"),
        (#""u":"L/s","s":1"#, "u: L/s is no unit of SenML; m3, l, m3/s and l/s are taken"),
        (#""v":1"#, "u: is missing; m3, l, m3/s and l/s are taken"),
    ])
    func `a volume whose unit is not SenML's, or that has none, is rejected and not passed over`(
        members: String, fault: String
    ) throws {
        let batch = try decoded(
            #"[{"n":"M1:volume","t":1793462400,\#(members)},{"n":"M2","u":"l","t":1793462400,"v":7}]"#, as: .senml)
        #expect(faults(batch) == [fault])
        #expect(batch.rejections.first?.reason.hasPrefix("record 1: ") == true)
        #expect(batch.registers == [7_000])
    }

    @Test(arguments: [
        #""n":"M1:count","v":1"#, #""n":"M1:volume","vb":true"#, #""n":"M1:water","u":"Cel","v":11.5"#,
        #""n":"M1:total","u":"J","v":1"#, #""n":"M1:flow","u":"L/s","v":1"#, #""n":"M1:level","u":"%","v":1"#,
    ])
    func `what is no volume is passed over`(members: String) throws {
        #expect(try decoded("[{\(members)}]", as: .senml).itemCount == 0)
    }

    @Test func `relative times count from when the gateway heard`() throws {
        let heard = Instant(epochSeconds: 1_793_462_400)
        let batch = try decoded(
            #"[{"bn":"M1","bu":"l","v":1},{"t":-60.5,"v":2}]"#, as: .senml, receivedAt: heard)
        #expect(batch.instants == [1_793_462_400, 1_793_462_339])
    }

    @Test func `only the number that the register is made of must be plain`() throws {
        let batch = try decoded(
            """
            [{"n":"M1","u":"l/s","t":1793462400,"v":1e-3,"s":123.5},{"n":"M2","u":"l","t":1793462400,"v":7,"s":1e3},
             {"bn":"M3","bu":"l","bt":1793462400,"bv":5,"v":-0},{"bv":-0,"v":6},{"v":-0},{"bv":1e1,"v":6},{"bv":2,"v":6}]
            """, as: .senml)
        #expect(batch.registers == [123_500, 7_000, 5_000, 6_000, 8_000])
        #expect(faults(batch) == ["v: a register is never negative", "bv: exponents are refused"])
    }

    @Test func `a base value without a value is no reading`() throws {
        let batch = try decoded(#"[{"bn":"M1","bu":"l","bt":1793462400,"bv":5},{"v":1}]"#, as: .senml)
        #expect(faults(batch) == ["v: is missing"])
        #expect(batch.registers == [6_000])
    }

    @Test func `zeros beyond the millilitre are no loss`() throws {
        let batch = try decoded(#"[{"n":"M1","u":"l","t":1793462400.0,"v":1.5000000000}]"#, as: .senml)
        #expect(batch.registers == [1_500])
    }
}
