public import Database
public import Water

/// A dwelling's connection; its number stays when meters and people change.
public struct UsagePoint: Sendable, Hashable {
    public let id: UsagePointID
    public let community: CommunityID
    public let number: String
    public let area: AreaID
}

/// One occupancy of one or more usage points, lived in over [movedIn, movedOut).
public struct Household: Sendable, Hashable {
    public let id: HouseholdID
    public let community: CommunityID
    public let number: String
    public let area: AreaID
    public let movedIn: Instant
    /// nil while it lives there.
    public let movedOut: Instant?

    public func lives(at: Instant) -> Bool { movedIn <= at && movedOut.map { at < $0 } ?? true }
}

extension Household: CustomStringConvertible {
    /// The row's number alone: a household number in a log would name a home.
    public var description: String { "household \(id)" }
}

/// A usage point as one household holds it.
public struct HeldPoint: Sendable, Hashable {
    public let usagePoint: UsagePointID
    public let number: String
    /// The household's part of the point's meters in millionths, 1–1,000,000; nil where it has them to itself.
    public let shareMillionths: Int64?

    public init(usagePoint: UsagePointID, number: String, shareMillionths: Int64?) {
        self.usagePoint = usagePoint
        self.number = number
        self.shareMillionths = shareMillionths
    }
}

extension Reader {
    /// The household of a number, whose number is its own in the whole city.
    public func household(number: String) throws -> Household? {
        try first(
            """
            SELECT household_id, community_id, number, area_id, moved_in_at, moved_out_at FROM household
            WHERE community_id IN (SELECT area_id FROM area WHERE kind = 'community') AND number = \(number)
            """, Reader.household)
    }

    public func household(_ id: HouseholdID, in community: CommunityID) throws -> Household? {
        try first(
            """
            SELECT household_id, community_id, number, area_id, moved_in_at, moved_out_at FROM household
            WHERE community_id = \(community) AND household_id = \(id)
            """, Reader.household)
    }

    /// One page of a community's households in the order of their numbers, after a number.
    public func households(of community: CommunityID, after number: String, limit: Int) throws -> [Household] {
        try all(
            """
            SELECT household_id, community_id, number, area_id, moved_in_at, moved_out_at FROM household
            WHERE community_id = \(community) AND number > \(number) ORDER BY number LIMIT \(limit)
            """, Reader.household)
    }

    /// How many households of a community live there at an instant.
    public func householdCount(of community: CommunityID, at: Instant) throws -> Int64 {
        try first(
            """
            SELECT count(*) FROM household WHERE community_id = \(community) AND moved_in_at <= \(at)
                AND (moved_out_at IS NULL OR moved_out_at > \(at))
            """
        ) { try $0.integer(0) } ?? 0
    }

    /// Whether any home of a community was lived in at any time of [start, end).
    public func hadHomes(_ community: CommunityID, over span: (start: Instant, end: Instant)) throws -> Bool {
        try first(
            """
            SELECT 1 FROM household WHERE community_id = \(community) AND moved_in_at < \(span.end)
                AND (moved_out_at IS NULL OR moved_out_at > \(span.start)) LIMIT 1
            """
        ) { _ in true } ?? false
    }

    /// The number of a usage point.
    public func usagePointNumber(_ point: UsagePointID, in community: CommunityID) throws -> String? {
        try first(
            "SELECT number FROM usage_point WHERE community_id = \(community) AND usage_point_id = \(point)"
        ) { try $0.text(0) }
    }

    /// The area that a usage point lies in.
    public func area(ofPoint point: UsagePointID, in community: CommunityID) throws -> AreaID? {
        try first(
            "SELECT area_id FROM usage_point WHERE community_id = \(community) AND usage_point_id = \(point)"
        ) { try $0.id(0) }
    }

    /// The meters of a community with the areas that they hang, or hung, in.
    public func meterAreas(of community: CommunityID) throws -> [(serial: String, area: AreaID)] {
        try all(
            """
            SELECT coalesce(m.serial, ''), p.area_id FROM meter_installation i
            JOIN usage_point p ON p.community_id = i.community_id AND p.usage_point_id = i.usage_point_id
            JOIN meter m ON m.meter_id = i.meter_id
            WHERE i.community_id = \(community)
            """
        ) { (try $0.text(0), try $0.id(1)) }
    }

    /// The numbers of a community's households with the areas that they lie in.
    public func householdAreas(of community: CommunityID) throws -> [String: AreaID] {
        Dictionary(
            try all("SELECT number, area_id FROM household WHERE community_id = \(community)") {
                (try $0.text(0), try $0.id(1) as AreaID)
            }
        ) { first, _ in first }
    }

    /// The usage point of a number, whose number is its own in the whole city.
    public func usagePoint(number: String) throws -> UsagePoint? {
        try first(
            """
            SELECT usage_point_id, community_id, number, area_id FROM usage_point
            WHERE community_id IN (SELECT area_id FROM area WHERE kind = 'community') AND number = \(number)
            """
        ) {
            UsagePoint(id: try $0.id(0), community: try $0.id(1), number: try $0.text(2), area: try $0.id(3))
        }
    }

    /// A household's usage points, by number.
    public func heldPoints(of household: HouseholdID, in community: CommunityID) throws -> [HeldPoint] {
        try all(
            """
            SELECT h.usage_point_id, p.number, h.share_millionths FROM household_usage_point h
            JOIN usage_point p ON p.community_id = h.community_id AND p.usage_point_id = h.usage_point_id
            WHERE h.community_id = \(community) AND h.household_id = \(household)
            """
        ) {
            HeldPoint(usagePoint: try $0.id(0), number: try $0.text(1), shareMillionths: try $0.integerOrNil(2))
        }
        // Sorted here: asked to, SQLite walks every usage point of the community in the order of their numbers.
        .sorted { $0.number < $1.number }
    }

