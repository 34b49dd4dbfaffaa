import NIOCore

/// Looks whether a client takes what it is answered, while the system has no room for all of it, and closes the
/// connection where nothing is taken for too long.
final class AnswerWatch {
    /// Looks within the time in which something must be taken.
    private static let looks = 5

    private let bounds: ConnectionBounds
    /// Looks go on until the connection ends, not only until there is room again.
    var isToTheEnd = false
    private var isStopping = false
    /// Bytes that waited at the last look; nil where some were taken since.
    private var bytes: Int?
    /// Looks in which they were as many.
    private var looksInVain = 0
    private var next: Scheduled<Void>?

    init(_ bounds: ConnectionBounds) { self.bounds = bounds }

    /// Begins; where it has begun already, nothing changes.
    func begin(_ context: ChannelHandlerContext) {
        guard next == nil else { return }
        bytes = Self.waiting(context)
        looksInVain = 0
        lookLater(context)
    }

    /// Some of what waited is taken.
    func noteRoom() { bytes = nil }

    /// From now on the time is that of a server that stops.
    func hasten(_ context: ChannelHandlerContext) {
        isStopping = true
        guard next != nil else { return }
        end()
        begin(context)
    }

    func end() {
        next?.cancel()
        next = nil
    }

    /// Bytes of answers that the system has no room for.
    static func waiting(_ context: ChannelHandlerContext) -> Int {
        do {
            return try context.channel.syncOptions?.getOption(.bufferedWritableBytes) ?? 0
        } catch {
            // The channel is closed: nothing waits any more.
            return 0
        }
    }

    private func lookLater(_ context: ChannelHandlerContext) {
        let time = isStopping ? bounds.takingAtStop : bounds.taking
        next = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(
            in: .nanoseconds(time.nanoseconds / Int64(Self.looks))
        ) { self.look(context) }
    }

    private func look(_ context: ChannelHandlerContext) {
        next = nil
        // Where there is room, the connection goes on or is idle.
        if !isToTheEnd, context.channel.isWritable { return }
        let waiting = Self.waiting(context)
        looksInVain = waiting == bytes ? looksInVain + 1 : 0
        bytes = waiting
        if looksInVain < Self.looks { lookLater(context) } else { context.close(promise: nil) }
    }
}
