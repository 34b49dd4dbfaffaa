import Database
import Storage
import Testing

@Suite(.freshDatabases) struct SchemaTests {
    @Test(arguments: TestEngine.allCases)
    func `every migration applies to an empty database, twice without harm`(engine: TestEngine) async throws {
        let database = try await freshDatabase(of: engine)
        try await database.migrate(migrations, at: 2)
        let numbers = try await database.read {
            try $0.all("SELECT number FROM schema_migration ORDER BY number") { try $0.integer(0) }
        }
        #expect(numbers == migrations.map(\.number))
    }
}
