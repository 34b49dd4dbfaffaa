public import Database
public import Metering
import Scoring
public import Storage
public import Water

/// A decision on a reading as it is asked for.
public struct EditRequest: Sendable, Hashable {
    /// Made by the client, 1–64 letters, digits and `-`: a repeat is the same decision.
    public let id: String
    public let meter: MeterAddress
    public let at: Instant
    public let register: Volume
    public let action: EditAction
    /// 1–200 characters in one line.
    public let reason: String

    public init(
        id: String, meter: MeterAddress, at: Instant, register: Volume, action: EditAction, reason: String
    ) {
        self.id = id
        self.meter = meter
        self.at = at
        self.register = register
        self.action = action
        self.reason = reason
    }
}

/// Why a decision is refused; nothing is changed then.
public enum EditRefusal: String, Error, Sendable, Hashable, CaseIterable {
    case idIsMalformed = "id_malformed"
    /// The id names another decision.
    case idIsTaken = "id_taken"
    case reasonIsMissing = "reason_missing"
    case instantIsOutOfRange = "instant_out_of_range"
    /// More than ten minutes ahead.
    case instantIsAhead = "instant_ahead"
    case registerIsOutOfRange = "register_out_of_range"
    case unknownMeter = "unknown_meter"
    /// The meter hung nowhere at that instant, or outside the staff's area.
    case notInstalled = "not_installed"
    /// The readings of that month, or of the one before, were pruned.
    case readingsArePruned = "readings_pruned"
    /// There is no reading of this instant and register to accept or reject.
    case noSuchReading = "no_such_reading"
    /// Nothing stands on this reading that could be withdrawn.
    case nothingToWithdraw = "nothing_to_withdraw"
    /// The meter cannot have shown this between what it showed before and after, and nobody said to take it anyway.
    case registerContradicts = "register_contradicts"

    public var field: String {
        switch self {
        case .idIsMalformed, .idIsTaken: "id"
        case .reasonIsMissing: "reason"
        case .instantIsOutOfRange, .instantIsAhead, .notInstalled, .readingsArePruned: "at"
        case .registerIsOutOfRange, .noSuchReading, .nothingToWithdraw, .registerContradicts: "register"
        case .unknownMeter: "meter"
        }
    }
}

extension EditRefusal: CustomStringConvertible {
    public var description: String { "\(field): \(words)" }

    private var words: String {
        switch self {
        case .idIsMalformed: "must be 1 to 64 letters, digits and -"
        case .idIsTaken: "names another decision"
        case .reasonIsMissing: "must be one line of 1 to 200 characters"
        case .instantIsOutOfRange: "lies before 2000"
        case .instantIsAhead: "lies ahead"
        case .registerIsOutOfRange: "must be from 0 to 1000000000 m³"
        case .unknownMeter: "is not registered"
        case .notInstalled: "the meter hung nowhere then, or outside the area of who decides"
        case .readingsArePruned: "the readings of that month were pruned"
        case .noSuchReading: "no reading of that time shows it"
        case .nothingToWithdraw: "nothing was decided on this reading"
        case .registerContradicts: "the meter's other readings contradict it"
        }
    }
}

/// What a decision came to.
public struct EditOutcome: Sendable, Hashable {
    /// True where the same decision was made before under this id.
    public let isRepeat: Bool
    /// Homes whose months are to be corrected because of it.
    public let markedHomes: Int
}

/// Staff accept, reject or enter a reading, or take that back. What was sent stays; the day and every month that the
/// decision reaches are measured anew at the next correction.
public struct EditReading: Sendable {
    private let database: Database
    private let calendar: CityCalendar
    private let rules: MeteringRules

    public init(database: Database, calendar: CityCalendar, rules: MeteringRules) {
        self.database = database
        self.calendar = calendar
        self.rules = rules
    }

    /// `by` decides within their area. `isForced` enters a register whatever the meter showed before and after.
    public func callAsFunction(
        _ request: EditRequest, isForced: Bool = false, by staff: StaffMember, at now: Instant
    ) async throws -> Result<EditOutcome, EditRefusal> {
        if let refusal = Self.malformed(request, at: now) { return .failure(refusal) }
        return try await database.write(repeatable: true) { transaction in
            try decide(request, isForced: isForced, by: staff, at: now, transaction)
        }
    }

