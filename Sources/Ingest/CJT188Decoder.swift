import Water

/// Reads CJ/T 188 frames from hex text, a frame a line, or from a raw stream. Layout: protocols.md, section 1.
///
/// A frame counts only as a reply with a valid checksum and a current volume. Anything else that begins like a
/// frame is rejected by its first fault; a line without any is rejected as `frame`.
struct CJT188Decoder {
    var builder: BatchBuilder
    private let clock: MeterClock
    private var buffer: [UInt8] = []

    init(into builder: BatchBuilder, clock: MeterClock) {
        self.builder = builder
        self.clock = clock
    }

    mutating func readBody(_ bytes: Span<UInt8>) throws(BodyRefusal) {
        if bytes.isRawStream { return try readStream(bytes) }
        var start = 0
        while start < bytes.count {
            let end = bytes.endOfLine(from: start)
            try readLine(bytes, start..<end)
            start = end + 1
        }
    }

    private mutating func readLine(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(BodyRefusal) {
        buffer.removeAll(keepingCapacity: true)
        var high: UInt8?
        for at in line {
            if bytes[at].isSpace { continue }
            guard let digit = bytes[at].hexDigit else { return try rejectLine("not hex text") }
            if let first = high {
                buffer.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        if high != nil { return try rejectLine("an odd number of hex digits") }
        if buffer.isEmpty { return }
        let frame = buffer
        try readStream(frame.span)
    }

    private mutating func rejectLine(_ reason: String) throws(BodyRefusal) {
        try builder.beginItem()
        builder.rejectItem(field: "frame", reason: reason)
        builder.endItem()
    }

    /// Every frame of a run of bytes; what stands between frames is passed over.
    private mutating func readStream(_ bytes: Span<UInt8>) throws(BodyRefusal) {
        var hunt = FrameHunt()
        var sawFrame = false
        while let found = hunt.next(in: bytes) {
            sawFrame = true
            try builder.beginItem()
            do throws(ItemFault) {
                switch found {
                case .frame(let range): try readFrame(bytes.extracting(range))
                case .badChecksum: throw ItemFault(field: "checksum", reason: "the checksum does not match")
                case .badLength: throw ItemFault(field: "length", reason: "no end where the length says")
                }
            } catch {
                builder.rejectItem(field: error.field, reason: error.reason)
            }
            builder.endItem()
        }
        if !sawFrame { try rejectLine("no frame found") }
    }

    private mutating func readFrame(_ bytes: Span<UInt8>) throws(ItemFault) {
        let reply = try CJT188Reply(bytes)
        let at = try clock.instant(reply.clock)
        builder.add(at: at.epochSeconds, register: reply.register)
        builder.assign(to: reply.address)
        let raw = hex([reply.status.0, reply.status.1]).uppercased()
        builder.note(statusAlerts(reply.status, raw: raw), raw: raw, of: reply.address, at: at)
    }
}

/// ST, low bits first: D1 D0 valve 00 open, 01 closed, 11 abnormal; D2 battery low. The rest is the maker's own and
/// kept as raw; FFFF is a meter without a status. Source: protocols.md, 1.2.
func statusAlerts(_ status: (UInt8, UInt8), raw: String) -> [Alert] {
    if status == (0xFF, 0xFF) { return [] }
    var alerts: [Alert] = []
    switch status.0 & 0b11 {
    case 0b01: alerts.append(Alert(code: .valveClosed, isCurrent: true, raw: raw))
    case 0b11: alerts.append(Alert(code: .valveFault, isCurrent: true, raw: raw))
    case 0b10: alerts.append(Alert(code: .unknown, isCurrent: true, raw: raw))
    default: break
    }
    if status.0 & 0b100 != 0 { alerts.append(Alert(code: .batteryLow, isCurrent: true, raw: raw)) }
    return alerts
}

extension UInt8 {
    fileprivate var isSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0D || self == 0x0A }
}

extension Span where Element == UInt8 {
    /// Every frame has control characters (its meter type, its end), and hex text has none.
    fileprivate var isRawStream: Bool {
        for at in 0..<count where self[at] < 0x20 && !self[at].isSpace { return true }
        return false
    }
}
