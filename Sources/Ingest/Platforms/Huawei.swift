import Water

/// Huawei IoTDA: one resource and event a request; reports of properties and of plain messages are a device's data.
///
/// `body` stands inside `notify_data` in real messages and beside it in the documentation; the one that has anything in
/// it counts. The optional signature is over headers, not over the body. Source: protocols.md, section 3.
func iotdaPush(_ request: PushRequest) throws(PushRefusal) -> Push {
    let envelope = try request.envelope()
    guard let resource = envelope["resource"]?.plain, let event = envelope["event"]?.plain else {
        throw .malformed(offset: 0, reason: "resource or event is missing")
    }
    let notified = envelope["notify_data"]
    let header = notified?["header"]
    let repeatKey = envelope["request_id"]?.plain ?? sha256Hex(request.body)
    let bodies = [notified?["body"], envelope["body"]].compactMap { $0 }
    guard event == "report", let body = bodies.first(where: { !$0.isEmpty }) else {
        return Push(messages: [], ignored: 1, repeatKey: repeatKey)
    }
    let device: [(String, JSONNode?)] = [
        ("device", header?["device_id"]), ("node", header?["node_id"]), ("product", header?["product_id"]),
        ("gateway", header?["gateway_id"]),
    ]
    let heard = HeardTime(envelope["event_time"], named: "event_time")
    switch resource {
    case "device.property":
        let (messages, ignored) = services(
            body["services"]?.list ?? [], request, device, heard, keys: ("service_id", "event_time", "properties"))
        return Push(messages: messages, ignored: ignored, repeatKey: repeatKey)
    case "device.message":
        let message = DeviceMessage(
            attributes: attributes(device + [("topic", body["topic"])]), at: heard.at,
            properties: request.bytes(of: body), bytes: nil, fault: heard.fault, timeKey: "event_time")
        return Push(messages: [message], ignored: 0, repeatKey: repeatKey)
    default: return Push(messages: [], ignored: 1, repeatKey: repeatKey)
    }
}

/// Huawei OceanConnect: `notifyType` deviceDataChanged with one service, deviceDatasChanged with several.
func oceanConnectPush(_ request: PushRequest) throws(PushRefusal) -> Push {
    let envelope = try request.envelope()
    guard let type = envelope["notifyType"]?.plain else {
        throw .malformed(offset: 0, reason: "notifyType is missing")
    }
    let repeatKey = envelope["requestId"]?.plain ?? sha256Hex(request.body)
    let changed: [JSONNode] =
        switch type {
        case "deviceDataChanged": envelope["service"].map { [$0] } ?? []
        case "deviceDatasChanged": envelope["services"]?.list ?? []
        default: []
        }
    let device = [("device", envelope["deviceId"]), ("gateway", envelope["gatewayId"])]
    let (messages, ignored) = services(
        changed, request, device, HeardTime(nil, named: "eventTime"), keys: ("serviceId", "eventTime", "data"))
    return Push(messages: messages, ignored: ignored, repeatKey: repeatKey)
}

/// A message for each service that has data; where there is no service at all, one is ignored. Its time is its own, and
/// the request's only where it gives none and the request one: a time that cannot be read rejects it.
private func services(
    _ nodes: [JSONNode], _ request: PushRequest, _ device: [(String, JSONNode?)], _ heard: HeardTime,
    keys: (service: String, time: String, data: String)
) -> (messages: [DeviceMessage], ignored: Int) {
    var messages: [DeviceMessage] = []
    var ignored = nodes.isEmpty ? 1 : 0
    for node in nodes {
        guard let data = node[keys.data], data.isObject else {
            ignored += 1
            continue
        }
        let time = HeardTime(node[keys.time], named: keys.time).or(heard)
        messages.append(
            DeviceMessage(
                attributes: attributes(device + [("service", node[keys.service])]), at: time.at,
                properties: request.bytes(of: data), bytes: nil, fault: time.fault, timeKey: keys.time))
    }
    return (messages, ignored)
}
