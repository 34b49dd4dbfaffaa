import Testing
import Water

@testable import Web

struct TextTests {
    let library: PageLibrary

    init() throws { library = try PageLibrary() }

    @Test func `an English word goes by its count`() {
        let t = library.catalogue[.en]
        #expect([0, 1, 2, 1_001].map { t.points(Points($0)) } == ["0 points", "1 point", "2 points", "1,001 points"])
        let cases: [(String, KeyValuePairs<String, String>, String)] = [
            ("held_summary", ["meters": "1", "readings": "2"], "1 meter, 2 readings"),
            ("held_summary", ["meters": "2", "readings": "1"], "2 meters, 1 reading"),
            ("objection_waiting", ["n": "1"], "1 day"), ("objection_waiting", ["n": "11"], "11 days"),
            ("quality_missing", ["hours": "1"], "1 hour has no data; missing is never counted as zero."),
            ("persons_count", ["n": "1"], "1 person"), ("persons_count", ["n": "4"], "4 persons"),
        ]
        for (key, values, words) in cases { #expect(t(key, values) == words) }
        #expect(library.catalogue[.zh].points(Points(1)) == "1 分")
    }

    @Test(arguments: Language.allCases)
    func `columns of registers name their unit`(language: Language) throws {
        let samples = try Samples(library.catalogue[language])
        let unit = language == .zh ? "（立方米）" : "(m³)"
        let keys = ["register", "register_before"]
        #expect(keys.allSatisfy { samples.texts($0).hasSuffix(unit) })
        for (name, page, path, isStaff) in samples.all where ["held", "alerts", "readings"].contains(name) {
            let html = library.render(page, in: samples.frame(name, path: path, isStaff: isStaff))
            #expect(html.contains("\(samples.texts("register"))</th>"), "\(name)")
        }
    }

    @Test func `what somebody typed is no form of words`() {
        for language in Language.allCases {
            let t = library.catalogue[language]
            let typed = t("note_line", ["what": "1", "words": "{what|a|b}"])
            #expect(typed.hasSuffix("{what|a|b}"))
        }
    }

    @Test func `every form of words names a count and both of its words, and Chinese has none`() {
        let (zh, en) = (library.catalogue[.zh].words, library.catalogue[.en].words)
        var forms = 0
        for (key, text) in en where text.contains("|") {
            for match in text.matches(of: /\{([^{}]*\|[^{}]*)\}/) {
                let parts = match.1.split(separator: "|", omittingEmptySubsequences: false)
                #expect(parts.count == 3 && parts[0].wholeMatch(of: /[a-z]+/) != nil, "\(key)")
                #expect(parts[1] != parts[2], "\(key)")
                forms += 1
            }
            #expect(text.replacing(/\{[^{}]*\}/, with: "").contains("|") == false, "\(key)")
        }
        #expect(forms > 30)
        #expect(zh.values.allSatisfy { !$0.contains("|") })
    }
}
