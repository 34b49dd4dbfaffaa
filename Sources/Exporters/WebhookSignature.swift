import Crypto
import Foundation
public import Water

/// Why a delivery cannot be signed.
public enum SigningFailure: Error, Hashable, Sendable {
    /// The stored secret is not `whsec_` and the base64 of 24–64 bytes.
    case unusableSecret
    /// It is sealed, and the key that is set does not open it, or none is set.
    case sealedSecret
}

/// The value of `webhook-signature`: for every secret `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`,
/// separated by spaces. Standard Webhooks 1.0.0, signature scheme.
///
/// - Parameters:
///   - at: the time of the attempt, sent as `webhook-timestamp` in epoch seconds.
///   - secrets: the current one, then during a rotation the one before it.
public func webhookSignature(
    id: String, at: Instant, body: String, secrets: [String]
) throws(SigningFailure) -> String {
    let signed = Data("\(id).\(at.epochSeconds).\(body)".utf8)
    var signatures: [String] = []
    for secret in secrets {
        let code = HMAC<SHA256>.authenticationCode(for: signed, using: try signingKey(secret))
        signatures.append("v1,\(Data(code).base64EncodedString())")
    }
    return signatures.joined(separator: " ")
}

private func signingKey(_ secret: String) throws(SigningFailure) -> SymmetricKey {
    let prefix = "whsec_"
    guard secret.hasPrefix(prefix), let bytes = Data(base64Encoded: String(secret.dropFirst(prefix.count))),
        (24...64).contains(bytes.count)
    else { throw .unusableSecret }
    return SymmetricKey(data: bytes)
}
