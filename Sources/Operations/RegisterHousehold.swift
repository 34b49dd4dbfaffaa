public import Database
import Storage
public import Water

/// A household as it is given: by its number, on usage points by theirs.
public struct HouseholdEntry: Sendable, Hashable {
    public struct Point: Sendable, Hashable {
        public let number: String
        /// Millionths of the point's meters, 1–1,000,000; nil where the home has them to itself.
        public let shareMillionths: Int64?

        public init(number: String, shareMillionths: Int64?) {
            self.number = number
            self.shareMillionths = shareMillionths
        }
    }

    public let number: String
    /// The code of a community or an area below one.
    public let area: String
    public let points: [Point]
    public let movedIn: Instant
    /// nil says nothing: a household that moved out stays so.
    public let movedOut: Instant?
    /// nil says nothing.
    public let persons: PersonsFrom?
    /// nil says nothing.
    public let tariff: TariffFrom?

    /// Refuses numbers that are not 1–32 of `0-9 A-Z a-z - .`, no usage point or one given twice, shares outside
    /// 1–1,000,000 and a move-out not after the move-in.
    public init(
        number: String, area: String, points: [Point], movedIn: Instant, movedOut: Instant?, persons: PersonsFrom?,
        tariff: TariffFrom? = nil
    ) throws(RegistryRefusal) {
        guard isRegistryCode(number) else { throw .malformed(field: "number", expected: registryCodeForm) }
        guard !points.isEmpty else { throw .missing(field: "usage_point") }
        for (index, point) in points.enumerated() {
            guard isRegistryCode(point.number) else {
                throw .malformed(field: "usage_point", expected: registryCodeForm)
            }
            if points[..<index].contains(where: { $0.number == point.number }) {
                throw .repeated(field: "usage_point", point.number)
            }
            guard point.shareMillionths.map({ (1...1_000_000).contains($0) }) ?? true else {
                throw .malformed(field: "share", expected: "a decimal over 0 and at most 1")
            }
        }
        if let movedOut, movedOut <= movedIn { throw .movedOutBeforeIn }
        self.number = number
        self.area = area
        self.points = points
        self.movedIn = movedIn
        self.movedOut = movedOut
        self.persons = persons
        self.tariff = tariff
    }
}

extension HouseholdEntry: CustomStringConvertible {
    /// Nothing of the home, for logs.
    public var description: String { "household entry" }
}

/// Adds a household with its usage points and persons, or brings the one of its number to what is given.
public struct RegisterHousehold: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    public func callAsFunction(
        _ entry: HouseholdEntry, at: Instant
    ) async throws -> Result<RegistryChange, RegistryRefusal> {
        try await database.write { transaction in try transaction.register(entry, at: at) }
    }
}

extension Transaction {
    /// Registers a household in this transaction; a refusal leaves nothing written.
    func register(_ entry: HouseholdEntry, at: Instant) throws -> Result<RegistryChange, RegistryRefusal> {
        guard let area = try reader.area(code: entry.area) else {
            return .failure(.unknownArea(field: "area", code: entry.area))
        }
        guard let community = try reader.community(of: area.id) else {
            return .failure(.aboveCommunity(code: entry.area))
        }
        let known = try reader.household(number: entry.number)
        if let known, known.community != community {
            return .failure(.otherCommunity(field: "area", of: entry.number))
        }
        let movedOut = entry.movedOut ?? known?.movedOut
        if let movedOut, movedOut <= entry.movedIn { return .failure(.movedOutBeforeIn) }
        let wanted = Household(
            id: known?.id ?? HouseholdID(0), in: community, number: entry.number, area: area.id,
            movedIn: entry.movedIn, movedOut: movedOut)
        let points: [UsagePoint?] = try entry.points.map { try reader.usagePoint(number: $0.number) }
        for (point, given) in zip(points, entry.points) {
            if let refusal = try refusal(of: given, known: point, to: wanted) { return .failure(refusal) }
        }
        return .success(try write(entry, wanted, known: known, points: points, at: at))
    }

