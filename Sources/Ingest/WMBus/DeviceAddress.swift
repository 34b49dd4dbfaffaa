import Water

/// A device as the link or the transport layer names it: number, maker, version and type.
struct DeviceAddress: Hashable {
    let maker: UInt16
    let number: UInt32
    let version: UInt8
    let type: UInt8

    /// `M M A A A A version type`, as in the link layer.
    init(makerFirst bytes: Span<UInt8>, at: Int) {
        maker = bytes.lowFirst16(at)
        number = bytes.lowFirst32(at + 2)
        version = bytes[at + 6]
        type = bytes[at + 7]
    }

    /// `A A A A M M version type`, as in a long transport header.
    init(numberFirst bytes: Span<UInt8>, at: Int) {
        number = bytes.lowFirst32(at)
        maker = bytes.lowFirst16(at + 4)
        version = bytes[at + 6]
        type = bytes[at + 7]
    }

    /// The maker's three letters (EN 62056-21); `?` for a code that is no letter.
    var makerLetters: String {
        let letters = [10, 5, 0].map { shift in
            let code = UInt8(truncatingIfNeeded: maker >> UInt16(shift) & 31)
            return (1...26).contains(code) ? code + 64 : UInt8(ascii: "?")
        }
        return String(decoding: letters, as: UTF8.self)
    }

    /// The eight digits printed on the meter, as the gateway program wmbusmeters writes them; no driver.
    var meter: MeterAddress? {
        let digits = String(number, radix: 16)
        return MeterAddress(.wmbus, String(repeating: "0", count: 8 - digits.utf8.count) + digits)
    }

    /// Maker, number, version and type as on the air: the first half of initial vectors.
    var onAir: [UInt8] { maker.bytesLowFirst + number.bytesLowFirst + [version, type] }

    /// Water of any warmth (06, 07, 15 to 17) and the meter's side of a radio converter (37), which sends for the
    /// meter it sits on. Source: EN 13757-3, device types.
    var isWater: Bool { [0x06, 0x07, 0x15, 0x16, 0x17, 0x37].contains(type) }
}

extension Span where Element == UInt8 {
    func lowFirst16(_ at: Int) -> UInt16 { UInt16(self[at]) | UInt16(self[at + 1]) << 8 }
    func lowFirst32(_ at: Int) -> UInt32 { UInt32(lowFirst16(at)) | UInt32(lowFirst16(at + 2)) << 16 }
}

extension FixedWidthInteger {
    var bytesLowFirst: [UInt8] {
        stride(from: 0, to: Self.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: self >> Self($0)) }
    }
}
