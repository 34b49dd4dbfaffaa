import Tariffs
import Testing
import Water

@testable import Scoring
@testable import Web

/// What a statement says of itself is true of its version and of its home.
struct StatementWordTests {
    let library: PageLibrary

    init() throws { library = try PageLibrary() }

    @Test(arguments: Language.allCases)
    func `a version that was corrected leads to the newest, and says nothing of the account`(
        language: Language
    ) throws {
        let samples = try Samples(library.catalogue[language])
        let t = samples.texts
        let (old, new) = (samples.replaced, samples.statement)
        func html(_ page: StatementPage) -> String {
            library.render(page, in: samples.frame("statement", path: "/", isStaff: false))
        }
        let points = t.points(samples.statementValue().points.total)
        #expect(old.pointsSentence == t("points_sentence_then", ["points": points, "n": "2"]))
        #expect(old.sentence.hasSuffix(t("points_clause_then", ["points": points])))
        let text = html(old)
        #expect(text.contains(t("replaced_notice", ["n": "2"])) && text.contains(t("replaced_link", ["n": "2"])))
        #expect(text.contains("<a href=\"/statements/2026-10\">"))
        #expect(text.contains("<a href=\"/statements/2026-10#objection-h\">\(t("replaced_objection", ["n": "2"]))"))
        #expect(!text.contains("<textarea") && !text.contains("⟦"))
        // What was objected to and answered stays.
        #expect(old.objection.entries.allSatisfy { text.contains($0.words) })
        #expect(new.replaced == nil && html(new).contains("<textarea"))
        #expect(new.pointsSentence == t("points_sentence", ["points": points, "n": "40"]))
        #expect(new.sentence.hasSuffix(t("points_clause", ["points": points])))
    }

    @Test(arguments: Language.allCases)
    func `a correction names the place where it is another, and where nothing beside is another says so`(
        language: Language
    ) throws {
        let samples = try Samples(library.catalogue[language])
        let t = samples.texts
        let now = samples.statementValue()
        func lines(_ now: Statement, after before: Statement) throws -> [String] {
            var statement = now
            statement.correction = Correction(
                of: before, hash: "0",
                changes: [HomeChange(cause: .edit, serial: "", at: .init(epochSeconds: 0), register: .zero)],
                monthStart: .init(epochSeconds: 0))
            return try #require(samples.page(statement).correction?.lines)
        }
        let elsewhere = t("correction_elsewhere")
        #expect(try lines(now, after: now).contains(elsewhere))
        var (other, unranked) = (now, now)
        other.rank = Rank(lowerHomes: 120, equalHomes: 1, otherHomes: 311)
        unranked.rank = nil
        let changed = try lines(now, after: other)
        #expect(changed.contains(t("correction_rank_changed", ["before": "38", "now": "18"])))
        #expect(!changed.contains(elsewhere))
        #expect(try lines(now, after: unranked).contains(t("correction_rank_new", ["now": "18"])))
        #expect(try lines(unranked, after: now).contains(t("correction_rank_gone", ["before": "18"])))
        var less = now
        less.use.measuredLitres -= 1
        #expect(try !lines(now, after: less).contains(elsewhere))
    }

