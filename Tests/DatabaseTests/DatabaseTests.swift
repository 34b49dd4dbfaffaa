import Database
import Foundation
import Testing

@Suite struct DatabaseTests {
    /// SQLite, and PostgreSQL where tests have a server.
    enum Engine: CaseIterable {
        case sqlite, postgres

        static let allCases: [Engine] = PostgresServer.address == nil ? [.sqlite] : [.sqlite, .postgres]

        /// Runs `body` on a fresh database with the table `a (k, t, b)`.
        func withDatabase(_ body: (Database) async throws -> Void) async throws {
            switch self {
            case .sqlite: try await withFolder { try await body(try await DatabaseTests.open(in: $0)) }
            case .postgres: try await PostgresServer.withSchema { try await body($0.database) }
            }
        }
    }

    private static func open(in folder: URL) async throws -> Database {
        let database = try Database(address: "sqlite:\(folder.appendingPathComponent("test.sqlite").path)")
        try await database.migrate([PostgresServer.first], at: 1)
        return database
    }

    @Test func `a value can never become text`() {
        let sql: SQL = "SELECT a FROM t WHERE name = \("x'; DROP TABLE t") AND k = \(Int64(7))"
        #expect(sql.text == "SELECT a FROM t WHERE name = $1 AND k = $2")
        #expect(sql.arguments == [.text("x'; DROP TABLE t"), .integer(7)])
    }

    @Test func `a joined part brings its arguments, numbered anew`() {
        let part: SQL = "b = \("x") AND c = \(Int64(2))"
        let sql: SQL = "SELECT a FROM t WHERE a = \(Int64(1)) AND \(part) AND d = \(Int64(3))"
        #expect(sql.text == "SELECT a FROM t WHERE a = $1 AND b = $2 AND c = $3 AND d = $4")
        #expect(sql.arguments == [.integer(1), .text("x"), .integer(2), .integer(3)])
    }

