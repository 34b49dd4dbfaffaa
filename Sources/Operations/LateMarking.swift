import Database
import Metering
import Scoring
import Storage
import Water

/// Marks the homes whose month already had figures when the fold changed a set: decided in the fold's transaction.
///
/// A changed element reaches every month overlapped by the span from the believed register before it to the one
/// after (semantics.md, Readings). Readings within this many days on each side are looked at for them.
struct LateMarking {
    let transaction: Transaction
    let rules: MeteringRules
    let calendar: CityCalendar
    let at: Instant
    private(set) var marked = 0
    private var changed: [Meter: [LocalDay: (before: [ReadingElement], after: [ReadingElement])]] = [:]
    private var measured: [CommunityID: [BillingMonth]] = [:]
    private var doubted: [CommunityID: [MeterID: [MeterDoubt]]] = [:]

    private static let reachDays = Int32(MeterReach.days)
    /// Readings of a meter that one fold notes as causes, from the month's start on and before it: one more than a
    /// correction lists, so that it lists the same ones in however many folds they came.
    private static let causes = Correction.listedReadings + 1

    private struct Meter: Hashable {
        let community: CommunityID
        let meter: MeterID
    }

    init(transaction: Transaction, rules: MeteringRules, calendar: CityCalendar, at: Instant) {
        self.transaction = transaction
        self.rules = rules
        self.calendar = calendar
        self.at = at
    }

    /// Remembers a changed set if its community has any month with figures that it could reach.
    mutating func note(_ key: DayKey, before: [ReadingElement], after: [ReadingElement]) throws {
        guard key.community != .unregistered else { return }
        guard Self.mayReach(try measuredMonths(of: key.community).last, from: key.day) else { return }
        changed[Meter(community: key.community, meter: key.meter), default: [:]][key.day] = (before, after)
    }

    /// Whether a change of a day may reach months with figures, the last of which is `latest`.
    static func mayReach(_ latest: BillingMonth?, from day: LocalDay) -> Bool {
        guard let latest else { return false }
        return day.advanced(by: -Int(reachDays)) <= latest.lastDay.advanced(by: 1)
    }

    /// Marks the homes; the sets must not be written yet.
    mutating func mark() throws {
        for (meter, days) in changed.sorted(by: { $0.key.meter < $1.key.meter }) {
            if try isPastEveryMonth(meter, days.keys.min()) { continue }
            for span in try spans(of: meter, days) {
                let months = try measuredMonths(of: meter.community).filter { calendar.overlaps($0, span) }
                guard !months.isEmpty else { continue }
                let homes = try transaction.reader.households(
                    servedBy: meter.meter, in: meter.community, from: span.from, to: span.to)
                let late = days.values.flatMap { Register.all($0.after).symmetricDifference(Register.all($0.before)) }
                    .sorted()
                for month in months {
                    for home in homes {
                        try mark(home, of: meter, month, late)
                        marked += 1
                    }
                }
            }
        }
    }

    /// With readings that changed as its causes, those nearest to the month's start first: enough to say why.
    private func mark(_ home: HouseholdID, of meter: Meter, _ month: BillingMonth, _ late: [Register]) throws {
        let start = calendar.interval(of: month).start
        let before = late.prefix { $0.at < start }
        for changed in before.suffix(Self.causes) + late[before.endIndex...].prefix(Self.causes) {
            try transaction.markDirty(
                home, of: meter.community, month, cause: .lateReading, meter: meter.meter, read: changed.at,
                register: changed.register, at: at)
        }
    }

    /// A reading whoever sent it: the same one from another gateway changes nothing.
    private struct Register: Hashable, Comparable {
        let at: Instant
        let register: Volume

        static func all(_ elements: [ReadingElement]) -> Set<Register> {
            Set(elements.map { Register(at: $0.at, register: $0.register) })
        }

        static func < (a: Register, b: Register) -> Bool { (a.at, a.register) < (b.at, b.register) }
    }

    /// True where a register believed more than seven days before the first change lies after the last month with
    /// figures: no change can reach behind it. The daily case of a city, told without judging whole months.
    private mutating func isPastEveryMonth(_ meter: Meter, _ first: LocalDay?) throws -> Bool {
        guard let first, let latest = try measuredMonths(of: meter.community).last,
            first.number >= latest.lastDay.number + 9
        else { return false }
        let installations = try transaction.reader.installations(of: meter.meter, in: meter.community)
        let monthEnd = calendar.interval(of: latest).end
        let doubts = try doubts(in: meter.community)[meter.meter] ?? []
        guard installations.count == 1, doubts.allSatisfy({ $0.to.map { $0 < monthEnd } ?? false }) else {
            return false
        }
        var elements: [ReadingElement] = []
        for number in first.number - 16..<first.number {
            elements += try transaction.reader.daySet(
                DayKey(community: meter.community, day: LocalDay(number: number), meter: meter.meter))
        }
        let limit = calendar.start(of: first) - 7 * 86_400
        let edits = try transaction.reader.edits(of: meter.meter, in: meter.community).map(\.edit)
            .filter { calendar.day(of: $0.at) >= first.advanced(by: -16) && calendar.day(of: $0.at) < first }
        return judge(MeterReadings(installation: installations[0], elements: elements, edits: edits), rules: rules)
            .believed.contains { $0.at >= monthEnd && $0.at <= limit && !$0.isNoted }
    }

    /// What the changes reach, one span for each of the meter's installations.
    private func spans(
        of meter: Meter, _ days: [LocalDay: (before: [ReadingElement], after: [ReadingElement])]
    ) throws -> [(from: Instant, to: Instant)] {
        guard let first = days.keys.min(), let last = days.keys.max() else { return [] }
        var before: [ReadingElement] = days.values.flatMap(\.before)
        var after: [ReadingElement] = days.values.flatMap(\.after)
        // By key, a day at a time: a range over days would pass every meter of the community.
        for number in first.number - Self.reachDays...last.number + Self.reachDays {
            let day = LocalDay(number: number)
            guard days[day] == nil else { continue }
            let elements = try transaction.reader.daySet(
                DayKey(community: meter.community, day: day, meter: meter.meter))
            before += elements
            after += elements
        }
        before.sort()
        after.sort()
        let edits = try transaction.reader.edits(of: meter.meter, in: meter.community).map(\.edit)
        let reach = first.advanced(by: -Int(Self.reachDays))...last.advanced(by: Int(Self.reachDays))
        let further = MeterReach(
            meter: meter.meter, community: meter.community, calendar: calendar, rules: rules,
            reader: transaction.reader)
        return try transaction.reader.installations(of: meter.meter, in: meter.community).compactMap { installation in
            let (older, newer, known) = try further.beyond(reach, around: first...last, installation, after, edits)
            func judged(_ elements: [ReadingElement]) -> JudgedMeter {
                judge(
                    MeterReadings(installation: installation, elements: older + elements + newer, edits: known),
                    rules: rules)
            }
            return dirtiedSpan(before: judged(before), after: judged(after))
        }
    }

    private mutating func doubts(in community: CommunityID) throws -> [MeterID: [MeterDoubt]] {
        if let known = doubted[community] { return known }
        let doubts = try transaction.reader.doubts(in: community)
        doubted[community] = doubts
        return doubts
    }

    private mutating func measuredMonths(of community: CommunityID) throws -> [BillingMonth] {
        if let known = measured[community] { return known }
        let months = try transaction.reader.measuredMonths(of: community)
        measured[community] = months
        return months
    }
}
