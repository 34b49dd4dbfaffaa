public import Database
import Storage
public import Water

/// Gives a target another signing secret. Both sign, the new one first, until `finish` is called, so that the receiver
/// changes its copy without missing a delivery.
public struct RotateTargetSecret: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    /// `secret` is kept as it is given: as `TargetSecret` keeps it. With `pullKey`, which only an entitled target may
    /// have, the key before it stops working at once. A target whose rotation has not ended is refused: a third secret
    /// would silence the one that its receiver has. One that is not sealed after one that is is refused.
    ///
    /// - Parameters:
    ///   - isReplacement: the secret given last was lost and is replaced; the one before it signs on.
    ///   - mayUnseal: a secret that is not sealed is taken after any.
    public func callAsFunction(
        _ name: String, secret: Secret, pullKey: Secret? = nil, isReplacement: Bool = false, mayUnseal: Bool = false
    ) async throws -> Result<TargetID, TargetRefusal> {
        try await database.write { transaction in
            guard let target = try transaction.reader.target(name: name) else { return .failure(.unknownTarget(name)) }
            guard target.isRotating == isReplacement else {
                return .failure(target.isRotating ? .isRotating(name) : .isNotRotating(name))
            }
            if !mayUnseal, !TargetSecret.isSealed(secret.text),
                let kept = try transaction.reader.signingSecret(of: target.id), TargetSecret.isSealed(kept)
            {
                return .failure(.isSealed(name))
            }
            if let pullKey {
                guard target.isEntitled else { return .failure(.notEntitled(name)) }
                try transaction.setPullKey(hash: pullKey.hash, of: target.id)
            }
            if isReplacement {
                try transaction.replaceSecret(of: target.id, by: secret.text)
            } else {
                try transaction.rotateSecret(of: target.id, to: secret.text)
            }
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
