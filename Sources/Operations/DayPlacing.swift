import Storage
import Water

/// Sorts readings by the day sets they join.
struct DayPlacing {
    /// Elements of one key that came together.
    private struct Run {
        let key: DayKey
        let first: Instant
        let range: Range<Int>

        /// By key; of one key mostly in the order of their elements.
        static func isBefore(_ a: Run, _ b: Run) -> Bool { a.key == b.key ? a.first < b.first : a.key < b.key }
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

    /// Makes room for readings.
    mutating func reserve(_ readings: Int) { elements.reserveCapacity(readings) }

    mutating func add(_ element: ReadingElement, to key: DayKey) {
        runs.append(Run(key: key, first: element.at, range: elements.count..<elements.count + 1))
        elements.append(element)
    }

    /// The sets that readings were placed in, in the order of their keys, each with its elements in ascending order:
    /// parts of one array. An element that came twice may be there twice.
    func sets() -> [(key: DayKey, elements: ArraySlice<ReadingElement>)] {
        let runs = runs.sorted(by: Run.isBefore)
        var all: [ReadingElement] = []
        all.reserveCapacity(elements.count)
        var ends: [(key: DayKey, end: Int)] = []
        var index = 0
        while index < runs.count {
            let (key, start) = (runs[index].key, all.count)
            while index < runs.count, runs[index].key == key {
                all.append(contentsOf: elements[runs[index].range])
                index += 1
            }
            if !Self.isInOrder(all[start...]) {
                let sorted = all[start...].sorted()
                all.replaceSubrange(start..., with: sorted)
            }
            ends.append((key, all.count))
        }
        var start = 0
        return ends.map { key, end in
            defer { start = end }
            return (key, all[start..<end])
        }
    }

    private static func isInOrder(_ elements: ArraySlice<ReadingElement>) -> Bool {
        var index = elements.startIndex + 1
        while index < elements.endIndex {
            if elements[index] < elements[index - 1] { return false }
            index += 1
        }
        return true
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
            runs.append(Run(key: key, first: elements[start].at, range: start..<elements.count))
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
