import Water

/// The order of a clock's seven bytes.
enum ClockOrder: String, Sendable, Hashable, CaseIterable {
    /// `ss mm hh DD MM YY CC` or `CC YY MM DD hh mm ss`, whichever is a time.
    case either
    /// `ss mm hh DD MM YY CC`.
    case low
    /// `CC YY MM DD hh mm ss`.
    case high
    /// The clock says nothing.
    case none
}

/// The seven bytes of a frame's clock, read in both orders.
struct ClockBytes {
    /// Local seconds since 1970 of `ss mm hh DD MM YY CC`; nil where that is no time of 2000–2099.
    let lowFirst: Int64?
    /// The same of `CC YY MM DD hh mm ss`.
    let highFirst: Int64?
    /// Low byte first where the century's byte is not used (00), of 2000–2099.
    let lowFirstWithoutCentury: Int64?

    init(_ frame: Span<UInt8>, from start: Int) {
        lowFirst = ClockBytes.seconds(frame, from: start, step: 1)
        highFirst = ClockBytes.seconds(frame, from: start + 6, step: -1)
        lowFirstWithoutCentury = ClockBytes.seconds(frame, from: start, step: 1, century: 0x00)
    }

    private static func seconds(_ frame: Span<UInt8>, from start: Int, step: Int, century: UInt8 = 0x20) -> Int64? {
        guard frame[start + 6 * step] == century, let second = frame[start].packedDecimal, second < 60,
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
    /// Why a platform tells no time of receipt, by its own key; nil where a gateway tells it by its header.
    var unheard: (key: String, fault: ItemFault?)?

    /// The time of a current reading. A clock that was reset is none.
    func instant(_ clock: ClockBytes?, order: ClockOrder = .either) throws(ItemFault) -> Instant {
        try instant(telling: told(clock, order))
    }

    /// The time of a current reading whose meter tells one, or nil. A clock that was reset is none.
    func instant(telling told: Instant?) throws(ItemFault) -> Instant {
        guard let told else {
            return try heard(because: "the frame has no clock")
        }
        guard wasReset(told) else { return told }
        return try heard(because: "the meter's clock was reset")
    }

    /// What a clock says that was reset; nil for every other.
    func resetTime(_ clock: ClockBytes?, order: ClockOrder) -> Instant? {
        resetTime(telling: told(clock, order))
    }

    /// What a meter tells whose clock was reset; nil for every other.
    func resetTime(telling told: Instant?) -> Instant? {
        guard let told, wasReset(told) else { return nil }
        return told
    }

    static func reason(ofReset reset: Instant) -> String {
        "the meter's clock was reset and is not used: it says \(reset.utc)"
    }

    static func reason(ofDaysApart days: Int64) -> String {
        "the meter's clock and the time of receipt differ by \(days) d"
    }

    /// The time of a stored reading, which only its own clock can tell.
    func storedInstant(_ clock: ClockBytes, order: ClockOrder) throws(ItemFault) -> Instant {
        guard let told = told(clock, order) else {
            throw ItemFault(field: "at", reason: "the stored reading has no time")
        }
        return try checked(told)
    }

    /// The beginning of the local day on which the register was stored: the last day `day` of a month that has
    /// come, and `months` − 1 months before that.
    func settlement(day: Int, monthsBack months: Int) throws(ItemFault) -> Instant {
        let now = try heard(because: "a month's register has no time")
        if now.epochSeconds == DecodedBatch.noInstant { return now }
        guard now.epochSeconds < latestInstant else { throw ItemFault(field: "at", reason: "after the year 9999") }
        let today = LocalDay(number: Int32(floorDivide(now.epochSeconds + offsetSeconds, by: 86_400)))
        let (year, month, date) = today.date
        let passed = date >= day ? 0 : 1
        let number = year * 12 + month - 1 - passed - (months - 1)
        guard let stored = LocalDay(year: number / 12, month: number % 12 + 1, day: day) else {
            throw ItemFault(field: "at", reason: ValueFault.tooOld.reason)
        }
        return try checked(Instant(epochSeconds: Int64(stored.number) * 86_400 - offsetSeconds))
    }

    /// Seconds that a meter's clock runs ahead of the time of receipt, where both are told and more than a minute lies
    /// between.
    func secondsAhead(_ at: Instant) -> Int64? {
        guard let receivedAt, at.epochSeconds != DecodedBatch.noInstant else { return nil }
        let (ahead, overflow) = at.epochSeconds.subtractingReportingOverflow(receivedAt.epochSeconds)
        return !overflow && ahead > 60 ? ahead : nil
    }

    /// Days between the meter's clock and the time of receipt, where both are told and more than one lies between.
    func daysApart(_ at: Instant) -> Int64? {
        guard let receivedAt, at.epochSeconds != DecodedBatch.noInstant else { return nil }
        let (apart, overflow) = receivedAt.epochSeconds.subtractingReportingOverflow(at.epochSeconds)
        guard !overflow, apart.magnitude > 86_400 else { return nil }
        return Int64(apart.magnitude / 86_400)
    }

    /// Cheap meters begin again at 2000-01-01, or on the day they were made, when they lose power. No gateway hears a
    /// meter so long after it spoke. A clock ahead is believed: the gateway's own may have begun again instead.
    private func wasReset(_ told: Instant) -> Bool {
        if told < .earliestReading { return true }
        guard let receivedAt, receivedAt >= .earliestReading else { return false }
        let (behind, overflow) = receivedAt.epochSeconds.subtractingReportingOverflow(told.epochSeconds)
        return !overflow && behind > longestClockLag
    }

    private func told(_ clock: ClockBytes?, _ order: ClockOrder) -> Instant? {
        guard let clock else { return nil }
        let local: Int64? =
            switch order {
            case .either: nearer(clock)
            case .low: clock.lowFirst
            case .high: clock.highFirst
            case .none: nil
            }
        return local.map { Instant(epochSeconds: $0 - offsetSeconds) }
    }

    /// The time of receipt, asked for a reason. Without one the item is rejected by what would tell it.
    private func heard(because reason: String) throws(ItemFault) -> Instant {
        if let receivedAt { return try checked(receivedAt) }
        if allowsMissingTime { return Instant(epochSeconds: DecodedBatch.noInstant) }
        guard let unheard else { throw ItemFault(field: "at", reason: "\(reason) and X-Received-At is missing") }
        throw unheard.fault ?? ItemFault(field: unheard.key, reason: "is missing, and \(reason)")
    }

    private func checked(_ instant: Instant) throws(ItemFault) -> Instant {
        guard instant >= .earliestReading else { throw ItemFault(field: "at", reason: ValueFault.tooOld.reason) }
        return instant
    }

    /// A clock that is a time both ways is taken the way that lies nearer to the time of receipt, low byte first
    /// where that is not told. Seconds of 20 before an unused century only look like a time high byte first: that is
    /// not believed more than a day away where the other way lies within one.
    private func nearer(_ clock: ClockBytes) -> Int64? {
        guard let receivedAt, let high = clock.highFirst else { return clock.lowFirst ?? clock.highFirst }
        let heard = receivedAt.epochSeconds &+ offsetSeconds
        func apart(_ local: Int64) -> UInt64 { (local &- heard).magnitude }
        if let low = clock.lowFirst { return apart(high) < apart(low) ? high : low }
        guard let low = clock.lowFirstWithoutCentury, apart(low) <= 86_400, apart(high) > 86_400 else { return high }
        return low
    }
}

/// Seconds that a meter's clock may lie behind the time of receipt and still be believed: 400 days.
private let longestClockLag: Int64 = 400 * 86_400
