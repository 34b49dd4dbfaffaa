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
///
/// A single reading that follows other readings of its gateway, as a concentrator sends one of each of its meters, is
/// written by what is different: the end of its address, and the differences from the time and the register before.
public struct JournalWriter: Sendable {
    private var writer = ByteWriter()
    /// What a single reading may follow.
    private var last: Last?
    /// The address text of `last`.
    private var lastText: [UInt8] = []
    /// nil where it has a driver, or is none.
    private var lastProtocol: AddressProtocol?

    private struct Last {
        let gateway: GatewayID
        var value: (at: Int64, register: Int64)
    }

    public init() {}

    public var bytes: [UInt8] { writer.bytes }

    public mutating func add(_ entry: JournalEntry) {
        switch entry {
        case .readings(let gateway, let address, let values, let isFuture):
            add(gateway, address, count: values.count, isFuture: isFuture) {
                (values[$0].at.epochSeconds, values[$0].register.millilitres)
            }
        case .alert(let gateway, let address, let at, let alert):
            last = nil
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
        let first = range.lowerBound
        add(gateway, address, count: range.count, isFuture: false) { (instants[first + $0], registers[first + $0]) }
    }

    @inline(__always)
    private mutating func add(
        _ gateway: GatewayID, _ address: MeterAddress, count: Int, isFuture: Bool,
        _ value: (Int) -> (at: Int64, register: Int64)
    ) {
        // Most entries as a whole, with the part that their last numbers may take.
        writer.reserve(adding: 64 + count * 6 + min(count, Self.valuesAtOnce) * 2 * longestVarint)
        let shared = keep(address)
        if let last, count == 1, !isFuture, last.gateway == gateway {
            let value = value(0)
            addFollowing(value, differingFrom: last.value, sharing: shared)
            self.last?.value = value
        } else {
            writer.byte(isFuture ? 2 : 1)
            writer.zigzag(gateway.value)
            writer.varint(UInt64(lastText.count))
            writer.append(lastText)
            let value = add(count: count, value)
            last = isFuture || count == 0 ? nil : Last(gateway: gateway, value: value)
        }
    }

    /// Keeps an address's text; how much of it begins as the one before does.
    private mutating func keep(_ address: MeterAddress) -> Int {
        guard address.driver.isEmpty, address.protocol == lastProtocol else {
            lastText = Array(address.text.utf8)
            lastProtocol = address.driver.isEmpty ? address.protocol : nil
            return 0
        }
        var shared = address.protocol.rawValue.utf8.count + 1
        var text = address.address
        text.withUTF8 { bytes in
            var next = 0
            while next < bytes.count, shared < lastText.count, bytes[next] == lastText[shared] {
                next += 1
                shared += 1
            }
            lastText.removeLast(lastText.count - shared)
            lastText.append(contentsOf: bytes[next...])
        }
        return shared
    }

    private mutating func addFollowing(
        _ value: (at: Int64, register: Int64), differingFrom last: (at: Int64, register: Int64), sharing shared: Int
    ) {
        let text = lastText
        writer.append(atMost: 1 + 4 * longestVarint + text.count - shared) { out in
            out.append(4)
            out.varint(UInt64(shared))
            out.varint(UInt64(text.count - shared))
            for index in shared..<text.count { out.append(text[index]) }
            out.zigzag(value.at &- last.at)
            out.zigzag(value.register &- last.register)
        }
    }

    private static let valuesAtOnce = 32

    /// The values of an entry; the last of them.
    @inline(__always)
    private mutating func add(
        count: Int, _ value: (Int) -> (at: Int64, register: Int64)
    ) -> (at: Int64, register: Int64) {
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
        return last
    }
}

/// The bytes of a journal row: a version, then entries one after another.
public enum JournalPayload {
    static let version: UInt8 = 2

    /// Rows of the first version have no readings that follow others.
    static func isKnown(_ version: UInt8) -> Bool { version == 1 || version == self.version }

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
        var reader = try JournalReader(bytes)
        var entries: [JournalEntry] = []
        while !reader.isAtEnd { entries.append(try reader.entry()) }
        return entries
    }

    /// Hands over the entries of a row's bytes, one in memory at a time. Throws `DamagedBytes`, and what `visit` throws.
    public static func eachEntry(of bytes: [UInt8], _ visit: (JournalEntry) throws -> Void) throws {
        var reader = try JournalReader(bytes)
        while !reader.isAtEnd { try visit(try reader.entry()) }
    }

