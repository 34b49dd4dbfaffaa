/// Words that say nothing about what a thing does. Source: the house rules, "What must not exist".
private let emptyWords: Set<String> = [
    "Util", "Utils", "Utilities", "Helper", "Helpers", "Common", "Core", "Misc", "Manager", "Impl", "Base",
]

let nameRules: [Rule] = [
    Rule(
        name: "no file or folder has a name without a purpose",
        covers: { $0.path.hasPrefix("Sources/") || $0.path.hasPrefix("Tests/") },
        breaches: { source in
            let parts = source.path.split(separator: "/").map { $0.prefix { $0 != "." } }
            return parts.filter { !emptyWords.isDisjoint(with: words(of: capitalised($0))) }
                .map { Breach(path: source.path, line: 1, what: "the name \($0)") }
        },
        bad: [
            Rule.Example("Sources/Water/TimeUtils.swift", ""), Rule.Example("Sources/Common/Time.swift", ""),
            Rule.Example("Sources/Web/core/Routes.swift", ""), Rule.Example("Tests/WebTests/Helpers.swift", ""),
        ],
        good: [
            Rule.Example("Sources/Database/DatabaseFailure.swift", ""), Rule.Example("Sources/Water/Score.swift", ""),
        ]
    ),
    Rule(
        name: "no type has a name without a purpose",
        covers: \.isSwift,
        breaches: { source in
            let declaration = #/\b(?:struct|class|enum|actor|protocol|typealias)\s+([A-Za-z_]\w*)/#.wordBoundaryKind(
                .simple)
            return source.code.enumerated().flatMap { index, line in
                line.matches(of: declaration).map(\.output.1).filter { !emptyWords.isDisjoint(with: words(of: $0)) }
                    .map { Breach(path: source.path, line: index + 1, what: "the name \($0)") }
            }
        },
        bad: [
            Rule.Example("Sources/Web/A.swift", "final class SessionManager {}"),
            Rule.Example("Sources/Web/A.swift", "public struct BaseStore {}"),
            Rule.Example("Tests/WebTests/A.swift", "private enum TestHelpers {}"),
        ],
        good: [
            Rule.Example("Sources/Web/A.swift", "struct Database { let files = FileManager.default } // class Manager")
        ]
    ),
]

/// The words of a name in camel case.
private func words(of name: some StringProtocol) -> Set<String> {
    var found: Set<String> = []
    var word = ""
    for character in name {
        if character.isUppercase || !character.isLetter {
            found.insert(word)
            word = ""
        }
        if character.isLetter { word.append(character) }
    }
    found.insert(word)
    return found
}

private func capitalised(_ name: Substring) -> String { name.prefix(1).uppercased() + name.dropFirst() }
