import CPostgres
import Foundation

/// The bounds of a pool and its connections.
struct PostgresLimits: Sendable {
    /// Connections held at most, 1–100.
    let connections: Int
    /// One try to connect.
    let connectSeconds = 10
    /// Tries to reach a server that is away, with growing pauses: about 12 s together.
    let reconnects = 8
    /// One statement.
    var statementSeconds = 300
    /// One wait for another transaction's lock.
    let lockSeconds = 5
    /// A transaction that sends nothing.
    let idleInTransactionSeconds = 120
    /// A connection that nobody uses is closed after this.
    let idleSeconds: Int64 = 60
    /// A wait for a free connection.
    let waitSeconds: Int64 = 30
    /// Runs of a body whose transaction met another one: the first and three more.
    let tries = 4

    init(connections: Int) { self.connections = min(100, max(1, connections)) }

    /// What every connection sets first.
    ///
    /// A statement is planned once and kept, perhaps for a table that was empty then and small enough to be read whole:
    /// everything we ask is found by a key, so whole tables are the last resort. The last setting means something to
    /// Citus alone: one connection, and so one snapshot, to each node, and writes of whole tables beside cut ones.
    var sessionText: String {
        """
        SET client_encoding = 'UTF8'; SET TimeZone = 'UTC';
        SET default_transaction_isolation = 'repeatable read';
        SET statement_timeout = '\(statementSeconds)s'; SET lock_timeout = '\(lockSeconds)s';
        SET idle_in_transaction_session_timeout = '\(idleInTransactionSeconds)s';
        SET enable_seqscan = off;
        SET citus.multi_shard_modify_mode = 'sequential';
        """
    }
}

/// Opens a connection; the address and the `PG…` environment have precedence over our defaults.
func connect(_ address: String, _ limits: PostgresLimits) throws(DatabaseFailure) -> OpaquePointer {
    var settings = [
        ("connect_timeout", "\(limits.connectSeconds)"), ("application_name", "jieshui"),
        // A peer that vanished without a word is noticed within about 30 s.
        ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "4"),
        ("tcp_user_timeout", "30000"),
    ].filter { !environmentSets($0.0) }
    settings.append(("dbname", address))
    let opened = withTexts(settings.map(\.0)) { keys in
        withTexts(settings.map(\.1)) { values in PQconnectdbParams(keys, values, 1) }
    }
    guard let connection = opened else { throw .unreachable(reason: "no memory for a connection") }
    guard PQstatus(connection) == CONNECTION_OK else {
        let message = postgresMessage(PQerrorMessage(connection))
        PQfinish(connection)
        throw postgresConnectFailure(message).failure
    }
    if let problem = unfit(connection) {
        PQfinish(connection)
        throw .cannotOpen(reason: problem)
    }
    return connection
}

/// What of a server we cannot work with; nil where nothing.
private func unfit(_ connection: OpaquePointer) -> String? {
    let version = PQserverVersion(connection)
    if version < 150_000 {
        return "the server is PostgreSQL \(version / 10_000): 15 is the least"
    }
    let encoding = PQparameterStatus(connection, "server_encoding").map { String(cString: $0) } ?? ""
    if encoding != "UTF8" {
        return "the database is in \(encoding): make one with createdb --encoding=UTF8 --template=template0"
    }
    return nil
}

/// True where libpq's environment gives a setting already.
private func environmentSets(_ name: String) -> Bool {
    guard let defaults = PQconndefaults() else { return false }
    defer { PQconninfoFree(defaults) }
    var option = defaults
    while let keyword = option.pointee.keyword {
        if String(cString: keyword) == name, let variable = option.pointee.envvar, getenv(variable) != nil {
            return true
        }
        option += 1
    }
    return false
}

/// A list of texts as C wants it: pointers, and nothing after the last.
private func withTexts<T>(_ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> T) -> T {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    let pointers = copies.map { copy in copy.map { UnsafePointer<CChar>($0) } } + [nil]
    return pointers.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("a list has its end") }
        return body(base)
    }
}
