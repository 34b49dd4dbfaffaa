import Water

/// Axioma Qalcosonic W1, enhanced 24 h payload: 51 bytes on port 100.
///
/// | off | len | field |
/// |---|---|---|
/// | 0 | 1 | 01, version |
/// | 1 | 4 | seconds since 1970, low byte first |
/// | 5 | 1 | status |
/// | 6 | 4 | litres, low byte first: the register before the 23 hours |
/// | 10 | 41 | 23 × 14 bits, low bit first: litres of one hour each, oldest first; then 6 bits of a multiplier |
///
/// The sum of all is the register now. Source: the decoder in TheThingsNetwork/lorawan-devices
/// (vendor/axioma/qalcosonic-w1-codec) with its real uplink. Whether the last hour ends at the payload's time or at the
/// full hour before is not said there, so the mapping says it.
struct AxiomaW1 {
    /// The meter's time.
    let at: Instant
    /// Litres at `at`.
    let litres: Int64
    /// Litres before the 23 hours.
    let litresBefore: Int64
    /// 23 hours, oldest first.
    let hourlyLitres: [Int64]
    let status: UInt8

    /// The LoRaWAN port that it comes on.
    static let port = "100"

    init(_ bytes: Span<UInt8>) throws(ItemFault) {
        guard bytes.count == 51 else {
            throw ItemFault(field: "length", reason: "\(bytes.count) bytes where 51 belong")
        }
        guard bytes[0] == 0x01 else {
            throw ItemFault(field: "version", reason: "not 01: \(hex([bytes[0]]).uppercased())")
        }
        let multiplier = bytes.bits(from: 10 * 8 + 23 * 14, count: 6)
        guard multiplier == 0 else { throw ItemFault(field: "multiplier", reason: "\(multiplier) is not known") }
        at = Instant(epochSeconds: bytes.bits(from: 8, count: 32))
        guard at >= .earliestReading else { throw ItemFault(field: "at", reason: ValueFault.tooOld.reason) }
        status = bytes[5]
        litresBefore = bytes.bits(from: 48, count: 32)
        var hours: [Int64] = []
        for hour in 0..<23 { hours.append(bytes.bits(from: 80 + hour * 14, count: 14)) }
        hourlyLitres = hours
        litres = hours.reduce(litresBefore, +)
    }

    /// Registers in litres with their times, oldest first.
    func registers(_ history: AxiomaHistory) -> [(at: Int64, litres: Int64)] {
        let now = at.epochSeconds
        let end: Int64
        switch history {
        case .none: return [(now, litres)]
        case .beforePayload: end = now
        case .fullHours: end = now - now % 3_600
        }
        var register = litresBefore
        var found = [(at: end - 23 * 3_600, litres: register)]
        for (hour, consumed) in hourlyLitres.enumerated() {
            register += consumed
            found.append((end - Int64(22 - hour) * 3_600, register))
        }
        return found.filter { $0.at >= Instant.earliestReading.epochSeconds }
    }

    /// The status byte, two hex digits.
    var raw: String { hex([status]).uppercased() }

    /// Bits that overlap: backflow and burst are pairs, and each bit of a pair alone means something else.
    /// Source: the status rules of the same decoder, protocols.md section 7.
    var alerts: [Alert] {
        let isBackflow = status & 0x60 == 0x60
        let isBurst = status & 0xA0 == 0xA0
        var codes: [AlertCode] = []
        if isBackflow { codes.append(.backflow) }
        if isBurst { codes.append(.burst) }
        if status & 0x20 != 0, !isBackflow, !isBurst { codes.append(.leak) }
        if status & 0x80 != 0, !isBurst { codes.append(.temperature) }
        if status & 0x04 != 0 { codes.append(.batteryLow) }
        if status & 0x08 != 0 { codes.append(.permanentError) }
        if status == 0x10 { codes.append(.dry) } else if status & 0x10 != 0 { codes.append(.temporaryError) }
        if status & 0x03 != 0 || (status & 0x40 != 0 && !isBackflow) { codes.append(.unknown) }
        return codes.map { Alert(code: $0, isCurrent: true, raw: raw) }
    }
}

/// Where the 23 hours of a payload end.
enum AxiomaHistory: Sendable {
    /// Only the register now is a reading.
    case none
    /// At the payload's time.
    case beforePayload
    /// At the full hour at or before the payload's time.
    case fullHours
}

extension Span where Element == UInt8 {
    /// A number of up to 32 bits, its low bit first, from a bit that counts from the low bit of byte 0. Bits past the
    /// end are 0.
    fileprivate func bits(from start: Int, count length: Int) -> Int64 {
        var value: Int64 = 0
        for index in 0..<length {
            let bit = start + index
            if bit / 8 < count, self[bit / 8] >> UInt8(bit % 8) & 1 == 1 { value |= 1 << Int64(index) }
        }
        return value
    }
}
