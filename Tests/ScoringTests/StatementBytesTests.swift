import Tariffs
import Testing
import Water

@testable import Scoring

struct StatementBytesTests {
    let shipped: Shipped

    init() throws { shipped = try Shipped() }

    /// A month with everything a statement can hold.
    private func full() -> Statement {
        let start = Instant(epochSeconds: 1_790_784_000)
        let rich = home(litres: 20_001, persons: 5).with { month in
            month.days[3] = DayUse(day: month.days[3].day, litres: nil, state: .missing)
            month.days[4] = DayUse(day: month.days[4].day, litres: 40, state: .estimated)
            month.estimatedLitres = 40
            month.continuousFlows = [
                ContinuousFlow(from: start, to: start + 90_000, litresPerHour: 5),
                ContinuousFlow(from: start, to: start + 90_000, litresPerHour: 7, shareMillionths: 250_000),
            ]
            month.findings = [.jump, .jump, .exchange].map {
                Finding(kind: $0, meter: MeterID(1), at: start, register: .zero, before: nil)
            }
        }
        let earlier = EarlierUse(
            month: rich.month.previous, litres: 8_000, missingHours: 2, version: 2,
            hash: String(repeating: "cd", count: 32))
        let cohort = Cohort(
            area: area, distribution: Distribution(of: (1...20).map { Int64($0) * 100 }), rules: shipped.rules.cohort)
        var context = StatementContext(
            tariff: shipped.tariff, rules: shipped.rules, cohort: cohort, frozenFigure: 2_000, lastMonth: earlier,
            sameMonthLastYear: nil)
        context.monthStart = start
        return makeStatement(rich, household: "户\"1\\\u{1}", version: 3, in: context)
    }

    private func bare() -> Statement {
        let empty = home(litres: 0, persons: nil).with { month in
            month.month = BillingMonth(number: 2_015 * 12)
            month.days = (0..<31).map {
                DayUse(day: month.month.firstDay.advanced(by: $0), litres: nil, state: .missing)
            }
            month.lastReadingAt = nil
            month.isPartial = true
        }
        let context = StatementContext(tariff: shipped.tariff, rules: shipped.rules, cohort: nil, frozenFigure: nil)
        return makeStatement(empty, household: "1", version: 1, in: context)
    }

    @Test func `a statement read back is the same and is spelled the same`() throws {
        for statement in [full(), bare()] {
            let read = try Statement(bytes: statement.bytes)
            #expect(read == statement)
            #expect(read.bytes == statement.bytes)
            #expect(read.hash == statement.hash)
        }
    }

    @Test func `what is written is the canonical spelling`() throws {
        var shared = full()
        (shared.isShared, shared.shareMillionths) = (true, 600_000)
        for statement in [full(), bare(), shared] {
            let value = try #require(parseJSON(statement.bytes))
            #expect(value.bytes == statement.bytes)
        }
    }

