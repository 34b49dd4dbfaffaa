import Database
import Foundation
import Storage
import Testing

/// The engines every test of Storage and of what stands on it runs on: SQLite, and PostgreSQL where
/// JIESHUI_TEST_POSTGRES gives the address of a server to test on.
///
///     @Suite(.freshDatabases) struct SomeTests {
///         @Test(arguments: TestEngine.allCases)
///         func `a claim`(engine: TestEngine) async throws {
///             let database = try await freshDatabase(of: engine)
enum TestEngine: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite, postgres

    static let allCases: [TestEngine] = {
        if postgresAddress != nil { return [.sqlite, .postgres] }
        print("JIESHUI_TEST_POSTGRES gives no server: the tests run on SQLite alone")
        return [.sqlite]
    }()

    static let postgresAddress = ProcessInfo.processInfo.environment["JIESHUI_TEST_POSTGRES"]
    /// The server is a Citus coordinator: every schema is spread over its nodes.
    static let isCitus = ProcessInfo.processInfo.environment["JIESHUI_TEST_CITUS"] == "1"

    var testDescription: String { rawValue }
}

/// An empty database of an engine with all or some migrations applied, removed when the test ends.
func freshDatabase(of engine: TestEngine, at applied: [Migration] = migrations) async throws -> Database {
    try await freshPlace(of: engine, at: applied).database
}

/// The same with its address, for a second process's view of it.
func freshPlace(
    of engine: TestEngine, at applied: [Migration] = migrations
) async throws -> (database: Database, address: String) {
    let scope = try #require(DatabaseScope.current, "the suite lacks .freshDatabases")
    switch engine {
    case .sqlite: return try await freshFile(scope, applied)
    case .postgres: return try await freshSchema(scope, applied)
    }
}

/// The same for the time of `body`.
func onFreshDatabase<T>(of engine: TestEngine, _ body: (Database) async throws -> T) async throws -> T {
    try await DatabaseScope.run { try await body(try await freshDatabase(of: engine)) }
}

private func freshFile(_ scope: DatabaseScope, _ applied: [Migration]) async throws -> (Database, String) {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jieshui-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    await scope.atEnd { try FileManager.default.removeItem(at: folder) }
    let address = "sqlite:\(folder.appendingPathComponent("test.sqlite").path)"
    let database = try Database(address: address)
    try await database.migrate(applied, at: 1)
    return (database, address)
}

/// A schema of its own, so that tests run beside each other on one server.
private func freshSchema(_ scope: DatabaseScope, _ applied: [Migration]) async throws -> (Database, String) {
    let server = try #require(TestEngine.postgresAddress, "JIESHUI_TEST_POSTGRES gives no server")
    let schema = "t_\(UUID().uuidString.lowercased().replacing("-", with: ""))"
    let plain = try Database(address: server, connections: 1)
    await scope.atEnd {
        try await Turn.schemas.run { try await drop(schema, plain) }
    }
    let joint = server.contains("?") ? "&" : "?"
    let address = "\(server)\(joint)options=-csearch_path%3D\(schema)"
    let database = try Database(address: address, connections: 4)
    try await Turn.schemas.run {
        try await plain.write { try $0.script("CREATE SCHEMA \(schema)") }
        try await database.migrate(applied, at: 1)
        if TestEngine.isCitus { try await spread(database) }
    }
    return (database, address)
}

/// A cluster's nodes may find a deadlock with what other tests do; the next try comes after them.
private func drop(_ schema: String, _ server: Database) async throws {
    for attempt in 1... {
        do {
            return try await server.write { try $0.script("DROP SCHEMA IF EXISTS \(schema) CASCADE") }
        } catch DatabaseFailure.conflict where attempt < 10 {
            continue
        }
    }
}

private func spread(_ database: Database) async throws {
    let plan = Distribution(
        reference: citusPlan.reference, distributed: citusPlan.distributed, column: citusPlan.column, shards: 4)
    let count = try await database.distribute(plan)
    try #require(count != nil, "JIESHUI_TEST_CITUS is set, but the server has no citus extension")
}

/// What a test made and has to be taken away at its end, whether it passes or not.
actor DatabaseScope {
    @TaskLocal static var current: DatabaseScope?

    private var endings: [@Sendable () async throws -> Void] = []

    func atEnd(_ ending: @escaping @Sendable () async throws -> Void) { endings.append(ending) }

    /// Runs `body` within a scope, its own unless it is in one already.
    static func run<T>(_ body: () async throws -> T) async throws -> T {
        if current != nil { return try await body() }
        return try await Turn.tests.run {
            let scope = DatabaseScope()
            do {
                let value = try await $current.withValue(scope) { try await body() }
                await scope.end()
                return value
            } catch {
                await scope.end()
                throw error
            }
        }
    }

    private func end() async {
        for ending in endings.reversed() {
            do {
                try await ending()
            } catch {
                Issue.record("a test's database stays behind: \(error)")
            }
        }
        endings = []
    }
}

/// Lets so many go on at a time; the others wait their turn.
private actor Turn {
    /// A server's connections are few.
    static let tests = Turn(places: 12)
    /// On a cluster, changes of schemas beside each other end in deadlocks.
    static let schemas = Turn(places: TestEngine.isCitus ? 1 : 12)

    private var places: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(places: Int) { self.places = places }

    nonisolated func run<T>(_ body: () async throws -> T) async throws -> T {
        await take()
        do {
            let value = try await body()
            await giveBack()
            return value
        } catch {
            await giveBack()
            throw error
        }
    }

    private func take() async {
        if places > 0 {
            places -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func giveBack() {
        if waiting.isEmpty {
            places += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}

/// A suite whose tests use `freshDatabase(of:)`.
struct FreshDatabases: SuiteTrait, TestTrait, TestScoping {
    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await DatabaseScope.run { try await function() }
    }
}

extension Trait where Self == FreshDatabases {
    static var freshDatabases: Self { Self() }
}
