import Crypto
import Foundation
public import Water

/// Seals what must not be read from the database alone, under the key `secret.key` of the configuration: AES-256-GCM,
/// a fresh nonce each time. What is sealed for one place opens at no other. Prints itself without the key.
public struct SealKey: Sendable, CustomStringConvertible, CustomReflectable {
    private let key: SymmetricKey

    /// - Parameter text: 32 bytes as base64, as `openssl rand -base64 32` makes them.
    /// - Throws: `SealFault.keyIsMalformed`.
    public init(base64 text: String) throws(SealFault) {
        guard let bytes = Data(base64Encoded: text.trimmingCharacters(in: .whitespacesAndNewlines)), bytes.count == 32
        else { throw .keyIsMalformed }
        key = SymmetricKey(data: bytes)
    }

    public var description: String { "[key]" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }

    /// - Parameter place: whose secret it is; the same must be said to open it.
    public func seal(
        _ bytes: [UInt8], for place: SealedPlace, using random: inout some RandomNumberGenerator
    ) throws -> [UInt8] {
        let nonce = try AES.GCM.Nonce(data: randomBytes(12, using: &random))
        let box = try AES.GCM.seal(bytes, using: key, nonce: nonce, authenticating: Array(place.text.utf8))
        return [Self.version] + Array(nonce) + Array(box.ciphertext) + Array(box.tag)
    }

    /// - Throws: `SealFault.notOpened` where another key sealed it, for another place, or it was changed.
    public func open(_ sealed: [UInt8], of place: SealedPlace) throws(SealFault) -> [UInt8] {
        guard sealed.first == Self.version else { throw .notOpened }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.dropFirst())
            return Array(try AES.GCM.open(box, using: key, authenticating: Array(place.text.utf8)))
        } catch {
            // How it fails would help only one who tries.
            throw .notOpened
        }
    }

    /// Of the sealed form, its first byte.
    private static let version: UInt8 = 1
}

/// Whose secret is sealed.
public enum SealedPlace: Sendable, Hashable {
    case push(GatewayID, platform: String)
    case meterKey(MeterID)
    /// A community system, by its name, which is known before its number and never changes.
    case target(name: String)

    fileprivate var text: String {
        switch self {
        case .push(let gateway, let platform): "push:\(gateway.value):\(platform)"
        case .meterKey(let meter): "meter:\(meter.value)"
        case .target(let name): "target:\(name)"
        }
    }
}

/// Why nothing can be sealed or opened.
public enum SealFault: Error, Sendable, Hashable, CustomStringConvertible {
    case keyIsMalformed
    case notOpened

    public var description: String {
        switch self {
        case .keyIsMalformed: "secret.key must be 32 bytes as base64, as openssl rand -base64 32 makes them"
        case .notOpened:
            "the secrets kept do not open with secret.key: set the key they were sealed with, or set them anew"
        }
    }
}
