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
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
