public import Database
import Ingest
import Storage
public import Water

/// Why a mapping of tables is not kept.
public enum TableMappingRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    case unknownGateway(String)
    case isRevoked(String)
    /// A name has 1–32 letters, digits, `-` and `_`.
    case nameIsMalformed
    /// At most 64 KiB of text.
    case tooLarge
    /// `file:line: reason`, a fault a line.
    case mapping(faults: String)

    public var description: String {
        switch self {
        case .unknownGateway(let name): "no gateway is named \(name)"
        case .isRevoked(let name): "the gateway \(name) is revoked: add another"
        case .nameIsMalformed: "a mapping's name has 1 to 32 letters, digits, - and _"
        case .tooLarge: "a mapping has at most 64 KiB"
        case .mapping(let faults): faults
        }
    }
}

/// Keeps how a gateway's own tables are read, for `POST /v1/readings/table?mapping=NAME`; one of the same name is
/// replaced.
public struct SetGatewayTable: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    /// `file`: the name that faults of the mapping are told with.
    public func callAsFunction(
        _ mapping: String, name: String, of gateway: String, file: String, at: Instant
    ) async throws -> Result<Void, TableMappingRefusal> {
        let isName = name.utf8.allSatisfy {
            ($0 >= 48 && $0 <= 57) || ($0 >= 65 && $0 <= 90) || ($0 >= 97 && $0 <= 122) || $0 == 45 || $0 == 95
        }
        guard isName, (1...32).contains(name.utf8.count) else { return .failure(.nameIsMalformed) }
        guard mapping.utf8.count <= 65_536 else { return .failure(.tooLarge) }
        do throws(MappingFaults) {
            guard case .table = try Mapping.read(mapping, file: file) else {
                return .failure(.mapping(faults: "\(file): only a mapping of kind table reads a table"))
            }
        } catch {
            return .failure(.mapping(faults: error.description))
        }
        return try await database.write { transaction in
            guard let found = try transaction.reader.gateway(name: gateway) else {
                return .failure(.unknownGateway(gateway))
            }
            guard found.revokedAt == nil else { return .failure(.isRevoked(gateway)) }
            try transaction.putTableMapping(mapping, name: name, of: found.id, at: at)
            return .success(())
        }
    }
}
