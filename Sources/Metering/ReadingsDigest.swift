public import Water

/// How the registers that a home's month rests on are spelled for their digest. A month that was closed keeps its
/// homes' form, so that the same readings give the same digest in every version of a statement.
public enum ReadingsDigestForm: Sendable, Hashable {
    /// A line of text for each register; the digest is 64 hex digits. Of months closed before there was another.
    case lines
    /// Steps from register to register in few bytes; the digest is `v2:` and 64 hex digits.
    case steps

    static let stepsPrefix = "v2:"

    /// The form that a digest is of.
    public init(of digest: String) { self = digest.hasPrefix(Self.stepsPrefix) ? .steps : .lines }
}

/// SHA-256, lower-case hex, over each distinct (instant, register) of each meter, believed or not, meters by the bytes
/// of their serial then by `from`, registers of a meter by instant then value.
///
/// A meter's registers reach from its last believed one at or before `start` (else from `start`) to its first at or
/// after `end` (else to `end`), both included. Noted start and final registers are among them: figures rest on them.
/// After them stand the staff's decisions in force there: who, when and why change no figure.
///
/// - `lines`: `serial,epoch,millilitres\n` for each, decimal numbers, no padding, and
///   `serial,epoch,millilitres,action\n` for each decision.
/// - `steps`: for each meter, by unsigned LEB128: the serial's bytes counted, the serial, the registers counted; for each
///   the seconds and the millilitres since the one before it (from 0 for the first) as zigzag numbers; the decisions
///   counted; for each its instant and its register, whole and as zigzag numbers, and its action as counted bytes.
func readingsDigest(_ meters: [JudgedMeter], from start: Instant, to end: Instant, in form: ReadingsDigestForm)
    -> String
{
    var digest = RunningDigest()
    for meter in meters.count < 2 ? meters : meters.sorted(by: precedes) {
        let shown = DigestedRegisters(meter, from: start, to: end)
        digest.update(form == .steps ? steps(shown) : lines(shown))
    }
    return form == .steps ? ReadingsDigestForm.stepsPrefix + digest.hexDigest() : digest.hexDigest()
}

private func precedes(_ a: JudgedMeter, _ b: JudgedMeter) -> Bool {
    let (a, b) = (a.installation, b.installation)
    if a.serial != b.serial { return a.serial.utf8.lexicographicallyPrecedes(b.serial.utf8) }
    return a.from != b.from ? a.from < b.from : a.meter < b.meter
}

/// What of one meter is in the digest.
struct DigestedRegisters {
    let serial: [UInt8]
    /// Ascending.
    let registers: [(at: Int64, millilitres: Int64)]
    let decisions: [StandingEdit]

    init(_ meter: JudgedMeter, from start: Instant, to end: Instant) {
        let believed = meter.believed
        let (first, reached, low, high) = Self.reach(of: meter, from: start, to: end)
        let believedCount = min(reached + 1, believed.count)

        var registers: [(at: Int64, millilitres: Int64)] = []
        registers.reserveCapacity(max(0, believedCount - first) + meter.disbelieved.count)
        var left = meter.disbelieved[...].drop { $0.at < low }.prefix { $0.at <= high }
        for index in first..<max(first, believedCount) {
            let (at, register) = (believed[index].at, believed[index].register)
            if at > high { break }
            while let other = left.first, (other.at, other.register) < (at, register) {
                registers.append((other.at.epochSeconds, other.register.millilitres))
                left.removeFirst()
            }
            registers.append((at.epochSeconds, register.millilitres))
        }
        for other in left { registers.append((other.at.epochSeconds, other.register.millilitres)) }

        serial = Array(meter.installation.serial.utf8)
        self.registers = registers
        decisions = meter.edits.filter { $0.isInForce && $0.at >= low && $0.at <= high }
    }
}

