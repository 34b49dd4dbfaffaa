public import Database
public import Metering
public import Storage
public import Water

/// A meter whose registers are in doubt, with what a person needs to settle it.
public struct DoubtedMeter: Sendable, Hashable {
    public let open: OpenDoubt
    /// The believed register before the run; nil where it is not kept any more.
    public let before: Volume?
    /// The first register in doubt. nil where the readings and decisions of now leave the run in no doubt: the next
    /// correction takes it off the list.
    public let first: Volume?
    /// Who sent that one, by name, ascending.
    public let gateways: [String]

    /// A gateway's word for a meter that does not answer: only who looked at this one meter can say that it is right.
    public var isNought: Bool { first == Volume.zero }

    /// The id of the decision on its first register: the same at every repeat.
    var decisionID: String { "cli-doubt-\(open.doubt.meter)-\(open.doubt.first.epochSeconds)" }
}

/// The meters of a community that go on in another unit or show nought and nothing else, and the one decision that lets
/// such a run count.
public struct DoubtedMeters: Sendable {
    private let database: Database
    private let calendar: CityCalendar
    private let rules: MeteringRules

    public init(database: Database, calendar: CityCalendar, rules: MeteringRules) {
        self.database = database
        self.calendar = calendar
        self.rules = rules
    }

    /// All of them by serial; with `gateway` those whose first reading in doubt it sent.
    public func callAsFunction(
        in community: CommunityID, sentBy gateway: GatewayID? = nil, at now: Instant
    ) async throws -> [DoubtedMeter] {
        let (open, gateways) = try await database.read { reader in
            // There are no more of them than meters.
            (try reader.openDoubts(of: community, at: now, limit: .max), try reader.gateways())
        }
        let names = Dictionary(gateways.map { ($0.id, $0.name) }) { first, _ in first }
        var found: [DoubtedMeter] = []
        for one in open {
            // A snapshot for each: a city's worth of readings takes its time.
            let run = try await database.read { try self.run(of: one, in: community, at: now, $0) }
            if let gateway, !run.senders.contains(gateway) { continue }
            found.append(
                DoubtedMeter(
                    open: one, before: run.before, first: run.first,
                    gateways: run.senders.map { names[$0] ?? "\($0)" }.sorted()))
        }
        return found
    }

    /// Accepts the first register in doubt, which lets its run count; a repeat is the same decision. nil where nothing
    /// is to be accepted: a nought, or a run that is in doubt no more.
    public func accept(
        _ meter: DoubtedMeter, reason: String, by staff: StaffMember, at now: Instant
    ) async throws -> Result<EditOutcome, EditRefusal>? {
        guard let register = meter.first, !meter.isNought else { return nil }
        guard let address = MeterAddress(.serial, meter.open.serial) else { return .failure(.unknownMeter) }
        let edit = EditReading(database: database, calendar: calendar, rules: rules)
        return try await edit(
            EditRequest(
                id: meter.decisionID, meter: address, at: meter.open.doubt.first, register: register, action: .accept,
                reason: reason), by: staff, at: now)
    }

    private struct Run {
        var before: Volume?
        var first: Volume?
        var senders: Set<GatewayID> = []
    }

    /// What the meter's readings of now say of the run: those from before it on, with every decision on them.
    private func run(
        of open: OpenDoubt, in community: CommunityID, at now: Instant, _ reader: Reader
    ) throws -> Run {
        let doubt = open.doubt
        let start = calendar.day(of: doubt.first)
        let reach = calendar.reach(start...max(start, calendar.day(of: now)), over: [doubt])
        var elements: [ReadingElement] = []
        try reader.eachDaySet(
            of: doubt.meter, in: community, from: reach.lowerBound, to: reach.upperBound
        ) { elements += $1 }
        let edits = try reader.edits(of: doubt.meter, in: community).map(\.edit)
            .filter { reach.contains(calendar.day(of: $0.at)) }
        var run = Run()
        for installation in try reader.installations(of: doubt.meter, in: community)
        where installation.from <= doubt.first && doubt.first <= installation.to ?? doubt.first {
            let judged = judge(
                MeterReadings(installation: installation, elements: elements, edits: edits), rules: rules)
            run.before = run.before ?? judged.believed.first { $0.at == doubt.from }?.register
            let stretch = judged.doubtedStretches.first { $0.first.at == doubt.first && $0.to == nil }
            run.first = run.first ?? stretch?.first.register
        }
        let sent = elements.filter { $0.at == doubt.first }
        run.senders = Set(sent.filter { $0.register == run.first ?? $0.register }.map(\.gateway))
        return run
    }
}
