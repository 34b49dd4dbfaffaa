public import Database
import Foundation
public import Ingest
public import Storage
public import Water

/// Why a gateway's platform cannot be set up.
public enum PushSettingRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    case unknownGateway(String)
    case isRevoked(String)
    /// The secrets do not suffice for the platform, or one could be guessed.
    case unfit(reason: String)
    /// `file:line: reason`, a fault a line.
    case mapping(faults: String)
    case notSet(gateway: String, platform: String)

    public var description: String {
        switch self {
        case .unknownGateway(let name): "no gateway is named \(name)"
        case .isRevoked(let name): "the gateway \(name) is revoked: add another"
        case .unfit(let reason): reason
        case .mapping(let faults): faults
        case .notSet(let gateway, let platform): "\(platform) is not set for the gateway \(gateway)"
        }
    }
}

/// Sets how a platform pushes for a gateway: its secrets, sealed, and the mapping of what is inside.
public struct SetGatewayPush: Sendable {
    private let database: Database
    private let key: SealKey
    private let profiles: CJT188Profiles?

    /// `profiles`: those of CJ/T 188 that a mapping may name; nil for the built-in ones.
    public init(database: Database, key: SealKey, profiles: CJT188Profiles? = nil) {
        self.database = database
        self.key = key
        self.profiles = profiles
    }

    /// - Parameter file: the name that faults of the mapping are told with.
    public func callAsFunction(
        _ name: String, platform: Platform, secrets: PushSecrets, mapping: String, file: String, at: Instant,
        using random: inout some RandomNumberGenerator
    ) async throws -> Result<Void, PushSettingRefusal> {
        if let reason = secrets.unfit(for: platform) ?? secrets.guessable { return .failure(.unfit(reason: reason)) }
        do throws(MappingFaults) {
            if case .table = try Mapping.read(mapping, file: file, profiles: profiles) {
                return .failure(.mapping(faults: "\(file): a table's mapping reads no push"))
            }
        } catch {
            return .failure(.mapping(faults: error.description))
        }
        guard let gateway = try await database.read({ try $0.gateway(name: name) }) else {
            return .failure(.unknownGateway(name))
        }
        guard gateway.revokedAt == nil else { return .failure(.isRevoked(name)) }
        let sealed = try key.seal(
            try secrets.stored, for: .push(gateway.id, platform: platform.rawValue), using: &random)
        try await database.write { transaction in
            try transaction.put(
                GatewayPush(
                    gateway: gateway.id, platform: platform.rawValue, mapping: mapping, sealedSecrets: sealed,
                    changedAt: at))
        }
        return .success(())
    }
}

extension PushSecrets {
    /// Why a secret that is sent as it is could be guessed; nil where none could. Asked where one is set: what was kept
    /// before goes on.
    fileprivate var guessable: String? {
        let guessable = proofs.first { ($0.sentCharacters ?? .max) < PushSecrets.leastCharacters }
        return guessable.map { proof in
            "\(proof.kind.rawValue): a secret has \(PushSecrets.leastCharacters) characters or more, "
                + "as openssl rand -hex 16 makes them"
        }
    }

    private static let leastCharacters = 16
}

extension SenderProof {
    /// Characters of a secret that is sent as it is, of a header those behind its last blank (`Bearer …`); nil for what
    /// is not sent, or is no secret.
    fileprivate var sentCharacters: Int? {
        switch self {
        case .query(_, let value), .basic(_, let value): value.count
        case .header(_, let value): value.split(separator: " ").last?.count ?? 0
        case .signature, .clientCertificate: nil
        }
    }
}

/// Ends a platform's pushes for a gateway.
public struct RemoveGatewayPush: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    public func callAsFunction(_ name: String, platform: Platform) async throws -> Result<Void, PushSettingRefusal> {
        try await database.write { transaction in
            guard let gateway = try transaction.reader.gateway(name: name) else {
                return .failure(.unknownGateway(name))
            }
            guard try transaction.removePush(of: gateway.id, platform: platform.rawValue) else {
                return .failure(.notSet(gateway: name, platform: platform.rawValue))
            }
            return .success(())
        }
    }
}

