public import Database
import Storage
public import Tariffs
public import Water

/// What a registry file lists.
public enum ImportKind: String, Sendable, Hashable, CaseIterable {
    case areas, households, meters
}

/// A line that did not go in.
public struct LineProblem: Sendable, Hashable {
    /// From 1, the header's line included.
    public let line: Int
    /// The column; empty where the line as a whole is meant.
    public let field: String
    public let reason: String
}

/// What an import did so far.
public struct ImportTotals: Sendable, Hashable {
    public var added = 0
    public var changed = 0
    public var unchanged = 0
    public var rejected = 0

    public init(added: Int = 0, changed: Int = 0, unchanged: Int = 0, rejected: Int = 0) {
        self.added = added
        self.changed = changed
        self.unchanged = unchanged
        self.rejected = rejected
    }

    public var lines: Int { added + changed + unchanged + rejected }
}

/// Why a file is not read at all, or no further.
public enum ImportRefusal: Error, Sendable, Hashable {
    case noHeader
    case unknownColumn(String)
    case repeatedColumn(String)
    case missingColumn(String)
    case tooManyLines(limit: Int)
}

extension ImportRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noHeader:
            "the file has no header line; a CSV file is of UTF-8 text and begins with the names of its columns"
        case .unknownColumn(let name): "the header names a column that is not known: \(name)"
        case .repeatedColumn(let name): "the header names a column twice: \(name)"
        case .missingColumn(let name): "the header lacks the column \(name)"
        case .tooManyLines(let limit): "the file has more than \(limit) lines: split it"
        }
    }
}

/// Brings a registry file in as its bytes are given: 500 lines to a transaction, so that ingest goes on between
/// them; each line goes in or is refused by itself. A line that contradicts one before it in the file is refused, so
/// that repeating a file changes nothing.
///
/// A dry run rolls every transaction back. For households and meters it takes 20,000 lines together, so what only the
/// registry can tell between lines farther apart, as two homes on one usage point, shows only in the import; areas are
/// taken all together.
public struct ImportRegistry {
    private let database: Database
    private let calendar: CityCalendar
    private let kind: ImportKind
    private let shelf: TariffShelf
    private let isDryRun: Bool
    private var records = CSVRecords()
    private var header: ImportHeader?
    private var waiting: [CSVRecord] = []
    private var said = SaidLines()
    public private(set) var totals = ImportTotals()

    /// Lines of one file.
    public static let lineLimit = 5_000_000
    private static let linesPerTransaction = 500
    private static let linesPerDryRun = 20_000

    /// `shelf`: where households' tariffs stand.
    public init(
        _ kind: ImportKind, into database: Database, calendar: CityCalendar, shelf: TariffShelf,
        isDryRun: Bool = false
    ) {
        self.kind = kind
        self.database = database
        self.calendar = calendar
        self.shelf = shelf
        self.isDryRun = isDryRun
    }

    /// Takes the next bytes of the file; returns the lines refused with them. Throws `ImportRefusal` where the file
    /// cannot be read further.
    public mutating func take(_ bytes: [UInt8], at: Instant) async throws -> [LineProblem] {
        try await keep(records.take(bytes), isEnd: false, at: at)
    }

    /// Takes the end of the file. `totals` is complete after it.
    public mutating func finish(at: Instant) async throws -> [LineProblem] {
        let problems = try await keep(records.finish(), isEnd: true, at: at)
        if header == nil { throw ImportRefusal.noHeader }
        return problems
    }

    private mutating func keep(_ found: [CSVRecord], isEnd: Bool, at: Instant) async throws -> [LineProblem] {
        for record in found {
            if header == nil { header = try ImportHeader(record, of: kind) } else { waiting.append(record) }
        }
        var problems: [LineProblem] = []
        while waiting.count >= linesTogether || (isEnd && !waiting.isEmpty) {
            let batch = Array(waiting.prefix(linesTogether))
            waiting.removeFirst(batch.count)
            problems += try await register(batch, at: at)
            if totals.lines > Self.lineLimit { throw ImportRefusal.tooManyLines(limit: Self.lineLimit) }
        }
        return problems
    }

    private var linesTogether: Int {
        if !isDryRun { return Self.linesPerTransaction }
        return kind == .areas ? Self.lineLimit : Self.linesPerDryRun
    }

