public import Water

/// Reads wireless M-Bus telegrams: hex text, a telegram a line; empty lines and those that begin with `#` are passed
/// over.
///
/// - Parameters:
///   - receivedAt: when the gateway heard telegrams whose meter tells no time.
///   - clockOffsetSeconds: seconds east of UTC of the meters' clocks, without summer time.
///   - allowsMissingTime: as for `decode`.
///   - keys: asked for each telegram's meter. Of a meter with a key, telegrams that the key does not open are rejected.
/// - Throws: `BodyRefusal` over a limit. A bad telegram is rejected alone.
public func decodeTelegrams(
    _ bytes: [UInt8], receivedAt: Instant?, limits: DecodeLimits = DecodeLimits(),
    clockOffsetSeconds: Int64 = 28_800, allowsMissingTime: Bool = false, keys: TelegramKeys
) throws(BodyRefusal) -> TelegramBatch {
    guard bytes.count <= limits.bytes else { throw .tooLarge(limit: limits.bytes) }
    let bytes = withoutMark(bytes)
    let clock = MeterClock(
        receivedAt: receivedAt, offsetSeconds: clockOffsetSeconds, allowsMissingTime: allowsMissingTime)
    var decoder = WMBusDecoder(into: BatchBuilder(limits: limits, bodyBytes: 0), clock: clock)
    try decoder.readLines(bytes.span, keys)
    return decoder.result
}

/// Reads one telegram given as bytes, as platforms carry them. Otherwise as `decodeTelegrams`.
public func decodeTelegram(
    _ bytes: [UInt8], receivedAt: Instant?, limits: DecodeLimits = DecodeLimits(),
    clockOffsetSeconds: Int64 = 28_800, allowsMissingTime: Bool = false, keys: TelegramKeys
) throws(BodyRefusal) -> TelegramBatch {
    let clock = MeterClock(
        receivedAt: receivedAt, offsetSeconds: clockOffsetSeconds, allowsMissingTime: allowsMissingTime)
    return try decodeTelegram(bytes, limits: limits, clock: clock, keys: keys)
}

/// The same by a clock that knows what tells the time of receipt.
func decodeTelegram(
    _ bytes: [UInt8], limits: DecodeLimits, clock: MeterClock, keys: TelegramKeys
) throws(BodyRefusal) -> TelegramBatch {
    var decoder = WMBusDecoder(into: BatchBuilder(limits: limits, bodyBytes: 0), clock: clock)
    try decoder.readTelegram(bytes, keys)
    return decoder.result
}

/// Puts the readings and alerts of telegrams into a batch.
struct WMBusDecoder {
    var builder: BatchBuilder
    private var decoded: [DecodedTelegram] = []
    private var undecoded: [UndecodedTelegram] = []
    private let clock: MeterClock
    private let words = AlarmWords.known

    init(into builder: BatchBuilder, clock: MeterClock) {
        self.builder = builder
        self.clock = clock
    }

    var result: TelegramBatch { TelegramBatch(batch: builder.batch, decoded: decoded, undecoded: undecoded) }

    mutating func readLines(_ bytes: Span<UInt8>, _ keys: TelegramKeys) throws(BodyRefusal) {
        var start = 0
        var number = 0
        while start < bytes.count {
            let end = bytes.endOfLine(from: start)
            let line = start..<end
            start = end + 1
            number += 1
            builder.place = .line(number)
            guard let first = line.first(where: { !bytes[$0].isBlank }), bytes[first] != UInt8(ascii: "#") else {
                continue
            }
            let telegram: [UInt8]
            do throws(ItemFault) {
                telegram = try bytes.telegram(ofHex: line)
            } catch {
                try builder.beginItem()
                builder.rejectItem(field: error.field, reason: error.reason)
                builder.endItem()
                continue
            }
            try readTelegram(telegram, keys)
        }
    }

