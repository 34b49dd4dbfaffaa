public import Water

/// One meter's day sets of a month in one body: what a closed month is kept as.
///
/// Version 1, in this order. Varints: the version's byte apart, the unit exponent e (registers are multiples of 10^e
/// mL), gateways, days (the first one's number, then distances) each with its count of elements. Gateways, where there
/// are several: runs (index, how many). The usual step between instants. Then bits, for the instants and after them for
/// the registers: the first in 64, and each difference to the one before (of instants less the usual step) in blocks of
/// 32 by a Rice code whose parameter is the block's best, or the word that all of them are zero. Lossless: any elements,
/// in their order, come back. The same sets have the same bytes.
public enum PackedMonth {
    static let version: UInt8 = 1
    private static let block = 32

    /// The bytes of days in order, none of them empty, each day's elements sorted.
    public static func encode(_ days: [(day: LocalDay, elements: [ReadingElement])]) -> [UInt8] {
        let elements = days.flatMap(\.elements)
        let exponent = DaySet.unitExponent(elements)
        var writer = ByteWriter()
        writer.byte(version)
        writer.byte(UInt8(exponent))
        let gateways = Set(elements.map(\.gateway)).sorted()
        writer.varint(UInt64(gateways.count))
        for gateway in gateways { writer.zigzag(gateway.value) }
        writer.varint(UInt64(days.count))
        var last: Int64 = 0
        for (day, elements) in days {
            writer.zigzag(Int64(day.number) - last)
            writer.varint(UInt64(elements.count))
            last = Int64(day.number)
        }
        if gateways.count > 1 { write(gateways: elements.map(\.gateway), of: gateways, to: &writer) }
        let unit = DaySet.power(exponent)
        var bits = BitWriter()
        let instants = elements.map(\.at.epochSeconds)
        let step = usualStep(of: instants)
        writer.zigzag(step)
        write(instants, step: step, to: &bits)
        write(elements.map { $0.register.millilitres / unit }, step: 0, to: &bits)
        writer.append(bits.bytes)
        return writer.bytes
    }

    /// The most frequent step, of several the least; 0 where there is none.
    private static func usualStep(of instants: [Int64]) -> Int64 {
        var counts: [Int64: Int] = [:]
        for index in instants.indices.dropFirst() { counts[instants[index] &- instants[index - 1], default: 0] += 1 }
        return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 0
    }

    private static func write(gateways: [GatewayID], of all: [GatewayID], to writer: inout ByteWriter) {
        let places = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0) })
        var index = 0
        while index < gateways.count {
            var end = index + 1
            while end < gateways.count, gateways[end] == gateways[index] { end += 1 }
            writer.varint(UInt64(places[gateways[index]] ?? 0))
            writer.varint(UInt64(end - index))
            index = end
        }
    }

    /// The first value in 64 bits, then each difference to the one before less the step.
    private static func write(_ values: [Int64], step: Int64, to bits: inout BitWriter) {
        guard let first = values.first else { return }
        bits.write(UInt64(bitPattern: first), count: 64)
        var differences: [UInt64] = []
        differences.reserveCapacity(values.count)
        for index in values.indices.dropFirst() {
            let difference = values[index] &- values[index - 1] &- step
            differences.append(UInt64(bitPattern: (difference << 1) ^ (difference >> 63)))
        }
        for start in stride(from: 0, to: differences.count, by: block) {
            let part = differences[start..<min(start + block, differences.count)]
            if part.allSatisfy({ $0 == 0 }) {
                bits.write(UInt64(RiceCode.nothing), count: 6)
                continue
            }
            let parameter = RiceCode.best(for: part)
            bits.write(UInt64(parameter), count: 6)
            for value in part { RiceCode.write(value, parameter, to: &bits) }
        }
    }

    /// The days of stored bytes, in order.
    public static func decode(_ bytes: [UInt8]) throws(DamagedBytes) -> [(day: LocalDay, elements: [ReadingElement])] {
        var reader = ByteReader(bytes)
        let found = try reader.byte()
        guard found == version else { throw .unknownVersion(found) }
        let exponent = try reader.byte()
        guard exponent <= 9 else { throw .notAValue("unit exponent") }
        var gateways: [GatewayID] = []
        for _ in 0..<(try reader.count()) { gateways.append(GatewayID(try reader.zigzag())) }
        var days: [(day: LocalDay, count: Int)] = []
        var (last, total) = (Int64(0), 0)
        for _ in 0..<(try reader.count()) {
            last &+= try reader.zigzag()
            let count = try reader.count()
            guard let number = Int32(exactly: last), total + count <= 10_000_000 else { throw .notAValue("day") }
            days.append((LocalDay(number: number), count))
            total += count
        }
        guard total > 0 else { return [] }
        let places = gateways.count > 1 ? try readGateways(total, of: gateways.count, from: &reader) : []
        let unit = DaySet.power(Int(exponent))
        let step = try reader.zigzag()
        var bits = BitReader(reader.rest)
        let instants = try readValues(total, step: step, from: &bits)
        let registers = try readValues(total, step: 0, from: &bits)
        guard !gateways.isEmpty else { throw .notAValue("gateways") }
        var index = 0
        return days.map { day, count in
            let elements = (index..<index + count).map { place in
                ReadingElement(
                    at: Instant(epochSeconds: instants[place]),
                    register: Volume(millilitres: registers[place] &* unit),
                    gateway: gateways[places.isEmpty ? 0 : places[place]])
            }
            index += count
            return (day, elements)
        }
    }

    private static func readGateways(
        _ count: Int, of gateways: Int, from reader: inout ByteReader<[UInt8]>
    ) throws(DamagedBytes) -> [Int] {
        var places: [Int] = []
        places.reserveCapacity(count)
        while places.count < count {
            let (place, times) = (try reader.varint(), try reader.varint())
            guard place < UInt64(gateways), times > 0, times <= UInt64(count - places.count) else {
                throw .notAValue("gateway index")
            }
            for _ in 0..<times { places.append(Int(place)) }
        }
        return places
    }

    private static func readValues(
        _ count: Int, step: Int64, from bits: inout BitReader
    ) throws(DamagedBytes) -> [Int64] {
        var values: [Int64] = []
        values.reserveCapacity(min(count, 4_096))
        values.append(Int64(bitPattern: try bits.read(64)))
        var parameter = 0
        for index in 0..<count - 1 {
            if index % block == 0 { parameter = Int(try bits.read(6)) }
            let value = parameter == RiceCode.nothing ? 0 : try RiceCode.read(parameter, from: &bits)
            let difference = Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
            values.append(values[index] &+ difference &+ step)
        }
        return values
    }
}

