import Storage
import Water

/// Sorts readings by the day sets they join.
struct DayPlacing {
    let directory: MeterDirectory
    let calendar: CityCalendar
    private(set) var added: [DayKey: [ReadingElement]] = [:]
    private var lastDay: (day: LocalDay, start: Instant, end: Instant)?

    init(directory: MeterDirectory, calendar: CityCalendar) {
        self.directory = directory
        self.calendar = calendar
    }

    mutating func add(_ element: ReadingElement, to key: DayKey) { added[key, default: []].append(element) }

    /// Places a run of readings that all belong to the meter's only place; false, with nothing placed, for any other.
    mutating func place(_ values: [TimedRegister], of meter: MeterID, from gateway: GatewayID) -> Bool {
        guard var earliest = values.first?.at else { return true }
        var latest = earliest
        for value in values {
            earliest = min(earliest, value.at)
            latest = max(latest, value.at)
        }
        guard let place = directory.onlyPlace(of: meter, from: earliest, to: latest),
            directory.covers(gateway, place.area)
        else { return false }
        var index = 0
        while index < values.count {
            let bounds = localDay(of: values[index].at)
            let key = DayKey(community: place.community, day: bounds.day, meter: meter)
            if values.count == 1 {
                let value = values[0]
                added[key, default: []].append(
                    ReadingElement(at: value.at, register: value.register, gateway: gateway))
                return true
            }
            var elements: [ReadingElement] = []
            elements.reserveCapacity(values.count - index)
            while index < values.count, values[index].at >= bounds.start, values[index].at < bounds.end {
                let value = values[index]
                elements.append(ReadingElement(at: value.at, register: value.register, gateway: gateway))
                index += 1
            }
            added[key, default: []].append(contentsOf: elements)
        }
        return true
    }

    /// The local day of an instant and its ends. Readings that come together are mostly of one day: the last is kept.
    private mutating func localDay(of instant: Instant) -> (day: LocalDay, start: Instant, end: Instant) {
        if let lastDay, instant >= lastDay.start, instant < lastDay.end { return lastDay }
        let day = calendar.day(of: instant)
        let (start, end) = calendar.interval(of: day)
        lastDay = (day, start, end)
        return (day, start, end)
    }
}
