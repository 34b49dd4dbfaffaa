import Foundation

/// The city's time zone as a table, so that days and months are pure arithmetic.
///
/// A local day is [00:00, next 00:00) of the zone; where a clock change skips midnight it starts at the first
/// instant that bears its date.
public struct CityCalendar: Sendable, Hashable {
    /// The zone's IANA name, as `Asia/Shanghai`.
    public let zone: String
    /// Instants from which an offset holds, ascending; the first entry also holds before.
    private let changes: [Int64]
    private let offsets: [Int64]

    /// Tabulates the zone's offsets from 1999 to 2101; nil where the name is not known to the system.
    public init?(zone: String) {
        guard let timeZone = TimeZone(identifier: zone) else { return nil }
        let end: Int64 = 4_133_980_800
        var changes: [Int64] = [915_148_800]
        var cursor = Date(timeIntervalSince1970: 915_148_800)
        var offsets = [Int64(timeZone.secondsFromGMT(for: cursor))]
        while changes.count < 1_000, let next = timeZone.nextDaylightSavingTimeTransition(after: cursor),
            Int64(next.timeIntervalSince1970) < end, next > cursor
        {
            changes.append(Int64(next.timeIntervalSince1970))
            offsets.append(Int64(timeZone.secondsFromGMT(for: next.addingTimeInterval(1))))
            cursor = next
        }
        self.zone = zone
        self.changes = changes
        self.offsets = offsets
    }

    /// Seconds east of UTC at `instant`.
    public func offset(at instant: Instant) -> Int64 {
        if offsets.count == 1 { return offsets[0] }
        var low = 0
        var high = changes.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if changes[middle] <= instant.epochSeconds { low = middle } else { high = middle }
        }
        return offsets[low]
    }

    /// The local date of `instant`.
    public func day(of instant: Instant) -> LocalDay {
        LocalDay(number: Int32(floorDivide(instant.epochSeconds + offset(at: instant), by: 86_400)))
    }

    /// The local month of `instant`.
    public func month(of instant: Instant) -> BillingMonth {
        let (year, month, _) = day(of: instant).date
        return BillingMonth(number: Int32(year * 12 + month - 1))
    }

    /// The first instant of the local date.
    public func start(of day: LocalDay) -> Instant {
        let local = Int64(day.number) * 86_400
        let guess = Instant(epochSeconds: local - offset(at: Instant(epochSeconds: local)))
        let candidates = [guess, Instant(epochSeconds: local - offset(at: guess))]
        let earliest = candidates.filter { self.day(of: $0) == day && self.day(of: $0 - 1) < day }.min()
        if let earliest { return earliest }
        // A clock change skipped midnight: the day starts at the change.
        return changes.map(Instant.init(epochSeconds:)).first { self.day(of: $0) == day } ?? guess
    }

    /// [start, end) of the local date.
    public func interval(of day: LocalDay) -> (start: Instant, end: Instant) {
        (start(of: day), start(of: day.advanced(by: 1)))
    }

    /// [start, end) of the local month.
    public func interval(of month: BillingMonth) -> (start: Instant, end: Instant) {
        (start(of: month.firstDay), start(of: month.next.firstDay))
    }

    /// Local date and time with the offset, RFC 3339, as `2026-10-01T00:00:00+08:00`.
    public func format(_ instant: Instant) -> String {
        let offset = offset(at: instant)
        let local = instant.epochSeconds + offset
        let day = LocalDay(number: Int32(floorDivide(local, by: 86_400)))
        let second = Int(local - Int64(day.number) * 86_400)
        let time = "\(padded(second / 3_600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
        let minutes = Int(offset.magnitude) / 60
        return "\(day)T\(time)\(offset < 0 ? "-" : "+")\(padded(minutes / 60, 2)):\(padded(minutes % 60, 2))"
    }
}

extension Instant {
    /// UTC, RFC 3339, as `2026-09-30T16:00:00Z`.
    public var utc: String {
        let day = LocalDay(number: Int32(floorDivide(epochSeconds, by: 86_400)))
        let second = Int(epochSeconds - Int64(day.number) * 86_400)
        return "\(day)T\(padded(second / 3_600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))Z"
    }
}
