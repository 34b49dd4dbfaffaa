import Testing

/// One rule of the house that a machine can check, with a text that breaks it and one that keeps it.
struct Rule: Sendable, CustomTestStringConvertible {
    let name: String
    let covers: @Sendable (SourceText) -> Bool
    let breaches: @Sendable (SourceText) -> [Breach]
    /// Each must give at least one breach.
    let bad: [Example]
    /// Each must give none.
    let good: [Example]

    var testDescription: String { name }

    struct Example: Sendable {
        let path: String
        let text: String

        init(_ path: String, _ text: String) {
            self.path = path
            self.text = text
        }
    }

    func check(_ source: SourceText) -> [Breach] { covers(source) ? breaches(source) : [] }
}

struct Breach: Sendable, CustomStringConvertible {
    let path: String
    let line: Int
    let what: String

    var description: String { "\(path):\(line): \(what)" }
}

extension SourceText {
    /// A breach for each line of `part` in which the pattern is found.
    func breaches(
        in part: [Substring], _ pattern: Regex<Substring>, _ what: String
    ) -> [Breach] {
        // A full stop ends a word: the default boundary would read `Date.now` as one.
        let pattern = pattern.wordBoundaryKind(.simple)
        return part.enumerated().compactMap { index, line in
            line.contains(pattern) ? Breach(path: path, line: index + 1, what: what) : nil
        }
    }

    /// A breach for each line of `part` that holds one of the words, which stand there letter for letter.
    func breaches(in part: [Substring], anyOf words: [String], _ what: String) -> [Breach] {
        part.enumerated().flatMap { index, line in
            words.filter { line.contains($0) }.map { Breach(path: path, line: index + 1, what: "\(what): \($0)") }
        }
    }
}

let allRules: [Rule] = nameRules + importRules + edgeRules + languageRules + textRules + shapeRules + documentationRules
