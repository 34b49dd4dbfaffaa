import Database
import Operations
import Storage
import Synchronization
import Testing
import Water

@Suite(.freshDatabases) struct CopyDatabaseTests {
    private let now = Instant(epochSeconds: 1_795_000_000)

    /// Stands for a process that is killed right after a page was committed.
    private struct Killed: Error {}

    @Test(arguments: TestEngine.allCases, TestEngine.allCases)
    func `every table of a copy holds the same values`(from: TestEngine, to: TestEngine) async throws {
        try await onFilledSource(from, to) { source, target in
            let summary = try await CopyDatabase(from: source, to: target, pageRows: 2)(at: now).get()
            #expect(summary.differences == [])
            #expect(summary.tables == storedTables.count(where: \.isCopied))
            #expect(summary.communities == Int(FilledTables.rows))
            for table in storedTables where table.isCopied {
                let here = try await rows(of: table, in: source)
                #expect(!here.isEmpty, "\(table.name)")
                #expect(try await rows(of: table, in: target) == here, "\(table.name)")
            }
            let remainder = try await target.read { reader in
                reader.isPostgres ? try reader.first("SELECT count(*) FROM reading_day_rest") { try $0.integer(0) } : 0
            }
            #expect(remainder == 0, "each month of readings has a part of its own")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a copy killed after every single page goes on where it stopped`(to: TestEngine) async throws {
        try await onFilledSource(.sqlite, to) { source, target in
            let copy = CopyDatabase(from: source, to: target, pageRows: 3)
            var done: [Int64] = []
            for _ in 0..<1_000 {
                let step = Steps()
                do {
                    _ = try await copy(at: now) { progress in
                        guard progress.pass == .copy else { return }
                        step.note(progress.done)
                        throw Killed()
                    }.get()
                    break
                } catch is Killed {
                    done.append(step.last)
                    #expect(try await target.read { try $0.city() } == nil, "a part of a copy is no city")
                }
            }
            // No page is copied twice: it would count twice.
            let total = try await source.read { reader in
                try storedTables.reduce(0) {
                    try $0 + ($1.isCopied && $1 != settingTable ? reader.count(of: $1) : 0)
                }
            }
            #expect(done.last == total)
            #expect(done.count >= Int(total) / 3)
            for table in storedTables where table.isCopied {
                #expect(try await rows(of: table, in: target) == rows(of: table, in: source), "\(table.name)")
            }
            #expect(try await target.read { try $0.city() }?.calendar.zone == "Asia/Shanghai")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what changed in the source meanwhile is named, and is copied by the next run`(to: TestEngine) async throws {
        try await onFilledSource(.sqlite, to) { source, target in
            let copy = CopyDatabase(from: source, to: target, pageRows: 2)
            await #expect(throws: Killed.self) {
                _ = try await copy(at: now) { if $0.pass == .compare { throw Killed() } }
            }
            try await source.write { transaction in
                try transaction.execute("DELETE FROM session WHERE token_hash = (SELECT min(token_hash) FROM session)")
                try transaction.execute("DELETE FROM journal WHERE community_id = 3")
                try transaction.execute("UPDATE statement SET body = 'b' WHERE household_id = 4")
                try transaction.execute("INSERT INTO community_fold VALUES (99, 1, 1)")
            }
            let first = try await copy(at: now).get()
            #expect(
                first.differences.map(\.description) == [
                    "journal of community C3: 0 rows in the source, 4 in the target",
                    "community_fold of community number 99: 1 rows in the source, 0 in the target",
                    "statement of community C2: 3 rows on both sides, their contents differ",
                    "session: 6 rows in the source, 7 in the target",
                ])
            #expect(try await target.read { try $0.city() } == nil)
            let second = try await copy(at: now).get()
            #expect(second.differences == [])
            #expect(try await rows(of: settingTable, in: target) == rows(of: settingTable, in: source))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a row that cannot stand beside the copied ones is told, and cured by beginning anew`(
        to: TestEngine
    ) async throws {
        try await onFilledSource(.sqlite, to) { source, target in
            let copy = CopyDatabase(from: source, to: target, pageRows: 2)
            await #expect(throws: Killed.self) {
                _ = try await copy(at: now) { if $0.table == "gateway" { throw Killed() } }
            }
            // The name of a gateway that was copied goes over to one that was not.
            try await source.write { transaction in
                try transaction.execute("UPDATE gateway SET name = 'other' WHERE gateway_id = 1")
                try transaction.execute("UPDATE gateway SET name = (\(Self.firstGatewayName)) WHERE gateway_id = 7")
            }
            try await target.write { transaction in
                _ = try transaction.execute("UPDATE gateway SET name = (\(Self.firstGatewayName)) WHERE gateway_id = 1")
            }
            let refused = try await copy(at: now)
            guard case .failure(.contradicts(table: "gateway", _)) = refused else {
                Issue.record("\(refused)")
                return
            }
            #expect(try await copy(again: true, at: now).get().differences == [])
        }
    }

