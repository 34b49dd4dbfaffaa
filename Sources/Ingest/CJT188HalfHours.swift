import Water

/// A maker's own reply 9097 with a day of half hours, 172 bytes of data:
///
/// | off | len | field |
/// |---|---|---|
/// | 3 | 5 | unit code, then the register now, packed digits low byte first |
/// | 8 | 5 | unit code and settlement register; then others, not read here |
/// | 35 | 7 | clock |
/// | 42 | 2 | ST |
/// | 73 | 1 | hour of the cutoff, packed digits |
/// | 74 | 4 | register at the cutoff |
/// | 78 | 94 | 47 slots of a half hour, two bytes HIGH byte first, newest first: 23:30 … 00:30 for a cutoff at 00:00 |
///
/// The maker's table speaks of 48 and counts the cutoff itself. Two things are not in the frame and are set by the
/// profile. One count is taken as a millilitre: the published increments are litres with three decimals, 117.93 of a
/// day by a meter that stands at 206.66 m³, and no home uses a thousand times as much. A slot's time is taken as its
/// end; then the half hour before the cutoff is missing, and its water counts to the day's first half hour. Source:
/// protocols.md, 1.4, and the decoder it names.
struct CJT188HalfHours {
    /// Millilitres now.
    let register: Int64
    let clock: ClockBytes
    let status: (UInt8, UInt8)
    /// 0–23.
    let cutoffHour: Int
    /// Millilitres at the cutoff.
    let cutoff: Int64
    /// Millilitres of each slot, newest first; nil where the meter does not give it (FFFF).
    let slots: [Int64?]

    static let slotCount = 47
    /// Millilitres that a dwelling's pipe passes in half an hour, at 14.4 m³/h (Decisions.md).
    private static let mostInHalfHour: Int64 = 7_200_000

    /// Refuses by `unit`, `volume`, `cutoff`.
    init(_ frame: Span<UInt8>, _ profile: CJT188Profile) throws(ItemFault) {
        let data = 11
        let step = try frame.litreStep(ofUnit: frame[data + 3], profile)
        register = try frame.hundredths(at: data + 4) * step
        clock = ClockBytes(frame, from: data + 35)
        status = (frame[data + 42], frame[data + 43])
        guard let hour = frame[data + 73].packedDecimal, hour < 24 else {
            throw ItemFault(field: "cutoff", reason: "no hour of the day: \(hex([frame[data + 73]]).uppercased())")
        }
        cutoffHour = hour
        cutoff = try frame.hundredths(at: data + 74) * step
        let count = profile.halfHourUnit == .millilitre ? 1 : step
        slots = (0..<CJT188HalfHours.slotCount).map { slot in
            let at = data + 78 + 2 * slot
            let counts = Int64(frame[at]) << 8 | Int64(frame[at + 1])
            return counts == 0xFFFF ? nil : counts * count
        }
    }

    /// Why a slot cannot be what led to a register; nil where it can.
    static func fault(of slot: Int64?, from register: Int64) -> String? {
        guard let slot else { return "not given (FFFF)" }
        if slot > mostInHalfHour { return "more than a dwelling's pipe passes, 14.4 m3/h" }
        return slot > register ? "more than the register" : nil
    }

    /// The last time at or before `now` that the local clock stood at the cutoff.
    func cutoffInstant(before now: Instant, offsetSeconds: Int64) -> Instant {
        let local = now.epochSeconds + offsetSeconds - Int64(cutoffHour) * 3_600
        return Instant(
            epochSeconds: floorDivide(local, by: 86_400) * 86_400 + Int64(cutoffHour) * 3_600 - offsetSeconds)
    }
}
