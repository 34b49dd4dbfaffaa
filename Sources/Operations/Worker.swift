public import Database
public import Storage
public import Water

/// One process among those that share a database: its name, its clock and its dice, all given by the edge.
public struct Worker: Sendable {
    public let owner: LeaseOwner
    /// The clock that leases are measured by. Those of other processes may differ by a few seconds: a lease lasts much
    /// longer, and is never what makes a result right.
    let now: @Sendable () -> Instant
    /// Millionths, 0–1,000,000, others at every call.
    let dice: @Sendable () -> Int64

    public init(
        owner: LeaseOwner, now: @escaping @Sendable () -> Instant, dice: @escaping @Sendable () -> Int64
    ) {
        self.owner = owner
        self.now = now
        self.dice = dice
    }

    /// A process whose database nobody else works on. Beside others its results are as right, but work is done twice.
    public static let alone = Worker(owner: LeaseOwner("alone"), now: { Instant(epochSeconds: 0) }, dice: { 0 })

    /// A part of this process that competes for leases as another process would.
    public func part(_ name: String) -> Worker { Worker(owner: owner.part(name), now: now, dice: dice) }

    /// How long a lease lasts without being renewed, seconds: what the work of a crashed process waits.
    static let leaseSeconds: Int64 = 30

    /// Waits a moment before looking again: about `milliseconds`, more or less by a half, so that those that met do
    /// not meet again.
    func pause(milliseconds: Int64) async throws {
        try await Task.sleep(for: .milliseconds(milliseconds / 2 + milliseconds * dice() / 1_000_000))
    }

    /// Takes a job, or nil where another has it.
    public func claim(_ job: LeasedJob, of community: CommunityID, in database: Database) async throws -> Lease? {
        let (owner, at) = (owner, now())
        do {
            return try await database.write(repeatable: true) {
                try $0.claim(job, of: community, by: owner, at: at, seconds: Self.leaseSeconds)
            }
        } catch DatabaseFailure.conflict {
            return nil
        }
    }

    /// Gives up a job of the whole city that this process holds, at its end: nobody has to wait for it to run out.
    public func letGo(_ job: LeasedJob, in database: Database) async throws {
        let owner = owner
        try await database.write(repeatable: true) { transaction in
            guard let held = try transaction.reader.lease(job, of: .unregistered)?.lease, held.owner == owner else {
                return
            }
            try transaction.release(held)
        }
    }

    /// Runs `body` while renewing its lease. A body that outlives a lost lease finds that out where it writes.
    func renewing<T: Sendable>(
        _ lease: Lease, in database: Database, _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                await keep(lease, in: database)
                return nil
            }
            defer { group.cancelAll() }
            for try await result in group {
                if let result { return result }
            }
            throw LeaseLost(lease: lease)
        }
    }

    private func keep(_ lease: Lease, in database: Database) async {
        await Self.keepRenewing {
            try await Task.sleep(for: .seconds($0))
        } renew: {
            try await database.write(repeatable: true) {
                try $0.renew(lease, at: now(), seconds: Self.leaseSeconds)
            }
        }
    }

    /// Renews until cancelled, or the lease is released or lost. A database that was busy, or away for a moment, is asked
    /// again soon: whether the lease was taken over meanwhile, the next renewal tells.
    static func keepRenewing(
        pause: (_ seconds: Int64) async throws -> Void, renew: () async throws -> Bool
    ) async {
        var seconds = leaseSeconds / 3
        do {
            while true {
                try await pause(seconds)
                do {
                    if try await !renew() { return }
                    seconds = leaseSeconds / 3
                } catch is DatabaseFailure {
                    seconds = leaseSeconds / 15
                }
            }
        } catch {
            // Cancelled because the body ended.
            return
        }
    }
}
