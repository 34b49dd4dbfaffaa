import Ingest
import Testing
import Water

/// Items that are laid out like those before them are read as if each stood alone.
@Suite struct NativeLayoutTests {
    /// How a sender writes its items.
    private struct Style {
        /// Members, in the order written.
        let order: [String]
        let space: String
        let isQuoted: Bool

        init(_ random: inout Seeded) {
            let volume = Bool.random(using: &random) ? "volume_m3" : "volume_l"
            order = ["meter", "at", volume].shuffled(using: &random)
            space = ["", " ", "\n\t"].randomElement(using: &random) ?? ""
            isQuoted = Bool.random(using: &random)
        }

        func item(_ random: inout Seeded) -> String {
            let members = order.map { key in
                let value: String
                switch key {
                case "meter": value = "\"\(NativeLayoutTests.pick(NativeLayoutTests.meters, &random))\""
                case "at": value = "\"\(NativeLayoutTests.pick(NativeLayoutTests.times, &random))\""
                default:
                    let bare = NativeLayoutTests.pick(NativeLayoutTests.volumes, &random)
                    value = isQuoted ? "\"\(bare)\"" : bare
                }
                return "\"\(key)\":\(space)\(value)"
            }
            return "{\(space)" + members.joined(separator: ",\(space)") + "\(space)}"
        }
    }

    /// The first is what most are, so that layouts are learned and used.
    private static let meters = [
        "14010500012345", "14010500012346", "AB-1", "ab-1", "", #"A\u0031"#, "水表", #"a\"b"#,
        String(repeating: "7", count: 64), String(repeating: "7", count: 65), #"x\\"#,
    ]
    private static let times = [
        "2026-10-01T07:00:00+08:00", "2026-10-01T08:59:59+08:00", "2026-10-02T07:00:00+08:00",
        "2026-10-01T24:00:00+08:00",
        "2026-10-01T07:00:00Z", "2026-10-01T07:00:00.000+08:00", "2026-10-01T07:00:00.5+08:00",
        "2026-10-01 07:00:00+08:00",
        "2000-01-01T08:00:00+08:00", "2000-01-01T07:59:59+08:00", "2026-02-30T07:00:00+08:00",
        "9999-12-31T23:59:59-23:59",
        "", "2026-10-01T07:60:00+08:00", #"2026-10-01T07:00:00\u005a"#, "2026-10-01T07:00:00",
        "2026-10-01T07:00:00+08:00" + String(repeating: "0", count: 40),
    ]
    private static let volumes = [
        "12", "12345.6", "0", "0.001", "0.000001", "0.0000001", "1.", "01", "-1", "1e3", "999999999999",
        "9999999999999",
        "1000000000000.5", "12.500000", "1000000000001000",
    ]

    private static func pick(_ values: [String], _ random: inout Seeded) -> String {
        Int.random(in: 0..<4, using: &random) > 0 ? values[0] : values.randomElement(using: &random) ?? ""
    }

    private static func isWhole(_ item: String) -> Bool {
        do {
            _ = try decoded("{\"readings\":[\(item)]}", as: .json)
            return true
        } catch {
            return false
        }
    }

    /// What is said of items, told apart from their places.
    private static func told(_ items: [String]) throws -> [String] {
        let batch = try decoded("{\"readings\":[\(items.joined(separator: ","))]}", as: .json)
        return items.indices.map { item in
            let runs = batch.runs.filter { $0.item == item }.flatMap { run in
                run.range.map { "\(run.address.text) \(batch.instants[$0]) \(batch.registers[$0])" }
            }
            let faults = batch.rejections.filter { $0.item == item }.map { "\($0.field): \($0.reason)" }
            return (runs + faults).joined(separator: "; ")
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `an item says the same alone and among others of its layout`(seed: UInt64) throws {
        var random = Seeded(state: seed)
        var items: [String] = []
        while items.count < 60 {
            let style = Style(&random)
            // JSON that is none refuses a body as a whole, in which the items beside it say nothing.
            items += (0..<12).map { _ in style.item(&random) }.filter(Self.isWhole)
        }
        let alone = try items.flatMap { try Self.told([$0]) }
        let together = try Self.told(items)
        for (index, item) in items.enumerated() {
            #expect(together[index] == alone[index], "seed \(seed), item \(index): \(item)")
        }
        let lines = items.map { $0.replacing("\n", with: " ") }
        let byLine = try decoded(lines.joined(separator: "\n"), as: .ndjson)
        let whole = try decoded("{\"readings\":[\(lines.joined(separator: ","))]}", as: .json)
        #expect(byLine.instants == whole.instants && byLine.registers == whole.registers)
        #expect(byLine.runs.map(\.address) == whole.runs.map(\.address))
    }

    @Test(arguments: [
        #"{"meter":"a\","at":"2026-10-01T07:00:00Z","volume_l":1}"#,
        #"{"meter":"a","at":"2026-10-01T07:00:00Z","volume_l":01}"#,
        #"{"meter":"a","at":"2026-10-01T07:00:00Z","volume_l":1.}"#,
        #"{"meter":"a","at":"2026-10-01T07:00:00Z","volume_l":1"#,
        #"{"meter":"a","at":"2026-10-01T07:00:00Z","volume_l":1]"#,
        #"{"meter":"a","at":"2026-10-01T07:00:00Z,"volume_l":1}"#,
    ])
    func `what is no JSON stays none behind items of its layout`(broken: String) throws {
        let good = #"{"meter":"b","at":"2026-10-01T07:00:00Z","volume_l":1}"#
        var offsets: [Int] = []
        for before in [[], [good, good]] {
            let text = "{\"readings\":[" + (before + [broken]).map { $0 + "," }.joined() + good + "]}"
            do {
                _ = try decoded(text, as: .json)
                Issue.record("taken: \(text)")
            } catch {
                guard case .malformed(let offset, _) = error else { throw error }
                offsets.append(offset - before.reduce(0) { $0 + $1.utf8.count + 1 })
            }
        }
        #expect(offsets.count == 2 && offsets.first == offsets.last)
    }

    @Test func `a member too many or too few is told behind items of the layout`() throws {
        let good = #"{"meter":"b","at":"2026-10-01T07:00:00Z","volume_l":1}"#
        let wrong = [
            #"{"meter":"b","at":"2026-10-01T07:00:00Z","volume_l":1,"x":1}"#: "x: unknown key",
            #"{"meter":"b","at":"2026-10-01T07:00:00Z"}"#: "volume_m3: is missing",
            #"{"meter":"b","at":"2026-10-01T07:00:00Z","volume_l":1,"volume_l":1}"#: "volume_l: given twice",
        ]
        for (item, reason) in wrong {
            let batch = try decoded("{\"readings\":[\(good),\(good),\(item),\(good)]}", as: .json)
            #expect(faults(batch) == [reason])
            #expect(batch.itemCount == 4 && batch.instants.count == 3)
        }
    }
}