    @Test func `what a correction adds to the cost is not called an offset alone`() throws {
        let samples = try Samples(library.catalogue[.zh])
        let row = try #require(
            ExplainPage(samples.statementValue(), texts: samples.texts).rows.first { $0.name.contains("更正：水费") })
        #expect(row.name.contains("正数应补") && row.name.contains("负数折抵"))
    }

    @Test(arguments: Language.allCases)
    func `an estimated day is never named the heaviest, and of a few measured ones none is`(
        language: Language
    ) throws {
        let samples = try Samples(library.catalogue[language])
        let t = samples.texts
        var statement = samples.statementValue()
        statement.use.days = statement.use.days.map { day in
            day.state == .estimated ? DayUse(day: day.day, litres: 5_000, state: .estimated) : day
        }
        let summary = samples.page(statement).daysSummary
        let most = try #require(statement.use.days.filter { $0.state == .measured }.compactMap(\.litres).max())
        #expect(summary.contains(t.litres(most)) && !summary.contains(t.litres(5_000)))
        var left = 6
        statement.use.days = statement.use.days.map { day in
            guard day.state == .measured else { return day }
            left -= 1
            return left >= 0 ? day : DayUse(day: day.day, litres: day.litres, state: .estimated)
        }
        // 11,222 L on 29 days with a figure.
        #expect(samples.page(statement).daysSummary == t("days_mean", ["mean": t.litres(387)]))
    }

    @Test(arguments: Language.allCases)
    func `a night without water is praised neither beside a leak nor of a home with nobody in it`(
        language: Language
    ) throws {
        let samples = try Samples(library.catalogue[language])
        let t = samples.texts
        var statement = samples.statementValue()
        statement.analysis?.night = NightUse(nights: 29, litres: 174, lowestLitres: 0)
        let values: KeyValuePairs = ["mean": t.litres(6), "nights": "29", "total": t.litres(174)]
        #expect(samples.page(statement).analysis?.night == t("night_quiet_plain", values))
        statement.leaks = []
        #expect(samples.page(statement).analysis?.night == t("night_quiet", values))
        for reason in [UnrankedReason.vacant, .absent] {
            statement.unranked = reason
            #expect(samples.page(statement).analysis?.night == t("night_quiet_plain", values))
        }
    }

    @Test(arguments: [UnrankedReason.vacant, .absent], Language.allCases)
    func `a home with nobody in it is not told to carry on`(reason: UnrankedReason, language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        var statement = samples.statementValue()
        statement.use.missingHours = 0
        statement.analysis?.actions = []
        #expect(samples.page(statement).analysis?.noActions == samples.texts("actions_none"))
        statement.unranked = reason
        #expect(samples.page(statement).analysis?.noActions == samples.texts("actions_away"))
    }

    @Test func `English sentences stand apart, and a home of one is of one person`() throws {
        let samples = try Samples(library.catalogue[.en])
        var statement = samples.statementValue()
        #expect(samples.page(statement).headroom?.explanation.contains(". The cost would fall") == true)
        #expect(samples.page(statement).comparison?.explanation.contains { $0.hasSuffix("of 3 persons.") } == true)
        statement.persons = 1
        #expect(samples.page(statement).comparison?.explanation.contains { $0.hasSuffix("of 1 person.") } == true)
    }

    @Test(arguments: Language.allCases)
    func `a limit that was passed is not said to be near`(language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        let t = samples.texts
        var statement = samples.statementValue()
        func warning(_ used: Int64) -> String? {
            statement.analysis?.warnings = [.init(limit: .norm, limitLitres: 13_020, usedLitres: used)]
            return samples.page(statement).analysis?.warnings.first
        }
        func words(_ key: String, _ used: Int64, _ percent: String) -> String {
            t(
                key,
                [
                    "what": t("limit_norm"), "limit": t.litres(13_020), "used": t.litres(used), "percent": percent,
                ])
        }
        #expect(warning(13_020) == words("warning_near", 13_020, "100"))
        let little: KeyValuePairs = [
            "what": t("limit_norm"), "limit": t.litres(13_020), "used": t.litres(13_021), "over": t.litres(1),
        ]
        #expect(warning(13_021) == t("warning_passed_little", little) && warning(13_021)?.contains("%") == false)
        #expect(warning(13_900) == words("warning_passed", 13_900, "106"))
        #expect(warning(14_322) == words("warning_over", 14_322, "110"))
    }

    @Test(arguments: Language.allCases)
    func `where there is no level and no whole day there is no table of them`(language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        let t = samples.texts
        var statement = samples.statementValue()
        func html() -> String {
            library.render(samples.page(statement), in: samples.frame("statement", path: "/", isStaff: false))
        }
        let caption = "<caption class=\"hidden\">\(t("saving_levels_caption"))</caption>"
        #expect(html().contains(caption) && html().contains(t("week_open")))
        statement.saving?.levels = []
        statement.saving?.judgement = nil
        statement.saving?.notJudged = .noLastMonth
        statement.analysis?.week = (1...7).map { _ in Analysis.WeekdayUse(days: 0, litres: 0) }
        #expect(!html().contains(caption) && !html().contains(t("week_open")))
        #expect(html().contains(t("saving_not_no_last_month")))
    }

    @Test(arguments: Language.allCases)
    func `the litres of several ways to save are said not to add up`(language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        let t = samples.texts
        var statement = samples.statementValue()
        func html() -> String {
            library.render(samples.page(statement), in: samples.frame("statement", path: "/", isStaff: false))
        }
        #expect(html().contains(t("actions_overlap")) && html().contains(t("headroom_overlap")))
        statement.analysis?.actions.removeLast(2)
        #expect(!html().contains(t("actions_overlap")) && html().contains(t("headroom_overlap")))
        statement.headroom = nil
        #expect(!html().contains(t("headroom_overlap")))
        statement.analysis?.toMedian?.litres = 2_222
        #expect(html().contains(t("headroom_overlap")))
        statement.analysis?.actions = []
        #expect(!html().contains(t("actions_overlap")) && !html().contains(t("headroom_overlap")))
    }

    @Test func `registers of a correction have three decimals each`() throws {
        let samples = try Samples(library.catalogue[.zh])
        let figures = [347_570_000, 347_000_000, 347_617_250].map {
            samples.texts.register(Volume(millilitres: $0))
        }
        #expect(figures == ["347.570", "347.000", "347.61725"])
        var statement = samples.statementValue()
        let late = HomeChange(
            cause: .lateReading, serial: "20240001", at: samples.instant(day: 12, hour: 8),
            register: Volume(litres: 347_570))
        statement.correction = Correction(
            of: statement, hash: "0", changes: [late], monthStart: samples.instant(day: 1, hour: 0))
        #expect(samples.page(statement).correction?.readings.first?.contains("347.570") == true)
    }

    @Test(arguments: Language.allCases)
    func `a correction says what the month counts, and leaves what moved in the account to the book`(
        language: Language
    ) throws {
        let samples = try Samples(library.catalogue[language])
        let t = samples.texts
        var (statement, before) = (samples.statementValue(), samples.statementValue())
        let late = HomeChange(
            cause: .lateReading, serial: "20240001", at: samples.instant(day: 12, hour: 8),
            register: Volume(litres: 347_570))
        for earned in [Points(40), Points(0), statement.points.total] {
            before.points.total = earned
            statement.correction = Correction(
                of: before, hash: "0", changes: [late], monthStart: samples.instant(day: 1, hour: 0))
            let page = samples.page(statement)
            let html = library.render(page, in: samples.frame("statement", path: "/", isStaff: false))
            let isOther = earned != statement.points.total
            let line = t(
                isOther ? "correction_points_changed" : "correction_points_same",
                ["before": t.points(earned), "now": t.points(statement.points.total)])
            #expect(page.correction?.lines.contains(line) == true)
            #expect(html.contains("href=\"/points#history-h\"") == isOther)
            #expect(!line.contains("追回") && !line.contains("补发") && !line.contains("taken back"))
        }
    }

    @Test(arguments: Language.allCases)
    func `of days on which nothing was used none is named as the most`(language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        var statement = samples.statementValue()
        statement.use.days = statement.use.days.map { DayUse(day: $0.day, litres: 0, state: .measured) }
        (statement.use.measuredLitres, statement.use.estimatedLitres) = (0, 0)
        #expect(samples.page(statement).daysSummary == samples.texts("days_summary_none"))
        statement.use.days[3] = DayUse(day: statement.use.days[3].day, litres: 1, state: .measured)
        #expect(samples.page(statement).daysSummary.contains(samples.texts.litres(1)))
    }

    @Test func `a percentile is told as how many used less`() throws {
        let samples = try Samples(library.catalogue[.zh])
        var statement = samples.statementValue()
        #expect(samples.page(statement).pointLines[0].why == "约 18% 的同类家庭用得比您家少（百分位 18，要求不超过 20）")
        statement.points.lines[0] = PointsLine(
            rule: "band", measure: .percentile, value: 82, atMost: 50, pointsBeforeCap: .zero, points: .zero)
        let why = samples.page(statement).pointLines[0].why
        #expect(why.hasPrefix("约 82% 的同类家庭用得比您家少") && why.contains("百分位 82，要求不超过 50"))
    }

    @Test func `that not both months were below the usual is told in plain words`() {
        let words = library.catalogue[.zh]("saving_none")
        #expect(words.contains("两个月都") && words.contains("至少有一个月"))
    }

    @Test(arguments: [
        (Language.zh, "2026 年 10月节水账单（第 2 版）"), (.en, "Statement of October 2026 (version 2)"),
    ])
    func `a statement's title names its month and version`(language: Language, own: String) throws {
        let samples = try Samples(library.catalogue[language])
        func shown(_ page: some Page) throws -> Substring {
            let html = library.render(page, in: samples.frame("x", path: "/", isStaff: false))
            return try #require(html.firstMatch(of: /<title>([^<]*)<\/title>/)).1
        }
        let brand = samples.texts("brand")
        #expect(try shown(samples.statement) == "\(own) · \(brand)")
        #expect(try shown(samples.replaced) != shown(samples.statement))
        let month = samples.texts.month(samples.month)
        let version = samples.texts("version_n", ["n": "2"])
        let explained = ExplainPage(samples.statementValue(), texts: samples.texts)
        #expect(try shown(explained) == "x · \(month) · \(version) · \(brand)")
        // Staff's pages of one home, meter or month are told apart too.
        #expect(try shown(samples.household) == "x · 100200300417 · \(brand)")
        #expect(try shown(samples.persons) == "x · 100200300417 · \(brand)")
        #expect(try shown(samples.closeMonth) == "\(samples.closeMonth.title) · \(brand)")
        #expect(try shown(samples.points) == "x · \(brand)")
    }
}
