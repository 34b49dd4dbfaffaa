import Water

/// SHA-256, lower-case hex, over one line `serial,epoch,millilitres\n` for each distinct (instant, register) of each
/// meter, believed or not: decimal numbers, no padding, meters by the bytes of their serial then by `from`, lines of a
/// meter by instant then register.
///
/// A meter's lines reach from its last believed register at or before `start` (else from `start`) to its first at or
/// after `end` (else to `end`), both included. Noted start and final registers are among them: figures rest on them.
/// After them stands `serial,epoch,millilitres,action\n` for each of the staff's decisions in force there: who, when
/// and why change no figure.
func readingsDigest(_ meters: [JudgedMeter], from start: Instant, to end: Instant) -> String {
    var text: [UInt8] = []
    let ordered = meters.count < 2 ? meters : meters.sorted(by: precedes)
    text.reserveCapacity(ordered.reduce(0) { $0 + $1.believed.count * (24 + $1.installation.serial.utf8.count) })
    for meter in ordered { appendLines(of: meter, from: start, to: end, to: &text) }
    var digest = RunningDigest()
    digest.update(text)
    return digest.hexDigest()
}

private func precedes(_ a: JudgedMeter, _ b: JudgedMeter) -> Bool {
    let (a, b) = (a.installation, b.installation)
    if a.serial != b.serial { return a.serial.utf8.lexicographicallyPrecedes(b.serial.utf8) }
    return a.from != b.from ? a.from < b.from : a.meter < b.meter
}

private func appendLines(of meter: JudgedMeter, from start: Instant, to end: Instant, to text: inout [UInt8]) {
    let believed = meter.believed
    let first = meter.lastIndex(atOrBefore: start) ?? 0
    let low = first < believed.count ? min(believed[first].at, start) : start
    let reached = meter.lastIndex(atOrBefore: end - 1).map { $0 + 1 } ?? 0
    let high = reached < believed.count ? max(believed[reached].at, end) : end

    var line = DigestLine(serial: meter.installation.serial)
    let left = meter.disbelieved
    var other = left.firstIndex { $0.at >= low } ?? left.count
    for one in believed[first...] {
        if one.at > high { break }
        while other < left.count, (left[other].at, left[other].register) < (one.at, one.register) {
            line.write(at: left[other].at, register: left[other].register, to: &text)
            other += 1
        }
        line.write(at: one.at, register: one.register, to: &text)
    }
    while other < left.count, left[other].at <= high {
        line.write(at: left[other].at, register: left[other].register, to: &text)
        other += 1
    }
    for edit in meter.edits where edit.isInForce && edit.at >= low && edit.at <= high {
        let fields = "\(edit.at.epochSeconds),\(edit.register.millilitres),\(edit.action.rawValue)\n"
        text.append(contentsOf: "\(meter.installation.serial),\(fields)".utf8)
    }
}

/// One line, kept between writes: most follow the one before by a small step, which is added to its digits in place.
private struct DigestLine {
    private let serial: [UInt8]
    private var bytes: [UInt8] = []
    private var at: Int64 = -1
    private var register: Int64 = -1
    /// Indices of the digits of `at` and `register` in `bytes`.
    private var atDigits = 0..<0
    private var registerDigits = 0..<0

    init(serial: String) { self.serial = Array(serial.utf8) }

    mutating func write(at instant: Instant, register volume: Volume, to text: inout [UInt8]) {
        let nextAt = instant.epochSeconds
        let next = volume.millilitres
        let isSmallStep =
            at >= 0 && register >= 0 && nextAt >= at && next >= register
            && add(nextAt - at, to: atDigits) && add(next - register, to: registerDigits)
        if !isSmallStep { spell(nextAt, next) }
        at = nextAt
        register = next
        text.append(contentsOf: bytes)
    }

    /// Adds to a decimal number in place; false, with digits that mean nothing, where it grows by a digit.
    private mutating func add(_ step: Int64, to digits: Range<Int>) -> Bool {
        var carry = step.magnitude
        var index = digits.upperBound
        while carry > 0 {
            index -= 1
            if index < digits.lowerBound { return false }
            carry += UInt64(bytes[index] - UInt8(ascii: "0"))
            bytes[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: carry % 10)
            carry /= 10
        }
        return true
    }

    private mutating func spell(_ nextAt: Int64, _ next: Int64) {
        bytes = serial
        bytes.append(UInt8(ascii: ","))
        let start = bytes.count
        bytes.append(contentsOf: String(nextAt).utf8)
        atDigits = start..<bytes.count
        bytes.append(UInt8(ascii: ","))
        let middle = bytes.count
        bytes.append(contentsOf: String(next).utf8)
        registerDigits = middle..<bytes.count
        bytes.append(UInt8(ascii: "\n"))
    }
}
