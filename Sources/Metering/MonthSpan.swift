public import Water

/// A local month's days as instants: worked out once, used for every home of the city.
public struct MonthSpan: Sendable, Hashable {
    public let month: BillingMonth
    /// The start of each day and, last, of the next month's first.
    let midnights: [Instant]
    /// 02:00 and 05:00 local time of each day; empty for a day whose clock jumps between them.
    let nights: [Range<Instant>]
    let calendar: CityCalendar

    public init(_ month: BillingMonth, calendar: CityCalendar) {
        self.month = month
        self.calendar = calendar
        self.midnights = (0...month.dayCount).map { calendar.start(of: month.firstDay.advanced(by: $0)) }
        self.nights = midnights.dropLast().map { midnight in
            let offset = calendar.offset(at: midnight)
            let night = midnight + 2 * 3_600..<midnight + 5 * 3_600
            let isEven = [night.lowerBound, night.upperBound].allSatisfy { calendar.offset(at: $0) == offset }
            return isEven ? night : midnight..<midnight
        }
    }

    /// The month's first instant.
    public var start: Instant { midnights[0] }
    /// The next month's first instant.
    public var end: Instant { midnights[midnights.count - 1] }
}

/// How far around `month` a meter's elements are to be loaded, [from, to) in whole local days: 15 days before it and
/// 8 after.
///
/// Seven days lie between a boundary and what it can rest on (belief, and netting of reverse flow before that);
/// 30 days up to the month's end for the usual interval; the rest closes the month. Where `unbracketed` then says
/// so, the caller adds the nearest day row older than `from`, or newer than `to`, and again until it says no or no
/// row is left. Rows beyond are harmless.
public func readingWindow(for month: BillingMonth, calendar: CityCalendar) -> (from: Instant, to: Instant) {
    (
        calendar.start(of: month.firstDay.advanced(by: -15)),
        calendar.start(of: month.next.firstDay.advanced(by: 8))
    )
}

/// Whether a month end within the installation has no believed register on its outer side yet, so that older or
/// newer readings are to be loaded where there are any.
public func unbracketed(_ judged: JudgedMeter, month: MonthSpan) -> (older: Bool, newer: Bool) {
    let installation = judged.installation
    let needsOlder = installation.from < month.start
    let needsNewer = installation.to.map { $0 > month.end } ?? true
    return (
        needsOlder && (judged.believed.first.map { $0.at > month.start } ?? true),
        needsNewer && (judged.believed.last.map { $0.at < month.end } ?? true)
    )
}
