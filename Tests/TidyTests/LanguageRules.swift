let languageRules: [Rule] = [
    Rule(
        name: "nothing traps, races or hides by construction",
        covers: { $0.target != nil && $0.isSwift },
        breaches: { source in
            source.breaches(
                in: source.code,
                anyOf: ["try!", "fatalError(", "@unchecked Sendable", "nonisolated(unsafe)", "Task.detached", " as! "],
                "ruled out")
        },
        bad: [
            Rule.Example("Sources/Web/A.swift", "let a = try! f()"),
            Rule.Example("Sources/Web/A.swift", "fatalError(\"no\")"),
            Rule.Example("Sources/Web/A.swift", "final class A: @unchecked Sendable {}"),
            Rule.Example("Sources/Web/A.swift", "Task.detached { }"),
        ],
        good: [Rule.Example("Sources/Web/A.swift", "let a = try f() // never try!\nlet b = \"fatalError(\"")]
    ),
    Rule(
        name: "no singleton",
        covers: { $0.target != nil && $0.isSwift },
        breaches: { source in
            source.breaches(
                in: source.code, #/\bstatic\s+(?:let|var)\s+(?:shared|instance|current|default)\b/#, "a singleton")
        },
        bad: [Rule.Example("Sources/Web/A.swift", "public static let shared = Session()")],
        good: [Rule.Example("Sources/Web/A.swift", "static let template = \"desk\"")]
    ),
    Rule(
        name: "an error's cause is not thrown away below the edge",
        covers: { source in
            source.isSwift && (source.target.map { !["jieshui", "Bench", "Web", "Exporters"].contains($0) } ?? false)
        },
        breaches: { source in source.breaches(in: source.code, #/\btry\?/#, "a cause that is hidden") },
        bad: [Rule.Example("Sources/Storage/A.swift", "let a = try? read()")],
        good: [Rule.Example("Sources/Storage/A.swift", "let a = try read()")]
    ),
    Rule(
        name: "tests run, do not sleep and are not timed",
        covers: { $0.isTest && $0.isSwift },
        breaches: { source in
            source.breaches(
                in: source.code,
                #/\.(?:disabled|timeLimit)\(|\bXCTSkip\b|\bwithKnownIssue\b|(?:Thread|Task)\.sleep|\bu?sleep\([\da-z]/#,
                "a test that does not run, that sleeps or is timed")
        },
        bad: [
            Rule.Example("Tests/WebTests/A.swift", "@Test(.disabled(\"later\")) func a() {}"),
            Rule.Example("Tests/WebTests/A.swift", "try await Task.sleep(for: .seconds(1))"),
            Rule.Example("Tests/WebTests/A.swift", "@Test(.timeLimit(.minutes(1))) func a() {}"),
        ],
        good: [Rule.Example("Tests/WebTests/A.swift", "@Test func `a claim`() {} // Task.sleep")]
    ),
]
