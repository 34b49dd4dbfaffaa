/// CRC-16 of EN 13757: polynomial 3D65, begun with zeros, complemented, no reflection.
func wmbusChecksum(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt16 {
    var sum: UInt16 = 0
    for at in range { sum = sum << 8 ^ checksumTable[Int(UInt8(truncatingIfNeeded: sum >> 8) ^ bytes[at])] }
    return ~sum
}

private let checksumTable: [UInt16] = (0..<256).map { index in
    var sum = UInt16(index) << 8
    for _ in 0..<8 { sum = sum & 0x8000 != 0 ? sum << 1 ^ 0x3D65 : sum << 1 }
    return sum
}
