import Foundation
import GRDB
import Synchronization

/// SQLite through GRDB: one writer, a few readers on snapshots (WAL). A commit is flushed (`synchronous=FULL`) unless it
/// may wait for the next.
struct SQLiteEngine: Sendable {
    private let pool: DatabasePool
    private let file: OpenedFile
    private let writer = WriterFlushing()

    init(path: String) throws(DatabaseFailure) {
        var configuration = Configuration()
        configuration.busyMode = .callback { waitForLock(tries: $0) }
        configuration.maximumReaderCount = 6
        configuration.prepareDatabase { connection in
            // Readers pass over much and come back to little: pages kept serve the one who writes.
            let kilobytes = connection.configuration.readonly ? 8_192 : 65_536
            try connection.execute(sql: "PRAGMA foreign_keys=ON; PRAGMA cache_size=-\(kilobytes)")
        }
        makePrivate(path)
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
        } catch {
            throw .cannotOpen(reason: "\(path): \(OpenFault.words(error))")
        }
        file = OpenedFile(path: path)
    }

    /// Bytes that the file's system has left for this user; nil in memory.
    var freeBytes: Int64? { file.freeBytes }

    func read<T: Sendable>(_ body: @escaping @Sendable (Reader) throws -> T) async throws -> T {
        try file.requireSame()
        do {
            return try await pool.read { try body(Reader(connection: .sqlite(SQLiteConnection(database: $0)))) }
        } catch let error as DatabaseError {
            throw DatabaseFailure(error, in: file.path)
        }
    }

    func write<T: Sendable>(
        _ durability: Durability, _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws -> T {
        try file.requireSame()
        do {
            return try await pool.writeWithoutTransaction { [writer] connection in
                try writer.set(durability, on: connection)
                var value: T?
                try connection.inTransaction(.immediate) {
                    value = try body(Transaction(connection: .sqlite(SQLiteConnection(database: connection))))
                    return .commit
                }
                guard let value else { throw DatabaseFailure.other(reason: "the transaction has no result") }
                return value
            }
        } catch let error as DatabaseError {
            throw DatabaseFailure(error, in: file.path)
        }
    }

    /// Writes to a file beside `path` first: under that name there is a whole backup or none.
    func backup(to path: String) async throws {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw DatabaseFailure.backup(reason: "\(path) exists already")
        }
        let unfinished = "\(path).unfinished-\(getpid())"
        // What cannot be removed is told by what comes next.
        func clear() { for ending in ["", "-journal", "-wal", "-shm"] { unlink(unfinished + ending) } }
        clear()
        do {
            makePrivate(unfinished)
            let destination = try DatabaseQueue(path: unfinished)
            try pool.backup(to: destination)
            try requireWhole(destination)
            try destination.close()
            try FileManager.default.moveItem(atPath: unfinished, toPath: path)
        } catch {
            clear()
            throw DatabaseFailure.backup(reason: BackupFault.words(error, of: file.path, to: path))
        }
    }
}

/// Pages are copied as they are, damaged ones too.
private func requireWhole(_ copy: DatabaseQueue) throws {
    let found = try copy.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
    guard found == "ok" else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: found) }
}

/// How the writer's connection flushes. It is set before each transaction that wants it otherwise: GRDB sets NORMAL after
/// all that a configuration can say, and NORMAL flushes at checkpoints alone.
private final class WriterFlushing: Sendable {
    private let current = Mutex<Durability?>(nil)

    func set(_ durability: Durability, on connection: GRDB.Database) throws {
        try current.withLock { current in
            guard current != durability else { return }
            try connection.execute(sql: "PRAGMA synchronous=\(durability == .whenDone ? "FULL" : "NORMAL")")
            current = durability
        }
    }
}

/// Makes a file that is not there yet for its owner and group alone: it holds secrets that sign and persons' figures.
/// SQLite gives the files beside it the same rights. What cannot be made is told when SQLite opens it.
private func makePrivate(_ path: String) {
    guard !path.isEmpty, !path.hasPrefix(":") else { return }
    let file = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o640)
    if file >= 0 { close(file) }
}

private enum OpenFault {
    /// What is wrong and what can be done, for the faults of the place; what SQLite says for the rest.
    static func words(_ error: any Error) -> String {
        switch (error as? DatabaseError)?.resultCode.primaryResultCode {
        case .SQLITE_READONLY?:
            "this user may not write; it needs to write the file and, for the -wal and -shm beside it, the folder"
        case .SQLITE_CANTOPEN?: "is the folder there, and may this user read and write the file and the folder?"
        case .SQLITE_NOTADB?: "this is no SQLite database"
        case .SQLITE_CORRUPT?: "the file is damaged: move it away with its -wal and -shm, and restore a backup"
        case .SQLITE_FULL?, .SQLITE_IOERR?: "there is no room, or the disk failed"
        case let code?: (error as? DatabaseError)?.message ?? code.description
        case nil: "\(error)"
        }
    }
}

private enum BackupFault {
    static func words(_ error: any Error, of source: String, to path: String) -> String {
        switch (error as? DatabaseError)?.resultCode {
        case .SQLITE_CORRUPT?, .SQLITE_NOTADB?:
            "\(source) is damaged: \((error as? DatabaseError)?.message ?? "it cannot be read"); "
                + "earlier backups are kept: stop the service and restore the newest (jieshui restore)"
        case .SQLITE_CANTOPEN?: "\(path): cannot be made there; is the folder there, and may this user write to it?"
        case .SQLITE_FULL?, .SQLITE_IOERR?: "\(path): there is no room, or the disk failed; nothing is left of it"
        case let code?: "\(path): \((error as? DatabaseError)?.message ?? code.description)"
        case nil: "\(path): \(error)"
        }
    }
}

/// Waits a moment for another process's write; false after about a minute. Short even waits: SQLite's own grow to
/// 100 ms, and a process that commits often then starves one that waits.
private func waitForLock(tries: Int) -> Bool {
    usleep(500)
    return tries < 100_000
}

extension DatabaseFailure {
    init(_ error: DatabaseError, in path: String) {
        let reason = error.message ?? error.resultCode.description
        switch error.resultCode {
        case .SQLITE_CONSTRAINT: self = .constraint(reason: reason)
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy
        case .SQLITE_FULL, .SQLITE_READONLY, .SQLITE_IOERR: self = .storage(reason: reason)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .damaged(path: path, reason: reason)
        case .SQLITE_CANTOPEN: self = .cannotOpen(reason: reason)
        default: self = .other(reason: reason)
        }
    }
}
