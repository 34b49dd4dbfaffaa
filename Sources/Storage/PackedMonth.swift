public import Water

/// One meter's day sets of a month in one body: what a closed month is kept as.
///
/// Version 2: its byte, the unit exponent e (registers are multiples of 10^e mL), a sum of 32 bits over e and
/// all that follows (FNV-1a, little-endian), then varints: gateways, the number of days, the first day, the usual step between instants,
/// the first instant, the first register. The rest is in one range code, whose chances are learnt as it goes
/// (`RangeCoder.swift`): of each day its distance to the one before and its count of elements; gateways, where there are
/// several, in runs (index, how many); the instants, each as the difference to the one before less the usual step; the
/// registers, each as the difference to the one before. What a difference is worth goes by how long those before it
/// were. Lossless: any elements, in their order, come back. The same sets have the same bytes.
///
/// Version 1 (`PackedMonthRice.swift`) is still read.
public enum PackedMonth {
    static let version: UInt8 = 2
    /// More elements than this no body has.
    static let mostElements = 10_000_000

    /// The bytes of days in order, none of them empty, each day's elements sorted.
    public static func encode(_ days: [(day: LocalDay, elements: [ReadingElement])]) -> [UInt8] {
        let elements = days.flatMap(\.elements)
        let exponent = DaySet.unitExponent(elements[...])
        let unit = DaySet.power(exponent)
        let gateways = Set(elements.map(\.gateway)).sorted()
        let instants = elements.map(\.at.epochSeconds)
        let registers = elements.map { $0.register.millilitres / unit }
        let step = usualStep(of: instants)
        var writer = ByteWriter()
        writer.varint(UInt64(gateways.count))
        for gateway in gateways { writer.zigzag(gateway.value) }
        writer.varint(UInt64(days.count))
        for first in [Int64(days.first?.day.number ?? 0), step, instants.first ?? 0, registers.first ?? 0] {
            writer.zigzag(first)
        }
        var coder = RangeEncoder(reserving: elements.count + 16)
        write(days.map { ($0.day, $0.elements.count) }, to: &coder)
        if gateways.count > 1 { write(gateways: elements.map(\.gateway), of: gateways, to: &coder) }
        write(instants, step: step, to: &coder)
        write(registers, step: 0, to: &coder)
        writer.append(Array(coder.finish()))
        let sum = checksum(UInt8(exponent), writer.bytes[...])
        return [version, UInt8(exponent)] + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * $0)) } + writer.bytes
    }

    private static func checksum(_ exponent: UInt8, _ bytes: ArraySlice<UInt8>) -> UInt32 {
        func next(_ sum: UInt32, _ byte: UInt8) -> UInt32 { (sum ^ UInt32(byte)) &* 16_777_619 }
        return bytes.reduce(next(2_166_136_261, exponent), next)
    }

    /// The most frequent step, of several the least; 0 where there is none.
    private static func usualStep(of instants: [Int64]) -> Int64 {
        var counts: [Int64: Int] = [:]
        for index in instants.indices.dropFirst() { counts[instants[index] &- instants[index - 1], default: 0] += 1 }
        return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 0
    }

    private static func write(_ days: [(day: LocalDay, count: Int)], to coder: inout RangeEncoder) {
        var (distances, counts) = (NumberModel(contexts: 1), NumberModel(contexts: 1))
        for (index, (day, count)) in days.enumerated() {
            if index > 0 { coder.write(UInt64(day.number - days[index - 1].day.number), by: &distances) }
            // Most days have as many as the one before.
            let difference = Int64(count - (index > 0 ? days[index - 1].count : 0))
            coder.write(UInt64(bitPattern: (difference << 1) ^ (difference >> 63)), by: &counts)
        }
    }

    private static func write(gateways: [GatewayID], of all: [GatewayID], to coder: inout RangeEncoder) {
        let places = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0) })
        var (indices, lengths) = (NumberModel(contexts: 1), NumberModel(contexts: 1))
        var index = 0
        while index < gateways.count {
            var end = index + 1
            while end < gateways.count, gateways[end] == gateways[index] { end += 1 }
            coder.write(UInt64(places[gateways[index]] ?? 0), by: &indices)
            coder.write(UInt64(end - index), by: &lengths)
            index = end
        }
    }

    private static func write(_ values: [Int64], step: Int64, to coder: inout RangeEncoder) {
        var model = DifferenceModel()
        for index in values.indices.dropFirst() {
            model.write(values[index] &- values[index - 1] &- step, to: &coder)
        }
    }

    /// The days of stored bytes, in order.
    public static func decode(_ bytes: [UInt8]) throws(DamagedBytes) -> [(day: LocalDay, elements: [ReadingElement])] {
        guard let found = bytes.first else { throw .endsEarly }
        switch found {
        case 1: return try decodeRice(bytes)
        case version: break
        default: throw .unknownVersion(found)
        }
        guard bytes.count > 6 else { throw .endsEarly }
        let sum = (0..<4).reduce(0) { $0 | UInt32(bytes[2 + $1]) << (8 * UInt32($1)) }
        guard checksum(bytes[1], bytes[6...]) == sum else { throw .notAValue("sum") }
        guard bytes[1] <= 9 else { throw .notAValue("unit exponent") }
        let unit = DaySet.power(Int(bytes[1]))
        var reader = ByteReader(Array(bytes[6...]))
        var gateways: [GatewayID] = []
        for _ in 0..<(try reader.count()) { gateways.append(GatewayID(try reader.zigzag())) }
        let dayCount = try reader.count()
        let firstDay = try reader.zigzag()
        let (step, firstInstant, firstRegister) = (try reader.zigzag(), try reader.zigzag(), try reader.zigzag())
        if dayCount == 0 { return [] }
        guard !gateways.isEmpty else { throw .notAValue("gateways") }
        var coder = RangeDecoder(reader.rest)
        let days = try readDays(dayCount, from: firstDay, &coder)
        let total = days.reduce(0) { $0 + $1.count }
        let places = gateways.count > 1 ? try readGateways(total, of: gateways.count, &coder) : []
        let instants = try readValues(total, from: firstInstant, step: step, &coder)
        let registers = try readValues(total, from: firstRegister, step: 0, &coder)
        return split(days) { place in
            ReadingElement(
                at: Instant(epochSeconds: instants[place]), register: Volume(millilitres: registers[place] &* unit),
                gateway: gateways[places.isEmpty ? 0 : places[place]])
        }
    }

    static func split(
        _ days: [(day: LocalDay, count: Int)], _ element: (Int) -> ReadingElement
    ) -> [(day: LocalDay, elements: [ReadingElement])] {
        var index = 0
        return days.map { day, count in
            defer { index += count }
            return (day, (index..<index + count).map(element))
        }
    }

    private static func readDays(
        _ count: Int, from first: Int64, _ coder: inout RangeDecoder
    ) throws(DamagedBytes) -> [(day: LocalDay, count: Int)] {
        var (distances, counts) = (NumberModel(contexts: 1), NumberModel(contexts: 1))
        var days: [(day: LocalDay, count: Int)] = []
        var (day, elements, total) = (first, Int64(0), Int64(0))
        for index in 0..<count {
            if index > 0 { day &+= Int64(bitPattern: try coder.read(by: &distances)) }
            let difference = try coder.read(by: &counts)
            elements &+= Int64(bitPattern: difference >> 1) ^ -Int64(bitPattern: difference & 1)
            guard let number = Int32(exactly: day), (1...Int64(mostElements)).contains(elements),
                total + elements <= mostElements
            else { throw .notAValue("day") }
            days.append((LocalDay(number: number), Int(elements)))
            total += elements
        }
        return days
    }

    private static func readGateways(
        _ count: Int, of gateways: Int, _ coder: inout RangeDecoder
    ) throws(DamagedBytes) -> [Int] {
        var (indices, lengths) = (NumberModel(contexts: 1), NumberModel(contexts: 1))
        var places: [Int] = []
        places.reserveCapacity(min(count, 4_096))
        while places.count < count {
            let (place, times) = (try coder.read(by: &indices), try coder.read(by: &lengths))
            guard place < UInt64(gateways), times > 0, times <= UInt64(count - places.count) else {
                throw .notAValue("gateway index")
            }
            for _ in 0..<times { places.append(Int(place)) }
        }
        return places
    }

    private static func readValues(
        _ count: Int, from first: Int64, step: Int64, _ coder: inout RangeDecoder
    ) throws(DamagedBytes) -> [Int64] {
        var model = DifferenceModel()
        var values: [Int64] = []
        values.reserveCapacity(min(count, 4_096))
        values.append(first)
        for index in 0..<count - 1 { values.append(values[index] &+ step &+ (try model.read(from: &coder))) }
        return values
    }
}

