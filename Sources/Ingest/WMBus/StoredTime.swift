import Water

/// A time as meters tell it: a local date, mostly with the second of its day.
struct StoredTime: Hashable {
    let day: LocalDay
    /// nil for a date alone.
    let second: Int64?

    /// nil where the record has no valid date of 2000 to 2099.
    init?(_ bytes: Span<UInt8>, _ record: DataRecord) {
        switch (record.quantity, record.value.count) {
        case (.date, 2): self.init(dateOf: bytes, at: record.value.lowerBound, second: nil)
        case (.time, 4): self.init(minutes: bytes, at: record.value.lowerBound)
        case (.time, 6): self.init(seconds: bytes, at: record.value.lowerBound)
        default: return nil
        }
    }

    init(day: LocalDay, second: Int64?) {
        self.day = day
        self.second = second
    }

    /// Type F: minute, hour, date; bits tell an invalid time and summer time. The century's bits are left unread: all
    /// meters were made in this one, and some send the wrong one.
    private init?(minutes bytes: Span<UInt8>, at: Int) {
        let (minute, hour) = (Int64(bytes[at] & 0x3F), Int64(bytes[at + 1] & 0x1F))
        guard bytes[at] & 0x80 == 0, minute < 60, hour < 24 else { return nil }
        let summer: Int64 = bytes[at + 1] & 0x80 != 0 ? 3_600 : 0
        self.init(dateOf: bytes, at: at + 2, second: hour * 3_600 + minute * 60 - summer)
    }

    /// Type I: second, minute, hour, date, week.
    private init?(seconds bytes: Span<UInt8>, at: Int) {
        let second = Int64(bytes[at] & 0x3F)
        let (minute, hour) = (Int64(bytes[at + 1] & 0x3F), Int64(bytes[at + 2] & 0x1F))
        guard bytes[at + 1] & 0x80 == 0, second < 60, minute < 60, hour < 24 else { return nil }
        let summer: Int64 = bytes[at] & 0x40 != 0 ? 3_600 : 0
        self.init(dateOf: bytes, at: at + 3, second: hour * 3_600 + minute * 60 + second - summer)
    }

    /// Type G: day and month, the year's seven bits split over both bytes.
    private init?(dateOf bytes: Span<UInt8>, at: Int, second: Int64?) {
        let year = Int(bytes[at] >> 5) | Int(bytes[at + 1] >> 4) << 3
        guard year < 100,
            let day = LocalDay(year: 2_000 + year, month: Int(bytes[at + 1] & 15), day: Int(bytes[at] & 31))
        else { return nil }
        self.init(day: day, second: second)
    }

    /// Seconds since 1970 by the local clock. A date alone is the end of that day, when due-date registers are taken;
    /// the first of a month is its beginning, for meters name the same midnight either way.
    var localSeconds: Int64 {
        let start = Int64(day.number) * 86_400
        if let second { return start + second }
        return day.date.day == 1 ? start : start + 86_400
    }

    func later(months: Int) -> StoredTime? {
        let (year, month, date) = day.date
        guard let target = BillingMonth(year: year, month: month).map({ Int($0.number) + months }),
            let there = BillingMonth(year: target / 12, month: target % 12 + 1)
        else { return nil }
        let isLast = date == LocalDay.length(ofMonth: month, year: year)
        guard
            let moved = LocalDay(
                year: there.year, month: there.month, day: isLast ? there.dayCount : min(date, there.dayCount))
        else { return nil }
        return StoredTime(day: moved, second: second)
    }

    func later(seconds: Int64) -> StoredTime {
        let local = localSeconds + seconds
        let number = floorDivide(local, by: 86_400)
        return StoredTime(
            day: LocalDay(number: Int32(clamping: number)), second: local - number * 86_400)
    }
}
