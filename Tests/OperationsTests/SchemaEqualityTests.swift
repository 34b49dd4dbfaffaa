import Database
import Storage
import Testing

/// One schema, two engines: what a migration says to one it says to the other.
@Suite(.freshDatabases, .enabled(if: TestEngine.allCases.contains(.postgres)))
struct SchemaEqualityTests {
    @Test func `every table and column is the same on both engines, its type, nullability and place in the key`()
        async throws
    {
        let sqlite = try await lines(of: .sqlite, Self.sqliteColumns)
        let postgres = try await lines(of: .postgres, Self.postgresColumns)
        #expect(sqlite.count > 200)
        expectEqual(sqlite, postgres, but: Self.journalKeys)
    }

    @Test func `every index and uniqueness is the same on both engines`() async throws {
        let sqlite = try await lines(of: .sqlite, Self.sqliteIndexes)
        let postgres = try await lines(of: .postgres, Self.postgresIndexes)
        #expect(sqlite.count > 20)
        expectEqual(sqlite, postgres, but: Self.journalKeys)
    }

    @Test func `every reference to another table is the same on both engines`() async throws {
        let sqlite = try await lines(of: .sqlite, Self.sqliteReferences)
        let postgres = try await lines(of: .postgres, Self.postgresReferences)
        #expect(sqlite.count > 20)
        expectEqual(sqlite, postgres)
    }

    /// SQLite numbers the whole journal, PostgreSQL keys its rows by community first.
    private static let journalKeys: Set<String> = [
        "journal.community_id INTEGER key 0", "journal.community_id INTEGER key 1",
        "journal.journal_id INTEGER key 1", "journal.journal_id INTEGER key 2",
        "journal index (community_id,journal_id)", "journal unique (community_id,journal_id)",
    ]

    private func expectEqual(_ one: Set<String>, _ other: Set<String>, but exceptions: Set<String> = []) {
        #expect(one.subtracting(other).subtracting(exceptions).sorted() == [], "on SQLite alone")
        #expect(other.subtracting(one).subtracting(exceptions).sorted() == [], "on PostgreSQL alone")
    }

    private func lines(of engine: TestEngine, _ sql: SQL) async throws -> Set<String> {
        let database = try await freshDatabase(of: engine)
        return Set(try await database.read { try $0.all(sql) { try $0.text(0) } })
    }
}

// Each row is one line of text, in the words of SQLite.
extension SchemaEqualityTests {
    private static let sqliteColumns: SQL = """
        SELECT t.name || '.' || c.name || ' ' || c.type
            || CASE WHEN c."notnull" = 0 AND c.pk = 0 THEN ' NULL' ELSE '' END || ' key ' || c.pk
        FROM sqlite_master t JOIN pragma_table_info(t.name) c
        WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> 'schema_migration'
        """

    private static let postgresColumns: SQL = """
        SELECT c.table_name || '.' || c.column_name || ' '
            || CASE c.data_type WHEN 'bigint' THEN 'INTEGER' WHEN 'text' THEN 'TEXT' WHEN 'bytea' THEN 'BLOB'
                ELSE c.data_type END
            || CASE WHEN c.data_type = 'text' AND c.collation_name IS DISTINCT FROM 'C' THEN ' COLLATED' ELSE '' END
            || CASE c.is_nullable WHEN 'YES' THEN ' NULL' ELSE '' END || ' key ' || coalesce(k.ordinal_position, 0)
        FROM information_schema.columns c
        JOIN pg_class t ON t.relnamespace = CAST(c.table_schema AS regnamespace) AND t.relname = c.table_name
            AND t.relkind IN ('r', 'p') AND NOT t.relispartition
        LEFT JOIN (information_schema.key_column_usage k
            JOIN information_schema.table_constraints p ON p.constraint_schema = k.constraint_schema
                AND p.constraint_name = k.constraint_name AND p.table_name = k.table_name
                AND p.constraint_type = 'PRIMARY KEY')
            ON k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name
        WHERE c.table_schema = current_schema() AND c.table_name <> 'schema_migration'
        """

    private static let sqliteIndexes: SQL = """
        SELECT t.name || CASE WHEN i."unique" = 1 THEN ' unique (' ELSE ' index (' END
            || (SELECT group_concat(x.name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno) x)
            || ')' || CASE WHEN i.partial = 1 THEN ' partial' ELSE '' END
        FROM sqlite_master t JOIN pragma_index_list(t.name) i
        WHERE t.type = 'table' AND i.origin <> 'pk' AND t.name NOT LIKE 'sqlite%'
        """

    private static let postgresIndexes: SQL = """
        SELECT t.relname || CASE WHEN i.indisunique THEN ' unique (' ELSE ' index (' END
            || (SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(i.indkey) WITH ORDINALITY k(number, place)
                JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number)
            || ')' || CASE WHEN i.indpred IS NOT NULL THEN ' partial' ELSE '' END
        FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
        WHERE t.relnamespace = CAST(current_schema() AS regnamespace) AND NOT i.indisprimary AND NOT t.relispartition
        """

    private static let sqliteReferences: SQL = """
        SELECT t.name || ' (' || group_concat(f."from", ',') || ') ' || f."table" || ' ('
            || group_concat(f."to", ',') || ')'
        FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f
        WHERE t.type = 'table' GROUP BY t.name, f.id, f."table"
        """

    private static let postgresReferences: SQL = """
        SELECT t.relname || ' (' || (SELECT string_agg(a.attname, ',' ORDER BY k.place)
                FROM unnest(f.conkey) WITH ORDINALITY k(number, place)
                JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.number)
            || ') ' || r.relname || ' (' || (SELECT string_agg(a.attname, ',' ORDER BY k.place)
                FROM unnest(f.confkey) WITH ORDINALITY k(number, place)
                JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.number) || ')'
        FROM pg_constraint f JOIN pg_class t ON t.oid = f.conrelid JOIN pg_class r ON r.oid = f.confrelid
        WHERE f.contype = 'f' AND f.connamespace = CAST(current_schema() AS regnamespace)
        """
}
