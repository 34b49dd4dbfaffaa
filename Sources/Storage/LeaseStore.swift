public import Database
public import Water

/// Work that one process at a time does for a community.
public enum LeasedJob: String, Sendable, Hashable, CaseIterable {
    /// Moving its journal into day sets, and sweeps.
    case fold
    /// Measuring it and issuing its statements.
    case close
    /// Giving back overdue holds and ending lots; of the whole city, under community 0.
    case expire
    /// Packing closed months; of the whole city, under community 0.
    case pack
    /// Looking for leaks in the month under way; of the whole city, under community 0.
    case watch
}

/// A process's name to the others: the same while it runs, never another's.
public struct LeaseOwner: Sendable, Hashable, CustomStringConvertible {
    public let name: String

    public init(_ name: String) { self.name = name }

    public var description: String { name }

    /// The name of a part of the process that must not share leases with the rest of it.
    public func part(_ name: String) -> LeaseOwner { LeaseOwner("\(self.name)/\(name)") }

    /// Whether both are one process or parts of it.
    public func isOfSameProcess(as other: LeaseOwner) -> Bool { process == other.process }

    private var process: Substring { name.prefix { $0 != "/" } }
}

/// A job of a community in a process's hands.
public struct Lease: Sendable, Hashable {
    public let community: CommunityID
    public let job: LeasedJob
    public let owner: LeaseOwner
    /// Higher than that of every owner before.
    public let fence: Int64
    /// A lease is never given for so long: one that ends later was given by a clock that ran ahead, and counts as run out.
    static let longestSeconds: Int64 = 600
}

/// The lease was taken over by another process: nothing of the transaction may be kept.
public struct LeaseLost: Error, Hashable, Sendable {
    public let lease: Lease

    public init(lease: Lease) { self.lease = lease }
}

extension Transaction {
    /// Takes a job that nobody holds, whose holder has let its time pass, or that the owner holds already; nil where
    /// another holds it. It lasts `seconds` from `at`.
    public func claim(
        _ job: LeasedJob, of community: CommunityID, by owner: LeaseOwner, at: Instant, seconds: Int64
    ) throws -> Lease? {
        let fence = try reader.first(
            """
            INSERT INTO job_lease (community_id, job, owner, fence, until)
            VALUES (\(community), \(job.rawValue), \(owner.name), 1, \(at + seconds))
            ON CONFLICT (community_id, job) DO UPDATE
            SET fence = CASE WHEN job_lease.owner = excluded.owner THEN job_lease.fence ELSE job_lease.fence + 1 END,
                owner = excluded.owner, until = excluded.until
            WHERE job_lease.owner = excluded.owner OR job_lease.until <= \(at)
                OR job_lease.until > \(at + Lease.longestSeconds)
            RETURNING fence
            """
        ) { try $0.integer(0) }
        return fence.map { Lease(community: community, job: job, owner: owner, fence: $0) }
    }

    /// Makes a lease last until `seconds` after `at`; false, and nothing changed, where it was released or lost.
    public func renew(_ lease: Lease, at: Instant, seconds: Int64) throws -> Bool {
        try execute(
            """
            UPDATE job_lease SET until = \(at + seconds)
            WHERE community_id = \(lease.community) AND job = \(lease.job.rawValue)
                AND owner = \(lease.owner.name) AND fence = \(lease.fence) AND until > 0
            """) == 1
    }

    /// Refuses to go on without the lease, in the transaction that its job writes in. Writing the row is what counts:
    /// a take-over at the same time writes it too, so that one of the two fails.
    ///
    /// A lease whose time has passed but that nobody took still holds. Throws `LeaseLost`.
    public func requireLease(_ lease: Lease) throws {
        let held = try execute(
            """
            UPDATE job_lease SET until = until
            WHERE community_id = \(lease.community) AND job = \(lease.job.rawValue)
                AND owner = \(lease.owner.name) AND fence = \(lease.fence)
            """)
        guard held == 1 else { throw LeaseLost(lease: lease) }
    }

    /// Gives a lease up for anybody to take. One that was lost is left alone.
    public func release(_ lease: Lease) throws {
        try execute(
            """
            UPDATE job_lease SET until = 0
            WHERE community_id = \(lease.community) AND job = \(lease.job.rawValue)
                AND owner = \(lease.owner.name) AND fence = \(lease.fence)
            """)
    }
}

extension Reader {
    /// The communities whose job another owner holds at an instant.
    public func leasedByOthers(_ job: LeasedJob, than owner: LeaseOwner, at: Instant) throws -> Set<CommunityID> {
        Set(
            try all(
                """
                SELECT community_id FROM job_lease
                WHERE job = \(job.rawValue) AND owner <> \(owner.name) AND until > \(at)
                    AND until <= \(at + Lease.longestSeconds)
                """
            ) { try $0.id(0) })
    }

    /// Who holds a job of a community, or held it last, and until when; nil where nobody ever did.
    public func lease(_ job: LeasedJob, of community: CommunityID) throws -> (lease: Lease, until: Instant)? {
        try first(
            """
            SELECT owner, fence, until FROM job_lease
            WHERE community_id = \(community) AND job = \(job.rawValue)
            """
        ) { row in
            let lease = Lease(
                community: community, job: job, owner: LeaseOwner(try row.text(0)), fence: try row.integer(1))
            return (lease, try row.instant(2))
        }
    }
}
