import Foundation
import Ledger
import Metering
import Operations
import Scoring
import Tariffs
import Testing
import Water

@testable import Web

struct PageTests {
    let library: PageLibrary

    init() throws { library = try PageLibrary() }

    /// Every text a page carries, at any depth.
    private func texts(in value: Any) -> [String] {
        if let text = value as? String { return [text] }
        return Mirror(reflecting: value).children.flatMap { texts(in: $0.value) }
    }

    /// Every name a template could ask for.
    private func names(in value: Any) -> Set<String> {
        Mirror(reflecting: value).children.reduce(into: []) { found, child in
            if let label = child.label { found.insert(label) }
            found.formUnion(names(in: child.value))
        }
    }

    private func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
    }

    @Test(arguments: Language.allCases)
    func `every text of a page is shown`(_ language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        for (name, page, path, isStaff) in samples.all where !name.hasPrefix("statement-") {
            let html = library.render(page, in: samples.frame(name, path: path, isStaff: isStaff))
            for text in texts(in: page) where !text.isEmpty {
                let isShown = html.contains(escaped(text)) || html.contains(text)
                #expect(isShown, "\(name) does not show \(text)")
            }
            #expect(!html.contains("⟦"), "\(name) lacks a text")
            #expect(html.firstMatch(of: /\{[a-z_]+[}|]/) == nil, "\(name) lacks a value")
            if let output = ProcessInfo.processInfo.environment["PAGE_SAMPLES"] {
                try write(html, name: "\(name)-\(language.rawValue)", to: output)
            }
        }
    }

    @Test func `a page without rank or points says why`() throws {
        let samples = try Samples(library.catalogue[.zh])
        let html = library.render(samples.unranked, in: samples.frame("statement", path: "/", isStaff: false))
        #expect(html.contains(samples.texts("unranked_unknown_persons")))
        #expect(!html.contains("⟦"))
        if let output = ProcessInfo.processInfo.environment["PAGE_SAMPLES"] {
            try write(html, name: "statement-unranked-zh", to: output)
        }
    }

    @Test(arguments: Language.allCases)
    func `a withdrawn statement speaks of no water, bill or comparison, and says what is taken back`(
        language: Language
    ) throws {
        let samples = try Samples(library.catalogue[language])
        var statement = samples.unrankedValue(.notLivedIn)
        let corrected = samples.statementValue()
        statement.billing = .refused(.notLivedIn)
        statement.sentence = Sentence(.notLivedIn, [])
        (statement.use.measuredLitres, statement.use.estimatedLitres, statement.use.missingHours) = (0, 0, 0)
        statement.use.days = statement.use.days.map { DayUse(day: $0.day, litres: nil, state: .missing) }
        statement.correction = Correction(
            of: corrected, hash: "0",
            changes: [HomeChange(cause: .occupancy, serial: "", at: .init(epochSeconds: 0), register: .zero)],
            monthStart: .init(epochSeconds: 0))
        let page = samples.page(statement)
        let html = library.render(page, in: samples.frame("statement", path: "/", isStaff: false))
        let t = samples.texts
        #expect(page.sentence == t("sentence_not_lived_in"))
        #expect(html.contains(t("cause_occupancy")) && html.contains(t("unranked_short_not_lived_in")))
        for part in ["days-h", "bill-h", "compare-h", "do-h", "room-h"] {
            #expect(!html.contains("id=\"\(part)\""), "\(part)")
        }
        let before = try #require(corrected.bill?.total)
        let lines = try #require(page.correction?.lines)
        #expect(lines.contains(t("correction_bill_withdrawn", ["before": t.yuan(before)])))
        // Nothing of water that is none, nor of a tariff that is not applied.
        #expect(!lines.contains { $0.contains(t.litres(0)) || $0.contains(t.litres(corrected.use.litres)) })
        #expect(!html.contains(t("about_by_tariff")) && !html.contains("<dt>\(t("fact_use"))</dt>"))
        #expect(page.quality == [t("unranked_not_lived_in")])
        let rows = ExplainPage(statement, texts: t).rows
        #expect(!rows.isEmpty && !rows.contains { $0.figure == t.litres(0) })
        for refusal in BillRefusal.allCases { #expect(t.words["bill_none_\(refusal.rawValue)"] != nil) }
        for reason in UnrankedReason.allCases { #expect(t.words["unranked_\(reason.rawValue)"] != nil) }
    }

    @Test(arguments: Language.allCases)
    func `where the version before was of a month not lived in no use is set against none`(language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        let t = samples.texts
        var withdrawn = samples.unrankedValue(.notLivedIn)
        withdrawn.billing = .refused(.notLivedIn)
        (withdrawn.use.measuredLitres, withdrawn.use.estimatedLitres) = (0, 0)
        var statement = samples.statementValue()
        let occupied = HomeChange(cause: .occupancy, serial: "", at: .init(epochSeconds: 0), register: .zero)
        statement.correction = Correction(
            of: withdrawn, hash: "0", changes: [occupied], monthStart: .init(epochSeconds: 0))
        let bill = try #require(statement.bill)
        let lines = try #require(samples.page(statement).correction?.lines)
        #expect(!lines.contains { $0.contains(t.litres(0)) })
        #expect(lines.contains(t("correction_bill_new", ["now": t.yuan(bill.total)])))
        // 0 litres with a bill are what was measured.
        withdrawn.billing = statement.billing
        let late = HomeChange(cause: .lateReading, serial: "", at: .init(epochSeconds: 0), register: .zero)
        statement.correction = Correction(of: withdrawn, hash: "0", changes: [late], monthStart: .init(epochSeconds: 0))
        #expect(samples.page(statement).correction?.lines.contains { $0.contains(t.litres(0)) } == true)
    }

    @Test(arguments: Language.allCases)
    func `a cost that is not known is not said to be reckoned by the tariff`(language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        var statement = samples.statementValue()
        func html() -> String {
            library.render(samples.page(statement), in: samples.frame("statement", path: "/", isStaff: false))
        }
        #expect(html().contains(samples.texts("about_by_tariff")))
        statement.billing = .refused(.outsideValidity)
        #expect(!html().contains(samples.texts("about_by_tariff")))
    }

    @Test(arguments: Language.allCases)
    func `every calculation goes by a name of the catalogue`(_ language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        for row in ExplainPage(samples.statementValue(), texts: samples.texts).rows {
            #expect(row.name.firstMatch(of: /^[a-z_]+\./) == nil, "\(row.name)")
        }
    }

    @Test func `an answer stands under the objection that it answers`() throws {
        let entries = try Samples(library.catalogue[.zh]).deskObjection.entries
        #expect(entries.map(\.words) == ["登记的人口不对", "已改", "这个月没有住"])
    }

    @Test(arguments: Language.allCases)
    func `a month without a gap of a home that moved is not said to lack readings`(_ language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        let t = samples.texts
        var statement = samples.statementValue()
        statement.use.missingHours = 0
        statement.quality.isPartial = true
        let page = samples.page(statement)
        let usual = try #require(page.analysis?.usual)
        #expect(usual.contains(t("baseline_not_lived")) && !usual.contains(t("baseline_not_whole")))
        let covered = t("quality_covered", ["percent": "93", "required": "90"])
        #expect(!page.quality.contains(covered))
        #expect(samples.statement.quality.contains(covered))
        statement.use.missingHours = 1
        #expect(samples.page(statement).analysis?.usual.contains(t("baseline_not_whole")) == true)
    }

    @Test(arguments: Language.allCases)
    func `a shared meter's flow is no home's own in the first sentence either`(_ language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        var statement = samples.statementValue()
        statement.sentence = Sentence(.leak, [])
        let shared = samples.texts("sentence_leak_shared")
        #expect(!samples.page(statement).sentence.contains(shared))
        statement.leaks = statement.leaks.map {
            ContinuousFlow(from: $0.from, to: $0.to, litresPerHour: $0.litresPerHour, shareMillionths: 400_000)
        }
        #expect(samples.page(statement).sentence.contains(shared))
    }

    @Test func `how a month is estimated is offered only where it is`() throws {
        let samples = try Samples(library.catalogue[.zh])
        let frame = samples.frame("statement", path: "/", isStaff: false)
        var surroundings = samples.surroundings
        func html() -> String {
            library.render(
                StatementPage(
                    samples.statementValue(), surroundings, calendar: samples.calendar, texts: samples.texts),
                in: frame)
        }
        #expect(html().contains(samples.texts("outlook_how_open")))
        surroundings.outlook?.forecast = nil
        #expect(html().contains("outlook-h") && !html().contains(samples.texts("outlook_how_open")))
    }

    @Test(arguments: Language.allCases)
    func `a home whose tariff has no tiers is told of none`(_ language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        let line = BillLine(
            name: "base", tier: nil, litres: 8_730, priceYuanPerM3: ExactDecimal(scaled: 240, decimals: 2),
            amount: Money(fen: 2_095))
        let part = BillPart(
            Bill(
                lines: [line], total: Money(fen: 2_095), assumptions: [], persons: 3, boundsLitres: [], tier: 1,
                litresToNextTier: nil), texts: samples.texts)
        #expect(part.position == samples.texts("tier_none") && part.tiers.isEmpty && part.lines.count == 1)
    }

    @Test func `where no benchmark is published the room down to the median is shown`() throws {
        let samples = try Samples(library.catalogue[.zh])
        var statement = samples.statementValue()
        statement.headroom = nil
        statement.analysis?.toMedian?.litres = 2_222
        statement.analysis?.toMedian?.saving = Money(fen: 753)
        let frame = samples.frame("statement", path: "/", isStaff: false)
        let html = library.render(samples.page(statement), in: frame)
        #expect(html.components(separatedBy: "id=\"room-h\"").count == 2 && html.contains("7.53"))
    }

    @Test func `where readings do not join at a change of meter its day is told`() throws {
        let samples = try Samples(library.catalogue[.zh])
        var statement = samples.statementValue()
        let lines = samples.page(statement).quality
        statement.quality.unjoinedOn = [samples.month.firstDay.advanced(by: 19)]
        let found = samples.page(statement).quality.filter { !lines.contains($0) }
        #expect(found.count == 1 && found[0].contains("20"), "\(found)")
    }

    @Test func `where the number of persons changed the bill says since when each holds`() throws {
        let samples = try Samples(library.catalogue[.zh])
        let basis = samples.statement.basis
        #expect(basis.contains { $0.contains("2026-10-01") && $0.contains("2") && $0.contains("3") }, "\(basis)")
        var statement = samples.statementValue()
        statement.analysis?.sizes = []
        #expect(samples.page(statement).basis.count == basis.count - 1)
    }

    private func write(_ html: String, name: String, to folder: String) throws {
        let local = html.replacing("/assets/", with: "")
        try local.write(toFile: "\(folder)/\(name).html", atomically: true, encoding: .utf8)
    }

    @Test func `every name in a template is a name of its page or a text`() throws {
        let samples = try Samples(library.catalogue[.zh])
        let frame = samples.frame("desk", path: "/staff/desk", isStaff: true)
        let words = Set(samples.texts.words.keys)
        let frameNames = names(in: frame.forTemplate).union(["frame", "page", "t", "."])
        for name in PageLibrary.templates {
            let pages = samples.all.filter { type(of: $0.page).template == name }.map(\.page)
            let known = (pages.isEmpty ? samples.all.map(\.page) : pages).reduce(into: frameNames) {
                $0.formUnion(names(in: $1))
            }
            for tag in try tags(of: name) {
                if tag.hasPrefix("t.") {
                    #expect(words.contains(String(tag.dropFirst(2))), "\(name): \(tag)")
                } else {
                    for part in tag == "." ? [tag] : tag.split(separator: ".").map(String.init) {
                        let isKnown = known.contains(part)
                        #expect(isKnown, "\(name): \(tag)")
                    }
                }
            }
        }
    }

    private func template(_ name: String) throws -> String {
        let source = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        return try String(
            contentsOf: source.appendingPathComponent("../../Sources/Web/Templates/\(name).mustache"), encoding: .utf8)
    }

    private func tags(of name: String) throws -> [String] {
        try template(name).matches(of: /\{\{[#^]?([A-Za-z_.0-9]+)\}\}/).map { String($0.1) }
    }

    @Test func `no template holds words of its own`() throws {
        for name in PageLibrary.templates {
            let bare = try template(name).replacing(/\{\{[^}]*\}\}/, with: "").replacing(/<[^>]*>/, with: "")
            let words = bare.matches(of: /[A-Za-z\u{3400}-\u{9fff}]{2,}/).map { String($0.0) }
            #expect(words.isEmpty, "\(name): \(words)")
            for attribute in try template(name).matches(of: /(?:title|aria-label|placeholder|alt)="([^"]*)"/) {
                #expect(attribute.1.hasPrefix("{{"), "\(name): \(attribute.1)")
            }
        }
    }

    @Test func `every text is in both languages with the same values`() throws {
        let zh = library.catalogue[.zh].words
        let en = library.catalogue[.en].words
        #expect(Set(zh.keys) == Set(en.keys))
        for (key, text) in zh {
            let other = try #require(en[key])
            #expect(!text.isEmpty && !other.isEmpty, "\(key)")
            let values = { (text: String) in Set(text.matches(of: /\{[a-z]+\}/).map { String($0.0) }) }
            #expect(values(text) == values(other), "\(key)")
        }
    }

    /// The module's own sources, joined.
    private func sources() throws -> String {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("../../Sources/Web")
        let files = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".swift") }
        return try files.map { try String(contentsOf: root.appendingPathComponent($0), encoding: .utf8) }.joined()
    }

    @Test func `every text that code names exists, and every text is named somewhere`() throws {
        let words = Set(library.catalogue[.zh].words.keys)
        let code = try sources()
        for match in code.matches(of: /\b(?:t|texts|words)[\(\[]\s*"([a-z_0-9]+)"/) {
            #expect(words.contains(String(match.1)), "\(match.1)")
        }
        var named = Set(code.matches(of: /"([a-z_0-9]+)"/).map { String($0.1) })
        for name in PageLibrary.templates {
            named.formUnion(try tags(of: name).filter { $0.hasPrefix("t.") }.map { String($0.dropFirst(2)) })
        }
        let beginnings = code.matches(of: /"([a-z]+_(?:[a-z]+_)*)\\\(/).map { String($0.1) }
        for key in words {
            let bare = key.replacing(/_(body|unknown|not)$/, with: "")
            let isNamed = named.contains(key) || named.contains(bare) || beginnings.contains { key.hasPrefix($0) }
            #expect(isNamed, "nothing uses \(key)")
        }
    }

    @Test func `every word of the domain has a text`() {
        let words = library.catalogue[.zh].words
        let keys =
            FindingKind.allCases.map { "finding_\($0.rawValue)" } + AlertCode.allCases.map { "alert_\($0.rawValue)" }
            + (1...12).map { "month_\($0)" } + UnrankedReason.allCases.map { "unranked_\($0.rawValue)" }
            + UnrankedReason.allCases.map { "unranked_short_\($0.rawValue)" }
            + Sentence.Code.allCases.map { "sentence_\($0.rawValue)" }
            + BillAssumption.allCases.map { "assumption_\($0.rawValue)" }
            + TransferKind.allCases.map { "transfer_\($0.rawValue)" }
            + Explanation.Rule.allCases.map { "explain_\($0.rawValue)" }
            + AnomalyKind.allCases.map { "anomaly_\($0.rawValue)" }
            + QualityRule.allCases.map { "verdict_\($0.rawValue)" } + (0...4).map { "quality_code_\($0)" }
            + EditAction.allCases.map { "edit_\($0.rawValue)" }
            + EditRefusal.allCases.map { "edit_refused_\($0.rawValue)" }
            + HomeChange.Cause.allCases.map { "cause_\($0.rawValue)" }
            + Analysis.SavingAction.Kind.allCases.flatMap { ["action_\($0.rawValue)", "action_\($0.rawValue)_why"] }
            + Analysis.LimitWarning.Limit.allCases.map { "limit_\($0.rawValue)" }
            + Analysis.LimitWarning.Level.allCases.map { "warning_\($0.rawValue)" }
            + Analysis.Baseline.Kind.allCases.map { "baseline_\($0.rawValue)" } + (1...7).map { "weekday_\($0)" }
        for key in keys { #expect(words[key] != nil, "\(key)") }
    }

    @Test func `no page loads, styles or scripts beyond our own sheet`() throws {
        let samples = try Samples(library.catalogue[.zh])
        for (name, page, path, isStaff) in samples.all {
            let html = library.render(page, in: samples.frame(name, path: path, isStaff: isStaff))
            #expect(!html.contains("<script") && !html.contains("style=") && !html.contains("<style"), "\(name)")
            #expect(!html.contains("src="), "\(name)")
            for form in html.split(separator: "<form").dropFirst() where form.contains("method=\"post\"") {
                #expect(form.contains("csrf-sentinel"), "\(name)")
            }
        }
    }

    @Test func `what a person typed is escaped`() throws {
        let samples = try Samples(library.catalogue[.zh])
        let page = ResidentSignInPage(number: "\"><script>alert(1)</script>")
        let html = library.render(page, in: samples.frame("resident-sign-in", path: "/sign-in", isStaff: false))
        #expect(!html.contains("<script>"))
    }

    @Test(arguments: [
        ("/statement", "/statement?lang=en"),
        ("/statements/2026-10?version=2", "/statements/2026-10?version=2&lang=en"),
        ("/points?lang=zh", "/points?lang=en"),
    ])
    func `the language switch keeps the page`(_ path: String, _ expected: String) throws {
        let samples = try Samples(library.catalogue[.zh])
        #expect(samples.frame("x", path: path, isStaff: false).forTemplate.languageHref == expected)
    }
}
