import Water

/// What to do with a fraction of a second. Source: semantics.md, Readings.
enum FractionRule {
    /// Native formats: zeros are dropped, anything else is refused.
    case onlyZero
    /// Platform formats: cut off.
    case floored
}

extension Span where Element == UInt8 {
    /// Epoch seconds of an RFC 3339 time, `YYYY-MM-DDTHH:MM:SS[.f](Z|±HH:MM)`, from 2000-01-01 on.
    func epochSeconds(in range: Range<Int>, fraction rule: FractionRule) throws(ValueFault) -> Int64 {
        let start = range.lowerBound
        guard range.count >= 19, let local = localSeconds(from: start) else { throw .notATime }
        var at = start + 19
        if at < range.upperBound, self[at] == UInt8(ascii: ".") {
            let first = at + 1
            at = first
            while at < range.upperBound, let digit = self[at].decimalDigit {
                if digit != 0, rule == .onlyZero { throw .fraction }
                at += 1
            }
            guard at > first else { throw .notATime }
        }
        let instant = local - (try offsetSeconds(in: at..<range.upperBound))
        guard instant >= Instant.earliestReading.epochSeconds else { throw .tooOld }
        return instant
    }

    /// Seconds since 1970 of `YYYY-MM-DDTHH:MM:SS` read as UTC; nil where it is none. Needs 19 bytes.
    private func localSeconds(from start: Int) -> Int64? {
        guard self[start + 4] == UInt8(ascii: "-"), self[start + 7] == UInt8(ascii: "-"),
            self[start + 10] | 0x20 == UInt8(ascii: "t"),
            let century = pair(start), let year = pair(start + 2), let month = pair(start + 5),
            let day = pair(start + 8), let second = secondOfDay(start + 11)
        else { return nil }
        // Years before 1970 are no dates to the calendar, but they are times, and too old.
        let fullYear = century * 100 + year
        guard let date = LocalDay(year: Swift.max(fullYear, 1_970), month: month, day: day) else { return nil }
        let days = fullYear < 1_970 ? -1 : Int64(date.number)
        return days * 86_400 + second
    }

    /// Seconds since midnight of `HH:MM:SS`; nil where it is none. Needs 8 bytes.
    func secondOfDay(_ start: Int) -> Int64? {
        guard self[start + 2] == UInt8(ascii: ":"), self[start + 5] == UInt8(ascii: ":"), let hour = pair(start),
            let minute = pair(start + 3), let second = pair(start + 6), hour < 24, minute < 60, second < 60
        else { return nil }
        return Int64(hour * 3_600 + minute * 60 + second)
    }

    private func offsetSeconds(in range: Range<Int>) throws(ValueFault) -> Int64 {
        guard let first = range.first else { throw .noOffset }
        if self[first] | 0x20 == UInt8(ascii: "z"), range.count == 1 { return 0 }
        guard self[first] == UInt8(ascii: "+") || self[first] == UInt8(ascii: "-"), range.count == 6,
            self[first + 3] == UInt8(ascii: ":"), let hours = pair(first + 1), let minutes = pair(first + 4),
            hours < 24, minutes < 60
        else { throw .notATime }
        let seconds = Int64(hours * 3_600 + minutes * 60)
        return self[first] == UInt8(ascii: "-") ? -seconds : seconds
    }

    /// The number of two decimal digits at `at`.
    private func pair(_ at: Int) -> Int? {
        guard let tens = self[at].decimalDigit, let ones = self[at + 1].decimalDigit else { return nil }
        return Int(tens * 10 + ones)
    }
}
