public import Database
import Scoring
public import Water

/// A run in doubt that no believed register follows yet, as staff see it.
public struct OpenDoubt: Sendable, Hashable {
    public let serial: String
    public let doubt: MeterDoubt
    /// Of the usage point that the meter hung at when the run began.
    public let area: AreaID
    /// The numbers of who lives there now, or lived there since the run began; ascending.
    public fileprivate(set) var households: [String]
    /// Staff decided on a register of the run, and the next correction takes that up.
    public let isDecided: Bool
}

extension Reader {
    /// Where the registers of a community's meters are in doubt, by meter, each ascending. There are few.
    public func doubts(in community: CommunityID) throws -> [MeterID: [MeterDoubt]] {
        Dictionary(grouping: try all(Self.doubts(of: community, "")) { try Reader.doubt($0) }, by: \.meter)
    }

    /// Where one meter's registers are in doubt, ascending.
    public func doubts(of meter: MeterID, in community: CommunityID) throws -> [MeterDoubt] {
        try all(Self.doubts(of: community, "AND meter_id = \(meter)")) { try Reader.doubt($0) }
    }

    /// The runs in doubt of a community's meters that no believed register follows yet, by serial, at most `limit`.
    public func openDoubts(of community: CommunityID, at: Instant, limit: Int) throws -> [OpenDoubt] {
        var found: [OpenDoubt] = []
        try each(
            """
            SELECT d.serial, d.meter_id, d.from_at, d.first_at, p.area_id, h.number, e.read_at
            FROM (
                SELECT coalesce(m.serial, '') AS serial, s.meter_id, s.from_at, s.first_at
                FROM doubted_stretch s JOIN meter m ON m.meter_id = s.meter_id
                WHERE s.community_id = \(community) AND s.to_at IS NULL
                ORDER BY 1, s.first_at LIMIT \(limit)
            ) d
            JOIN meter_installation i ON i.meter_id = d.meter_id AND i.installed_at <= d.first_at
                AND (i.removed_at IS NULL OR i.removed_at >= d.first_at)
            JOIN usage_point p ON p.community_id = i.community_id AND p.usage_point_id = i.usage_point_id
            LEFT JOIN household_usage_point u
                ON u.community_id = i.community_id AND u.usage_point_id = i.usage_point_id
            LEFT JOIN household h ON h.community_id = u.community_id AND h.household_id = u.household_id
                AND h.moved_in_at <= \(at) AND (h.moved_out_at IS NULL OR h.moved_out_at > d.first_at)
            LEFT JOIN \(Self.decisions(in: community)) e ON e.meter_id = d.meter_id
            WHERE i.community_id = \(community)
            ORDER BY d.serial, d.first_at, h.number
            """
        ) { row in
            let doubt = MeterDoubt(
                meter: try row.id(1), from: try row.instant(2), first: try row.instant(3), to: nil)
            if found.last?.doubt != doubt {
                let decided = try row.instantOrNil(6)
                found.append(
                    OpenDoubt(
                        serial: try row.text(0), doubt: doubt, area: try row.id(4), households: [],
                        isDecided: decided.map { $0 >= doubt.first } ?? false))
            }
            let number = try row.textOrNil(5)
            if let number, !found[found.count - 1].households.contains(number) {
                found[found.count - 1].households.append(number)
            }
        }
        return found
    }

    /// How many runs in doubt of a community's meters nothing was decided on and no believed register follows yet.
    public func openDoubtCount(of community: CommunityID) throws -> Int {
        try first(
            """
            SELECT count(*) FROM doubted_stretch d
            LEFT JOIN \(Self.decisions(in: community)) e ON e.meter_id = d.meter_id
            WHERE d.community_id = \(community) AND d.to_at IS NULL
                AND (e.read_at IS NULL OR e.read_at < d.first_at)
            """
        ) { Int(try $0.integer(0)) } ?? 0
    }

    /// The latest reading of each meter on which a decision waits for the next correction.
    private static func decisions(in community: CommunityID) -> SQL {
        """
        (
            SELECT meter_id, max(read_at) AS read_at FROM home_change
            WHERE community_id = \(community) AND cause = \(HomeChange.Cause.edit.rawValue) GROUP BY meter_id
        )
        """
    }

    private static func doubts(of community: CommunityID, _ condition: SQL) -> SQL {
        """
        SELECT meter_id, from_at, first_at, to_at FROM doubted_stretch
        WHERE community_id = \(community) \(condition) ORDER BY meter_id, first_at
        """
    }

    private static func doubt(_ row: Row) throws -> MeterDoubt {
        MeterDoubt(
            meter: try row.id(0), from: try row.instant(1), first: try row.instant(2),
            to: try row.instantOrNil(3))
    }
}

extension Transaction {
    /// Keeps where registers are in doubt; the same run known before gets its present ends.
    public func add(_ doubts: [MeterDoubt], in community: CommunityID) throws {
        var rows = Rows(["community_id", "meter_id", "first_at", "from_at", "to_at"])
        for one in doubts { rows.append(community, one.meter, one.first, one.from, one.to?.epochSeconds) }
        try upsert(rows, into: "doubted_stretch", key: ["community_id", "meter_id", "first_at"])
    }

    /// Forgets one that turned out to be none.
    public func remove(_ doubt: MeterDoubt, in community: CommunityID) throws {
        try execute(
            """
            DELETE FROM doubted_stretch
            WHERE community_id = \(community) AND meter_id = \(doubt.meter) AND first_at = \(doubt.first)
            """)
    }
}
