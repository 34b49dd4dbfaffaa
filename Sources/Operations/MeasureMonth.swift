public import Database
public import Metering
public import Storage
public import Water

/// The first pass of a close: judges a community's readings and freezes each home's figures.
///
/// Computes on a snapshot outside any write transaction, then writes in a short one that commits only if no fold
/// changed the community meanwhile: it writes the row that every fold of the community writes.
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

    /// What measuring a community came to.
    public enum Outcome: Sendable, Hashable {
        /// Its figures are frozen now.
        case measured(homes: Int)
        /// They were before: nothing is changed.
        case measuredBefore
        /// Folding outran every attempt.
        case keepsChanging
    }

    /// Measures one community. With a lease it is released in the transaction that freezes the figures; throws
    /// `LeaseLost` where it was taken over.
    public func callAsFunction(
        _ community: CommunityID, _ month: BillingMonth, under lease: Lease? = nil, at: Instant
    ) async throws -> Outcome {
        for _ in 0..<Self.attempts {
            let found = try await database.read { reader -> (version: Int64, homes: [HomeMonth])? in
                if try reader.communityMonth(month, of: community)?.isMeasured == true { return nil }
                return (try reader.foldVersion(of: community), try figures(of: community, month, reader))
            }
            guard let (version, homes) = found else { return .measuredBefore }
            do {
                let isWritten = try await database.write(repeatable: true) { transaction in
                    try freeze(homes, of: community, month, version: version, under: lease, at: at, transaction)
                }
                if isWritten { return .measured(homes: homes.count) }
            } catch DatabaseFailure.conflict {
                continue
            }
        }
        return .keepsChanging
    }

    /// Writes the figures, unless a fold changed what they rest on; true where they are written, also by an attempt
    /// whose end was never heard.
    func freeze(
        _ homes: [HomeMonth], of community: CommunityID, _ month: BillingMonth, version: Int64, under lease: Lease?,
        at: Instant, _ transaction: Transaction
    ) throws -> Bool {
        if let lease { try transaction.requireLease(lease) }
        if try transaction.reader.communityMonth(month, of: community)?.isMeasured == true { return true }
        guard try transaction.reader.foldVersion(of: community) == version else { return false }
        try transaction.holdFold(of: community, at: at)
        try transaction.freeze(homes, of: community, month, foldVersion: version, at: at)
        if let lease { try transaction.release(lease) }
        return true
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
                    }, sizes: home.sizes),
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
