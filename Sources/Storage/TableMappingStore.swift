public import Database
public import Water

extension Reader {
    /// The text of a gateway's mapping of tables by its name; nil where it has none of that name.
    public func tableMapping(_ name: String, of gateway: GatewayID) throws -> String? {
        try first("SELECT mapping FROM gateway_table WHERE gateway_id = \(gateway) AND name = \(name)") {
            try $0.text(0)
        }
    }

    /// The names of a gateway's mappings of tables.
    public func tableMappings(of gateway: GatewayID) throws -> [String] {
        try all("SELECT name FROM gateway_table WHERE gateway_id = \(gateway) ORDER BY name") { try $0.text(0) }
    }
}

extension Transaction {
    /// Keeps a mapping; one of the same name is replaced.
    public func putTableMapping(_ mapping: String, name: String, of gateway: GatewayID, at: Instant) throws {
        try execute(
            """
            INSERT INTO gateway_table (gateway_id, name, mapping, changed_at)
            VALUES (\(gateway), \(name), \(mapping), \(at))
            ON CONFLICT (gateway_id, name) DO UPDATE
            SET mapping = excluded.mapping, changed_at = excluded.changed_at
            """)
    }
}
