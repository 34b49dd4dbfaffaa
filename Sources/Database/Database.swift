/// A database behind one of the engines. Statements are values, transactions synchronous closures.
///
/// Nothing inside a transaction may wait, read a clock or use the network.
public struct Database: Sendable {
    private let engine: Engine

    private enum Engine: Sendable {
        case sqlite(SQLiteEngine)
    }

    /// Opens `sqlite:PATH` (a file, made if absent).
    public init(address: String) throws(DatabaseFailure) {
        guard address.hasPrefix("sqlite:"), address.utf8.count > 7 else { throw .unknownAddress(address) }
        engine = .sqlite(try SQLiteEngine(path: String(address.dropFirst(7))))
    }

    /// Runs `body` on a snapshot: it sees one state from beginning to end, and does not wait for writers.
    public func read<T: Sendable>(_ body: @escaping @Sendable (Reader) throws -> T) async throws -> T {
        switch engine {
        case .sqlite(let engine): try await engine.read(body)
        }
    }

    /// Runs `body` in a transaction that is durable when this returns and leaves nothing when it throws.
    public func write<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        switch engine {
        case .sqlite(let engine): try await engine.write(body)
        }
    }

    /// Applies the migrations not yet applied, each in one transaction under the write lock.
    /// `at` is the time noted, epoch seconds. Throws `.schemaTooNew` where the database is ahead of the list.
    public func migrate(_ migrations: [Migration], at: Int64) async throws {
        for migration in migrations.sorted(by: { $0.number < $1.number }) {
            try await write { transaction in try transaction.apply(migration, known: migrations, at: at) }
        }
    }

    /// Copies the whole database to a new file while it is in use. Refuses an existing file.
    public func backup(to path: String) async throws {
        switch engine {
        case .sqlite(let engine): try await engine.backup(to: path)
        }
    }
}

/// A numbered, forward-only change of the schema.
public struct Migration: Sendable {
    public let number: Int64
    public let name: String
    /// The statements in SQLite's dialect.
    public let sqlite: String

    public init(number: Int64, name: String, sqlite: String) {
        self.number = number
        self.name = name
        self.sqlite = sqlite
    }
}
