/// What goes wrong between us and the engine. What the domain refuses is never one of these.
public enum DatabaseFailure: Error, Hashable, Sendable {
    /// The address is not one we can open: `sqlite:PATH` or `postgres://…`.
    case unknownAddress(String)
    /// The file or server cannot be opened as asked, with the engine's reason: trying again does not help.
    case cannotOpen(reason: String)
    /// The server cannot be reached, or went away, past the bounded tries.
    case unreachable(reason: String)
    /// The database carries a migration this program does not know: it is newer than the program.
    case schemaTooNew(found: Int64, known: Int64)
    /// The database lacks migrations that this program needs.
    case schemaTooOld(found: Int64, known: Int64)
    /// A column holds another type than the statement's reader expects.
    case unexpectedType(column: Int)
    /// A unique, check or foreign key constraint refused the change.
    case constraint(reason: String)
    /// Another process held the write lock past the time-out, or every connection was in use that long.
    case busy
    /// Concurrent transactions kept changing the same rows past the tries allowed. Nothing was changed.
    case conflict(reason: String)
    /// The connection was lost while committing: whether the change was made is to be found out, not guessed.
    case outcomeUnknown
    /// A statement ran longer than it may.
    case tooSlow(reason: String)
    /// The server takes no writes: a standby, or set so.
    case readOnly(reason: String)
    /// A backup cannot be made; the database itself is well.
    case backup(reason: String)
    /// The file was removed or replaced under the running program: what is written now would be lost.
    case replaced(path: String)
    /// No room, or the file is read-only.
    case storage(reason: String)
    /// What the file holds is no database, or not a whole one any more: nothing in it can be relied on.
    case damaged(path: String, reason: String)
    case other(reason: String)
}

extension DatabaseFailure: CustomStringConvertible {
    /// What is wrong and what can be done.
    public var description: String {
        switch self {
        case .unknownAddress(let address): "no engine for \(address): write sqlite:PATH or postgres://…"
        case .cannotOpen(let reason): "the database cannot be opened: \(reason)"
        case .unreachable(let reason): "the database server cannot be reached: \(reason)"
        case .schemaTooNew(let found, let known):
            "the database is at migration \(found), this program knows \(known): run a newer jieshui"
        case .schemaTooOld(let found, let known):
            "the database is at migration \(found) of \(known): run jieshui migrate"
        case .unexpectedType(let column): "column \(column) holds an unexpected type"
        case .constraint(let reason): "a constraint refused the change: \(reason)"
        case .busy: "the database was in use by others for too long: try again"
        case .conflict(let reason): "others kept changing the same rows; nothing was changed, try again: \(reason)"
        case .outcomeUnknown:
            "the connection was lost while committing: look whether the change is there before asking again"
        case .tooSlow(let reason): "a statement ran longer than it may: \(reason)"
        case .readOnly(let reason):
            "the database server takes no writes: \(reason); name the primary in the database address"
        case .backup(let reason): "no backup was made: \(reason)"
        case .replaced(let path):
            "\(path) was removed or replaced under the running program: put it back, or stop the program, not by kill -9, "
                + "and start it anew"
        case .storage(let reason): "the database cannot be written: \(reason); make room or repair it, then try again"
        case .damaged(let path, let reason):
            "the database is damaged: \(path): \(reason); stop the service, move the file away with its -wal and -shm, and "
                + "restore the newest backup (jieshui restore)"
        case .other(let reason): "the database failed: \(reason)"
        }
    }
}
