import Foundation
import Ingest
import Testing
import Water

@Suite struct SenMLTests {
    /// The numbers of the working group's examples whose resolution is kept beside them.
    private static let resolvedExamples = [1, 2, 3, 4, 5, 6, 7, 10, 11, 12]

    private struct Expected: Decodable {
        let n: String
        let u: String?
        let t: Decimal
        let v: Decimal?
        let vs: String?
        let vb: Bool?
    }

    @Test(arguments: resolvedExamples, ["json", "gen.json", "gen.wrap.json"])
    func `the examples of RFC 8428 resolve as the working group resolved them`(example: Int, form: String) throws {
        let wrapped = [3, 4, 5, 6, 10, 11]
        guard form != "gen.wrap.json" || wrapped.contains(example),
            let source = try sharedData("senml/ex\(example).\(form)"),
            let resolved = try sharedData("senml/ex\(example).gen.resolved.json")
        else { return }
        let expected = try JSONDecoder().decode([Expected].self, from: resolved)
        // Where an example tells no time, the resolution was made at the time that it shows.
        let now = try #require(Int64(expected[0].t.description.split(separator: ".")[0]))
        var records = try resolveSenML(Array(source), now: Instant(epochSeconds: now))
        if example == 7 {
            #expect(records.last?.value == .data("aGkgCg"))
            // The kept resolution leaves the data value out.
            records.removeLast()
        }
        try #require(records.count == expected.count)
        for (record, wanted) in zip(records, expected) { try check(record, wanted) }
    }

    private func check(_ record: SenMLRecord, _ wanted: Expected) throws {
        #expect(record.name == wanted.n)
        #expect(record.unit == wanted.u)
        #expect(Decimal(string: try #require(record.time).description) == wanted.t)
        switch record.value {
        case .number(let number): #expect(Decimal(string: number.description) == wanted.v)
        case .text(let text): #expect(text == wanted.vs)
        case .truth(let truth): #expect(truth == wanted.vb)
        case .data, nil: Issue.record("\(record.name) has no value to compare")
        }
    }

    @Test func `example 13 adds a tenth of a second exactly`() throws {
        guard let source = try sharedData("senml/ex13.json") else { return }
        let records = try resolveSenML(Array(source), now: nil)
        #expect(records.map { $0.time?.description } == ["1320078429", "1320078429", "1320078429.1", "1320078429.1"])
        #expect(records.map(\.name) == ["2001:db8::3", "2001:db8::4", "2001:db8::3", "2001:db8::4"])
    }

    @Test(arguments: [
        ("1", "1"), ("-0", "0"), ("0.14e1", "1.4"), ("1.276020071001e+09", "1276020071.001"), ("1e-3", "0.001"),
        ("-2.50", "-2.5"), ("120", "120"), ("000.1", "0.1"),
    ])
    func `numbers are decimals as written`(text: String, plain: String) throws {
        #expect(try #require(SenMLNumber(text)).description == plain)
    }

    @Test(arguments: ["", "-", ".5", "1.", "1e", "1e99999", "1e61", "1e-61", "+1", "0x1", "1 ", "NaN"])
    func `what is no number within the bounds is none`(text: String) { #expect(SenMLNumber(text) == nil) }

    @Test(arguments: [("0.1", "0.2", "0.3"), ("1e30", "1", nil), ("-5", "1276020076.001", "1276020071.001")])
    func `sums are exact or none`(a: String, b: String, sum: String?) throws {
        #expect(try #require(SenMLNumber(a)).adding(try #require(SenMLNumber(b)))?.description == sum)
    }

    @Test(arguments: [
        ("{}", "expected a list of records"), ("[]", "a pack has at least one record"), ("[1]", "expected a record"),
        (#"[{"bn":1,"v":1}]"#, "bn is of a wrong type"), (#"[{"bt":"1","v":1}]"#, "bt is of a wrong type"),
        (#"[{"n":"a","v":1,"x_":2}]"#, "the label x_ must be understood and is not"),
        (#"[{"n":"a","v":1,"v":2}]"#, "the label v is given twice"),
        (#"[{"n":"a","v":1,"bver":11}]"#, "bver 11 is not a version from 1 to 10"),
        (#"[{"n":"a","v":1,"bver":5},{"n":"a","v":1,"bver":6}]"#, "bver changes within the pack"),
        (#"[{"n":"a","v":1},{"n":"a","v":1,"bver":5}]"#, "bver changes within the pack"),
        (#"[{"n":"a","v":1}] x"#, "text after the end"),
    ])
    func `a pack that breaks the rules is refused whole`(text: String, reason: String) {
        do throws(BodyRefusal) {
            _ = try resolveSenML(Array(text.utf8), now: nil)
            Issue.record("taken: \(text)")
        } catch {
            #expect(malformation(error) == reason)
        }
    }

    @Test(arguments: [
        #"{"n":"a","v":1,"vs":"x"}"#, #"{"n":"a"}"#, #"{"v":1}"#, #"{"n":"_a","v":1}"#, #"{"n":"a b","v":1}"#,
        #"{"n":"a","v":"1"}"#, #"{"n":"a","vb":1}"#, #"{"n":"水","v":1}"#,
    ])
    func `a record that says nothing is left out alone`(record: String) throws {
        let records = try resolveSenML(Array(#"[\#(record),{"n":"good","v":2}]"#.utf8), now: nil)
        #expect(records.map(\.name) == ["good"])
    }

    @Test func `labels that need not be understood are passed over`() throws {
        let records = try resolveSenML(Array(#"[{"n":"a","v":1,"l":[{}],"ct":"60"}]"#.utf8), now: nil)
        #expect(records.map(\.name) == ["a"])
    }
}
