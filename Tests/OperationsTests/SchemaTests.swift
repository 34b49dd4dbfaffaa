import Database
import Foundation
import Storage
import Testing

@Suite struct SchemaTests {
    @Test func `every migration applies to an empty database, twice without harm`() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).sqlite").path
        let database = try Database(address: "sqlite:\(path)")
        try await database.migrate(migrations, at: 1)
        try await database.migrate(migrations, at: 2)
        let numbers = try await database.read {
            try $0.all("SELECT number FROM schema_migration ORDER BY number") { try $0.integer(0) }
        }
        #expect(numbers == migrations.map(\.number))
    }
}
