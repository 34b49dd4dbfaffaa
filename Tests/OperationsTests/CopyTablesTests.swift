import Database
import Storage
import Testing

@Suite(.freshDatabases) struct CopyTablesTests {
    private static let listed = Set(
        storedTables.flatMap { table in
            zip(table.columns, table.kinds).map { "\(table.name).\($0) \($1)" }
        })

    @Test(arguments: TestEngine.allCases)
    func `the list names every table and column of the schema with what it holds`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            let found = try await database.read { reader in
                try reader.all(reader.isPostgres ? Self.columnsOnPostgres : Self.columnsOnSQLite) { row in
                    "\(try row.text(0)).\(try row.text(1)) \(Self.kinds[try row.text(2)] ?? "unknown")"
                }
            }
            #expect(Set(found) == Self.listed)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the keys are those of the schema, in their order`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            for table in storedTables {
                let key = try await database.read { reader in
                    try reader.all(reader.isPostgres ? Self.keyOnPostgres(table) : Self.keyOnSQLite(table)) {
                        try $0.text(0)
                    }
                }
                // SQLite makes numbers for a key of one column only; elsewhere the journal's is a part of its key.
                let isShort = engine == .sqlite && table.name == "journal"
                #expect(key == (isShort ? ["journal_id"] : table.key), "\(table.name)")
            }
        }
    }

    @Test func `bytes are never absent`() async throws {
        try await onFreshDatabase(of: .sqlite) { database in
            for table in storedTables {
                let count = try await database.read { reader in
                    try reader.first(
                        """
                        SELECT count(*) FROM pragma_table_info(\(table.name)) WHERE type = 'BLOB' AND "notnull" = 0
                        """
                    ) { try $0.integer(0) }
                }
                #expect(count == 0, "\(table.name)")
            }
        }
    }

    @Test func `a table comes after those it refers to`() async throws {
        try await onFreshDatabase(of: .sqlite) { database in
            var before: Set<String> = []
            for table in storedTables {
                let wanted = try await database.read { reader in
                    try reader.all("SELECT \"table\" FROM pragma_foreign_key_list(\(table.name))") { try $0.text(0) }
                }
                if wanted.contains(table.name) { #expect(table.parent != nil, "\(table.name)") }
                before.insert(table.name)
                #expect(before.isSuperset(of: wanted), "\(table.name)")
            }
        }
    }

    private static let kinds = [
        "INTEGER": "integer", "TEXT": "text", "BLOB": "bytes", "int8": "integer", "text": "text", "bytea": "bytes",
    ]

    private static let columnsOnSQLite: SQL = """
        SELECT t.name, c.name, c.type FROM sqlite_master t JOIN pragma_table_info(t.name) c
        WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> 'schema_migration'
        """

    /// Without the parts of a table that is cut by month.
    private static let columnsOnPostgres: SQL = """
        SELECT CAST(c.relname AS TEXT), CAST(a.attname AS TEXT), CAST(t.typname AS TEXT)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            JOIN pg_type t ON t.oid = a.atttypid
        WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relkind IN ('r', 'p')
            AND NOT c.relispartition AND c.relname <> 'schema_migration'
        """

    private static func keyOnSQLite(_ table: StoredTable) -> SQL {
        "SELECT name FROM pragma_table_info(\(table.name)) WHERE pk > 0 ORDER BY pk"
    }

    private static func keyOnPostgres(_ table: StoredTable) -> SQL {
        """
        SELECT CAST(a.attname AS TEXT) FROM pg_index i
            CROSS JOIN LATERAL unnest(CAST(i.indkey AS int2[])) WITH ORDINALITY AS k (place, number)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.place
        WHERE i.indrelid = CAST(CAST(\(table.name) AS TEXT) AS regclass) AND i.indisprimary ORDER BY k.number
        """
    }
}
