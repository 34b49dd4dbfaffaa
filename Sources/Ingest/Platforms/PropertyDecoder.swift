import Water

/// Reads a message's JSON properties as one item.
struct PropertyDecoder {
    private let mapping: PropertyMapping
    private let cityOffset: Int64

    init(_ mapping: PropertyMapping, cityOffset: Int64) {
        self.mapping = mapping
        self.cityOffset = cityOffset
    }

    /// nil where the mapping passes the message over.
    func batch(of message: DeviceMessage, _ limits: DecodeLimits) throws(BodyRefusal) -> DecodedBatch? {
        let properties = try message.properties.map { bytes throws(BodyRefusal) in try JSONNode.document(bytes.span) }
        let root = mapping.root.map { path in properties?.at(path: path) } ?? properties
        let fields = MessageFields(message: message, root: root)
        guard mapping.when.allSatisfy({ $0.holds(fields.text($0.field)) }) else { return nil }
        if message.isOfAnyKind, !hasRegister(fields) { return nil }
        var builder = BatchBuilder(limits: limits, bodyBytes: message.properties?.count ?? 0)
        try builder.beginItem()
        let readings = mapping.list.flatMap { root?.at(path: $0.path)?.list } ?? []
        guard readings.count < builder.allowance else { throw builder.refuseTooMany() }
        do throws(ItemFault) {
            try read(fields, readings, into: &builder)
        } catch {
            builder.rejectItem(field: error.field, reason: error.reason)
        }
        builder.endItem(readings: builder.readingsInItem)
        return builder.batch
    }

    private func hasRegister(_ fields: MessageFields) -> Bool {
        mapping.register.contains { fields.has($0) } || mapping.list.map { fields.has($0.path) } ?? false
    }

    private func read(
        _ fields: MessageFields, _ readings: [JSONNode], into builder: inout BatchBuilder
    ) throws(ItemFault) {
        if fields.message.isRefused, let fault = fields.message.fault { throw fault }
        guard fields.root?.isObject ?? false else { throw .missing(mapping.root ?? "properties") }
        let address = try fields.meter(mapping.meter, protocol: mapping.protocol)
        let at = try time(fields)
        // The readings of a list have times of their own.
        if at == nil, mapping.list == nil, let fault = fields.message.fault { throw fault }
        let (alerts, raw) = MappingAlarm.found(mapping.alarms) { fields.text($0) }
        if !raw.isEmpty, let at = at ?? fields.message.at?.epochSeconds {
            builder.note(alerts, raw: raw, of: address, at: Instant(epochSeconds: at))
        }
        if let list = mapping.list {
            for (offset, reading) in readings.enumerated() { read(reading, offset, list, into: &builder) }
        }
        if let register = fields.first(of: mapping.register) {
            guard let at else { throw fields.message.fault ?? .missing(timeName(fields.message)) }
            builder.add(at: at, register: try value(register.text, named: register.name))
        } else if mapping.list == nil {
            throw .missing(mapping.register.first ?? "register")
        } else if readings.isEmpty {
            throw .missing(mapping.list?.path ?? "list")
        }
        builder.assign(to: address)
    }

    /// An element of the list. A register that is null is a gap; any other fault rejects the value alone: a register
    /// under another key would be lost unseen.
    private func read(
        _ reading: JSONNode, _ offset: Int, _ list: PropertyMapping.MappedList, into builder: inout BatchBuilder
    ) {
        if reading.at(path: list.register)?.isNull ?? false { return }
        do throws(ItemFault) {
            guard reading.isObject else { throw ItemFault(field: list.register, reason: "not an object of the list") }
            let register = try plain(reading, list.register)
            let at = try instant(try plain(reading, list.time), named: list.time)
            builder.add(at: at, register: try value(register, named: list.register))
        } catch {
            builder.rejectValue(at: offset, field: error.field, reason: error.reason)
        }
    }

    /// The text of an element's member.
    private func plain(_ reading: JSONNode, _ path: String) throws(ItemFault) -> String {
        guard let node = reading.at(path: path), !node.isNull else { throw .missing(path) }
        if let text = node.plain { return text }
        let isText = if case .text = node.value { true } else { false }
        throw ItemFault(field: path, reason: isText ? "is empty" : "must be a number or a string")
    }

    /// What the missing time is called: by the mapping, or by the platform where the mapping takes the envelope's.
    private func timeName(_ message: DeviceMessage) -> String {
        let name = mapping.time.first ?? "time"
        return name == "@time" ? message.timeKey : name
    }

    /// nil where the message tells no time.
    private func time(_ fields: MessageFields) throws(ItemFault) -> Int64? {
        for name in mapping.time {
            if name == "@time", let at = fields.message.at { return at.epochSeconds }
            if name != "@time", let text = fields.text(name) { return try instant(text, named: name) }
        }
        return nil
    }

    private func instant(_ text: String, named name: String) throws(ItemFault) -> Int64 {
        do throws(ValueFault) {
            return try mapping.times.epochSeconds(text, cityOffset: cityOffset)
        } catch {
            if case .notATime = error { throw ItemFault(field: name, reason: "not a time of the forms given") }
            throw ItemFault(field: name, reason: error.reason)
        }
    }

    private func value(_ text: String, named name: String) throws(ItemFault) -> Int64 {
        do throws(ValueFault) {
            return try mapping.unit.register(text)
        } catch {
            throw ItemFault(field: name, reason: error.reason)
        }
    }
}
