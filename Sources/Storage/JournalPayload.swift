public import Water

/// What one gateway said of one meter in one request.
public enum JournalEntry: Sendable, Hashable {
    /// Readings in the order they came; `isFuture` ones are ahead of the server's clock and join no set.
    case readings(gateway: GatewayID, address: MeterAddress, values: [TimedRegister], isFuture: Bool)
    case alert(gateway: GatewayID, address: MeterAddress, at: Instant, alert: Alert)
}

/// A register and its instant.
public struct TimedRegister: Sendable, Hashable {
    public let at: Instant
    public let register: Volume

    public init(at: Instant, register: Volume) {
        self.at = at
        self.register = register
    }
}

/// Writes entries one after another, without the version, so that a commit's requests can be joined.
public struct JournalWriter: Sendable {
    private var writer = ByteWriter()

    public init() {}

    public var bytes: [UInt8] { writer.bytes }

    public mutating func add(_ entry: JournalEntry) {
        switch entry {
        case .readings(let gateway, let address, let values, let isFuture):
            writer.byte(isFuture ? 2 : 1)
            writer.zigzag(gateway.value)
            writer.address(address)
            add(values)
        case .alert(let gateway, let address, let at, let alert):
            writer.byte(3)
            writer.zigzag(gateway.value)
            writer.address(address)
            writer.zigzag(at.epochSeconds)
            writer.text(alert.code.rawValue)
            writer.byte(alert.isCurrent ? 1 : 0)
            writer.text(alert.raw)
        }
    }

    private mutating func add(_ values: [TimedRegister]) {
        writer.varint(UInt64(values.count))
        var at: Int64 = 0
        var register: Int64 = 0
        for value in values {
            writer.zigzag(value.at.epochSeconds &- at)
            writer.zigzag(value.register.millilitres &- register)
            at = value.at.epochSeconds
            register = value.register.millilitres
        }
    }
}

/// The bytes of a journal row: a version, then entries one after another.
public enum JournalPayload {
    static let version: UInt8 = 1

    /// The bytes of entries without the version.
    public static func encode(_ entries: [JournalEntry]) -> [UInt8] {
        var writer = JournalWriter()
        for entry in entries { writer.add(entry) }
        return writer.bytes
    }

    /// A row's bytes from the entries of its requests.
    public static func row(_ parts: [[UInt8]]) -> [UInt8] {
        var row: [UInt8] = []
        row.reserveCapacity(parts.reduce(1) { $0 + $1.count })
        row.append(version)
        for part in parts { row.append(contentsOf: part) }
        return row
    }

    /// The entries of a row's bytes.
    public static func decode(_ bytes: [UInt8]) throws(DamagedBytes) -> [JournalEntry] {
        var reader = try begin(bytes)
        var entries: [JournalEntry] = []
        while !reader.isAtEnd { entries.append(try entry(&reader)) }
        return entries
    }

    /// Hands over the entries of a row's bytes, one in memory at a time. Throws `DamagedBytes`, and what `visit` throws.
    public static func eachEntry(of bytes: [UInt8], _ visit: (JournalEntry) throws -> Void) throws {
        var reader = try begin(bytes)
        while !reader.isAtEnd { try visit(try entry(&reader)) }
    }

    private static func begin(_ bytes: [UInt8]) throws(DamagedBytes) -> ByteReader<[UInt8]> {
        var reader = ByteReader(bytes)
        let found = try reader.byte()
        guard found == version else { throw .unknownVersion(found) }
        return reader
    }

    private static func entry(_ reader: inout ByteReader<[UInt8]>) throws(DamagedBytes) -> JournalEntry {
        let kind = try reader.byte()
        let gateway = GatewayID(try reader.zigzag())
        let address = try reader.address()
        switch kind {
        case 1, 2:
            return .readings(
                gateway: gateway, address: address, values: try values(&reader), isFuture: kind == 2)
        case 3:
            let at = Instant(epochSeconds: try reader.zigzag())
            guard let code = AlertCode(rawValue: try reader.text()) else { throw .notAValue("alert code") }
            let isCurrent = try reader.byte() == 1
            return .alert(
                gateway: gateway, address: address, at: at,
                alert: Alert(code: code, isCurrent: isCurrent, raw: try reader.text()))
        default: throw .notAValue("entry kind")
        }
    }

    private static func values(_ reader: inout ByteReader<[UInt8]>) throws(DamagedBytes) -> [TimedRegister] {
        let count = try reader.count()
        var values: [TimedRegister] = []
        values.reserveCapacity(count)
        var at: Int64 = 0
        var register: Int64 = 0
        for _ in 0..<count {
            at &+= try reader.zigzag()
            register &+= try reader.zigzag()
            values.append(TimedRegister(at: Instant(epochSeconds: at), register: Volume(millilitres: register)))
        }
        return values
    }
}
