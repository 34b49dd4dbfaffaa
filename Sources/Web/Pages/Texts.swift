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
    /// By key, with `{name}` where a value goes.
    let words: [String: String]

    /// The words for `key` with its values put in. An unknown key shows itself, so that it cannot be missed.
    func callAsFunction(_ key: String, _ values: KeyValuePairs<String, String> = [:]) -> String {
        guard var text = words[key] else { return "⟦\(key)⟧" }
        for (name, value) in values { text = text.replacingOccurrences(of: "{\(name)}", with: value) }
        return text
    }
}
