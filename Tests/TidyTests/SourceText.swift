/// A file of the tree as the rules see it: the whole text, and for Swift its code and its string literals apart.
struct SourceText: Sendable {
    /// From the package root, with `/`.
    let path: String
    let lines: [Substring]
    /// The code alone: comments and the contents of string literals are blanks, line for line.
    let code: [Substring]
    /// The contents of string literals alone, line for line.
    let literals: [Substring]

    init(path: String, text: String) {
        self.path = path
        let parted = path.hasSuffix(".swift") ? Parting(of: text) : Parting(plain: text)
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        code = parted.code.split(separator: "\n", omittingEmptySubsequences: false)
        literals = parted.literals.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// `Sources/Water/Time.swift` is of `Water`; nil outside Sources.
    var target: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }

    var isSwift: Bool { path.hasSuffix(".swift") && path != "Package.swift" }
    var isTest: Bool { path.hasPrefix("Tests/") }
}

/// Swift text taken apart into code and string literals; comments are in neither.
///
/// Knows nested block comments, raw strings, multi-line strings and interpolation, which is code. It does not know
/// regex literals.
private struct Parting {
    private var codeBytes: [UInt8] = []
    private var literalBytes: [UInt8] = []
    private let text: [UInt8]
    private var place = 0

    var code: String { String(decoding: codeBytes, as: UTF8.self) }
    var literals: String { String(decoding: literalBytes, as: UTF8.self) }

    init(plain: String) {
        text = []
        codeBytes = Array(plain.utf8)
    }

    init(of source: String) {
        text = Array(source.utf8)
        codeBytes.reserveCapacity(text.count)
        literalBytes.reserveCapacity(text.count)
        readCode(untilParenthesis: false)
    }

    private func starts(_ word: [UInt8], at index: Int) -> Bool {
        guard index + word.count <= text.count else { return false }
        for offset in word.indices where text[index + offset] != word[offset] { return false }
        return true
    }

    private enum Kind { case code, literal, comment }

    private mutating func take(_ kind: Kind, _ count: Int = 1) {
        for _ in 0..<count where place < text.count {
            let byte = text[place]
            codeBytes.append(byte == newline || kind == .code ? byte : blank)
            literalBytes.append(byte == newline || kind == .literal ? byte : blank)
            place += 1
        }
    }

    private mutating func readCode(untilParenthesis: Bool) {
        var depth = 0
        while place < text.count {
            let byte = text[place]
            if byte == slash, starts(lineComment, at: place) {
                while place < text.count, text[place] != newline { take(.comment) }
            } else if byte == slash, starts(blockOpening, at: place) {
                readBlockComment()
            } else if byte == quote || byte == hash, let hashes = openingHashes() {
                readString(hashes: hashes)
            } else {
                if byte == openParenthesis { depth += 1 }
                if byte == closeParenthesis {
                    if untilParenthesis, depth == 0 { return }
                    depth -= 1
                }
                take(.code)
            }
        }
    }

    private mutating func readBlockComment() {
        var depth = 0
        while place < text.count {
            if starts(blockOpening, at: place) {
                depth += 1
                take(.comment, 2)
            } else if starts(blockClosing, at: place) {
                depth -= 1
                take(.comment, 2)
                if depth == 0 { return }
            } else {
                take(.comment)
            }
        }
    }

    /// The number of `#` before a quotation mark here; nil where no string opens.
    private func openingHashes() -> Int? {
        var index = place
        while index < text.count, text[index] == hash { index += 1 }
        return index < text.count && text[index] == quote ? index - place : nil
    }

    private mutating func readString(hashes: Int) {
        let isMultiline = starts([quote, quote, quote], at: place + hashes)
        let quotes = Array(repeating: quote, count: isMultiline ? 3 : 1)
        let closing = quotes + Array(repeating: hash, count: hashes)
        let escape = [backslash] + Array(repeating: hash, count: hashes)
        take(.code, hashes + quotes.count)
        while place < text.count {
            if starts(closing, at: place) {
                take(.code, closing.count)
                return
            }
            if starts(escape + [openParenthesis], at: place) {
                take(.code, escape.count + 1)
                readCode(untilParenthesis: true)
            } else if starts(escape, at: place) {
                take(.literal, escape.count + 1)
            } else if text[place] == newline, !isMultiline {
                return
            } else {
                take(.literal)
            }
        }
    }
}

private let newline = UInt8(ascii: "\n")
private let blank = UInt8(ascii: " ")
private let slash = UInt8(ascii: "/")
private let quote = UInt8(ascii: "\"")
private let hash = UInt8(ascii: "#")
private let backslash = UInt8(ascii: "\\")
private let openParenthesis = UInt8(ascii: "(")
private let closeParenthesis = UInt8(ascii: ")")
private let lineComment = Array("//".utf8)
private let blockOpening = Array("/*".utf8)
private let blockClosing = Array("*/".utf8)
