import Ingest
import Testing
import Water

@Suite struct NDJSONTests {
    private let good = #"{"meter":"A","at":"2026-10-01T00:00:00Z","volume_l":1}"#

    @Test func `either object may stand on a line and empty lines are skipped`() throws {
        let series = #"{"meter":"B","start":"2026-10-01T00:00:00Z","interval_s":60,"registers_l":[2,3]}"#
        let batch = try decoded("\n \(good)\r\n\n\(series)\n\n", as: .ndjson)
        #expect(batch.itemCount == 2)
        #expect(batch.registers == [1_000, 2_000, 3_000])
        #expect(batch.runs.map(\.item) == [0, 1])
        #expect(try decoded("", as: .ndjson).itemCount == 0)
    }

    @Test(
        arguments: [
            ("{", "line: byte 1: ends too early"), ("x", "line: byte 0: expected a value"),
            (#"{"meter":"A"} {}"#, "line: byte 14: text after the object"), ("[]", "item: not an object"),
            (
                #"{"meter":"B","start":"2026-10-01T00:00:00Z","interval_s":60,"registers_l":[2,3"#,
                "line: byte 78: ends too early"
            ),
            (#"{"meter":"A","at":"2026-10-01T00:00:00Z","volume_l":1}}"#, "line: byte 54: text after the object"),
        ] as [(String, String)])
    func `a malformed line costs only itself`(line: String, fault: String) throws {
        let batch = try decoded("\(good)\n\(line)\n\(good)", as: .ndjson)
        #expect(faults(batch) == [fault])
        #expect(batch.itemCount == 3)
        #expect(batch.registers == [1_000, 1_000])
        #expect(batch.runs.map(\.item) == [0, 2])
        #expect(batch.runs.map(\.range) == [0..<1, 1..<2])
    }

    @Test func `invalid UTF-8 costs only its line`() throws {
        let bytes = Array(good.utf8) + [0x0A, 0x22, 0xFF, 0x22, 0x0A] + Array(good.utf8)
        let batch = try decode(bytes, as: .ndjson, receivedAt: nil)
        #expect(faults(batch) == ["line: byte 1: invalid UTF-8"])
        #expect(batch.registers == [1_000, 1_000])
    }
}

@Suite struct CSVTests {
    @Test(arguments: [
        "meter,at,volume_m3\nA1,2026-10-01T00:00:00+08:00,123.456\n",
        "meter,at,volume_m3\nA1,2026-10-01T00:00:00+08:00,123.456",
        "\u{FEFF}at,volume_m3,meter\r\n\"2026-10-01T00:00:00+08:00\",\"123.456\",\"A1\"\r\n",
        "volume_l,meter,at\n123456,A1,2026-10-01T00:00:00+08:00",
        "\"meter\",\"at\",volume_m3,protocol,driver\n\nA1,2026-09-30T16:00:00Z,123.4560000,,\n\r\n",
        "protocol,meter,at,volume_m3\nserial,A1,2026-09-30T16:00:00.0Z,123.456",
    ])
    func `a table is read in any column order, with quotes, CRLF and a byte order mark`(body: String) throws {
        let batch = try decoded(body, as: .csv)
        #expect(batch.registers == [123_456_000])
        #expect(batch.instants == [1_790_784_000])
        #expect(batch.runs.map(\.address.text) == ["serial:a1"])
    }

    @Test(
        arguments: [
            ("", 0, "the body is empty"), ("\n", 0, "a column has no name"),
            ("meter,,volume_m3\n", 6, "a column has no name"),
            ("meter,at\n", 0, "needs one of the columns volume_m3 and volume_l"),
            ("meter,volume_l\n", 0, "the column at is missing"),
            (
                "meter,at,volume_m3,volume_l\n", 19,
                "the columns volume_m3 and volume_l are both there, and one is needed"
            ),
            (
                "volume_l,meter,\"volume_m3\",at\n", 16,
                "the columns volume_m3 and volume_l are both there, and one is needed"
            ), ("表号,at,volume_m3\n", 0, "unknown column 表号"),
            ("meter,at,volume_m3,meter\n", 19, "the column meter is given twice"),
            ("meter,at,volume\n", 9, "unknown column volume"),
            ("meter;at;volume_m3\n", 0, "unknown column meter;at;volume_m3"),
            ("meter,at,\"volume_m3\n", 0, "a quote is out of place"),
            ("A1,2026-10-01T00:00:00Z,1\n", 0, "unknown column A1"),
        ] as [(String, Int, String)])
    func `a wrong header refuses the body`(body: String, offset: Int, reason: String) {
        #expect(throws: BodyRefusal.malformed(offset: offset, reason: reason)) { try decoded(body, as: .csv) }
    }

    @Test func `an unknown column of a header that is not UTF-8 points to the tables that may be GB18030`() {
        // 表号 in GB18030.
        let body = Array("at,".utf8) + [0xB1, 0xED, 0xBA, 0xC5] + Array(",volume_m3\n".utf8)
        let reason = "unknown column; the header is not UTF-8, as this form is: /v1/readings/table takes GB18030"
        #expect(throws: BodyRefusal.malformed(offset: 3, reason: reason)) {
            try decode(body, as: .csv, receivedAt: nil)
        }
    }

    @Test(
        arguments: [
            ("A1,2026-10-01T00:00:00Z", "line: 2 fields where the header has 3"),
            ("A1,2026-10-01T00:00:00Z,1,", "line: more fields than the header's 3"),
            ("A1,2026-10-01T00:00:00Z,1,5", "line: more fields than the header's 3"),
            ("\"A1,2026-10-01T00:00:00Z,1", "line: a quote is out of place"),
            ("A\"1,2026-10-01T00:00:00Z,1", "line: a quote is out of place"),
            ("\"A\"1,2026-10-01T00:00:00Z,1", "line: a quote is out of place"),
            (",2026-10-01T00:00:00Z,1", "meter: not 1 to 64 of 0-9 a-z - _ . :"),
            ("\"A\"\"1\",2026-10-01T00:00:00Z,1", "meter: not 1 to 64 of 0-9 a-z - _ . :"),
            ("A1,2026-10-01T00:00:00,1", "at: a time needs an offset, as +08:00 or Z"),
            ("A1,2026-10-01T00:00:00Z,", "volume_m3: not a plain decimal number"),
            ("A1,2026-10-01T00:00:00Z,1e3", "volume_m3: exponents are refused"),
            ("A1,2026-10-01T00:00:00Z,-1", "volume_m3: a register is never negative"),
            ("A1,2026-10-01T00:00:00Z,0.0000001", "volume_m3: decimals beyond one millilitre"),
            ("A1,2026-10-01T00:00:00Z,\"1,5\"", "volume_m3: not a plain decimal number"),
        ] as [(String, String)])
    func `a bad row costs only itself`(row: String, fault: String) throws {
        let good = "A1,2026-10-01T00:00:00Z,1"
        let batch = try decoded("meter,at,volume_m3\n\(good)\n\(row)\n\(good)\n", as: .csv)
        #expect(faults(batch) == [fault])
        #expect(batch.itemCount == 3)
        #expect(batch.registers == [1_000_000, 1_000_000])
        #expect(batch.runs.map(\.item) == [0, 2])
    }
}

@Suite struct ByteOrderMarkTests {
    @Test(arguments: [
        (WireFormat.json, item(#""meter":"A","at":"2026-10-01T00:00:00Z","volume_l":1"#)),
        (.ndjson, #"{"meter":"A","at":"2026-10-01T00:00:00Z","volume_l":1}"#),
        (.csv, "meter,at,volume_l\nA,2026-10-01T00:00:00Z,1"),
        (.senml, #"[{"bn":"urn:dev:mac:0024befffe804ff1","n":"volume","t":1790812800,"u":"m3","v":1}]"#),
        (.wmbusmeters, #"{"meter":"multical21","id":"12345678","total_m3":1,"timestamp":"2026-10-01T00:00:00Z"}"#),
    ])
    func `an editor's byte order mark costs nothing`(_ format: WireFormat, _ body: String) throws {
        let plain = try decoded(body, as: format)
        #expect(plain.itemCount == 1 && plain.rejections.isEmpty, "\(faults(plain))")
        #expect(try summary(decoded("\u{FEFF}\(body)", as: format)) == summary(plain))
    }

    @Test func `and none before a line of frames in hex`() throws {
        let line = "68 10 01 02 03 04 05 06 07 81 03 90 1F 00 77 16"
        #expect(
            faults(try decoded("\u{FEFF}\(line)", as: .cjt188, receivedAt: Instant(epochSeconds: 1_790_812_800)))
                == faults(try decoded(line, as: .cjt188, receivedAt: Instant(epochSeconds: 1_790_812_800))))
        #expect(!faults(try decoded(line, as: .cjt188)).contains("frame: not hex text"))
    }
}
