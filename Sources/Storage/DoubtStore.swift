public import Database
public import Water

extension Reader {
    /// Where the registers of a community's meters are in doubt, by meter, each ascending. There are few.
    public func doubts(in community: CommunityID) throws -> [MeterID: [MeterDoubt]] {
        Dictionary(grouping: try all(Self.doubts(of: community, "")) { try Reader.doubt($0) }, by: \.meter)
    }

    /// Where one meter's registers are in doubt, ascending.
    public func doubts(of meter: MeterID, in community: CommunityID) throws -> [MeterDoubt] {
        try all(Self.doubts(of: community, "AND meter_id = \(meter)")) { try Reader.doubt($0) }
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