    /// What the meter showed before or after that a register to be entered contradicts, of what hangs in the area of
    /// `staff`. nil for any other decision, and where nothing does.
    public func contradiction(
        to request: EditRequest, by staff: StaffMember, _ reader: Reader
    ) throws -> RegisterContradiction? {
        guard request.action == .enter, let holder = try reader.holder(of: request.meter), holder.isRegistered else {
            return nil
        }
        let communities = try communities(of: holder.meter, at: request.at, for: staff, reader)
        return try contradiction(to: request, of: holder.meter, in: communities, reader)
    }

    /// Why a reading of this instant and register is no reading, whatever the meter; nil where it may be one.
    public static func isOutOfRange(_ register: Volume, at: Instant, now: Instant) -> EditRefusal? {
        guard at >= .earliestReading else { return .instantIsOutOfRange }
        guard at <= now + 600 else { return .instantIsAhead }
        guard registerRange.contains(register) else { return .registerIsOutOfRange }
        return nil
    }

    private static func malformed(_ request: EditRequest, at now: Instant) -> EditRefusal? {
        guard request.id.isClientID else { return .idIsMalformed }
        let reason = request.reason
        guard reason.count <= 200, reason.contains(where: { !$0.isWhitespace }), !reason.contains(where: \.isNewline)
        else { return .reasonIsMissing }
        return isOutOfRange(request.register, at: request.at, now: now)
    }

    /// Where a meter hung at an instant within the staff's area. At the instant of an exchange a reading belongs to
    /// both sides; so does what is decided on it.
    private func communities(
        of meter: MeterID, at instant: Instant, for staff: StaffMember, _ reader: Reader
    ) throws -> [CommunityID] {
        let places = try reader.placements(of: meter).filter {
            guard $0.from <= instant && instant <= $0.to ?? instant,
                let area = try reader.area(ofPoint: $0.usagePoint, in: $0.community)
            else { return false }
            return try reader.areaChain(from: area).contains { $0.id == staff.area }
        }
        return Set(places.map(\.community)).sorted()
    }

    private func contradiction(
        to request: EditRequest, of meter: MeterID, in communities: [CommunityID], _ reader: Reader
    ) throws -> RegisterContradiction? {
        guard request.action == .enter else { return nil }
        let check = RegisterCheck(calendar: calendar, rules: rules, reader: reader)
        for community in communities {
            for installation in try reader.installations(of: meter, in: community)
            where installation.from <= request.at && request.at <= installation.to ?? request.at {
                let found = try check.found(
                    against: request.register, at: request.at, in: installation, of: community)
                if let found { return found }
            }
        }
        return nil
    }

    private func decide(
        _ request: EditRequest, isForced: Bool, by staff: StaffMember, at now: Instant, _ transaction: Transaction
    ) throws -> Result<EditOutcome, EditRefusal> {
        let reader = transaction.reader
        guard let holder = try reader.holder(of: request.meter), holder.isRegistered else {
            return .failure(.unknownMeter)
        }
        let communities = try communities(of: holder.meter, at: request.at, for: staff, reader)
        guard !communities.isEmpty else { return .failure(.notInstalled) }
        var edit = ReadingEdit(
            at: request.at, register: request.register, action: request.action, by: staff.id, decidedAt: now,
            reason: request.reason)
        let known = try communities.compactMap { try reader.edit(request.id, in: $0) }
        if !known.isEmpty {
            guard known.allSatisfy({ $0.meter == holder.meter && $0.edit.isSame(as: edit) }) else {
                return .failure(.idIsTaken)
            }
            return .success(EditOutcome(isRepeat: true, markedHomes: 0))
        }
        let sides = try communities.filter { community in
            try reader.firstKeptMonth(of: community).map { calendar.month(of: request.at) > $0 } ?? true
        }.map { ($0, try reached(holder.meter, in: $0, around: request.at, reader)) }
        if sides.isEmpty { return .failure(.readingsArePruned) }
        // Of decisions on one instant the last is in force: two of one second follow each other too.
        if let last = sides.flatMap(\.1.edits).filter({ $0.at == edit.at }).map(\.decidedAt).max() {
            edit.decidedAt = max(now, last + 1)
        }
        let meant: [(community: CommunityID, reach: Reach)]
        switch affected(by: edit, sides) {
        case .success(let found): meant = found
        case .failure(let refusal): return .failure(refusal)
        }
        if !isForced, try contradiction(to: request, of: holder.meter, in: meant.map(\.community), reader) != nil {
            return .failure(.registerContradicts)
        }
        var marked = 0
        for (community, reach) in meant {
            marked += try mark(edit, of: holder.meter, in: community, reach, at: now, transaction)
            try transaction.add(StoredEdit(id: request.id, meter: holder.meter, edit: edit), to: community)
            // A measure under way has not seen this decision.
            try transaction.raiseFoldVersion(of: community, at: now)
        }
        return .success(EditOutcome(isRepeat: false, markedHomes: marked))
    }

