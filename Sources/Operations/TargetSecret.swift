import Foundation

/// A target's signing secret as the database keeps it: sealed where there is a key for it, otherwise as it is.
///
/// Kept are `whsec_` and base64, or `sealed:` and the base64 of what `SealKey` made of that. A secret from before there was
/// a key stays as it is until it is rotated, and signs as ever.
public enum TargetSecret {
    private static let mark = "sealed:"

    /// What is to be kept of a secret of the target of this name.
    public static func kept(
        _ secret: Secret, of target: String, under key: SealKey?, using random: inout some RandomNumberGenerator
    ) throws -> Secret {
        guard let key else { return secret }
        let sealed = try key.seal(Array(secret.text.utf8), for: .target(name: target), using: &random)
        return Secret(mark + Data(sealed).base64EncodedString())
    }

    /// Whether what is kept of a secret is sealed.
    public static func isSealed(_ kept: String) -> Bool { kept.hasPrefix(mark) }

    /// The secret that signs.
    ///
    /// - Throws: `SealFault.notOpened` where it is sealed and `key` is another, or nil.
    public static func opened(_ kept: String, of target: String, under key: SealKey?) throws(SealFault) -> Secret {
        guard isSealed(kept) else { return Secret(kept) }
        guard let key, let sealed = Data(base64Encoded: String(kept.dropFirst(mark.count))) else { throw .notOpened }
        return Secret(String(decoding: try key.open(Array(sealed), of: .target(name: target)), as: UTF8.self))
    }
}
