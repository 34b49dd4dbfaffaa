/// Something by which a platform proves that it is the sender. Prints itself without the secret.
public enum SenderProof: Sendable, Hashable, CustomStringConvertible {
    /// The token that the platform signs with.
    case signature(token: String)
    /// A secret in the address, as `?token=…`.
    case query(name: String, value: String)
    /// HTTP Basic.
    case basic(user: String, password: String)
    /// A header that the platform is told to send.
    case header(name: String, value: String)
    /// The SHA-256 or SHA-1 fingerprint of the platform's client certificate, as the proxy in front forwards it: hex;
    /// colons and case do not count.
    case clientCertificate(fingerprint: String)

    /// The kinds by the names to store them under.
    public enum Kind: String, Sendable, CaseIterable {
        case signature, query, basic, header
        case clientCertificate = "client_certificate"
    }

    public var kind: Kind {
        switch self {
        case .signature: .signature
        case .query: .query
        case .basic: .basic
        case .header: .header
        case .clientCertificate: .clientCertificate
        }
    }

    public var description: String { "\(kind.rawValue)(…)" }
}

/// What the service knows to check one gateway's platform by.
///
/// Every kind of proof that is given must hold; of several of one kind, as while a token is changed, one must.
public struct PushSecrets: Sendable, CustomStringConvertible {
    public let proofs: [SenderProof]
    /// OneNET's AES key for the safe mode, 16 bytes; nil for the plain mode.
    public let encryptionKey: [UInt8]?

    public init(proofs: [SenderProof], encryptionKey: [UInt8]? = nil) {
        self.proofs = proofs
        self.encryptionKey = encryptionKey
    }

    public var description: String { proofs.map(\.description).joined(separator: " ") }

    /// Why these secrets do not suffice for a platform; nil where they do. For the one who sets a gateway up, and
    /// checked again with every request.
    public func unfit(for platform: Platform) -> String? {
        if proofs.isEmpty { return "no secret is set for this gateway" }
        for proof in proofs where !platform.proofKinds.contains(proof.kind) {
            return "\(platform.rawValue) cannot give a proof of the kind \(proof.kind.rawValue)"
        }
        if platform.needsSignature, !proofs.contains(where: { $0.kind == .signature }) {
            return "\(platform.rawValue) needs the token of its signature"
        }
        if proofs.contains(where: \.isEmpty) { return "a secret is empty" }
        for case .clientCertificate(let fingerprint) in proofs where !isFingerprint(fingerprint) {
            return "client_certificate: a fingerprint is 64 hex digits (SHA-256) or 40 (SHA-1)"
        }
        return unfitKey
    }

    /// Why the encryption key cannot be one; nil where it can, and without one.
    var unfitKey: String? {
        if let encryptionKey, encryptionKey.count != 16 { return "the encryption key is not of 16 bytes" }
        return nil
    }

    /// The tokens to check a signature with.
    var tokens: [String] { proofs.compactMap { if case .signature(let token) = $0 { token } else { nil } } }
}

extension SenderProof {
    fileprivate var isEmpty: Bool {
        switch self {
        case .signature(let value), .query(_, let value), .header(_, let value), .clientCertificate(let value):
            value.isEmpty
        case .basic(_, let password): password.isEmpty
        }
    }
}

extension PushRequest {
    /// Checks every proof that is not the platform's signature.
    func checkStatic(_ secrets: PushSecrets) throws(PushRefusal) {
        for kind in [SenderProof.Kind.query, .basic, .header, .clientCertificate] {
            let wanted = secrets.proofs.filter { $0.kind == kind }
            if wanted.isEmpty { continue }
            // Which of several is nearest does not show: each is compared to the end.
            let results = wanted.map(holds)
            if results.contains(true) { continue }
            if results.contains(false) { throw .wrongProof(part: wanted[0].part) }
            throw .noProof(part: wanted[0].part)
        }
    }

    /// nil where the request lacks the part.
    private func holds(_ proof: SenderProof) -> Bool? {
        switch proof {
        case .signature: nil
        case .query(let name, let value): query(name).map { isSame($0, value) }
        case .header(let name, let value): header(name).map { isSame($0, value) }
        case .basic(let user, let password):
            header("Authorization").map { isSame(withSchemeAsWritten($0), "Basic \(base64("\(user):\(password)"))") }
        case .clientCertificate(let fingerprint):
            clientCertificate.map { isSame(plainHex($0), plainHex(fingerprint)) }
        }
    }

    /// A scheme may come in any case, its credentials behind any number of spaces. Source: RFC 9110, section 11.
    private func withSchemeAsWritten(_ header: String) -> String {
        guard header.prefix(6).lowercased() == "basic " else { return header }
        let credentials = header.dropFirst(6).drop(while: { $0 == " " })
        return "Basic \(credentials)"
    }
}

private func plainHex(_ text: String) -> String { text.lowercased().replacing(":", with: "") }

/// Of SHA-256 or of SHA-1, which is all that nginx tells.
private func isFingerprint(_ text: String) -> Bool {
    let digits = plainHex(text).utf8
    return (digits.count == 64 || digits.count == 40) && digits.allSatisfy { $0.hexDigit != nil }
}

extension SenderProof {
    /// What is named in a refusal.
    fileprivate var part: String {
        switch self {
        case .signature: "signature"
        case .query(let name, _): "?\(name)"
        case .basic: "Authorization"
        case .header(let name, _): name
        case .clientCertificate: "client certificate"
        }
    }
}
