import Water

/// Version 1 of a packed month, still read.
///
/// In this order. Varints: the version's byte apart, the unit exponent e (registers are multiples of 10^e mL), gateways,
/// days (the first one's number, then distances) each with its count of elements. Gateways, where there are several: runs
/// (index, how many). The usual step between instants. Then bits, for the instants and after them for the registers: the
/// first in 64, and each difference to the one before (of instants less the usual step) in blocks of 32 by a Rice code
/// with the block's parameter, or the word that all of them are zero.
extension PackedMonth {
    /// Differences that share a parameter.
    private static let block = 32

    static func decodeRice(_ bytes: [UInt8]) throws(DamagedBytes) -> [(day: LocalDay, elements: [ReadingElement])] {
        var reader = ByteReader(bytes)
        guard try reader.byte() == 1 else { throw .notAValue("version") }
        let exponent = try reader.byte()
        guard exponent <= 9 else { throw .notAValue("unit exponent") }
        var gateways: [GatewayID] = []
        for _ in 0..<(try reader.count()) { gateways.append(GatewayID(try reader.zigzag())) }
        var days: [(day: LocalDay, count: Int)] = []
        var (last, total) = (Int64(0), 0)
        for _ in 0..<(try reader.count()) {
            last &+= try reader.zigzag()
            let count = try reader.count()
            guard let number = Int32(exactly: last), total + count <= mostElements else { throw .notAValue("day") }
            days.append((LocalDay(number: number), count))
            total += count
        }
        guard total > 0 else { return [] }
        let places = gateways.count > 1 ? try readRiceGateways(total, of: gateways.count, from: &reader) : []
        let unit = DaySet.power(Int(exponent))
        let step = try reader.zigzag()
        var bits = BitReader(reader.rest)
        let instants = try readRiceValues(total, step: step, from: &bits)
        let registers = try readRiceValues(total, step: 0, from: &bits)
        guard !gateways.isEmpty else { throw .notAValue("gateways") }
        return split(days) { place in
            ReadingElement(
                at: Instant(epochSeconds: instants[place]), register: Volume(millilitres: registers[place] &* unit),
                gateway: gateways[places.isEmpty ? 0 : places[place]])
        }
    }

    private static func readRiceGateways(
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

    private static func readRiceValues(
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

    static func read(_ parameter: Int, from bits: inout BitReader) throws(DamagedBytes) -> UInt64 {
        var high: UInt64 = 0
        while high < longest, try bits.read(1) == 1 { high += 1 }
        if high == longest { return try bits.read(64) }
        return (high << UInt64(parameter)) | (try bits.read(parameter))
    }
}

/// Bits, the highest of a byte first.
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
