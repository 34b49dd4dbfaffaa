import CPostgres

/// One libpq connection and its prepared statements. Calls block: they belong on the connection's own thread.
final class PostgresSession {
    /// Why the transaction under way cannot be kept though it may be tried again.
    enum Trouble: Sendable {
        /// A concurrent transaction changed what this one read or wrote, or two waited for each other.
        case conflict(String)
        /// A key was taken, perhaps by a transaction that this one's snapshot does not show.
        case keyTaken
        /// The connection is gone.
        case lost(String)
        /// A prepared statement no longer fits the table, or server and session know different ones.
        case stalePlan
    }

    let connection: OpaquePointer
    /// True on a Citus coordinator or worker: rows are then sent to their shard, not through a function.
    let isCitus: Bool
    /// What the transaction under way ran into first.
    private(set) var trouble: Trouble?
    private var prepared: [PreparedKey: String] = [:]
    /// Statements ever prepared: no name comes twice, whatever became of the statement that had it.
    private var preparedCount = 0
    /// What is prepared, and what is known of tables, is of no use any more.
    private var isStale = false
    private var columnTypes: [String: [String: UInt32]] = [:]

    private struct PreparedKey: Hashable {
        let text: String
        let types: [UInt32]
    }

    /// Prepared statements a connection keeps at most.
    private static let preparedLimit = 600

    /// Takes over an open connection and sets it up: time-outs, snapshot transactions, UTC.
    init(connection: OpaquePointer, limits: PostgresLimits) throws(DatabaseFailure) {
        self.connection = connection
        // Without this libpq writes the server's notices to standard error.
        _ = PQsetNoticeProcessor(connection, { _, _ in }, nil)
        let made = PQexec(connection, limits.sessionText)
        let isMade = PQresultStatus(made) == PGRES_COMMAND_OK
        let reason = postgresMessage(PQresultErrorMessage(made))
        PQclear(made)
        let found = PQexec(connection, "SELECT 1 FROM pg_extension WHERE extname = 'citus'")
        isCitus = PQntuples(found) == 1
        PQclear(found)
        guard PQstatus(connection) == CONNECTION_OK else {
            throw .unreachable(reason: postgresMessage(PQerrorMessage(connection)))
        }
        // Refused as one, they leave none set: without snapshots and time-outs nothing here is right.
        guard isMade else { throw .cannotOpen(reason: "the server refuses the settings of a session: \(reason)") }
    }

    deinit { PQfinish(connection) }

    /// A stale session is closed: a fresh one knows the tables as they are, and the server has nothing left of it.
    var isUsable: Bool {
        !isStale && PQstatus(connection) == CONNECTION_OK && PQtransactionStatus(connection) == PQTRANS_IDLE
    }

    private static func ignoreResult(_ result: OpaquePointer?) { PQclear(result) }

    // MARK: Transactions

    func begin(_ text: String) throws(DatabaseFailure) {
        trouble = nil
        try script(text)
    }

    /// What an attempt to commit came to.
    enum CommitOutcome {
        case committed
        case refused(DatabaseFailure)
        case unknown
    }

    func commit() -> CommitOutcome {
        let result = PQexec(connection, "COMMIT")
        defer { PQclear(result) }
        if PQresultStatus(result) == PGRES_COMMAND_OK {
            let tag = PQcmdStatus(result).map { String(cString: $0) } ?? ""
            if tag == "COMMIT" { return .committed }
            return .refused(.other(reason: "the server rolled the transaction back"))
        }
        let failure = note(result)
        if case .lost = trouble { return .unknown }
        return .refused(failure)
    }

    func rollback() { PostgresSession.ignoreResult(PQexec(connection, "ROLLBACK")) }

    // MARK: Statements

