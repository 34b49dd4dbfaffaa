import Water

/// Takes the volumes of water out of a SenML pack.
///
/// A record is one where its unit is `m3` or `l` with a value, or `m3/s` or `l/s` with a sum (which is a volume).
/// One that means a volume by its name or its unit, in a unit that SenML does not have, is rejected, so that nobody
/// loses water unseen. Every other record is passed over and is no item.
struct SenMLDecoder {
    var builder: BatchBuilder
    private let receivedAt: Instant?

    init(into builder: BatchBuilder, receivedAt: Instant?) {
        self.builder = builder
        self.receivedAt = receivedAt
    }

    mutating func readPack(_ bytes: Span<UInt8>) throws(BodyRefusal) {
        var pack = SenMLPack(now: receivedAt)
        var number = 0
        try pack.read(bytes) { found throws(BodyRefusal) in
            number += 1
            builder.place = .record(number)
            switch found {
            case .success(let record):
                if let source = VolumeSource(record) {
                    try take(record, from: source)
                } else if let fault = record.unitFault {
                    try reject(fault.field, fault.reason)
                }
            case .failure(let fault, let unit):
                guard let unit, VolumeSource.units.contains(unit) else { return }
                try reject(fault.field, fault.reason)
            }
        }
    }

    private mutating func reject(_ field: String, _ reason: String) throws(BodyRefusal) {
        try builder.beginItem()
        builder.rejectItem(field: field, reason: reason)
        builder.endItem()
    }

    private mutating func take(_ record: SenMLRecord, from source: VolumeSource) throws(BodyRefusal) {
        try builder.beginItem()
        do throws(ItemFault) {
            let address = try address(record.meterName)
            let at = try instant(record)
            builder.add(at: at, register: try register(record, source))
            builder.assign(to: address)
        } catch {
            builder.rejectItem(field: error.field, reason: error.reason)
        }
        builder.endItem()
    }

    private func register(_ record: SenMLRecord, _ source: VolumeSource) throws(ItemFault) -> Int64 {
        let field = source.isSum ? "s" : "v"
        guard let number = source.number else { throw ItemFault(field: field, reason: ValueFault.notANumber.reason) }
        if let found = source.isSum ? record.sumFault : record.valueFault {
            throw ItemFault(field: found.key.rawValue, reason: found.fault.reason)
        }
        do throws(ValueFault) {
            return try number.register(places: source.places)
        } catch {
            throw ItemFault(field: field, reason: error.reason)
        }
    }

    private func instant(_ record: SenMLRecord) throws(ItemFault) -> Int64 {
        guard let time = record.time else {
            throw ItemFault(field: "t", reason: "relative to now, and X-Received-At is missing")
        }
        guard let seconds = time.floored, seconds <= latestInstant else {
            throw ItemFault(field: "t", reason: "past the year 9999")
        }
        guard seconds >= Instant.earliestReading.epochSeconds else {
            throw ItemFault(field: "t", reason: ValueFault.tooOld.reason)
        }
        return seconds
    }

    /// `cjt188:` or `wmbus:` before a meter's name says the protocol. `urn:dev:ser:`, which gives a printed number the
    /// form of a device's name (RFC 9039 registers no such kind), is no part of it; other kinds of `urn:dev:` are.
    private func address(_ name: Substring) throws(ItemFault) -> MeterAddress {
        let meter = name.hasPrefix(serialNumber) ? name.dropFirst(serialNumber.utf8.count) : name
        for spoken in AddressProtocol.allCases where meter.hasPrefix("\(spoken.rawValue):") {
            let address = String(meter.dropFirst(spoken.rawValue.utf8.count + 1))
            return try named(address, spoken)
        }
        return try named(String(meter), .serial)
    }

    private func named(_ address: String, _ spoken: AddressProtocol) throws(ItemFault) -> MeterAddress {
        do throws(ItemFault) {
            return try MeterNames.address(address, protocolName: spoken.rawValue, driver: "")
        } catch {
            throw ItemFault(field: "n", reason: error.reason)
        }
    }
}

/// What Formats.md shows before a printed number.
private let serialNumber = "urn:dev:ser:"

/// Where a record says a volume.
private struct VolumeSource {
    /// nil where the value is no number.
    let number: SenMLNumber?
    let isSum: Bool
    /// Decimals down to the millilitre.
    let places: Int

    static let units: Set<String> = ["m3", "l", "m3/s", "l/s"]

    /// nil where the record measures something else; a flow without a sum is no volume.
    init?(_ record: SenMLRecord) {
        guard let unit = record.unit, VolumeSource.units.contains(unit) else { return nil }
        places = unit.hasPrefix("m3") ? 6 : 3
        isSum = unit.hasSuffix("/s")
        if isSum {
            guard let sum = record.sum else { return nil }
            number = sum
        } else if case .number(let value) = record.value {
            number = value
        } else {
            number = nil
        }
    }
}
