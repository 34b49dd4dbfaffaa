import Database
import Foundation
import Testing

/// A schema of its own on the server of JIESHUI_TEST_POSTGRES for one test, removed afterwards.
struct PostgresServer {
    /// Where tests find a server; nil where none was given, which CI does not allow.
    static let address: String? = ProcessInfo.processInfo.environment["JIESHUI_TEST_POSTGRES"]

    let database: Database
    /// Another process's view of the same schema.
    let other: Database
    let address: String

    /// Runs `body` in a fresh schema with the table `a (k, t, b)`.
    static func withSchema(_ body: (PostgresServer) async throws -> Void) async throws {
        let server = try #require(Self.address)
        let schema = "t_\(UUID().uuidString.lowercased().replacing("-", with: ""))"
        let plain = try Database(address: server, connections: 1)
        try await plain.write { try $0.script("CREATE SCHEMA \(schema)") }
        let address = with("options", "-csearch_path%3D\(schema)", server)
        let one = PostgresServer(
            database: try Database(address: address, connections: 4),
            other: try Database(address: address, connections: 4), address: address)
        do {
            try await one.database.migrate([first], at: 1)
            try await body(one)
        } catch {
            try await plain.write { try $0.script("DROP SCHEMA \(schema) CASCADE") }
            throw error
        }
        try await plain.write { try $0.script("DROP SCHEMA \(schema) CASCADE") }
    }

    /// An address with one more setting.
    static func with(_ name: String, _ value: String, _ address: String) -> String {
        "\(address)\(address.contains("?") ? "&" : "?")\(name)=\(value)"
    }

    static let first = Migration(
        number: 1, name: "first", sqlite: "CREATE TABLE a (k INTEGER PRIMARY KEY, t TEXT, b BLOB) STRICT;")

    func count() async throws -> Int64? {
        try await database.read { try $0.first("SELECT count(*) FROM a") { try $0.integer(0) } }
    }

    /// Ends every other connection that is in a transaction of the table `a`; one at least must be.
    func endOthers() async throws {
        let plain = try Database(address: try #require(Self.address), connections: 1)
        let ended = try await plain.read { reader in
            try reader.all(
                """
                SELECT CAST(pg_terminate_backend(l.pid) AS BOOLEAN) FROM pg_locks l
                WHERE l.relation = CAST(CAST(\(schemaTable) AS TEXT) AS regclass) AND l.pid <> pg_backend_pid()
                """
            ) { try $0.flag(0) }.count
        }
        #expect(ended > 0)
    }

    private var schemaTable: String { (address.components(separatedBy: "search_path%3D").last ?? "") + ".a" }
}