    private mutating func register(_ batch: [CSVRecord], at: Instant) async throws -> [LineProblem] {
        guard let header else { return [] }
        let importing = LineImport(kind: kind, header: header, calendar: calendar, shelf: shelf, at: at)
        let lines = batch.map { importing.read($0) }
        // The few that matter: the transaction may be run again, and must not hold the whole.
        let before = said.among(lines.flatMap(\.claims))
        let isDryRun = isDryRun
        let outcome: BatchOutcome
        do {
            outcome = try await database.write { transaction in
                let outcome = try importing.register(lines, after: before, in: transaction)
                if isDryRun { throw RolledBack(outcome: outcome) }
                return outcome
            }
        } catch let dry as RolledBack {
            outcome = dry.outcome
        }
        totals.added += outcome.totals.added
        totals.changed += outcome.totals.changed
        totals.unchanged += outcome.totals.unchanged
        totals.rejected += outcome.totals.rejected
        said.add(outcome.said)
        return outcome.problems
    }
}

/// Carries a dry run's outcome out of the transaction that it undoes.
private struct RolledBack: Error {
    let outcome: BatchOutcome
}

struct BatchOutcome: Sendable {
    private(set) var totals = ImportTotals()
    private(set) var problems: [LineProblem] = []
    /// What the lines that went in say.
    private(set) var said = SaidLines()

    fileprivate mutating func reject(_ problem: LineProblem) {
        totals.rejected += 1
        problems.append(problem)
    }

    fileprivate mutating func count(_ change: RegistryChange, _ claims: [ImportClaim], line: Int) {
        switch change {
        case .added: totals.added += 1
        case .changed: totals.changed += 1
        case .unchanged: totals.unchanged += 1
        }
        said.note(claims, line: line)
    }
}

/// A record in the registry's words, or why it is none.
enum ReadLine: Sendable {
    case entry(ImportEntry, claims: [ImportClaim], line: Int)
    case problem(LineProblem)

    var claims: [ImportClaim] {
        switch self {
        case .entry(_, let claims, _): claims
        case .problem: []
        }
    }
}

enum ImportEntry: Sendable {
    case area(AreaEntry)
    case household(HouseholdEntry)
    case meter(MeterEntry)
}

/// One batch's way from records to rows.
struct LineImport: Sendable {
    let kind: ImportKind
    let header: ImportHeader
    let calendar: CityCalendar
    let shelf: TariffShelf
    let at: Instant

    func read(_ record: CSVRecord) -> ReadLine {
        switch record {
        case .malformed(let reason, let line): return .problem(LineProblem(line: line, field: "", reason: reason))
        case .fields(let values, let line):
            do throws(RegistryRefusal) {
                let found = try entry(values)
                return .entry(found, claims: found.claims, line: line)
            } catch {
                return .problem(LineProblem(line: line, field: error.field, reason: error.reason))
            }
        }
    }

    private func entry(_ values: [String]) throws(RegistryRefusal) -> ImportEntry {
        guard values.count == header.names.count else {
            throw .malformed(field: "", expected: "\(header.names.count) fields, as the header has")
        }
        let line = ImportLine(header: header, values: values, calendar: calendar, shelf: shelf)
        return switch kind {
        case .areas: .area(try AreaEntry(line))
        case .households: .household(try HouseholdEntry(line))
        case .meters: .meter(try MeterEntry(line))
        }
    }

    /// - Parameter before: what earlier batches of the file say of the same things.
    func register(
        _ lines: [ReadLine], after before: SaidLines, in transaction: Transaction
    ) throws -> BatchOutcome {
        var outcome = BatchOutcome()
        for read in lines {
            switch read {
            case .problem(let problem): outcome.reject(problem)
            case .entry(let entry, let claims, let line):
                if let problem = before.problem(with: claims, line: line)
                    ?? outcome.said.problem(with: claims, line: line)
                {
                    outcome.reject(problem)
                    continue
                }
                switch try register(entry, in: transaction) {
                case .success(let change): outcome.count(change, claims, line: line)
                case .failure(let refusal):
                    outcome.reject(LineProblem(line: line, field: refusal.field, reason: refusal.reason))
                }
            }
        }
        return outcome
    }

    private func register(
        _ entry: ImportEntry, in transaction: Transaction
    ) throws -> Result<RegistryChange, RegistryRefusal> {
        switch entry {
        case .area(let area): try transaction.register(area)
        case .household(let household): try transaction.register(household, at: at)
        case .meter(let meter): try transaction.register(meter, at: at)
        }
    }
}
