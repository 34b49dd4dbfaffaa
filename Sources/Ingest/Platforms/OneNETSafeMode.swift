import Crypto
import CryptoExtras
import Foundation

/// AES-128-CBC with PKCS #7 padding, the key also being the first block's vector; nil where that opens nothing.
/// Source: protocols.md, section 3, and OneNET's receiver sample.
func decryptOneNET(_ sealed: [UInt8], key: [UInt8]) -> [UInt8]? {
    guard key.count == 16, !sealed.isEmpty, sealed.count % 16 == 0 else { return nil }
    do {
        let vector = try AES._CBC.IV(ivBytes: key)
        return Array(try AES._CBC.decrypt(sealed, using: SymmetricKey(data: key), iv: vector))
    } catch {
        // Only that it does not open is told: how it fails would help one who tries.
        return nil
    }
}
