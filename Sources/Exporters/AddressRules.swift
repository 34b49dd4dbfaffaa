import Foundation

/// Which addresses deliveries may connect to: every public one, and of the others those that are allowed by name.
///
/// Asked with the address that is about to be connected to, so it does not matter what a name resolved to before.
public struct AddressRules: Sendable, Hashable {
    /// Private, loopback and other special ranges that the configuration allows.
    public let allowed: [AddressRange]

    public init(allowed: [AddressRange] = []) { self.allowed = allowed }

    /// `address` is 4 or 16 bytes; anything else is refused.
    public func permits(_ address: [UInt8]) -> Bool {
        let plain = unmapped(address)
        return allowed.contains { $0.contains(plain) } || isPublic(plain)
    }
}

/// A range of addresses, as `10.20.0.0/16`, `127.0.0.1` or `fd00::/8`.
public struct AddressRange: Sendable, Hashable {
    private let bytes: [UInt8]
    private let bits: Int

    /// nil for anything but an IPv4 or IPv6 address with an optional prefix length.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let bytes = addressBytes(parts[0]) else { return nil }
        guard parts.count == 2 else {
            self.init(bytes, bits: bytes.count * 8)
            return
        }
        guard parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let bits = Int(parts[1]),
            bits <= bytes.count * 8
        else { return nil }
        self.init(bytes, bits: bits)
    }

    fileprivate init(_ bytes: [UInt8], bits: Int) {
        self.bytes = bytes
        self.bits = bits
    }

    func contains(_ address: [UInt8]) -> Bool {
        guard address.count == bytes.count else { return false }
        let whole = bits / 8
        guard address.prefix(whole) == bytes.prefix(whole) else { return false }
        let rest = bits % 8
        return rest == 0 || (address[whole] ^ bytes[whole]) >> UInt8(8 - rest) == 0
    }
}

/// The bytes of a written IPv4 (4) or IPv6 (16) address.
private func addressBytes(_ text: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes.prefix(4)) }
    return inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
}

/// An IPv4 address that is written as IPv6 (`::ffff:a.b.c.d`) is that IPv4 address.
private func unmapped(_ address: [UInt8]) -> [UInt8] {
    let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
    return address.count == 16 && address.starts(with: mapped) ? Array(address[12...]) : address
}

private func isPublic(_ address: [UInt8]) -> Bool {
    switch address.count {
    case 4: return !specialIPv4.contains { $0.contains(address) }
    case 16:
        // NAT64 and 6to4 carry an IPv4 address: it decides.
        if nat64.contains(address) { return isPublic(Array(address[12...])) }
        if sixToFour.contains(address) { return isPublic(Array(address[2..<6])) }
        return globalIPv6.contains(address) && !specialIPv6.contains { $0.contains(address) }
    default: return false
    }
}

// The special-purpose registries of IANA (RFC 6890), as of 2024.
private let specialIPv4: [AddressRange] = [
    AddressRange([0, 0, 0, 0], bits: 8), AddressRange([10, 0, 0, 0], bits: 8),
    AddressRange([100, 64, 0, 0], bits: 10), AddressRange([127, 0, 0, 0], bits: 8),
    AddressRange([169, 254, 0, 0], bits: 16), AddressRange([172, 16, 0, 0], bits: 12),
    AddressRange([192, 0, 0, 0], bits: 24), AddressRange([192, 0, 2, 0], bits: 24),
    AddressRange([192, 88, 99, 0], bits: 24), AddressRange([192, 168, 0, 0], bits: 16),
    AddressRange([198, 18, 0, 0], bits: 15), AddressRange([198, 51, 100, 0], bits: 24),
    AddressRange([203, 0, 113, 0], bits: 24), AddressRange([224, 0, 0, 0], bits: 3),
]
private let globalIPv6 = ipv6([0x20], bits: 3)
private let nat64 = ipv6([0x00, 0x64, 0xFF, 0x9B], bits: 96)
private let sixToFour = ipv6([0x20, 0x02], bits: 16)
private let specialIPv6: [AddressRange] = [
    ipv6([0x20, 0x01, 0x00, 0x00], bits: 23), ipv6([0x20, 0x01, 0x0D, 0xB8], bits: 32),
    ipv6([0x3F, 0xFF, 0x00], bits: 20),
]

private func ipv6(_ first: [UInt8], bits: Int) -> AddressRange {
    AddressRange(first + [UInt8](repeating: 0, count: 16 - first.count), bits: bits)
}
