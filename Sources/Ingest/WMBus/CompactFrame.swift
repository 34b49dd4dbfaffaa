import Water

/// A frame that leaves out what its values mean: the receiver knows that from an earlier full frame of the kind.
///
/// `signature (2), checksum of the full frame's records (2), values`. The signature is the checksum of the information
/// blocks left out, so a table of them proves itself, and the second checksum proves what was put together.
struct CompactFrame {
    /// The full frame's records.
    let records: [UInt8]

    /// Refused by `layout` where the kind is not known, by `crc` where the values do not fit it.
    init(_ bytes: Span<UInt8>, from start: Int) throws(ItemFault) {
        guard start + 4 <= bytes.count else { throw ItemFault(field: "length", reason: "a header is cut off") }
        guard let layout = layouts[bytes.lowFirst16(start)] else {
            throw ItemFault(field: "layout", reason: "a compact frame of an unknown kind")
        }
        let checksum = bytes.lowFirst16(start + 2)
        records = try CompactFrame.joined(layout, bytes, from: start + 4)
        guard wmbusChecksum(records.span, 0..<records.count) == checksum else {
            throw ItemFault(field: "crc", reason: "the checksum of the full frame does not match")
        }
    }

    /// Puts each value behind its information block.
    private static func joined(
        _ layout: [UInt8], _ bytes: Span<UInt8>, from start: Int
    ) throws(ItemFault) -> [UInt8] {
        var records: [UInt8] = []
        var value = start
        var at = 0
        while at < layout.count {
            let begin = at
            // No layout of the table has decimals or values of variable length.
            let length = [0, 1, 2, 3, 4, 4, 6, 8][Int(layout[at] & 7)]
            while layout[at] & 0x80 != 0, at + 1 < layout.count { at += 1 }
            at += 1
            _ = try DataQuantity(layout.span, &at)
            guard value + length <= bytes.count else { throw .badPayload("a record is cut off") }
            records += layout[begin..<at]
            for index in value..<value + length { records.append(bytes[index]) }
            value += length
        }
        guard value == bytes.count else { throw .badPayload("bytes are left over") }
        return records
    }
}

/// Information blocks of Kamstrup's water meters, by signature. Source: full frames of these meters.
private let layouts: [UInt16: [UInt8]] = {
    let known: [[UInt8]] = [
        [0x02, 0xFF, 0x20, 0x04, 0x13, 0x44, 0x13, 0x61, 0x5B, 0x61, 0x67],
        [0x02, 0xFF, 0x20, 0x04, 0x13, 0x92, 0x01, 0x3B, 0xA1, 0x01, 0x5B, 0x81, 0x01, 0xE7, 0xFF, 0x0F],
        [
            0x04, 0xFF, 0x23, 0x44, 0x13, 0x52, 0x3B, 0x06, 0xFF, 0x1B, 0x42, 0x6C, 0x61, 0x67, 0x51, 0x67, 0x02, 0x3B,
            0x04, 0x13, 0x81, 0x01, 0xE7, 0xFF, 0x0F,
        ],
        [
            0x02, 0xFF, 0x20, 0x04, 0x13, 0x44, 0x13, 0x42, 0x6C, 0x52, 0x3B, 0x61, 0x5B, 0x61, 0x67, 0x51, 0x67, 0x81,
            0x01, 0xE7, 0xFF, 0x0F, 0x06, 0xFF, 0x1B,
        ],
        [0x02, 0xFF, 0x20, 0x04, 0x13, 0x44, 0x13, 0xA1, 0x01, 0x5B, 0x81, 0x01, 0xE7, 0xFF, 0x0F],
        [0x02, 0xFF, 0x20, 0x04, 0x13, 0x44, 0x13, 0x61, 0x5B, 0x51, 0x67],
        [0x02, 0xFF, 0x20, 0x04, 0x13, 0x44, 0x13],
        [0x02, 0xFF, 0x20, 0x04, 0x13, 0x52, 0x3B],
        [
            0x04, 0xFF, 0x23, 0x04, 0x13, 0x44, 0x13, 0x42, 0x6C, 0x02, 0x3B, 0x92, 0x01, 0x3B, 0xA2, 0x01, 0x3B, 0x06,
            0xFF, 0x1B, 0xA1, 0x01, 0x5B, 0x91, 0x01, 0x5B, 0xA1, 0x01, 0x67,
        ],
    ]
    return Dictionary(known.map { (wmbusChecksum($0.span, 0..<$0.count), $0) }) { first, _ in first }
}()
