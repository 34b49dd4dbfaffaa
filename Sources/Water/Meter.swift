/// The protocols a meter's address is spoken in.
public enum AddressProtocol: String, Sendable, Hashable, CaseIterable {
    /// The printed serial number, as in the native formats.
    case serial
    /// CJ/T 188: 14 digits, A6..A0.
    case cjt188
    /// Wireless M-Bus: 8 hex digits, optionally with the decoder's driver name.
    case wmbus
}

/// How a gateway names a meter. Unique in the city; case-folded, leading zeros kept.
public struct MeterAddress: Sendable, Hashable, Comparable {
    public let `protocol`: AddressProtocol
    /// 1–64 of `0-9 a-z - _ . :` after folding to lower case.
    public let address: String
    /// A wmbus driver name, lower case, 1–64 of the same characters; empty when not given.
    public let driver: String

    /// nil where a part is empty, too long or has a character outside the set.
    public init?(_ protocol: AddressProtocol, _ address: some StringProtocol, driver: String = "") {
        guard let folded = MeterAddress.folded(address), !folded.isEmpty, let driver = MeterAddress.folded(driver)
        else { return nil }
        self.protocol = `protocol`
        self.address = folded
        self.driver = `protocol` == .wmbus ? driver : ""
    }

    /// An address without a driver from its bytes; nil as above.
    public init?(_ protocol: AddressProtocol, utf8 bytes: Span<UInt8>) {
        guard let folded = MeterAddress.folded(bytes), !folded.isEmpty else { return nil }
        self.protocol = `protocol`
        self.address = folded
        self.driver = ""
    }

    private static func folded(_ text: some StringProtocol) -> String? {
        // A String at once: the generic code is not specialised across modules.
        let text = String(text)
        let bytes = text.utf8
        guard bytes.count <= 64 else { return nil }
        var needsFolding = false
        for byte in bytes {
            switch byte {
            case 48...57, 97...122, 45, 95, 46, 58: continue
            case 65...90: needsFolding = true
            default: return nil
            }
        }
        return needsFolding ? text.lowercased() : text
    }

    /// `protocol:address` or `wmbus:address@driver`: one text for keys, digests and messages.
    public var text: String {
        driver.isEmpty ? "\(`protocol`.rawValue):\(address)" : "\(`protocol`.rawValue):\(address)@\(driver)"
    }

    /// Reads what `text` wrote.
    public init?(text: some StringProtocol) {
        let bytes = Array(text.utf8)
        self.init(utf8: bytes, bytes.indices)
    }

    /// Reads the bytes of what `text` wrote, without a string for each part: what folding does for every reading.
    public init?(utf8 bytes: [UInt8], _ range: Range<Int>) {
        guard let colon = bytes[range].firstIndex(of: UInt8(ascii: ":")),
            let spoken = AddressProtocol(rawValue: String(decoding: bytes[range.lowerBound..<colon], as: UTF8.self))
        else { return nil }
        let rest = colon + 1..<range.upperBound
        let at = bytes[rest].firstIndex(of: UInt8(ascii: "@"))
        guard let address = MeterAddress.folded(bytes.span.extracting(rest.lowerBound..<(at ?? rest.upperBound))),
            !address.isEmpty
        else { return nil }
        let driver = at.map { MeterAddress.folded(bytes.span.extracting($0 + 1..<rest.upperBound)) } ?? ""
        guard let driver else { return nil }
        self.protocol = spoken
        self.address = address
        self.driver = spoken == .wmbus ? driver : ""
    }

    private static func folded(_ bytes: Span<UInt8>) -> String? {
        guard bytes.count <= 64 else { return nil }
        var needsFolding = false
        for index in bytes.indices {
            switch bytes[index] {
            case 48...57, 97...122, 45, 95, 46, 58: continue
            case 65...90: needsFolding = true
            default: return nil
            }
        }
        do {
            let text = String(copying: try UTF8Span(validating: bytes))
            return needsFolding ? text.lowercased() : text
        } catch {
            return nil
        }
    }

    public static func < (a: MeterAddress, b: MeterAddress) -> Bool { a.text < b.text }
}

/// A meter at a usage point for a time: (point, meter, from, to, start and final register).
public struct MeterInstallation: Sendable, Hashable {
    public let meter: MeterID
    public let usagePoint: UsagePointID
    /// The address that digests and findings name: the meter's printed serial.
    public let serial: String
    /// In force over [from, to]; the instant of an exchange belongs to both meters.
    public let from: Instant
    /// nil while in force.
    public let to: Instant?
    /// Register at `from`, if it was noted.
    public let startRegister: Volume?
    /// Register at `to`, if it was noted.
    public let finalRegister: Volume?
    /// The register's step, 1 mL or more; 1 L where the file does not say.
    public let resolution: Volume
    /// 常用流量 Q3 in litres per hour; nil where not known.
    public let nominalFlowLitresPerHour: Int64?
    /// The register returns to zero at this volume (99,999.999 m³ meters: 100,000 m³); nil where not known.
    public let modulus: Volume?

    public init(
        meter: MeterID, usagePoint: UsagePointID, serial: String, from: Instant, to: Instant?,
        startRegister: Volume?, finalRegister: Volume?, resolution: Volume,
        nominalFlowLitresPerHour: Int64?, modulus: Volume?
    ) {
        self.meter = meter
        self.usagePoint = usagePoint
        self.serial = serial
        self.from = from
        self.to = to
        self.startRegister = startRegister
        self.finalRegister = finalRegister
        self.resolution = resolution
        self.nominalFlowLitresPerHour = nominalFlowLitresPerHour
        self.modulus = modulus
    }
}
