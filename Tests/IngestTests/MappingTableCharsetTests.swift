import Ingest
import Testing
import Water

/// Tables with bytes that are no text.
@Suite struct MappingTableCharsetTests {
    /// 表号,抄表时间,止码 in GB18030.
    private static let gb18030: [UInt8] = [
        0xB1, 0xED, 0xBA, 0xC5, 0x2C, 0xB3, 0xAD, 0xB1, 0xED, 0xCA, 0xB1, 0xBC, 0xE4, 0x2C, 0xD6, 0xB9, 0xC2, 0xEB,
    ]

    private func rows(_ header: [UInt8], bad: [UInt8]) -> (body: [UInt8], place: Int) {
        let start = header + Array("\nA1,2026-10-01 08:30:00,7.5\nA2".utf8)
        let rest = Array(",2026-10-01 08:30:00,8\r\nA3,2026-10-01 08:30:00,9\n".utf8)
        return (start + bad + rest, start.count)
    }

    @Test(arguments: [[0xFF], [0xB1, 0xED], [0xE6, 0xB0], [0xC3]] as [[UInt8]], ["auto", "utf-8"])
    func `bytes that are no UTF-8 cost their row alone`(bad: [UInt8], encoding: String) throws {
        let (body, place) = rows(Array("表号,抄表时间,止码".utf8), bad: bad)
        let mapping = try tableMapping(MappingFileTests.handheld + "\nencoding: \(encoding)")
        let batch = try decodeTable(body, by: mapping)
        #expect(batch.registers == [7_500_000, 9_000_000])
        #expect(batch.rejections.map(\.item) == [1])
        #expect(faults(batch) == ["line: not UTF-8 at byte \(place) of the body"])
        let marked = try decodeTable([0xEF, 0xBB, 0xBF] + body, by: mapping)
        #expect(decodeLines(marked) == decodeLines(batch))
    }

    @Test(arguments: [[0xFF], [0xB1], [0x81, 0x39, 0xEE]] as [[UInt8]], ["auto", "gb18030"])
    func `bytes that are no GB18030 cost their row alone`(bad: [UInt8], encoding: String) throws {
        let (body, place) = rows(MappingTableCharsetTests.gb18030, bad: bad)
        let batch = try decodeTable(
            body, by: tableMapping(MappingFileTests.handheld + "\nencoding: \(encoding)"))
        #expect(batch.registers == [7_500_000, 9_000_000])
        #expect(faults(batch) == ["line: not GB18030 at byte \(place) of the body"])
    }

    /// 好 in each, under a header of ASCII.
    @Test(arguments: [("UTF-8", [0xE5, 0xA5, 0xBD]), ("GB18030", [0xBA, 0xC3])] as [(String, [UInt8])])
    func `under a header of ASCII the lines decide by their faults`(charset: String, good: [UInt8]) throws {
        let mapping = try tableMapping(
            "kind: table\nmeter: m\ntime: t\ntime format: epoch_s\nregister: r\nunit: L\nalarm leak: n = 好")
        var body = Array("m,t,r,n".utf8)
        for (litres, note) in [(5, good), (6, good), (7, [0xFF])] as [(Int, [UInt8])] {
            body += Array("\nA1,1790848800,\(litres),".utf8) + note
        }
        let batch = try decodeTable(body, by: mapping)
        #expect(batch.registers == [5_000, 6_000])
        #expect(batch.alerts.map { $0.alerts.map(\.code) } == [[.leak], [.leak]])
        #expect(faults(batch) == ["line: not \(charset) at byte \(body.count - 1) of the body"])
    }

    @Test func `a header that is no text is refused at its byte`() throws {
        let body = Array("表号,抄表时间,止码".utf8) + [0xFF] + Array("\nA1,2026-10-01 08:30:00,1".utf8)
        #expect(throws: BodyRefusal.malformed(offset: 26, reason: "not UTF-8")) {
            try decodeTable(body, by: tableMapping(MappingFileTests.handheld + "\nencoding: utf-8"))
        }
    }
}
