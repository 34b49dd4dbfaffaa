import Database
import Logging
import Storage
import Water

/// What a community has stored does not read back.
public struct DamagedCommunity: Error, Sendable, Hashable, CustomStringConvertible {
    public let code: String
    public let reason: String

    public var description: String { "community \(code): \(reason)" }
}

/// Goes through the communities that are still open, each under a lease, beside other processes that do the same:
/// takes those that are free, waits for those that others are at, and takes over what a crashed one left.
struct SharedPass: Sendable {
    let database: Database
    let worker: Worker
    let job: LeasedJob
    let logger: Logger

    /// What became of a community in our hands.
    enum Step: Sendable {
        /// Finished, and the lease released with that.
        case done
        /// It cannot be finished now: this process tries it no more.
        case leftOpen
        /// Another process finished it before, or took it over.
        case taken
    }

    /// What a pass leaves undone.
    struct Rest: Sendable {
        /// Tried by this process in vain.
        var leftOpen: [CommunityID] = []
        /// Others were at these for longer than we wait.
        var withOthers: [CommunityID] = []

        /// Adds what a pass beside it left undone.
        mutating func add(_ other: Rest) {
            leftOpen += other.leftOpen.filter { !leftOpen.contains($0) }
            withOthers += other.withOthers.filter { !withOthers.contains($0) }
        }

        /// Without what another pass finished after one gave it up.
        func stillOpen(_ open: [CommunityID]) -> Rest {
            let open = Set(open)
            return Rest(leftOpen: leftOpen.filter(open.contains), withOthers: withOthers.filter(open.contains))
        }
    }

    private static let pollMilliseconds: Int64 = 200
    /// Looks without any change of what is open after which we wait no longer: ten minutes.
    private static let looks = 3_000

    /// `open` lists what there is to do as of now; `work` does one of it under the lease, and must find by itself that
    /// there is nothing left to do; `left` is told how many are open at every look.
    func run(
        _ open: @escaping @Sendable (Reader) throws -> [CommunityID], left: (Int) -> Void,
        work: (CommunityID, Lease) async throws -> Step
    ) async throws -> Rest {
        var tried: Set<CommunityID> = []
        var last: [CommunityID] = []
        var unchanged = 0
        var teller = WaitTeller(database, logger, of: worker.owner)
        while true {
            let (owner, now) = (worker.owner, worker.now())
            let (all, others) = try await database.read { reader in
                (try open(reader), try reader.leasedByOthers(job, than: owner, at: now))
            }
            let todo = all.filter { !tried.contains($0) }
            left(all.count)
            if todo.isEmpty { return Rest(leftOpen: all) }
            unchanged = todo == last ? unchanged + 1 : 0
            if unchanged >= Self.looks { return Rest(leftOpen: all.filter(tried.contains), withOthers: todo) }
            last = todo
            guard let community = choose(todo.filter { !others.contains($0) }),
                let lease = try await worker.claim(job, of: community, in: database)
            else {
                try await teller.look(job, of: todo)
                try await worker.pause(milliseconds: Self.pollMilliseconds)
                continue
            }
            teller.rest()
            switch try await step(community, lease, work) {
            case .done: break
            case .taken: await give(lease)
            case .leftOpen:
                tried.insert(community)
                await give(lease)
            }
        }
    }

    /// Any of them: processes that began together should not all ask for the same one.
    private func choose(_ free: [CommunityID]) -> CommunityID? {
        free.isEmpty ? nil : free[Int(worker.dice()) * (free.count - 1) / 1_000_000]
    }

    private func step(
        _ community: CommunityID, _ lease: Lease, _ work: (CommunityID, Lease) async throws -> Step
    ) async throws -> Step {
        do {
            return try await work(community, lease)
        } catch is LeaseLost {
            return .taken
        } catch let error where error is DamagedReadings || error is DamagedBytes {
            await give(lease)
            let code = try await database.read { try $0.area(community)?.code }
            throw DamagedCommunity(code: code ?? "\(community)", reason: "\(error)")
        } catch {
            await give(lease)
            throw error
        }
    }

    /// Gives the lease up at once; where that cannot be done it runs out.
    func give(_ lease: Lease) async {
        do {
            try await database.write(repeatable: true) { try $0.release(lease) }
        } catch {
            logger.info(
                "a lease is left to run out", metadata: ["community": "\(lease.community)", "error": "\(error)"])
        }
    }
}
