import Ingest
import Testing

@Suite struct MappingFileTests {
    static let handheld = """
        # 手持抄表机
        kind: table
        meter: 表号 | 水表编号
        time: 抄表时间
        time format: YYYY-MM-DD hh:mm:ss | YYYY/M/D h:mm
        zone: +08:00
        register: 本期读数 | 止码
        unit: m3
        """

    private func faults(_ text: String) -> [String] {
        do throws(MappingFaults) {
            _ = try Mapping.read(text, file: "a.map")
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    @Test func `a whole mapping is read`() { #expect(faults(MappingFileTests.handheld) == []) }

    @Test(arguments: ["\r\n", "\r"])
    func `a mapping is the same with the line ends of any system`(end: String) {
        let text = MappingFileTests.handheld.replacing("\n", with: end)
        #expect(faults(text) == [])
        #expect(faults(text + end + end + "colour: red") == ["a.map:10: the key colour does not belong here"])
    }

    @Test(arguments: [
        ("", "a.map:1: the key kind is missing"), ("# kind: table\r\n", "a.map:1: the key kind is missing"),
        ("kind: chart", "a.map:1: kind is one of bytes, properties, table"),
        (
            "kind: table\nmeter: a\ntime: b\nregister: c\nunit: m3\ncolour: red",
            "a.map:6: the key colour does not belong here"
        ),
        ("kind: table\nmeter: a\nmeter: b\ntime: b\nregister: c\nunit: m3", "a.map:3: meter is given twice"),
        (
            "kind: table\nmeter: a\ntime: b\nregister: c\nunit: barrel",
            "a.map:5: unit is one of L, ccf, ft3, gal, kgal, m3, mL"
        ),
        ("kind: table\nmeter: a\ntime: b\nregister: c", "a.map:4: needs one of the keys unit and unit column"),
        ("kind: table\nmeter: a\nregister: c\nunit: L", "a.map:4: the key time is missing"),
        ("kind: table\nmeter:\ntime: b\nregister: c\nunit: L", "a.map:2: meter has no value"),
        ("kind: table\nmeter: a\nby the way\ntime: b\nregister: c\nunit: L", "a.map:3: a line is KEY: VALUE"),
        (
            "kind: table\nmeter: a\ntime: b\ntime format: YY-MM-DD\nregister: c\nunit: L",
            "a.map:4: YY-MM-DD is no form of a time: rfc3339, epoch_s, epoch_ms or as YYYY-MM-DD hh:mm:ss"
        ),
        (
            "kind: table\nmeter: a\ntime: b\ntime format: YYYY-MM-DD hh:mm\nregister: c\nunit: L",
            "a.map:4: a time without an offset needs the key zone: city or an offset as +08:00"
        ),
        (
            "kind: table\nmeter: a\ntime: b\ntime format: YYYY-MM-DD\nzone: city\nregister: c\nunit: L",
            "a.map:4: a date without an hour needs the key time of day"
        ),
        (
            "kind: table\nmeter: a\ntime: b\ntime format: DD/MM/YYYY | MM/DD/YYYY\nzone: city\ntime of day: 08:00\nregister: c\nunit: L",
            "a.map:4: two forms of a time that the same text fits"
        ),
        (
            "kind: table\nmeter: a\ntime: b\nzone: Mars\nregister: c\nunit: L",
            "a.map:4: zone is city or an offset as +08:00"
        ),
        (
            "kind: table\nmeter: a\ntime: b\nregister: c\nunit: L\nalarm flood: d = 1",
            "a.map:6: no alarm is named flood"
        ),
        (
            "kind: table\nmeter: a\ntime: b\nregister: c\nunit: L\nalarm leak: d",
            "a.map:6: alarm leak needs FIELD = VALUE | VALUE, FIELD != VALUE or FIELD > 0"
        ),
        (
            "kind: table\nmeter: a\ntime: b\nregister: c\nunit: L\nskip lines: many",
            "a.map:6: skip lines is a whole number from 0 to 100"
        ),
        ("kind: properties\nmeter: a\nunit: L", "a.map:3: needs one of the keys register and list"),
        ("kind: properties\nmeter: a\nregister: b", "a.map:3: the key unit is missing"),
        ("kind: properties\nmeter: a\nunit: L\nlist: c\nlist time: d", "a.map:5: the key list register is missing"),
        ("kind: bytes\nformat: morse", "a.map:2: format is one of axioma_w1, cjt188, oms"),
        ("kind: bytes\nformat: cjt188\nfield: a", "a.map:3: field and coding belong together"),
        ("kind: bytes\nformat: cjt188\nmeter: a", "a.map:3: the key meter does not belong here"),
        ("kind: bytes\nformat: oms\nchecksum: lenient", "a.map:3: the key checksum does not belong here"),
        ("kind: bytes\nformat: cjt188\nchecksum: loose", "a.map:3: checksum is one of lenient, strict"),
        (
            "kind: bytes\nformat: cjt188\nprofile: none",
            "a.map:3: profile is one of litre-high-clock, maker-7833, standard, status-closed-10, status-fault-d1, "
                + "status-high-bits, status-maker-first, whole-litres"
        ),
        ("kind: bytes\nformat: axioma_w1\nmeter: @eui", "a.map:3: the key history is missing"),
    ])
    func `a fault is told with its line`(text: String, fault: String) { #expect(faults(text) == [fault]) }

    private func timeFaults(_ forms: String) -> [String] {
        let rest = "zone: city\ntime of day: 08:00\nregister: c\nunit: L"
        return faults("kind: table\nmeter: a\ntime: b\ntime format: \(forms)\n\(rest)")
    }

    @Test(arguments: [
        "DD/MM/YYYY hh:mm | M/D/YYYY h:mm", "D/M/YYYY | MM/DD/YYYY", "YYYYMMDD | YYYYDDMM",
        "epoch_s | YYYYMMDDhh", "YYYYMMDDhh | epoch_s", "epoch_ms | YYYYMMDDhhmmss", "epoch_s | YYYYMMDDhh.mm",
        "epoch_s | epoch_ms", "rfc3339 | YYYY-DD-MMThh:mm:ssZ", "YYYY-MM-DDZ | YYYY-MM-DD-hh:mm",
        "YYYYMMDDhhmm | hhmmDDMMYYYY", "YYYY-MM-DD | YYYY/M/D | YYYY-D-M",
    ])
    func `two forms that read one text differently are refused`(forms: String) {
        #expect(timeFaults(forms) == ["a.map:4: two forms of a time that the same text fits"])
    }

    @Test func `a mapping has at most sixteen forms of a time`() {
        // A year in each of its places: no text fits two of them.
        let marks = Array("!#$%&*+,-./;<=>?@^")
        let forms = marks.map { "YYYY\($0)MM\($0)DD hh:mm" }
        #expect(timeFaults(forms.prefix(16).joined(separator: " | ")).isEmpty)
        #expect(
            timeFaults(forms.prefix(17).joined(separator: " | ")) == ["a.map:4: more than 16 forms of a time"])
        #expect(timeFaults(Array(repeating: "epoch_s", count: 40_000).joined(separator: "|")).count == 2)
    }

    @Test(arguments: [
        "YYYY-MM-DD hh:mm | YYYY-M-D h:mm", "YYYY-MM-DD hh:mm:ss | YYYY/M/D h:mm", "DD.MM.YYYY | M/D/YYYY",
        "rfc3339 | YYYY-MM-DDThh:mm:ssZ", "rfc3339 | epoch_s | YYYY-MM-DD hh:mm", "epoch_s | YYYYMMDD",
        "epoch_s | YYYYMMDDhhmmss", "epoch_s | YYYY-MM-DD-hh",
        // No year from 2000 on begins as a month does.
        "YYYYMMDD | DDMMYYYY",
        // A month of one digit is followed by no other digit.
        "YYYYMDDhh | YYYYMMDDh",
    ])
    func `forms that read no text differently stand beside each other`(forms: String) {
        #expect(timeFaults(forms) == [])
    }

    @Test func `all faults are told at once, in the order of their lines`() {
        let text = "kind: table\nmeter: a\nunit: barrel\nzone: Mars\nregister: c\nx: y"
        #expect(
            faults(text) == [
                "a.map:3: unit is one of L, ccf, ft3, gal, kgal, m3, mL",
                "a.map:4: zone is city or an offset as +08:00",
                "a.map:6: the key time is missing",
                "a.map:6: the key x does not belong here",
            ])
    }
}
