/// Which tables of a schema are kept whole on every node of a Citus cluster, and which are cut by a column.
public struct Distribution: Sendable {
    /// Small and the same everywhere; those that others refer to first.
    public let reference: [String]
    /// Cut by `column`, the rows of one value together on one node; those that others refer to first.
    public let distributed: [String]
    public let column: String
    /// Pieces a table is cut into, 1 or more: no more nodes than these can share it.
    public let shards: Int

    public init(reference: [String], distributed: [String], column: String, shards: Int = 32) {
        self.reference = reference
        self.distributed = distributed
        self.column = column
        self.shards = shards
    }
}

extension PostgresSession {
    /// Spreads what is not spread yet; nil without the extension. Citus moves the rows that are there.
    func distribute(_ plan: Distribution) throws -> Int? {
        guard isCitus else { return nil }
        var known: Set<String> = []
        try each(
            """
            SELECT CAST(c.relname AS TEXT) FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid
            WHERE c.relnamespace = CAST(current_schema() AS regnamespace)
            """
        ) { row in
            known.insert(try row.text(0))
            return true
        }
        var count = 0
        for table in plan.reference where !known.contains(table) {
            _ = try execute("SELECT create_reference_table(CAST(CAST(\(table) AS TEXT) AS regclass))")
            count += 1
        }
        var first = plan.distributed.first { known.contains($0) }
        for table in plan.distributed where !known.contains(table) {
            try distribute(table, plan, beside: first)
            first = first ?? table
            count += 1
        }
        return count
    }

    private func distribute(_ table: String, _ plan: Distribution, beside first: String?) throws {
        if let first {
            _ = try execute(
                """
                SELECT create_distributed_table(CAST(CAST(\(table) AS TEXT) AS regclass), CAST(\(plan.column) AS TEXT),
                    colocate_with => CAST(\(first) AS TEXT))
                """)
        } else {
            _ = try execute(
                """
                SELECT create_distributed_table(CAST(CAST(\(table) AS TEXT) AS regclass), CAST(\(plan.column) AS TEXT),
                    colocate_with => 'none', shard_count => CAST(CAST(\(plan.shards) AS BIGINT) AS INTEGER))
                """)
        }
    }
}
