/// What goes wrong between us and the engine. What the domain refuses is never one of these.
public enum DatabaseFailure: Error, Hashable, Sendable {
    /// The address is not one we can open: `sqlite:PATH`.
    case unknownAddress(String)
    /// The file or server cannot be opened, with the engine's reason.
    case cannotOpen(reason: String)
    /// The database carries a migration this program does not know: it is newer than the program.
    case schemaTooNew(found: Int64, known: Int64)
    /// A column holds another type than the statement's reader expects.
    case unexpectedType(column: Int)
    /// A unique, check or foreign key constraint refused the change.
    case constraint(reason: String)
    /// Another process held the write lock past the time-out.
    case busy
    /// No room, or the file is read-only or damaged.
    case storage(reason: String)
    case other(reason: String)
}

extension DatabaseFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownAddress(let address): "no engine for \(address): write sqlite:PATH"
        case .cannotOpen(let reason): "the database cannot be opened: \(reason)"
        case .schemaTooNew(let found, let known):
            "the database is at migration \(found), this program knows \(known): run a newer jieshui"
        case .unexpectedType(let column): "column \(column) holds an unexpected type"
        case .constraint(let reason): "a constraint refused the change: \(reason)"
        case .busy: "another process held the write lock too long: try again"
        case .storage(let reason): "the database cannot be written: \(reason)"
        case .other(let reason): "the database failed: \(reason)"
        }
    }
}
