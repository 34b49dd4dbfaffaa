import Water

/// Reads a device's own bytes out of a message.
struct DeviceBytes {
    private let mapping: BytesMapping
    private let cityOffset: Int64
    private let cjt188: CJT188Options?

    init(_ mapping: BytesMapping, cityOffset: Int64, cjt188: CJT188Options?) {
        self.mapping = mapping
        self.cityOffset = cityOffset
        self.cjt188 = cjt188
    }

    /// nil where the mapping passes the message over.
    func batch(
        of message: DeviceMessage, _ limits: DecodeLimits, _ keys: TelegramKeys
    ) throws(BodyRefusal) -> TelegramBatch? {
        let root = try message.properties.map { bytes throws(BodyRefusal) in try JSONNode.document(bytes.span) }
        let fields = MessageFields(message: message, root: root)
        guard mapping.when.allSatisfy({ $0.holds(fields.text($0.field)) }) else { return nil }
        if message.isOfAnyKind, let field = mapping.field, !fields.has(field.path) { return nil }
        let bytes: [UInt8]
        do throws(ItemFault) {
            bytes = try payload(fields)
        } catch {
            return TelegramBatch(batch: try rejected(error, limits), undecoded: [])
        }
        // A frame that needs the platform's time is rejected by the platform's key.
        let clock = MeterClock(
            receivedAt: message.at, offsetSeconds: cityOffset, allowsMissingTime: false,
            unheard: (key: message.timeKey, fault: message.fault))
        switch mapping.format {
        case .cjt188: return TelegramBatch(batch: try frames(bytes, clock, limits), undecoded: [])
        case .oms: return try decodeTelegram(bytes, limits: limits, clock: clock, keys: keys)
        case .axiomaW1: return TelegramBatch(batch: try axioma(bytes, fields, clock, limits), undecoded: [])
        }
    }

    private func frames(
        _ bytes: [UInt8], _ clock: MeterClock, _ limits: DecodeLimits
    ) throws(BodyRefusal) -> DecodedBatch {
        guard bytes.count <= limits.bytes else { throw .tooLarge(limit: limits.bytes) }
        let bytes = withoutMark(bytes)
        let builder = BatchBuilder(limits: limits, bodyBytes: bytes.count)
        return try decodeFrames(bytes, into: builder, clock: clock, mapping.cjt188 ?? cjt188)
    }

    private func axioma(
        _ bytes: [UInt8], _ fields: MessageFields, _ clock: MeterClock, _ limits: DecodeLimits
    ) throws(BodyRefusal) -> DecodedBatch {
        var builder = BatchBuilder(limits: limits, bodyBytes: 24 * 12)
        try builder.beginItem()
        do throws(ItemFault) {
            try checkAxiomaPort(fields)
            let payload = try AxiomaW1(bytes.span)
            let address = try fields.meter(mapping.meter, protocol: mapping.protocol)
            for (at, litres) in payload.registers(mapping.history) { builder.add(at: at, register: litres * 1_000) }
            builder.assign(to: address)
            builder.noteClock(ahead: clock.secondsAhead(payload.at))
            builder.note(payload.alerts, raw: payload.raw, of: address, at: payload.at)
        } catch {
            builder.rejectItem(field: error.field, reason: error.reason)
        }
        guard builder.readingsInItem <= builder.allowance else { throw builder.refuseTooMany() }
        builder.endItem(readings: builder.readingsInItem)
        return builder.batch
    }

    /// On its other ports the same device sends other payloads. A mapping that asks for a port by `when` has chosen it;
    /// a platform that is no LoRaWAN server names none.
    private func checkAxiomaPort(_ fields: MessageFields) throws(ItemFault) {
        guard let port = fields.text("@f_port"), port != AxiomaW1.port,
            !mapping.when.contains(where: { $0.field == "@f_port" })
        else { return }
        throw ItemFault(field: "f_port", reason: "\(port) where \(AxiomaW1.port) belongs")
    }

    private func payload(_ fields: MessageFields) throws(ItemFault) -> [UInt8] {
        // One whose time cannot be read has none: what a device tells itself stands all the same.
        if fields.message.isRefused, let fault = fields.message.fault { throw fault }
        guard let field = mapping.field else {
            guard let bytes = fields.message.bytes else { throw fields.message.bytesFault ?? .missing("payload") }
            return bytes
        }
        guard let text = fields.text(field.path) else { throw .missing(field.path) }
        let found = field.coding == .hex ? bytes(ofHexText: text) : bytes(ofBase64: text)
        guard let found else { throw ItemFault(field: field.path, reason: "not \(field.coding)") }
        return found
    }

    private func rejected(_ fault: ItemFault, _ limits: DecodeLimits) throws(BodyRefusal) -> DecodedBatch {
        var builder = BatchBuilder(limits: limits, bodyBytes: 0)
        try builder.beginItem()
        builder.rejectItem(field: fault.field, reason: fault.reason)
        builder.endItem()
        return builder.batch
    }
}
