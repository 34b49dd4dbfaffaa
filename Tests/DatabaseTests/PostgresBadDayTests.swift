import Foundation
import Synchronization
import Testing

@testable import Database

@Suite(.enabled(if: PostgresServer.address != nil)) struct PostgresBadDayTests {
    @Test func `a connection ended inside a transaction costs a second run and nothing else`() async throws {
        try await PostgresServer.withSchema { server in
            let runs = Mutex(0)
            try await server.database.write { transaction in
                try transaction.execute("INSERT INTO a (k) VALUES (1)")
                let run = runs.withLock { runs in
                    runs += 1
                    return runs
                }
                if run == 1 { try wait { try await server.endOthers() } }
                try transaction.execute("INSERT INTO a (k) VALUES (2)")
            }
            #expect(try await server.count() == 2)
            #expect(runs.withLock { $0 } == 2)
        }
    }

    @Test func `a connection ended just before its commit is run again where the body may be, else unknown`()
        async throws
    {
        try await PostgresServer.withSchema { server in
            for isRepeatable in [true, false] {
                let runs = Mutex(0)
                do {
                    try await server.database.write(repeatable: isRepeatable) { transaction in
                        try transaction.execute(
                            "INSERT INTO a (k, t) VALUES (\(isRepeatable), 'x') ON CONFLICT (k) DO NOTHING")
                        let run = runs.withLock { runs in
                            runs += 1
                            return runs
                        }
                        if run == 1 { try wait { try await server.endOthers() } }
                    }
                    #expect(isRepeatable)
                } catch DatabaseFailure.outcomeUnknown {
                    #expect(!isRepeatable)
                }
                #expect(runs.withLock { $0 } == (isRepeatable ? 2 : 1))
            }
            #expect(try await server.count() == 1)
        }
    }

    @Test func `a column of another type costs a second run, of every statement that was prepared`() async throws {
        try await PostgresServer.withSchema { server in
            let database = try Database(address: server.address, connections: 1)
            @Sendable func keys(_ reader: Reader) throws -> [Int64] {
                try reader.all("SELECT k FROM a ORDER BY k") { try $0.integer(0) }
            }
            @Sendable func add(_ key: Int64) async throws -> Int64 {
                try await database.write {
                    try $0.insertReturningKey("INSERT INTO a (k) VALUES (\(key)) RETURNING k")
                }
            }
            for key in 1...3 as ClosedRange<Int64> { #expect(try await add(key) == key) }
            #expect(try await database.read(keys) == [1, 2, 3])
            for (type, key) in [("INTEGER", 4), ("BIGINT", 5)] as [(String, Int64)] {
                try await server.other.write { try $0.script("ALTER TABLE a ALTER COLUMN k TYPE \(type)") }
                #expect(try await database.read(keys) == Array(1..<key))
                #expect(try await add(key) == key)
                #expect(try await database.read(keys) == Array(1...key))
            }
            try await server.other.write { try $0.script("ALTER TABLE a ALTER COLUMN k TYPE INTEGER") }
            #expect(try await add(6) == 6)
            #expect(try await database.read(keys) == [1, 2, 3, 4, 5, 6])
        }
    }

    @Test func `a failure over a stale plan that the body swallowed leaves the next one none`() async throws {
        try await PostgresServer.withSchema { server in
            let database = try Database(address: server.address, connections: 1)
            #expect(try await database.read { try $0.all("SELECT k FROM a") { try $0.integer(0) } }.isEmpty)
            try await server.other.write { try $0.script("ALTER TABLE a ALTER COLUMN k TYPE INTEGER") }
            let runs = Mutex(0)
            try await database.write { transaction in
                runs.withLock { $0 += 1 }
                do {
                    _ = try transaction.reader.all("SELECT k FROM a") { try $0.integer(0) }
                } catch is DatabaseFailure {
                    return
                }
            }
            #expect(runs.withLock { $0 } == 2)
            #expect(try await database.read { try $0.all("SELECT k FROM a") { try $0.integer(0) } }.isEmpty)
        }
    }

    @Test func `names of prepared statements that are taken cost a second run`() async throws {
        try await PostgresServer.withSchema { server in
            let database = try Database(address: server.address, connections: 1)
            try await database.write { transaction in
                for number in 0..<100 { try transaction.script("PREPARE s\(number) AS SELECT 1") }
            }
            for number in 0..<3 as Range<Int64> {
                let found = try await database.read { try $0.first("SELECT \(number) + 0") { try $0.integer(0) } }
                #expect(found == number)
            }
            #expect(try await server.count() == 0)
        }
    }

    @Test func `a cancelled task ends its statement at the server`() async throws {
        try await PostgresServer.withSchema { server in
            let database = server.database
            let started = AsyncStream<Void>.makeStream()
            let task = Task {
                try await database.read { reader in
                    started.continuation.finish()
                    return try reader.first("SELECT pg_sleep(60) IS NULL") { try $0.flag(0) }
                }
            }
            for await _ in started.stream {}
            let clock = ContinuousClock()
            let took = await clock.measure {
                task.cancel()
                let result = await task.result
                #expect(throws: CancellationError.self) { try result.get() }
            }
            #expect(took < .seconds(30))
            let left = try await server.other.read {
                try $0.first(
                    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%' AND state = 'active'"
                ) { try $0.integer(0) }
            }
            #expect(left == 0)
            // The pool serves on.
            #expect(try await server.count() == 0)
        }
    }

    @Test func `what cannot be opened says what to do`() async throws {
        let server = try #require(PostgresServer.address)
        let plain = try Database(address: server, connections: 1)
        let missing = server.replacing(#/\/[a-z_]+\?/#, with: "/no_such_database?")
        await #expect(throws: DatabaseFailure.self) {
            try await Database(address: missing).read { _ = try $0.first("SELECT 1") { _ in true } }
        }
        do {
            try await Database(address: missing).read { _ = try $0.first("SELECT 1") { _ in true } }
        } catch DatabaseFailure.cannotOpen(let reason) {
            #expect(reason.contains("createdb"), "\(reason)")
        }
        do {
            let noRole = PostgresServer.with("user", "no_such_role", server)
            try await Database(address: noRole).read { _ = try $0.first("SELECT 1") { _ in true } }
            Issue.record("there is no such role")
        } catch DatabaseFailure.cannotOpen(let reason) {
            #expect(reason.contains("make the user"), "\(reason)")
        }
        #expect(throws: DatabaseFailure.unknownAddress("mysql://u@h/d")) { try Database(address: "mysql://u:p@h/d") }
        _ = plain
    }

    @Test func `a server that takes no writes says so`() async throws {
        try await PostgresServer.withSchema { server in
            // What a standby answers to a transaction that wants to write.
            do {
                try await server.database.write { transaction in
                    try transaction.execute("SET TRANSACTION READ ONLY")
                    try transaction.execute("INSERT INTO a (k) VALUES (1)")
                }
                Issue.record("it was read-only")
            } catch DatabaseFailure.readOnly(let reason) {
                #expect(reason.contains("read-only"))
            }
        }
    }

    @Test func `more askers than connections all get their turn`() async throws {
        try await PostgresServer.withSchema { server in
            let narrow = try Database(address: server.address, connections: 2)
            let sum = try await withThrowingTaskGroup(of: Int64.self) { group in
                for number in 1...40 {
                    group.addTask {
                        try await narrow.read { try $0.first("SELECT \(number) + 0") { try $0.integer(0) } ?? 0 }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(sum == 820)
        }
    }

    @Test func `there are never more connections than allowed, however many ask`() async throws {
        try await PostgresServer.withSchema { server in
            let name = "bound_\(UUID().uuidString.prefix(8))"
            let narrow = try Database(
                address: PostgresServer.with("application_name", name, server.address), connections: 3)
            let most = try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 0..<60 {
                    group.addTask {
                        var most: Int64 = 0
                        for _ in 0..<3 {
                            let open = try await narrow.read {
                                try $0.first("SELECT count(*) FROM pg_stat_activity WHERE application_name = \(name)") {
                                    try $0.integer(0)
                                }
                            }
                            most = max(most, open ?? 0)
                        }
                        return most
                    }
                }
                return try await group.reduce(0, max)
            }
            #expect(most > 0 && most <= 3, "\(most)")
        }
    }

    @Test func `a session whose settings the server refuses is not used`() async throws {
        var limits = PostgresLimits(connections: 1)
        limits.statementSeconds = -1
        let connection = PostgresConnection(address: try #require(PostgresServer.address), limits: limits)
        let failure = await #expect(throws: DatabaseFailure.self) { try await connection.open() }
        #expect("\(try #require(failure))".contains("statement_timeout"))
        let isUsable = await connection.isUsable()
        #expect(!isUsable)
    }

    @Test func `a schema newer than the program is refused`() async throws {
        try await PostgresServer.withSchema { server in
            try await server.database.write {
                _ = try $0.execute("INSERT INTO schema_migration VALUES (9, 'later', 3)")
            }
            await #expect(throws: DatabaseFailure.schemaTooNew(found: 9, known: 1)) {
                try await server.database.migrate([PostgresServer.first], at: 4)
            }
        }
    }

    @Test func `two processes that migrate at once apply each migration once`() async throws {
        try await PostgresServer.withSchema { server in
            let second = Migration(
                number: 2, name: "second", sqlite: "CREATE TABLE c (k INTEGER PRIMARY KEY) STRICT;")
            async let one: Void = server.database.migrate([PostgresServer.first, second], at: 2)
            async let two: Void = server.other.migrate([PostgresServer.first, second], at: 2)
            _ = try await (one, two)
            let applied = try await server.database.read {
                try $0.all("SELECT number FROM schema_migration ORDER BY number") { try $0.integer(0) }
            }
            #expect(applied == [1, 2])
        }
    }
}
