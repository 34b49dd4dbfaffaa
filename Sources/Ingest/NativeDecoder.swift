import Water

/// Reads the native JSON formats: items of one reading, `{"meter","at","volume_m3"}`, or of a series,
/// `{"meter","start","interval_s","registers_l"}`.
struct NativeDecoder {
    var builder: BatchBuilder
    private var meters = MeterNames()
    private let table = NativeKeyTable()
    private var times = NativeTimes()
    private var layout: NativeLayout?
    /// How often a layout may still be learned: a body whose items are laid out in many ways is read member by member.
    private var lessons = 4

    init(into builder: BatchBuilder) { self.builder = builder }

    /// The whole body `{"readings":[…]}`.
    mutating func readDocument(_ bytes: Span<UInt8>) throws(BodyRefusal) {
        var at = 0
        bytes.skipSpace(&at)
        guard bytes.byte(at) == UInt8(ascii: "{") else {
            throw bytes.malformed(at, "expected an object with the key readings")
        }
        let start = at
        guard bytes.enter(&at, until: UInt8(ascii: "}")) else { throw .malformed(offset: start, reason: "no readings") }
        var sawReadings = false
        repeat {
            let keyStart = at
            let key = try bytes.key(&at)
            guard bytes.unescaped(key) == Array("readings".utf8) else {
                throw .malformed(offset: keyStart, reason: "unknown key \(bytes.text(key))")
            }
            if sawReadings { throw .malformed(offset: keyStart, reason: "the key readings is given twice") }
            sawReadings = true
            try readList(bytes, &at)
        } while try bytes.continues(&at, until: UInt8(ascii: "}"))
        bytes.skipSpace(&at)
        if at < bytes.count { throw bytes.malformed(at, "text after the end") }
    }

    private mutating func readList(_ bytes: Span<UInt8>, _ at: inout Int) throws(BodyRefusal) {
        guard bytes.byte(at) == UInt8(ascii: "[") else { throw bytes.malformed(at, "readings must be a list") }
        guard bytes.enter(&at, until: UInt8(ascii: "]")) else { return }
        repeat { try readItem(bytes, &at, depth: 2) } while try bytes.continues(&at, until: UInt8(ascii: "]"))
    }

    /// An object a line; empty lines are skipped, a malformed line is rejected alone.
    mutating func readLines(_ bytes: Span<UInt8>) throws(BodyRefusal) {
        var start = 0
        var number = 0
        while start < bytes.count {
            let end = bytes.endOfLine(from: start)
            number += 1
            builder.place = .line(number)
            try readLine(bytes.extracting(start..<end))
            start = end + 1
        }
    }

    private mutating func readLine(_ line: Span<UInt8>) throws(BodyRefusal) {
        var at = 0
        line.skipSpace(&at)
        if at == line.count { return }
        let items = builder.batch.itemCount
        do throws(BodyRefusal) {
            try readItem(line, &at, depth: 0)
            line.skipSpace(&at)
            if at < line.count { throw line.malformed(at, "text after the object") }
        } catch {
            guard case .malformed(let offset, let reason) = error, builder.batch.itemCount > items else { throw error }
            builder.rejectItem(field: "line", reason: "byte \(offset): \(reason)")
            if builder.isInItem { builder.endItem() }
        }
    }

    private mutating func readItem(_ bytes: Span<UInt8>, _ at: inout Int, depth: Int) throws(BodyRefusal) {
        try builder.beginItem()
        if readAsBefore(bytes, &at) { return builder.endItem() }
        let start = at
        guard bytes.byte(at) == UInt8(ascii: "{") else {
            try bytes.skipValue(&at, depth: depth)
            builder.rejectItem(field: "item", reason: "not an object")
            return builder.endItem()
        }
        var draft = NativeDraft()
        if bytes.enter(&at, until: UInt8(ascii: "}")) {
            repeat {
                try readMember(bytes, &at, into: &draft, depth: depth + 1)
            } while try bytes.continues(&at, until: UInt8(ascii: "}"))
        }
        finish(draft, bytes)
        if draft.isOneReading, lessons > 0 {
            lessons -= 1
            layout = NativeLayout(of: start..<at, in: bytes)
        }
    }

    /// An item that is laid out as those before it, with values that are plain and good; nothing of any other.
    private mutating func readAsBefore(_ bytes: Span<UInt8>, _ at: inout Int) -> Bool {
        var next = at
        guard let values = layout?.read(bytes, &next, &times), let address = meters.serial(bytes, values.meter)
        else { return false }
        builder.add(at: values.at, register: values.register)
        builder.assign(to: address)
        at = next
        return true
    }

    private mutating func readMember(
        _ bytes: Span<UInt8>, _ at: inout Int, into draft: inout NativeDraft, depth: Int
    ) throws(BodyRefusal) {
        let text = try bytes.key(&at)
        guard let key = key(text, bytes) else {
            draft.fail(bytes.text(text), "unknown key")
            return try bytes.skipValue(&at, depth: depth)
        }
        if draft.keys & key.bit != 0 { draft.fail(key.name, "given twice") }
        draft.keys |= key.bit
        switch key {
        case .meter: draft.meter = try readText(key, bytes, &at, &draft, depth)
        case .protocol: draft.protocolName = try readText(key, bytes, &at, &draft, depth)
        case .driver: draft.driver = try readText(key, bytes, &at, &draft, depth)
        case .at, .start: try readTime(key, bytes, &at, &draft, depth)
        case .volumeM3, .volumeL: try readVolume(key, bytes, &at, &draft, depth)
        case .interval: try readInterval(bytes, &at, &draft, depth)
        case .registersL: try readRegisters(bytes, &at, &draft, depth)
        }
    }

    private func key(_ text: JSONText, _ bytes: Span<UInt8>) -> NativeKey? {
        if text.isPlain { return table.key(bytes, text.range) }
        let plain = bytes.unescaped(text)
        return table.key(plain.span, 0..<plain.count)
    }

    private mutating func finish(_ draft: NativeDraft, _ bytes: Span<UInt8>) {
        do throws(ItemFault) {
            try draft.checkShape()
            let address = try meters.address(draft, bytes)
            if draft.isSeries {
                builder.placeInTime(start: draft.at, interval: draft.interval)
            } else {
                builder.add(at: draft.at, register: draft.register)
            }
            builder.assign(to: address)
        } catch {
            builder.rejectItem(field: error.field, reason: error.reason)
        }
        builder.endItem(readings: draft.slots)
    }
}

extension Span where Element == UInt8 {
    /// The next line feed from `start`, or the end.
    func endOfLine(from start: Int) -> Int {
        var at = start
        while at < count, self[at] != 0x0A { at += 1 }
        return at
    }
}
