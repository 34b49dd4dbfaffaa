import Tariffs
import Testing
import Water

@testable import Scoring
@testable import Web

/// What stands on 每个数怎么算 is read and redone by its words alone.
struct ExplainPageTests {
    let library: PageLibrary

    init() throws { library = try PageLibrary() }

    private func statements(_ samples: Samples) -> [Statement] {
        let whole = samples.statementValue()
        // A month without any register, of which an earlier one was not known whole, and a leak at a shared meter.
        var estimated = whole
        estimated.analysis?.bylawMonths = [12_000, 9_000].map { litres in
            EarlierUse(
                month: samples.month.previous, litres: litres, missingHours: 0, version: 1,
                hash: String(repeating: "a", count: 64), knownDays: litres == 12_000 ? 29 : nil)
        }
        estimated.analysis?.leak?.flows = [
            .init(hours: 30, litresPerHour: 7, shareMillionths: 400_001),
            .init(hours: 2_000, litresPerHour: 60, shareMillionths: 400_001),
        ]
        var more = whole
        more.saving?.judgement?.now = 1_200
        more.saving?.judgement?.gain = -223
        return [whole, estimated, more]
    }

    @Test(arguments: Language.allCases)
    func `every calculation, redone by its words, gives what it says`(_ language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        let t = samples.texts
        for entry in explainShown(samples.statementValue()) { #expect(entry.arithmetic.value == entry.value) }
        for entry in statements(samples).flatMap(explainShown) {
            let words = entry.arithmetic.inFigures(ExplainPage.words(t), t.number)
            #expect(Worked(words, t).value == entry.arithmetic.value, "\(entry.key): \(words)")
        }
    }

    /// One sentence for each kind of arithmetic.
    static let sentences: [(key: String, zh: String, en: String)] = [
        ("billing.bill.bounds_litres.0", "9,000", "9,000"),
        ("use.litres", "10,402 + 820", "10,402 + 820"),
        ("billing.bill.litres_to_next_tier", "13,500 − 11,222", "13,500 − 11,222"),
        ("norm.litres", "140 × 3 × 31", "140 × 3 × 31"),
        ("billing.bill.lines.1.fen", "2,222 × 460 ÷ 1,000，四舍五入", "2,222 × 460 ÷ 1,000, rounded half up"),
        (
            "rank.percentile", "(200 × 56 + 100 × 1) ÷ (2 × 311)，舍去小数",
            "(200 × 56 + 100 × 1) ÷ (2 × 311), rounded down"
        ),
        (
            "headroom.benchmark_bill_fen",
            "(9,000 × 230 ÷ 1,000，四舍五入) + (1,064 × 460 ÷ 1,000，四舍五入) + (10,064 × 50 ÷ 1,000，四舍五入)",
            "(9,000 × 230 ÷ 1,000, rounded half up) + (1,064 × 460 ÷ 1,000, rounded half up) + "
                + "(10,064 × 50 ÷ 1,000, rounded half up)"
        ),
        ("use.missing_hours", "187,200 ÷ 3,600，小数进一", "187,200 ÷ 3,600, rounded up"),
        ("headroom.litres", "11,222 − 10,064，小于 0 就算 0", "11,222 − 10,064, below 0 counts as 0"),
        (
            "saving.percent", "100 × (191，小于 0 就算 0) ÷ 1,036，舍去小数",
            "100 × (191, below 0 counts as 0) ÷ 1,036, rounded down"
        ),
        (
            "billing.bill.lines.1.litres", "取小的（11,222 和 13,500） − 取小的（11,222 和 9,000）",
            "the smaller of (11,222 and 13,500) − the smaller of (11,222 and 9,000)"
        ),
    ]

    @Test(arguments: Language.allCases)
    func `each kind of arithmetic reads as people say it`(_ language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        let t = samples.texts
        let entries = explainShown(samples.statementValue())
        let page = ExplainPage(samples.statementValue(), texts: t)
        for sentence in Self.sentences {
            let entry = try #require(entries.first { $0.key == sentence.key }, "\(sentence.key)")
            let words = entry.arithmetic.inFigures(ExplainPage.words(t), t.number)
            #expect(words == (language == .zh ? sentence.zh : sentence.en))
            #expect(page.rows.contains { $0.calculation == words })
        }
    }

    @Test(arguments: Language.allCases)
    func `every bill of other litres is shown line by line`(_ language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        let others = explainShown(samples.statementValue()).filter { $0.rule == .billOfOther }
        #expect(others.count == 5)
        #expect(others.allSatisfy { $0.arithmetic.expression.contains("half_up(litres * price_without_point / 1000)") })
    }

    @Test(arguments: Language.allCases)
    func `between two percentiles lie points, not percent of anything`(_ language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        var statement = samples.statementValue()
        statement.use.missingHours = 0
        let page = ExplainPage(statement, texts: samples.texts)
        let row = try #require(page.rows.first { $0.name == samples.texts("figure_change_percentile") })
        #expect(row.figure == (language == .zh ? "−13 个百分点" : "−13 percentage points"))
        #expect(row.calculation == "18 − 31")
    }

    @Test(arguments: Language.allCases)
    func `a home on a shared meter is shown its share and how registers are divided`(_ language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        let t = samples.texts
        var statement = samples.statementValue()
        func row() -> ExplainPage.Row? {
            ExplainPage(statement, texts: t).rows.first { $0.name == t("figure_share_millionths") }
        }
        #expect(row() == nil)
        (statement.isShared, statement.shareMillionths) = (true, 600_000)
        let shown = try #require(row())
        #expect(shown.figure == (language == .zh ? "60%（百万分之 600,000）" : "60% (600,000 millionths)"))
        #expect(shown.calculation == "600,000" && shown.rule == t("explain_share_of_register"))
        #expect(shown.rule.contains("1,000,000,000"))
    }
}

/// A calculation in words, worked out. Products and quotients before sums and differences; words after a calculation
/// are of all of it within its brackets.
private struct Worked {
    /// nil where the words are no calculation, or where a quotient that is not whole stays as it is.
    private(set) var value: Int64?
    private var rest: Substring

