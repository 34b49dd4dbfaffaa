public import Water

/// One JSON value for each reading and each rejection, in body order: what `jieshui decode` prints.
///
/// All have `index` and `status`. `ok`: `meter` (digits as printed on it), `at` (RFC 3339 UTC, null where no time is
/// known), `register_ml`, `alerts` and `alerts_past` (codes of what is and of what was), `flags_raw` (the device's own
/// bits or words, null where the format has none), and where the item was taken with a reservation `findings`
/// (`field: reason` each). `rejected`: `field`, `reason`, in a series `offset`; and where the
/// device's state was kept all the same, `meter`, `at`, `alerts`, `alerts_past`, `flags_raw`.
public func decodeLines(_ batch: DecodedBatch) -> [CanonicalJSON] {
    var lines: [CanonicalJSON] = []
    lines.reserveCapacity(batch.registers.count + batch.rejections.count)
    var runs = batch.runs[...]
    var alerts = batch.alerts[...]
    var rejections = batch.rejections[...]
    var findings = batch.findings[...]
    for item in 0..<batch.itemCount {
        let state = alerts.first?.item == item ? alerts.popFirst() : nil
        var found: [CanonicalJSON] = []
        while let finding = findings.first, finding.item == item {
            findings.removeFirst()
            found.append(.string("\(finding.field): \(finding.reason)"))
        }
        while let run = runs.first, run.item == item {
            runs.removeFirst()
            for index in run.range { lines.append(okLine(batch, run, index, state, found)) }
        }
        while let rejection = rejections.first, rejection.item == item {
            rejections.removeFirst()
            lines.append(rejectedLine(rejection, state))
        }
    }
    return lines
}

private func okLine(
    _ batch: DecodedBatch, _ run: ReadingRun, _ index: Int, _ state: DecodedAlerts?, _ findings: [CanonicalJSON]
) -> CanonicalJSON {
    var members = stateMembers(state)
    if !findings.isEmpty { members["findings"] = .array(findings) }
    members["index"] = .integer(Int64(run.item))
    members["status"] = "ok"
    members["meter"] = .string(run.address.address)
    members["at"] = time(Instant(epochSeconds: batch.instants[index]))
    members["register_ml"] = .integer(batch.registers[index])
    return .object(members)
}

private func rejectedLine(_ rejection: ItemRejection, _ state: DecodedAlerts?) -> CanonicalJSON {
    var members = state == nil ? [:] : stateMembers(state)
    if let state {
        members["meter"] = .string(state.address.address)
        members["at"] = time(state.at)
    }
    members["index"] = .integer(Int64(rejection.item))
    members["status"] = "rejected"
    members["field"] = .string(rejection.field)
    members["reason"] = .string(rejection.reason)
    if let offset = rejection.offset { members["offset"] = .integer(Int64(offset)) }
    return .object(members)
}

private func stateMembers(_ state: DecodedAlerts?) -> [String: CanonicalJSON] {
    [
        "alerts": codes(state, current: true), "alerts_past": codes(state, current: false),
        "flags_raw": .optional(state?.raw),
    ]
}

/// Codes of present or of past alerts, each once.
private func codes(_ state: DecodedAlerts?, current: Bool) -> CanonicalJSON {
    var seen: [AlertCode] = []
    for alert in state?.alerts ?? [] where alert.isCurrent == current && !seen.contains(alert.code) {
        seen.append(alert.code)
    }
    return .array(seen.map { .string($0.rawValue) })
}

private func time(_ at: Instant) -> CanonicalJSON {
    at.epochSeconds == DecodedBatch.noInstant ? .null : .string(at.utc)
}
