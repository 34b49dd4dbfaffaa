import Water

/// Writes varints (LEB128) and zigzag integers, the coding of journal payloads and day sets.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

    /// Room for `count` bytes more, or for twice as many as there are.
    mutating func reserve(adding count: Int) {
        guard bytes.capacity - bytes.count < count else { return }
        bytes.reserveCapacity(max(bytes.count * 2, bytes.count + count))
    }

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func varint(_ value: UInt64) { append(atMost: longestVarint) { $0.varint(value) } }

    /// Adds what `fill` writes, `count` bytes at most: with room made once and not asked for with each byte.
    mutating func append(atMost count: Int, _ fill: (inout OutputSpan<UInt8>) -> Void) {
        bytes.append(addingCapacity: count, initializingWith: fill)
    }

    /// Small magnitudes of either sign in few bytes. Wraps, so that every pair of 64-bit values has a difference.
    mutating func zigzag(_ value: Int64) { append(atMost: longestVarint) { $0.zigzag(value) } }

    mutating func text(_ value: String) {
        let utf8 = Array(value.utf8)
        varint(UInt64(utf8.count))
        bytes.append(contentsOf: utf8)
    }

    /// An address as its `text`, without making that.
    mutating func address(_ address: MeterAddress) {
        let (spoken, bare, driver) = (address.protocol.rawValue, address.address, address.driver)
        let ending = driver.isEmpty ? 0 : driver.utf8.count + 1
        varint(UInt64(spoken.utf8.count + 1 + bare.utf8.count + ending))
        append(bytesOf: spoken)
        byte(UInt8(ascii: ":"))
        append(bytesOf: bare)
        guard !driver.isEmpty else { return }
        byte(UInt8(ascii: "@"))
        append(bytesOf: driver)
    }

    private mutating func append(bytesOf text: String) {
        var text = text
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ other: [UInt8]) { bytes.append(contentsOf: other) }
}

/// The longest varint.
let longestVarint = 10

extension OutputSpan<UInt8> {
    @inline(__always)
    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 128 {
            append(UInt8(truncatingIfNeeded: rest) | 128)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    @inline(__always)
    mutating func zigzag(_ value: Int64) { varint(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }
}

/// Stored bytes that do not read back as what was written: damage, or a version this program does not know.
public enum DamagedBytes: Error, Hashable, Sendable {
    case unknownVersion(UInt8)
    case endsEarly
    case notText
    case notAValue(String)
}

/// Reads what `ByteWriter` wrote, of an array or where the engine keeps it; every step is bounds-checked.
struct ByteReader<Bytes: RandomAccessCollection> where Bytes.Element == UInt8, Bytes.Index == Int {
    private let bytes: Bytes
    private var next = 0

    /// `bytes` begin at 0.
    init(_ bytes: Bytes) { self.bytes = bytes }

    var isAtEnd: Bool { next == bytes.count }
    /// What was not read yet.
    var rest: Bytes.SubSequence { bytes[next...] }

    mutating func byte() throws(DamagedBytes) -> UInt8 {
        guard next < bytes.count else { throw .endsEarly }
        defer { next += 1 }
        return bytes[next]
    }

    mutating func varint() throws(DamagedBytes) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try byte()
            guard shift < 64 else { throw .notAValue("varint") }
            value |= UInt64(byte & 127) << shift
            if byte < 128 { return value }
            shift += 7
        }
    }

    mutating func count() throws(DamagedBytes) -> Int {
        guard let value = Int(exactly: try varint()), value <= bytes.count * 8 + 8 else { throw .notAValue("count") }
        return value
    }

    mutating func zigzag() throws(DamagedBytes) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    mutating func text() throws(DamagedBytes) -> String {
        let length = try count()
        guard next + length <= bytes.count else { throw .endsEarly }
        defer { next += length }
        guard let text = String(validating: bytes[next..<next + length], as: UTF8.self) else { throw .notText }
        return text
    }
}

extension ByteReader<[UInt8]> {
    /// Where the bytes of a text stand.
    mutating func textRange() throws(DamagedBytes) -> Range<Int> {
        let length = try count()
        guard next + length <= bytes.count else { throw .endsEarly }
        defer { next += length }
        return next..<next + length
    }
}
