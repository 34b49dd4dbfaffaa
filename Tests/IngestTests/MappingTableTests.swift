import Ingest
import Testing
import Water

/// The table mapping of a text that must be one.
func tableMapping(_ text: String) throws -> TableMapping {
    guard case .table(let mapping) = try Mapping.read(text, file: "test") else {
        throw BodyRefusal.malformed(offset: 0, reason: "no table")
    }
    return mapping
}

/// What is said to be malformed; nil for another refusal.
func malformation(_ refusal: BodyRefusal) -> String? {
    if case .malformed(_, let reason) = refusal { reason } else { nil }
}

@Suite struct MappingTableTests {
    private func table(_ text: String, by mapping: String = MappingFileTests.handheld) throws -> DecodedBatch {
        try decodeTable(Array(text.utf8), by: tableMapping(mapping))
    }

    @Test func `a handheld reader's export becomes readings`() throws {
        let batch = try table(
            """
            序号,表号,户名,抄表时间,本期读数,备注
            1,14010500012345,张三,2026-10-01 08:30:00,123.456,
            2,"14010500012346","李, 四",2026/10/1 8:31,"98","门锁, 未入户"
            3,="00010500012347",王五,2026-10-01 08:32:00,0,
            """)
        #expect(
            batch.runs.map(\.address.text) == [
                "serial:14010500012345", "serial:14010500012346", "serial:00010500012347",
            ])
        #expect(batch.instants == [1_790_814_600, 1_790_814_660, 1_790_814_720])
        #expect(batch.registers == [123_456_000, 98_000_000, 0])
        #expect(batch.rejections.isEmpty)
    }

    @Test(arguments: [",", ";", "\t"])
    func `the header tells the delimiter`(sign: String) throws {
        let rows = [["水表编号", "抄表时间", "止码"], ["A1", "2026-10-01 08:30:00", "7.5"]]
        let batch = try table(rows.map { $0.joined(separator: sign) }.joined(separator: "\r\n"))
        #expect(batch.registers == [7_500_000])
    }

    /// 表号,抄表时间,止码 and a row, in GB18030; 户名 with 㐀 (U+3400), which only its four-byte form has.
    private static let gb18030: [UInt8] =
        [0xB1, 0xED, 0xBA, 0xC5, 0x2C, 0xB3, 0xAD, 0xB1, 0xED, 0xCA, 0xB1, 0xBC, 0xE4, 0x2C, 0xD6, 0xB9, 0xC2, 0xEB]
        + [0x2C, 0xBB, 0xA7, 0xC3, 0xFB, 0x0A] + Array("A1,2026-10-01 08:30:00,7.5,".utf8)
        + [0x81, 0x39, 0xEE, 0x39, 0x0A]

    @Test(arguments: ["auto", "gb18030"])
    func `GB18030 is read`(encoding: String) throws {
        let mapping = try tableMapping(MappingFileTests.handheld + "\nencoding: \(encoding)")
        let batch = try decodeTable(MappingTableTests.gb18030, by: mapping)
        #expect(batch.registers == [7_500_000])
    }

    @Test func `a byte order mark is no part of the first column`() throws {
        #expect(try table("\u{FEFF}表号,抄表时间,止码\nA1,2026-10-01 08:30:00,1").registers == [1_000_000])
    }

    @Test func `bytes of another encoding are refused`() throws {
        let mapping = try tableMapping(MappingFileTests.handheld + "\nencoding: utf-8")
        #expect(throws: BodyRefusal.malformed(offset: 0, reason: "not UTF-8")) {
            try decodeTable(MappingTableTests.gb18030, by: mapping)
        }
        #expect(throws: BodyRefusal.malformed(offset: 1, reason: "neither UTF-8 nor GB18030")) {
            try decodeTable([0x41, 0xFF, 0x42], by: tableMapping(MappingFileTests.handheld))
        }
    }

    @Test(arguments: [
        ("", "no header"), ("表号,抄表时间", "no column for register: 本期读数, 止码"),
        ("抄表时间,止码", "no column for meter: 表号, 水表编号"), ("表号,表号,抄表时间,止码", "the column 表号 is given twice"),
        ("\"表号,抄表时间,止码", "a quote is out of place"),
    ])
    func `a header that lacks a column refuses the body`(text: String, reason: String) throws {
        let mapping = try tableMapping(MappingFileTests.handheld)
        do throws(BodyRefusal) {
            _ = try decodeTable(Array(text.utf8), by: mapping)
            Issue.record("taken")
        } catch {
            #expect(malformation(error) == reason)
        }
    }

    @Test(arguments: [
        ("A 1,2026-10-01 08:30:00,1", "表号: not 1 to 64 of 0-9 a-z - _ . :"),
        (",2026-10-01 08:30:00,1", "表号: is empty"), ("A1, ,1", "抄表时间: is empty"),
        ("A1,2026-13-01 08:30:00,1", "抄表时间: not a time of the forms given"),
        ("A1,2026-02-29 08:30:00,1", "抄表时间: not a time of the forms given"),
        ("A1,2026-10-01 24:00:00,1", "抄表时间: not a time of the forms given"),
        ("A1,1999-10-01 08:30:00,1", "抄表时间: before 2000-01-01"),
        ("A1,2026-10-01 08:30:00,", "止码: is empty"),
        ("A1,2026-10-01 08:30:00,x", "止码: not a plain decimal number"),
        ("A1,2026-10-01 08:30:00,-1", "止码: a register is never negative"),
        ("A1,2026-10-01 08:30:00,1.23457E+13", "止码: exponents are refused"),
        ("A1,2026-10-01 08:30:00,0.0000001", "止码: decimals beyond one millilitre"),
        ("A1,2026-10-01 08:30:00", "line: 2 fields where the header has 3"),
        ("A1,2026-10-01 08:30:00,\"1", "line: a quote is out of place"),
        ("A1,2026-10-01 08:30:00,1" + String(repeating: ",", count: 5_000), "line: more fields than the header's 3"),
    ])
    func `a bad row is rejected alone`(row: String, fault: String) throws {
        let batch = try table("表号,抄表时间,止码\n\(row)\nA2,2026-10-01 08:30:00,5")
        #expect(faults(batch) == [fault])
        #expect(batch.registers == [5_000_000])
    }

    @Test func `a table of more than a thousand columns is refused`() throws {
        func header(_ columns: Int) -> String { "表号,抄表时间,止码" + String(repeating: ",x", count: columns - 3) + "\n" }
        #expect(try table(header(1_000)).itemCount == 0)
        #expect(throws: BodyRefusal.malformed(offset: 0, reason: "more than 1000 columns")) {
            try table(header(1_001))
        }
    }

    @Test func `date and time of day may stand in two columns, with a decimal comma`() throws {
        let batch = try table(
            """
            Report 2026

            Meter;Date;Time;Reading
            A1;01.10.2026;08:30;123,5
            """,
            by: """
                kind: table
                skip lines: 1
                decimal: comma
                meter: meter
                time: date
                clock: TIME
                time format: DD.MM.YYYY hh:mm
                zone: +02:00
                register: reading
                unit: m3
                """)
        #expect(batch.registers == [123_500_000])
        #expect(batch.instants == [1_790_836_200])
    }

    @Test(arguments: ["1.234", "1.234,5", "1,234.5"])
    func `where the comma is the decimal sign a point is refused, not read as one`(text: String) throws {
        let mapping = "kind: table\ndecimal: comma\nmeter: m\ntime: t\ntime format: epoch_s\nregister: r\nunit: m3"
        let batch = try table("m;t;r\nA1;1790848800;\(text)\nA2;1790848800;1,234", by: mapping)
        #expect(faults(batch) == ["r: a point where the comma is the decimal sign"])
        #expect(batch.registers == [1_234_000])
    }

    @Test func `a date alone takes the time of day that the mapping gives`() throws {
        let mapping = """
            kind: table
            meter: m
            time: t
            time format: YYYY年M月D日 | YYYYMMDD
            time of day: 18:00
            zone: city
            register: r
            unit: L
            """
        let batch = try table("m,t,r\nA1,2026年10月1日,5\nA1,20261002,6", by: mapping)
        #expect(batch.instants == [1_790_848_800, 1_790_935_200])
    }

    @Test(arguments: [
        ("epoch_s | YYYYMMDD", "20261001", 1_790_848_800), ("YYYYMMDD | DDMMYYYY", "01102026", 1_790_848_800),
        ("rfc3339 | YYYY-MM-DDThh:mm", "2026-10-01T18:00", 1_790_848_800),
        ("rfc3339 | YYYY-MM-DDThh:mm:ss", "2026-10-01T18:00:00", 1_790_848_800),
        ("M/D/YYYY | YYYYMMDD | epoch_s", "1790848800", 1_790_848_800),
    ])
    func `a form that gives no instant from 2000 on leaves the text to the next`(
        forms: String, text: String, at: Int64
    ) throws {
        let mapping = "kind: table\nmeter: m\ntime: t\nzone: city\ntime of day: 18:00\nregister: r\nunit: L"
        let batch = try table("m,t,r\nA1,\(text),5", by: "\(mapping)\ntime format: \(forms)")
        #expect(batch.instants == [at] && batch.rejections.isEmpty)
        let old = try table("m,t,r\nA1,19991001,5", by: "\(mapping)\ntime format: epoch_s | YYYYMMDD")
        #expect(faults(old) == ["t: before 2000-01-01"])
    }

    @Test func `rows that do not answer are passed over, and rows of a kind are rejected`() throws {
        let mapping = """
            kind: table
            meter: m
            time: t
            time format: epoch_s
            register: r
            unit: L
            when: kind = water | 水
            reject: estimated = 1
            alarm leak: leak > 0
            alarm tamper: seal != ok
            """
        let batch = try table(
            """
            kind,m,t,r,estimated,leak,seal
            gas,G1,1790848800,5,0,,
            水,A1,1790848800,5,0,0.5,ok
            water,A2,1790848800,6,1,0,broken
            """, by: mapping)
        #expect(batch.itemCount == 2)
        #expect(batch.registers == [5_000])
        #expect(faults(batch) == ["estimated: rows of this kind are not taken"])
        #expect(batch.alerts.map { $0.alerts.map(\.code.rawValue) } == [["leak"], ["tamper"]])
        #expect(batch.alerts.map(\.raw) == ["leak=0.5 seal=ok", "leak=0 seal=broken"])
    }

    @Test(arguments: [
        ("m3", "1.000001", 1_000_001), ("L", "1.5", 1_500), ("mL", "1500", 1_500), ("gal", "1", 3_785),
        ("gal", "1000", 3_785_411), ("kgal", "1", 3_785_411), ("ft3", "1", 28_316), ("ccf", "227.6", 644_491_428),
        ("ccf", "0", 0),
    ])
    func `units of the foot and the gallon are floored to the millilitre`(
        unit: String, text: String, millilitres: Int64
    ) throws {
        let mapping = "kind: table\nmeter: m\ntime: t\ntime format: epoch_s\nregister: r\nunit: \(unit)"
        #expect(try table("m,t,r\nA1,1790848800,\(text)", by: mapping).registers == [millilitres])
    }

    @Test(arguments: ["m3", "L", "mL", "gal", "kgal", "ft3", "ccf"])
    func `no register has a sign, nor has nought`(unit: String) throws {
        let mapping = "kind: table\nmeter: m\ntime: t\ntime format: epoch_s\nregister: r\nunit: \(unit)"
        for text in ["-0", "-0.0", "-1"] {
            let batch = try table("m,t,r\nA1,1790848800,\(text)", by: mapping)
            #expect(faults(batch) == ["r: a register is never negative"], "\(text)")
        }
    }

    @Test func `the limit counts rows`() throws {
        let mapping = try tableMapping(MappingFileTests.handheld)
        let rows = String(repeating: "\nA1,2026-10-01 08:30:00,1", count: 3)
        #expect(throws: BodyRefusal.tooManyReadings(limit: 2)) {
            try decodeTable(Array("表号,抄表时间,止码\(rows)".utf8), by: mapping, limits: DecodeLimits(readings: 2))
        }
    }
}
