import Synchronization

/// How many readings of a process's answers wait to be folded: shared by its recording, which adds, and its folding,
/// which takes away. What other processes do it learns when recording looks.
public final class FoldBacklog: Sendable {
    private let count = Mutex<Int64>(0)

    public init() {}

    /// Never negative.
    var readings: Int64 { max(0, count.withLock { $0 }) }

    func add(_ readings: Int64) { count.withLock { $0 += readings } }

    func take(_ readings: Int64) { count.withLock { $0 -= readings } }

    /// What the journal itself said.
    func set(_ readings: Int64) { count.withLock { $0 = readings } }
}
