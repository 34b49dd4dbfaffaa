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
        let span = MonthSpan(month, calendar: calendar)
        let homes = try reader.registeredHomes(
            of: community, from: span.start, to: span.end, personsOn: month.lastDay)
        let elements = try elements(
            of: homes.flatMap(\.installations), in: community, month, span, reader)
        return homes.map { home in
            measure(
                HomeInput(
                    household: home.household, occupancy: (home.movedIn, home.movedOut), persons: home.persons,
                    shareMillionths: home.shareMillionths,
                    meters: home.installations.map {
                        MeterReadings(installation: $0, elements: elements[$0.meter] ?? [])
                    }),
                span: span, rules: rules)
        }
    }

    /// Each meter's elements over the month's window and, where a month end lies in no believed pair of them, on to
    /// the nearest days beyond that have any.
    private func elements(
        of installations: [MeterInstallation], in community: CommunityID, _ month: BillingMonth, _ span: MonthSpan,
        _ reader: Reader
    ) throws -> [MeterID: [ReadingElement]] {
        let window = readingWindow(for: month, calendar: calendar)
        let first = calendar.day(of: window.from)
        let last = calendar.day(of: window.to - 1)
        let meters = Set(installations.map(\.meter))
        var found: [MeterID: [ReadingElement]] = [:]
        try reader.eachDaySet(of: community, from: first, to: last) { _, meter, elements in
            if meters.contains(meter) { found[meter, default: []].append(contentsOf: elements) }
        }
        for installation in installations {
            var readings = MeterReadings(installation: installation, elements: found[installation.meter] ?? [])
            var (oldest, newest) = (first, last)
            while true {
                let open = unbracketed(readings, month: span, rules: rules)
                let older =
                    open.older ? try reader.nearestSet(of: installation.meter, in: community, before: oldest) : nil
                let newer =
                    open.newer ? try reader.nearestSet(of: installation.meter, in: community, after: newest) : nil
                if older == nil, newer == nil { break }
                if let older { (oldest, readings.elements) = (older.day, older.elements + readings.elements) }
                if let newer { (newest, readings.elements) = (newer.day, readings.elements + newer.elements) }
            }
            found[installation.meter] = readings.elements
        }
        return found
    }
}