    private static let firstGatewayName: SQL = "CAST('the first' AS TEXT)"

    @Test(arguments: TestEngine.allCases)
    func `a database that holds anything else is never written to`(engine: TestEngine) async throws {
        try await onFilledSource(.sqlite, engine) { source, target in
            try await target.write { transaction in
                _ = try transaction.execute("INSERT INTO setting (name, value) VALUES ('a', 'b')")
            }
            for again in [false, true] {
                #expect(
                    try await CopyDatabase(from: source, to: target)(again: again, at: now)
                        == .failure(.holdsData(table: "setting")))
            }
            #expect(try await CopyDatabase(from: target, to: source)(at: now) == .failure(.noCity))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a completed copy is compared again and otherwise left alone, whatever is asked`(
        engine: TestEngine
    ) async throws {
        try await onFilledSource(.sqlite, engine) { source, target in
            let copy = CopyDatabase(from: source, to: target, pageRows: 2)
            let first = try await copy(at: now).get()
            let equal = try await copy(at: now + 60).get()
            #expect(equal.wasComplete && equal.completedAt == now && equal.fault == nil)
            #expect(equal.tables == first.tables && equal.rows == first.rows && equal.communities == first.communities)
            try await target.write { try $0.setSetting("only_here", to: "1") }
            try await source.write { transaction in
                _ = try transaction.execute("DELETE FROM journal WHERE community_id = 3")
            }
            for _ in 0..<2 {
                let changed = try await copy(at: now + 60).get()
                let settings = Int(FilledTables.rows) + 1
                #expect(
                    changed.differences.map(\.description) == [
                        "journal of community C3: 0 rows in the source, 4 in the target",
                        "setting: \(settings) rows in the source, \(settings + 1) in the target",
                    ])
                #expect(try #require(changed.fault).hasSuffix("has changed since: name a new, empty database"))
            }
            #expect(try await copy(again: true, at: now + 60) == .failure(.completed(at: now)))
            #expect(try await target.read { try $0.setting("only_here") } == "1")
        }
    }

    @Test func `the part of another city's copy is replaced only when asked`() async throws {
        try await onFilledSource(.sqlite, .sqlite) { source, target in
            await #expect(throws: Killed.self) {
                _ = try await CopyDatabase(from: source, to: target)(at: now) { _ in throw Killed() }
            }
            try await onFreshDatabase(of: .sqlite) { other in
                try await FilledTables.fill(other)
                try await other.write { _ = try $0.execute("UPDATE area SET code = 'other' WHERE kind = 'city'") }
                let copy = CopyDatabase(from: other, to: target)
                #expect(try await copy(at: now) == .failure(.otherCopy))
                #expect(try await copy(again: true, at: now).get().differences == [])
            }
        }
    }

    @Test(arguments: CopySide.allCases)
    func `both sides must be at this program's schema`(side: CopySide) async throws {
        try await onFilledSource(.sqlite, .sqlite) { source, target in
            let numbers = migrations.map(\.number).sorted()
            let (known, before) = (try #require(numbers.last), try #require(numbers.dropLast().last))
            let old = side == .source ? source : target
            try await old.write { _ = try $0.execute("DELETE FROM schema_migration WHERE number = \(known)") }
            #expect(
                try await CopyDatabase(from: source, to: target)(at: now)
                    == .failure(.otherSchema(side, found: before, known: known)))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `two copies at once do no harm`(to: TestEngine) async throws {
        try await onFilledSource(.sqlite, to) { source, target in
            let copy = CopyDatabase(from: source, to: target, pageRows: 2)
            async let one = Self.ending(of: copy, at: now)
            async let other = Self.ending(of: copy, at: now)
            let endings = await [one, other]
            // Each finds the other's rows, or gives way.
            #expect(endings.allSatisfy { $0 == "equal" || $0 == "gave way" }, "\(endings)")
            let last = try await copy(at: now).get()
            #expect(last.differences == [])
            for table in storedTables where table.isCopied {
                #expect(try await rows(of: table, in: target) == rows(of: table, in: source), "\(table.name)")
            }
        }
    }

    private static func ending(of copy: CopyDatabase, at now: Instant) async -> String {
        do {
            return try await copy(at: now).get().differences.isEmpty ? "equal" : "different"
        } catch CopyRefusal.anotherCopyRuns, CopyRefusal.contradicts, DatabaseFailure.conflict {
            return "gave way"
        } catch {
            return "\(error)"
        }
    }

    @Test func `a source that a process works on is not copied`() async throws {
        try await onFilledSource(.sqlite, .sqlite) { source, target in
            let lease = try await source.write { transaction in
                try transaction.claim(.fold, of: CommunityID(2), by: LeaseOwner("a"), at: now, seconds: 30)
            }
            let copy = CopyDatabase(from: source, to: target)
            #expect(try await copy(at: now) == .failure(.inService(until: now + 30)))
            let held = try #require(lease)
            try await source.write { try $0.release(held) }
            #expect(try await copy(at: now).get().differences == [])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a source that is written to while it is compared is no equal, whatever was compared before`(
        from: TestEngine
    ) async throws {
        try await onFilledSource(from, .sqlite) { source, target in
            let copy = CopyDatabase(from: source, to: target, pageRows: 2)
            let writes: [SQL] = [
                "INSERT INTO community_fold VALUES (99, 1, 1)", "UPDATE registry_version SET version = version + 1",
                "UPDATE account SET version = version + 1 WHERE household_id = 2",
                "DELETE FROM journal WHERE community_id = 3",
                "INSERT INTO job_lease (community_id, job, owner, fence, until) VALUES (2, 'fold', 'a', 1, 0)",
            ]
            for write in writes {
                let isFirst = Atomic(true)
                let summary = try await copy(at: now) { progress in
                    // The last of the tables: those written to were compared.
                    guard progress.pass == .compare, progress.table == Self.lastTable else { return }
                    guard isFirst.exchange(false, ordering: .relaxed) else { return }
                    _ = try await source.write { try $0.execute(write) }
                }.get()
                #expect(summary.differences == [] && summary.changedMeanwhile, "\(write)")
                #expect(try #require(summary.fault).hasSuffix("run the same command once more"))
                #expect(try await target.read { try $0.city() } == nil)
                // What was written is found, and goes along with the run after.
                _ = try await copy(at: now).get()
                try await target.write { transaction in
                    _ = try transaction.execute("UPDATE copy_record SET verified_at = NULL")
                    _ = try transaction.execute("DELETE FROM setting")
                }
            }
        }
    }

    @Test func `every write of another to an SQLite source is seen`() async throws {
        let (source, address) = try await freshPlace(of: .sqlite)
        try await FilledTables.fill(source)
        let marks = try await source.writeMarks()
        #expect(try await source.writeMarks() == marks)
        let other = try Database(address: address)
        try await other.write { _ = try $0.execute("UPDATE area SET name = 'other' WHERE area_id = 1") }
        #expect(try await source.writeMarks() != marks)
    }

    @Test(arguments: TestEngine.allCases)
    func `a service that began while the source was compared is told`(from: TestEngine) async throws {
        try await onFilledSource(from, .sqlite) { source, target in
            let ending = try await CopyDatabase(from: source, to: target)(at: now) { [now] progress in
                guard progress.pass == .compare, progress.table == Self.lastTable else { return }
                _ = try await source.write { transaction in
                    try transaction.claim(.fold, of: CommunityID(2), by: LeaseOwner("a"), at: now, seconds: 30)
                }
            }
            #expect(ending == .failure(.inService(until: now + 30)))
            #expect(try await target.read { try $0.city() } == nil)
        }
    }

    private static let lastTable = storedTables.last { $0.isCopied && $0 != settingTable }?.name

    @Test(arguments: TestEngine.allCases)
    func `numbers that the database makes go on after those copied`(engine: TestEngine) async throws {
        try await onFilledSource(.sqlite, engine) { source, target in
            _ = try await CopyDatabase(from: source, to: target)(at: now).get()
            for (code, number) in [("N1", FilledTables.rows + 1), ("N2", FilledTables.rows + 2)] {
                let entry = try AreaEntry(code: code, kind: .district, name: code, parent: "C\(FilledTables.areas)")
                _ = try await AddArea(database: target)(entry).get()
                #expect(try await target.read { try $0.area(code: code) }?.id.value == number)
            }
        }
    }

    private func onFilledSource(
        _ from: TestEngine, _ to: TestEngine, _ body: (Database, Database) async throws -> Void
    ) async throws {
        try await onFreshDatabase(of: from) { source in
            try await FilledTables.fill(source)
            try await onFreshDatabase(of: to) { target in try await body(source, target) }
        }
    }
}

/// The last figure of a closure that cannot return one.
private final class Steps: Sendable {
    private let value = Mutex<Int64>(0)

    var last: Int64 { value.withLock { $0 } }
    func note(_ figure: Int64) { value.withLock { $0 = figure } }
}
