import Water

/// ChirpStack v4: `?event=up` with the payload as base64 in `data`; every other event carries no reading.
///
/// A missing `fPort` is 0. Times have nine decimals and +00:00. Only the JSON encoding is read.
func chirpStackPush(_ request: PushRequest) throws(PushRefusal) -> Push {
    guard let event = request.query("event") else { throw .malformed(offset: 0, reason: "?event is missing") }
    let envelope = try request.envelope()
    let repeatKey = envelope["deduplicationId"]?.plain ?? sha256Hex(request.body)
    guard event == "up" else { return Push(messages: [], ignored: 1, repeatKey: repeatKey) }
    let info = envelope["deviceInfo"]
    var parts: [(String, JSONNode?)] = [
        ("device", info?["devEui"]), ("eui", info?["devEui"]), ("name", info?["deviceName"]),
        ("product", info?["deviceProfileName"]),
    ]
    if case .object(let tags) = info?["tags"]?.value { parts += tags.map { ("tag.\($0.key)", $0.value) } }
    return uplink(
        request, attributes(parts), port: envelope["fPort"], payload: (key: "data", node: envelope["data"]),
        decoded: envelope["object"], HeardTime(envelope["time"], named: "time"), timeKey: "time", repeatKey: repeatKey)
}

/// The Things Stack v3: `uplink_message` with the payload as base64 in `frm_payload`.
///
/// Fields that are empty, zero or false are left out, so a missing `f_port` is 0 and a missing `frm_payload` is empty.
/// A simulated uplink is ignored.
func thingsStackPush(_ request: PushRequest) throws(PushRefusal) -> Push {
    let envelope = try request.envelope()
    guard let ids = envelope["end_device_ids"] else {
        throw .malformed(offset: 0, reason: "end_device_ids is missing")
    }
    let repeatKey = sha256Hex(request.body)
    guard let message = envelope["uplink_message"], envelope["simulated"]?.plain != "true" else {
        return Push(messages: [], ignored: 1, repeatKey: repeatKey)
    }
    let timeKey = "received_at"
    let found = attributes([
        ("device", ids["device_id"]), ("eui", ids["dev_eui"]), ("product", message["version_ids"]?["model_id"]),
    ])
    return uplink(
        request, found, port: message["f_port"], payload: (key: "frm_payload", node: message["frm_payload"]),
        decoded: message["decoded_payload"],
        HeardTime(message["received_at"], named: timeKey).or(HeardTime(envelope["received_at"], named: timeKey)),
        timeKey: timeKey, repeatKey: repeatKey)
}

private func uplink(
    _ request: PushRequest, _ found: [String: String], port: JSONNode?, payload: (key: String, node: JSONNode?),
    decoded: JSONNode?, _ heard: HeardTime, timeKey: String, repeatKey: String
) -> Push {
    var device = found
    device["f_port"] = port?.plain ?? "0"
    let text = payload.node?.plain
    let bytes = text.flatMap { Ingest.bytes(ofBase64: $0) }
    let isUnreadable = text != nil && bytes == nil
    let properties = decoded.flatMap { $0.isObject ? request.bytes(of: $0) : nil }
    if text == nil, properties == nil { return Push(messages: [], ignored: 1, repeatKey: repeatKey) }
    let message = DeviceMessage(
        attributes: device, at: heard.at, properties: properties, bytes: bytes,
        bytesFault: isUnreadable ? ItemFault(field: payload.key, reason: "not base64") : nil, fault: heard.fault,
        timeKey: timeKey)
    return Push(messages: [message], ignored: 0, repeatKey: repeatKey)
}