    private struct Reach {
        let elements: [ReadingElement]
        /// Every decision on the meter's readings.
        let edits: [ReadingEdit]
        let days: ClosedRange<LocalDay>
    }

    /// What can matter to a decision: readings of 40 days on each side, and every decision.
    private func reached(
        _ meter: MeterID, in community: CommunityID, around at: Instant, _ reader: Reader
    ) throws -> Reach {
        let day = calendar.day(of: at)
        let days = (-MeterReach.days...MeterReach.days).map { day.advanced(by: $0) }
        let sets = try reader.daySets(days.map { DayKey(community: community, day: $0, meter: meter) })
        return Reach(
            elements: sets.sorted { $0.key < $1.key }.flatMap(\.value),
            edits: try reader.edits(of: meter, in: community).map(\.edit),
            days: day.advanced(by: -MeterReach.days)...day.advanced(by: MeterReach.days))
    }

    /// The sides a decision is written down for. A reading that one side shows is decided on for both: the other may not
    /// have folded it yet.
    private func affected(
        by edit: ReadingEdit, _ sides: [(community: CommunityID, reach: Reach)]
    ) -> Result<[(community: CommunityID, reach: Reach)], EditRefusal> {
        func earlier(_ reach: Reach) -> [ReadingEdit] {
            reach.edits.filter { $0.at == edit.at && $0.register == edit.register }.sorted()
        }
        switch edit.action {
        case .enter: return .success(sides)
        case .accept, .reject:
            let isKnown = sides.contains { _, reach in
                reach.elements.contains { $0.at == edit.at && $0.register == edit.register }
                    || !earlier(reach).isEmpty
            }
            return isKnown ? .success(sides) : .failure(.noSuchReading)
        case .withdraw:
            let standing = sides.filter { earlier($0.reach).last.map { $0.action != .withdraw } ?? false }
            return standing.isEmpty ? .failure(.nothingToWithdraw) : .success(standing)
        }
    }

    /// Marks the homes of every month with figures that the decision reaches; tells how many.
    private func mark(
        _ edit: ReadingEdit, of meter: MeterID, in community: CommunityID, _ reach: Reach, at now: Instant,
        _ transaction: Transaction
    ) throws -> Int {
        let reader = transaction.reader
        let months = try reader.measuredMonths(of: community)
        var marked: Set<HouseholdID> = []
        let further = MeterReach(
            meter: meter, community: community, calendar: calendar, rules: rules, reader: reader)
        let day = calendar.day(of: edit.at)
        for installation in try reader.installations(of: meter, in: community) {
            let (older, newer, edits) = try further.beyond(
                reach.days, around: day...day, installation, reach.elements, reach.edits)
            func judged(_ edits: [ReadingEdit]) -> JudgedMeter {
                judge(
                    MeterReadings(installation: installation, elements: older + reach.elements + newer, edits: edits),
                    rules: rules)
            }
            guard let span = dirtiedSpan(before: judged(edits), after: judged(edits + [edit])) else { continue }
            for month in months where calendar.overlaps(month, span) {
                for home in try reader.households(servedBy: meter, in: community, from: span.from, to: span.to) {
                    try transaction.markDirty(
                        home, of: community, month, cause: .edit, meter: meter, read: edit.at,
                        register: edit.register, at: now)
                    marked.insert(home)
                }
            }
        }
        return marked.count
    }
}

extension ReadingEdit {
    /// All but the time of the decision.
    fileprivate func isSame(as other: ReadingEdit) -> Bool {
        at == other.at && register == other.register && action == other.action && by == other.by
            && reason == other.reason
    }
}

extension CityCalendar {
    /// Whether a month overlaps a span, both ends included.
    func overlaps(_ month: BillingMonth, _ span: (from: Instant, to: Instant)) -> Bool {
        let (start, end) = interval(of: month)
        return start <= span.to && span.from <= end
    }
}

extension String {
    /// An id that a client made: 1–64 letters, digits and `-`.
    var isClientID: Bool {
        (1...64).contains(utf8.count)
            && utf8.allSatisfy {
                ($0 >= 48 && $0 <= 57) || ($0 >= 65 && $0 <= 90) || ($0 >= 97 && $0 <= 122) || $0 == UInt8(ascii: "-")
            }
    }
}
