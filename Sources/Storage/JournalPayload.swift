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
            begin(gateway, address, values.count, isFuture: isFuture)
            add(count: values.count) { (values[$0].at.epochSeconds, values[$0].register.millilitres) }
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

    /// Adds readings that are not ahead of the server's clock, from the same range of two arrays: epoch seconds, and
    /// millilitres.
    public mutating func addReadings(
        gateway: GatewayID, address: MeterAddress, instants: [Int64], registers: [Int64], _ range: Range<Int>
    ) {
        begin(gateway, address, range.count, isFuture: false)
        let first = range.lowerBound
        add(count: range.count) { (instants[first + $0], registers[first + $0]) }
    }

    private mutating func begin(_ gateway: GatewayID, _ address: MeterAddress, _ count: Int, isFuture: Bool) {
        // Most entries as a whole, with the part that their last numbers may take.
        writer.reserve(adding: 64 + count * 6 + min(count, Self.valuesAtOnce) * 2 * longestVarint)
        writer.byte(isFuture ? 2 : 1)
        writer.zigzag(gateway.value)
        writer.address(address)
    }

    private static let valuesAtOnce = 32

    @inline(__always)
    private mutating func add(count: Int, _ value: (Int) -> (at: Int64, register: Int64)) {
        writer.varint(UInt64(count))
        var last: (at: Int64, register: Int64) = (0, 0)
        var next = 0
        // A part at a time: room is made for the longest numbers.
        while next < count {
            let end = min(count, next + Self.valuesAtOnce)
            writer.append(atMost: (end - next) * 2 * longestVarint) { out in
                for index in next..<end {
                    let (at, register) = value(index)
                    out.zigzag(at &- last.at)
                    out.zigzag(register &- last.register)
                    last = (at, register)
                }
            }
            next = end
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

    /// Hands over a row's readings of meters that `meter` finds by the bytes of their address's text, unless they are ahead
    /// of the server's clock; as entries all others, and those that `take` leaves. The values stand in an array that is
    /// used again.
    public static func eachRun(
        of bytes: [UInt8], meter: ([UInt8], Range<Int>) -> MeterID?,
        take: ([TimedRegister], MeterID, GatewayID) throws -> Bool, rest: (JournalEntry) throws -> Void
    ) throws {
        var reader = try begin(bytes)
        var values: [TimedRegister] = []
        while !reader.isAtEnd {
            var ahead = reader
            if try ahead.byte() == 1 {
                let gateway = GatewayID(try ahead.zigzag())
                if let meter = meter(bytes, try ahead.textRange()) {
                    values.removeAll(keepingCapacity: true)
                    try read(&ahead, into: &values)
                    if try take(values, meter, gateway) {
                        reader = ahead
                        continue
                    }
                }
            }
            try rest(try entry(&reader))
        }
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
        var values: [TimedRegister] = []
        try read(&reader, into: &values)
        return values
    }

    private static func read(
        _ reader: inout ByteReader<[UInt8]>, into values: inout [TimedRegister]
    ) throws(DamagedBytes) {
        let count = try reader.count()
        values.reserveCapacity(count)
        var at: Int64 = 0
        var register: Int64 = 0
        for _ in 0..<count {
            at &+= try reader.zigzag()
            register &+= try reader.zigzag()
            values.append(TimedRegister(at: Instant(epochSeconds: at), register: Volume(millilitres: register)))
        }
    }
}
