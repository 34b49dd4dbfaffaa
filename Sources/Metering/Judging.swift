import Water

/// Decides which of a meter's readings to believe, from the set alone: arrival order, repeats and gateways do not
/// matter.
///
/// - Registers follow each other when the later one is no lower and the meter's Q4 passes the rise in the time; also
///   through the modulus. Where all do, all are believed.
/// - Elsewhere each UTC day is judged over the readings within six days of it (so within seven of each reading), or
///   the nearest three on each side where fewer are there: the chain that keeps the most readings is believed. A
///   restart (reset or step up) must be borne out by three readings; a decrease of at most the rules' reverse flow by
///   two; otherwise the readings that do not fit are left out.
/// - No chain passes over a reading that rose too fast in order to count that rise later: it breaks there, and the
///   volume of the step is unknown.
/// - Of several registers at one instant the only one that fits both neighbours is believed, else none. A register
///   noted by the registry at that instant stands.
///
/// The installation's noted start and final registers are judged with the readings. Source: semantics.md, Readings.
public func judge(_ readings: MeterReadings, rules: MeteringRules) -> JudgedMeter {
    let limit = FlowLimit(readings.installation, rules: rules)
    if let believed = believedThroughout(readings, limit: limit) {
        return JudgedMeter(
            installation: readings.installation, believed: believed, disbelieved: [], findings: [], isBroken: false)
    }
    let shown = distinctRegisters(of: readings)
    return course(of: shown, believed: beliefs(shown, limit: limit), installation: readings.installation, limit: limit)
}

/// A register shown at an instant, once however often it was sent.
struct ShownRegister: Comparable {
    let at: Int64
    let register: Int64
    let isNoted: Bool

    static func < (a: ShownRegister, b: ShownRegister) -> Bool {
        a.at != b.at ? a.at < b.at : a.register < b.register
    }
}

/// The whole series where it is sorted and every register follows the one before; nil where any needs judging.
private func believedThroughout(_ readings: MeterReadings, limit: FlowLimit) -> [BelievedReading]? {
    let installation = readings.installation
    let from = max(installation.from.epochSeconds, earliestInstant)
    let to = min(installation.to?.epochSeconds ?? latestInstant, latestInstant)
    var believed: [BelievedReading] = []
    believed.reserveCapacity(readings.elements.count + 2)
    var last = (at: Int64.min, register: Int64(0))
    if let start = installation.startRegister {
        guard (0...FlowLimit.highestRegister).contains(start.millilitres) else { return nil }
        last = (from, start.millilitres)
        believed.append(accepted(at: from, register: start.millilitres, isNoted: true))
    }
    for element in readings.elements {
        let at = element.at.epochSeconds
        let register = element.register.millilitres
        guard at >= from, at <= to else { continue }
        guard register >= 0, register <= FlowLimit.highestRegister else { return nil }
        if believed.isEmpty {
            believed.append(accepted(at: at, register: register, isNoted: false))
        } else if at > last.at {
            guard limit.passes(register - last.register, in: at - last.at) else { return nil }
            believed.append(accepted(at: at, register: register, isNoted: false, startsRun: false))
        } else {
            guard at == last.at, register == last.register else { return nil }
            if believed.count == 1, believed[0].isNoted {
                believed[0] = accepted(at: at, register: register, isNoted: false)
            }
        }
        last = (at, register)
    }
    guard let final = installation.finalRegister?.millilitres, installation.to != nil else { return believed }
    guard final >= 0, final <= FlowLimit.highestRegister else { return nil }
    if believed.isEmpty { return [accepted(at: to, register: final, isNoted: true)] }
    if last.at == to { return last.register == final ? believed : nil }
    guard limit.passes(final - last.register, in: to - last.at) else { return nil }
    believed.append(accepted(at: to, register: final, isNoted: true, startsRun: false))
    return believed
}

private func accepted(at: Int64, register: Int64, isNoted: Bool, startsRun: Bool = true) -> BelievedReading {
    BelievedReading(
        at: Instant(epochSeconds: at), register: Volume(millilitres: register),
        counted: Volume(millilitres: register), startsRun: startsRun, isNoted: isNoted, quality: .accepted)
}

/// Instants outside ±2^40 s are nobody's; the bound keeps differences within 64 bits.
let earliestInstant: Int64 = -1_099_511_627_776
let latestInstant: Int64 = 1_099_511_627_776

/// The distinct (instant, register) of the installation's time with its noted registers, ascending. A noted register
/// that a reading repeats is the reading's.
private func distinctRegisters(of readings: MeterReadings) -> [ShownRegister] {
    let installation = readings.installation
    let from = max(installation.from.epochSeconds, earliestInstant)
    let to = min(installation.to?.epochSeconds ?? latestInstant, latestInstant)
    var shown: [ShownRegister] = []
    shown.reserveCapacity(readings.elements.count + 2)
    for element in readings.elements {
        let at = element.at.epochSeconds
        guard at >= from, at <= to else { continue }
        shown.append(ShownRegister(at: at, register: element.register.millilitres, isNoted: false))
    }
    if let start = installation.startRegister {
        shown.append(ShownRegister(at: from, register: start.millilitres, isNoted: true))
    }
    if let final = installation.finalRegister, installation.to != nil {
        shown.append(ShownRegister(at: to, register: final.millilitres, isNoted: true))
    }
    shown.sort {
        $0.at != $1.at
            ? $0.at < $1.at : $0.register != $1.register ? $0.register < $1.register : !$0.isNoted && $1.isNoted
    }
    var distinct: [ShownRegister] = []
    distinct.reserveCapacity(shown.count)
    for one in shown where distinct.last.map({ $0.at != one.at || $0.register != one.register }) ?? true {
        distinct.append(one)
    }
    return distinct
}
