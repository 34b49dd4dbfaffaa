import Tariffs
import Testing
import Water

@testable import Scoring
@testable import Web

/// A month of which nothing is known is a gap, and never a month of 0 litres.
struct StatementGapTests {
    let library: PageLibrary

    init() throws { library = try PageLibrary() }

    /// Without one believed reading, and without an estimate.
    private func gap(_ samples: Samples) -> Statement {
        var statement = samples.statementValue()
        statement.unranked = .notBracketed
        (statement.rank, statement.headroom, statement.correction) = (nil, nil, nil)
        (statement.use.measuredLitres, statement.use.estimatedLitres, statement.use.missingHours) = (0, 0, 744)
        statement.use.days = statement.use.days.map { DayUse(day: $0.day, litres: nil, state: .missing) }
        (statement.leaks, statement.findings) = ([], [:])
        statement.equivalised?.litres = 0
        statement.billing = .refused(.noFigure)
        statement.sentence = Sentence(.noFigure, [])
        statement.points = samples.unrankedValue(.notBracketed).points
        statement.saving = nil
        // The litres are of months before it in the tariff's period.
        statement.analysis = Analysis(
            periodLitres: 9_000, sizes: [], bylawMonths: [], baseline: nil,
            week: (1...7).map { _ in Analysis.WeekdayUse(days: 0, litres: 0) }, night: nil, toMedian: nil, leak: nil,
            lastMonth: nil, warnings: [], actions: [])
        return statement
    }

    private func correction(of before: Statement) -> Correction {
        Correction(
            of: before, hash: "0",
            changes: [HomeChange(cause: .lateReading, serial: "", at: .init(epochSeconds: 0), register: .zero)],
            monthStart: .init(epochSeconds: 0))
    }

    @Test(arguments: Language.allCases)
    func `a month of which nothing is known shows no litres, neither beside its sentence nor where it is explained`(
        language: Language
    ) throws {
        let samples = try Samples(library.catalogue[language])
        let (t, statement) = (samples.texts, gap(samples))
        let page = samples.page(statement)
        #expect(page.sentence == t("sentence_no_figure"))
        #expect(page.litres == t("none") && page.cubicMetres == "")
        let html = library.render(page, in: samples.frame("statement", path: "/", isStaff: false))
        #expect(html.contains("<strong>\(t("none"))</strong> \(t("litres"))"))
        #expect(!html.contains(t("week_open")) && !html.contains("⟦"))
        let rows = ExplainPage(statement, texts: t).rows
        #expect(!rows.isEmpty && !rows.contains { $0.figure == t.litres(0) })
        #expect(!rows.contains { $0.name == t("figure_analysis_period_litres") })
        // The members of the statement stay explained.
        #expect(explain(statement).contains { $0.key == "use.litres" })
    }

    @Test(arguments: Language.allCases)
    func `a correction of a gap, or to one, sets no 0 litres beside what is known`(language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        let t = samples.texts
        var (whole, unknown) = (samples.statementValue(), gap(samples))
        func lines(_ statement: Statement) throws -> [String] {
            let rows = ExplainPage(statement, texts: t).rows
            #expect(!rows.contains { $0.name == t("figure_correction_change_litres") })
            return try #require(samples.page(statement).correction?.lines)
        }
        let litres = t.litres(whole.use.litres)
        let (lost, repeated) = (correction(of: whole), correction(of: unknown))
        whole.correction = repeated
        #expect(try lines(whole).contains(t("correction_litres_new", ["now": litres])))
        unknown.correction = lost
        #expect(try lines(unknown).contains(t("correction_litres_gone", ["before": litres])))
        unknown.correction = repeated
        let none = try lines(unknown)
        #expect(!none.contains { $0.contains(t.litres(0)) } && none.contains(t("correction_elsewhere")))
    }

    @Test(arguments: Language.allCases)
    func `a month without one believed reading is not said to lack its first or last`(language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        let t = samples.texts
        var estimated = samples.unrankedValue(.notBracketed)
        let ends = samples.page(estimated)
        #expect(ends.unranked == t("unranked_not_bracketed", ["percent": "90"]))
        #expect(ends.rankNote.contains(t("unranked_short_not_bracketed")))
        estimated.analysis = samples.statementValue().analysis
        estimated.analysis?.bylawMonths = [
            EarlierUse(
                month: samples.month.previous, litres: 9_000, missingHours: 0, version: 1,
                hash: String(repeating: "a", count: 64))
        ]
        for statement in [gap(samples), estimated] {
            let page = samples.page(statement)
            #expect(page.unranked == t("unranked_no_reading"))
            #expect(page.rankNote.contains(t("unranked_short_no_reading")))
            #expect(page.pointsSentence.contains(t("unranked_short_no_reading")))
        }
        // Neither the days nor what they come to is known.
        let whole = samples.page(estimated)
        #expect(whole.chart.legend.contains { $0.label == t("legend_estimated_whole") })
        let litres = t.litres(estimated.use.estimatedLitres)
        #expect(whole.quality.contains(t("quality_estimated_whole", ["days": "2", "litres": litres])))
        // A mean month of which days are missing says how it counts.
        func quality() -> [String] { samples.page(estimated).quality }
        #expect(!quality().contains { $0.hasSuffix(t("quality_bylaw_mean_day")) })
        estimated.analysis?.bylawMonths[0].knownDays = 28
        #expect(quality().contains { $0.hasSuffix(t("quality_bylaw_mean_day")) })
    }
}
