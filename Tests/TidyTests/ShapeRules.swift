private let longestFile = 400
private let longestFunction = 60

let shapeRules: [Rule] = [
    Rule(
        name: "a file has at most 400 lines",
        covers: { $0.isSwift || $0.path.hasPrefix("scripts/") },
        breaches: { source in
            let count = source.lines.count - (source.lines.last?.isEmpty == true ? 1 : 0)
            return count > longestFile ? [Breach(path: source.path, line: count, what: "\(count) lines")] : []
        },
        bad: [Rule.Example("Sources/Web/A.swift", String(repeating: "let a = 1\n", count: 401))],
        good: [Rule.Example("Sources/Web/A.swift", String(repeating: "let a = 1\n", count: 400))]
    ),
    Rule(
        name: "a function has at most 60 lines",
        covers: \.isSwift,
        breaches: { source in
            source.functions.filter { $0.lines > longestFunction }
                .map { Breach(path: source.path, line: $0.line, what: "a function of \($0.lines) lines") }
        },
        bad: [
            Rule.Example("Sources/Web/A.swift", "func f(\n) {\n" + String(repeating: "    g()\n", count: 60) + "}\n"),
            Rule.Example(
                "Sources/Web/A.swift", "init() {\n" + String(repeating: "    if a { b() }\n", count: 60) + "}\n"),
        ],
        good: [
            Rule.Example("Sources/Web/A.swift", "func f() {\n" + String(repeating: "    g()\n", count: 58) + "}\n"),
            Rule.Example(
                "Sources/Web/A.swift",
                "protocol A {\n    func f()\n}\nstruct B {\n" + String(repeating: "    let a = 1\n", count: 80) + "}\n"),
        ]
    ),
]

extension SourceText {
    /// The functions and initialisers that have a body: first line, and lines from there to the closing brace.
    var functions: [(line: Int, lines: Int)] {
        let opening = #/^\s*(?:(?:@\w+(?:\([^)]*\))?|\w+(?:\(set\))?)\s+)*?(?:func\s+\S|init[?<(])/#
        var found: [(line: Int, lines: Int)] = []
        for (index, line) in code.enumerated() where line.contains(opening) {
            if let end = bodyEnd(from: index) { found.append((index + 1, end - index + 1)) }
        }
        return found
    }

    /// The line of the brace that closes the first one opened from `start`; nil for a requirement without a body.
    private func bodyEnd(from start: Int) -> Int? {
        var braces = 0
        var parentheses = 0
        var opened = false
        for index in start..<code.count {
            for character in code[index] {
                switch character {
                case "(", "[": parentheses += 1
                case ")", "]": parentheses -= 1
                case "{" where opened || parentheses == 0:
                    braces += 1
                    opened = true
                case "}" where opened || parentheses == 0:
                    guard opened else { return nil }
                    braces -= 1
                    if braces == 0 { return index }
                default: break
                }
            }
            // A requirement ends with its line; a body may open some lines below only inside an open signature.
            let next = index + 1 < code.count ? code[index + 1].drop(while: \.isWhitespace) : ""
            let continues =
                next.hasPrefix("{") || next.hasPrefix("->") || next.hasPrefix("where") || next.hasPrefix("async")
                || next.hasPrefix("throws")
            if !opened, parentheses == 0, !continues { return nil }
        }
        return nil
    }
}
