import Foundation

/// The languages of the pages. Chinese is first and the default.
public enum Language: String, Sendable, Hashable, CaseIterable {
    case zh, en

    /// The `lang` attribute.
    var tag: String { self == .zh ? "zh-CN" : "en" }
    var other: Language { self == .zh ? .en : .zh }
}

/// Every word a person reads, in both languages. Read once, when the server starts.
public struct TextCatalogue: Sendable {
    private let texts: [Language: Texts]

    /// Reads `{"key": {"zh": "…", "en": "…"}}`; every key must have both.
    init(json: Data) throws {
        let entries = try JSONDecoder().decode([String: Entry].self, from: json)
        texts = [
            .zh: Texts(language: .zh, words: entries.mapValues(\.zh)),
            .en: Texts(language: .en, words: entries.mapValues(\.en)),
        ]
    }

    private struct Entry: Decodable {
        let zh: String
        let en: String
    }

    public subscript(language: Language) -> Texts { texts[language] ?? Texts(language: language, words: [:]) }
}

/// The words of one language.
public struct Texts: Sendable {
    public let language: Language
    /// By key, with `{name}` where a value goes, and `{name|point|points}` where a word goes by a count: the first where
    /// the value is 1, else the second.
    let words: [String: String]

    /// The words for `key` with its values put in. An unknown key shows itself, so that it cannot be missed.
    func callAsFunction(_ key: String, _ values: KeyValuePairs<String, String> = [:]) -> String {
        guard let found = words[key] else { return "⟦\(key)⟧" }
        // Before the values, in which such signs are somebody's own words.
        var text = found.contains("|") ? Texts.choosing(in: found, by: values) : found
        for (name, value) in values { text = text.replacingOccurrences(of: "{\(name)}", with: value) }
        return text
    }

    /// With the word of each count that is among the values.
    private static func choosing(in text: String, by values: KeyValuePairs<String, String>) -> String {
        var (chosen, rest) = ("", text[...])
        while let start = rest.firstIndex(of: "{"), let end = rest[start...].firstIndex(of: "}") {
            let forms = rest[rest.index(after: start)..<end].split(separator: "|", omittingEmptySubsequences: false)
            chosen += rest[..<start]
            if forms.count == 3, let value = values.first(where: { $0.key == forms[0] })?.value {
                chosen += value == "1" ? forms[1] : forms[2]
            } else {
                chosen += rest[start...end]
            }
            rest = rest[rest.index(after: end)...]
        }
        return chosen + rest
    }
}