/// The chances of differences that follow one another: their size by the lengths of the two before, their sign by that
/// of the one before.
private struct DifferenceModel {
    private static let lengths = 3

    private var sizes = NumberModel(contexts: lengths * lengths)
    private var signs = NumberModel(contexts: 3)
    private var context = (size: 0, sign: 0)

    mutating func write(_ difference: Int64, to coder: inout RangeEncoder) {
        let size = UInt64(difference.magnitude)
        coder.write(size, context.size, by: &sizes)
        if size > 0 { coder.write(difference < 0 ? 1 : 0, context.sign, by: &signs) }
        follow(size, isNegative: difference < 0)
    }

    mutating func read(from coder: inout RangeDecoder) throws(DamagedBytes) -> Int64 {
        let size = try coder.read(context.size, by: &sizes)
        let isNegative = size > 0 ? try coder.read(context.sign, by: &signs) > 0 : false
        follow(size, isNegative: isNegative)
        return isNegative ? 0 &- Int64(bitPattern: size) : Int64(bitPattern: size)
    }

    private mutating func follow(_ size: UInt64, isNegative: Bool) {
        let length = min(UInt64.bitWidth - size.leadingZeroBitCount, Self.lengths - 1)
        context.size = context.size % Self.lengths * Self.lengths + length
        context.sign = size == 0 ? 0 : isNegative ? 2 : 1
    }
}
