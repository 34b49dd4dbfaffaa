import Water

/// CTWing: one message a request, `messageType` dataReport; the device's part is `payload`.
///
/// The body carries no signature and no id; `upPacketSN` is -1, a number or empty. Source: protocols.md, section 3.
func ctwingPush(_ request: PushRequest) throws(PushRefusal) -> Push {
    let envelope = try request.envelope()
    guard let type = envelope["messageType"]?.plain else {
        throw .malformed(offset: 0, reason: "messageType is missing")
    }
    let repeatKey = sha256Hex(request.body)
    guard type == "dataReport", let payload = envelope["payload"], payload.isObject else {
        return Push(messages: [], ignored: 1, repeatKey: repeatKey)
    }
    let heard = HeardTime(envelope["timestamp"], named: "timestamp")
    let message = DeviceMessage(
        attributes: attributes([
            ("device", envelope["deviceId"]), ("imei", envelope["IMEI"]), ("product", envelope["productId"]),
            ("service", envelope["serviceId"]), ("service", payload["serviceId"]), ("topic", envelope["topic"]),
        ]),
        at: heard.at, properties: request.bytes(of: payload), bytes: nil, fault: heard.fault, timeKey: "timestamp")
    return Push(messages: [message], ignored: 0, repeatKey: repeatKey)
}
