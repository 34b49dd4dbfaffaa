import Database
import Logging
import Storage
import Synchronization
import Testing
import Water

@testable import Operations

@Suite(.freshDatabases) struct LeaseTests {
    private let community = CommunityID(4)
    private let now = Instant(epochSeconds: 1_795_000_000)
    private let a = LeaseOwner("a")
    private let b = LeaseOwner("b")

    private func claim(
        _ database: Database, _ owner: LeaseOwner, at: Instant, job: LeasedJob = .fold, of community: CommunityID? = nil
    ) async throws -> Lease? {
        let place = community ?? self.community
        return try await database.write { try $0.claim(job, of: place, by: owner, at: at, seconds: 30) }
    }

    @Test(arguments: TestEngine.allCases)
    func `a job is in one process's hands, and in the next one's when its time has passed`(
        engine: TestEngine
    ) async throws {
        let database = try await freshDatabase(of: engine)
        let first = try #require(try await claim(database, a, at: now))
        #expect(first.fence == 1)
        #expect(try await claim(database, b, at: now + 29) == nil)
        // Its owner may claim it again, which makes it longer and no other.
        #expect(try await claim(database, a, at: now + 10) == first)
        #expect(try await claim(database, b, at: now + 39) == nil)
        let second = try #require(try await claim(database, b, at: now + 40))
        #expect(second.fence == 2)
        #expect(try await claim(database, a, at: now + 50) == nil)
        #expect(try await claim(database, a, at: now + 70)?.fence == 3)
    }

    @Test(arguments: TestEngine.allCases)
    func `renewing keeps others away, releasing lets them in`(engine: TestEngine) async throws {
        let database = try await freshDatabase(of: engine)
        let lease = try #require(try await claim(database, a, at: now))
        #expect(try await database.write { try $0.renew(lease, at: now + 20, seconds: 30) })
        #expect(try await claim(database, b, at: now + 45) == nil)
        #expect(try await database.read { try $0.leasedByOthers(.fold, than: b, at: now + 45) } == [community])
        #expect(try await database.read { try $0.leasedByOthers(.fold, than: a, at: now + 45) }.isEmpty)
        try await database.write { try $0.release(lease) }
        // What was released stays so, though a renewal comes late.
        #expect(try await !database.write { try $0.renew(lease, at: now + 46, seconds: 30) })
        #expect(try await claim(database, b, at: now + 46)?.fence == 2)
    }

    @Test func `renewing goes on after a database that was busy, and ends where the lease is lost`() async throws {
        var pauses: [Int64] = []
        var answers: [Result<Bool, any Error>] = [
            .success(true), .failure(DatabaseFailure.busy), .failure(DatabaseFailure.unreachable(reason: "away")),
            .success(true), .success(false), .success(true),
        ]
        await Worker.keepRenewing {
            pauses.append($0)
        } renew: {
            try answers.removeFirst().get()
        }
        #expect(pauses == [10, 10, 2, 2, 10] && answers.count == 1)
        await Worker.keepRenewing {
            pauses.append($0)
            if pauses.count == 7 { throw CancellationError() }
        } renew: {
            true
        }
        #expect(pauses.count == 7)
    }

    @Test(arguments: TestEngine.allCases)
    func `a lease of a clock that ran ahead counts as run out`(engine: TestEngine) async throws {
        let database = try await freshDatabase(of: engine)
        let ahead = try #require(try await claim(database, a, at: now + 10 * 86_400))
        #expect(try await database.read { try $0.leasedByOthers(.fold, than: b, at: now) }.isEmpty)
        let next = try #require(try await claim(database, b, at: now))
        #expect(next.fence == ahead.fence + 1)
        // Clocks that differ by minutes are no reason to take a job away.
        #expect(try await claim(database, a, at: now - 300) == nil)
    }

    @Test(arguments: TestEngine.allCases)
    func `each job of each community is leased for itself`(engine: TestEngine) async throws {
        let database = try await freshDatabase(of: engine)
        _ = try #require(try await claim(database, a, at: now))
        #expect(try await claim(database, b, at: now, job: .close) != nil)
        #expect(try await claim(database, b, at: now, of: CommunityID(5)) != nil)
        #expect(try await claim(database, b, at: now) == nil)
    }

