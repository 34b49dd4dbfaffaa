import Synchronization
import Water

/// The server's bounds that outlive a request: bytes being read, tries being made.
final class RequestLimits: Sendable {
    let bodies: ByteBudget
    let peers: TryLimiter
    let subjects: TryLimiter

    init(_ settings: WebSettings) {
        bodies = ByteBudget(settings.bodyBytesAtOnce)
        peers = TryLimiter(tries: settings.triesPerPeer)
        subjects = TryLimiter(tries: settings.triesPerSubject)
    }

    /// Counts a try for the address and for whom it is about; refuses where either has had too many.
    func admit(peer: String, subject: String, at: Instant) throws {
        if let wait = peers.spend(peer, at: at) { throw Problem.tooManyTries(after: wait) }
        if let wait = subjects.spend(subject, at: at) { throw Problem.tooManyTries(after: wait) }
    }
}

/// A number of bytes that all readers share.
final class ByteBudget: Sendable {
    private let free: Mutex<Int>

    init(_ bytes: Int) { free = Mutex(bytes) }

    func take(_ bytes: Int) -> Bool {
        free.withLock { free in
            guard free >= bytes else { return false }
            free -= bytes
            return true
        }
    }

    func give(_ bytes: Int) { free.withLock { $0 += bytes } }
}

/// So many tries in five minutes for each key. Keys are kept as hashes, at most 10,000 of them; with that many
/// alive at once further keys are refused until some run out.
final class TryLimiter: Sendable {
    private static let window: Int64 = 300
    private static let most = 10_000

    private let tries: Int
    private let windows: Mutex<[String: Window]>

    private struct Window {
        var ends: Instant
        var left: Int
    }

    init(tries: Int) {
        self.tries = tries
        windows = Mutex([:])
    }

    /// Spends a try; the seconds to wait where none is left.
    func spend(_ key: String, at: Instant) -> Int64? {
        let hash = sha256Hex(Array(key.utf8))
        return windows.withLock { windows in
            if let window = windows[hash], window.ends > at {
                guard window.left > 0 else { return window.ends - at }
                windows[hash] = Window(ends: window.ends, left: window.left - 1)
                return nil
            }
            if windows.count >= TryLimiter.most { windows = windows.filter { $0.value.ends > at } }
            guard windows.count < TryLimiter.most else { return TryLimiter.window }
            windows[hash] = Window(ends: at + TryLimiter.window, left: tries - 1)
            return nil
        }
    }
}

/// One closing of a month at a time.
actor ClosingTurn {
    private var isTaken = false

    /// Runs `work` unless another runs; nil then.
    func run<Result: Sendable>(_ work: @Sendable () async throws -> Result) async throws -> Result? {
        guard !isTaken else { return nil }
        isTaken = true
        defer { isTaken = false }
        return try await work()
    }
}
