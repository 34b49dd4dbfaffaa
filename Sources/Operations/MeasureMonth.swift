public import Database
public import Metering
import Storage
public import Water

/// The first pass of a close: judges a community's readings and freezes each home's figures.
///
/// Computes on a snapshot outside any write transaction, then writes in a short one that commits only if no fold
/// changed the community meanwhile.
public struct MeasureMonth: Sendable {
    private let database: Database
    private let calendar: CityCalendar
    private let rules: MeteringRules

    /// How often a community that folding keeps changing is measured again before it is left for later.
    private static let attempts = 5

    public init(database: Database, calendar: CityCalendar, rules: MeteringRules) {
        self.database = database
        self.calendar = calendar
        self.rules = rules
    }

    /// Measures one community and returns the number of its homes; nil where folding outran every attempt.
    public func callAsFunction(_ community: CommunityID, _ month: BillingMonth, at: Instant) async throws -> Int? {
        for _ in 0..<Self.attempts {
            let (version, homes) = try await database.read { reader in
                (try reader.foldVersion(of: community), try figures(of: community, month, reader))
            }
            let isWritten = try await database.write { transaction in
                guard try transaction.reader.foldVersion(of: community) == version else { return false }
                try transaction.freeze(homes, of: community, month, foldVersion: version, at: at)
                return true
            }
            if isWritten { return homes.count }
        }
        return nil
    }

    /// The figures of every home of a community, from what the snapshot holds.
    func figures(of community: CommunityID, _ month: BillingMonth, _ reader: Reader) throws -> [HomeMonth] {
        let (start, end) = calendar.interval(of: month)
        let homes = try reader.registeredHomes(of: community, from: start, to: end, personsOn: month.lastDay)
        let meters = Set(homes.flatMap(\.installations).map(\.meter))
        let elements = try elements(of: meters, in: community, around: month, reader)
        return homes.map { home in
            measure(
                HomeInput(
                    household: home.household, occupancy: (home.movedIn, home.movedOut), persons: home.persons,
                    shareMillionths: home.shareMillionths,
                    meters: home.installations.map {
                        MeterReadings(installation: $0, elements: elements[$0.meter] ?? [])
                    }),
                month: month, calendar: calendar, rules: rules)
        }
    }

    /// Each meter's elements over the month's window and, where none lies before or after the month in it, on to
    /// the nearest day on that side that has any.
    private func elements(
        of meters: Set<MeterID>, in community: CommunityID, around month: BillingMonth, _ reader: Reader
    ) throws -> [MeterID: [ReadingElement]] {
        let window = readingWindow(for: month, calendar: calendar)
        let first = calendar.day(of: window.from)
        let last = calendar.day(of: window.to)
        var found: [MeterID: [ReadingElement]] = [:]
        try reader.eachDaySet(of: community, from: first, to: last) { _, meter, elements in
            if meters.contains(meter) { found[meter, default: []].append(contentsOf: elements) }
        }
        guard let span = try reader.daySpan(of: community) else { return found }
        let (start, end) = calendar.interval(of: month)
        var silentBefore = meters.filter { (found[$0]?.first?.at).map { $0 > start } ?? true }
        var day = first.advanced(by: -1)
        while !silentBefore.isEmpty, day >= span.first {
            try reader.eachDaySet(of: community, from: day, to: day) { _, meter, elements in
                if silentBefore.remove(meter) != nil { found[meter] = elements + (found[meter] ?? []) }
            }
            day = day.advanced(by: -1)
        }
        var silentAfter = meters.filter { (found[$0]?.last?.at).map { $0 < end } ?? true }
        day = last.advanced(by: 1)
        while !silentAfter.isEmpty, day <= span.last {
            try reader.eachDaySet(of: community, from: day, to: day) { _, meter, elements in
                if silentAfter.remove(meter) != nil { found[meter, default: []].append(contentsOf: elements) }
            }
            day = day.advanced(by: 1)
        }
        return found
    }
}
