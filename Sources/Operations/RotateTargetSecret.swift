public import Database
import Storage
public import Water

/// Gives a target another signing secret. Both sign, the new one first, until `finish` is called or it is rotated
/// again, so that the receiver changes its copy without missing a delivery.
public struct RotateTargetSecret: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    /// With `pullKey`, which only an entitled target may have, the key before it stops working at once.
    public func callAsFunction(
        _ name: String, secret: Secret, pullKey: Secret? = nil
    ) async throws -> Result<TargetID, TargetRefusal> {
        try await database.write { transaction in
            guard let target = try transaction.reader.target(name: name) else { return .failure(.unknownTarget(name)) }
            if let pullKey {
                guard target.isEntitled else { return .failure(.notEntitled(name)) }
                try transaction.setPullKey(hash: pullKey.hash, of: target.id)
            }
            try transaction.rotateSecret(of: target.id, to: secret.text)
            return .success(target.id)
        }
    }

    /// The secret before stops signing.
    public func finish(_ name: String) async throws -> Result<TargetID, TargetRefusal> {
        try await database.write { transaction in
            guard let target = try transaction.reader.target(name: name) else { return .failure(.unknownTarget(name)) }
            try transaction.dropPreviousSecret(of: target.id)
            return .success(target.id)
        }
    }
}
