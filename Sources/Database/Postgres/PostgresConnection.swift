import CPostgres
import Dispatch
import Foundation
import Synchronization

/// One connection with a thread's worth of work of its own: libpq blocks, and must not hold up Swift's few threads.
actor PostgresConnection {
    private let executor = QueueExecutor()
    private let address: String
    private let limits: PostgresLimits
    private var session: PostgresSession?
    /// What stops the statement that runs; for callers on other threads.
    nonisolated let cancellation = PostgresCancellation()

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(address: String, limits: PostgresLimits) {
        self.address = address
        self.limits = limits
    }

    /// What a transaction came to.
    enum Ending<T: Sendable>: Sendable {
        case value(T)
        /// `trouble` tells whether another try may help; nil: it will not.
        case failed(any Error, PostgresSession.Trouble?)
        /// The connection was lost while committing.
        case unknown
    }

    /// Connects, if it is not; blocks for the connect time-out at most.
    func open() throws(DatabaseFailure) {
        guard session == nil else { return }
        let connection = try connect(address, limits)
        session = try PostgresSession(connection: connection, limits: limits)
        cancellation.arm(connection)
    }

    /// True while it can serve another transaction.
    func isUsable() -> Bool { session?.isUsable ?? false }

    func read<T: Sendable>(_ body: @Sendable (Reader) throws -> T) -> Ending<T> {
        run("BEGIN READ ONLY") { session in try body(Reader(connection: .postgres(session))) }
    }

    func write<T: Sendable>(_ durability: Durability, _ body: @Sendable (Transaction) throws -> T) -> Ending<T> {
        let begin = durability == .whenDone ? "BEGIN" : "BEGIN; SET LOCAL synchronous_commit = off"
        return run(begin) { session in try body(Transaction(connection: .postgres(session))) }
    }

    /// For what begins and ends its own transaction.
    func withoutTransaction<T: Sendable>(_ body: @Sendable (PostgresSession) throws -> T) throws -> T {
        guard let session else { throw DatabaseFailure.unreachable(reason: "the connection is not open") }
        return try body(session)
    }

    private func run<T: Sendable>(_ begin: String, _ body: (PostgresSession) throws -> T) -> Ending<T> {
        guard let session else {
            let reason = "the connection is not open"
            return .failed(DatabaseFailure.unreachable(reason: reason), .lost(reason))
        }
        let value: T
        do {
            try session.begin(begin)
            value = try body(session)
        } catch {
            session.rollback()
            return .failed(error, session.trouble)
        }
        // A body may have swallowed a failure; the server has not.
        switch session.commit() {
        case .committed: return .value(value)
        case .refused(let failure): return .failed(failure, session.trouble)
        case .unknown: return .unknown
        }
    }
}

/// Runs an actor's work on a dispatch queue of its own.
final class QueueExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "postgres connection")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

/// Asks the server to stop what a connection runs, over a connection of its own as the protocol wants it.
final class PostgresCancellation: Sendable {
    private struct State {
        /// Where libpq's handle lies; libpq lets every thread use it. 0 before there is one.
        var handle: UInt = 0
        var isUsed = false
        /// The transaction has ended; nothing is left to cancel.
        var isOver = false
    }

    private let state = Mutex(State())

    deinit { state.withLock { PQfreeCancel(OpaquePointer(bitPattern: $0.handle)) } }

    /// Takes what is needed to cancel from a fresh connection, once.
    func arm(_ connection: OpaquePointer) {
        state.withLock { if $0.handle == 0 { $0.handle = UInt(bitPattern: PQgetCancel(connection)) } }
    }

    /// True once it was asked for: the request may reach the server late, so the connection must not be used again.
    var isUsed: Bool { state.withLock { $0.isUsed } }

    /// The transaction has ended: ends the requests.
    func end() { state.withLock { $0.isOver = true } }

    /// Returns at once. A request that comes between two statements stops none, so it is made again until the
    /// transaction has ended, a minute long at most; then the statement's time-out ends it.
    func cancel() {
        state.withLock { $0.isUsed = true }
        DispatchQueue.global().async { [self] in
            var tries = 0
            while tries < 600, request() {
                tries += 1
                usleep(100_000)
            }
        }
    }

    /// One request; false where none is needed any more. It connects, which may take as long as a connect time-out: not
    /// under the lock, which those that go on take. The handle stays as long as this does.
    private func request() -> Bool {
        let handle = state.withLock { $0.isOver ? 0 : $0.handle }
        guard let handle = OpaquePointer(bitPattern: handle) else { return false }
        var reason = [CChar](repeating: 0, count: 256)
        _ = PQcancel(handle, &reason, Int32(reason.count))
        return true
    }
}
