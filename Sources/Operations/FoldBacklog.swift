import Synchronization
import Water

/// About how many readings wait to be folded, as a process knows it: its recording adds, its folding takes away. What the
/// journal held before, and what other processes do, it learns by asking the journal.
public final class FoldBacklog: Sendable {
    private struct State {
        var readings: Int64 = 0
        /// Readings recorded so far.
        var recorded: Int64 = 0
        /// Readings beyond which recording lets folding catch up.
        var limit: Int64
        /// When this process recorded last; nil where it never did.
        var last: Instant?
        /// A second, and the readings recorded in it and in the one before it.
        var second: Instant?
        var inSecond: Int64 = 0
        var inSecondBefore: Int64 = 0

        mutating func note(_ readings: Int64, at: Instant) {
            if let last, last - at <= FoldBacklog.aheadSeconds { self.last = max(last, at) } else { last = at }
            // Others' clocks may be a second behind; one that stepped back begins anew.
            if let second, at - second < 1, second - at <= 1 {
                inSecond += readings
            } else {
                inSecondBefore = second.map { at - $0 == 1 } ?? false ? inSecond : 0
                (second, inSecond) = (at, readings)
            }
        }
    }

    /// Seconds without any recording after which nothing more is expected soon.
    private static let silentSeconds: Int64 = 2
    /// A time further ahead is not one that was noted meanwhile, nor by another server: the clock stepped back.
    static let aheadSeconds: Int64 = 60
    /// Readings a second from which on a processor is busy with little else than answering.
    static let rush: Int64 = 300_000

    private let state: Mutex<State>
    private let least: Int64
    private let perMeter: Int64

    /// `limit`: 1 or more; a city of many meters has a higher one, `perMeter` readings of each. A day of every meter may come
    /// at once, in some hundred megabytes of journal.
    public init(limit: Int64 = 20_000_000, perMeter: Int64 = 24) {
        least = limit
        self.perMeter = perMeter
        state = Mutex(State(limit: limit))
    }

    /// 0 or more.
    var readings: Int64 { state.withLock { $0.readings } }

    /// Recording slows down.
    var isFull: Bool { state.withLock { $0.readings > $0.limit } }

    /// Folding waits for nothing more to come.
    var isHigh: Bool { state.withLock { $0.readings > $0.limit / 2 } }

    /// Recording has paused: what waits for more of its meters need not.
    func isSilent(at: Instant) -> Bool {
        state.withLock { state in
            guard let last = state.last else { return false }
            return at - last >= Self.silentSeconds || last - at > Self.aheadSeconds
        }
    }

    /// Readings recorded by this process so far.
    var recorded: Int64 { state.withLock { $0.recorded } }

    /// Folding leaves the processors to the answers: readings come as fast as they can be taken, in this second or the one
    /// before it, some of them since `recorded` were, and fewer than half of those wait that recording slows down for. It
    /// lasts half a minute at most until that many do (10,000,000 at `rush`), a minute and a half in a city of two million
    /// meters.
    func givesWay(since recorded: Int64, at: Instant) -> Bool {
        state.withLock { state in
            guard let last = state.last, state.recorded > recorded, state.readings <= state.limit / 2 else {
                return false
            }
            switch at - last {
            case -Self.aheadSeconds...0: return max(state.inSecond, state.inSecondBefore) >= Self.rush
            case 1: return state.inSecond >= Self.rush
            default: return false
            }
        }
    }

    func add(_ readings: Int64, at: Instant) {
        state.withLock { state in
            state.readings += readings
            state.recorded += readings
            state.note(readings, at: at)
        }
    }

    /// What was added was not written.
    func withdraw(_ readings: Int64) {
        state.withLock { state in
            state.readings = max(0, state.readings - readings)
            state.recorded -= readings
            state.inSecond = max(0, state.inSecond - readings)
        }
    }

    /// Others' readings are taken too: what is not known to be there does not count.
    func take(_ readings: Int64) { state.withLock { $0.readings = max(0, $0.readings - readings) } }

    /// What the journal itself said.
    func set(_ readings: Int64) { state.withLock { $0.readings = readings } }

    /// The limit for a city of so many meters.
    func fit(meters: Int) { state.withLock { $0.limit = max(least, Int64(meters) * perMeter) } }
}
