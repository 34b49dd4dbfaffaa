import Database
import Metering
import Storage
import Water

/// A month's first register may lie in readings that were pruned.
struct PrunedBracket: Error {
    let month: BillingMonth
}

/// Loads what meters are judged by: their elements over a month's window, what staff decided there, and, where a month
/// end lies in no believed pair of them, the nearest days beyond that have any of either.
struct LoadReadings {
    let community: CommunityID
    let month: BillingMonth
    let span: MonthSpan
    let calendar: CityCalendar
    let rules: MeteringRules
    let reader: Reader
    /// Throws `PrunedBracket` where a month's end may rest on readings that were pruned: for a correction, which must not
    /// take the place of what was said from more.
    var refusesPruned = false
    /// The form of the digests of homes whose figures were frozen in one; all others take the present form.
    var digestForms: [HouseholdID: ReadingsDigestForm] = [:]

    /// Homes from which on one passage over the community's sets is cheaper than a question for each meter.
    private static let homesForPassage = 50
    /// Days that are looked at in one piece for where a run in doubt ends.
    private static let daysInDoubt = 64

    /// The figures of every home of the community lived in during the month.
    func figures() throws -> [HomeMonth] {
        let homes = try reader.registeredHomes(
            of: community, from: span.start, to: span.end, personsOn: month.lastDay)
        return try figures(of: homes)
    }

    /// The figures of some homes; one that did not live there in the month has none.
    func figures(of wanted: Set<HouseholdID>) throws -> [HomeMonth] {
        if wanted.count >= Self.homesForPassage {
            let homes = try reader.registeredHomes(
                of: community, from: span.start, to: span.end, personsOn: month.lastDay)
            return try figures(of: homes.filter { wanted.contains($0.household) })
        }
        return try figures(
            of: try wanted.sorted().flatMap {
                try reader.registeredHomes(
                    of: community, from: span.start, to: span.end, personsOn: month.lastDay, only: $0)
            })
    }

    private func figures(of homes: [RegisteredHome]) throws -> [HomeMonth] {
        var figures: [HomeMonth] = []
        figures.reserveCapacity(homes.count)
        try eachInput(of: homes) { figures.append(measure($0, span: span, rules: rules)) }
        return figures
    }

    /// What the homes of the community are measured from.
    func inputs(of homes: [RegisteredHome]) throws -> [HomeInput] {
        var inputs: [HomeInput] = []
        try eachInput(of: homes) { inputs.append($0) }
        return inputs
    }

    /// Hands over what each home is measured from: one home's elements are in memory at a time.
    private func eachInput(of homes: [RegisteredHome], _ visit: (HomeInput) throws -> Void) throws {
        let edits = try reader.edits(in: community)
        let doubts = try reader.doubts(in: community)
        let window = readingWindow(for: month, calendar: calendar)
        let days = calendar.day(of: window.from)...calendar.day(of: window.to - 1)
        let sets =
            homes.count >= Self.homesForPassage
            ? try reader.meterSets(of: community, from: days.lowerBound, to: days.upperBound) : nil
        let tampers = try reader.tampers(in: community, from: span.start, to: span.end)
        for home in homes {
            var input = HomeInput(
                household: home.household, occupancy: (home.movedIn, home.movedOut), persons: home.persons,
                shareMillionths: home.shareMillionths,
                meters: try home.installations.map {
                    var elements = try elements(of: $0.meter, days, from: sets)
                    let reach = calendar.reach(days, over: doubts[$0.meter] ?? [])
                    if reach.lowerBound < days.lowerBound {
                        let before = reach.lowerBound...days.lowerBound.advanced(by: -1)
                        elements = try self.elements(of: $0.meter, before) + elements
                    }
                    return try readings(of: $0, reach, elements, edits[$0.meter] ?? [])
                }, points: home.points, sizes: home.sizes,
                tampers: tampers.isEmpty
                    ? [:] : tampers.filter { tamper in home.installations.contains { $0.meter == tamper.key } })
            if let form = digestForms[home.household] { input.digestForm = form }
            try visit(input)
        }
    }

    private func elements(
        of meter: MeterID, _ days: ClosedRange<LocalDay>, from sets: MeterSets?
    ) throws -> [ReadingElement] {
        do {
            if let sets { return try sets.elements(of: meter) }
        } catch is DamagedBytes {
            // Those read one by one say which it is.
        }
        return try elements(of: meter, days)
    }

    private func elements(of meter: MeterID, _ days: ClosedRange<LocalDay>) throws -> [ReadingElement] {
        var elements: [ReadingElement] = []
        try reader.eachDaySet(of: meter, in: community, from: days.lowerBound, to: days.upperBound) {
            elements += $1
        }
        return elements
    }

    /// One installation's readings, reaching beyond the window where they must.
    private func readings(
        of installation: MeterInstallation, _ days: ClosedRange<LocalDay>, _ elements: [ReadingElement],
        _ edits: [ReadingEdit]
    ) throws -> MeterReadings {
        var reach = days
        var readings = MeterReadings(
            installation: installation, elements: elements,
            edits: edits.filter { days.contains(calendar.day(of: $0.at)) })
        while true {
            let judged = judge(readings, rules: rules)
            let open = unbracketed(judged, month: span)
            let older = open.older ? try nearest(installation, edits, before: reach.lowerBound) : nil
            let newer =
                open.newer
                ? try nearest(installation, edits, after: reach.upperBound, isInDoubt: judged.endsInDoubt) : nil
            if older == nil, open.older, refusesPruned, let kept = try reader.firstKeptMonth(of: community),
                installation.from < calendar.interval(of: kept).start
            {
                throw PrunedBracket(month: month)
            }
            if older == nil, newer == nil {
                readings.judged = judged
                return readings
            }
            if let older { readings.elements = older.elements + readings.elements }
            if let newer { readings.elements += newer.elements }
            reach = (older?.day ?? reach.lowerBound)...(newer?.day ?? reach.upperBound)
            readings.edits = edits.filter { reach.contains(calendar.day(of: $0.at)) }
        }
    }

    /// The nearest day before that has a set or an entered register.
    private func nearest(
        _ installation: MeterInstallation, _ edits: [ReadingEdit], before day: LocalDay
    ) throws -> (day: LocalDay, elements: [ReadingElement])? {
        let set = try reader.nearestSet(of: installation.meter, in: community, before: day)
        let entered = edits.filter { $0.action == .enter }.map { calendar.day(of: $0.at) }.filter { $0 < day }.max()
        guard let entered, entered > set?.day ?? LocalDay(number: .min) else { return set }
        return (entered, [])
    }

    private func nearest(
        _ installation: MeterInstallation, _ edits: [ReadingEdit], after day: LocalDay, isInDoubt: Bool
    ) throws -> (day: LocalDay, elements: [ReadingElement])? {
        // A run in doubt may last for months.
        if isInDoubt {
            let days = day.advanced(by: 1)...day.advanced(by: Self.daysInDoubt)
            let elements = try elements(of: installation.meter, days)
            if !elements.isEmpty { return (days.upperBound, elements) }
        }
        let set = try reader.nearestSet(of: installation.meter, in: community, after: day)
        let entered = edits.filter { $0.action == .enter }.map { calendar.day(of: $0.at) }.filter { $0 > day }.min()
        guard let entered, entered < set?.day ?? LocalDay(number: .max) else { return set }
        return (entered, [])
    }
}
