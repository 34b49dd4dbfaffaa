public import Water

/// The readings of a push.
public struct PushReadings: Sendable {
    public let batch: DecodedBatch
    /// Messages that the mapping's `when` passes over; the push's own `ignored` is not in it.
    public let ignored: Int
    /// Wireless M-Bus telegrams that gave no reading, for a store that keeps them; items as in the batch.
    public let undecoded: [UndecodedTelegram]
}

/// Reads what devices said inside a push, by the mapping of the gateway.
///
/// - Parameters:
///   - limits: counted over all messages.
///   - clockOffsetSeconds: seconds east of UTC of the zone `city` and of clocks inside CJ/T 188 meters.
///   - cjt188: how CJ/T 188 frames are read where the mapping does not say; nil for the built-in profiles and strict
///     checksums.
///   - keys: asked for a meter's key only where a telegram is encrypted.
/// - Throws: `BodyRefusal` over a limit, and for a mapping of a table. A bad message is rejected alone.
public func decodePush(
    _ push: Push, by mapping: Mapping, limits: DecodeLimits = DecodeLimits(), clockOffsetSeconds: Int64 = 28_800,
    cjt188: CJT188Options? = nil, keys: TelegramKeys = { _ in nil }
) throws(BodyRefusal) -> PushReadings {
    var batch = DecodedBatch()
    var ignored = 0
    var undecoded: [UndecodedTelegram] = []
    for message in push.messages {
        var rest = limits
        rest.readings -= max(batch.registers.count, batch.itemCount)
        guard rest.readings > 0 else { throw .tooManyReadings(limit: limits.readings) }
        let found: TelegramBatch?
        do throws(BodyRefusal) {
            switch mapping {
            case .properties(let mapping):
                found = try PropertyDecoder(mapping, cityOffset: clockOffsetSeconds).batch(of: message, rest)
                    .map { TelegramBatch(batch: $0, undecoded: []) }
            case .bytes(let mapping):
                let reader = DeviceBytes(mapping, cityOffset: clockOffsetSeconds, cjt188: cjt188)
                found = try reader.batch(of: message, rest, keys)
            case .table: throw BodyRefusal.malformed(offset: 0, reason: "a table's mapping reads no push")
            }
        } catch {
            if case .tooManyReadings = error { throw .tooManyReadings(limit: limits.readings) }
            throw error
        }
        guard let found else {
            ignored += 1
            continue
        }
        undecoded += found.undecoded.map { $0.moved(by: batch.itemCount) }
        batch.append(found.batch)
    }
    return PushReadings(batch: batch, ignored: ignored, undecoded: undecoded)
}

extension UndecodedTelegram {
    /// The same, its item counted from the beginning of a longer batch.
    fileprivate func moved(by items: Int) -> UndecodedTelegram {
        UndecodedTelegram(
            item: item + items, meter: meter, maker: maker, bytes: bytes, field: field, heardAt: heardAt)
    }
}

extension DecodedBatch {
    /// Adds another batch's items after these.
    mutating func append(_ other: DecodedBatch) {
        let (items, readings) = (itemCount, registers.count)
        for run in other.runs {
            let range = run.range.lowerBound + readings..<run.range.upperBound + readings
            runs.append(
                ReadingRun(
                    item: run.item + items, address: run.address, range: range, series: run.series, place: run.place))
        }
        for alert in other.alerts {
            alerts.append(
                DecodedAlerts(
                    item: alert.item + items, address: alert.address, at: alert.at, alerts: alert.alerts,
                    raw: alert.raw, place: alert.place))
        }
        for rejection in other.rejections {
            rejections.append(
                ItemRejection(
                    item: rejection.item + items, offset: rejection.offset, field: rejection.field,
                    reason: rejection.reason))
        }
        for finding in other.findings {
            findings.append(ItemFinding(item: finding.item + items, field: finding.field, reason: finding.reason))
        }
        for lead in other.clockLeads {
            clockLeads.append(ClockLead(item: lead.item + items, seconds: lead.seconds))
        }
        instants += other.instants
        registers += other.registers
        itemCount += other.itemCount
    }
}

/// A message's envelope and properties under the names that mappings use.
struct MessageFields {
    let message: DeviceMessage
    /// nil where the message has no properties or they cannot be read.
    let root: JSONNode?

    /// `@NAME` of the envelope (`@time` as seconds since 1970), else a path from the root.
    func text(_ name: String) -> String? {
        if name == "@time" { return message.at.map { String($0.epochSeconds) } }
        if name.hasPrefix("@") { return message.attributes[String(name.dropFirst())] }
        return root?.at(path: name)?.plain
    }

    /// Whether a field stands there, be it null.
    func has(_ name: String) -> Bool { name.hasPrefix("@") ? text(name) != nil : root?.at(path: name) != nil }

    /// The first of the named fields that is there.
    func first(of names: [String]) -> (name: String, text: String)? {
        for name in names {
            if let text = text(name) { return (name, text) }
        }
        return nil
    }

    func meter(_ names: [String], protocol spoken: String) throws(ItemFault) -> MeterAddress {
        guard let meter = first(of: names) else { throw .missing(names.first ?? "meter") }
        do throws(ItemFault) {
            return try MeterNames.address(meter.text, protocolName: spoken, driver: "")
        } catch {
            throw ItemFault(field: meter.name, reason: error.reason)
        }
    }
}