extension DigestedRegisters {
    /// The believed registers around [start, end], and the instants that they lie at, or the ends without one.
    static func reach(
        of meter: JudgedMeter, from start: Instant, to end: Instant
    ) -> (first: Int, reached: Int, low: Instant, high: Instant) {
        let believed = meter.believed
        let first = meter.lastIndex(atOrBefore: start) ?? 0
        let reached = meter.lastIndex(atOrBefore: end - 1).map { $0 + 1 } ?? 0
        return (
            first, reached, first < believed.count ? min(believed[first].at, start) : start,
            reached < believed.count ? max(believed[reached].at, end) : end
        )
    }
}

/// From when to when the registers of each of a home's meters are in the digest of a month, by serial: what the month's
/// figures rest on. A meter hung twice has two.
public func digestedSpans(
    of home: HomeInput, span: MonthSpan, rules: MeteringRules
) -> [String: [ClosedRange<Instant>]] {
    let (from, to) = span.occupied(by: home)
    var found: [String: [ClosedRange<Instant>]] = [:]
    for readings in home.meters {
        let installation = readings.installation
        guard max(from, installation.from) < min(to, installation.to ?? to) else { continue }
        let reach = DigestedRegisters.reach(of: readings.judged ?? judge(readings, rules: rules), from: from, to: to)
        found[installation.serial, default: []].append(reach.low...reach.high)
    }
    return found
}

extension MonthSpan {
    /// The part of the month that a household lives there; empty where it does not.
    func occupied(by home: HomeInput) -> (from: Instant, to: Instant) {
        let from = max(start, home.occupancy.from)
        return (from, max(from, min(end, home.occupancy.to ?? end)))
    }
}

private func steps(_ shown: DigestedRegisters) -> [UInt8] {
    var head: [UInt8] = []
    appendCounted(shown.serial, to: &head)
    appendUnsigned(UInt64(shown.registers.count), to: &head)
    var bytes = [UInt8](repeating: 0, count: head.count + shown.registers.count * 2 * StepWriter.longest)
    bytes.replaceSubrange(..<head.count, with: head)
    var writer = StepWriter(count: head.count)
    var span = bytes.mutableSpan
    // Safe here: any bytes are bytes.
    var raw = unsafe span.mutableBytes
    var before: (at: Int64, millilitres: Int64) = (0, 0)
    for next in shown.registers {
        writer.add(next.at &- before.at, &raw)
        writer.add(next.millilitres &- before.millilitres, &raw)
        before = next
    }
    bytes.removeLast(bytes.count - writer.count)
    appendUnsigned(UInt64(shown.decisions.count), to: &bytes)
    for decision in shown.decisions {
        appendUnsigned(zigzag(decision.at.epochSeconds), to: &bytes)
        appendUnsigned(zigzag(decision.register.millilitres), to: &bytes)
        appendCounted(Array(decision.action.rawValue.utf8), to: &bytes)
    }
    return bytes
}

/// Writes zigzag numbers into bytes that are enough for them.
private struct StepWriter {
    /// The most bytes that a number takes.
    static let longest = 10
    var count: Int

    @inline(__always)
    mutating func add(_ step: Int64, _ bytes: inout MutableRawSpan) {
        var rest = zigzag(step)
        // An hour's step and most volumes take two bytes, which are stored at once.
        if rest >= 0x80, rest < 0x4000 {
            let pair = UInt16(truncatingIfNeeded: (rest & 0x7F) | 0x80 | (rest >> 7) << 8)
            bytes.storeBytes(of: pair.littleEndian, toByteOffset: count, as: UInt16.self)
            count += 2
            return
        }
        while rest >= 0x80 {
            bytes.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: count, as: UInt8.self)
            count += 1
            rest >>= 7
        }
        bytes.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: count, as: UInt8.self)
        count += 1
    }
}

private func appendCounted(_ text: [UInt8], to bytes: inout [UInt8]) {
    appendUnsigned(UInt64(text.count), to: &bytes)
    bytes.append(contentsOf: text)
}

@inline(__always)
private func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }

/// Seven bits a byte, the lowest first, the eighth set where more follow.
private func appendUnsigned(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
}
