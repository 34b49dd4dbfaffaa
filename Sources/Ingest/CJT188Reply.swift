import Water

/// A reply to the question for the current volume, checked. Source: protocols.md, 1.1 and 1.2.
struct CJT188Reply {
    let address: MeterAddress
    /// Millilitres.
    let register: Int64
    /// Where the clock's seven bytes stand; nil in the short form.
    let clock: ClockBytes?
    let status: (UInt8, UInt8)

    /// Refuses by the first of `control`, `type`, `di`, `length`, `address`, `unit`, `volume`. The frame is complete
    /// and its checksum is valid.
    init(_ frame: Span<UInt8>) throws(ItemFault) {
        let control = frame[9]
        // D5 says that more frames follow; the reading is the same.
        guard control & ~0x20 == 0x81 else {
            throw ItemFault(field: "control", reason: CJT188Reply.meaning(ofControl: control))
        }
        guard (0x10...0x13).contains(frame[1]) else { throw ItemFault(field: "type", reason: "not a water meter") }
        let length = Int(frame[10])
        guard length >= 2 else { throw ItemFault(field: "length", reason: "no data identifier") }
        let identifier = (frame[11], frame[12])
        guard identifier == (0x90, 0x1F) || identifier == (0x1F, 0x90) else {
            throw ItemFault(field: "di", reason: "not 901F: \(hex([frame[11], frame[12]]).uppercased())")
        }
        guard length == 0x16 || length == 0x09 else {
            throw ItemFault(field: "length", reason: "\(length) bytes of data where 22 or 9 belong")
        }
        address = try CJT188Reply.address(frame)
        let isLong = length == 0x16
        let step = isLong ? try CJT188Reply.step(ofUnit: frame[18]) : 10_000
        register = try CJT188Reply.hundredths(frame) * step
        clock = isLong ? ClockBytes(frame, from: 24) : nil
        let last = 11 + length
        status = (frame[last - 2], frame[last - 1])
    }

    private static func meaning(ofControl control: UInt8) -> String {
        switch control {
        case let value where value & 0x80 == 0: "a request, not a reply"
        case let value where value & 0x40 != 0: "an abnormal reply"
        default: "not a reply to a read"
        }
    }

    /// A6…A0, the printed number.
    private static func address(_ frame: Span<UInt8>) throws(ItemFault) -> MeterAddress {
        var digits: [UInt8] = []
        for at in stride(from: 8, through: 2, by: -1) {
            digits.append(48 + (frame[at] >> 4))
            digits.append(48 + (frame[at] & 15))
        }
        guard digits.allSatisfy({ $0.decimalDigit != nil }),
            let address = MeterAddress(.cjt188, String(decoding: digits, as: UTF8.self))
        else { throw ItemFault(field: "address", reason: "not decimal digits") }
        return address
    }

    /// The current volume's eight digits, two of them decimals.
    private static func hundredths(_ frame: Span<UInt8>) throws(ItemFault) -> Int64 {
        var value: Int64 = 0
        var isMissing = true
        for at in stride(from: 17, through: 14, by: -1) where frame[at] != 0xFF { isMissing = false }
        if isMissing { throw ItemFault(field: "volume", reason: "the meter does not give it (FF)") }
        for at in stride(from: 17, through: 14, by: -1) {
            guard let pair = frame[at].packedDecimal else {
                throw ItemFault(field: "volume", reason: "not decimal digits")
            }
            value = value * 100 + Int64(pair)
        }
        return value
    }

    /// Millilitres of a hundredth of the unit. 2A, 2B, 2D and 2E rest on one implementation (protocols.md, 1.2).
    private static func step(ofUnit code: UInt8) throws(ItemFault) -> Int64 {
        switch code {
        case 0x29: return 10
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
