import CPostgres

// Many rows of one table. What pays depends on how many there are and whether they may replace others:
// COPY for plain additions, an `unnest` of binary arrays for replacements, single rows in pipeline mode for a few, and
// for every replacement on Citus, where a statement should name the one shard it goes to.
extension PostgresSession {
    /// Plain additions of this many rows and more go by COPY.
    private static let copyFrom = 24
    /// Rows an `unnest` statement carries at most, and rows sent before a pipeline is emptied.
    private static let rowsPerBlock = 1_000
    private static let rowsPerPipeline = 256
    /// Bytes handed to libpq in one piece of a COPY.
    private static let copyPieceBytes = 1 << 18

    func insert(_ rows: Rows, into table: String, conflict: String, isAppend: Bool) throws {
        if isAppend, rows.count >= PostgresSession.copyFrom {
            try copy(rows, into: table)
        } else if isCitus || rows.count < 4 {
            try pipeline(rows, into: table, conflict: conflict)
        } else {
            try unnest(rows, into: table, conflict: conflict)
        }
    }

    private func unnest(_ rows: Rows, into table: String, conflict: String) throws {
        let types = try columnTypes(rows, table)
        let width = rows.columns.count
        let list = types.enumerated().map { "$\($0.offset + 1)::\(arrayName($0.element))" }.joined(separator: ", ")
        let text =
            "INSERT INTO \(table) (\(rows.columns.joined(separator: ", "))) SELECT * FROM unnest(\(list))\(conflict)"
        for start in stride(from: 0, to: rows.count, by: PostgresSession.rowsPerBlock) {
            let block = start..<min(rows.count, start + PostgresSession.rowsPerBlock)
            var parameters = try PostgresParameters([])
            for (column, type) in types.enumerated() {
                var array = PostgresArray(type: type)
                for row in block { try array.append(rows.values[row * width + column]) }
                parameters.appendArray(array)
            }
            let name = try prepare(text, parameters.types)
            let result = parameters.withPointers { values, lengths, formats in
                PQexecPrepared(connection, name, Int32(parameters.count), values, lengths, formats, 1)
            }
            defer { PQclear(result) }
            guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw note(result) }
        }
    }

    private func columnTypes(_ rows: Rows, _ table: String) throws -> [UInt32] {
        let known = try types(of: table)
        return try rows.columns.map { column in
            guard let type = known[column] else {
                throw DatabaseFailure.other(reason: "table \(table) has no column \(column)")
            }
            return type
        }
    }

    private func arrayName(_ type: UInt32) -> String {
        switch type {
        case PostgresType.int8: "bigint[]"
        case PostgresType.bytes: "bytea[]"
        default: "text[]"
        }
    }

    // MARK: Pipeline

    /// One prepared statement a row, sent without waiting for the answer to the one before.
    private func pipeline(_ rows: Rows, into table: String, conflict: String) throws {
        let width = rows.columns.count
        let types = try columnTypes(rows, table)
        let list = (1...width).map { "$\($0)" }.joined(separator: ", ")
        let text = "INSERT INTO \(table) (\(rows.columns.joined(separator: ", "))) VALUES (\(list))\(conflict)"
        let name = try prepare(text, types)
        for start in stride(from: 0, to: rows.count, by: PostgresSession.rowsPerPipeline) {
            let block = start..<min(rows.count, start + PostgresSession.rowsPerPipeline)
            let parameters = try block.map { row in
                try PostgresParameters(rows.values[row * width..<(row + 1) * width])
            }
            try send(parameters, to: name)
        }
    }

    private func send(_ list: [PostgresParameters], to name: String) throws(DatabaseFailure) {
        guard PQenterPipelineMode(connection) == 1 else { throw noteLost() }
        var isSent = true
        for parameters in list where isSent {
            let sent = parameters.withPointers { values, lengths, formats in
                PQsendQueryPrepared(connection, name, Int32(parameters.count), values, lengths, formats, 1)
            }
            isSent = sent == 1
        }
        guard isSent, PQpipelineSync(connection) == 1 else { throw noteLost() }
        let failure = emptyPipeline()
        guard PQexitPipelineMode(connection) == 1 else { throw noteLost() }
        if let failure { throw failure }
    }

    /// Takes every answer up to the synchronisation; the first failure.
    private func emptyPipeline() -> DatabaseFailure? {
        var failure: DatabaseFailure?
        var emptyInARow = 0
        // Each statement's answers end with nothing; two of these together mean that the connection is gone.
        while emptyInARow < 2 {
            guard let result = PQgetResult(connection) else {
                emptyInARow += 1
                continue
            }
            defer { PQclear(result) }
            emptyInARow = 0
            switch PQresultStatus(result) {
            case PGRES_PIPELINE_SYNC: return failure
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_PIPELINE_ABORTED: break
            default: failure = failure ?? note(result)
            }
        }
        return failure ?? noteLost()
    }

    // MARK: COPY

    private func copy(_ rows: Rows, into table: String) throws(DatabaseFailure) {
        let started = PQexec(
            connection, "COPY \(table) (\(rows.columns.joined(separator: ", "))) FROM STDIN (FORMAT binary)")
        defer { PQclear(started) }
        guard PQresultStatus(started) == PGRES_COPY_IN else { throw note(started) }
        var problem: DatabaseFailure?
        do throws(DatabaseFailure) {
            try sendCopy(rows)
        } catch {
            problem = error
        }
        guard PQputCopyEnd(connection, problem == nil ? nil : "the rows cannot be sent") == 1 else { throw noteLost() }
        while let result = PQgetResult(connection) {
            defer { PQclear(result) }
            if PQresultStatus(result) != PGRES_COMMAND_OK { problem = problem ?? note(result) }
        }
        if let problem { throw problem }
    }

    private func sendCopy(_ rows: Rows) throws(DatabaseFailure) {
        let width = rows.columns.count
        // Signature, no flags, no extension (PostgreSQL's documentation of COPY, binary format).
        var piece: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)
        for row in 0..<rows.count {
            appendBigEndian(Int16(width), to: &piece)
            for value in rows.values[row * width..<(row + 1) * width] { try appendField(value, to: &piece) }
            if piece.count >= PostgresSession.copyPieceBytes {
                try put(piece)
                piece.removeAll(keepingCapacity: true)
            }
        }
        appendBigEndian(Int16(-1), to: &piece)
        try put(piece)
    }

    private func put(_ piece: [UInt8]) throws(DatabaseFailure) {
        let isSent = piece.withUnsafeBytes { bytes in
            PQputCopyData(connection, bytes.bindMemory(to: CChar.self).baseAddress, Int32(bytes.count))
        }
        guard isSent == 1 else { throw noteLost() }
    }
}
