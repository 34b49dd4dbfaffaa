public import Database
public import Scoring
import Tariffs
public import Water

/// A statement as it is kept: its canonical text and what finds it.
public struct StoredStatement: Sendable, Hashable {
    public let household: HouseholdID
    public let month: BillingMonth
    public let version: Int64
    /// Canonical JSON; the hash is over its UTF-8 bytes.
    public let body: String
    public let hash: String
    /// When it was issued; not part of the statement, and nil before it is stored.
    public let issuedAt: Instant?
    /// What later statements ask of it, kept beside it when it is added; nil as read.
    public let figures: StatementFigures?
    /// The body as it is to be kept, where it was packed before; nil as read.
    let packed: [UInt8]?

    public init(
        household: HouseholdID, month: BillingMonth, version: Int64, body: String, hash: String,
        issuedAt: Instant? = nil, figures: StatementFigures? = nil, packed: [UInt8]? = nil
    ) {
        self.household = household
        self.month = month
        self.version = version
        self.body = body
        self.hash = hash
        self.issuedAt = issuedAt
        self.figures = figures
        self.packed = packed
    }
}

/// The figures of a statement that later ones build on, so that a close need not read whole statements.
public struct StatementFigures: Sendable, Hashable {
    public let use: EarlierUse
    public let others: EarlierFigures
    /// Of the months up to this one, oldest first; nil under rules that pay no savings.
    public let levels: [MonthLevel]?

    public init(use: EarlierUse, others: EarlierFigures, levels: [MonthLevel]?) {
        self.use = use
        self.others = others
        self.levels = levels
    }

    public init(_ statement: Statement, hash: String) {
        self.init(
            use: EarlierUse(
                month: statement.month, litres: statement.use.litres,
                // A month that the household lived in for a part is not the whole month's either.
                missingHours: max(statement.use.missingHours, statement.quality.isPartial ? 1 : 0),
                version: statement.version, hash: hash),
            others: EarlierFigures(statement),
            levels: statement.saving?.levelsFor(next: statement.month, persons: statement.persons))
    }

    /// `month:permille:persons` with commas, without the persons where they are not known.
    fileprivate var levelsText: String? {
        levels.map { levels in
            levels.map { level in
                let text = "\(level.month.number):\(level.permille)"
                return level.persons.map { "\(text):\($0)" } ?? text
            }.joined(separator: ",")
        }
    }

    fileprivate static func levels(_ text: String) throws -> [MonthLevel] {
        try text.split(separator: ",").map { part in
            let numbers = part.split(separator: ":").compactMap { Int64($0) }
            guard numbers.count == 2 || numbers.count == 3, let month = Int32(exactly: numbers[0]) else {
                throw DatabaseFailure.unexpectedType(column: 0)
            }
            return MonthLevel(
                month: BillingMonth(number: month), permille: numbers[1],
                persons: numbers.count == 3 ? Int(numbers[2]) : nil)
        }
    }
}

extension Reader {
    /// A home's newest statement of a month, or a given version of it.
    public func statement(
        of household: HouseholdID, in community: CommunityID, _ month: BillingMonth, version: Int64? = nil
    ) throws -> StoredStatement? {
        let unpacker = StatementUnpacker()
        return try first(
            """
            SELECT household_id, month, version, body, hash, issued_at, packed FROM statement
            WHERE community_id = \(community) AND month = \(month) AND household_id = \(household)
                AND version >= \(version ?? 1) AND version <= \(version ?? Int64.max)
            ORDER BY version DESC LIMIT 1
            """
        ) { try Reader.stored($0, unpacker) }
    }

    /// The newest statement of every home of a community's month.
    public func statements(of community: CommunityID, _ month: BillingMonth) throws -> [StoredStatement] {
        let unpacker = StatementUnpacker()
        return try all(
            """
            SELECT s.household_id, s.month, s.version, s.body, s.hash, s.issued_at, s.packed FROM statement s
            WHERE s.community_id = \(community) AND s.month = \(month) AND s.version =
                (SELECT max(v.version) FROM statement v WHERE v.community_id = s.community_id
                    AND v.month = s.month AND v.household_id = s.household_id)
            ORDER BY s.household_id
            """
        ) { try Reader.stored($0, unpacker) }
    }

    /// The homes that have a statement of a month.
    public func householdsWithStatement(of community: CommunityID, _ month: BillingMonth) throws -> Set<HouseholdID> {
        Set(
            try all(
                """
                SELECT household_id FROM statement
                WHERE community_id = \(community) AND month = \(month) AND version = 1
                """
            ) { try $0.id(0) })
    }

    /// The newest version of each home's statement of a month.
    public func statementVersions(
        of community: CommunityID, _ month: BillingMonth, homes: [HouseholdID]
    ) throws -> [HouseholdID: Int64] {
        var found: [HouseholdID: Int64] = [:]
        for home in homes {
            found[home] = try first(
                """
                SELECT version FROM statement
                WHERE community_id = \(community) AND month = \(month) AND household_id = \(home)
                ORDER BY version DESC LIMIT 1
                """
            ) { try $0.integer(0) }
        }
        return found
    }

