import Water

/// OneNET checks an address: GET with `msg`, `nonce` and `signature`; the answer is `msg` as it came.
func oneNETHandshake(_ request: PushRequest, _ secrets: PushSecrets) throws(PushRefusal) -> PushOutcome {
    guard let message = request.query("msg"), let nonce = request.query("nonce") else { throw .noProof(part: "msg") }
    try checkOneNET(request.query("signature"), nonce: nonce, message: Array(message.utf8), secrets)
    return .handshake(answer: message)
}

/// OneNET's push, signed in its envelope.
func oneNETPush(
    _ request: PushRequest, _ secrets: PushSecrets, _ limits: PushLimits
) throws(PushRefusal) -> Push {
    let envelope = try OneNETEnvelope(request)
    guard let nonce = envelope.nonce else { throw .noProof(part: "nonce") }
    try checkOneNET(envelope.signature, nonce: nonce, message: envelope.text, secrets)
    return try envelope.push(secrets, receivedAt: request.receivedAt, limits)
}

/// The parts of a push: `msg` is an object (NB-IoT) or a string of JSON (Studio), encrypted in the safe mode.
struct OneNETEnvelope {
    let nonce: String?
    let signature: String?
    /// What is signed: `msg` as it stands in the body, or the string's text; in the safe mode the ciphertext's base64.
    let text: [UInt8]
    private let isText: Bool
    private let sentAt: HeardTime
    private let id: String?

    init(_ request: PushRequest) throws(PushRefusal) {
        let envelope = try request.envelope()
        guard let message = envelope["msg"] ?? envelope["enc_msg"] else {
            throw .malformed(offset: 0, reason: "msg is missing")
        }
        nonce = envelope["nonce"]?.plain
        signature = (envelope["signature"] ?? envelope["msg_signature"])?.plain
        text = if case .text(let words) = message.value { Array(words.utf8) } else { request.bytes(of: message) }
        isText = message.list == nil && !message.isObject
        sentAt = HeardTime(envelope["time"], named: "time")
        id = envelope["id"]?.plain
    }

    /// Its messages. `receivedAt` nil: it is not asked whether they lie within the window of a repeat.
    func push(_ secrets: PushSecrets, receivedAt: Instant?, _ limits: PushLimits) throws(PushRefusal) -> Push {
        var found = OneNETMessages(bytes: try openOneNET(text, isText: isText, secrets), sentAt: sentAt)
        try found.read(receivedAt, limits)
        let proof = "\(nonce ?? "") \(signature ?? "")"
        return Push(
            messages: found.messages, ignored: found.ignored, repeatKey: id ?? sha256Hex(Array(proof.utf8)))
    }
}

private func checkOneNET(
    _ signature: String?, nonce: String, message: [UInt8], _ secrets: PushSecrets
) throws(PushRefusal) {
    // A plus sign in a query that was not encoded arrives as a space.
    guard let given = signature?.replacing(" ", with: "+") else { throw .noProof(part: "signature") }
    let results = secrets.tokens.map { token in
        isSame(given, oneNETSignature(token: token, nonce: nonce, message: message))
    }
    guard results.contains(true) else { throw .wrongProof(part: "signature") }
}

/// The message's JSON: decrypted where the gateway has a key and the message is text that is no JSON.
private func openOneNET(_ text: [UInt8], isText: Bool, _ secrets: PushSecrets) throws(PushRefusal) -> [UInt8] {
    let first = text.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
    if !isText || first == UInt8(ascii: "{") || first == UInt8(ascii: "[") { return text }
    guard let key = secrets.encryptionKey else { throw .unopened(reason: "msg is no JSON and no key is set") }
    guard let sealed = bytes(ofBase64: String(decoding: text, as: UTF8.self)) else {
        throw .unopened(reason: "msg is neither JSON nor base64")
    }
    guard let opened = decryptOneNET(sealed, key: key) else { throw .unopened(reason: "the key does not open msg") }
    return opened
}

/// The messages of a `msg`: an object, or a list of them where the platform gathers.
private struct OneNETMessages {
    let bytes: [UInt8]
    /// The envelope's time, which is not signed.
    let sentAt: HeardTime
    private(set) var messages: [DeviceMessage] = []
    private(set) var ignored = 0

    init(bytes: [UInt8], sentAt: HeardTime) {
        self.bytes = bytes
        self.sentAt = sentAt
    }

    /// `at` is signed with the message, and the platform gives up sending after 2 h 45 min: older is a replay. The
    /// envelope's time, which anybody can write, stands in for it only within the same window.
    ///
    /// A message outside the window is rejected alone, so that one that came late costs the others of its list nothing;
    /// where all are, the request is refused. Without a time of receipt none is.
    mutating func read(_ receivedAt: Instant?, _ limits: PushLimits) throws(PushRefusal) {
        let document: JSONNode
        do throws(BodyRefusal) {
            document = try JSONNode.document(bytes.span)
        } catch {
            throw PushRefusal(error)
        }
        let nodes = document.list ?? [document]
        if nodes.isEmpty { ignored = 1 }
        var outside: [Int64] = []
        for node in nodes {
            var heard = HeardTime(node["at"], named: "at")
            if isProperty(node) || isDataPoint(node) { heard = heard.or(sentAt) }
            if let receivedAt, let seconds = heard.secondsOutside(receivedAt, limits) {
                outside.append(seconds)
                heard = heard.refused(outsideBy: seconds)
            }
            if let message = propertyMessage(node, heard) ?? dataPoint(node, heard) {
                messages.append(message)
            } else {
                ignored += 1
            }
        }
        if let seconds = outside.first, outside.count == nodes.count { throw .outsideWindow(seconds: seconds) }
    }

    private func isProperty(_ node: JSONNode) -> Bool { node["notifyType"]?.plain == "property" }

    /// NB-IoT: type 1 is a data point, 2 a state, 7 an answer to a command.
    private func isDataPoint(_ node: JSONNode) -> Bool { node["type"]?.plain == "1" && node["value"] != nil }

    private func dataPoint(_ node: JSONNode, _ heard: HeardTime) -> DeviceMessage? {
        guard isDataPoint(node) else { return nil }
        return message(node, heard, device: node["dev_id"] ?? node["dev_name"])
    }

    /// Studio: a thing model's properties.
    private func propertyMessage(_ node: JSONNode, _ heard: HeardTime) -> DeviceMessage? {
        guard isProperty(node) else { return nil }
        return message(node, heard, device: node["deviceName"] ?? node["deviceId"])
    }

    private func message(_ node: JSONNode, _ heard: HeardTime, device: JSONNode?) -> DeviceMessage {
        DeviceMessage(
            attributes: attributes([
                ("device", device), ("imei", node["imei"]), ("ds_id", node["ds_id"]),
                ("name", node["dev_name"] ?? node["deviceName"]), ("product", node["pid"] ?? node["productId"]),
            ]),
            at: heard.at, properties: Array(bytes[node.range]), bytes: nil, fault: heard.fault,
            isRefused: heard.isRefused, timeKey: "at")
    }
}
