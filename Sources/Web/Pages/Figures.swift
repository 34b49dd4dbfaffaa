import Water

/// How numbers, dates and instants are written for people.
extension Texts {
    /// Whole numbers in groups of three: `12,345`.
    func number(_ value: Int64) -> String {
        var digits = Array(String(value.magnitude))
        var place = digits.count - 3
        while place > 0 {
            digits.insert(",", at: place)
            place -= 3
        }
        return (value < 0 ? "−" : "") + String(digits)
    }

    func litres(_ value: Int64) -> String { self("n_litres", ["n": number(value)]) }

    /// Litres as cubic metres with three decimals, exactly: 12,345 L is 12.345.
    func cubicMetreFigure(_ litres: Int64) -> String {
        ExactDecimal(scaled: litres, decimals: 3).description
    }

    /// A register in cubic metres with every decimal it has, three at least, so that a column of them lines up.
    func register(_ volume: Volume) -> String {
        let text = volume.cubicMetres
        guard let point = text.firstIndex(of: ".") else { return text + ".000" }
        let decimals = text.distance(from: point, to: text.endIndex) - 1
        return text + String(repeating: "0", count: max(0, 3 - decimals))
    }

    func cubicMetres(_ litres: Int64) -> String { self("n_cubic_metres", ["n": cubicMetreFigure(litres)]) }
    func yuan(_ money: Money) -> String { self("n_yuan", ["n": money.yuan]) }
    func points(_ points: Points) -> String { self("n_points", ["n": number(points.count)]) }

    /// Millionths as a percentage, exactly: 333,333 is 33.3333%.
    func share(_ millionths: Int64) -> String {
        self("percent", ["n": ExactDecimal(scaled: millionths, decimals: 4).description.trimmedZeros])
    }

    /// With the sign always shown, as in a book of transfers.
    func signed(_ points: Points) -> String { (points.count > 0 ? "+" : "") + number(points.count) }

    func month(_ month: BillingMonth) -> String {
        self("month_name", ["year": "\(month.year)", "month": monthWord(month.month)])
    }

    func day(_ day: LocalDay) -> String {
        let (_, month, date) = day.date
        return self("day_name", ["month": monthWord(month), "day": "\(date)"])
    }

    /// Local date and time to the minute, as `10月31日 23:00`.
    func time(_ instant: Instant, in calendar: CityCalendar) -> String {
        let local = calendar.format(instant)
        return "\(day(calendar.day(of: instant))) \(local.dropFirst(11).prefix(5))"
    }

    /// With the year, for staff and for points that live long.
    func date(_ instant: Instant, in calendar: CityCalendar) -> String { calendar.day(of: instant).description }

    private func monthWord(_ month: Int) -> String { self("month_\(month)") }
}

/// A household's number with all but its last three characters hidden.
func masked(_ number: String) -> String {
    let kept = number.count > 4 ? 3 : 1
    return String(repeating: "*", count: max(number.count - kept, 1)) + number.suffix(kept)
}
