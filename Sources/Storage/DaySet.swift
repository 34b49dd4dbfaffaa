public import Water

/// One meter's elements on one local day, as they are stored: a grow-only set.
///
/// Bytes, version 1: version, unit exponent e (registers are multiples of 10^e mL), gateway count and ids, element
/// count, then per element the instant's distance from the one before (the first: from 0), the register's zigzag
/// difference in units, and the gateway's index where there are several. The same set has the same bytes.
public enum DaySet {
    static let version: UInt8 = 1

    /// The bytes of `elements`, which must be sorted and without repeats.
    public static func encode(_ elements: [ReadingElement]) -> [UInt8] {
        let exponent = unitExponent(elements)
        let unit = power(exponent)
        let gateways = Set(elements.map(\.gateway)).sorted()
        let index = Dictionary(uniqueKeysWithValues: gateways.enumerated().map { ($1, $0) })
        var writer = ByteWriter()
        writer.byte(version)
        writer.byte(UInt8(exponent))
        writer.varint(UInt64(gateways.count))
        for gateway in gateways { writer.zigzag(gateway.value) }
        writer.varint(UInt64(elements.count))
        var at: Int64 = 0
        var register: Int64 = 0
        for element in elements {
            let units = element.register.millilitres / unit
            writer.zigzag(element.at.epochSeconds &- at)
            writer.zigzag(units &- register)
            if gateways.count > 1 { writer.varint(UInt64(index[element.gateway] ?? 0)) }
            at = element.at.epochSeconds
            register = units
        }
        return writer.bytes
    }

    /// The elements of stored bytes, in order.
    public static func decode(_ bytes: [UInt8]) throws(DamagedBytes) -> [ReadingElement] {
        var reader = ByteReader(bytes)
        let found = try reader.byte()
        guard found == version else { throw .unknownVersion(found) }
        let exponent = try reader.byte()
        guard exponent <= 9 else { throw .notAValue("unit exponent") }
        let unit = power(Int(exponent))
        let gatewayCount = try reader.count()
        var gateways: [GatewayID] = []
        for _ in 0..<gatewayCount { gateways.append(GatewayID(try reader.zigzag())) }
        let count = try reader.count()
        var elements: [ReadingElement] = []
        elements.reserveCapacity(count)
        var at: Int64 = 0
        var register: Int64 = 0
        for _ in 0..<count {
            at &+= try reader.zigzag()
            register &+= try reader.zigzag()
            let index = gatewayCount > 1 ? try reader.count() : 0
            guard index < gatewayCount else { throw .notAValue("gateway index") }
            elements.append(
                ReadingElement(
                    at: Instant(epochSeconds: at), register: Volume(millilitres: register &* unit),
                    gateway: gateways[index]))
        }
        return elements
    }

    /// The union of two sorted sets, sorted, without repeats.
    public static func union(_ a: [ReadingElement], _ b: [ReadingElement]) -> [ReadingElement] {
        var merged: [ReadingElement] = []
        merged.reserveCapacity(a.count + b.count)
        var i = 0
        var j = 0
        while i < a.count || j < b.count {
            let takesFirst = j == b.count || (i < a.count && a[i] <= b[j])
            let next = takesFirst ? a[i] : b[j]
            if takesFirst { i += 1 } else { j += 1 }
            if merged.last != next { merged.append(next) }
        }
        return merged
    }

    /// The largest e up to 9 for which every register is a multiple of 10^e mL.
    static func unitExponent(_ elements: [ReadingElement]) -> Int {
        var exponent = 9
        for element in elements {
            while exponent > 0, element.register.millilitres % power(exponent) != 0 { exponent -= 1 }
        }
        return exponent
    }

    static func power(_ exponent: Int) -> Int64 {
        var value: Int64 = 1
        for _ in 0..<exponent { value *= 10 }
        return value
    }
}
