import Water

/// When a platform says that it heard a message, or why what it says is no time.
struct HeardTime {
    /// The key that tells it.
    private let field: String
    /// nil where the platform does not say, or says what is no time.
    let at: Instant?
    /// Why the message is rejected: another time in place of one that cannot be read would be a guess.
    let fault: ItemFault?
    /// The message is refused for its time, whatever time it tells inside.
    let isRefused: Bool

    /// The time at a node. One that is absent, null or empty is not given.
    init(_ node: JSONNode?, named field: String) {
        self.field = field
        isRefused = false
        at = HeardTime.instant(node)
        fault = at == nil && HeardTime.isGiven(node) ? ItemFault(field: field, reason: HeardTime.unreadable) : nil
    }

    /// The time of a message that is refused.
    private init(refused reason: String, field: String) {
        self.field = field
        isRefused = true
        at = nil
        fault = ItemFault(field: field, reason: reason)
    }

    private static let unreadable = "no time from 2000 on with its offset, as 20261001T000000Z"

    /// nil where the platform does not say, or no time of a reading.
    private static func instant(_ node: JSONNode?) -> Instant? {
        guard let seconds = node?.plain.flatMap(platformSeconds), seconds <= latestInstant,
            seconds >= Instant.earliestReading.epochSeconds
        else { return nil }
        return Instant(epochSeconds: seconds)
    }

    private static func isGiven(_ node: JSONNode?) -> Bool {
        guard let node else { return false }
        switch node.value {
        case .null: return false
        case .text: return node.plain != nil
        case .number, .truth, .list, .object: return true
        }
    }

    /// This time, or another where this one is not given.
    func or(_ other: HeardTime) -> HeardTime { at == nil && fault == nil ? other : self }

    /// Seconds behind the time of receipt, negative ahead of it, where they are more than OneNET's repeats explain; nil
    /// within the window and without a time.
    func secondsOutside(_ receivedAt: Instant, _ limits: PushLimits) -> Int64? {
        guard let at else { return nil }
        let age = receivedAt - at
        return age > limits.oneNETSeconds || age < -limits.signedSeconds ? age : nil
    }

    /// The same, refused as that far from the time of receipt.
    func refused(outsideBy seconds: Int64) -> HeardTime {
        let side = seconds < 0 ? "ahead of" : "behind"
        return HeardTime(
            refused: "\(seconds.magnitude) s \(side) the time of receipt, which no repeat explains", field: field)
    }
}