/// A gateway's platform as a request needs it.
public struct OpenedPush: Sendable {
    public let gateway: Gateway
    public let platform: Platform
    public let secrets: PushSecrets
    public let mapping: Mapping
}

extension SealKey {
    /// The settings of a gateway's platform.
    ///
    /// - Parameter profiles: those of CJ/T 188 that the mapping may name; nil for the built-in ones.
    /// - Throws: `SealFault.notOpened`; `MappingFaults` where a later program no longer reads the mapping, or a profile
    ///   that it names is there no longer.
    public func opened(
        _ push: GatewayPush, of gateway: Gateway, _ platform: Platform, profiles: CJT188Profiles? = nil
    ) throws -> OpenedPush {
        let stored = try open(push.sealedSecrets, of: .push(gateway.id, platform: push.platform))
        return OpenedPush(
            gateway: gateway, platform: platform, secrets: try PushSecrets(stored: stored),
            mapping: try Mapping.read(
                push.mapping, file: "\(push.platform) of \(gateway.name)", profiles: profiles))
    }
}

/// The form that is sealed.
private struct StoredSecrets: Codable {
    struct Proof: Codable {
        let kind: String
        /// The name of a header or query item, or the user.
        let name: String?
        let value: String
    }

    let proofs: [Proof]
    let encryptionKey: [UInt8]?
}

extension PushSecrets {
    fileprivate var stored: [UInt8] {
        get throws {
            let form = StoredSecrets(
                proofs: proofs.map { proof in
                    switch proof {
                    case .signature(let token): .init(kind: proof.kind.rawValue, name: nil, value: token)
                    case .query(let name, let value), .header(let name, let value):
                        .init(kind: proof.kind.rawValue, name: name, value: value)
                    case .basic(let user, let password):
                        .init(kind: proof.kind.rawValue, name: user, value: password)
                    case .clientCertificate(let print): .init(kind: proof.kind.rawValue, name: nil, value: print)
                    }
                }, encryptionKey: encryptionKey)
            return Array(try JSONEncoder().encode(form))
        }
    }

    fileprivate init(stored: [UInt8]) throws {
        let form = try JSONDecoder().decode(StoredSecrets.self, from: Data(stored))
        let proofs = try form.proofs.map { stored -> SenderProof in
            guard let kind = SenderProof.Kind(rawValue: stored.kind),
                let proof = SenderProof(kind: kind, name: stored.name, value: stored.value)
            else { throw SealFault.notOpened }
            return proof
        }
        self.init(proofs: proofs, encryptionKey: form.encryptionKey)
    }
}

extension SenderProof {
    /// nil where the kind needs a name and has none.
    fileprivate init?(kind: Kind, name: String?, value: String) {
        switch (kind, name) {
        case (.signature, _): self = .signature(token: value)
        case (.clientCertificate, _): self = .clientCertificate(fingerprint: value)
        case (.query, let name?): self = .query(name: name, value: value)
        case (.header, let name?): self = .header(name: name, value: value)
        case (.basic, let name?): self = .basic(user: name, password: value)
        case (_, nil): return nil
        }
    }

    /// A proof as the command line takes it: `signature=TOKEN`, `query=NAME:VALUE`, `basic=USER:PASSWORD`,
    /// `header=NAME:VALUE`, `client_certificate=FINGERPRINT`; nil for anything else.
    public init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let kind = Kind(rawValue: parts[0]) else { return nil }
        switch kind {
        case .signature, .clientCertificate: self.init(kind: kind, name: nil, value: parts[1])
        case .query, .header, .basic:
            let pair = parts[1].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, !pair[0].isEmpty else { return nil }
            self.init(
                kind: kind, name: String(pair[0]),
                value: kind == .header ? pair[1].trimmingCharacters(in: .whitespaces) : String(pair[1]))
        }
    }
}
