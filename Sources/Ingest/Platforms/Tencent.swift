import Water

/// Tencent checks an address: GET with a signed `Echostr` header, which is the answer.
func tencentHandshake(_ request: PushRequest) throws(PushRefusal) -> PushOutcome {
    guard let text = request.header("Echostr") else { throw .noProof(part: "Echostr") }
    return .handshake(answer: text)
}

/// Tencent's rule engine sends what its rule picks, a JSON object of the operator's own making; device, product and
/// time are read where they stand under the names that the engine gives them. What kind of message it is it does not
/// say.
func tencentPush(_ request: PushRequest) throws(PushRefusal) -> Push {
    let body = try request.envelope()
    let heard = HeardTime(body["timestamp"], named: "timestamp").or(HeardTime(body["time"], named: "time"))
    let message = DeviceMessage(
        attributes: attributes([
            ("device", body["devicename"] ?? body["DeviceName"] ?? body["deviceName"]),
            ("product", body["productid"] ?? body["ProductId"] ?? body["productId"]), ("topic", body["topic"]),
        ]),
        at: heard.at, properties: request.body, bytes: nil, fault: heard.fault, timeKey: "timestamp",
        isOfAnyKind: true)
    return Push(messages: [message], ignored: 0, repeatKey: sha256Hex(request.body))
}
