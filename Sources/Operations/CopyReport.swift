import Storage
public import Water

/// The database a copy reads, and the one it writes.
public enum CopySide: String, Sendable, CaseIterable { case source, target }

/// Why a database is not copied, in the order looked for. The source is never changed.
public enum CopyRefusal: Error, Sendable, Hashable {
    /// A database is not at this program's schema.
    case otherSchema(CopySide, found: Int64, known: Int64)
    /// A process holds a job of the source, for so long at most if it does not renew it.
    case inService(until: Instant)
    /// The source has no city.
    case noCity
    /// The target was found equal to its source then: it may be in service since, and is never emptied.
    case completed(at: Instant)
    /// The target is a copy under way of another database.
    case otherCopy
    /// The target holds rows that no copy brought.
    case holdsData(table: String)
    /// Another copy writes to the target at this moment.
    case anotherCopyRuns
    /// A row cannot stand beside those copied before it: the source changed meanwhile.
    case contradicts(table: String, reason: String)
}

extension CopyRefusal: CustomStringConvertible {
    /// What is wrong and what can be done.
    public var description: String {
        switch self {
        case .otherSchema(let side, let found, let known):
            "the \(side.rawValue) is at migration \(found), this program at \(known): "
                + (found < known ? "run jieshui migrate on it" : "run a newer jieshui")
        case .inService(let until):
            "a service works on the source, or did a moment ago: stop it, and try again after \(until.utc)"
        case .noCity: "the source has no city: there is nothing to copy"
        case .completed(let at):
            "the target was completed at \(at.utc) and may be in service since: name a new, empty database"
        case .otherCopy:
            "the target holds a part of another database's copy: name an empty one, or begin anew with --again"
        case .holdsData(let table):
            "the target holds data already (table \(table)), not brought by a copy: name an empty database"
        case .anotherCopyRuns: "another copy writes to the target: wait for its end, or stop it"
        case .contradicts(let table, let reason):
            "the source changed while \(table) was copied (\(reason)): stop its service and run the copy once more; "
                + "with --again if that does not help"
        }
    }
}

/// How far a copy has come: `done` of `total` rows of a pass.
public struct CopyProgress: Sendable, Hashable {
    public enum Pass: String, Sendable { case copy, compare }
    public let pass: Pass
    public let table: String
    public let done: Int64
    /// As counted at the beginning.
    public let total: Int64
}

/// What a copy did.
public struct CopySummary: Sendable, Hashable {
    /// When the two were found equal; of no meaning where they are not.
    public let completedAt: Instant
    /// True where an earlier run completed the copy and this one only compared the two.
    public let wasComplete: Bool
    public var tables = 0
    public var rows: Int64 = 0
    public var communities = 0
    /// Where the two are not equal. The tables named are copied again by the next run, unless the copy was complete: it
    /// may be in service since, and is left as it is.
    public var differences: [CopyDifference] = []
    /// The source was written to while the two were compared, table by table: no table differs as it was found, but the
    /// two may.
    public var changedMeanwhile = false

    init(completedAt: Instant, wasComplete: Bool) {
        self.completedAt = completedAt
        self.wasComplete = wasComplete
    }

    /// What is so and what can be done where the two are not equal; nil where they are.
    public var fault: String? {
        if differences.isEmpty, !changedMeanwhile { return nil }
        if differences.isEmpty {
            return "the source was written to while it was compared with the copy: stop its service and run the same "
                + "command once more"
        }
        return wasComplete
            ? "this copy was completed at \(completedAt.utc), and the source (or the copy) has changed since: "
                + "name a new, empty database"
            : "the two are not equal: the source changed while it was copied. Stop its service and run the same command "
                + "once more; if they still differ then, begin anew with --again"
    }
}

/// A part of a table that is not the same on both sides.
public struct CopyDifference: Sendable, Hashable {
    public let table: String
    /// The community's code; nil for a table of the whole city.
    public let community: String?
    public let sourceRows: Int64
    public let targetRows: Int64
}

extension CopyDifference: CustomStringConvertible {
    public var description: String {
        let place = community.map { " of community \($0)" } ?? ""
        let what =
            sourceRows == targetRows
            ? "\(sourceRows) rows on both sides, their contents differ"
            : "\(sourceRows) rows in the source, \(targetRows) in the target"
        return "\(table)\(place): \(what)"
    }
}

/// Counts rows for the progress of a copy.
struct CopyReport {
    let total: Int64
    let tell: @Sendable (CopyProgress) async throws -> Void
    private var done: Int64 = 0

    init(total: Int64, tell: @escaping @Sendable (CopyProgress) async throws -> Void) {
        self.total = total
        self.tell = tell
    }

    /// Rows that an earlier run copied.
    mutating func add(_ rows: Int64) { done += rows }

    mutating func restart() { done = 0 }

    mutating func show(_ pass: CopyProgress.Pass, _ table: StoredTable, rows: Int) async throws {
        done += Int64(rows)
        try await tell(CopyProgress(pass: pass, table: table.name, done: done, total: total))
    }
}