    /// Why a household cannot live on a usage point; nil where it can.
    func refusal(
        of given: HouseholdEntry.Point, known: UsagePoint?, to household: Household
    ) throws -> RegistryRefusal? {
        guard let known else { return nil }
        guard known.community == household.community else {
            return .otherCommunity(field: "usage_point", of: given.number)
        }
        let others = try reader.holders(of: known.id, in: known.community).filter { holder in
            holder.household.id != household.id && holder.household.overlaps(household)
        }
        guard !others.isEmpty else { return nil }
        guard let share = given.shareMillionths, others.allSatisfy({ $0.shareMillionths != nil }) else {
            return .pointIsLivedIn(given.number)
        }
        // Shares count against those who live there at one time: looked at whenever someone moves in.
        for start in others.map(\.household.movedIn) + [household.movedIn] where household.lives(at: start) {
            let sum = others.filter { $0.household.lives(at: start) }.reduce(share) { $0 + ($1.shareMillionths ?? 0) }
            if sum > 1_000_000 { return .sharesExceedOne(given.number) }
        }
        return nil
    }

    private func write(
        _ entry: HouseholdEntry, _ wanted: Household, known: Household?, points: [UsagePoint?], at: Instant
    ) throws -> RegistryChange {
        var changed = false
        let id: HouseholdID
        if let known {
            id = known.id
            if known != wanted {
                try change(wanted)
                if wanted.movedOut != known.movedOut, !wanted.lives(at: at) {
                    try endSignIns(of: id, in: wanted.community)
                }
                changed = true
            }
        } else {
            id = try addHousehold(
                number: wanted.number, area: wanted.area, in: wanted.community, movedIn: wanted.movedIn,
                movedOut: wanted.movedOut)
        }
        let points = try writePoints(entry, wanted, of: id, points: points)
        changed = points.changed || changed
        if wanted.movedIn != known?.movedIn || wanted.movedOut != known?.movedOut || points.heldChanged {
            let household = Household(
                id: id, in: wanted.community, number: wanted.number, area: wanted.area, movedIn: wanted.movedIn,
                movedOut: wanted.movedOut)
            try markOccupancy(of: household, before: known, pointsChanged: points.heldChanged, at: at)
        }
        if let persons = entry.persons {
            changed = try notePersons(persons, of: id, in: wanted.community, at: at) || changed
        }
        if let tariff = entry.tariff {
            changed = try noteTariff(tariff, of: id, in: wanted.community, at: at) || changed
        }
        return known == nil ? .added : changed ? .changed : .unchanged
    }

    private func writePoints(
        _ entry: HouseholdEntry, _ wanted: Household, of id: HouseholdID, points: [UsagePoint?]
    ) throws -> (changed: Bool, heldChanged: Bool) {
        var changed = false
        var held: [HeldPoint] = []
        for (known, given) in zip(points, entry.points) {
            let point = try known?.id ?? addUsagePoint(number: given.number, area: wanted.area, in: wanted.community)
            if let known, known.area != wanted.area, wanted.lives(at: wanted.movedIn) {
                try setArea(of: known.id, in: wanted.community, to: wanted.area)
                changed = true
            }
            held.append(
                HeldPoint(usagePoint: point, number: given.number, shareMillionths: given.shareMillionths))
        }
        held.sort { $0.number < $1.number }
        let heldChanged = try reader.heldPoints(of: id, in: wanted.community) != held
        if heldChanged { try setPoints(held, of: id, in: wanted.community) }
        return (changed || heldChanged, heldChanged)
    }
}

extension Household {
    /// True where both live for some time at once.
    func overlaps(_ other: Household) -> Bool {
        (movedOut.map { other.movedIn < $0 } ?? true) && (other.movedOut.map { movedIn < $0 } ?? true)
    }
}
