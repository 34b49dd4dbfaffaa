import Database
import Logging
import Storage
import Water

/// Says which other process work waits for: once it has waited for some seconds, and now and then after that. What other
/// parts of its own process have in hand is no news.
struct WaitTeller {
    /// Looks after which it is said first, and between one time and the next: three and thirty seconds of looks.
    private static let first = 15
    private static let again = 150
    /// Communities that are looked at for one that another process has.
    private static let most = 100

    private let database: Database
    private let logger: Logger
    private let owner: LeaseOwner
    private var looks = 0

    init(_ database: Database, _ logger: Logger, of owner: LeaseOwner) {
        self.database = database
        self.logger = logger
        self.owner = owner
    }

    /// Something went on: the waiting begins anew.
    mutating func rest() { looks = 0 }

    /// Counts a look in vain, of a job of communities that others have in hand.
    mutating func look(_ job: LeasedJob, of communities: some Collection<CommunityID>) async throws {
        looks += 1
        guard looks >= Self.first, (looks - Self.first) % Self.again == 0 else { return }
        let (owner, looked) = (owner, Array(communities.prefix(Self.most)))
        let found = try await database.read { reader -> (lease: Lease, until: Instant)? in
            for community in looked {
                guard let held = try reader.lease(job, of: community), held.until.epochSeconds > 0,
                    !held.lease.owner.isOfSameProcess(as: owner)
                else { continue }
                return held
            }
            return nil
        }
        guard let (lease, until) = found else { return }
        logger.notice(
            "waits for what another process has in hand",
            metadata: [
                "job": "\(job.rawValue)", "communities": "\(communities.count)",
                "community": "\(lease.community)", "holder": "\(lease.owner.name)", "until": "\(until.utc)",
            ])
    }
}
