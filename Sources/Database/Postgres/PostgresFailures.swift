import Foundation

/// `PG_DIAG_SQLSTATE`, `PG_DIAG_MESSAGE_PRIMARY` and `PG_DIAG_SOURCE_FUNCTION`: character macros, which Swift does not
/// import.
let postgresStateField = Int32(UInt8(ascii: "C"))
let postgresMessageField = Int32(UInt8(ascii: "M"))
let postgresSourceField = Int32(UInt8(ascii: "R"))

/// A message of libpq on one line.
func postgresMessage(_ text: UnsafePointer<CChar>?) -> String {
    guard let text else { return "no reason given" }
    let words = String(cString: text).split(whereSeparator: \.isWhitespace)
    return words.isEmpty ? "no reason given" : words.joined(separator: " ")
}

func postgresMessage(_ text: UnsafeMutablePointer<CChar>?) -> String {
    postgresMessage(text.map { UnsafePointer($0) })
}

/// What an error of the server means to us, by its SQLSTATE (PostgreSQL's documentation, appendix A) and the server's
/// function that found it, `source`. Its message is in the server's language, and decides nothing.
func postgresFailure(
    state: String, source: String?, message: String
) -> (DatabaseFailure, PostgresSession.Trouble?) {
    switch state {
    // Serialization failure, deadlock, lock not available in time.
    case "40001", "40P01": (.conflict(reason: message), .conflict(message))
    case "55P03": (.conflict(reason: "another session holds a lock: \(message)"), .conflict(message))
    case "23505": (.constraint(reason: message), .keyTaken)
    case _ where state.hasPrefix("23"): (.constraint(reason: message), nil)
    case "25006": (.readOnly(reason: message), nil)
    case "57014": (.tooSlow(reason: message), nil)
    // A plan that would give other columns than before. Many other things have this state too.
    case "0A000" where source == "RevalidateCachedQuery": (.other(reason: message), .stalePlan)
    // A prepared statement's name is taken, or there is none of that name.
    case "42P05", "26000": (.other(reason: message), .stalePlan)
    // No room on disk, a file that cannot be read or written, damaged data or index.
    case _ where state.hasPrefix("53") || state.hasPrefix("58"), "XX001", "XX002":
        (.storage(reason: message), nil)
    case "42501": (.cannotOpen(reason: "\(message): grant it to the user of the database address"), nil)
    default: (.other(reason: "\(message) (\(state))"), nil)
    }
}

/// Why a connection could not be made, and whether trying again may help. libpq gives no SQLSTATE here.
func postgresConnectFailure(_ message: String) -> (failure: DatabaseFailure, mayHelp: Bool) {
    let final: [(part: String, todo: String)] = [
        ("password authentication failed", "correct the user or password of the database address"),
        ("no password supplied", "give a password by PGPASSWORD, a password file or the database address"),
        ("no pg_hba.conf entry", "let this host and user in by the server's pg_hba.conf"),
        ("Peer authentication failed", "connect as that system user, or let the user in by pg_hba.conf"),
        ("role \".*\" does not exist", "make the user, or correct it in the database address"),
        ("database \".*\" does not exist", "make it with createdb, or correct its name in the database address"),
        ("certificate", "correct sslrootcert, sslcert or sslmode of the database address"),
        ("SSL", "correct sslmode of the database address, or turn TLS on at the server"),
        ("invalid ", "correct the database address"),
        ("could not translate host name", "correct the host of the database address"),
    ]
    if message.contains("too many c") || message.contains("connection slots") {
        return (.unreachable(reason: "\(message); lower database.connections or raise the server's limit"), true)
    }
    for (part, todo) in final where message.range(of: part, options: .regularExpression) != nil {
        return (.cannotOpen(reason: "\(message); \(todo)"), false)
    }
    return (.unreachable(reason: "\(message); is the server running where the database address says?"), true)
}
