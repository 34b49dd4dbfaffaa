import Water

/// What stands before a frame's data: that it is a water meter's reply to a read, and whose.
struct CJT188Head {
    let type: UInt8
    /// A6 and A5: some makers' code.
    let maker: UInt16
    /// Bytes of data.
    let length: Int

    /// Refuses by `control`, then `type`. The frame is complete.
    init(_ frame: Span<UInt8>) throws(ItemFault) {
        let control = frame[9]
        length = Int(frame[10])
        // D5 says that more frames follow; the reading is the same.
        guard control & ~0x20 == 0x81 else {
            throw ItemFault(field: "control", reason: CJT188Head.meaning(of: control, frame, length))
        }
        type = frame[1]
        guard (0x10...0x19).contains(type) else { throw ItemFault(field: "type", reason: "not a water meter") }
        maker = UInt16(frame[8]) << 8 | UInt16(frame[7])
    }

    /// Control words and functions of protocols.md, 1.1; the two bodies of an abnormal reply of 1.3.
    private static func meaning(of control: UInt8, _ frame: Span<UInt8>, _ length: Int) -> String {
        let function =
            switch control & 0x1F {
            case 0x01: "read data"
            case 0x03: "read the address"
            case 0x04: "write data"
            case 0x09: "read the key version"
            case 0x15: "write the address"
            case 0x16: "write synchronous data"
            default: "do what no table names"
            }
        let code = hex([control]).uppercased()
        if control & 0x80 == 0 { return "a request (\(code), to \(function)), not a reply" }
        if control & 0x40 == 0 { return "a reply (\(code), to \(function)) that is no reading" }
        let said =
            switch length {
            case 3: ": status \(bytes(frame, 12..<14))"
            case 4: ": code \(bytes(frame, 14..<15)) for \(bytes(frame, 11..<13))"
            case 0: ""
            default: ": \(bytes(frame, 11..<min(11 + length, 43)))"
            }
        return "an abnormal reply (\(code), to \(function))\(said)"
    }

    private static func bytes(_ frame: Span<UInt8>, _ range: Range<Int>) -> String {
        hex(range.map { frame[$0] }).uppercased()
    }
}

/// Makes addresses from a frame's seven bytes; the one made last is kept, for a concentrator repeats its meters.
struct CJT188Addresses {
    private var lastBytes: UInt64?
    private var last: MeterAddress?

    /// A6…A0, the printed number.
    mutating func address(_ frame: Span<UInt8>) throws(ItemFault) -> MeterAddress {
        var packed: UInt64 = 0
        for at in stride(from: 8, through: 2, by: -1) { packed = packed << 8 | UInt64(frame[at]) }
        if let last, packed == lastBytes { return last }
        var digits: [UInt8] = []
        digits.reserveCapacity(14)
        for shift in stride(from: 52, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: packed >> UInt64(shift)) & 15
            guard digit < 10 else { throw ItemFault(field: "address", reason: "not decimal digits") }
            digits.append(48 + digit)
        }
        guard let address = MeterAddress(.cjt188, String(decoding: digits, as: UTF8.self)) else {
            throw ItemFault(field: "address", reason: "not decimal digits")
        }
        lastBytes = packed
        last = address
        return address
    }
}
