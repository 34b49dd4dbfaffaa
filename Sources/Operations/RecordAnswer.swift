/// What became of a gateway's request: counts of items and an entry for every item not simply accepted.
public struct RecordAnswer: Sendable, Hashable {
    public var accepted = 0
    public var held = 0
    public var rejected = 0
    /// Readings kept, after series are expanded; held ones included.
    public var readings = 0
    public var entries: [RecordEntry] = []
}

/// One item that is held or rejected, or a part of it.
public struct RecordEntry: Sendable, Hashable {
    public enum Status: String, Sendable { case held, rejected }

    /// The item's place in the body, from 0.
    public let index: Int
    public let status: Status
    public let field: String
    public let reason: String
    /// The place in a series, where only a part is meant.
    public let offset: Int?
}

/// Why a request was not taken at all; nothing of it is kept.
public enum RecordRefusal: Error, Sendable, Hashable {
    /// Too much waits to be made durable: try again after so many seconds.
    case queueIsFull(retryAfterSeconds: Int)
    /// The journal could not be written.
    case storageFailed
}

/// The limits of recording. Source: semantics.md, Readings.
public struct RecordLimits: Sendable {
    public var futureSeconds: Int64 = 600
    public var heldMetersPerGateway = 10_000
    public var heldReadingsPerGateway = 1_000_000
    /// Bytes of entries that may wait for a commit.
    public var waitingBytes = 64 * 1_024 * 1_024

    public init() {}
}
