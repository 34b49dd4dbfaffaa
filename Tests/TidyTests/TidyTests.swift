import Testing

@Suite struct TidyTests {
    @Test(arguments: allRules)
    func `the tree keeps the rule`(_ rule: Rule) throws {
        let breaches = try Tree.texts.get().flatMap { rule.check($0) }
        #expect(breaches.isEmpty, "\(rule.name)\n\(breaches.map(\.description).joined(separator: "\n"))")
    }

    @Test func `the whole tree is read`() throws {
        let paths = try Tree.texts.get().map(\.path)
        for path in ["Package.swift", "Sources/Water/Time.swift", "Tests/TidyTests/Rule.swift", "scripts/test"] {
            #expect(paths.contains(path))
        }
        #expect(Set(paths).count == paths.count)
    }

    @Test func `rules have different names`() {
        #expect(Set(allRules.map(\.name)).count == allRules.count)
    }

    @Test(arguments: allRules)
    func `a rule fires on a text that breaks it`(_ rule: Rule) {
        #expect(!rule.bad.isEmpty)
        for example in rule.bad {
            let found = rule.check(SourceText(path: example.path, text: example.text))
            #expect(!found.isEmpty, "\(rule.name) lets pass \(example.path):\n\(example.text)")
        }
    }

    @Test(arguments: allRules)
    func `a rule is silent on a text that keeps it`(_ rule: Rule) {
        #expect(!rule.good.isEmpty)
        for example in rule.good {
            let found = rule.check(SourceText(path: example.path, text: example.text))
            #expect(found.isEmpty, "\(rule.name) refuses \(found)")
        }
    }

    @Test func `code, literals and comments are told apart`() {
        let source = SourceText(
            path: "Sources/Water/A.swift",
            text: ##"""
                let a = "one \(two("three")) four" // five
                /* six /* seven */ eight */ let b = #"nine \(ten) "eleven" "#
                let c = """
                    twelve " \(thirteen)
                    """
                """##)
        #expect(
            source.code.joined(separator: "\n").split { !$0.isLetter } == [
                "let", "a", "two", "let", "b", "let", "c", "thirteen",
            ])
        #expect(
            source.literals.joined(separator: "\n").split { !$0.isLetter } == [
                "one", "three", "four", "nine", "ten", "eleven", "twelve",
            ])
        #expect(source.code.count == source.lines.count)
        #expect(source.literals.count == source.lines.count)
    }
}
