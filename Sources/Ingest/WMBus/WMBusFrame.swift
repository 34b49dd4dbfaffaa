/// A telegram without its frame's checksums, from the link layer's address on.
struct WMBusFrame {
    /// The sender as the link layer names it; nil in a frame off the wire, where only the transport layer does.
    let sender: DeviceAddress?
    let bytes: [UInt8]
    /// Where the first CI stands.
    let start: Int
    /// True where the frame's own checksums match; false where it came without any.
    let isProven: Bool

    /// Takes frame format A, frame format B, a frame whose receiver took the checksums out, and a long frame of the
    /// wired bus. The first two and the third are told apart by length and by whether the checksums are valid: a
    /// format B frame that was damaged has the same length as one without checksums, so the end of one that is not
    /// proven must be of records (`WMBusTelegram`).
    init(_ bytes: Span<UInt8>) throws(ItemFault) {
        guard bytes.count >= 12 else { throw ItemFault(field: "length", reason: "too short for a telegram") }
        if bytes.isWiredFrame {
            guard bytes.hasWiredSum else { throw ItemFault(field: "crc", reason: "the checksum does not match") }
            self.init(sender: nil, bytes: bytes.copied(0..<bytes.count - 2), start: 6, isProven: true)
            return
        }
        let (plain, isProven) = try WMBusFrame.withoutChecksums(bytes)
        self.init(
            sender: DeviceAddress(makerFirst: plain.span, at: 2), bytes: plain, start: 10, isProven: isProven)
    }

    private static func withoutChecksums(
        _ bytes: Span<UInt8>
    ) throws(ItemFault) -> (plain: [UInt8], isProven: Bool) {
        let length = Int(bytes[0])
        guard length >= 10 else { throw ItemFault(field: "length", reason: "too short for a telegram") }
        if bytes.count == length + 1 {
            if let plain = bytes.withoutFormatB { return (plain, true) }
            if bytes.isHalfFormatB { throw .badBlock }
            return (bytes.copied(0..<bytes.count), false)
        }
        guard bytes.count == length + 1 + 2 * (1 + (length - 9 + 15) / 16) else {
            throw ItemFault(field: "length", reason: "\(bytes.count - 1) bytes follow, the first byte says \(length)")
        }
        guard let plain = bytes.withoutFormatA else { throw .badBlock }
        return (plain, true)
    }

    private init(sender: DeviceAddress?, bytes: [UInt8], start: Int, isProven: Bool) {
        self.sender = sender
        self.bytes = bytes
        self.start = start
        self.isProven = isProven
    }
}

extension ItemFault {
    static var badBlock: ItemFault { ItemFault(field: "crc", reason: "the checksum of a block does not match") }
}

extension Span where Element == UInt8 {
    func copied(_ range: Range<Int>) -> [UInt8] {
        var copy: [UInt8] = []
        copy.reserveCapacity(range.count)
        for at in range { copy.append(self[at]) }
        return copy
    }

    /// `68 L L 68 C A CI … CS 16`, EN 13757-2.
    fileprivate var isWiredFrame: Bool {
        self[0] == 0x68 && self[3] == 0x68 && self[1] == self[2] && count == Int(self[1]) + 6 && self[count - 1] == 0x16
    }

    fileprivate var hasWiredSum: Bool {
        var sum: UInt8 = 0
        for at in 4..<count - 2 { sum &+= self[at] }
        return sum == self[count - 2]
    }

    fileprivate func hasChecksum(of range: Range<Int>) -> Bool {
        let stored = UInt16(self[range.upperBound]) << 8 | UInt16(self[range.upperBound + 1])
        return wmbusChecksum(self, range) == stored
    }

    /// A first block of 10 bytes, then blocks of 16, each with its checksum; nil where one does not match.
    fileprivate var withoutFormatA: [UInt8]? {
        var plain: [UInt8] = []
        plain.reserveCapacity(count)
        var at = 0
        var block = 10
        while at < count {
            let end = Swift.min(at + block, count - 2)
            guard end > at, hasChecksum(of: at..<end) else { return nil }
            for index in at..<end { plain.append(self[index]) }
            at = end + 2
            block = 16
        }
        return plain
    }

    /// True where one of format B's two blocks has its checksum and the other does not: a damaged frame.
    fileprivate var isHalfFormatB: Bool {
        guard count > 130 else { return false }
        return hasChecksum(of: 0..<126) || hasChecksum(of: 128..<count - 2)
    }

    /// Blocks of at most 126 bytes, each with its checksum, which the length counts; nil where one does not match.
    fileprivate var withoutFormatB: [UInt8]? {
        var plain: [UInt8] = []
        var at = 0
        while at < count {
            let end = Swift.min(at + 126, count - 2)
            guard end > at, hasChecksum(of: at..<end) else { return nil }
            if at == 0 { plain.reserveCapacity(count) }
            for index in at..<end { plain.append(self[index]) }
            at = end + 2
        }
        return plain
    }
}

extension WMBusFrame {
    /// True where the last two bytes are the checksum of the frame's last format A block, which some receivers leave
    /// standing when they take the others out.
    var endsWithBlockChecksum: Bool {
        guard sender != nil, bytes.count >= 13 else { return false }
        let start = 10 + (bytes.count - 13) / 16 * 16
        return bytes.span.hasChecksum(of: start..<bytes.count - 2)
    }
}
