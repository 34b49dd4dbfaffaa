public import Water

/// Takes the messages out of a platform's kept body as `receivePush` does, and asks for no proof of the sender: for
/// trying a mapping, never for readings that are stored.
///
/// - Parameters:
///   - event: what ChirpStack says by `?event=`.
///   - encryptionKey: OneNET's AES key for the safe mode, 16 bytes; nil for the plain mode.
///   - receivedAt: when the body came; nil where OneNET's window is not to be asked about.
public func openUnproved(
    _ body: [UInt8], from platform: Platform, event: String? = nil, encryptionKey: [UInt8]? = nil,
    receivedAt: Instant? = nil, limits: PushLimits = PushLimits()
) throws(PushRefusal) -> Push {
    guard body.count <= limits.bytes else { throw .tooLarge(limit: limits.bytes) }
    let secrets = PushSecrets(proofs: [], encryptionKey: encryptionKey)
    if let reason = secrets.unfitKey { throw .notConfigured(reason: reason) }
    var query: [(name: String, value: String)] = []
    if let event { query.append(("event", event)) }
    let request = PushRequest(
        method: .post, query: query, body: body, receivedAt: receivedAt ?? .earliestReading)
    switch platform {
    case .ctwing: return try ctwingPush(request)
    case .onenet: return try OneNETEnvelope(request).push(secrets, receivedAt: receivedAt, limits)
    case .huaweiIoTDA: return try iotdaPush(request)
    case .oceanconnect: return try oceanConnectPush(request)
    case .chirpstack: return try chirpStackPush(request)
    case .thethingsstack: return try thingsStackPush(request)
    case .tencent: return try tencentPush(request)
    }
}

/// One JSON value for each reading and each rejection of a push, as of a body, and behind them one for the whole, its
/// `status` `push`: `items` (messages that the mapping took up), `readings`, `rejected` (items with a fault), `ignored`
/// (messages without a device's data, and those the mapping passes over) and `sender`, which says that nobody proved
/// to be the platform.
public func decodeLines(_ push: Push, _ found: PushReadings) -> [CanonicalJSON] {
    let batch = found.batch
    let whole: CanonicalJSON = [
        "status": "push", "sender": "not proved", "items": .integer(Int64(batch.itemCount)),
        "readings": .integer(Int64(batch.registers.count)),
        "rejected": .integer(Int64(Set(batch.rejections.map(\.item)).count)),
        "ignored": .integer(Int64(push.ignored + found.ignored)),
    ]
    return decodeLines(batch) + [whole]
}
