import Foundation
import Water

/// A text that is told once and kept only as its hash. It prints itself redacted; `text` is the deliberate way out.
public struct Secret: Sendable, Hashable {
    public let text: String

    public init(_ text: String) { self.text = text }

    /// SHA-256 of the text, hex: enough for secrets of 256 random bits.
    public var hash: String { sha256Hex(Array(text.utf8)) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "[secret]" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension Secret {
    /// A gateway's bearer key: `jsg_` and 32 random bytes.
    public static func gatewayKey(using random: inout some RandomNumberGenerator) -> Secret {
        Secret("jsg_" + base64URL(randomBytes(32, using: &random)))
    }

    /// A session's token or a form's token: 32 random bytes.
    public static func token(using random: inout some RandomNumberGenerator) -> Secret {
        Secret(base64URL(randomBytes(32, using: &random)))
    }

    /// A password for a member of staff to change or keep: 4 groups of 5, about 98 bits.
    public static func password(using random: inout some RandomNumberGenerator) -> Secret {
        let groups = (0..<4).map { _ in handCode(5, using: &random) }
        return Secret(groups.joined(separator: "-"))
    }

    /// A code that people read and type: 8 characters of 30 without look-alikes, about 39 bits.
    public static func handCode(using random: inout some RandomNumberGenerator) -> Secret {
        Secret(handCode(8, using: &random))
    }

    private static func handCode(_ length: Int, using random: inout some RandomNumberGenerator) -> String {
        let letters = Array(HandCode.letters)
        return String((0..<length).map { _ in letters[Int.random(in: 0..<letters.count, using: &random)] })
    }
}

/// How codes typed by hand are read.
public enum HandCode {
    /// No 0, 1, I, L, O or U.
    public static let letters = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

    /// The code a person meant: full-width forms and small letters folded, blanks and hyphens left out. nil where
    /// anything else is in it or it is not 8 long.
    public static func read(_ text: String) -> Secret? {
        guard text.utf8.count <= 100 else { return nil }
        var code = ""
        for scalar in text.unicodeScalars {
            // U+FF01–U+FF5E are the full-width forms of ! to ~.
            let folded = (0xFF01...0xFF5E).contains(scalar.value) ? scalar.value - 0xFEE0 : scalar.value
            guard let plain = Unicode.Scalar(folded) else { return nil }
            let character = Character(plain)
            if character.isWhitespace || character == "-" || character == "·" { continue }
            code += character.uppercased()
        }
        guard code.count == 8, code.allSatisfy({ letters.contains($0) }) else { return nil }
        return Secret(code)
    }

    /// The code as it is printed: `ABCD-EFGH`.
    public static func printed(_ code: Secret) -> String { "\(code.text.prefix(4))-\(code.text.dropFirst(4))" }
}

func randomBytes(_ count: Int, using random: inout some RandomNumberGenerator) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
}

private func base64URL(_ bytes: [UInt8]) -> String {
    String(
        Data(bytes).base64EncodedString().compactMap { character -> Character? in
            switch character {
            case "+": "-"
            case "/": "_"
            case "=": nil
            default: character
            }
        })
}
