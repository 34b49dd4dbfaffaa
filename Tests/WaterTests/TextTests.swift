import Testing
import Water

@Suite struct TextTests {
    @Test func `an address folds case and keeps leading zeros`() throws {
        let address = try #require(MeterAddress(.wmbus, "0012AB", driver: "Hydrus"))
        #expect(address.text == "wmbus:0012ab@hydrus")
        #expect(MeterAddress(text: address.text) == address)
        #expect(MeterAddress(.serial, "00007")?.address == "00007")
    }

    @Test(arguments: ["", "a b", "水", "a\u{0}", "a\"b", String(repeating: "1", count: 65)])
    func `an address outside the set is refused`(text: String) {
        #expect(MeterAddress(.serial, text) == nil)
    }

    @Test func `canonical JSON sorts keys and escapes only what it must`() {
        let value: CanonicalJSON = ["b": 1, "a": ["x", .null, true], "水": "换\n\"\\"]
        #expect(value.text == #"{"a":["x",null,true],"b":1,"水":"换\u000a\"\\"}"#)
    }
}