    @Test func `the statement of a home on a shared meter says its share, and one without it is still read`() throws {
        var shared = full()
        (shared.isShared, shared.shareMillionths) = (true, 600_000)
        let text = String(decoding: shared.bytes, as: UTF8.self)
        let (member, next) = (#","share_millionths":600000,"tariff":"#, #","tariff":"#)
        #expect(text.contains(member) && text.contains("jieshui.statement.2"))
        #expect(try Statement(bytes: shared.bytes) == shared)
        let before = Array(text.replacing(member, with: next).utf8)
        let read = try Statement(bytes: before)
        #expect(read.isShared && read.shareMillionths == nil && read.bytes == before)
        #expect(!explain(read).contains { $0.rule == .shareOfRegister })
        // A share of nothing shared, and one of more than all.
        let own = text.replacing(#""is_shared":true"#, with: #""is_shared":false"#)
        #expect(throws: StatementDefect(key: "canonical")) { try Statement(bytes: Array(own.utf8)) }
        let more = text.replacing(member, with: #","share_millionths":1000001,"tariff":"#)
        #expect(throws: StatementDefect(key: "share_millionths")) { try Statement(bytes: Array(more.utf8)) }
    }

    @Test func `a fixed charge is read back as one, and the usual unit is never spelled`() throws {
        let text = String(decoding: full().bytes, as: UTF8.self)
        let (usual, fixed, spelled) = (#""tier":null}"#, #""tier":null,"unit":"month"}"#, #""tier":null,"unit":"m3"}"#)
        #expect(text.contains(usual))
        let bytes = Array(text.replacing(usual, with: fixed).utf8)
        let read = try Statement(bytes: bytes)
        #expect(read.bytes == bytes)
        #expect(throws: StatementDefect.self) {
            try Statement(bytes: Array(text.replacing(usual, with: spelled).utf8))
        }
    }

    @Test func `the same month gives the same bytes, another version other ones`() {
        #expect(full().bytes == full().bytes)
        var other = full()
        other.version = 4
        #expect(other.hash != full().hash)
        #expect(full().hash == sha256Hex(full().bytes))
    }

    @Test func `findings count alike in any order`() {
        let at = Instant(epochSeconds: 0)
        let kinds: [FindingKind] = [.jump, .reset, .jump, .conflict, .exchange, .rollover]
        let findings = kinds.map { Finding(kind: $0, meter: MeterID(9), at: at, register: .zero, before: nil) }
        let context = StatementContext(tariff: shipped.tariff, rules: shipped.rules, cohort: nil, frozenFigure: nil)
        let straight = makeStatement(home().with { $0.findings = findings }, household: "1", version: 1, in: context)
        let reversed = makeStatement(
            home().with { $0.findings = findings.reversed() }, household: "1", version: 1, in: context)
        #expect(straight.bytes == reversed.bytes)
        #expect(straight.findings[.jump] == 2)
    }

    @Test func `no database number stands in the bytes`() {
        let context = StatementContext(tariff: shipped.tariff, rules: shipped.rules, cohort: nil, frozenFigure: nil)
        let one = makeStatement(home(), household: "1", version: 1, in: context)
        let two = makeStatement(
            home().with { $0.household = HouseholdID(999) }, household: "1", version: 1, in: context)
        #expect(one.bytes == two.bytes)
    }

    /// What is replaced in the bytes, by what, and the key that is named.
    static let damage: [(String, String, String)] = [
        ("jieshui.statement.2", "jieshui.statement.4", "layout"),
        ("jieshui.statement.2", "jieshui.statement.3", "saving"),
        ("jieshui.statement.2", "jieshui.statement.1", "canonical"),
        ("\"version\":3}", "\"version\":03}", "canonical"),
        ("{\"analysis\"", "{ \"analysis\"", "canonical"),
        ("\"zero_days\":0", "\"zero_days\":0,\"extra\":1", "canonical"),
        ("\"persons\":5,\"points\"", "\"persons\":\"5\",\"points\"", "persons"),
        ("\"month\":\"2026-10\"", "\"month\":\"2026-13\"", "month"),
        ("\"jump\":2", "\"jumps\":2", "jumps"),
        ("\"daily_states\":\"mmmxe", "\"daily_states\":\"mmmme", "daily_litres"),
        ("\"estimated_litres\":40", "\"estimated_litres\":9223372036854775807", "litres"),
        ("\"other_homes\":19", "\"other_homes\":9223372036854775807", "other_homes"),
        ("\"equal_homes\":", "\"equal_homes\":-", "canonical"),
        ("\"from_epoch_seconds\":1790784000", "\"from_epoch_seconds\":-9223372036854775808", "from_epoch_seconds"),
        ("\"total_points\":", "\"total_points\":1.5", "canonical"),
    ]

    @Test(arguments: damage)
    func `bytes that are not the one spelling are refused by key`(old: String, new: String, key: String) {
        let text = String(decoding: full().bytes, as: UTF8.self)
        #expect(text.contains(old))
        let bytes = Array(text.replacing(old, with: new, maxReplacements: 1).utf8)
        let defect = #expect(throws: StatementDefect.self) { try Statement(bytes: bytes) }
        #expect(defect?.key == key)
    }

    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func `damaged bytes never trap`(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        let whole = full().bytes
        for _ in 0..<40 {
            var bytes = whole
            bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 1...bytes.count, using: &random)) }
            do throws(StatementDefect) {
                #expect(try Statement(bytes: bytes).bytes == bytes)
            } catch {
                #expect(!error.key.isEmpty)
            }
        }
        #expect(throws: StatementDefect.self) { try Statement(bytes: [UInt8](repeating: 91, count: 100_000)) }
    }
}
