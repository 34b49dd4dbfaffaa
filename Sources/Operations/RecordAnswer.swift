/// What became of a gateway's request: counts of items and an entry for every item not simply accepted.
public struct RecordAnswer: Sendable, Hashable {
    public var accepted = 0
    public var held = 0
    public var rejected = 0
    /// Telegrams that gave no reading and are kept as they were heard.
    public var undecoded = 0
    /// Readings kept, after series are expanded; held ones included.
    public var readings = 0
    public var entries: [RecordEntry] = []

    /// The same where some rejected items are telegrams kept until they can be read.
    public func keeping(_ items: Set<Int>) -> RecordAnswer {
        if items.isEmpty { return self }
        var answer = self
        answer.entries = entries.map { entry in
            guard entry.status == .rejected, items.contains(entry.index) else { return entry }
            return RecordEntry(
                index: entry.index, status: .undecoded, field: entry.field, reason: "\(entry.reason); it is kept",
                offset: entry.offset)
        }
        answer.rejected -= items.count
        answer.undecoded += items.count
        return answer
    }
}

/// One item that is held, rejected or not decoded, or a part of it.
public struct RecordEntry: Sendable, Hashable {
    public enum Status: String, Sendable { case held, rejected, undecoded }

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
    /// How long a commit waits at most while folding is far behind (`FoldBacklog`): answers slow down for it, and never
    /// stop.
    public var foldingMilliseconds = 100

    public init() {}
}
