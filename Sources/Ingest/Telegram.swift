import Water

/// A telegram's members that matter here.
struct Telegram {
    private var media: String?
    private var driver: String?
    private var id: String?
    private var timestamp: String?
    private(set) var total: ScannedRegister = .null
    private(set) var flags: [FlagText] = []
    private(set) var fault: ItemFault?
    private var seen: Set<String> = []

    mutating func readMember(_ bytes: Span<UInt8>, _ at: inout Int, depth: Int) throws(BodyRefusal) {
        let key = try bytes.key(&at)
        let name = bytes.text(key)
        guard let source = Telegram.wanted[name], key.range.count <= 64 else {
            return try bytes.skipValue(&at, depth: depth)
        }
        if !seen.insert(name).inserted, fault == nil { fault = ItemFault(field: name, reason: "given twice") }
        switch source {
        case .media: media = try readText(name, bytes, &at, depth)
        case .driver: driver = try readText(name, bytes, &at, depth)
        case .id: id = try readText(name, bytes, &at, depth)
        case .timestamp: timestamp = try readText(name, bytes, &at, depth)
        case .total: total = try readTotal(bytes, &at, depth)
        case .flags(let kind):
            if let text = try readFlags(bytes, &at, depth) {
                flags.append(FlagText(key: name, kind: kind, text: text))
            }
        }
    }

    private enum Source {
        case media, driver, id, timestamp, total
        case flags(FlagText.Kind)
    }

    private static let wanted: [String: Source] = {
        var wanted: [String: Source] = [
            "media": .media, "meter": .driver, "id": .id, "timestamp": .timestamp, "total_m3": .total,
        ]
        for (key, kind) in FlagText.keys { wanted[key] = .flags(kind) }
        return wanted
    }()

    /// A string, or nil for null.
    private mutating func readText(
        _ name: String, _ bytes: Span<UInt8>, _ at: inout Int, _ depth: Int
    ) throws(BodyRefusal) -> String? {
        if bytes.byte(at) == UInt8(ascii: "\"") { return bytes.text(try bytes.string(&at), limit: 128) }
        if try bytes.skipNull(&at) { return nil }
        try bytes.skipValue(&at, depth: depth)
        if fault == nil { fault = ItemFault(field: name, reason: ValueFault.notText.reason) }
        return nil
    }

    /// The total is a number; text in its place is not read as one.
    private func readTotal(
        _ bytes: Span<UInt8>, _ at: inout Int, _ depth: Int
    ) throws(BodyRefusal) -> ScannedRegister {
        let isText = bytes.byte(at) == UInt8(ascii: "\"")
        let found = try bytes.register(&at, unit: .cubicMetres, depth: depth)
        return isText ? .fault(.notANumber) : found
    }

    /// The words of a status; another kind of value is kept as it is written, nil for null.
    private func readFlags(_ bytes: Span<UInt8>, _ at: inout Int, _ depth: Int) throws(BodyRefusal) -> String? {
        if bytes.byte(at) == UInt8(ascii: "\"") { return bytes.text(try bytes.string(&at), limit: 512) }
        if try bytes.skipNull(&at) { return nil }
        let start = at
        try bytes.skipValue(&at, depth: depth)
        return bytes.text(JSONText(range: start..<at, isPlain: true), limit: 512)
    }

    /// Refuses what is not fresh water. A radio converter sends for the water meter it sits on; a telegram that does
    /// not name its medium is believed to be water, since a water driver made its total.
    func checkMedia() throws(ItemFault) {
        guard let media else { return }
        let isWater = media.contains("water") && !media.contains("waste")
        guard isWater || media.hasPrefix("radio converter") else {
            throw ItemFault(field: "media", reason: "not water")
        }
    }

    func address() throws(ItemFault) -> MeterAddress {
        guard let id else { throw .missing("id") }
        guard id.utf8.count == 8, id.utf8.allSatisfy({ $0.hexDigit != nil }) else {
            throw ItemFault(field: "id", reason: "not 8 hex digits")
        }
        guard let address = MeterAddress(.wmbus, id, driver: driver ?? "") else {
            throw ItemFault(field: "meter", reason: "not 1 to 64 of 0-9 a-z - _ . :")
        }
        return address
    }

    /// Its time, else that of receipt.
    func instant(otherwise receivedAt: Instant?) throws(ItemFault) -> Int64 {
        guard let timestamp else {
            guard let receivedAt else { throw .missing("timestamp") }
            guard receivedAt >= .earliestReading else {
                throw ItemFault(field: "timestamp", reason: ValueFault.tooOld.reason)
            }
            return receivedAt.epochSeconds
        }
        let bytes = Array(timestamp.utf8)
        do throws(ValueFault) {
            return try bytes.span.epochSeconds(in: 0..<bytes.count, fraction: .floored)
        } catch {
            throw ItemFault(field: "timestamp", reason: error.reason)
        }
    }
}