    @Test(arguments: TestEngine.allCases)
    func `a former owner can neither write, renew nor release`(engine: TestEngine) async throws {
        let database = try await freshDatabase(of: engine)
        let former = try #require(try await claim(database, a, at: now))
        let lease = try #require(try await claim(database, b, at: now + 30))
        await #expect(throws: LeaseLost(lease: former)) {
            try await database.write { transaction in
                try transaction.raiseRegistryVersion()
                try transaction.requireLease(former)
            }
        }
        #expect(try await database.read { try $0.currentRegistryVersion() } == 1)
        #expect(try await !database.write { try $0.renew(former, at: now + 31, seconds: 30) })
        try await database.write { try $0.release(former) }
        #expect(try await claim(database, a, at: now + 32) == nil)
        try await database.write { try $0.requireLease(lease) }
    }

    @Test(arguments: TestEngine.allCases)
    func `an owner whose time has passed may still write while nobody took the job`(engine: TestEngine) async throws {
        let database = try await freshDatabase(of: engine)
        let lease = try #require(try await claim(database, a, at: now))
        try await database.write { try $0.requireLease(lease) }
        #expect(try await claim(database, b, at: now + 30) != nil)
    }

    /// On SQLite the second transaction waits for the first one's end: there is nothing to overlap.
    @Test(arguments: TestEngine.allCases.filter { $0 != .sqlite })
    func `a take-over in the middle of the former owner's transaction undoes it`(engine: TestEngine) async throws {
        let (database, address) = try await freshPlace(of: engine)
        let other = try Database(address: address, connections: 2)
        let former = try #require(try await claim(database, a, at: now))
        await #expect(throws: LeaseLost(lease: former)) {
            try await database.write { transaction in
                try transaction.raiseRegistryVersion()
                try transaction.requireLease(former)
            } meanwhile: {
                let taken = try await claim(other, b, at: now + 30)
                #expect(taken?.fence == 2)
            }
        }
        #expect(try await database.read { try $0.currentRegistryVersion() } == 1)
    }

    @Test(arguments: TestEngine.allCases)
    func `of many processes that claim a job at once one gets it`(engine: TestEngine) async throws {
        let (_, address) = try await freshPlace(of: engine)
        let databases = try (0..<2).map { _ in try Database(address: address, connections: 4) }
        let (community, now) = (community, now)
        let leases = try await withThrowingTaskGroup(of: Lease?.self) { group in
            for number in 0..<8 {
                let worker = Worker(owner: LeaseOwner("p\(number)"), now: { now }, dice: { 0 })
                let database = databases[number % 2]
                group.addTask { try await worker.claim(.close, of: community, in: database) }
            }
            return try await group.reduce(into: [Lease]()) { if let lease = $1 { $0.append(lease) } }
        }
        #expect(leases.count == 1)
    }

    /// What is told of a wait of `owner` for two communities, after as many looks as it takes.
    private func told(_ owner: LeaseOwner, _ database: Database) async throws -> [String] {
        let log = WrittenLog()
        var teller = WaitTeller(database, Logger(label: "test") { _ in log }, of: owner)
        for _ in 0..<20 { try await teller.look(.close, of: [community, CommunityID(5)]) }
        return log.lines.withLock { $0 }
    }

    @Test(arguments: TestEngine.allCases)
    func `a wait for another process says for whom, one for another lane of the same says nothing`(
        engine: TestEngine
    ) async throws {
        let database = try await freshDatabase(of: engine)
        _ = try await claim(database, a.part("lane-1"), at: now, job: .close)
        #expect(try await told(a, database).isEmpty)
        #expect(try await told(a.part("lane-2"), database).isEmpty)
        #expect(try await told(LeaseOwner("ab"), database) == ["community=4 holder=a/lane-1"])
        let other = try #require(try await claim(database, b, at: now, job: .close, of: CommunityID(5)))
        #expect(try await told(a, database) == ["community=5 holder=b"])
        try await database.write { try $0.release(other) }
        #expect(try await told(a, database).isEmpty)
    }

    @Test func `what one lane gave up and another finished is not left open`() {
        let (one, two, three) = (CommunityID(1), CommunityID(2), CommunityID(3))
        var rest = SharedPass.Rest(leftOpen: [one, two])
        rest.add(SharedPass.Rest(leftOpen: [two], withOthers: [three]))
        #expect(rest.leftOpen == [one, two] && rest.withOthers == [three])
        let left = rest.stillOpen([two])
        #expect(left.leftOpen == [two] && left.withOthers.isEmpty)
    }
}

/// Keeps of each line whom it names.
private final class WrittenLog: LogHandler, Sendable {
    let lines = Mutex<[String]>([])

    func log(event: LogEvent) {
        let named = (event.metadata ?? [:]).filter { ["community", "holder"].contains($0.key) }
        let words = named.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
        lines.withLock { $0.append(words) }
    }

    var logLevel: Logger.Level {
        get { .info }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }
}