    @Test(arguments: Engine.allCases)
    func `a migration runs once and an unknown newer one is refused`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.migrate([PostgresServer.first], at: 2)
            try await database.write { _ = try $0.execute("INSERT INTO schema_migration VALUES (9, 'later', 3)") }
            await #expect(throws: DatabaseFailure.schemaTooNew(found: 9, known: 1)) {
                try await database.migrate([PostgresServer.first], at: 4)
            }
        }
    }

    @Test func `a commit is flushed at once, unless it may wait for the next`() async throws {
        try await withFolder { folder in
            let database = try await Self.open(in: folder)
            var found: [Int64?] = []
            for durability in [.whenDone, .withTheNext, .withTheNext, .whenDone] as [Durability] {
                found.append(
                    try await database.write(repeatable: true, durability) { transaction in
                        try transaction.reader.first("PRAGMA synchronous") { try $0.integer(0) }
                    })
            }
            // 2 is FULL, 1 is NORMAL.
            #expect(found == [2, 1, 1, 2])
        }
    }

    @Test func `on a server a commit is flushed at once, unless it may wait for the next`() async throws {
        guard PostgresServer.address != nil else { return }
        try await PostgresServer.withSchema { schema in
            func setting(_ durability: Durability) async throws -> String? {
                try await schema.database.write(repeatable: true, durability) { transaction in
                    try transaction.reader.first("SELECT current_setting('synchronous_commit')") { try $0.text(0) }
                }
            }
            let usual = try await setting(.whenDone)
            let relaxed = try await setting(.withTheNext)
            #expect(try await setting(.whenDone) == usual && relaxed == "off")
        }
    }

    @Test(arguments: Engine.allCases)
    func `a transaction that throws leaves nothing`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            await #expect(throws: DatabaseFailure.self) {
                try await database.write { transaction in
                    try transaction.execute("INSERT INTO a (k) VALUES (1)")
                    try transaction.execute("INSERT INTO a (k) VALUES (1)")
                }
            }
            let count = try await database.read { try $0.first("SELECT count(*) FROM a") { try $0.integer(0) } }
            #expect(count == 0)
        }
    }

    @Test(arguments: Engine.allCases, [1, 31, 32, 33, 100])
    func `append and upsert write every row whatever the block`(engine: Engine, count: Int) async throws {
        try await engine.withDatabase { database in
            var rows = Rows(["k", "t", "b"])
            for key in 0..<count { rows.append(key, "t\(key)", [UInt8(key)]) }
            let written = rows
            try await database.write { try $0.append(written, to: "a") }
            try await database.write { try $0.upsert(written, into: "a", key: ["k"]) }
            let found = try await database.read {
                try $0.all("SELECT k, t, b FROM a ORDER BY k") { row in
                    "\(try row.integer(0)) \(try row.text(1)) \(try row.blob(2))"
                }
            }
            #expect(found == (0..<count).map { "\($0) t\($0) [\($0)]" })
        }
    }

    @Test(arguments: Engine.allCases)
    func `a column of another type is an error, not a trap`(engine: Engine) async throws {
        try await engine.withDatabase { database in
            try await database.write { _ = try $0.execute("INSERT INTO a (k, t) VALUES (1, 'x')") }
            await #expect(throws: DatabaseFailure.unexpectedType(column: 0)) {
                try await database.read { try $0.first("SELECT t FROM a") { try $0.integer(0) } }
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `values come back as they went, empty ones and NUL among them`(engine: Engine) async throws {
        let texts = engine == .sqlite ? ["", "水 💧", "a\u{0}b", "'; --"] : ["", "水 💧", "'; --"]
        let blobs: [[UInt8]] = [[], [0], [0, 255, 0], Array(repeating: 7, count: 100_000)]
        try await engine.withDatabase { database in
            for (key, (text, blob)) in zip(texts, blobs).enumerated() {
                try await database.write {
                    _ = try $0.execute("INSERT INTO a (k, t, b) VALUES (\(key), \(text), \(blob))")
                }
            }
            let found = try await database.read {
                try $0.all("SELECT k, t, b, t IS NULL OR b IS NULL FROM a ORDER BY k") { row in
                    (try row.integer(0), try row.text(1), try row.withBlob(2) { [UInt8]($0) })
                }
            }
            #expect(found.map(\.0) == (0..<Int64(texts.count)).map { $0 })
            #expect(found.map(\.1) == texts && found.map(\.2) == Array(blobs.prefix(texts.count)))
            // Integers of both ends, and what is not there.
            let ends = try await database.write { transaction in
                try transaction.execute("INSERT INTO a (k, t) VALUES (\(Int64.min), \(String?.none))")
                return try transaction.reader.all("SELECT k, t, b FROM a WHERE k < 0") { row in
                    (try row.integer(0), try row.textOrNil(1))
                }
            }
            #expect(ends.map(\.0) == [.min] && ends.map(\.1) == [nil])
        }
    }

    @Test(arguments: Engine.allCases)
    func `one statement runs within another of the same text`(engine: Engine) async throws {
        // A PostgreSQL session gives one result at a time.
        guard engine == .sqlite else { return }
        try await engine.withDatabase { database in
            try await database.write { transaction in
                for key in 1...3 { try transaction.execute("INSERT INTO a (k) VALUES (\(key))") }
            }
            let pairs = try await database.read { reader in
                try reader.all("SELECT k FROM a ORDER BY k") { outer in
                    let first = try outer.integer(0)
                    let inner = try reader.all("SELECT k FROM a ORDER BY k") { try $0.integer(0) }
                    return "\(first) \(inner) \(try outer.integer(0))"
                }
            }
            #expect(pairs == (1...3).map { "\($0) [1, 2, 3] \($0)" })
        }
    }

    @Test func `a cancelled task's statement ends as a cancellation`() async throws {
        try await withFolder { folder in
            let database = try await Self.open(in: folder)
            let (started, signal) = AsyncStream<Void>.makeStream()
            let task = Task {
                try await database.read { reader in
                    try reader.each(
                        """
                        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000000)
                        SELECT i FROM n WHERE i = 1 OR i = 500000000
                        """
                    ) { _ in signal.yield() }
                }
            }
            for await _ in started { break }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }

    @Test func `a backup is whole and an existing file is left alone`() async throws {
        try await withFolder { folder in
            let database = try await Self.open(in: folder)
            try await database.write { _ = try $0.execute("INSERT INTO a (k, t) VALUES (1, 'x')") }
            let path = folder.appendingPathComponent("copy.sqlite").path
            try await database.backup(to: path)
            let copy = try Database(address: "sqlite:\(path)")
            #expect(try await copy.read { try $0.first("SELECT t FROM a") { try $0.text(0) } } == "x")
            await #expect(throws: DatabaseFailure.self) { try await database.backup(to: path) }
        }
    }

    @Test func `a database, what stands beside it and its backup are closed to other users`() async throws {
        try await withFolder { folder in
            let database = try await Self.open(in: folder)
            try await database.write { _ = try $0.execute("INSERT INTO a (k, t) VALUES (1, 'x')") }
            try await database.backup(to: folder.appendingPathComponent("copy.sqlite").path)
            for name in ["test.sqlite", "test.sqlite-wal", "copy.sqlite"] {
                let path = folder.appendingPathComponent(name).path
                let mode = try #require(
                    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
                #expect(mode & 0o007 == 0 && mode & 0o600 == 0o600, "\(name)")
            }
        }
    }

    @Test func `a backup that cannot be made leaves nothing and says where it was to be`() async throws {
        try await withFolder { folder in
            let database = try await Self.open(in: folder)
            let path = folder.appendingPathComponent("nowhere/copy.sqlite").path
            let failure = await #expect(throws: DatabaseFailure.self) { try await database.backup(to: path) }
            #expect(failure.map { "\($0)" }?.contains(path) == true)
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(!left.contains { $0.contains("unfinished") })
        }
    }

    @Test func `a file that was taken away or replaced takes no more writes`() async throws {
        try await withFolder { folder in
            let database = try await Self.open(in: folder)
            let path = folder.appendingPathComponent("copy.sqlite").path
            try await database.backup(to: path)
            let place = folder.appendingPathComponent("test.sqlite").path
            try FileManager.default.removeItem(atPath: place)
            func write() async throws {
                try await database.write { _ = try $0.execute("INSERT INTO a (k) VALUES (7)") }
            }
            await #expect(throws: DatabaseFailure.self) { try await write() }
            try FileManager.default.moveItem(atPath: path, toPath: place)
            await #expect(throws: DatabaseFailure.self) { try await write() }
            await #expect(throws: DatabaseFailure.self) {
                try await database.read { try $0.first("SELECT 1") { _ in 1 } }
            }
        }
    }

    @Test func `a -wal that was taken away or replaced takes no more writes until it is put back`() async throws {
        try await withFolder { folder in
            let database = try await Self.open(in: folder)
            func write(_ key: Int64) async throws {
                try await database.write { _ = try $0.execute("INSERT INTO a (k) VALUES (\(key))") }
            }
            let log = folder.appendingPathComponent("test.sqlite-wal")
            let aside = folder.appendingPathComponent("aside")
            try FileManager.default.moveItem(at: log, to: aside)
            let gone = await #expect(throws: DatabaseFailure.self) { try await write(1) }
            #expect(gone == .replaced(path: log.path))
            await #expect(throws: DatabaseFailure.replaced(path: log.path)) {
                try await database.read { try $0.first("SELECT 1") { _ in 1 } }
            }
            try FileManager.default.copyItem(at: aside, to: log)
            await #expect(throws: DatabaseFailure.replaced(path: log.path)) { try await write(2) }
            try FileManager.default.removeItem(at: log)
            try FileManager.default.moveItem(at: aside, to: log)
            try await write(3)
        }
    }

    @Test func `a checkpoint, and others that open and close the database, leave its -wal the same`() async throws {
        try await withFolder { folder in
            let database = try await Self.open(in: folder)
            let address = "sqlite:\(folder.appendingPathComponent("test.sqlite").path)"
            for key in 1...3 as ClosedRange<Int64> {
                try await database.write { _ = try $0.execute("INSERT INTO a (k) VALUES (\(key))") }
                let other = try Database(address: address)
                try await other.write { _ = try $0.execute("INSERT INTO a (k) VALUES (\(key + 10))") }
                try await other.backup(to: folder.appendingPathComponent("copy-\(key).sqlite").path)
            }
            // More than the thousand pages after which SQLite begins the file anew.
            let much = [UInt8](repeating: 7, count: 100_000)
            for key in 100..<160 as Range<Int64> {
                try await database.write { _ = try $0.execute("INSERT INTO a (k, b) VALUES (\(key), \(much))") }
            }
            let count = try await database.read { try $0.first("SELECT count(*) FROM a") { try $0.integer(0) } }
            #expect(count == 66)
        }
    }

    /// A file whose last pages, where the rows are, hold nothing that SQLite wrote.
    private static func damagedFile(in folder: URL) async throws -> URL {
        let whole = folder.appendingPathComponent("whole.sqlite")
        let damaged = folder.appendingPathComponent("bad.sqlite")
        let database = try await Self.open(in: folder)
        try await database.write { transaction in
            for key in 1...1_000 as ClosedRange<Int64> {
                try transaction.execute("INSERT INTO a (k, t) VALUES (\(key), \("some text of row \(key)"))")
            }
        }
        try await database.backup(to: whole.path)
        let bytes = try Data(contentsOf: whole)
        try (bytes.dropLast(2 * 4_096) + Data(repeating: 0xFF, count: 2 * 4_096)).write(to: damaged)
        return damaged
    }

    @Test func `a damaged database is not copied as a backup, and nothing of the copy stays`() async throws {
        try await withFolder { folder in
            let file = try await Self.damagedFile(in: folder)
            let database = try Database(address: "sqlite:\(file.path)")
            let copy = folder.appendingPathComponent("copy.sqlite")
            let failure = await #expect(throws: DatabaseFailure.self) { try await database.backup(to: copy.path) }
            let words = try #require(failure).description
            #expect(words.hasPrefix("no backup was made: \(file.path) is damaged: "), "\(words)")
            #expect(words.contains("earlier backups are kept") && words.contains("jieshui restore"), "\(words)")
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(!left.contains { $0.hasPrefix("copy.sqlite") }, "\(left)")
        }
    }

    @Test func `damage that a read or a write meets is told as damage, with the file and what to do`() async throws {
        try await withFolder { folder in
            let file = try await Self.damagedFile(in: folder)
            let database = try Database(address: "sqlite:\(file.path)")
            let read = await #expect(throws: DatabaseFailure.self) {
                try await database.read { try $0.all("SELECT t FROM a ORDER BY k") { try $0.text(0) } }
            }
            let write = await #expect(throws: DatabaseFailure.self) {
                try await database.write { _ = try $0.execute("UPDATE a SET t = 'other'") }
            }
            for failure in [read, write] {
                let words = try #require(failure).description
                #expect(words.hasPrefix("the database is damaged: \(file.path): "), "\(words)")
                #expect(words.hasSuffix("restore the newest backup (jieshui restore)"), "\(words)")
            }
        }
    }

    @Test(arguments: ["", "sqlite:", "mysql://x", "sqlite:/nowhere/at/all/x.sqlite"])
    func `an address that cannot be opened is refused`(address: String) {
        #expect(throws: DatabaseFailure.self) { try Database(address: address) }
    }
}

/// Runs `body` with a folder that is removed afterwards.
private func withFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jieshui-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    do {
        try await body(folder)
    } catch {
        try FileManager.default.removeItem(at: folder)
        throw error
    }
    try FileManager.default.removeItem(at: folder)
}
