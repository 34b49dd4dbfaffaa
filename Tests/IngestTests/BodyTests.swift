import Ingest
import Testing
import Water

@Suite struct BodyTests {
    @Test(
        arguments: [
            ("", 0, "ends too early"), ("  ", 2, "ends too early"),
            ("[]", 0, "expected an object with the key readings"),
            ("{}", 0, "no readings"), (#"{"reading":[]}"#, 1, "unknown key reading"),
            (#"{"readings":{}}"#, 12, "readings must be a list"), (#"{"readings":[]"#, 14, "ends too early"),
            (#"{"readings":[],"readings":[]}"#, 15, "the key readings is given twice"),
            (#"{"readings":[]}x"#, 15, "text after the end"), (#"{"readings":[]}{}"#, 15, "text after the end"),
            (#"{"readings":[1,]}"#, 15, "expected a value"),
            (#"{"readings":[{"a":1,}]}"#, 20, "expected a key in quotes"),
            (#"{"readings":[{"a" 1}]}"#, 18, "expected a colon"),
            (#"{"readings":[01]}"#, 14, "expected a comma or the end of the list"),
            (#"{"readings":[1.]}"#, 15, "expected a digit"), (#"{"readings":[.5]}"#, 13, "expected a value"),
            (#"{"readings":[-]}"#, 14, "expected a digit"), (#"{"readings":[1e]}"#, 15, "expected a digit"),
            (#"{"readings":[NaN]}"#, 13, "expected a value"), (#"{"readings":[nul]}"#, 16, "expected null"),
            (#"{"readings":['a']}"#, 13, "expected a value"), (#"{"readings":["\x"]}"#, 14, "an unknown escape"),
            (#"{"readings":["\ud800"]}"#, 14, "a lone surrogate"),
            (#"{"readings":["\udc00"]}"#, 14, "a lone surrogate"),
            (#"{"readings":["\ud800\u0041"]}"#, 14, "a lone surrogate"),
            (#"{"readings":["\u12G4"]}"#, 18, "expected a hex digit"),
            ("{\"readings\":[\"a\nb\"]}", 15, "a control character in a string"),
            (#"{"readings":["a]}"#, 17, "ends too early"), ("{\"readings\":[]}\u{0}", 15, "text after the end"),
            ("{\"readings\":[/*x*/]}", 13, "expected a value"),
            (#"{"readings":[{"registers_l":[1 2]}]}"#, 31, "expected a comma or the end of the list"),
            (#"{"readings":[{"registers_l":[1,]}]}"#, 31, "expected a value"),
            (#"{"readings":[{"registers_l":[007]}]}"#, 30, "expected a comma or the end of the list"),
            (#"{"readings":[{"registers_l":[1.x]}]}"#, 31, "expected a digit"),
        ] as [(String, Int, String)])
    func `malformed JSON is refused with its offset`(body: String, offset: Int, reason: String) {
        #expect(throws: BodyRefusal.malformed(offset: offset, reason: reason)) { try decoded(body, as: .json) }
    }

    @Test(arguments: [
        [0xFF], [0xC0, 0x80], [0xC1, 0xBF], [0xED, 0xA0, 0x80], [0xE0, 0x80, 0x80], [0xF0, 0x80, 0x80, 0x80],
        [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xC3], [0xE6, 0xB0], [0x80], [0xC3, 0x28],
    ])
    func `invalid UTF-8 is refused where it stands`(bytes: [UInt8]) {
        let body = Array(#"{"readings":[""#.utf8) + bytes + Array(#""]}"#.utf8)
        #expect(throws: BodyRefusal.malformed(offset: 14, reason: "invalid UTF-8")) {
            try decode(body, as: .json, receivedAt: nil)
        }
    }

    @Test(arguments: ["é", "水", "💧", #"\ud83d\udca7"#, #"\"\\\/\b\f\n\r\t"#])
    func `valid text is no fault of the body`(text: String) throws {
        let batch = try decoded(item(#""\#(text)":1"#), as: .json)
        #expect(batch.rejections.map(\.reason) == ["unknown key"])
    }

    @Test func `nesting is limited to 16`() throws {
        func nested(_ depth: Int) -> String {
            // The body's object, its list and the item are three levels.
            item(#""x":"# + String(repeating: "[", count: depth - 3) + String(repeating: "]", count: depth - 3))
        }
        #expect(faults(try decoded(nested(16), as: .json)) == ["x: unknown key"])
        #expect(throws: BodyRefusal.malformed(offset: 31, reason: "nested deeper than 16")) {
            try decoded(nested(17), as: .json)
        }
    }

    @Test(arguments: ["1", #""x""#, "null", "[[]]"])
    func `an item that is no object is rejected alone`(text: String) throws {
        let batch = try decoded(
            #"{"readings":["# + text + #",{"meter":"A","at":"2026-10-01T00:00:00Z","volume_l":1}]}"#, as: .json)
        #expect(faults(batch) == ["item: not an object"])
        #expect(batch.registers == [1_000])
    }

    @Test func `spaces anywhere change nothing`() throws {
        let tight =
            #"{"readings":[{"meter":"A","start":"2026-10-01T00:00:00Z","interval_s":60,"registers_l":[1,2.5,null]}]}"#
        var loose = ""
        for character in tight {
            loose += "{}[],".contains(character) ? " \t\r\n\(character)\n " : String(character)
        }
        #expect(summary(try decoded(loose, as: .json)) == summary(try decoded(tight, as: .json)))
    }
}

@Suite struct LimitTests {
    private func series(_ count: Int) -> String {
        let registers = Array(repeating: "1", count: count).joined(separator: ",")
        return #"{"meter":"A","start":"2026-10-01T00:00:00Z","interval_s":1,"registers_l":[\#(registers)]}"#
    }

    @Test func `readings are counted after series are expanded`() throws {
        let one = #"{"meter":"A","at":"2026-10-01T00:00:00Z","volume_l":1}"#
        #expect(try decoded(#"{"readings":[\#(series(9_999)),\#(one)]}"#, as: .json).registers.count == 10_000)
        for body in [#"{"readings":[\#(series(10_000)),\#(one)]}"#, #"{"readings":[\#(series(10_001))]}"#] {
            #expect(throws: BodyRefusal.tooManyReadings(limit: 10_000)) { try decoded(body, as: .json) }
        }
        #expect(throws: BodyRefusal.tooManyReadings(limit: 10_000)) {
            try decoded(series(10_000) + "\n" + one, as: .ndjson)
        }
    }

    @Test func `rejected items and values count, gaps do not`() throws {
        let limits = DecodeLimits(readings: 3)
        func count(_ body: String, _ format: WireFormat = .json) throws -> Int {
            try decode(Array(body.utf8), as: format, receivedAt: nil, limits: limits).itemCount
        }
        #expect(try count(#"{"readings":[1,2,3]}"#) == 3)
        #expect(throws: BodyRefusal.tooManyReadings(limit: 3)) { try count(#"{"readings":[1,2,3,4]}"#) }
        #expect(throws: BodyRefusal.tooManyReadings(limit: 3)) { try count("x\nx\nx\nx", .ndjson) }
        #expect(throws: BodyRefusal.tooManyReadings(limit: 3)) { try count("00\n00\n00\n00", .cjt188) }
        #expect(throws: BodyRefusal.tooManyReadings(limit: 3)) { try count("{}{}{}{}", .wmbusmeters) }
        let bad =
            #"{"readings":[{"meter":"A","start":"2026-10-01T00:00:00Z","interval_s":1,"registers_l":[-1,-1,-1,-1]}]}"#
        #expect(throws: BodyRefusal.tooManyReadings(limit: 3)) { try count(bad) }
        #expect(try count(bad.replacing("-1", with: "null")) == 1)
    }

    @Test(arguments: WireFormat.allCases)
    func `a body over the byte limit is refused unread`(format: WireFormat) {
        let body = [UInt8](repeating: UInt8(ascii: " "), count: 101)
        #expect(throws: BodyRefusal.tooLarge(limit: 100)) {
            try decode(body, as: format, receivedAt: nil, limits: DecodeLimits(bytes: 100))
        }
    }
}
