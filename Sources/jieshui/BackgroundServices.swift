import Exporters
import Logging
import Operations
import ServiceLifecycle
import Water

/// Work that is done again and again until shutdown: the running round is finished first.
struct RepeatedWork: Service {
    let name: String
    /// The pause after a round with nothing to do; a round that did something is followed by the next at once.
    let pause: Duration
    let logger: Logger
    /// One round; true where there may be more to do.
    let round: @Sendable () async throws -> Bool

    func run() async throws {
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            let mayHaveMore: Bool
            do {
                mayHaveMore = try await round()
            } catch is CancellationError {
                return
            } catch {
                logger.error("a background round failed", metadata: ["work": "\(name)", "error": "\(error)"])
                mayHaveMore = false
            }
            if !mayHaveMore { try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) } }
        }
    }

    /// Moves the journal into day sets.
    static func folding(_ fold: FoldReadings, logger: Logger) -> RepeatedWork {
        RepeatedWork(name: "fold", pause: .milliseconds(200), logger: logger) {
            try await !fold(at: .now).isIdle
        }
    }

    /// Gives back overdue holds and ends lots whose time is up.
    static func expiring(_ redemptions: CloseRedemption, _ lots: ExpireLots, logger: Logger) -> RepeatedWork {
        RepeatedWork(name: "expire", pause: .seconds(30), logger: logger) {
            let holds = try await redemptions.expireOverdue(at: .now)
            let expired = try await lots(at: .now)
            return holds + expired > 0
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