    /// Hands over a row's readings of meters that `meter` finds by the bytes of their address's text, unless they are ahead
    /// of the server's clock; as entries all others, and those that `take` leaves. The values stand in an array that is
    /// used again.
    public static func eachRun(
        of bytes: [UInt8], meter: ([UInt8], Range<Int>) -> MeterID?,
        take: ([TimedRegister], MeterID, GatewayID) throws -> Bool, rest: (JournalEntry) throws -> Void
    ) throws {
        var reader = try JournalReader(bytes)
        while !reader.isAtEnd {
            switch try reader.next() {
            case .readings:
                if let meter = meter(reader.text, reader.text.indices), try take(reader.values, meter, reader.gateway) {
                    continue
                }
                try rest(try reader.readings(isFuture: false))
            case .future: try rest(try reader.readings(isFuture: true))
            case .alert(let alert): try rest(alert)
            }
        }
    }
}

/// Reads the entries of a row one after another, each into the same memory.
struct JournalReader {
    private var reader: ByteReader<[UInt8]>
    private let bytes: [UInt8]
    /// Of the entry read last, which a single reading may follow.
    private(set) var gateway = GatewayID(0)
    private(set) var text: [UInt8] = []
    private(set) var values: [TimedRegister] = []
    private var isFollowed = false

    /// What an entry was; readings stand in the reader.
    enum Entry {
        case readings, future
        case alert(JournalEntry)
    }

    init(_ bytes: [UInt8]) throws(DamagedBytes) {
        self.bytes = bytes
        reader = ByteReader(bytes)
        let found = try reader.byte()
        guard JournalPayload.isKnown(found) else { throw .unknownVersion(found) }
    }

    var isAtEnd: Bool { reader.isAtEnd }

    mutating func entry() throws(DamagedBytes) -> JournalEntry {
        switch try next() {
        case .readings: try readings(isFuture: false)
        case .future: try readings(isFuture: true)
        case .alert(let alert): alert
        }
    }

    /// The readings that `next` read.
    func readings(isFuture: Bool) throws(DamagedBytes) -> JournalEntry {
        .readings(gateway: gateway, address: try address(), values: values, isFuture: isFuture)
    }

    private func address() throws(DamagedBytes) -> MeterAddress {
        guard let address = MeterAddress(utf8: text, text.indices) else { throw .notAValue("address") }
        return address
    }

    mutating func next() throws(DamagedBytes) -> Entry {
        let kind = try reader.byte()
        if kind == 4 {
            try readFollowing()
            return .readings
        }
        gateway = GatewayID(try reader.zigzag())
        let range = try reader.textRange()
        text.removeAll(keepingCapacity: true)
        text.append(contentsOf: bytes[range])
        isFollowed = false
        switch kind {
        case 1, 2:
            try readValues()
            isFollowed = kind == 1 && !values.isEmpty
            return kind == 1 ? .readings : .future
        case 3:
            let address = try address()
            let at = Instant(epochSeconds: try reader.zigzag())
            guard let code = AlertCode(rawValue: try reader.text()) else { throw .notAValue("alert code") }
            let isCurrent = try reader.byte() == 1
            let alert = Alert(code: code, isCurrent: isCurrent, raw: try reader.text())
            return .alert(.alert(gateway: gateway, address: address, at: at, alert: alert))
        default: throw .notAValue("entry kind")
        }
    }

    private mutating func readValues() throws(DamagedBytes) {
        values.removeAll(keepingCapacity: true)
        let count = try reader.count()
        values.reserveCapacity(min(count, bytes.count / 2))
        var at: Int64 = 0
        var register: Int64 = 0
        for _ in 0..<count {
            at &+= try reader.zigzag()
            register &+= try reader.zigzag()
            try add(at, register)
        }
    }

    private mutating func add(_ at: Int64, _ register: Int64) throws(DamagedBytes) {
        // What no decoder lets through is damage: days are told of it.
        guard Self.instants.contains(at) else { throw .notAValue("time") }
        values.append(TimedRegister(at: Instant(epochSeconds: at), register: Volume(millilitres: register)))
    }

    /// Up to the end of 9999 by any offset.
    private static let instants: ClosedRange<Int64> = 0...253_402_387_199

    /// A single reading that is written by what is different from the entry before.
    private mutating func readFollowing() throws(DamagedBytes) {
        let shared = try reader.count()
        guard isFollowed, let last = values.last, shared <= text.count else { throw .notAValue("entry that follows") }
        let range = try reader.textRange()
        text.removeLast(text.count - shared)
        text.append(contentsOf: bytes[range])
        let at = last.at.epochSeconds &+ (try reader.zigzag())
        let register = last.register.millilitres &+ (try reader.zigzag())
        values.removeAll(keepingCapacity: true)
        try add(at, register)
    }
}
