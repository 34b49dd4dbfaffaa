import Ingest
import Testing
import Water

@Suite struct SeriesTests {
    private let start = #""meter":"M1","start":"2026-10-01T00:00:00+08:00","interval_s":3600"#
    private let first: Int64 = 1_790_784_000

    @Test func `a series stands at its interval and null is a gap`() throws {
        let batch = try decoded(item(start + #","registers_l":[0, 1.5 ,null,"3.000",4.0000,12345]"#), as: .json)
        #expect(faults(batch) == [])
        #expect(batch.registers == [0, 1_500, 3_000, 4_000, 12_345_000])
        #expect(batch.instants.map { ($0 - first) / 3_600 } == [0, 1, 3, 4, 5])
        #expect(batch.runs.map(\.range) == [0..<5])
    }

    @Test func `the keys of a series may stand in any order`() throws {
        let members = [
            #""registers_l":[1,2]"#, #""interval_s":60"#, #""start":"2026-10-01T00:00:00Z""#, #""meter":"A""#,
        ]
        let expected = summary(try decoded(item(members.joined(separator: ",")), as: .json))
        for order in permutations(of: members) {
            #expect(summary(try decoded(item(order.joined(separator: ",")), as: .json)) == expected)
        }
        #expect(expected.contains(#""register_ml":2000"#))
    }

    @Test func `a bad value is rejected by its place and the others stand`() throws {
        let batch = try decoded(item(start + #","registers_l":[1,-2,null,3.0001,1e1,"x",[2],7]"#), as: .json)
        #expect(batch.registers == [1_000, 7_000])
        #expect(batch.instants.map { ($0 - first) / 3_600 } == [0, 7])
        #expect(batch.rejections.map(\.offset) == [1, 3, 4, 5, 6])
        #expect(Set(batch.rejections.map(\.field)) == ["registers_l"])
        #expect(
            batch.rejections.map(\.reason) == [
                "a register is never negative", "decimals beyond one millilitre", "exponents are refused",
                "not a plain decimal number", "not a plain decimal number",
            ])
    }

    @Test(
        arguments: [
            (#""interval_s":3600,"registers_l":[1]"#, "start: is missing"),
            (#""start":"2026-10-01T00:00:00Z","registers_l":[1]"#, "interval_s: is missing"),
            (#""start":"2026-10-01T00:00:00Z","interval_s":3600"#, "registers_l: is missing"),
            (#""start":"2026-10-01T00:00:00Z","interval_s":3600,"registers_l":[]"#, "registers_l: is empty"),
            (#""start":"2026-10-01T00:00:00Z","interval_s":3600,"registers_l":{}"#, "registers_l: must be a list"),
            (
                #""start":"2026-10-01T00:00:00","interval_s":1,"registers_l":[1]"#,
                "start: a time needs an offset, as +08:00 or Z"
            ),
            (#""start":"2026-10-01T00:00:00Z","interval_s":0,"registers_l":[1]"#, interval),
            (#""start":"2026-10-01T00:00:00Z","interval_s":-1,"registers_l":[1]"#, interval),
            (#""start":"2026-10-01T00:00:00Z","interval_s":2678401,"registers_l":[1]"#, interval),
            (#""start":"2026-10-01T00:00:00Z","interval_s":99999999999999999999999,"registers_l":[1]"#, interval),
            (#""start":"2026-10-01T00:00:00Z","interval_s":1.0,"registers_l":[1]"#, interval),
            (#""start":"2026-10-01T00:00:00Z","interval_s":"60","registers_l":[1]"#, interval),
            (#""start":"2026-10-01T00:00:00Z","interval_s":null,"registers_l":[1]"#, interval),
            (
                #""start":"9999-12-31T23:59:59Z","interval_s":86400,"registers_l":[1,2,3,4]"#,
                "registers_l: runs past the year 9999"
            ),
            (#""at":"2026-10-01T00:00:00Z","registers_l":[1,-1]"#, "at: not a part of a series"),
            (
                #""start":"2026-10-01T00:00:00Z","interval_s":1,"registers_l":[1],"registers_l":[2]"#,
                "registers_l: given twice"
            ),
        ] as [(String, String)])
    func `a wrong series is rejected as a whole`(members: String, fault: String) throws {
        let batch = try decoded(item(#""meter":"M1","# + members), as: .json)
        #expect(faults(batch) == [fault])
        #expect(batch.registers.isEmpty && batch.instants.isEmpty && batch.runs.isEmpty)
    }

    @Test func `a series of gaps brings nothing and is no fault`() throws {
        let batch = try decoded(item(start + #","registers_l":[null,null]"#), as: .json)
        #expect(batch.itemCount == 1)
        #expect(batch.runs.isEmpty && batch.rejections.isEmpty && batch.registers.isEmpty)
    }

    @Test func `the largest series at the largest interval does not overflow`() throws {
        let nulls = String(repeating: "null,", count: 1_000_000)
        let batch = try decoded(
            item(#""meter":"M","start":"2026-10-01T00:00:00Z","interval_s":2678400,"registers_l":["# + nulls + "1]"),
            as: .json)
        #expect(faults(batch) == ["registers_l: runs past the year 9999"])
    }
}

private let interval = "interval_s: must be a whole number from 1 to 2678400"

/// Every order of the elements.
func permutations<Element>(of elements: [Element]) -> [[Element]] {
    guard elements.count > 1 else { return [elements] }
    return elements.indices.flatMap { index in
        var rest = elements
        let first = rest.remove(at: index)
        return permutations(of: rest).map { [first] + $0 }
    }
}
