import Database
import Logging
import Operations
import Storage
import Water

/// How the database stands: what `/readyz` judges and `/metrics` tells.
struct DatabaseStanding: Sendable {
    /// Readings kept and not yet folded, and when the oldest of them was written; nil without any.
    var lag: (readings: Int64, oldest: Instant)?
    /// False where writes fail, or less than 16 MiB are left where the database lies.
    var isWritable: Bool
    /// The number of the last migration.
    var schema: Int64
    /// Empty where they were not asked for.
    var deliveries: [DeliveryState: Int] = [:]

    /// How long the oldest unfolded reading has waited.
    func lagSeconds(at now: Instant) -> Int64 { lag.map { max(0, now - $0.oldest) } ?? 0 }
}

/// Looks how the database stands, and waits no longer than who asks can.
struct DatabaseCheck: Sendable {
    /// `countsDeliveries`: they are counted one by one, which who only asks for readiness is spared.
    var look: @Sendable (_ now: Instant, _ countsDeliveries: Bool) async throws -> DatabaseStanding
    /// Returns when nothing is waited for any more: who asks must not wait as long as a database that is away is.
    var patience: @Sendable () async throws -> Void = { try await Task.sleep(for: .seconds(2)) }

    /// nil where the database fails or does not answer in time.
    func callAsFunction(
        at now: Instant, countsDeliveries: Bool = false, _ logger: Logger
    ) async -> DatabaseStanding? {
        let (look, patience) = (look, patience)
        do {
            return try await first(of: { try await look(now, countsDeliveries) }, within: patience)
        } catch {
            logger.error("the database does not answer", metadata: ["error": "\(error)"])
            return nil
        }
    }
}

extension DatabaseCheck {
    init(_ database: Database, _ record: RecordReadings) {
        self.init(look: { now, countsDeliveries in
            var standing = try await database.read { reader in
                DatabaseStanding(
                    lag: try reader.journalLag(), isWritable: false, schema: try reader.schemaNumber(),
                    deliveries: countsDeliveries ? try reader.deliveryCounts() : [:])
            }
            standing.isWritable = await record.canWrite(at: now)
            return standing
        })
    }
}

/// What `work` comes to; nil where `patience` ends first. It is cancelled then, and not waited for.
private func first<Value: Sendable>(
    of work: @escaping @Sendable () async throws -> Value, within patience: @escaping @Sendable () async throws -> Void
) async throws -> Value? {
    let (ends, end) = AsyncThrowingStream<Value?, any Error>.makeStream()
    let working = Task {
        do { end.yield(try await work()) } catch { end.finish(throwing: error) }
    }
    let waiting = Task {
        try await patience()
        end.yield(nil)
    }
    defer {
        working.cancel()
        waiting.cancel()
    }
    for try await first in ends { return first }
    return nil
}
