public import Database
public import Water

/// A home as measuring sees it: who lives there, and every installation that served it.
public struct RegisteredHome: Sendable, Hashable {
    public let household: HouseholdID
    public let number: String
    public let area: AreaID
    public let movedIn: Instant
    public let movedOut: Instant?
    /// Persons on the day asked for; nil is unknown.
    public let persons: Int?
    /// As `HomeMonth.sizes`.
    public let sizes: [PersonsFrom]
    /// Its usage points, each with the home's part of what is shared there; nil for all of it.
    public let points: [UsagePointID: Int64?]
    /// By start.
    public let installations: [MeterInstallation]
}

extension RegisteredHome {
    /// The least of the home's parts of what it shares; nil where nothing is shared.
    public var shareMillionths: Int64? { points.values.compactMap { $0 }.min() }

    /// One that did not live there in the month at hand: without persons or meters.
    public init(_ household: Household) {
        self.init(
            household: household.id, number: household.number, area: household.area, movedIn: household.movedIn,
            movedOut: household.movedOut, persons: nil, sizes: [], points: [:], installations: [])
    }
}

extension Reader {
    /// The homes of a community that were lived in at any time of [from, to), by household, with their persons on
    /// `day` and the installations of that time. With `only` no more than that home.
    public func registeredHomes(
        of community: CommunityID, from: Instant, to: Instant, personsOn day: LocalDay, only: HouseholdID? = nil
    ) throws -> [RegisteredHome] {
        let homes = (only ?? HouseholdID(.min))...(only ?? HouseholdID(.max))
        let sizes = try sizesByHousehold(of: community, upTo: day, homes)
        var points = try pointsByHousehold(of: community, homes)
        var installations: [HouseholdID: [MeterInstallation]] = [:]
        try each(
            """
            SELECT u.household_id, i.meter_id, i.usage_point_id, coalesce(m.serial, ''), i.installed_at, i.removed_at,
                i.start_register_ml, i.final_register_ml, m.resolution_ml, m.nominal_flow_lph, m.modulus_ml
            FROM household_usage_point u
            JOIN meter_installation i ON i.community_id = u.community_id AND i.usage_point_id = u.usage_point_id
            JOIN meter m ON m.meter_id = i.meter_id
            WHERE u.community_id = \(community)
                AND u.household_id BETWEEN \(homes.lowerBound) AND \(homes.upperBound)
                AND i.installed_at < \(to)
                AND (i.removed_at IS NULL OR i.removed_at > \(from))
            ORDER BY u.household_id, i.installed_at, i.meter_id
            """
        ) { row in installations[try row.id(0), default: []].append(try Reader.installation(row, from: 1)) }
        for (household, own) in points where own.count > 1 {
            points[household] = try lasting(own, installations[household] ?? [], of: community, upTo: to)
        }
        return try all(
            """
            SELECT household_id, number, area_id, moved_in_at, moved_out_at FROM household
            WHERE community_id = \(community)
                AND household_id BETWEEN \(homes.lowerBound) AND \(homes.upperBound) AND moved_in_at < \(to)
                AND (moved_out_at IS NULL OR moved_out_at > \(from))
            ORDER BY household_id
            """
        ) { row in
            let household: HouseholdID = try row.id(0)
            return RegisteredHome(
                household: household, number: try row.text(1), area: try row.id(2), movedIn: try row.instant(3),
                movedOut: try row.instantOrNil(4), persons: sizes[household]?.last?.persons,
                sizes: Reader.changes(sizes[household] ?? [], upTo: day),
                points: points[household] ?? [:],
                installations: installations[household] ?? [])
        }
    }

    /// The meters that were hung at a usage point at an instant.
    public func metersInstalled(
        at point: UsagePointID, in community: CommunityID, from: Instant
    ) throws -> [MeterID] {
        try all(
            """
            SELECT meter_id FROM meter_installation
            WHERE community_id = \(community) AND usage_point_id = \(point) AND installed_at = \(from)
            """
        ) { try $0.id(0) }
    }

    /// The meters that hung at a usage point, by start, with their printed numbers.
    public func hung(
        at point: UsagePointID, in community: CommunityID
    ) throws -> [(serial: String, from: Instant, to: Instant?)] {
        try all(
            """
            SELECT coalesce(m.serial, ''), i.installed_at, i.removed_at FROM meter_installation i
            JOIN meter m ON m.meter_id = i.meter_id
            WHERE i.community_id = \(community) AND i.usage_point_id = \(point) ORDER BY i.installed_at
            """
        ) { (try $0.text(0), try $0.instant(1), try $0.instantOrNil(2)) }
    }