    mutating func readTelegram(_ bytes: [UInt8], _ keys: TelegramKeys) throws(BodyRefusal) {
        try builder.beginItem()
        var layers: WMBusLayers?
        do throws(ItemFault) {
            guard bytes.count <= longestTelegram else {
                throw ItemFault(field: "telegram", reason: "longer than any telegram")
            }
            let frame = try WMBusFrame(bytes.span)
            var opened = WMBusLayers(frame)
            defer { layers = opened }
            try opened.open(keys)
            try take(try WMBusTelegram(opened, of: frame))
        } catch {
            builder.rejectItem(field: error.field, reason: error.reason)
            undecoded.append(
                UndecodedTelegram(
                    item: builder.item, meter: layers?.device?.meter, maker: layers?.device?.makerLetters ?? "",
                    bytes: bytes, field: error.field, heardAt: clock.receivedAt))
        }
        guard builder.readingsInItem <= builder.allowance else { throw builder.refuseTooMany() }
        builder.endItem(readings: builder.readingsInItem)
    }

    /// Adds the current register, then the history that lies before it.
    private mutating func take(_ telegram: WMBusTelegram) throws(ItemFault) {
        let at = try instant(of: telegram)
        let state = telegram.state
        if !state.flags.isEmpty {
            let raw = FlagText.summary(state.flags)
            builder.note(words.alerts(of: state.flags), raw: raw, of: telegram.address, at: at)
        }
        let register = try telegram.register()
        if let register { builder.add(at: at.epochSeconds, register: register) }
        addHistory(of: telegram, before: at)
        guard builder.readingsInItem > 0 else {
            if telegram.hasMakerPart { throw .makerSpecific }
            throw telegram.missingRegister
        }
        builder.assign(to: telegram.address)
        decoded.append(DecodedTelegram(item: builder.item, telegram))
    }

    /// A stored register whose date has not come yet says when the next will be taken, not what it was.
    private mutating func addHistory(of telegram: WMBusTelegram, before now: Instant) {
        var seen: Set<[Int64]> = []
        for (time, register) in telegram.history() {
            let at = time.localSeconds - clock.offsetSeconds
            guard at >= Instant.earliestReading.epochSeconds else { continue }
            guard at <= now.epochSeconds || now.epochSeconds == DecodedBatch.noInstant else { continue }
            if seen.insert([at, register]).inserted { builder.add(at: at, register: register) }
        }
    }

    /// The meter's clock where it tells one that was not reset, else when the gateway heard it, less the age of the
    /// values.
    private mutating func instant(of telegram: WMBusTelegram) throws(ItemFault) -> Instant {
        let told = telegram.clock.map { Instant(epochSeconds: $0.localSeconds - clock.offsetSeconds) }
        let heard = try clock.instant(telling: told)
        if let reset = clock.resetTime(telling: told) {
            builder.find(field: "clock", reason: MeterClock.reason(ofReset: reset))
        } else if told != nil {
            if let days = clock.daysApart(heard) {
                builder.find(field: "clock", reason: MeterClock.reason(ofDaysApart: days))
            }
            builder.noteClock(ahead: clock.secondsAhead(heard))
            return heard
        }
        guard heard.epochSeconds != DecodedBatch.noInstant, let age = telegram.age else { return heard }
        guard heard - age >= .earliestReading else {
            throw ItemFault(field: "at", reason: ValueFault.tooOld.reason)
        }
        return heard - age
    }
}

/// The longest frame: 256 bytes and the checksums of 17 blocks.
private let longestTelegram = 290

extension UInt8 {
    fileprivate var isBlank: Bool { self == 0x20 || self == 0x09 || self == 0x0D }
}

extension Span where Element == UInt8 {
    fileprivate func telegram(ofHex line: Range<Int>) throws(ItemFault) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Swift.min(line.count / 2, longestTelegram))
        var high: UInt8?
        for at in line where !self[at].isBlank {
            guard let digit = self[at].hexDigit else { throw ItemFault(field: "telegram", reason: "not hex text") }
            if let first = high {
                guard bytes.count < longestTelegram else {
                    throw ItemFault(field: "telegram", reason: "longer than any telegram")
                }
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        if high != nil { throw ItemFault(field: "telegram", reason: "an odd number of hex digits") }
        return bytes
    }
}
