import Water

/// Reads what the wmbusmeters gateway program posts: an object, an array of them, or objects one after another.
///
/// Its keys differ by driver (239 are known), so unknown ones are passed over; those read here may come once.
struct WMBusMetersDecoder {
    var builder: BatchBuilder
    /// When the gateway heard telegrams that do not say it.
    private let receivedAt: Instant?
    private let words = AlarmWords.known

    init(into builder: BatchBuilder, receivedAt: Instant?) {
        self.builder = builder
        self.receivedAt = receivedAt
    }

    mutating func readBody(_ bytes: Span<UInt8>) throws(BodyRefusal) {
        var at = 0
        bytes.skipSpace(&at)
        if at == bytes.count { throw .malformed(offset: at, reason: "no object") }
        while at < bytes.count {
            switch bytes.byte(at) {
            case UInt8(ascii: "{"): try readItem(bytes, &at, depth: 0)
            case UInt8(ascii: "["):
                if bytes.enter(&at, until: UInt8(ascii: "]")) {
                    repeat {
                        try readItem(bytes, &at, depth: 1)
                    } while try bytes.continues(&at, until: UInt8(ascii: "]"))
                }
            default: throw bytes.malformed(at, "expected an object or a list of objects")
            }
            bytes.skipSpace(&at)
        }
    }

    private mutating func readItem(_ bytes: Span<UInt8>, _ at: inout Int, depth: Int) throws(BodyRefusal) {
        try builder.beginItem()
        guard bytes.byte(at) == UInt8(ascii: "{") else {
            try bytes.skipValue(&at, depth: depth)
            builder.rejectItem(field: "item", reason: "not an object")
            return builder.endItem()
        }
        var telegram = Telegram()
        if bytes.enter(&at, until: UInt8(ascii: "}")) {
            repeat {
                try telegram.readMember(bytes, &at, depth: depth + 1)
            } while try bytes.continues(&at, until: UInt8(ascii: "}"))
        }
        do throws(ItemFault) {
            try finish(telegram)
        } catch {
            builder.rejectItem(field: error.field, reason: error.reason)
        }
        builder.endItem()
    }

    private mutating func finish(_ telegram: Telegram) throws(ItemFault) {
        if let fault = telegram.fault { throw fault }
        try telegram.checkMedia()
        let address = try telegram.address()
        let at = Instant(epochSeconds: try telegram.instant(otherwise: receivedAt))
        if !telegram.flags.isEmpty {
            let alerts = words.alerts(of: telegram.flags)
            builder.note(alerts, raw: FlagText.summary(telegram.flags), of: address, at: at)
        }
        switch telegram.total {
        case .value(let register): builder.add(at: at.epochSeconds, register: register)
        case .null: throw ItemFault(field: "total_m3", reason: "the telegram has no total")
        case .fault(let fault): throw ItemFault(field: "total_m3", reason: fault.reason)
        }
        builder.assign(to: address)
    }
}
