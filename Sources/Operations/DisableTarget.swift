public import Database
import Storage
public import Water

/// Stops delivering to a target. What waited, and what happens meanwhile, stays in the failure list as disabled.
/// Repeating it changes nothing.
public struct DisableTarget: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    public func callAsFunction(
        _ name: String, reason: String = "by staff", at: Instant
    ) async throws -> Result<TargetID, TargetRefusal> {
        try await database.write { transaction in
            guard let target = try transaction.reader.target(name: name) else { return .failure(.unknownTarget(name)) }
            try transaction.disable(target.id, reason: reason, at: at)
            return .success(target.id)
        }
    }
}
