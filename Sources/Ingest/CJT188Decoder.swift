import Water

/// Reads CJ/T 188 frames from hex text, a frame a line, or from a raw stream. Layout: protocols.md, section 1.
///
/// A frame counts only as a water meter's reply with a register. Anything else that begins like a frame is rejected
/// by its first fault; a line without any is rejected as `frame`.
struct CJT188Decoder {
    var builder: BatchBuilder
    private let clock: MeterClock
    private let options: CJT188Options
    private var addresses = CJT188Addresses()
    /// The status noted last and its four hex digits; most frames repeat it.
    private var noted: (status: (UInt8, UInt8), raw: String) = ((0, 0), "0000")
    private var buffer: [UInt8] = []

    init(into builder: BatchBuilder, clock: MeterClock, options: CJT188Options) {
        self.builder = builder
        self.clock = clock
        self.options = options
    }

    mutating func readBody(_ bytes: Span<UInt8>) throws(BodyRefusal) {
        if bytes.isRawStream { return try readStream(bytes) }
        var start = 0
        var number = 0
        while start < bytes.count {
            let end = bytes.endOfLine(from: start)
            number += 1
            builder.place = .line(number)
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
                try read(found, bytes)
            } catch {
                builder.rejectItem(field: error.field, reason: error.reason)
            }
            let readings = builder.readingsInItem
            if readings > builder.allowance { throw builder.refuseTooMany() }
            builder.endItem(readings: readings)
        }
        if !sawFrame { try rejectLine("no frame found") }
    }

    private mutating func read(_ found: FrameHunt.Found, _ bytes: Span<UInt8>) throws(ItemFault) {
        let place = found.range.lowerBound
        switch found.kind {
        case .frame: try readFrame(bytes.extracting(found.range))
        case .badLength: throw ItemFault(field: "length", reason: "byte \(place): no end where the length says")
        case .lookalike:
            let reason = "byte \(place): a CAT-1 frame, 97 is a control code and no length"
            throw ItemFault(field: "length", reason: reason)
        case .badChecksum(let sum):
            let said = hex([bytes[found.range.upperBound - 2]]).uppercased()
            let reason = "byte \(place): the checksum is \(said), the bytes add up to \(hex([sum]).uppercased())"
            guard options.checksum == .lenient, !found.isOverlapped else {
                throw ItemFault(field: "checksum", reason: reason)
            }
            try readFrame(bytes.extracting(found.range))
            builder.find(field: "checksum", reason: reason)
        }
    }

    private mutating func readFrame(_ bytes: Span<UInt8>) throws(ItemFault) {
        let head = try CJT188Head(bytes)
        let profile = options.profile ?? options.profiles.profile(maker: head.maker, type: head.type)
        let reply = try CJT188Reply(bytes, length: head.length, profile: profile)
        let address = try addresses.address(bytes)
        switch reply {
        case .current(let register, let clockBytes, let status):
            let at = try currentInstant(clockBytes, profile)
            builder.add(at: at.epochSeconds, register: register)
            builder.assign(to: address)
            note(status, profile, of: address, at: at)
        case .settlement(let register, let monthsBack):
            let at = try clock.settlement(day: profile.settlementDay, monthsBack: monthsBack)
            builder.add(at: at.epochSeconds, register: register)
            builder.assign(to: address)
            if profile.isSettlementDayAssumed {
                builder.find(field: "at", reason: "settlement day \(profile.settlementDay) is an assumption")
            }
        case .frozen(let register, let clockBytes):
            let at = try clock.storedInstant(clockBytes, order: profile.clock)
            builder.noteClock(ahead: clock.secondsAhead(at))
            builder.add(at: at.epochSeconds, register: register)
            builder.assign(to: address)
        case .halfHours(let day): try read(day, profile, of: address)
        }
    }

    private mutating func currentInstant(_ bytes: ClockBytes?, _ profile: CJT188Profile) throws(ItemFault) -> Instant {
        let at = try clock.instant(bytes, order: profile.clock)
        if let reset = clock.resetTime(bytes, order: profile.clock) {
            builder.find(field: "clock", reason: MeterClock.reason(ofReset: reset))
        } else if let days = clock.daysApart(at) {
            builder.find(field: "clock", reason: MeterClock.reason(ofDaysApart: days))
        }
        builder.noteClock(ahead: clock.secondsAhead(at))
        return at
    }

    private mutating func read(
        _ day: CJT188HalfHours, _ profile: CJT188Profile, of address: MeterAddress
    ) throws(ItemFault) {
        let now = try currentInstant(day.clock, profile)
        if clock.resetTime(day.clock, order: profile.clock) != nil {
            // The cutoff and the slots are by the clock that was reset.
            builder.find(field: "half_hours", reason: "not kept: the clock that they are placed by was reset")
        } else if now.epochSeconds != DecodedBatch.noInstant {
            try addHalfHours(day, profile, cutoff: day.cutoffInstant(before: now, offsetSeconds: clock.offsetSeconds))
        }
        builder.add(at: now.epochSeconds, register: day.register)
        builder.assign(to: address)
        note(day.status, profile, of: address, at: now)
    }

    /// The registers at the cutoff and at each half hour before it, oldest first.
    private mutating func addHalfHours(
        _ day: CJT188HalfHours, _ profile: CJT188Profile, cutoff: Instant
    ) throws(ItemFault) {
        var found = [(at: cutoff.epochSeconds, register: day.cutoff)]
        var register = day.cutoff
        let slots = profile.halfHours == .none ? [] : day.slots
        for (place, slot) in slots.enumerated() {
            let end = cutoff.epochSeconds - Int64(place + 1) * 1_800
            if profile.halfHours == .end { found.append((end, register)) }
            if let reason = CJT188HalfHours.fault(of: slot, from: register) {
                builder.rejectValue(at: place, field: "half_hours", reason: reason)
                break
            }
            register -= slot ?? 0
            if profile.halfHours == .start { found.append((end, register)) }
        }
        let earliest = Instant.earliestReading.epochSeconds
        for element in found.reversed() where element.at >= earliest {
            builder.add(at: element.at, register: element.register)
        }
        if profile.halfHours == .end {
            builder.find(field: "half_hours", reason: "the half hour before the cutoff is not in the frame")
        }
    }

    private mutating func note(
        _ status: (UInt8, UInt8), _ profile: CJT188Profile, of address: MeterAddress, at: Instant
    ) {
        if status != noted.status { noted = (status, hex([status.0, status.1]).uppercased()) }
        let raw = noted.raw
        builder.note(profile.alerts(status, raw: raw), raw: raw, of: address, at: at)
    }
}

extension CJT188Profile {
    /// The alarms of the two bytes of ST; FFFF is a meter without a status.
    func alerts(_ status: (UInt8, UInt8), raw: String) -> [Alert] {
        if status == (0xFF, 0xFF) { return [] }
        var found: [Alert] = []
        for alarm in alarms where (alarm.byte == 0 ? status.0 : status.1) & alarm.mask == alarm.value {
            found.append(Alert(code: alarm.code, isCurrent: true, raw: raw))
        }
        return found
    }
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
