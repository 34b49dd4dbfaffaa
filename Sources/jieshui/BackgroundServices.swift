import Database
import Exporters
import Foundation
import Logging
import Operations
import ServiceLifecycle
import Storage
import Water

/// Work that is done again and again until shutdown: the running round is finished first.
struct RepeatedWork: Service {
    let name: String
    /// The pause after a round with nothing to do, lengthened by up to a quarter so that processes do not come
    /// together; a round that did something is followed by the next at once.
    let pause: Duration
    let logger: Logger
    /// One round; true where there may be more to do.
    let round: @Sendable () async throws -> Bool
    /// What is done once at the end.
    var last: @Sendable () async throws -> Void = {}

    /// The longest pause between rounds that fail one after another.
    private static let longestPause: Duration = .seconds(30)

    func run() async throws {
        var failures = 0
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            let mayHaveMore: Bool
            do {
                mayHaveMore = try await round()
                failures = 0
            } catch is CancellationError {
                return
            } catch {
                failures += 1
                logger.error(
                    "a background round failed",
                    metadata: ["work": "\(name)", "error": "\(error)", "in_a_row": "\(failures)"])
                mayHaveMore = false
            }
            // What fails again and again is tried less and less often.
            let slow = failures > 0 ? min(pause * (1 << min(failures, 8)), max(pause, Self.longestPause)) : pause
            let wait = slow + slow * millionths() / 4_000_000
            if !mayHaveMore { try? await cancelWhenGracefulShutdown { try await Task.sleep(for: wait) } }
        }
        do {
            try await last()
        } catch is CancellationError {
            // As when another service fails to start: what is held until then is given up by itself.
        } catch {
            logger.info("a background work ended untidily", metadata: ["work": "\(name)", "error": "\(error)"])
        }
    }

    /// Moves the journal into day sets.
    static func folding(_ fold: FoldReadings, logger: Logger) -> RepeatedWork {
        RepeatedWork(name: "fold", pause: .milliseconds(200), logger: logger) {
            try await !fold(at: .now).isIdle
        } last: {
            try await fold.letGo()
        }
    }

    /// Makes partitions for the months to come; does nothing on SQLite.
    static func preparing(_ database: Database, _ calendar: CityCalendar, logger: Logger) -> RepeatedWork {
        RepeatedWork(name: "partitions", pause: .seconds(6 * 3_600), logger: logger) {
            let month = calendar.month(of: .now)
            _ = try await database.prepareReadings(from: month, to: month.advanced(by: 2))
            return false
        }
    }

    /// Packs closed months, a few communities at a time: one process at once.
    static func packing(
        _ database: Database, afterDays: Int, by worker: Worker, logger: Logger
    ) -> RepeatedWork {
        RepeatedWork(name: "pack", pause: .seconds(600), logger: logger) {
            guard try await worker.claim(.pack, of: .unregistered, in: database) != nil else { return false }
            let pack = PackReadings(database: database)
            return try await pack(afterDays: afterDays, limit: 5, at: .now).daySets > 0
        } last: {
            try await worker.letGo(.pack, in: database)
        }
    }

    /// What is pressing at a start goes first.
    private static let timeBeforeWatching: Duration = .seconds(60)

    /// Looks for what runs without a pause, a few communities at a time: one process at once. Two million homes are looked at
    /// in less than the six hours after which they are due again.
    static func watching(
        _ watch: WatchLeaks, in database: Database, by worker: Worker, logger: Logger
    ) -> RepeatedWork {
        let begun = ContinuousClock.now
        return RepeatedWork(name: "watch", pause: .seconds(20), logger: logger) {
            if begun.duration(to: .now) < timeBeforeWatching { return false }
            guard try await worker.claim(.watch, of: .unregistered, in: database) != nil else { return false }
            _ = try await watch(at: .now)
            return false
        } last: {
            try await worker.letGo(.watch, in: database)
        }
    }

    /// Gives back overdue holds, ends lots and removes sessions whose time is up: one process at a time, and the next one once it has
    /// gone for longer than a lease.
    static func expiring(
        _ redemptions: CloseRedemption, _ lots: ExpireLots, in database: Database, by worker: Worker, logger: Logger
    ) -> RepeatedWork {
        RepeatedWork(name: "expire", pause: .seconds(20), logger: logger) {
            guard try await worker.claim(.expire, of: .unregistered, in: database) != nil else { return false }
            let holds = try await redemptions.expireOverdue(at: .now)
            let expired = try await lots(at: .now)
            let sessions = try await ExpireSessions(database: database)(at: .now)
            return holds + expired + sessions > 0
        } last: {
            try await worker.letGo(.expire, in: database)
        }
    }
}

/// The delivery loop as a service.
struct Deliveries: Service {
    let service: DeliveryService

    func run() async throws {
        await cancelWhenGracefulShutdown { await service.run() }
    }
}

extension Worker {
    /// This process, under a name that no other has: its host, its number and fresh random digits.
    static func ofThisProcess() -> Worker {
        var random = SystemRandomNumberGenerator()
        let digits = String(UInt32.random(in: 0...UInt32.max, using: &random), radix: 16)
        let process = ProcessInfo.processInfo
        return Worker(
            owner: LeaseOwner("\(process.hostName):\(process.processIdentifier):\(digits)"), now: { .now },
            dice: millionths)
    }
}

/// A random number of 0–1,000,000.
@Sendable func millionths() -> Int64 {
    var random = SystemRandomNumberGenerator()
    return Int64.random(in: 0...1_000_000, using: &random)
}
