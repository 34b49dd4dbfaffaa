// The words and places below are written in halves, so that this file keeps its own rules.
private let unfinishedWords = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
private let machinePlaces = [
    "/wo" + "rk/", "/ho" + "me/", "/ro" + "ot/", "/Us" + "ers/", "/tm" + "p/dev", "/mn" + "t/",
]

let textRules: [Rule] = [
    Rule(
        name: "nothing is left for later in the tree",
        covers: { _ in true },
        breaches: { source in
            source.lines.enumerated().flatMap { index, line in
                line.split { !$0.isLetter }.map(String.init).filter(unfinishedWords.contains)
                    .map { Breach(path: source.path, line: index + 1, what: "unfinished: \($0)") }
            }
        },
        bad: [
            Rule.Example("Sources/Web/A.swift", "// \("TO" + "DO"): the rest"),
            Rule.Example("scripts/test", "# \("FIX" + "ME")"),
        ],
        good: [Rule.Example("Sources/Web/A.swift", "// METHODOLOGY and XXXL")]
    ),
    Rule(
        name: "no path of one machine is written down",
        covers: { _ in true },
        breaches: { source in source.breaches(in: source.lines, anyOf: machinePlaces, "a machine's path") },
        bad: [
            Rule.Example("Tests/WebTests/A.swift", "let data = \"\("/wo" + "rk/")shared\""),
            Rule.Example("README.md", "cd \("/ho" + "me/")me"),
        ],
        good: [
            Rule.Example("README.md", "cd ../shared and /var/lib/jieshui; network/home.html; https://a.example/root")
        ]
    ),
    Rule(
        name: "texts end with one newline and hold no tab, carriage return or trailing blank",
        covers: { !$0.path.hasPrefix("Sources/CCurl/") },
        breaches: { source in
            let blank = source.lines.enumerated().filter { _, line in
                line.last == " " || line.contains("\t") || line.contains("\r")
            }.map { Breach(path: source.path, line: $0.offset + 1, what: "a tab, carriage return or trailing blank") }
            let isEmpty = source.lines.allSatisfy(\.isEmpty)
            let ends = isEmpty || (source.lines.last?.isEmpty == true && source.lines.dropLast().last?.isEmpty == false)
            return blank
                + (ends ? [] : [Breach(path: source.path, line: source.lines.count, what: "the end of the text")])
        },
        bad: [
            Rule.Example("README.md", "a \n"), Rule.Example("README.md", "a"), Rule.Example("README.md", "a\n\n"),
            Rule.Example("README.md", "\ta\n"),
        ],
        good: [Rule.Example("README.md", "a\n\nb\n")]
    ),
]
