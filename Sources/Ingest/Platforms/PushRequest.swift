public import Water

/// A platform's request as it came, before anything of it is believed.
public struct PushRequest: Sendable {
    /// The request's method.
    public enum Method: Sendable, Hashable { case get, post }

    public let method: Method
    /// Percent-decoded, in order.
    public let query: [(name: String, value: String)]
    /// A header's value by its name in any case.
    public let header: @Sendable (String) -> String?
    /// As sent, not re-encoded: signatures are over these bytes.
    public let body: [UInt8]
    /// By the server's clock.
    public let receivedAt: Instant
    /// The SHA-256 or SHA-1 fingerprint, hex, of the client certificate that the proxy in front verified; nil without
    /// one. Only from a proxy that sets the header itself and drops a client's own.
    public let clientCertificate: String?

    public init(
        method: Method, query: [(name: String, value: String)] = [],
        header: @escaping @Sendable (String) -> String? = { _ in nil }, body: [UInt8], receivedAt: Instant,
        clientCertificate: String? = nil
    ) {
        self.method = method
        self.query = query
        self.header = header
        self.body = body
        self.receivedAt = receivedAt
        self.clientCertificate = clientCertificate
    }

    /// The first value of a query item.
    func query(_ name: String) -> String? { query.first { $0.name == name }?.value }
}

/// What a request was.
public enum PushOutcome: Sendable {
    /// The platform checks the address: answer 200 with this text, nothing else, as `text/plain`.
    case handshake(answer: String)
    /// Messages of a believed sender: answer 200 once they are kept, also where all are ignored or rejected, for any
    /// other answer makes the platform send again and then stop.
    case push(Push)
    /// Nothing of it was used.
    case refused(PushRefusal)
}

/// Why a request was refused.
public enum PushRefusal: Error, Sendable, Hashable {
    /// The gateway's secrets do not suffice for its platform. 403.
    case notConfigured(reason: String)
    /// The named part that proves the sender is absent. 401.
    case noProof(part: String)
    /// It is there and wrong. 401.
    case wrongProof(part: String)
    /// Signed, but too long ago or too far ahead; seconds behind the time of receipt, negative ahead. 401.
    case outsideWindow(seconds: Int64)
    /// Encrypted, and the key is missing or does not open it. 400.
    case unopened(reason: String)
    /// Not what the platform sends, at a byte of the body from 0. 400.
    case malformed(offset: Int, reason: String)
    /// 405.
    case method
    /// 413.
    case tooLarge(limit: Int)

    /// The HTTP status to answer with.
    public var status: Int {
        switch self {
        case .notConfigured: 403
        case .noProof, .wrongProof, .outsideWindow: 401
        case .unopened, .malformed: 400
        case .method: 405
        case .tooLarge: 413
        }
    }

    /// Names parts and faults, never a secret.
    public var reason: String {
        switch self {
        case .notConfigured(let reason), .unopened(let reason): reason
        case .noProof(let part): "\(part) is missing"
        case .wrongProof(let part): "\(part) is wrong"
        case .outsideWindow(let seconds):
            "the signed time is \(seconds.magnitude) s \(seconds < 0 ? "ahead of" : "behind") the time of receipt"
        case .malformed(let offset, let reason): "byte \(offset): \(reason)"
        case .method: "the platform does not check an address by GET"
        case .tooLarge(let limit): "more than \(limit) bytes"
        }
    }
}

/// The messages of one request.
public struct Push: Sendable {
    public let messages: [DeviceMessage]
    /// Messages without a device's data, as joins, acknowledgements and state changes.
    public let ignored: Int
    /// The same for a repeat of the same message: the platform's own id, else a digest of the signature or the body.
    /// A repeat stores nothing new whatever is done about it; the key is for counting.
    public let repeatKey: String
}

/// What one device said.
public struct DeviceMessage: Sendable, Hashable {
    /// What the envelope says of the device: `device` always, and by platform `imei`, `name`, `eui`, `node`, `product`,
    /// `gateway`, `service`, `ds_id`, `f_port`, `topic`, `tag.NAME`.
    public let attributes: [String: String]
    /// When the platform heard it; nil where it does not say.
    public let at: Instant?
    /// JSON as sent, where the message has decoded properties.
    public let properties: [UInt8]?
    /// The device's own bytes, where the envelope holds them.
    public let bytes: [UInt8]?
    /// Why the envelope's bytes cannot be read; an item that needs them is rejected with it.
    var bytesFault: ItemFault?
    /// Why `at` cannot be read, or the message is refused; an item that needs `at` is rejected with it.
    var fault: ItemFault?
    /// Nothing of the message is taken, whatever time it tells inside.
    var isRefused = false
    /// The platform's own key of `at`, for saying that it is missing.
    var timeKey: String
    /// The platform does not tell readings from its other messages: one without a register is none.
    var isOfAnyKind = false
}

/// How much a push may hold and how old it may be.
public struct PushLimits: Sendable {
    public var bytes: Int
    /// Seconds that a signed time may lie behind or ahead of the time of receipt.
    public var signedSeconds: Int64
    /// Seconds that OneNET's time of a message may lie behind: it sends a message again for 2 h 45 min.
    public var oneNETSeconds: Int64

    public init(bytes: Int = 1_048_576, signedSeconds: Int64 = 900, oneNETSeconds: Int64 = 14_400) {
        self.bytes = bytes
        self.signedSeconds = signedSeconds
        self.oneNETSeconds = oneNETSeconds
    }
}
