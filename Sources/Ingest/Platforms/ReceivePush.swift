/// Checks a platform's request and takes its messages out of the envelope.
///
/// The sender comes first: nothing of a body is told to one who is not believed, not even that it cannot be read. (What
/// OneNET signs is a part of the body, so there the envelope is read before, and its faults are told.)
public func receivePush(
    _ request: PushRequest, from platform: Platform, secrets: PushSecrets, limits: PushLimits = PushLimits()
) -> PushOutcome {
    do throws(PushRefusal) {
        // What the body's signature proves is checked with the body below.
        _ = try headProves(request, from: platform, secrets: secrets, limits: limits)
        guard request.body.count <= limits.bytes else { throw .tooLarge(limit: limits.bytes) }
        switch (platform, request.method) {
        case (.onenet, .get): return try oneNETHandshake(request, secrets)
        case (.tencent, .get): return try tencentHandshake(request)
        case (_, .get): throw .method
        case (.onenet, .post): return .push(try oneNETPush(request, secrets, limits))
        case (.tencent, .post): return .push(try tencentPush(request))
        case (.huaweiIoTDA, .post): return .push(try iotdaPush(request))
        case (.oceanconnect, .post): return .push(try oceanConnectPush(request))
        case (.ctwing, .post): return .push(try ctwingPush(request))
        case (.chirpstack, .post): return .push(try chirpStackPush(request))
        case (.thethingsstack, .post): return .push(try thingsStackPush(request))
        }
    } catch {
        return .refused(error)
    }
}

extension PushRequest {
    /// The body as an object.
    func envelope() throws(PushRefusal) -> JSONNode {
        do throws(BodyRefusal) {
            let node = try JSONNode.document(body.span)
            guard node.isObject else { throw BodyRefusal.malformed(offset: 0, reason: "expected an object") }
            return node
        } catch {
            throw PushRefusal(error)
        }
    }

    /// The bytes of a part of the body.
    func bytes(of node: JSONNode) -> [UInt8] { Array(body[node.range]) }
}

extension PushRefusal {
    /// A body's refusal as a push's.
    init(_ refusal: BodyRefusal) {
        switch refusal {
        case .malformed(let offset, let reason): self = .malformed(offset: offset, reason: reason)
        case .tooLarge(let limit), .tooManyReadings(let limit): self = .tooLarge(limit: limit)
        }
    }
}

/// The parts of an envelope that say which device speaks; parts that are absent are left out, of two with one name the
/// first that is there counts.
func attributes(_ parts: [(String, JSONNode?)]) -> [String: String] {
    var found: [String: String] = [:]
    for (name, node) in parts {
        if found[name] == nil, let text = node?.plain { found[name] = text }
    }
    return found
}
