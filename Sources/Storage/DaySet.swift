public import Water

/// One meter's elements on one local day, as they are stored: a grow-only set. The same set has the same bytes.
///
/// Bytes: version, unit exponent e (registers are multiples of 10^e mL), gateway count and ids, element count, then
/// - version 1: per element the instant's distance from the one before (the first: from 0), the register's zigzag
///   difference in units, and the gateway's index where there are several;
/// - version 2: the instants as runs of equal steps, each the distance of its first from the last before it (the first:
///   from 0), its length, and where that is not 1 its step; then the elements without instants.
///
/// Version 2 is written where the runs, each as long as it can be, are no more than a third of the elements.
public enum DaySet {
    static let plain: UInt8 = 1
    static let inRuns: UInt8 = 2

    /// The bytes of `elements`, which must be sorted and without repeats.
    public static func encode(_ elements: [ReadingElement]) -> [UInt8] { encode(elements[...]) }

    /// The same of a part of many.
    public static func encode(_ elements: ArraySlice<ReadingElement>) -> [UInt8] {
        let exponent = unitExponent(elements)
        let gateways = gateways(of: elements)
        let isInRuns = !elements.isEmpty && countRuns(elements) * 3 <= elements.count
        var writer = ByteWriter()
        writer.reserve(16 + elements.count * 3 + min(elements.count, elementsAtOnce) * mostBytesOfElement)
        writer.byte(isInRuns ? inRuns : plain)
        writer.byte(UInt8(exponent))
        writer.varint(UInt64(gateways.count))
        for gateway in gateways { writer.zigzag(gateway.value) }
        writer.varint(UInt64(elements.count))
        if isInRuns { writeRuns(elements, to: &writer) }
        write(elements, unit: power(exponent), gateways, withInstants: !isInRuns, to: &writer)
        return writer.bytes
    }

    private static let elementsAtOnce = 32
    private static let mostBytesOfElement = 3 * longestVarint

    private static func writeRuns(_ elements: ArraySlice<ReadingElement>, to writer: inout ByteWriter) {
        var at: Int64 = 0
        var index = elements.startIndex
        while index < elements.endIndex {
            let end = endOfRun(elements, from: index)
            let first = elements[index].at.epochSeconds
            writer.zigzag(first &- at)
            writer.varint(UInt64(end - index))
            if end - index > 1 { writer.zigzag(elements[index + 1].at.epochSeconds &- first) }
            at = elements[end - 1].at.epochSeconds
            index = end
        }
    }

    private static func write(
        _ elements: ArraySlice<ReadingElement>, unit: Int64, _ gateways: [GatewayID], withInstants: Bool,
        to writer: inout ByteWriter
    ) {
        var (at, register) = (Int64(0), Int64(0))
        var next = elements.startIndex
        // A part at a time: room is made for the longest numbers.
        while next < elements.endIndex {
            let end = min(elements.endIndex, next + elementsAtOnce)
            writer.append(atMost: (end - next) * mostBytesOfElement) { out in
                for element in elements[next..<end] {
                    let units = element.register.millilitres / unit
                    if withInstants {
                        out.zigzag(element.at.epochSeconds &- at)
                        at = element.at.epochSeconds
                    }
                    out.zigzag(units &- register)
                    if gateways.count > 1 { out.varint(UInt64(gateways.firstIndex(of: element.gateway) ?? 0)) }
                    register = units
                }
            }
            next = end
        }
    }

    /// Ascending, each once.
    private static func gateways(of elements: ArraySlice<ReadingElement>) -> [GatewayID] {
        guard let first = elements.first?.gateway else { return [] }
        return elements.allSatisfy { $0.gateway == first } ? [first] : Set(elements.map(\.gateway)).sorted()
    }

    /// Where the run of equal steps that begins at `start` ends, as long as it can be.
    private static func endOfRun(_ elements: ArraySlice<ReadingElement>, from start: Int) -> Int {
        var end = start + 1
        guard end < elements.endIndex else { return end }
        let step = elements[end].at.epochSeconds &- elements[start].at.epochSeconds
        while end < elements.endIndex, elements[end].at.epochSeconds &- elements[end - 1].at.epochSeconds == step {
            end += 1
        }
        return end
    }