    /// Several statements without parameters, in the simple protocol.
    func script(_ text: String) throws(DatabaseFailure) {
        let result = PQexec(connection, text)
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return
        default: throw note(result)
        }
    }

    func execute(_ sql: SQL) throws(DatabaseFailure) -> Int {
        let parameters = try PostgresParameters(sql.arguments)
        let name = try prepare(sql.text, parameters.types)
        let result = parameters.withPointers { values, lengths, formats in
            PQexecPrepared(connection, name, Int32(parameters.count), values, lengths, formats, 1)
        }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: return changedRows(result)
        default: throw note(result)
        }
    }

    /// Row after row as they arrive, so that a large answer is never held whole; false from `visit` ends it.
    func each(_ sql: SQL, _ visit: (Row) throws -> Bool) throws {
        let parameters = try PostgresParameters(sql.arguments)
        let name = try prepare(sql.text, parameters.types)
        let isSent = parameters.withPointers { values, lengths, formats in
            PQsendQueryPrepared(connection, name, Int32(parameters.count), values, lengths, formats, 1)
        }
        guard isSent == 1, PQsetSingleRowMode(connection) == 1 else { throw noteLost() }
        var goesOn = true
        var failure: (any Error)?
        while let result = PQgetResult(connection) {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_SINGLE_TUPLE where goesOn:
                do {
                    goesOn = try visit(Row(source: .values { column in postgresValue(result, column) }))
                } catch {
                    (goesOn, failure) = (false, error)
                }
            case PGRES_SINGLE_TUPLE, PGRES_TUPLES_OK, PGRES_COMMAND_OK: break
            default: failure = failure ?? note(result)
            }
        }
        if let failure { throw failure }
    }

    private func changedRows(_ result: OpaquePointer?) -> Int {
        PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
    }

    /// The name of a prepared statement for a text and its parameters' types.
    func prepare(_ text: String, _ types: [UInt32]) throws(DatabaseFailure) -> String {
        let key = PreparedKey(text: text, types: types)
        if let name = prepared[key] { return name }
        if prepared.count >= PostgresSession.preparedLimit {
            try script("DEALLOCATE ALL")
            prepared = [:]
        }
        let name = "s\(preparedCount)"
        preparedCount += 1
        let result = PQprepare(connection, name, text, Int32(types.count), types)
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw note(result) }
        prepared[key] = name
        return name
    }

    /// The types of a table's columns, asked once.
    func types(of table: String) throws -> [String: UInt32] {
        if let known = columnTypes[table] { return known }
        var found: [String: UInt32] = [:]
        try each(
            """
            SELECT attname, CAST(atttypid AS BIGINT) FROM pg_attribute
            WHERE attrelid = CAST(CAST(\(table) AS TEXT) AS regclass) AND attnum > 0 AND NOT attisdropped
            """
        ) { row in
            found[try row.text(0)] = UInt32(truncatingIfNeeded: try row.integer(1))
            return true
        }
        columnTypes[table] = found
        return found
    }

    // MARK: Failures

    /// What a failed result says; remembered, so that the transaction is tried again where that can help.
    func note(_ result: OpaquePointer?) -> DatabaseFailure {
        let state = PQresultErrorField(result, postgresStateField).map { String(cString: $0) }
        // What the server refuses has a state; without one it is libpq that gave up, whatever it takes its status for.
        guard let state, PQstatus(connection) == CONNECTION_OK, !isConnectionState(state) else {
            return noteLost(result)
        }
        let message = postgresMessage(PQresultErrorField(result, postgresMessageField))
        let source = PQresultErrorField(result, postgresSourceField).map { String(cString: $0) }
        let (failure, found) = postgresFailure(state: state, source: source, message: message)
        if case .stalePlan = found { isStale = true }
        if trouble == nil { trouble = found }
        return failure
    }

    func noteLost(_ result: OpaquePointer? = nil) -> DatabaseFailure {
        let own = result.map { postgresMessage(PQresultErrorMessage($0)) }
        let text = own.flatMap { $0 == "no reason given" ? nil : $0 } ?? postgresMessage(PQerrorMessage(connection))
        trouble = .lost(text)
        return .unreachable(reason: text)
    }

    /// Class 08, and the server's own going.
    private func isConnectionState(_ state: String) -> Bool {
        state.hasPrefix("08") || ["57P01", "57P02", "57P03"].contains(state)
    }
}
