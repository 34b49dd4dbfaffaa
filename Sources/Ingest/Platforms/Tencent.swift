import Water

private let signedHeaders = (time: "Timestamp", nonce: "Nonce", signature: "Signature")

/// Tencent checks an address: GET with a signed `Echostr` header, which is the answer.
func tencentHandshake(
    _ request: PushRequest, _ secrets: PushSecrets, _ limits: PushLimits
) throws(PushRefusal) -> PushOutcome {
    try checkHeaders(request, secrets, limits, names: signedHeaders, tencentSignature)
    guard let text = request.header("Echostr") else { throw .noProof(part: "Echostr") }
    return .handshake(answer: text)
}

/// Tencent's rule engine sends what its rule picks, a JSON object of the operator's own making; device, product and
/// time are read where they stand under the names that the engine gives them.
func tencentPush(
    _ request: PushRequest, _ secrets: PushSecrets, _ limits: PushLimits
) throws(PushRefusal) -> Push {
    try checkHeaders(request, secrets, limits, names: signedHeaders, tencentSignature)
    let body = try request.envelope()
    let message = DeviceMessage(
        attributes: attributes([
            ("device", body["devicename"] ?? body["DeviceName"] ?? body["deviceName"]),
            ("product", body["productid"] ?? body["ProductId"] ?? body["productId"]), ("topic", body["topic"]),
        ]),
        at: platformInstant(body["timestamp"] ?? body["time"]), properties: request.body, bytes: nil)
    return Push(messages: [message], ignored: 0, repeatKey: sha256Hex(request.body))
}
