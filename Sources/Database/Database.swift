/// When a transaction survives that the machine loses its power. Whatever it is, transactions survive in the order in
/// which they were committed, and all survive the end of the process.
public enum Durability: Sendable, Hashable {
    /// When the call returns.
    case whenDone
    /// With the next one that is durable when done, or within seconds: for what would be done again without loss.
    case withTheNext
}

/// A database behind one of the engines. Statements are values, transactions synchronous closures.
///
/// Nothing inside a transaction may wait, read a clock or use the network. A body may run more than once: on
/// PostgreSQL it is run again where a concurrent transaction was quicker.
public struct Database: Sendable {
    private let engine: Engine

    private enum Engine: Sendable {
        case sqlite(SQLiteEngine)
        case postgres(PostgresEngine)
    }

    /// Opens `sqlite:PATH` (a file, made if absent) or `postgres://…` as libpq understands it, its `PG…`
    /// environment and service and password files included; a server is reached at the first use.
    /// `connections` bounds those held to a server, 1–100.
    public init(address: String, connections: Int = 8) throws(DatabaseFailure) {
        if address.hasPrefix("sqlite:"), address.utf8.count > 7 {
            engine = .sqlite(try SQLiteEngine(path: String(address.dropFirst(7))))
        } else if address.hasPrefix("postgres://") || address.hasPrefix("postgresql://") {
            engine = .postgres(
                try PostgresEngine(address: address, limits: PostgresLimits(connections: connections)))
        } else {
            throw .unknownAddress(Database.withoutSecrets(address))
        }
    }

    /// Runs `body` on a snapshot: it sees one state from beginning to end, and does not wait for writers.
    public func read<T: Sendable>(_ body: @escaping @Sendable (Reader) throws -> T) async throws -> T {
        switch engine {
        case .sqlite(let engine): try await engine.read(body)
        case .postgres(let engine): try await engine.read(body)
        }
    }

    /// Runs `body` in a transaction that is durable when this returns, unless `durability` lets it wait, and leaves
    /// nothing when it throws.
    ///
    /// On a server a body is run again, three times at most, where a concurrent transaction changed what it read or
    /// took its key, and where the connection was lost before the end. Lost while committing, nobody knows: then a
    /// `repeatable` body, one that finds its own earlier effect and changes nothing more, is run again, and any other
    /// throws `.outcomeUnknown`.
    public func write<T: Sendable>(
        repeatable: Bool = false, _ durability: Durability = .whenDone,
        _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws -> T {
        switch engine {
        case .sqlite(let engine): try await engine.write(durability, body)
        case .postgres(let engine): try await engine.write(repeatable: repeatable, durability, body)
        }
    }

    /// Bytes left where the file lies; nil for a server, whose room is its own affair, and in memory.
    public var freeBytes: Int64? {
        switch engine {
        case .sqlite(let engine): engine.freeBytes
        case .postgres: nil
        }
    }

    /// Applies the migrations not yet applied, each in one transaction under a lock.
    /// `at` is the time noted, epoch seconds. Throws `.schemaTooNew` where the database is ahead of the list.
    public func migrate(_ migrations: [Migration], at: Int64) async throws {
        try await write(repeatable: true) { try $0.prepareMigrations() }
        for migration in migrations.sorted(by: { $0.number < $1.number }) {
            try await write(repeatable: true) { try $0.apply(migration, known: migrations, at: at) }
        }
    }

    /// Copies the whole database to a new file while it is in use. Refuses an existing file, and a server, which has
    /// its own tools.
    public func backup(to path: String) async throws {
        switch engine {
        case .sqlite(let engine): try await engine.backup(to: path)
        case .postgres: throw DatabaseFailure.backup(reason: "PostgreSQL's own tools save its databases: use pg_dump")
        }
    }

    /// Spreads the tables over the nodes of a Citus cluster, those that are not yet. Returns how many were; nil where
    /// the database is none.
    public func distribute(_ plan: Distribution) async throws -> Int? {
        switch engine {
        case .sqlite: nil
        case .postgres(let engine): try await engine.distribute(plan)
        }
    }

    /// An address fit for a log or a message: without a password.
    public static func withoutSecrets(_ address: String) -> String {
        address.replacing(#/:\/\/([^:@\/]*):[^@\/]*@/#) { "://\($0.output.1)@" }
            .replacing(#/([?&](?:password|sslpassword)=)[^&]*/#) { "\($0.output.1)…" }
    }
}
