public import Database
import Storage
public import Water

/// Why a meter's key cannot be set.
public enum MeterKeyRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    case unknownMeter(String)
    /// A key is 16 bytes, 32 hex digits.
    case keyIsMalformed
    case noKey(String)

    public var description: String {
        switch self {
        case .unknownMeter(let text): "no registered meter has the number or address \(text)"
        case .keyIsMalformed: "a key is 32 hex digits"
        case .noKey(let text): "the meter \(text) has no key"
        }
    }
}

/// Keeps the keys that open meters' telegrams, sealed.
public struct SetMeterKey: Sendable {
    private let database: Database
    private let key: SealKey

    public init(database: Database, key: SealKey) {
        self.database = database
        self.key = key
    }

    /// - Parameters:
    ///   - name: the printed number, or an address as `wmbus:12345678`.
    ///   - hex: 32 hex digits in any case.
    public func callAsFunction(
        _ name: String, hex: String, at: Instant, using random: inout some RandomNumberGenerator
    ) async throws -> Result<Void, MeterKeyRefusal> {
        guard let bytes = bytes(ofKey: hex) else { return .failure(.keyIsMalformed) }
        guard let meter = try await database.read({ try $0.registeredMeter(named: name) }) else {
            return .failure(.unknownMeter(name))
        }
        let sealed = try key.seal(bytes, for: .meterKey(meter), using: &random)
        try await database.write { try $0.putKey(sealed, of: meter, at: at) }
        return .success(())
    }

    /// Forgets a meter's key.
    public static func remove(_ name: String, in database: Database) async throws -> Result<Void, MeterKeyRefusal> {
        try await database.write { transaction in
            guard let meter = try transaction.reader.registeredMeter(named: name) else {
                return .failure(.unknownMeter(name))
            }
            return try transaction.removeKey(of: meter) ? .success(()) : .failure(.noKey(name))
        }
    }
}

extension SealKey {
    /// The keys of the meters that telegrams name, by address; without those that have none.
    ///
    /// - Throws: `SealFault.notOpened` where one was sealed with another key.
    public func meterKeys(
        of addresses: Set<MeterAddress>, in database: Database
    ) async throws -> [MeterAddress: [UInt8]] {
        let sealed = try await database.read { reader in
            try addresses.compactMap { address in try reader.sealedKey(ofTelegram: address).map { (address, $0) } }
        }
        var keys: [MeterAddress: [UInt8]] = [:]
        for (address, key) in sealed { keys[address] = try open(key.sealed, of: .meterKey(key.meter)) }
        return keys
    }
}

/// 16 bytes of 32 hex digits; nil for anything else.
public func bytes(ofKey hex: String) -> [UInt8]? {
    let digits = Array(hex.utf8)
    guard digits.count == 32 else { return nil }
    var bytes: [UInt8] = []
    for at in stride(from: 0, to: 32, by: 2) {
        guard let high = value(ofHex: digits[at]), let low = value(ofHex: digits[at + 1]) else { return nil }
        bytes.append(high << 4 | low)
    }
    return bytes
}

private func value(ofHex digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
}

extension Reader {
    /// A meter by its printed number or by a registered address.
    fileprivate func registeredMeter(named name: String) throws -> MeterID? {
        let text = name.lowercased()
        if let meter = try meter(serial: text) { return meter.id }
        guard let address = MeterAddress(text: text), let holder = try holder(of: address), holder.isRegistered else {
            return nil
        }
        return holder.meter
    }
}
