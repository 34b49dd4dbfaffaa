import Water

/// Makes addresses from the bytes of a body; the one made last is kept, for bodies repeat their meters.
struct MeterNames {
    private var lastBytes: [UInt8] = []
    private var last: MeterAddress?

    /// The address an item names by `meter`, `protocol` and `driver`.
    mutating func address(_ draft: NativeDraft, _ bytes: Span<UInt8>) throws(ItemFault) -> MeterAddress {
        guard let meter = draft.meter else { throw .missing(NativeKey.meter.name) }
        if meter.isPlain, draft.protocolName == nil, draft.driver == nil {
            return try required(bytes, meter.range)
        }
        return try MeterNames.address(
            bytes.text(meter, limit: 65), protocolName: draft.protocolName.map { bytes.text($0) } ?? "",
            driver: draft.driver.map { bytes.text($0, limit: 65) } ?? "")
    }

    /// The address of a printed serial number.
    mutating func required(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(ItemFault) -> MeterAddress {
        guard let address = serial(bytes, range) else {
            throw ItemFault(field: NativeKey.meter.name, reason: MeterNames.rule(of: .serial))
        }
        return address
    }

    /// The address of a printed serial number; nil where it is none.
    mutating func serial(_ bytes: Span<UInt8>, _ range: Range<Int>) -> MeterAddress? {
        guard range.count <= 64 else { return nil }
        let text = bytes.extracting(range)
        if let last, isLast(text) { return last }
        guard let address = MeterAddress(.serial, utf8: text) else { return nil }
        lastBytes.removeAll(keepingCapacity: true)
        for index in text.indices { lastBytes.append(text[index]) }
        last = address
        return address
    }

    /// From the end: serial numbers of a city begin alike.
    private func isLast(_ text: Span<UInt8>) -> Bool {
        guard text.count == lastBytes.count else { return false }
        var index = text.count - 1
        while index >= 0, text[index] == lastBytes[index] { index -= 1 }
        return index < 0
    }

    /// The address of the given parts, each empty where not given.
    static func address(
        _ meter: String, protocolName: String, driver: String
    ) throws(ItemFault) -> MeterAddress {
        guard let spoken = protocolName.isEmpty ? .serial : AddressProtocol(rawValue: protocolName) else {
            throw ItemFault(field: NativeKey.protocol.name, reason: "not one of serial, cjt188, wmbus")
        }
        if !driver.isEmpty, spoken != .wmbus {
            throw ItemFault(field: NativeKey.driver.name, reason: "only wmbus addresses have a driver")
        }
        if !driver.isEmpty, MeterAddress(spoken, "0", driver: driver) == nil {
            throw ItemFault(field: NativeKey.driver.name, reason: "not 1 to 64 of 0-9 a-z - _ . :")
        }
        guard let address = MeterAddress(spoken, meter, driver: driver), fits(address) else {
            throw ItemFault(field: NativeKey.meter.name, reason: rule(of: spoken))
        }
        return address
    }

    private static func fits(_ address: MeterAddress) -> Bool {
        let characters = address.address.utf8
        return switch address.protocol {
        case .serial: true
        case .cjt188: characters.count == 14 && characters.allSatisfy { $0.decimalDigit != nil }
        case .wmbus: characters.count == 8 && characters.allSatisfy { $0.hexDigit != nil }
        }
    }

    private static func rule(of spoken: AddressProtocol) -> String {
        switch spoken {
        case .serial: "not 1 to 64 of 0-9 a-z - _ . :"
        case .cjt188: "not 14 digits"
        case .wmbus: "not 8 hex digits"
        }
    }
}
