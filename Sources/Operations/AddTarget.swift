public import Database
import Foundation
import Storage
public import Water

/// Adds a community system that events of an area are delivered to. The secrets are made by the caller and shown
/// once; the pull key is kept as its hash, the signing secret as it is given, for it signs.
public struct AddTarget: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    /// - Parameters:
    ///   - area: the code of a community or of a wider area.
    ///   - secret: from `Secret.signingSecret(using:)`, as `TargetSecret` keeps it.
    ///   - entitlement: lets it pull statements (household numbers and figures); nil for events alone.
    public func callAsFunction(
        _ name: String, url: String, area code: String, secret: Secret, entitlement: Entitlement? = nil, at: Instant
    ) async throws -> Result<TargetID, TargetRefusal> {
        guard isOneLine(name) else { return .failure(.nameIsMalformed) }
        guard isDeliveryAddress(url) else { return .failure(.addressIsMalformed) }
        if let entitlement, !(1...500).contains(entitlement.purpose.count) { return .failure(.purposeIsMalformed) }
        return try await database.write { transaction in
            guard let area = try transaction.reader.area(code: code) else { return .failure(.unknownArea(code)) }
            guard area.kind <= .community else { return .failure(.belowCommunity(code)) }
            guard try transaction.reader.target(name: name) == nil else { return .failure(.nameIsTaken(name)) }
            return .success(
                try transaction.addTarget(
                    name: name, url: url, area: area.id, secret: secret.text,
                    pullKeyHash: entitlement?.pullKey.hash, purpose: entitlement?.purpose, at: at))
        }
    }
}

/// The right to pull statements, and what for: kept with the target as the reason for handing out personal data.
public struct Entitlement: Sendable, Hashable {
    /// 1–500 characters.
    public let purpose: String
    /// From `Secret.pullKey(using:)`.
    public let pullKey: Secret

    public init(purpose: String, pullKey: Secret) {
        self.purpose = purpose
        self.pullKey = pullKey
    }
}

extension Secret {
    /// A secret that signs deliveries: `whsec_` and the base64 of 32 random bytes (Standard Webhooks allows 24–64).
    public static func signingSecret(using random: inout some RandomNumberGenerator) -> Secret {
        Secret("whsec_" + Data(randomBytes(32, using: &random)).base64EncodedString())
    }

    /// A bearer key to pull statements with: `jst_` and 32 random bytes in hex.
    public static func pullKey(using random: inout some RandomNumberGenerator) -> Secret {
        Secret("jst_" + hex(randomBytes(32, using: &random)))
    }
}

/// True for an address of the form that deliveries go to. Which hosts are allowed is decided when connecting, by
/// what the name resolves to then.
func isDeliveryAddress(_ url: String) -> Bool {
    let lowered = url.lowercased()
    guard url.utf8.count <= 2_000, url.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }),
        let scheme = ["https://", "http://"].first(where: { lowered.hasPrefix($0) })
    else { return false }
    let rest = url.dropFirst(scheme.count)
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    guard !authority.contains("@"), !rest.contains("#") else { return false }
    return isHostAndPort(authority)
}

/// A name or address and a port: `host`, `host:443`, `[2001:db8::1]:443`.
private func isHostAndPort(_ authority: Substring) -> Bool {
    var host = authority
    var port: Substring?
    if authority.first == "[" {
        guard let end = authority.firstIndex(of: "]") else { return false }
        let rest = authority[authority.index(after: end)...]
        guard rest.isEmpty || rest.first == ":" else { return false }
        host = authority[authority.index(after: authority.startIndex)..<end]
        port = rest.isEmpty ? nil : rest.dropFirst()
        guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return false }
    } else if let colon = authority.firstIndex(of: ":") {
        host = authority[..<colon]
        port = authority[authority.index(after: colon)...]
    }
    guard !host.isEmpty, host.allSatisfy({ $0.isLetter || $0.isNumber || "-._:".contains($0) }) else { return false }
    return port.map { (1...5).contains($0.count) && $0.allSatisfy(\.isNumber) && (1...65_535).contains(Int($0) ?? 0) }
        ?? true
}
