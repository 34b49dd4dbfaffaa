import Synchronization
import Water

/// The server's bounds that outlive a request: bytes being read, tries being made.
final class RequestLimits: Sendable {
    let bodies: ByteBudget
    /// Of bodies whose senders are not known before they are read.
    let strangersBodies: ByteBudget
    let peers: TryLimiter
    let subjects: TryLimiter
    /// Wrong proofs of pushes, by gateway and peer.
    let pushes: TryLimiter

    init(_ settings: WebSettings) {
        bodies = ByteBudget(settings.bodyBytesAtOnce)
        strangersBodies = ByteBudget(settings.strangersBytesAtOnce)
        peers = TryLimiter(tries: settings.triesPerPeer)
        subjects = TryLimiter(tries: settings.triesPerSubject)
        pushes = TryLimiter(tries: settings.triesPerPeer)
    }

    func bodies(of sender: BodySender) -> ByteBudget { sender == .known ? bodies : strangersBodies }

    /// Counts a try for the address and for whom it is about; refuses where either has had too many. Counted before it
    /// is checked, so that parallel guesses cannot share a try.
    func admit(_ tried: SignInTry, at: Instant) throws {
        if let wait = peers.spend(tried.peer, at: at) { throw Problem.tooManyTries(after: wait) }
        if let wait = subjects.spend(tried.subject, at: at) { throw Problem.tooManyTries(after: wait) }
    }

    /// Gives back what a right sign-in has spent: thousands of homes sign in from the one address of a mobile carrier.
    func giveBack(_ tried: SignInTry, at: Instant) {
        peers.giveBack(tried.peer, at: at)
        subjects.giveBack(tried.subject, at: at)
    }
}

/// A try to sign in as it is counted: residents and staff apart, so that neither uses up the other's.
struct SignInTry {
    let peer: String
    let subject: String

    /// `name`: the household's number or the name of the member of staff, as typed.
    init(_ audience: PageFrame.Audience, _ name: String, from peer: String) {
        let kind = audience == .staff ? "staff" : "household"
        self.peer = "\(kind):\(peer)"
        subject = "\(kind):\(name)"
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

/// So many tries in five minutes for each key. Keys are kept as hashes, at most 20,000 of them; with that many alive at once
/// the quarter that runs out first makes room, so that a flood of keys does not shut the door to everybody: what a code or
/// a password may be tried is counted with it in the database besides.
final class TryLimiter: Sendable {
    private static let window: Int64 = 300
    private static let most = 20_000

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

    /// Keys that are counted now.
    var keys: Int { windows.withLock { $0.count } }

    /// The seconds to wait where no try is left; nil where one is. None is spent.
    func wait(_ key: String, at: Instant) -> Int64? {
        let hash = sha256Hex(Array(key.utf8))
        return windows.withLock { windows in
            guard let window = windows[hash], window.ends > at, window.left <= 0 else { return nil }
            return window.ends - at
        }
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
            if windows.count >= TryLimiter.most {
                let first = windows.sorted { ($0.value.ends, $0.key) < ($1.value.ends, $1.key) }
                for (key, _) in first.prefix(TryLimiter.most / 4) { windows[key] = nil }
            }
            windows[hash] = Window(ends: at + TryLimiter.window, left: tries - 1)
            return nil
        }
    }

    /// Gives a try back that did not have to be counted.
    func giveBack(_ key: String, at: Instant) {
        let hash = sha256Hex(Array(key.utf8))
        windows.withLock { windows in
            guard let window = windows[hash], window.ends > at else { return }
            windows[hash] = Window(ends: window.ends, left: min(window.left + 1, tries))
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
