import Ingest
import Testing
import Water

/// Where an item that something is said of stands in what was sent.
@Suite struct SourcePlaceTests {
    private func reasons(_ text: String, _ format: WireFormat) throws -> [String] {
        try decoded(text, as: format, receivedAt: cjt188Heard).rejections.map(\.reason)
    }

    @Test func `lines are counted with those that are no items`() throws {
        let good = #"{"meter":"A","at":"2026-10-01T00:00:00Z","volume_l":1}"#
        let series = #"{"meter":"B","start":"2026-10-01T00:00:00Z","interval_s":60,"registers_l":[2,-3]}"#
        #expect(
            try reasons("\n\(good)\n\nx\n\(series)\n[]", .ndjson) == [
                "line 4: byte 0: expected a value", "line 5: a register is never negative", "line 6: not an object",
            ])
        #expect(
            try reasons("meter,at,volume_l\r\n\r\nA,2026-10-01T00:00:00Z,1\r\nA,x,1", .csv)
                == ["line 4: not a time as 2026-10-01T00:00:00+08:00"])
        #expect(try reasons("# a remark\n\n18xx", .wmbus) == ["line 3: not hex text"])
    }

    @Test func `frames of one line are told by their line, and those of a raw stream are counted`() throws {
        let frame = hex(cjt188Frame(data: cjt188Reply()))
        let gas = hex(cjt188Frame(type: 0x30, data: cjt188Reply()))
        #expect(
            try reasons("\(frame)\(frame)\n\n\(frame)\(gas)\nzz", .cjt188)
                == ["line 3: not a water meter", "line 4: not hex text"])
        let stream = cjt188Frame(data: cjt188Reply()) + cjt188Frame(type: 0x30, data: cjt188Reply())
        let batch = try decode(stream, as: .cjt188, receivedAt: cjt188Heard)
        #expect(batch.rejections.map(\.reason) == ["not a water meter"])
    }

    @Test func `records that are passed over count`() throws {
        #expect(
            try reasons(#"[{"n":"a","u":"Cel","v":1},{"n":"M1","u":"l","v":-1},{"n":"M1","u":"l"}]"#, .senml)
                == ["record 2: a register is never negative", "record 3: is missing"])
    }

    @Test func `a finding is told by its line`() throws {
        var damaged = cjt188Frame(data: cjt188Reply())
        damaged[damaged.count - 2] ^= 0x40
        let options = CJT188Options(profiles: try CJT188Profiles.builtIn(), checksum: .lenient)
        let text = "\n\n\n\(hex(damaged))"
        let batch = try decode(Array(text.utf8), as: .cjt188, receivedAt: nil, cjt188: options)
        #expect(batch.registers.count == 1 && batch.findings.map(\.field) == ["checksum"])
        #expect(batch.findings.first?.reason.hasPrefix("line 4: byte 0: the checksum is ") == true)
        #expect(summary(batch).contains("checksum: line 4: byte 0: the checksum is "))
    }

    @Test func `readings and alarms know the place of their item, for what is said of them later`() throws {
        let table = try decoded("meter,at,volume_l\n\nA,2026-10-01T00:00:00Z,1\n", as: .csv)
        #expect(table.runs.map(\.place) == [.line(3)])
        let frames = try decoded("\n" + hex(cjt188Frame(data: cjt188Reply())), as: .cjt188, receivedAt: cjt188Heard)
        #expect(frames.runs.map(\.place) == [.line(2)] && frames.alerts.map(\.place) == [.line(2)])
        let telegram = try telegrams("# a remark\n\n" + plainTelegram("0413 01000000")).batch
        #expect(telegram.runs.map(\.place) == [.line(3)])
        let pack = #"[{"n":"a","u":"Cel","v":1},{"n":"M1","u":"l","v":1}]"#
        #expect(try decoded(pack, as: .senml, receivedAt: cjt188Heard).runs.map(\.place) == [.record(2)])
        let list = try decoded(item(#""meter":"A","at":"2026-10-01T00:00:00Z","volume_l":1"#), as: .json)
        #expect(list.runs.map(\.place) == [.byItem])
        #expect(SourcePlace.record(2).placed("no") == "record 2: no" && SourcePlace.byItem.placed("no") == "no")
    }

    @Test func `rows that are passed over and lines before the header count`() throws {
        let mapping = try tableMapping(
            "kind: table\nskip lines: 1\nmeter: m\ntime: t\ntime format: epoch_s\nregister: r\nunit: L\nwhen: k = w")
        let text = "Report\n\nk,m,t,r\ngas,G1,1790848800,5\nw,A1,1790848800,-5\nw,A1\n"
        let batch = try decodeTable(Array(text.utf8), by: mapping)
        #expect(
            batch.rejections.map(\.reason)
                == ["line 5: a register is never negative", "line 6: 2 fields where the header has 4"])
    }
}
