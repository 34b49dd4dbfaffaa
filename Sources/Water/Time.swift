/// An instant in whole seconds since 1970-01-01T00:00:00Z.
public struct Instant: Sendable, Hashable, Comparable {
    public let epochSeconds: Int64

    public init(epochSeconds: Int64) { self.epochSeconds = epochSeconds }

    public static func < (a: Instant, b: Instant) -> Bool { a.epochSeconds < b.epochSeconds }
    /// Seconds from `b` to `a`.
    public static func - (a: Instant, b: Instant) -> Int64 { a.epochSeconds - b.epochSeconds }
    public static func + (a: Instant, seconds: Int64) -> Instant { Instant(epochSeconds: a.epochSeconds + seconds) }
    public static func - (a: Instant, seconds: Int64) -> Instant { Instant(epochSeconds: a.epochSeconds - seconds) }

    /// The oldest instant a reading may carry: 2000-01-01T00:00:00Z.
    public static let earliestReading = Instant(epochSeconds: 946_684_800)
}

/// A calendar date of the city, as days since 1970-01-01.
public struct LocalDay: Sendable, Hashable, Comparable {
    public let number: Int32

    public init(number: Int32) { self.number = number }

    /// The Gregorian date; nil for a date that does not exist or a year outside 1970–9999.
    public init?(year: Int, month: Int, day: Int) {
        guard (1970...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= LocalDay.length(ofMonth: month, year: year)
        else { return nil }
        // Days from civil: years start in March so that the leap day is the last of the year.
        let y = month <= 2 ? year - 1 : year
        let era = y / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        self.number = Int32(era * 146_097 + dayOfEra - 719_468)
    }

    /// Year, month 1–12, day 1–31.
    public var date: (year: Int, month: Int, day: Int) {
        let z = Int(number) + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shifted + 2) / 5 + 1
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// Days of a month 1–12, 28–31.
    public static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        default: 31
        }
    }

    public static func < (a: LocalDay, b: LocalDay) -> Bool { a.number < b.number }
    public func advanced(by days: Int) -> LocalDay { LocalDay(number: number + Int32(days)) }

    /// 1 Monday to 7 Sunday.
    public var weekday: Int { Int(floorModulo(Int64(number) + 3, 7)) + 1 }
}

private func floorModulo(_ value: Int64, _ divisor: Int64) -> Int64 {
    value - floorDivide(value, by: divisor) * divisor
}

extension LocalDay: CustomStringConvertible {
    /// `YYYY-MM-DD`.
    public var description: String {
        let (year, month, day) = date
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    /// Reads `YYYY-MM-DD`, nothing else.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = digits(bytes[0..<4]), let month = digits(bytes[5..<7]), let day = digits(bytes[8..<10])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }
}

/// A local calendar month, the period of a statement.
public struct BillingMonth: Sendable, Hashable, Comparable {
    /// Months since year 0: year × 12 + month − 1.
    public let number: Int32

    public init(number: Int32) { self.number = number }

    /// nil outside years 1970–9999 and months 1–12.
    public init?(year: Int, month: Int) {
        guard (1970...9999).contains(year), (1...12).contains(month) else { return nil }
        self.number = Int32(year * 12 + month - 1)
    }

    public var year: Int { Int(number) / 12 }
    /// 1–12.
    public var month: Int { Int(number) % 12 + 1 }
    public var dayCount: Int { LocalDay.length(ofMonth: month, year: year) }
    public var previous: BillingMonth { BillingMonth(number: number - 1) }
    public var next: BillingMonth { BillingMonth(number: number + 1) }
    public func advanced(by months: Int) -> BillingMonth { BillingMonth(number: number + Int32(months)) }
    public var firstDay: LocalDay { LocalDay(year: year, month: month, day: 1) ?? LocalDay(number: 0) }
    public var lastDay: LocalDay { firstDay.advanced(by: dayCount - 1) }

    public static func < (a: BillingMonth, b: BillingMonth) -> Bool { a.number < b.number }
}

extension BillingMonth: CustomStringConvertible {
    /// `YYYY-MM`.
    public var description: String { "\(padded(year, 4))-\(padded(month, 2))" }

    /// Reads `YYYY-MM`, nothing else.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 7, bytes[4] == UInt8(ascii: "-"),
            let year = digits(bytes[0..<4]), let month = digits(bytes[5..<7])
        else { return nil }
        self.init(year: year, month: month)
    }
}

/// `value` in decimal, zeros in front up to `width` digits.
public func padded(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return text.utf8.count >= width ? text : String(repeating: "0", count: width - text.utf8.count) + text
}

private func digits(_ bytes: ArraySlice<UInt8>) -> Int? {
    var value = 0
    for byte in bytes {
        guard byte >= 48, byte <= 57 else { return nil }
        value = value * 10 + Int(byte - 48)
    }
    return value
}
