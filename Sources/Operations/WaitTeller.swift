import Database
import Logging
import Storage
import Water

/// Says whom work waits for: once it has waited for some seconds, and now and then after that.
struct WaitTeller {
    /// Looks after which it is said first, and between one time and the next: three and thirty seconds of looks.
    private static let first = 15
    private static let again = 150

    private let database: Database
    private let logger: Logger
    private var looks = 0

    init(_ database: Database, _ logger: Logger) {
        self.database = database
        self.logger = logger
    }

    /// Something went on: the waiting begins anew.
    mutating func rest() { looks = 0 }

    /// Counts a look in vain, of a job of communities that others have in hand.
    mutating func look(_ job: LeasedJob, of communities: some Collection<CommunityID>) async throws {
        looks += 1
        guard looks >= Self.first, (looks - Self.first) % Self.again == 0, let one = communities.first else { return }
        let held = try await database.read { try $0.lease(job, of: one) }
        logger.notice(
            "waits for what another process has in hand",
            metadata: [
                "job": "\(job.rawValue)", "communities": "\(communities.count)", "community": "\(one)",
                "holder": "\(held?.lease.owner.name ?? "")", "until": "\(held?.until.utc ?? "")",
            ])
    }
}
