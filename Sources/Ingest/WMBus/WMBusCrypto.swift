import Crypto
import CryptoExtras
import Foundation

/// A meter's AES-128 key. Source of the modes: EN 13757-7 and the OMS specification, volume 2.
struct WMBusKey {
    private let key: SymmetricKey

    init(_ bytes: [UInt8]) throws(ItemFault) {
        guard bytes.count == 16 else { throw ItemFault(field: "key", reason: "a key has 16 bytes") }
        key = SymmetricKey(data: bytes)
    }

    /// CBC without padding. `sealed` and `vector` are whole blocks.
    func decryptedBlocks(_ sealed: [UInt8], vector: [UInt8]) throws(ItemFault) -> [UInt8] {
        do {
            let start = try AES._CBC.IV(ivBytes: vector)
            return Array(try AES._CBC.decrypt(sealed, using: key, iv: start, noPadding: true))
        } catch {
            throw ItemFault(field: "key", reason: "cannot be used: \(error)")
        }
    }

    /// Counter mode, as the extended link layer uses it.
    func decryptedStream(_ sealed: [UInt8], counter: [UInt8]) throws(ItemFault) -> [UInt8] {
        do {
            let start = try AES._CTR.Nonce(nonceBytes: counter)
            return Array(try AES._CTR.decrypt(sealed, using: key, nonce: start))
        } catch {
            throw ItemFault(field: "key", reason: "cannot be used: \(error)")
        }
    }

    func authenticationCode(_ message: [UInt8]) throws(ItemFault) -> [UInt8] {
        do {
            var code = try AES.CMAC(key: key)
            code.update(data: message)
            return Array(code.finalize())
        } catch {
            throw ItemFault(field: "key", reason: "cannot be used: \(error)")
        }
    }

    /// KDF-A: a key for one message of the meter, by purpose (00 encryption, 01 authentication), the message counter
    /// and the meter's number.
    func derived(purpose: UInt8, counter: UInt32, number: UInt32) throws(ItemFault) -> WMBusKey {
        let padding = [UInt8](repeating: 7, count: 7)
        return try WMBusKey(
            try authenticationCode([purpose] + counter.bytesLowFirst + number.bytesLowFirst + padding))
    }
}
