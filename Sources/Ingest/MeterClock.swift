import Water

/// The seven bytes of a frame's clock, read in both orders.
struct ClockBytes {
    /// Local seconds since 1970 of `ss mm hh DD MM YY CC`; nil where that is no time of 2000–2099.
    let lowFirst: Int64?
    /// The same of `CC YY MM DD hh mm ss`.
    let highFirst: Int64?

    init(_ frame: Span<UInt8>, from start: Int) {
        lowFirst = ClockBytes.seconds(frame, from: start, step: 1)
        highFirst = ClockBytes.seconds(frame, from: start + 6, step: -1)
    }

    private static func seconds(_ frame: Span<UInt8>, from start: Int, step: Int) -> Int64? {
        guard frame[start + 6 * step] == 0x20, let second = frame[start].packedDecimal, second < 60,
            let minute = frame[start + step].packedDecimal, minute < 60,
            let hour = frame[start + 2 * step].packedDecimal, hour < 24,
            let date = frame[start + 3 * step].packedDecimal, let month = frame[start + 4 * step].packedDecimal,
            let year = frame[start + 5 * step].packedDecimal,
            let day = LocalDay(year: 2_000 + year, month: month, day: date)
        else { return nil }
        return Int64(day.number) * 86_400 + Int64(hour * 3_600 + minute * 60 + second)
    }
}

/// Finds a frame's time: the meter's own where plausible, else when the gateway heard it.
struct MeterClock {
    let receivedAt: Instant?
    let offsetSeconds: Int64
    let allowsMissingTime: Bool

    /// A clock that reads as a date both ways is taken the way that lies nearer to `receivedAt`, low byte first
    /// where that is not told.
    func instant(_ clock: ClockBytes?) throws(ItemFault) -> Instant {
        let local = clock.flatMap { nearer($0.lowFirst, $0.highFirst) }
        if let local {
            let instant = Instant(epochSeconds: local - offsetSeconds)
            guard instant >= .earliestReading else { throw ItemFault(field: "at", reason: ValueFault.tooOld.reason) }
            return instant
        }
        if let receivedAt {
            guard receivedAt >= .earliestReading else { throw ItemFault(field: "at", reason: ValueFault.tooOld.reason) }
            return receivedAt
        }
        if allowsMissingTime { return Instant(epochSeconds: DecodedBatch.noInstant) }
        throw ItemFault(field: "at", reason: "the meter has no clock and X-Received-At is missing")
    }

    private func nearer(_ low: Int64?, _ high: Int64?) -> Int64? {
        guard let low, let high, let receivedAt else { return low ?? high }
        let heard = receivedAt.epochSeconds + offsetSeconds
        return (high - heard).magnitude < (low - heard).magnitude ? high : low
    }
}
