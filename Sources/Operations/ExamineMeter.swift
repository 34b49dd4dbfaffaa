public import Database
public import Metering
public import Storage
public import Water

/// One meter's readings looked at one by one, for staff: what was sent, what the rules make of it, what staff decided.
public struct MeterExamination: Sendable {
    public let serial: String
    public let community: CommunityID
    /// Readings of the time asked for, by instant, then register.
    public let readings: [ExaminedReading]
    /// What is wrong with them, by instant.
    public let anomalies: [Anomaly]
    /// Every decision on the meter's readings of that time, the latest first.
    public let edits: [StoredEdit]
    /// The last reading before that time, where none is of it; nil where none is kept.
    public let lastBefore: Instant?
    /// The first reading after that time, where none is of it.
    public let firstAfter: Instant?
    /// The first month whose readings the community still has, where none is of that time; nil where none were removed.
    public let firstKept: BillingMonth?
    /// The numbers of the households that it served in that time.
    public let households: [String]
}

/// Examines a meter as measuring would judge it. Reads a snapshot and writes nothing.
public struct ExamineMeter: Sendable {
    private let calendar: CityCalendar
    private let rules: MeteringRules

    /// Days on each side of the time asked for that verdicts may rest on.
    private static let reachDays = 15
    /// Days that can be asked for at once.
    public static let mostDays = 62

    public init(calendar: CityCalendar, rules: MeteringRules) {
        self.calendar = calendar
        self.rules = rules
    }

    /// nil for an address no registered meter has, or a meter that hung in no community over these days; at most
    /// `mostDays` of them are looked at. `only`: in that community, where it hung in several. `now`: readings later than this have not come yet.
    public func callAsFunction(
        _ address: MeterAddress, in only: CommunityID? = nil, days: ClosedRange<LocalDay>, now: Instant,
        _ reader: Reader
    ) throws -> MeterExamination? {
        guard let holder = try reader.holder(of: address), holder.isRegistered else { return nil }
        let last = min(days.upperBound, days.lowerBound.advanced(by: Self.mostDays - 1))
        let (from, to) = (calendar.start(of: days.lowerBound), calendar.start(of: last.advanced(by: 1)))
        let places = try reader.placements(of: holder.meter).filter {
            $0.from < to && ($0.to ?? to) > from && only.map { [community = $0.community] in $0 == community } ?? true
        }
        guard let community = places.last?.community else { return nil }
        let reach = calendar.reach(
            days.lowerBound.advanced(by: -Self.reachDays)...last.advanced(by: Self.reachDays),
            over: try reader.doubts(of: holder.meter, in: community))
        var elements: [ReadingElement] = []
        try reader.eachDaySet(
            of: holder.meter, in: community, from: reach.lowerBound, to: reach.upperBound
        ) { elements += $1 }
        let stored = try reader.edits(of: holder.meter, in: community)
        let edits = stored.map(\.edit).filter { reach.contains(calendar.day(of: $0.at)) }
        var readings: [ExaminedReading] = []
        var anomalies: [Anomaly] = []
        for installation in try reader.installations(of: holder.meter, in: community)
        where installation.from < to && (installation.to ?? to) > from {
            let found = examine(
                MeterReadings(installation: installation, elements: elements, edits: edits), rules: rules, now: now)
            readings += found.readings.filter { $0.at >= from && $0.at < to }
            anomalies += found.anomalies.filter { $0.to >= from && $0.from < to }
        }
        let around =
            try readings.isEmpty ? Around(holder.meter, in: community, days.lowerBound...last, reader) : Around()
        let households = try reader.households(servedBy: holder.meter, in: community, from: from, to: to - 1).compactMap
        {
            try reader.household($0, in: community)?.number
        }
        return MeterExamination(
            serial: address.address, community: community,
            readings: readings.sorted { ($0.at, $0.register) < ($1.at, $1.register) }, anomalies: anomalies.sorted(),
            edits: stored.filter { $0.edit.at >= from && $0.edit.at < to }.sorted { $1.edit < $0.edit },
            lastBefore: around.last, firstAfter: around.first, firstKept: around.kept, households: households)
    }
}

/// What lies around days without a reading.
private struct Around {
    private(set) var last: Instant?
    private(set) var first: Instant?
    private(set) var kept: BillingMonth?

    init() {}

    init(_ meter: MeterID, in community: CommunityID, _ days: ClosedRange<LocalDay>, _ reader: Reader) throws {
        last = try reader.nearestSet(of: meter, in: community, before: days.lowerBound)?.elements.map(\.at).max()
        first = try reader.nearestSet(of: meter, in: community, after: days.upperBound)?.elements.map(\.at).min()
        kept = try reader.firstKeptMonth(of: community)
    }
}
