import Database
import Foundation
import Synchronization
import Testing

@Suite(.enabled(if: PostgresServer.address != nil)) struct PostgresTests {
    @Test func `every kind of value comes back as it went`() async throws {
        try await PostgresServer.withSchema { server in
            let texts = ["", "节水账单", "a'b\"c\\d\n", String(repeating: "水", count: 100_000)]
            let blobs: [[UInt8]] = [[], [0, 255, 39, 92], [UInt8](repeating: 7, count: 300_000)]
            let numbers = [Int64.min, -1, 0, 1, Int64.max]
            try await server.database.write { transaction in
                for (key, number) in numbers.enumerated() {
                    try transaction.execute(
                        """
                        INSERT INTO a (k, t, b) VALUES (\(number), \(texts[key % 4]), \(blobs[key % 3]))
                        """)
                }
                try transaction.execute("INSERT INTO a (k, t, b) VALUES (7, \(nil as String?), \(nil as [UInt8]?))")
            }
            let found = try await server.database.read {
                try $0.all("SELECT k, t, b, k > 0, t IS NULL, length(t) FROM a WHERE t IS NOT NULL ORDER BY k") { row in
                    (try row.integer(0), try row.text(1), try row.blob(2), try row.flag(3))
                }
            }
            #expect(found.map(\.0) == numbers)
            for (index, row) in found.enumerated() {
                #expect(row.1 == texts[index % 4] && row.2 == blobs[index % 3] && row.3 == (row.0 > 0))
            }
            let isNull = try await server.database.read {
                try $0.first("SELECT t, b FROM a WHERE k = 7") { try $0.textOrNil(0) == nil }
            }
            #expect(isNull == true)
        }
    }

    @Test func `a text with U+0000 is refused by name and nothing is written`() async throws {
        try await PostgresServer.withSchema { server in
            await #expect(throws: DatabaseFailure.constraint(reason: "a text holds U+0000")) {
                try await server.database.write { _ = try $0.execute("INSERT INTO a (k, t) VALUES (1, \("a\u{0}b"))") }
            }
            let count = try await server.count()
            #expect(count == 0)
        }
    }

    @Test(arguments: [1, 3, 4, 23, 24, 25, 1_000, 2_500])
    func `append and upsert write every row whatever the way`(count: Int) async throws {
        try await PostgresServer.withSchema { server in
            let rows = Self.rows(count, "t")
            let later = Self.rows(count, "u")
            try await server.database.write { try $0.append(rows, to: "a") }
            let found = try await Self.all(server)
            #expect(found == (0..<count).map { "\($0) t\($0) \($0 % 5 == 0 ? "none" : "[\($0 % 256)]")" })
            try await server.database.write { try $0.upsert(later, into: "a", key: ["k"]) }
            let changed = try await Self.all(server)
            #expect(changed == found.map { $0.replacing("t", with: "u", maxReplacements: 1) })
        }
    }

    @Test(arguments: [2, 10, 100])
    func `a key already there fails the whole append`(count: Int) async throws {
        try await PostgresServer.withSchema { server in
            try await server.database.write { _ = try $0.execute("INSERT INTO a (k) VALUES (1)") }
            let rows = Self.rows(count, "t")
            do {
                try await server.database.write { try $0.append(rows, to: "a") }
                Issue.record("the key was taken")
            } catch DatabaseFailure.constraint {}
            #expect(try await server.count() == 1)
        }
    }

    @Test func `a read sees one state while others write`() async throws {
        try await PostgresServer.withSchema { server in
            let (database, other) = (server.database, server.other)
            try await database.write { _ = try $0.execute("INSERT INTO a (k) VALUES (1)") }
            let started = AsyncStream<Void>.makeStream()
            let mayEnd = DispatchSemaphore(value: 0)
            async let counts = database.read { reader in
                let before = try reader.first("SELECT count(*) FROM a") { try $0.integer(0) }
                started.continuation.finish()
                mayEnd.wait()
                return [before, try reader.first("SELECT count(*) FROM a") { try $0.integer(0) }]
            }
            for await _ in started.stream {}
            try await other.write { _ = try $0.execute("INSERT INTO a (k) VALUES (2)") }
            mayEnd.signal()
            #expect(try await counts == [1, 1])
        }
    }

    @Test func `two who count one row up lose no step`() async throws {
        try await PostgresServer.withSchema { server in
            let (database, other) = (server.database, server.other)
            try await database.write { _ = try $0.execute("INSERT INTO a (k, t) VALUES (1, '0')") }
            let steps = try await withThrowingTaskGroup(of: Int.self) { group in
                for database in [database, other] {
                    group.addTask {
                        var done = 0
                        while done < 25 {
                            do {
                                try await database.write { transaction in
                                    let text = try transaction.reader.first("SELECT t FROM a WHERE k = 1") {
                                        try $0.text(0)
                                    }
                                    let next = (text.flatMap { Int($0) } ?? 0) + 1
                                    try transaction.execute("UPDATE a SET t = \("\(next)") WHERE k = 1")
                                }
                                done += 1
                            } catch DatabaseFailure.conflict {}
                        }
                        return done
                    }
                }
                return try await group.reduce(0, +)
            }
            let value = try await database.read { try $0.first("SELECT t FROM a") { try $0.text(0) } }
            #expect(value == "\(steps)")
        }
    }

    @Test func `two who wait for each other are both served`() async throws {
        try await PostgresServer.withSchema { server in
            let (database, other) = (server.database, server.other)
            try await database.write { try $0.append(Self.rows(2, "t"), to: "a") }
            let meeting = Meeting()
            async let forth: Void = database.write { transaction in
                try transaction.execute("UPDATE a SET t = 'f' WHERE k = 0")
                meeting.arrive()
                try transaction.execute("UPDATE a SET t = 'f' WHERE k = 1")
            }
            async let back: Void = other.write { transaction in
                try transaction.execute("UPDATE a SET t = 'b' WHERE k = 1")
                meeting.arrive()
                try transaction.execute("UPDATE a SET t = 'b' WHERE k = 0")
            }
            _ = try await (forth, back)
            let texts = Set(try await Self.all(server).map { $0.split(separator: " ")[1] })
            #expect(texts.count == 1, "the later one has written both")
        }
    }

    @Test func `a key that another took meanwhile is seen by the second run`() async throws {
        try await PostgresServer.withSchema { server in
            let (database, other) = (server.database, server.other)
            let runs = Mutex(0)
            let isMine = try await database.write { transaction in
                let known = try transaction.reader.first("SELECT 1 FROM a WHERE k = 1") { _ in true } ?? false
                let run = runs.withLock { runs in
                    runs += 1
                    return runs
                }
                if run == 1 {
                    try wait { try await other.write { _ = try $0.execute("INSERT INTO a (k) VALUES (1)") } }
                }
                if !known { try transaction.execute("INSERT INTO a (k) VALUES (1)") }
                return !known
            }
            #expect(!isMine && runs.withLock { $0 } == 2)
        }
    }

    static func rows(_ count: Int, _ text: String) -> Rows {
        var rows = Rows(["k", "t", "b"])
        for key in 0..<count { rows.append(key, "\(text)\(key)", key % 5 == 0 ? nil : [UInt8(key % 256)]) }
        return rows
    }

    private static func all(_ server: PostgresServer) async throws -> [String] {
        try await server.database.read {
            try $0.all("SELECT k, t, b, b IS NULL FROM a ORDER BY k") { row in
                "\(try row.integer(0)) \(try row.text(1)) \(try row.flag(3) ? "none" : "\(try row.blob(2))")"
            }
        }
    }
}

/// Two transactions wait here for each other, once.
final class Meeting: Sendable {
    private let arrived = Mutex(0)
    private let door = DispatchSemaphore(value: 0)

    func arrive() {
        let place = arrived.withLock { arrived in
            arrived += 1
            return arrived
        }
        switch place {
        case 1: door.wait()
        case 2: door.signal()
        default: break
        }
    }
}

/// Runs something asynchronous from inside a transaction's body, on whose own thread nothing else waits.
func wait(for work: @escaping @Sendable () async throws -> Void) throws {
    let done = DispatchSemaphore(value: 0)
    let failure = Mutex<(any Error)?>(nil)
    Task {
        do { try await work() } catch { failure.withLock { $0 = error } }
        done.signal()
    }
    done.wait()
    if let error = failure.withLock({ $0 }) { throw error }
}