    private struct Fraction {
        var over: Int64
        var under: Int64 = 1
    }

    init(_ words: String, _ t: Texts) {
        var text = words
        let frame = t("by_least").components("{}")
        // Each word becomes a sign of its own.
        for (word, sign) in [
            (t("by_half_up").components("{}")[1], "≈"), (t("by_floor").components("{}")[1], "↓"),
            (t("by_ceiling").components("{}")[1], "↑"), (t("by_at_least_zero").components("{}")[1], "≥"),
            (frame[0], "["), (frame[1], frame[1] == ")" ? ")" : "]"), (t("by_and"), "&"),
        ] { text = text.replacing(word, with: sign) }
        rest = text.replacing(" ", with: "").replacing(",", with: "")[...]
        guard let result = calculation(), rest.isEmpty, result.over % result.under == 0 else { return }
        value = result.over / result.under
    }

    private mutating func take(_ signs: String) -> Character? {
        guard let sign = rest.first, signs.contains(sign) else { return nil }
        rest.removeFirst()
        return sign
    }

    private mutating func calculation() -> Fraction? {
        guard var result = sum() else { return nil }
        while let sign = take("≈↓↑≥") {
            if sign == "≥" {
                result = result.over < 0 ? Fraction(over: 0) : result
                continue
            }
            let doubled = 2 * result.under
            let down = { (over: Int64, under: Int64) in over / under - (over % under < 0 ? 1 : 0) }
            let whole =
                switch sign {
                case "≈": down(2 * abs(result.over) + result.under, doubled) * result.over.signum()
                case "↓": down(result.over, result.under)
                default: -down(-result.over, result.under)
                }
            result = Fraction(over: whole)
        }
        return result
    }

    private mutating func sum() -> Fraction? {
        guard var result = product() else { return nil }
        while let sign = take("+−") {
            guard let next = product() else { return nil }
            let other = sign == "+" ? next.over : -next.over
            result = Fraction(
                over: result.over * next.under + other * result.under, under: result.under * next.under)
        }
        return result
    }

    private mutating func product() -> Fraction? {
        guard var result = number() else { return nil }
        while let sign = take("×÷") {
            guard let next = number(), sign == "×" || next.over > 0 else { return nil }
            result =
                sign == "×"
                ? Fraction(over: result.over * next.over, under: result.under * next.under)
                : Fraction(over: result.over * next.under, under: result.under * next.over)
        }
        return result
    }

    private mutating func number() -> Fraction? {
        switch take("([−") {
        case "(":
            guard let inner = calculation(), take(")") != nil else { return nil }
            return inner
        case "[":
            guard let a = sum(), take("&") != nil, let b = sum(), take(")]") != nil else { return nil }
            return a.over * b.under <= b.over * a.under ? a : b
        case "−": return number().map { Fraction(over: -$0.over, under: $0.under) }
        default:
            let digits = rest.prefix { $0.isWholeNumber }
            rest.removeFirst(digits.count)
            return Int64(digits).map { Fraction(over: $0) }
        }
    }
}

extension String {
    /// What stands before and after a mark.
    fileprivate func components(_ mark: String) -> [String] {
        split(separator: mark, omittingEmptySubsequences: false).map(String.init)
    }
}
