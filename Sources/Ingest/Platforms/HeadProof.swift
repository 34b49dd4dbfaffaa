/// Checks what the head of a request proves of its sender, before anything of the body is read.
///
/// Every proof that stands in the head must hold: secrets as they are sent, and the signatures of `tencent` and
/// `huawei-iotda`, which are over headers.
///
/// - Returns: true where the sender is believed; false where only the body's signature can tell, as of OneNET's pushes
///   without a secret in the head besides.
public func headProves(
    _ request: PushRequest, from platform: Platform, secrets: PushSecrets, limits: PushLimits = PushLimits()
) throws(PushRefusal) -> Bool {
    if let reason = secrets.unfit(for: platform) { throw .notConfigured(reason: reason) }
    try request.checkStatic(secrets)
    switch platform {
    case .onenet: return secrets.proofs.contains { $0.kind != .signature }
    case .tencent: try checkHeaders(request, secrets, limits, names: tencentHeaders, tencentSignature)
    case .huaweiIoTDA where !secrets.tokens.isEmpty:
        try checkHeaders(request, secrets, limits, names: huaweiHeaders, huaweiSignature)
    case .huaweiIoTDA, .ctwing, .oceanconnect, .chirpstack, .thethingsstack: break
    }
    return true
}

private let tencentHeaders = (time: "Timestamp", nonce: "Nonce", signature: "Signature")
private let huaweiHeaders = (time: "timestamp", nonce: "nonce", signature: "signature")

/// Checks a signature over token, time and nonce that stands in three headers, then the time.
private func checkHeaders(
    _ request: PushRequest, _ secrets: PushSecrets, _ limits: PushLimits,
    names: (time: String, nonce: String, signature: String), _ sign: (String, String, String) -> String
) throws(PushRefusal) {
    guard let time = request.header(names.time) else { throw .noProof(part: names.time) }
    guard let nonce = request.header(names.nonce) else { throw .noProof(part: names.nonce) }
    guard let given = request.header(names.signature) else { throw .noProof(part: names.signature) }
    let results = secrets.tokens.map { isSame(given.lowercased(), sign($0, time, nonce)) }
    guard results.contains(true) else { throw .wrongProof(part: names.signature) }
    try request.checkWindow(time, limits: limits)
}
