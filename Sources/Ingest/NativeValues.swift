import Water

/// What an item said so far, and the first thing wrong with it.
struct NativeDraft {
    /// Keys seen.
    var keys: UInt16 = 0
    var meter: JSONText?
    var protocolName: JSONText?
    var driver: JSONText?
    /// The reading's instant or the series' start.
    var at: Int64 = 0
    var register: Int64 = 0
    var interval: Int64 = 0
    /// Values of the series that are not gaps.
    var slots = 0
    /// The length of the series, gaps included.
    var length: Int64 = 0
    private(set) var fault: ItemFault?

    mutating func fail(_ field: String, _ reason: String) {
        if fault == nil { fault = ItemFault(field: field, reason: reason) }
    }

    func has(_ key: NativeKey) -> Bool { keys & key.bit != 0 }

    /// Any key of a series makes it one.
    var isSeries: Bool { has(.registersL) || has(.start) || has(.interval) }

    /// Three members as most items have them, none with a fault.
    var isOneReading: Bool {
        fault == nil && has(.meter) && has(.at) && keys.nonzeroBitCount == 3 && has(.volumeM3) != has(.volumeL)
    }

    /// The first fault of a value, then of the set of keys.
    func checkShape() throws(ItemFault) {
        if let fault { throw fault }
        let alien: [NativeKey] = isSeries ? [.at, .volumeM3, .volumeL] : []
        for key in alien where has(key) { throw ItemFault(field: key.name, reason: "not a part of a series") }
        if isSeries {
            for key in [NativeKey.start, .interval, .registersL] where !has(key) { throw .missing(key.name) }
            if length == 0 { throw ItemFault(field: NativeKey.registersL.name, reason: "is empty") }
            // The interval is at most 31 days and the length at most the body's bytes: no overflow.
            guard at + (length - 1) * interval <= latestInstant else {
                throw ItemFault(field: NativeKey.registersL.name, reason: "runs past the year 9999")
            }
        } else {
            if !has(.at) { throw .missing(NativeKey.at.name) }
            if has(.volumeM3), has(.volumeL) {
                throw ItemFault(field: NativeKey.volumeL.name, reason: "volume_m3 is given too")
            }
            if !has(.volumeM3), !has(.volumeL) { throw .missing(NativeKey.volumeM3.name) }
        }
    }
}

/// 9999-12-31T23:59:59Z, plus the widest offset.
let latestInstant: Int64 = 253_402_300_799 + 86_400

/// Why an item as a whole was not taken.
struct ItemFault: Error, Hashable {
    let field: String
    let reason: String

    static func missing(_ field: String) -> ItemFault { ItemFault(field: field, reason: "is missing") }
}

extension NativeDecoder {
    /// A value that must be a string.
    func readText(
        _ key: NativeKey, _ bytes: Span<UInt8>, _ at: inout Int, _ draft: inout NativeDraft, _ depth: Int
    ) throws(BodyRefusal) -> JSONText? {
        if bytes.byte(at) == UInt8(ascii: "\"") { return try bytes.string(&at) }
        draft.fail(key.name, ValueFault.notText.reason)
        try bytes.skipValue(&at, depth: depth)
        return nil
    }

    func readTime(
        _ key: NativeKey, _ bytes: Span<UInt8>, _ at: inout Int, _ draft: inout NativeDraft, _ depth: Int
    ) throws(BodyRefusal) {
        guard let text = try readText(key, bytes, &at, &draft, depth) else { return }
        do throws(ValueFault) {
            if text.isPlain {
                draft.at = try bytes.epochSeconds(in: text.range, fraction: .onlyZero)
            } else {
                let plain = bytes.unescaped(text)
                draft.at = try plain.span.epochSeconds(in: 0..<plain.count, fraction: .onlyZero)
            }
        } catch {
            draft.fail(key.name, error.reason)
        }
    }

    func readVolume(
        _ key: NativeKey, _ bytes: Span<UInt8>, _ at: inout Int, _ draft: inout NativeDraft, _ depth: Int
    ) throws(BodyRefusal) {
        let unit: VolumeUnit = key == .volumeM3 ? .cubicMetres : .litres
        switch try bytes.register(&at, unit: unit, depth: depth) {
        case .value(let register): draft.register = register
        case .fault(let fault): draft.fail(key.name, fault.reason)
        case .null: draft.fail(key.name, "is null")
        }
    }

    func readInterval(
        _ bytes: Span<UInt8>, _ at: inout Int, _ draft: inout NativeDraft, _ depth: Int
    ) throws(BodyRefusal) {
        let start = at
        try bytes.skipValue(&at, depth: depth)
        var value: Int64 = 0
        for index in start..<at {
            guard let digit = bytes[index].decimalDigit, value <= 2_678_400 else {
                value = 0
                break
            }
            value = value * 10 + digit
        }
        draft.interval = value
        if !(1...2_678_400).contains(value) {
            draft.fail(NativeKey.interval.name, "must be a whole number from 1 to 2678400")
        }
    }
}
