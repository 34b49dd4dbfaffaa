public import Database
import Storage
public import Water

/// Gives a gateway another key; the one before stops working at once.
public struct RotateGatewayKey: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    public func callAsFunction(_ name: String, key: Secret) async throws -> Result<GatewayID, GatewayRefusal> {
        try await database.write { transaction in
            guard let gateway = try transaction.reader.gateway(name: name) else {
                return .failure(.unknownGateway(name))
            }
            guard gateway.revokedAt == nil else { return .failure(.isRevoked(name)) }
            try transaction.setKey(hash: key.hash, of: gateway.id)
            return .success(gateway.id)
        }
    }
}
