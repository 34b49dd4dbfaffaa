public import Database
import Storage
public import Water

/// Why a gateway cannot be added or its key changed.
public enum GatewayRefusal: Error, Sendable, Hashable {
    /// Names are 1–64 characters without line ends.
    case nameIsMalformed
    case unknownArea(String)
    case nameIsTaken(String)
    case unknownGateway(String)
    case isRevoked(String)
}

extension GatewayRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .nameIsMalformed: "a gateway's name has 1 to 64 characters in one line"
        case .unknownArea(let code): "no area has the code \(code)"
        case .nameIsTaken(let name): "a gateway is named \(name) already"
        case .unknownGateway(let name): "no gateway is named \(name)"
        case .isRevoked(let name): "the gateway \(name) is revoked: add another"
        }
    }
}

/// Lets a sender in for one part of the area tree. The key is made by the caller and shown once.
public struct AddGateway: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    public func callAsFunction(
        _ name: String, area code: String, key: Secret, at: Instant
    ) async throws -> Result<GatewayID, GatewayRefusal> {
        guard isOneLine(name) else { return .failure(.nameIsMalformed) }
        return try await database.write { transaction in
            guard let area = try transaction.reader.area(code: code) else { return .failure(.unknownArea(code)) }
            guard try transaction.reader.gateway(name: name) == nil else { return .failure(.nameIsTaken(name)) }
            return .success(try transaction.addGateway(name: name, area: area.id, keyHash: key.hash, at: at))
        }
    }
}

/// True for 1–64 characters with no line end or other control among them.
func isOneLine(_ name: String) -> Bool {
    (1...64).contains(name.count) && name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        && name.first != " " && name.last != " "
}
