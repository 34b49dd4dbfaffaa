import Storage
import Water

/// Sorts readings by the day sets they join.
struct DayPlacing {
    /// Elements of one key that came together.
    private struct Run {
        let key: DayKey
        let range: Range<Int>
    }

    let directory: MeterDirectory
    let calendar: CityCalendar
    private var elements: [ReadingElement] = []
    private var runs: [Run] = []
    private var lastDay: (day: LocalDay, start: Instant, end: Instant)?
    private var lastScope: (gateway: GatewayID, area: AreaID, isCovered: Bool)?

    init(directory: MeterDirectory, calendar: CityCalendar) {
        self.directory = directory
        self.calendar = calendar
    }

    mutating func add(_ element: ReadingElement, to key: DayKey) {
        runs.append(Run(key: key, range: elements.count..<elements.count + 1))
        elements.append(element)
    }

    /// The sets that readings were placed in, in the order of their keys, each with its elements in ascending order.
    func sets() -> [(key: DayKey, elements: [ReadingElement])] {
        var sets: [(key: DayKey, elements: [ReadingElement])] = []
        let runs = runs.sorted { $0.key < $1.key }
        var index = 0
        while index < runs.count {
            let (key, start) = (runs[index].key, index)
            var count = 0
            while index < runs.count, runs[index].key == key {
                count += runs[index].range.count
                index += 1
            }
            var set: [ReadingElement] = []
            set.reserveCapacity(count)
            for run in runs[start..<index] { set.append(contentsOf: elements[run.range]) }
            set.sort()
            sets.append((key, set))
        }
        return sets
    }

    /// Places a run of readings that all belong to the meter's only place; false, with nothing placed, for any other.
    mutating func place(_ values: [TimedRegister], of meter: MeterID, from gateway: GatewayID) -> Bool {
        guard var earliest = values.first?.at else { return true }
        var latest = earliest
        for value in values {
            earliest = min(earliest, value.at)
            latest = max(latest, value.at)
        }
        guard let place = directory.onlyPlace(of: meter, from: earliest, to: latest), covers(gateway, place.area)
        else { return false }
        var index = 0
        while index < values.count {
            let bounds = localDay(of: values[index].at)
            let start = elements.count
            while index < values.count, values[index].at >= bounds.start, values[index].at < bounds.end {
                let value = values[index]
                elements.append(ReadingElement(at: value.at, register: value.register, gateway: gateway))
                index += 1
            }
            let key = DayKey(community: place.community, day: bounds.day, meter: meter)
            runs.append(Run(key: key, range: start..<elements.count))
        }
        return true
    }

    private mutating func covers(_ gateway: GatewayID, _ area: AreaID) -> Bool {
        if let lastScope, lastScope.gateway == gateway, lastScope.area == area { return lastScope.isCovered }
        let isCovered = directory.covers(gateway, area)
        lastScope = (gateway, area, isCovered)
        return isCovered
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