    /// Every household that ever held a usage point, with its share, by move-in.
    public func holders(
        of point: UsagePointID, in community: CommunityID
    ) throws -> [(household: Household, shareMillionths: Int64?)] {
        try all(
            """
            SELECT h.household_id, h.community_id, h.number, h.area_id, h.moved_in_at, h.moved_out_at,
                u.share_millionths
            FROM household_usage_point u
            JOIN household h ON h.community_id = u.community_id AND h.household_id = u.household_id
            WHERE u.community_id = \(community) AND u.usage_point_id = \(point)
            ORDER BY h.moved_in_at, h.household_id
            """
        ) { (try Reader.household($0), try $0.integerOrNil(6)) }
    }

    /// The persons noted for a household, by date.
    public func persons(of household: HouseholdID, in community: CommunityID) throws -> [PersonsFrom] {
        try all(
            """
            SELECT from_day, persons FROM household_persons
            WHERE community_id = \(community) AND household_id = \(household) ORDER BY from_day
            """
        ) {
            PersonsFrom(
                day: LocalDay(number: Int32(try $0.integer(0))), persons: try $0.integerOrNil(1).map(Int.init))
        }
    }

    fileprivate static func household(_ row: Row) throws -> Household {
        Household(
            id: try row.id(0), community: try row.id(1), number: try row.text(2), area: try row.id(3),
            movedIn: try row.instant(4), movedOut: try row.instantOrNil(5))
    }
}

extension Transaction {
    public func addUsagePoint(number: String, area: AreaID, in community: CommunityID) throws -> UsagePointID {
        let id = UsagePointID(try nextNumber(of: "usage_point"))
        try execute(
            """
            INSERT INTO usage_point (community_id, usage_point_id, number, area_id)
            VALUES (\(community), \(id), \(number), \(area))
            """)
        return id
    }

    /// Moves a usage point within its community, where a gateway's scope may end.
    public func setArea(of point: UsagePointID, in community: CommunityID, to area: AreaID) throws {
        try execute(
            """
            UPDATE usage_point SET area_id = \(area) WHERE community_id = \(community) AND usage_point_id = \(point)
            """)
        try raiseRegistryVersion()
    }

    public func addHousehold(
        number: String, area: AreaID, in community: CommunityID, movedIn: Instant, movedOut: Instant?
    ) throws -> HouseholdID {
        let id = HouseholdID(try nextNumber(of: "household"))
        try execute(
            """
            INSERT INTO household (community_id, household_id, number, area_id, moved_in_at, moved_out_at)
            VALUES (\(community), \(id), \(number), \(area), \(movedIn), \(movedOut))
            """)
        return id
    }

    public func change(_ household: Household) throws {
        try execute(
            """
            UPDATE household SET area_id = \(household.area), moved_in_at = \(household.movedIn),
                moved_out_at = \(household.movedOut)
            WHERE community_id = \(household.community) AND household_id = \(household.id)
            """)
    }

    /// Puts a household's list of usage points in the place of the one before.
    public func setPoints(_ points: [HeldPoint], of household: HouseholdID, in community: CommunityID) throws {
        try execute(
            """
            DELETE FROM household_usage_point WHERE community_id = \(community) AND household_id = \(household)
            """)
        for point in points {
            // Written, so that of two households that take one point at once the second sees the first.
            try execute(
                """
                UPDATE usage_point SET number = number
                WHERE community_id = \(community) AND usage_point_id = \(point.usagePoint)
                """)
            try execute(
                """
                INSERT INTO household_usage_point (community_id, household_id, usage_point_id, share_millionths)
                VALUES (\(community), \(household), \(point.usagePoint), \(point.shareMillionths))
                """)
        }
    }

    /// Notes persons from a date on; nil is unknown. Said again of the same date, the later word stands.
    public func setPersons(
        _ persons: Int?, of household: HouseholdID, in community: CommunityID, from day: LocalDay, at: Instant
    ) throws {
        try execute(
            """
            INSERT INTO household_persons (community_id, household_id, from_day, persons, noted_at)
            VALUES (\(community), \(household), \(day), \(persons), \(at))
            ON CONFLICT (community_id, household_id, from_day) DO UPDATE
            SET persons = excluded.persons, noted_at = excluded.noted_at
            """)
    }

    /// Takes an entry away as it was seen; false where it is not there, or with another number. The caller keeps what it
    /// was.
    public func removePersons(
        _ entry: PersonsFrom, of household: HouseholdID, in community: CommunityID
    ) throws -> Bool {
        // No household has 0 persons: it stands for unknown.
        try execute(
            """
            DELETE FROM household_persons
            WHERE community_id = \(community) AND household_id = \(household) AND from_day = \(entry.day)
                AND coalesce(persons, 0) = \(entry.persons ?? 0)
            """) == 1
    }
}

extension Household {
    public init(
        id: HouseholdID, in community: CommunityID, number: String, area: AreaID, movedIn: Instant, movedOut: Instant?
    ) {
        self.id = id
        self.community = community
        self.number = number
        self.area = area
        self.movedIn = movedIn
        self.movedOut = movedOut
    }
}

extension Household {
    /// The same household with its end; nil while it lives there.
    public func movingOut(_ moment: Instant?) -> Household {
        Household(id: id, in: community, number: number, area: area, movedIn: movedIn, movedOut: moment)
    }
}
