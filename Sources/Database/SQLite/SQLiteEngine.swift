import Foundation
import GRDB

/// SQLite through GRDB: one writer, a few readers on snapshots (WAL), every commit flushed (`synchronous=FULL`).
struct SQLiteEngine: Sendable {
    private let pool: DatabasePool

    init(path: String) throws(DatabaseFailure) {
        var configuration = Configuration()
        configuration.busyMode = .callback { waitForLock(tries: $0) }
        configuration.maximumReaderCount = 6
        configuration.prepareDatabase { connection in
            // Readers pass over much and come back to little: pages kept serve the one who writes.
            let kilobytes = connection.configuration.readonly ? 8_192 : 65_536
            try connection.execute(
                sql: "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-\(kilobytes)")
        }
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
        } catch {
            throw .cannotOpen(reason: "\(path): \(error)")
        }
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (Reader) throws -> T) async throws -> T {
        do {
            return try await pool.read { try body(Reader(connection: .sqlite(SQLiteConnection(database: $0)))) }
        } catch let error as DatabaseError {
            throw DatabaseFailure(error)
        }
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        do {
            return try await pool.write { try body(Transaction(connection: .sqlite(SQLiteConnection(database: $0)))) }
        } catch let error as DatabaseError {
            throw DatabaseFailure(error)
        }
    }

    func backup(to path: String) async throws {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw DatabaseFailure.cannotOpen(reason: "\(path) exists already")
        }
        do {
            let destination = try DatabaseQueue(path: path)
            try pool.backup(to: destination)
            try destination.close()
        } catch let error as DatabaseError {
            throw DatabaseFailure(error)
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
    init(_ error: DatabaseError) {
        let reason = error.message ?? error.resultCode.description
        switch error.resultCode {
        case .SQLITE_CONSTRAINT: self = .constraint(reason: reason)
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy
        case .SQLITE_FULL, .SQLITE_READONLY, .SQLITE_IOERR, .SQLITE_CORRUPT: self = .storage(reason: reason)
        case .SQLITE_CANTOPEN, .SQLITE_NOTADB: self = .cannotOpen(reason: reason)
        default: self = .other(reason: reason)
        }
    }
}
