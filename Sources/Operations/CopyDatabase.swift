public import Database
import Storage
public import Water

/// Copies a city's database into another one, of the same engine or not, and proves that the two are equal.
///
/// A page of rows and how far it brings the copy are one transaction of the target, so that a copy broken off at any
/// moment goes on where it stopped. Nothing serves the target before it is found equal. The source is only read; its
/// service must be stopped, or the end tells what changed meanwhile, also while the two were compared.
public struct CopyDatabase: Sendable {
    private let source: Database
    private let target: Database
    private let pageRows: Int

    /// What a page holds at most, in bytes of text and blobs, about: one row may be larger.
    private static let pageBytes = 4 * 1_024 * 1_024

    /// Months of readings that get parts of their own: twenty years.
    private static let partMonths = 240

    private let tables = storedTables.filter { $0.isCopied && $0 != settingTable }

    public init(from source: Database, to target: Database, pageRows: Int = 2_000) {
        self.source = source
        self.target = target
        self.pageRows = pageRows
    }

    /// - Parameters:
    ///   - again: empties a target whose copy was never completed, and begins anew.
    ///   - at: the time noted with a copy found equal.
    ///   - progress: told after every page; what it throws breaks the copy off.
    public func callAsFunction(
        again: Bool = false, at: Instant,
        progress: @escaping @Sendable (CopyProgress) async throws -> Void = { _ in }
    ) async throws -> Result<CopySummary, CopyRefusal> {
        do throws(any Error) {
            let completed = try await admit(again: again, at: at)
            var report = CopyReport(total: try await rowsToCopy(), tell: progress)
            if let completed {
                var summary = CopySummary(completedAt: completed, wasComplete: true)
                let marks = try await source.writeMarks()
                try await compare(tables + [settingTable], &summary, &report)
                summary.changedMeanwhile = try await source.writeMarks() != marks
                return .success(summary)
            }
            try await prepareMonths()
            try await copyAll(&report)
            return .success(try await finish(&report, at: at))
        } catch let refusal as CopyRefusal {
            return .failure(refusal)
        }
    }

    /// Looks whether the target may become this copy, and begins it where it is not begun. When it was completed: then
    /// the two are only compared.
    private func admit(again: Bool, at: Instant) async throws -> Instant? {
        for (side, database) in [(CopySide.source, source), (.target, target)] {
            let known = migrations.map(\.number).max() ?? 0
            let found = try await database.read { try $0.schemaNumber() }
            if found != known { throw CopyRefusal.otherSchema(side, found: found, known: known) }
        }
        try await requireOutOfService(at: at)
        guard let fingerprint = try await source.read({ try $0.fingerprint() }) else { throw CopyRefusal.noCity }
        let record = try await target.read { try $0.copyRecord() }
        if let record {
            if let completed = record.verifiedAt {
                if again || record.source != fingerprint { throw CopyRefusal.completed(at: completed) }
                return completed
            }
            if record.source != fingerprint, !again { throw CopyRefusal.otherCopy }
        } else if let table = try await firstFilledTable() {
            throw CopyRefusal.holdsData(table: table)
        }
        if record == nil || again {
            try await target.write(repeatable: true) { transaction in
                try transaction.prepareCopy()
                try transaction.beginCopy(from: fingerprint)
                if again { try transaction.emptyTables() }
            }
        }
        return nil
    }

    private func requireOutOfService(at: Instant) async throws {
        if let until = try await source.read({ try $0.inServiceUntil() }), until > at {
            throw CopyRefusal.inService(until: until)
        }
    }

    /// A table of the target that holds rows other than those the migrations write.
    private func firstFilledTable() async throws -> String? {
        try await target.read { reader in
            try storedTables.first { try !$0.isBegunByMigration && !reader.isEmpty($0) }?.name
        }
    }

    /// Gives the months that come over parts of their own, where the target keeps readings so: once rows lie in the
    /// common remainder it is too late.
    private func prepareMonths() async throws {
        let months = try await source.read { try $0.monthsOfReadings() }
        // Any older ones are a meter's wrong clock.
        for month in months.suffix(Self.partMonths) {
            _ = try await target.prepareReadings(from: month, to: month)
        }
    }

    private func rowsToCopy() async throws -> Int64 {
        var total: Int64 = 0
        for table in tables { total += try await source.read { try $0.count(of: table) } }
        return total
    }

    // MARK: Copying

    private func copyAll(_ report: inout CopyReport) async throws {
        let begun = try await target.read { try $0.copiedParts() }
        for table in tables {
            let part = begun[table.name]
            report.add(part?.rows ?? 0)
            if part?.isDone == true { continue }
            do {
                if table.parent == nil {
                    try await copy(table, from: part, &report)
                } else {
                    try await copyWhole(table, &report)
                }
            } catch DatabaseFailure.constraint(let reason) {
                try await target.write(repeatable: true) { transaction in
                    for table in tables { try transaction.forgetCopied(table.name) }
                }
                throw CopyRefusal.contradicts(table: table.name, reason: reason)
            }
        }
    }

    private func copy(_ table: StoredTable, from begun: CopiedPart?, _ report: inout CopyReport) async throws {
        var part = begun
        var pages = pages(of: table, in: source, after: begun?.end)
        while let page = try await pages.next() {
            let next = CopiedPart(
                end: page.end, rows: (part?.rows ?? 0) + Int64(page.rows.count), isDone: page.isLast)
            try await put(page, into: table, after: part, becoming: next)
            part = next
            try await report.show(.copy, table, rows: page.rows.count)
        }
    }