/// Golomb-Rice codes: the high part in ones ended by a zero, the low `parameter` bits as they are. A high part of 24 or
/// more is 24 ones and the whole value in 64 bits.
private enum RiceCode {
    private static let longest: UInt64 = 24
    /// In the place of a parameter: the whole block is zeros, and nothing follows.
    static let nothing = 63

    /// The parameter, 0–62, that makes the values shortest.
    static func best(for values: ArraySlice<UInt64>) -> Int {
        var best = (parameter: 0, bits: Int.max)
        for parameter in 0...62 {
            var bits = 0
            for value in values {
                let high = value >> UInt64(parameter)
                bits += high < longest ? Int(high) + 1 + parameter : Int(longest) + 64
            }
            if bits < best.bits { best = (parameter, bits) }
            // Lengths fall, then rise: once every value is below 2^parameter nothing gets shorter.
            if values.allSatisfy({ $0 >> UInt64(parameter) == 0 }) { break }
        }
        return best.parameter
    }

    static func write(_ value: UInt64, _ parameter: Int, to bits: inout BitWriter) {
        let high = value >> UInt64(parameter)
        guard high < longest else {
            bits.write((1 << longest) - 1, count: Int(longest))
            bits.write(value, count: 64)
            return
        }
        bits.write((1 << (high + 1)) - 2, count: Int(high) + 1)
        bits.write(value & ((1 << UInt64(parameter)) - 1), count: parameter)
    }

    static func read(_ parameter: Int, from bits: inout BitReader) throws(DamagedBytes) -> UInt64 {
        var high: UInt64 = 0
        while high < longest, try bits.read(1) == 1 { high += 1 }
        if high == longest { return try bits.read(64) }
        return (high << UInt64(parameter)) | (try bits.read(parameter))
    }
}

/// Bits, the highest of a byte first.
private struct BitWriter {
    private(set) var bytes: [UInt8] = []
    private var used = 8

    mutating func write(_ value: UInt64, count: Int) {
        var left = count
        while left > 0 {
            if used == 8 {
                bytes.append(0)
                used = 0
            }
            let part = min(left, 8 - used)
            let piece = UInt8(truncatingIfNeeded: (value >> UInt64(left - part)) & ((1 << UInt64(part)) - 1))
            bytes[bytes.count - 1] |= piece << UInt8(8 - used - part)
            used += part
            left -= part
        }
    }
}

private struct BitReader {
    private let bytes: ArraySlice<UInt8>
    private var next: Int
    private var used = 0

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        next = bytes.startIndex
    }

    mutating func read(_ count: Int) throws(DamagedBytes) -> UInt64 {
        var value: UInt64 = 0
        var left = count
        while left > 0 {
            guard next < bytes.endIndex else { throw .endsEarly }
            let part = min(left, 8 - used)
            let piece = (bytes[next] >> UInt8(8 - used - part)) & UInt8(truncatingIfNeeded: (1 << part) - 1)
            value = (value << UInt64(part)) | UInt64(piece)
            used += part
            left -= part
            if used == 8 {
                next += 1
                used = 0
            }
        }
        return value
    }
}
