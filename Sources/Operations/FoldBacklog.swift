import Synchronization

/// About how many readings wait to be folded, as a process knows it: its recording adds, its folding takes away. What the
/// journal held before, and what other processes do, it learns by asking the journal.
public final class FoldBacklog: Sendable {
    private let count = Mutex<Int64>(0)
    /// Readings beyond which recording lets folding catch up.
    private let limit: Int64

    /// `limit`: 1 or more.
    public init(limit: Int64 = 1_000_000) { self.limit = limit }

    /// 0 or more.
    var readings: Int64 { count.withLock { $0 } }

    /// Recording slows down.
    var isFull: Bool { readings > limit }

    /// Folding waits for nothing more to come.
    var isHigh: Bool { readings > limit / 2 }

    func add(_ readings: Int64) { count.withLock { $0 += readings } }

    /// Others' readings are taken too: what is not known to be there does not count.
    func take(_ readings: Int64) { count.withLock { $0 = max(0, $0 - readings) } }

    /// What the journal itself said.
    func set(_ readings: Int64) { count.withLock { $0 = readings } }
}