    /// From when to when meters hung at a household's usage points, in no order.
    public func installedTimes(
        of household: HouseholdID, in community: CommunityID
    ) throws -> [(from: Instant, to: Instant?)] {
        try all(
            """
            SELECT i.installed_at, i.removed_at FROM household_usage_point u
            JOIN meter_installation i ON i.community_id = u.community_id AND i.usage_point_id = u.usage_point_id
            WHERE u.community_id = \(community) AND u.household_id = \(household)
            """
        ) { (try $0.instant(0), try $0.instantOrNil(1)) }
    }

    /// The installations of one meter within a community, by start.
    public func installations(of meter: MeterID, in community: CommunityID) throws -> [MeterInstallation] {
        try all(
            """
            SELECT i.meter_id, i.usage_point_id, coalesce(m.serial, ''), i.installed_at, i.removed_at,
                i.start_register_ml, i.final_register_ml, m.resolution_ml, m.nominal_flow_lph, m.modulus_ml
            FROM meter_installation i JOIN meter m ON m.meter_id = i.meter_id
            WHERE i.community_id = \(community) AND i.meter_id = \(meter) ORDER BY i.installed_at
            """
        ) { try Reader.installation($0, from: 0) }
    }

    private static func installation(_ row: Row, from first: Int) throws -> MeterInstallation {
        MeterInstallation(
            meter: try row.id(first), usagePoint: try row.id(first + 1), serial: try row.text(first + 2),
            from: try row.instant(first + 3), to: try row.instantOrNil(first + 4),
            startRegister: try row.volumeOrNil(first + 5), finalRegister: try row.volumeOrNil(first + 6),
            resolution: Volume(millilitres: try row.integer(first + 7)),
            nominalFlowLitresPerHour: try row.integerOrNil(first + 8), modulus: try row.volumeOrNil(first + 9))
    }

    private func sizesByHousehold(
        of community: CommunityID, upTo day: LocalDay, _ homes: ClosedRange<HouseholdID>
    ) throws -> [HouseholdID: [PersonsFrom]] {
        var found: [HouseholdID: [PersonsFrom]] = [:]
        try each(
            """
            SELECT household_id, from_day, persons FROM household_persons
            WHERE community_id = \(community)
                AND household_id BETWEEN \(homes.lowerBound) AND \(homes.upperBound) AND from_day <= \(day)
            ORDER BY household_id, from_day
            """
        ) { row in
            found[try row.id(0), default: []].append(
                PersonsFrom(
                    day: LocalDay(number: Int32(try row.integer(1))), persons: try row.integerOrNil(2).map(Int.init)))
        }
        return found
    }

    /// The entries that decide the twelve months up to `day`, the first from before them on; none where one decides all.
    private static func changes(_ sizes: [PersonsFrom], upTo day: LocalDay) -> [PersonsFrom] {
        let (year, month, _) = day.date
        guard let begin = BillingMonth(year: year, month: month)?.advanced(by: -11).firstDay else { return [] }
        let inForce = sizes.lastIndex { $0.day <= begin }
        var deciding = Array(sizes.dropFirst(inForce ?? 0))
        guard deciding.count > 1 else { return [] }
        // The first that was ever noted holds from the beginning, as it does alone.
        if inForce == nil { deciding[0] = PersonsFrom(day: LocalDay(number: 0), persons: deciding[0].persons) }
        return deciding
    }

    /// The usage points that a meter hangs at in the month, or hung at before: a point that joined later, or never had one,
    /// takes nothing from the home's other meters.
    private func lasting(
        _ points: [UsagePointID: Int64?], _ installed: [MeterInstallation], of community: CommunityID, upTo end: Instant
    ) throws -> [UsagePointID: Int64?] {
        let measured = Set(installed.map(\.usagePoint))
        return try points.filter { point, _ in
            if measured.contains(point) { return true }
            return try first(
                """
                SELECT 1 FROM meter_installation WHERE community_id = \(community) AND usage_point_id = \(point)
                    AND installed_at < \(end) LIMIT 1
                """
            ) { _ in true } ?? false
        }
    }

    private func pointsByHousehold(
        of community: CommunityID, _ homes: ClosedRange<HouseholdID>
    ) throws -> [HouseholdID: [UsagePointID: Int64?]] {
        var found: [HouseholdID: [UsagePointID: Int64?]] = [:]
        try each(
            """
            SELECT household_id, usage_point_id, share_millionths FROM household_usage_point
            WHERE community_id = \(community)
                AND household_id BETWEEN \(homes.lowerBound) AND \(homes.upperBound)
            """
        ) { row in
            found[try row.id(0), default: [:]].updateValue(try row.integerOrNil(2), forKey: try row.id(1))
        }
        return found
    }
}

extension Reader {
    /// The number of every household of a community.
    public func householdNumbers(of community: CommunityID) throws -> [HouseholdID: String] {
        var numbers: [HouseholdID: String] = [:]
        try each("SELECT household_id, number FROM household WHERE community_id = \(community)") { row in
            numbers[try row.id(0)] = try row.text(1)
        }
        return numbers
    }
}
