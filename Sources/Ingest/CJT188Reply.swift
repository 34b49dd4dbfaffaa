import Water

/// A reply's values, checked. Source: protocols.md, 1.2 and 1.3.
enum CJT188Reply {
    /// The register now; the clock is nil in the short form.
    case current(register: Int64, clock: ClockBytes?, status: (UInt8, UInt8))
    /// The register at the beginning of a month's settlement day, 1 for the latest.
    case settlement(register: Int64, monthsBack: Int)
    /// The register at a time that the frame tells.
    case frozen(register: Int64, clock: ClockBytes)
    /// A day of half hours.
    case halfHours(CJT188HalfHours)

    /// Refuses by the first of `length`, `di`, `unit`, `volume`.
    init(_ frame: Span<UInt8>, length: Int, profile: CJT188Profile) throws(ItemFault) {
        let start = 11
        let identifier = try CJT188Identifier(frame, start: start, length: length, order: profile.identifier)
        switch identifier {
        case .current:
            self = .current(
                register: try frame.register(at: 14, unit: 18, profile), clock: ClockBytes(frame, from: 24),
                status: (frame[31], frame[32]))
        case .currentShort:
            self = .current(
                register: try frame.hundredths(at: 14) * 10_000, clock: nil, status: (frame[18], frame[19]))
        case .settlement(let monthsBack):
            self = .settlement(register: try frame.register(at: 14, unit: 18, profile), monthsBack: monthsBack)
        case .frozen:
            self = .frozen(
                register: try frame.register(at: 21, unit: 25, profile), clock: ClockBytes(frame, from: 14))
        case .halfHours:
            self = .halfHours(try CJT188HalfHours(frame, profile))
        }
    }
}

extension Span where Element == UInt8 {
    /// Millilitres of the volume at `start`, its unit code at `unit`.
    func register(at start: Int, unit: Int, _ profile: CJT188Profile) throws(ItemFault) -> Int64 {
        let step = try litreStep(ofUnit: self[unit], profile)
        return try hundredths(at: start) * step
    }

    /// Eight packed digits, low byte first.
    func hundredths(at start: Int) throws(ItemFault) -> Int64 {
        var value: Int64 = 0
        var isMissing = true
        var isDecimal = true
        for at in Swift.stride(from: start + 3, through: start, by: -1) {
            let byte = self[at]
            if byte != 0xFF { isMissing = false }
            if byte & 15 > 9 || byte > 0x99 { isDecimal = false }
            value = value * 100 + Int64(byte >> 4) * 10 + Int64(byte & 15)
        }
        if isMissing { throw ItemFault(field: "volume", reason: "the meter does not give it (FF)") }
        guard isDecimal else { throw ItemFault(field: "volume", reason: "not decimal digits") }
        return value
    }

    /// Millilitres of the last of the eight digits. 2A, 2B, 2D and 2E rest on one implementation (protocols.md, 1.2);
    /// 2B agrees with the half-hour frame's published register.
    func litreStep(ofUnit code: UInt8, _ profile: CJT188Profile) throws(ItemFault) -> Int64 {
        switch code {
        case 0x29:
            switch profile.litreDecimals {
            case 0: return 1_000
            case 1: return 100
            case 2: return 10
            default: return 1
            }
        case 0x2A: return 100
        case 0x2B: return 1_000
        case 0x2C: return 10_000
        case 0x2D: return 100_000
        case 0x2E: return 1_000_000
        default: throw ItemFault(field: "unit", reason: "not a unit of volume: \(hex([code]).uppercased())")
        }
    }
}

extension UInt8 {
    /// 0–99 of two packed decimal digits; nil where one is no digit.
    var packedDecimal: Int? { self >> 4 < 10 && self & 15 < 10 ? Int(self >> 4) * 10 + Int(self & 15) : nil }
}
