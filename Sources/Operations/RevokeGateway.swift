public import Database
import Storage
public import Water

/// Ends a gateway's access for good; what it sent stays. Repeating it changes nothing.
public struct RevokeGateway: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    public func callAsFunction(_ name: String, at: Instant) async throws -> Result<GatewayID, GatewayRefusal> {
        try await database.write { transaction in
            guard let gateway = try transaction.reader.gateway(name: name) else {
                return .failure(.unknownGateway(name))
            }
            if gateway.revokedAt == nil { try transaction.revoke(gateway.id, at: at) }
            return .success(gateway.id)
        }
    }
}
