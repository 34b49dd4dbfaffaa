import CryptoExtras
import Foundation
import Water

/// A password's scrypt hash as one text: `scrypt$15$8$1$SALT$HASH`: log2 N, r, p, and two hex texts.
public struct PasswordHash: Sendable, Hashable {
    public let text: String
    private let rounds: Int
    private let blockSize: Int
    private let parallelism: Int
    private let salt: [UInt8]
    private let key: [UInt8]

    /// N = 2^15, r = 8, p = 1: 32 MiB and about a tenth of a second.
    private static let cost = (logRounds: 15, blockSize: 8, parallelism: 1)
    /// Bytes of salt to give.
    public static let saltCount = 16
    private static let keyCount = 32

    /// Hashes a password; slow on purpose. `salt` is 16 random bytes.
    public init(_ password: Secret, salt: [UInt8]) throws {
        let cost = PasswordHash.cost
        self.rounds = 1 << cost.logRounds
        self.blockSize = cost.blockSize
        self.parallelism = cost.parallelism
        self.salt = salt
        self.key = try PasswordHash.derive(
            password, salt: salt, rounds: 1 << cost.logRounds, blockSize: cost.blockSize,
            parallelism: cost.parallelism)
        self.text =
            "scrypt$\(cost.logRounds)$\(cost.blockSize)$\(cost.parallelism)$\(hex(salt))$\(hex(key))"
    }

    /// Reads what `text` wrote; nil for anything else and for costs past 128 MiB.
    public init?(text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "scrypt", let logRounds = Int(parts[1]), (10...17).contains(logRounds),
            let blockSize = Int(parts[2]), (1...8).contains(blockSize), let parallelism = Int(parts[3]),
            (1...4).contains(parallelism), let salt = bytes(hex: parts[4]), salt.count == PasswordHash.saltCount,
            let key = bytes(hex: parts[5]), key.count == PasswordHash.keyCount
        else { return nil }
        self.text = text
        self.rounds = 1 << logRounds
        self.blockSize = blockSize
        self.parallelism = parallelism
        self.salt = salt
        self.key = key
    }

    /// True for the password it was made from; as slow as making it.
    public func matches(_ password: Secret) throws -> Bool {
        let other = try PasswordHash.derive(
            password, salt: salt, rounds: rounds, blockSize: blockSize, parallelism: parallelism)
        return zip(key, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// What a name that does not exist is checked against, so that it takes as long.
    static let nobody = PasswordHash(
        text: "scrypt$15$8$1$\(String(repeating: "0", count: 32))$\(String(repeating: "0", count: 64))")

    private static func derive(
        _ password: Secret, salt: [UInt8], rounds: Int, blockSize: Int, parallelism: Int
    ) throws -> [UInt8] {
        let key = try KDF.Scrypt.deriveKey(
            from: Array(password.text.utf8), salt: salt, outputByteCount: keyCount, rounds: rounds,
            blockSize: blockSize, parallelism: parallelism)
        return key.withUnsafeBytes { Array($0) }
    }
}

extension PasswordHash: CustomStringConvertible {
    public var description: String { "[password hash]" }
}

private func bytes(hex text: Substring) -> [UInt8]? {
    guard text.utf8.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    var rest = text
    while !rest.isEmpty {
        guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
        bytes.append(byte)
        rest = rest.dropFirst(2)
    }
    return bytes
}
