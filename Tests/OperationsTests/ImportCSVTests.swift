import Operations
import Testing

@Suite struct ImportCSVTests {
    private static let cases: [(text: String, records: [CSVRecord])] = [
        ("", []),
        ("a,b\n", [.fields(["a", "b"], line: 1)]),
        ("a,b", [.fields(["a", "b"], line: 1)]),
        ("\u{FEFF}a,b\r\nc,d\r\n", [.fields(["a", "b"], line: 1), .fields(["c", "d"], line: 2)]),
        ("a,\n,b\n,\n", [.fields(["a", ""], line: 1), .fields(["", "b"], line: 2), .fields(["", ""], line: 3)]),
        ("a\n\n\r\nb\n", [.fields(["a"], line: 1), .fields(["b"], line: 4)]),
        ("\"a,\"\"b\"\"\",c\n", [.fields(["a,\"b\"", "c"], line: 1)]),
        ("\"a\r\nb\",c\nd,e\n", [.fields(["a\r\nb", "c"], line: 1), .fields(["d", "e"], line: 3)]),
        ("水,表\n", [.fields(["水", "表"], line: 1)]),
        (
            "a\"b,c\nd,e\n",
            [.malformed(reason: "has a quote inside an unquoted field", line: 1), .fields(["d", "e"], line: 2)]
        ),
        (
            "\"a\"b,c\nd,e\n",
            [.malformed(reason: "has text after a closing quote", line: 1), .fields(["d", "e"], line: 2)]
        ),
        (
            "a\rb\nc\n",
            [.malformed(reason: "has a carriage return alone", line: 1), .fields(["c"], line: 2)]
        ),
        (
            "\"a,b\nc,d\ne,f\n",
            [
                .malformed(reason: "has a quote that is never closed", line: 1), .fields(["c", "d"], line: 2),
                .fields(["e", "f"], line: 3),
            ]
        ),
    ]

    @Test(arguments: cases)
    func `text is cut into the records RFC 4180 says`(text: String, expected: [CSVRecord]) {
        #expect(records(Array(text.utf8), by: 1_000_000) == expected)
    }

    @Test func `how the bytes come in changes no record`() {
        for (text, expected) in Self.cases {
            for size in 1...7 { #expect(records(Array(text.utf8), by: size) == expected, "\(text) by \(size)") }
        }
    }

    @Test func `bytes that are not UTF-8 cost their line alone`() {
        #expect(
            records([0x61, 0xFF, 0x0A] + Array("b\n".utf8), by: 100) == [
                .malformed(reason: "is not UTF-8", line: 1), .fields(["b"], line: 2),
            ])
    }

    @Test func `a line over 1 MiB is refused and the next is read`() {
        let long = [UInt8](repeating: 0x61, count: CSVRecords.byteLimit * 3)
        #expect(
            records(long + Array("\nb\n".utf8), by: 65_536) == [
                .malformed(reason: "the line is over 1 MiB", line: 1), .fields(["b"], line: 2),
            ])
    }

    @Test func `no bytes trap, and every line is told once`() {
        let alphabet = Array("a,\"\n\r\n水".utf8) + [0xFF]
        for seed in 1...3_000 as ClosedRange<UInt64> {
            var random = SeededRandom(seed: seed)
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            let whole = records(bytes, by: 1_000)
            #expect(records(bytes, by: 3) == whole, "seed \(seed)")
            let lines = whole.map { record in
                switch record {
                case .fields(_, let line), .malformed(_, let line): line
                }
            }
            #expect(zip(lines, lines.dropFirst()).allSatisfy { $0 < $1 }, "seed \(seed)")
        }
    }

    private func records(_ bytes: [UInt8], by size: Int) -> [CSVRecord] {
        var cutting = CSVRecords()
        var found: [CSVRecord] = []
        var start = 0
        while start < bytes.count {
            let end = min(start + size, bytes.count)
            found += cutting.take(bytes[start..<end])
            start = end
        }
        return found + cutting.finish()
    }
}
