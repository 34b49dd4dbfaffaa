import Water

/// The seven bytes of a frame's clock.
struct ClockBytes {
    private let bytes: [UInt8]

    init(_ frame: Span<UInt8>, from start: Int) {
        bytes = (start..<start + 7).map { frame[$0] }
    }

    /// Local seconds since 1970 of `ss mm hh DD MM YY CC`; nil where that is no time of 2000–2099.
    var lowFirst: Int64? { ClockBytes.seconds(bytes) }
    /// The same of `CC YY MM DD hh mm ss`.
    var highFirst: Int64? { ClockBytes.seconds(bytes.reversed()) }

    private static func seconds(_ bytes: [UInt8]) -> Int64? {
        let numbers = bytes.compactMap(\.packedDecimal)
        guard numbers.count == 7, numbers[6] == 20, numbers[0] < 60, numbers[1] < 60, numbers[2] < 24,
            let day = LocalDay(year: 2_000 + numbers[5], month: numbers[4], day: numbers[3])
        else { return nil }
        return Int64(day.number) * 86_400 + Int64(numbers[2] * 3_600 + numbers[1] * 60 + numbers[0])
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