    /// A table whose rows refer to each other goes over at once, so that each comes after the one it names.
    private func copyWhole(_ table: StoredTable, _ report: inout CopyReport) async throws {
        let page = try await whole(table).parentsFirst(in: table)
        let done = CopiedPart(end: nil, rows: Int64(page.rows.count), isDone: true)
        try await put(page, into: table, after: nil, becoming: done)
        try await report.show(.copy, table, rows: page.rows.count)
    }

    private func put(
        _ page: TablePage, into table: StoredTable, after before: CopiedPart?, becoming next: CopiedPart
    ) async throws {
        try await target.write(repeatable: true) { transaction in
            let found = try transaction.reader.copiedPart(of: table)
            // The transaction was committed and the answer was lost.
            if found == next { return }
            guard found == before else { throw CopyRefusal.anotherCopyRuns }
            try transaction.put(page, into: table)
            try transaction.setCopied(next, of: table)
        }
    }

    // MARK: Comparing

    /// Compares the two and, where they are equal, opens the target for service.
    private func finish(_ report: inout CopyReport, at: Instant) async throws -> CopySummary {
        report.restart()
        var summary = CopySummary(completedAt: at, wasComplete: false)
        // Each table is compared as it is at its turn: only what nobody writes to is equal as a whole.
        let marks = try await source.writeMarks()
        try await compare(tables, &summary, &report)
        if summary.differences.isEmpty {
            let settings = try await whole(settingTable)
            try await requireOutOfService(at: at)
            summary.changedMeanwhile = try await source.writeMarks() != marks
            if summary.changedMeanwhile { return summary }
            try await open(settings, at: at)
            summary.rows += Int64(settings.rows.count)
            summary.tables += 1
        } else {
            let names = Set(summary.differences.map(\.table))
            try await target.write(repeatable: true) { transaction in
                for name in names { try transaction.forgetCopied(name) }
            }
        }
        return summary
    }

    /// Counts and digests these tables on both sides and notes where they differ; writes nothing.
    private func compare(
        _ tables: [StoredTable], _ summary: inout CopySummary, _ report: inout CopyReport
    ) async throws {
        var communities: Set<CommunityID> = []
        for table in tables {
            let (here, there) = try await digests(of: table, &report)
            summary.tables += 1
            summary.rows += here.values.reduce(0) { $0 + $1.rows }
            communities.formUnion(here.keys.compactMap { $0 })
            summary.differences += try await differences(table, here, there)
        }
        summary.communities = communities.subtracting([.unregistered]).count
    }

    private func digests(
        of table: StoredTable, _ report: inout CopyReport
    ) async throws -> (source: [CommunityID?: PartDigest], target: [CommunityID?: PartDigest]) {
        async let there = digests(of: table, in: target)
        var pages = pages(of: table, in: source, after: nil)
        var here = TableDigests(of: table)
        while let page = try await pages.next() {
            try here.take(page)
            try await report.show(.compare, table, rows: page.rows.count)
        }
        return (here.finish(), try await there)
    }

    private func digests(of table: StoredTable, in database: Database) async throws -> [CommunityID?: PartDigest] {
        var pages = pages(of: table, in: database, after: nil)
        var digests = TableDigests(of: table)
        while let page = try await pages.next() { try digests.take(page) }
        return digests.finish()
    }

    private func differences(
        _ table: StoredTable, _ here: [CommunityID?: PartDigest], _ there: [CommunityID?: PartDigest]
    ) async throws -> [CopyDifference] {
        let communities = Set(here.keys).union(there.keys).filter { here[$0] != there[$0] }
        if communities.isEmpty { return [] }
        let areas = try await source.read { try $0.areaTree() }
        return communities.sorted { ($0?.value ?? -1) < ($1?.value ?? -1) }.map { community in
            CopyDifference(
                table: table.name, community: community.map { areas[$0]?.code ?? "number \($0)" },
                sourceRows: here[community]?.rows ?? 0, targetRows: there[community]?.rows ?? 0)
        }
    }

    /// The last step: with its settings the target is a city that can be served.
    private func open(_ settings: TablePage, at: Instant) async throws {
        try await target.write(repeatable: true) { transaction in
            try transaction.put(settings, into: settingTable)
            try transaction.advanceMadeKeys()
            try transaction.endCopy(at: at)
        }
    }

    // MARK: Pages

    private func pages(of table: StoredTable, in database: Database, after: [SQLValue]?) -> TablePages {
        TablePages(table: table, database: database, rows: pageRows, bytes: Self.pageBytes, after: after)
    }

    /// A small table in one page.
    private func whole(_ table: StoredTable) async throws -> TablePage {
        try await source.read { try $0.page(of: table, after: nil, limit: 10_000_000, bytes: .max) }
    }
}

/// A table's pages, each read in a transaction of its own.
private struct TablePages {
    let table: StoredTable
    let database: Database
    /// Rows of the next page: fewer than asked for where the page before was full of bytes first.
    private var limit: Int
    private let rows: Int
    private let bytes: Int
    private var after: [SQLValue]?
    private var isAtEnd = false

    init(table: StoredTable, database: Database, rows: Int, bytes: Int, after: [SQLValue]?) {
        self.table = table
        self.database = database
        self.rows = rows
        self.bytes = bytes
        self.after = after
        limit = rows
    }

    mutating func next() async throws -> TablePage? {
        if isAtEnd { return nil }
        try Task.checkCancellation()
        let page = try await database.read { [table, after, limit, bytes] in
            try $0.page(of: table, after: after, limit: limit, bytes: bytes)
        }
        after = page.end
        isAtEnd = page.isLast
        limit = min(rows, page.rows.count * 2)
        return page
    }
}
