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
    private struct ForeignKey {
        let table: String
        let name: String
        let definition: String
    }

    /// Spreads what is not spread yet, all or nothing; nil without the extension. Citus moves the rows that are there.
    ///
    /// Foreign keys are taken off meanwhile: neither end of one can be spread before the other.
    func distribute(_ plan: Distribution) throws -> Int? {
        guard isCitus else { return nil }
        try begin("BEGIN")
        do {
            let count = try distributeMissing(plan)
            switch commit() {
            case .committed: return count
            case .refused(let failure): throw failure
            case .unknown: throw DatabaseFailure.outcomeUnknown
            }
        } catch {
            rollback()
            throw error
        }
    }

    private func distributeMissing(_ plan: Distribution) throws -> Int {
        let known = try distributedTables()
        let (reference, distributed) = (
            plan.reference.filter { !known.contains($0) }, plan.distributed.filter { !known.contains($0) }
        )
        guard !reference.isEmpty || !distributed.isEmpty else { return 0 }
        let keys = try foreignKeys()
        for key in keys { try script("ALTER TABLE \(key.table) DROP CONSTRAINT \(key.name)") }
        for table in reference {
            _ = try execute("SELECT create_reference_table(CAST(CAST(\(table) AS TEXT) AS regclass))")
        }
        var first = plan.distributed.first { known.contains($0) }
        for table in distributed {
            try distribute(table, plan, beside: first)
            first = first ?? table
        }
        for key in keys {
            try script("ALTER TABLE \(key.table) ADD CONSTRAINT \(key.name) \(key.definition)")
        }
        return reference.count + distributed.count
    }

    private func distributedTables() throws -> Set<String> {
        var known: Set<String> = []
        try each(
            """
            SELECT CAST(c.relname AS TEXT) FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid
            WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND (p.partmethod = 'h' OR p.repmodel = 't')
            """
        ) { row in
            known.insert(try row.text(0))
            return true
        }
        return known
    }

    private func foreignKeys() throws -> [ForeignKey] {
        var keys: [ForeignKey] = []
        try each(
            """
            SELECT CAST(CAST(conrelid AS regclass) AS TEXT), CAST(quote_ident(conname) AS TEXT),
                pg_get_constraintdef(oid)
            FROM pg_constraint
            WHERE contype = 'f' AND connamespace = CAST(current_schema() AS regnamespace) AND conparentid = 0
            ORDER BY 1, 2
            """
        ) { row in
            keys.append(ForeignKey(table: try row.text(0), name: try row.text(1), definition: try row.text(2)))
            return true
        }
        return keys
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
