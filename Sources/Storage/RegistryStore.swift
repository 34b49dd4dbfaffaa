public import Database
public import Water

extension Transaction {
    /// Tells caches that areas, gateways, meters, installations or where a usage point lies have changed.
    public func raiseRegistryVersion() throws {
        try execute("UPDATE registry_version SET version = version + 1 WHERE only_row = 1")
    }

    /// Asks the fold to visit a meter's rows in a community: they may belong elsewhere, or to `target`, now.
    public func askSweep(of meter: MeterID, in community: CommunityID, target: MeterID, at: Instant) throws {
        try execute(
            """
            INSERT INTO sweep (community_id, meter_id, target_meter_id, asked_at)
            VALUES (\(community), \(meter), \(target), \(at))
            ON CONFLICT (community_id, meter_id) DO UPDATE
            SET target_meter_id = excluded.target_meter_id, asked_at =
                CASE WHEN sweep.asked_at >= excluded.asked_at THEN sweep.asked_at + 1 ELSE excluded.asked_at END
            """)
    }

    /// The next number of a kind that the whole city counts together, from 1. A counter in `setting`, because such
    /// a table's key starts with its community and its highest number is no cheap question.
    func nextNumber(of kind: String) throws -> Int64 {
        let next = try reader.first(
            """
            INSERT INTO setting (name, value) VALUES (\("last_\(kind)"), '1')
            ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(setting.value AS BIGINT) + 1 AS TEXT)
            RETURNING CAST(value AS BIGINT)
            """
        ) { try $0.integer(0) }
        guard let next else { throw DatabaseFailure.other(reason: "the counter of \(kind) gave nothing") }
        return next
    }
}
