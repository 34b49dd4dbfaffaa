import Scoring
import Tariffs
import Testing
import Water

@testable import Web

/// What a household is told where it has no rank, no points or no saving.
struct StatementReasonTests {
    let library: PageLibrary

    init() throws { library = try PageLibrary() }

    @Test(arguments: UnrankedReason.allCases, Language.allCases)
    func `who has no rank is told why, and what to do about it`(reason: UnrankedReason, language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        let t = samples.texts
        var statement = samples.unrankedValue(reason)
        if reason == .notLivedIn { statement.billing = .refused(.notLivedIn) }
        let page = samples.page(statement)
        let html = library.render(page, in: samples.frame("statement", path: "/", isStaff: false))
        let words = t("unranked_\(reason.rawValue)", ["percent": "90"])
        #expect(page.isWithdrawn ? page.quality == [words] : page.unranked == words)
        #expect(words.contains(language == .zh ? "社区服务台" : "community desk"))
        // No points for the same reason, and where the way out of it stands.
        #expect(page.pointsSentence.contains(t("unranked_short_\(reason.rawValue)")))
        let isPointed = page.pointsSentence.hasSuffix(t("points_see_compare"))
        #expect(isPointed == html.contains("id=\"compare-h\""))
        #expect(t("points_see_compare").contains(t("compare_heading")))
    }

    @Test(arguments: Language.allCases)
    func `a home on a shared meter is told its share, where its statement says it`(language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        let t = samples.texts
        var statement = samples.unrankedValue(.shared)
        statement.isShared = true
        #expect(samples.page(statement).unranked == t("unranked_shared"))
        statement.shareMillionths = 333_300
        let words = try #require(samples.page(statement).unranked)
        #expect(words == t("unranked_shared_part", ["share": "33.33%"]))
        #expect(words.contains("33.33%") && words.contains(language == .zh ? "社区服务台" : "community desk"))
    }

    @Test(arguments: Language.allCases)
    func `who has no points for want of a cohort is told so, and not only of conditions`(language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        var statement = samples.statementValue()
        (statement.rank, statement.cohort, statement.headroom) = (nil, nil, nil)
        (statement.points.total, statement.points.noneReason) = (.zero, .noCohort)
        let page = samples.page(statement)
        #expect(page.pointsSentence == samples.texts("points_sentence_no_cohort"))
        #expect(page.unranked == samples.texts("unranked_no_cohort"))
        statement.points.noneReason = .noRuleMet
        #expect(samples.page(statement).pointsSentence == samples.texts("points_sentence_zero"))
    }

    @Test(arguments: Language.allCases)
    func `a saving of 0 or below is no part of the usual level`(language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        let t = samples.texts
        var statement = samples.statementValue()
        func steps(_ judgement: SavingJudgement) throws -> [String] {
            statement.saving?.judgement = judgement
            return try #require(samples.page(statement).saving?.steps)
        }
        let judged = { (now: Int64, gain: Int64) in
            SavingJudgement(usual: 759, lowest: 650, band: 109, now: now, gain: gain, percent: max(0, gain * 100 / 759))
        }
        let more = try steps(judged(860, -210))
        let ending = language == .zh ? "：没有超出平常的波动，按 0 算" : ": not beyond what is usual, counts as 0"
        #expect(more.last == "759 − 109 − 860 = −210‰\(ending)")
        #expect(!more.contains { $0.contains("0%") && $0.contains("759‰") })
        let equal = try steps(judged(650, 0))
        #expect(equal.last?.contains("= 0‰") == true && equal.last?.contains("%") == false)
        let less = try steps(judged(600, 50))
        let values: KeyValuePairs = ["usual": "759", "band": "109", "now": "600", "gain": "50‰", "percent": "6"]
        #expect(less.last == t("saving_step_gain", values))
    }
}