    private static func countRuns(_ elements: ArraySlice<ReadingElement>) -> Int {
        var (count, index) = (0, elements.startIndex)
        while index < elements.endIndex {
            index = endOfRun(elements, from: index)
            count += 1
        }
        return count
    }

    /// The elements of stored bytes, in order.
    public static func decode(_ bytes: [UInt8]) throws(DamagedBytes) -> [ReadingElement] {
        var elements: [ReadingElement] = []
        try decode(ByteReader(bytes), into: &elements)
        return elements
    }

    /// Adds the elements of stored bytes, in order.
    static func decode(_ bytes: UnsafeRawBufferPointer, into elements: inout [ReadingElement]) throws(DamagedBytes) {
        try decode(ByteReader(bytes), into: &elements)
    }

    private static func decode<Bytes>(
        _ bytes: ByteReader<Bytes>, into elements: inout [ReadingElement]
    ) throws(DamagedBytes) {
        var reader = bytes
        let version = try reader.byte()
        guard version == plain || version == inRuns else { throw .unknownVersion(version) }
        let exponent = try reader.byte()
        guard exponent <= 9 else { throw .notAValue("unit exponent") }
        let unit = power(Int(exponent))
        let gatewayCount = try reader.count()
        let first = gatewayCount > 0 ? GatewayID(try reader.zigzag()) : GatewayID(0)
        var others: [GatewayID] = []
        if gatewayCount > 1 { for _ in 1..<gatewayCount { others.append(GatewayID(try reader.zigzag())) } }
        let count = try reader.count()
        guard count == 0 || gatewayCount > 0 else { throw .notAValue("gateway index") }
        if elements.isEmpty { elements.reserveCapacity(count) }
        // The runs stand before the elements: one reader goes through them as the other does through the rest.
        var runs = reader
        if version == inRuns { try skipRuns(count, &reader) }
        var (left, step) = (0, Int64(0))
        var at: Int64 = 0
        var register: Int64 = 0
        for _ in 0..<count {
            if version == plain {
                at &+= try reader.zigzag()
            } else if left > 0 {
                at &+= step
                left -= 1
            } else {
                at &+= try runs.zigzag()
                left = try runs.count() - 1
                if left > 0 { step = try runs.zigzag() }
            }
            register &+= try reader.zigzag()
            let index = gatewayCount > 1 ? try reader.count() : 0
            guard index < gatewayCount else { throw .notAValue("gateway index") }
            elements.append(
                ReadingElement(
                    at: Instant(epochSeconds: at), register: Volume(millilitres: register &* unit),
                    gateway: index == 0 ? first : others[index - 1]))
        }
    }

    private static func skipRuns<Bytes>(_ count: Int, _ reader: inout ByteReader<Bytes>) throws(DamagedBytes) {
        var found = 0
        while found < count {
            _ = try reader.zigzag()
            let length = try reader.count()
            guard length >= 1, length <= count - found else { throw .notAValue("run length") }
            if length > 1 { _ = try reader.zigzag() }
            found += length
        }
    }

    /// The union of two sorted sets, sorted, without repeats.
    public static func union(_ a: [ReadingElement], _ b: [ReadingElement]) -> [ReadingElement] { union(a, b[...]) }

    /// The same with a part of many.
    public static func union(_ a: [ReadingElement], _ b: ArraySlice<ReadingElement>) -> [ReadingElement] {
        var merged: [ReadingElement] = []
        merged.reserveCapacity(a.count + b.count)
        var i = 0
        var j = b.startIndex
        while i < a.count || j < b.endIndex {
            let takesFirst = j == b.endIndex || (i < a.count && a[i] <= b[j])
            let next = takesFirst ? a[i] : b[j]
            if takesFirst { i += 1 } else { j += 1 }
            if merged.last != next { merged.append(next) }
        }
        return merged
    }

    /// The largest e up to 9 for which every register is a multiple of 10^e mL.
    static func unitExponent(_ elements: ArraySlice<ReadingElement>) -> Int {
        var exponent = 9
        var unit = power(exponent)
        for element in elements {
            while exponent > 0, element.register.millilitres % unit != 0 {
                exponent -= 1
                unit /= 10
            }
        }
        return exponent
    }

    static func power(_ exponent: Int) -> Int64 {
        var value: Int64 = 1
        for _ in 0..<exponent { value *= 10 }
        return value
    }
}
