import Crypto

/// SHA-256 as lower-case hex.
public func sha256Hex(_ bytes: [UInt8]) -> String { hex(SHA256.hash(data: bytes)) }

/// SHA-256 over parts given one after another.
public struct RunningDigest {
    private var hash = SHA256()

    public init() {}

    public mutating func update(_ text: String) { hash.update(data: Array(text.utf8)) }
    public mutating func update(_ bytes: [UInt8]) { hash.update(data: bytes) }

    /// The digest of everything given so far, lower-case hex.
    public func hexDigest() -> String { hex(hash.finalize()) }
}

/// Lower-case hex, two digits a byte.
public func hex(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.underestimatedCount * 2)
    for byte in bytes {
        text.append(hexDigit(byte >> 4))
        text.append(hexDigit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
}

/// The digit of 0–15.
private func hexDigit(_ value: UInt8) -> UInt8 { value + (value < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10) }