    /// One page of a community's newest statements in household-number order, after a number.
    public func statements(
        of community: CommunityID, _ month: BillingMonth, after number: String, limit: Int
    ) throws -> [(number: String, statement: StoredStatement)] {
        let unpacker = StatementUnpacker()
        return try all(
            """
            SELECT s.household_id, s.month, s.version, s.body, s.hash, s.issued_at, s.packed, h.number FROM statement s
            JOIN household h ON h.community_id = s.community_id AND h.household_id = s.household_id
            WHERE s.community_id = \(community) AND s.month = \(month) AND h.number > \(number) AND s.version =
                (SELECT max(v.version) FROM statement v WHERE v.community_id = s.community_id
                    AND v.month = s.month AND v.household_id = s.household_id)
            ORDER BY h.number LIMIT \(limit)
            """
        ) { (try $0.text(7), try Reader.stored($0, unpacker)) }
    }

    /// The months and newest versions of a home's statements, latest first, at most `limit`; with `before` those earlier
    /// than it.
    public func statementMonths(
        of household: HouseholdID, in community: CommunityID, before: BillingMonth? = nil, limit: Int
    ) throws -> [(month: BillingMonth, version: Int64)] {
        try all(
            """
            SELECT month, max(version) FROM statement
            WHERE community_id = \(community) AND household_id = \(household)
                AND month < \(before ?? BillingMonth(number: .max))
            GROUP BY month ORDER BY month DESC LIMIT \(limit)
            """
        ) { (try $0.month(0), try $0.integer(1)) }
    }

    /// The figures of every home's newest statement of the months from `first` to `last`; with `only` of that home's.
    public func statementFigures(
        of community: CommunityID, from first: BillingMonth, to last: BillingMonth, only: HouseholdID? = nil
    ) throws -> [HouseholdID: [BillingMonth: StatementFigures]] {
        var found: [HouseholdID: [BillingMonth: StatementFigures]] = [:]
        // Versions rise within a home's month, so that the last one seen is the newest.
        try each(
            """
            SELECT household_id, month, version, hash, litres, missing_hours, bill_fen, percentile, points,
                CASE WHEN litres IS NULL THEN body ELSE '' END, levels
            FROM statement WHERE community_id = \(community) AND month BETWEEN \(first) AND \(last)
                AND household_id BETWEEN \(only ?? HouseholdID(.min)) AND \(only ?? HouseholdID(.max))
            ORDER BY month, household_id, version
            """
        ) { row in
            let month: BillingMonth = try row.month(1)
            found[try row.id(0), default: [:]][month] = try Reader.figures(row, month)
        }
        return found
    }

    /// The figures of a home's newest statement of a month.
    public func statementFigures(
        of household: HouseholdID, in community: CommunityID, _ month: BillingMonth
    ) throws -> StatementFigures? {
        try first(
            """
            SELECT household_id, month, version, hash, litres, missing_hours, bill_fen, percentile, points,
                CASE WHEN litres IS NULL THEN body ELSE '' END, levels
            FROM statement
            WHERE community_id = \(community) AND month = \(month) AND household_id = \(household)
            ORDER BY version DESC LIMIT 1
            """
        ) { try Reader.figures($0, month) }
    }

    /// A statement stored before its figures were kept beside it is read whole.
    private static func figures(_ row: Row, _ month: BillingMonth) throws -> StatementFigures {
        let hash = try row.text(3)
        guard let litres = try row.integerOrNil(4), let missing = try row.integerOrNil(5) else {
            return StatementFigures(try Statement(bytes: Array(try row.text(9).utf8)), hash: hash)
        }
        return StatementFigures(
            use: EarlierUse(
                month: month, litres: litres, missingHours: missing, version: Int(try row.integer(2)), hash: hash),
            others: EarlierFigures(
                bill: try row.integerOrNil(6).map(Money.init(fen:)), percentile: try row.integerOrNil(7),
                points: Points(try row.integerOrNil(8) ?? 0)),
            levels: try row.textOrNil(10).map(StatementFigures.levels))
    }

    private static func stored(_ row: Row, _ unpacker: StatementUnpacker) throws -> StoredStatement {
        let household: HouseholdID = try row.id(0)
        let (month, version, text) = (try row.month(1), try row.integer(2), try row.text(3))
        let body =
            text.isEmpty
            ? try reading("statement of the household with id \(household), \(month), version \(version)") {
                try row.withBlob(6) { try unpacker.unpack($0) }
            } : text
        return StoredStatement(
            household: household, month: month, version: version, body: body, hash: try row.text(4),
            issuedAt: try row.instant(5))
    }
}

extension Transaction {
    /// Adds statements; one that is there already is an error, for it could only be another.
    public func add(_ statements: [StoredStatement], to community: CommunityID, at: Instant) throws {
        var rows = Rows([
            "community_id", "month", "household_id", "version", "body", "hash", "issued_at", "litres",
            "missing_hours", "bill_fen", "percentile", "points", "levels", "packed",
        ])
        let packer = StatementPacker()
        for statement in statements {
            let (use, others) = (statement.figures?.use, statement.figures?.others)
            let packed = statement.packed ?? packer.pack(Array(statement.body.utf8)) ?? []
            rows.append(
                community, statement.month, statement.household, statement.version,
                packed.isEmpty ? statement.body : "", statement.hash, at, use?.litres, use?.missingHours,
                others?.bill?.fen, others?.percentile, others?.points.count, statement.figures?.levelsText, packed)
        }
        try append(rows, to: "statement")
    }
}
