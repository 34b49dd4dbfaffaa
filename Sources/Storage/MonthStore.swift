public import Database
public import Water

/// How far a community's month has come.
public struct CommunityMonth: Sendable, Hashable {
    public let community: CommunityID
    public let homes: Int
    public let measuredAt: Instant
    public let issuedAt: Instant?
    /// Set where the city's figures were frozen without this community.
    public let excludedReason: String?
    /// False for a community that the city's figures were frozen without and that has none of its own yet.
    public let isMeasured: Bool
}

/// A community that anyone lived in.
public struct CommunityWithHomes: Sendable, Hashable {
    public let id: CommunityID
    public let code: String
    public let homes: Int
}

/// What a city's month was frozen with.
public struct CityMonth: Sendable, Hashable {
    public let month: BillingMonth
    public let ruleVersion: String
    public let ruleHash: String
    public let tariffID: String
    public let tariffHash: String
    public let frozenAt: Instant

    public init(
        month: BillingMonth, ruleVersion: String, ruleHash: String, tariffID: String, tariffHash: String,
        frozenAt: Instant
    ) {
        self.month = month
        self.ruleVersion = ruleVersion
        self.ruleHash = ruleHash
        self.tariffID = tariffID
        self.tariffHash = tariffHash
        self.frozenAt = frozenAt
    }
}

extension Reader {
    /// Every community that has begun the month, by number.
    public func communityMonths(_ month: BillingMonth) throws -> [CommunityMonth] {
        try communityMonths(month, "")
    }

    private func communityMonths(_ month: BillingMonth, _ condition: SQL) throws -> [CommunityMonth] {
        try all(
            """
            SELECT community_id, homes, measured_at, issued_at, excluded_reason, is_measured FROM community_month
            WHERE month = \(month) \(condition) ORDER BY community_id
            """
        ) { row in
            CommunityMonth(
                community: try row.id(0), homes: Int(try row.integer(1)), measuredAt: try row.instant(2),
                issuedAt: try row.instantOrNil(3), excludedReason: try row.textOrNil(4),
                isMeasured: try row.flag(5))
        }
    }

    /// How far one community's month has come; nil where it has not begun.
    public func communityMonth(_ month: BillingMonth, of community: CommunityID) throws -> CommunityMonth? {
        try communityMonths(month, "AND community_id = \(community)").first
    }

    /// The communities with a home that was lived in at any time of [start, end), by number.
    public func communitiesWithHomes(_ span: (start: Instant, end: Instant)) throws -> [CommunityWithHomes] {
        try all(
            """
            SELECT a.area_id, a.code, count(*) FROM household h JOIN area a ON a.area_id = h.community_id
            WHERE h.moved_in_at < \(span.end) AND (h.moved_out_at IS NULL OR h.moved_out_at > \(span.start))
            GROUP BY a.area_id, a.code ORDER BY a.area_id
            """
        ) { CommunityWithHomes(id: try $0.id(0), code: try $0.text(1), homes: Int(try $0.integer(2))) }
    }

    /// The months for which a community has figures, ascending.
    public func measuredMonths(of community: CommunityID) throws -> [BillingMonth] {
        try all(
            """
            SELECT month FROM community_month WHERE community_id = \(community) AND is_measured = 1 ORDER BY month
            """
        ) { try $0.month(0) }
    }

    /// What the month was frozen with, its tariff being the one that replaced it where one did; nil until then.
    public func cityMonth(_ month: BillingMonth) throws -> CityMonth? {
        try first(
            """
            SELECT c.rule_version, c.rule_hash, coalesce(r.tariff_id, c.tariff_id),
                coalesce(r.tariff_hash, c.tariff_hash), c.frozen_at
            FROM city_month c LEFT JOIN tariff_replacement r ON r.month = c.month WHERE c.month = \(month)
            """
        ) { row in
            CityMonth(
                month: month, ruleVersion: try row.text(0), ruleHash: try row.text(1), tariffID: try row.text(2),
                tariffHash: try row.text(3), frozenAt: try row.instant(4))
        }
    }

    /// True while the month goes by another tariff than it was frozen with and not all of its homes are marked for it.
    public func isTariffReplacementUnderWay(in month: BillingMonth) throws -> Bool {
        try first("SELECT 1 FROM tariff_replacement WHERE month = \(month) AND marked_at IS NULL") { _ in true }
            ?? false
    }

    /// The frozen months, latest first.
    public func frozenMonths(limit: Int) throws -> [BillingMonth] {
        try all("SELECT month FROM city_month ORDER BY month DESC LIMIT \(limit)") { try $0.month(0) }
    }

    /// A community's frozen home figures, by household.
    public func homeMonths(of community: CommunityID, _ month: BillingMonth) throws -> [HomeMonth] {
        try all(
            """
            SELECT body FROM home_month WHERE community_id = \(community) AND month = \(month) ORDER BY household_id
            """
        ) { try HomeMonth(storedText: try $0.text(0)) }
    }

    /// The homes whose figures were frozen with a community's month: not those registered after.
    public func measuredHomes(of community: CommunityID, _ month: BillingMonth) throws -> Set<HouseholdID> {
        Set(
            try all("SELECT household_id FROM home_month WHERE community_id = \(community) AND month = \(month)") {
                try $0.id(0)
            })
    }

    /// The homes of a community whose readings changed after measuring.
    public func dirtyHomes(of community: CommunityID) throws -> [(month: BillingMonth, household: HouseholdID)] {
        try all(
            """
            SELECT month, household_id FROM home_dirty WHERE community_id = \(community)
            ORDER BY month, household_id
            """
        ) { (try $0.month(0), try $0.id(1)) }
    }

    /// Whether a home's readings changed after its month was measured.
    public func isDirty(_ household: HouseholdID, of community: CommunityID, _ month: BillingMonth) throws -> Bool {
        try first(
            """
            SELECT 1 FROM home_dirty
            WHERE community_id = \(community) AND month = \(month) AND household_id = \(household)
            """
        ) { _ in true } ?? false
    }

    /// The households of a community that a meter served over [from, to].
    public func households(
        servedBy meter: MeterID, in community: CommunityID, from: Instant, to: Instant
    ) throws -> [HouseholdID] {
        try all(
            """
            SELECT DISTINCT h.household_id FROM meter_installation i
            JOIN household_usage_point u
                ON u.community_id = i.community_id AND u.usage_point_id = i.usage_point_id
            JOIN household h ON h.community_id = u.community_id AND h.household_id = u.household_id
            WHERE i.community_id = \(community) AND i.meter_id = \(meter)
                AND i.installed_at <= \(to) AND (i.removed_at IS NULL OR i.removed_at >= \(from))
                AND h.moved_in_at <= \(to) AND (h.moved_out_at IS NULL OR h.moved_out_at >= \(from))
            ORDER BY h.household_id
            """
        ) { try $0.id(0) }
    }

    /// The households of a community that a usage point served over [from, to].
    public func households(
        at point: UsagePointID, in community: CommunityID, from: Instant, to: Instant
    ) throws -> [HouseholdID] {
        try all(
            """
            SELECT DISTINCT h.household_id FROM household_usage_point u
            JOIN household h ON h.community_id = u.community_id AND h.household_id = u.household_id
            WHERE u.community_id = \(community) AND u.usage_point_id = \(point)
                AND h.moved_in_at <= \(to) AND (h.moved_out_at IS NULL OR h.moved_out_at >= \(from))
            ORDER BY h.household_id
            """
        ) { try $0.id(0) }
    }

    /// The frozen figures of some homes of a community's month.
    public func homeMonths(
        of community: CommunityID, _ month: BillingMonth, homes: [HouseholdID]
    ) throws -> [HouseholdID: HomeMonth] {
        var found: [HouseholdID: HomeMonth] = [:]
        for home in homes {
            found[home] = try first(
                """
                SELECT body FROM home_month
                WHERE community_id = \(community) AND month = \(month) AND household_id = \(home)
                """
            ) { try HomeMonth(storedText: try $0.text(0)) }
        }
        return found
    }

    /// Findings of a community's month, by time, at most `limit`.
    public func findings(of community: CommunityID, _ month: BillingMonth, limit: Int) throws -> [StoredFindingRow] {
        try all(
            """
            SELECT coalesce(m.serial, ''), f.at, f.kind, f.register_ml, f.before_ml, \(SQL.household(of: "f"))
            FROM finding f
            JOIN meter m ON m.meter_id = f.meter_id
            WHERE f.community_id = \(community) AND f.month = \(month)
            ORDER BY f.at DESC, f.meter_id, f.kind LIMIT \(limit)
            """
        ) { row in
            StoredFindingRow(
                serial: try row.text(0), at: try row.instant(1), kind: try row.text(2),
                register: Volume(millilitres: try row.integer(3)), before: try row.volumeOrNil(4),
                household: try row.text(5))
        }
    }
}

/// A finding with its meter's printed serial.
public struct StoredFindingRow: Sendable, Hashable {
    public let serial: String
    public let at: Instant
    public let kind: String
    public let register: Volume
    public let before: Volume?
    /// Whose home it was then; empty for none.
    public let household: String
}

extension Transaction {
    /// Freezes a community's figures; the caller has checked that its fold version is unchanged.
    public func freeze(
        _ homes: [HomeMonth], of community: CommunityID, _ month: BillingMonth, foldVersion: Int64, at: Instant
    ) throws {
        try execute(
            """
            INSERT INTO community_month (community_id, month, fold_version, homes, measured_at, is_measured)
            VALUES (\(community), \(month), \(foldVersion), \(homes.count), \(at), 1)
            ON CONFLICT (community_id, month) DO UPDATE
            SET fold_version = \(foldVersion), homes = \(homes.count), measured_at = \(at), is_measured = 1
            """)
        var rows = Rows(["community_id", "month", "household_id", "body"])
        var findings = Rows(["community_id", "month", "meter_id", "at", "kind", "register_ml", "before_ml"])
        var leaks = Rows.leaks
        for home in homes {
            rows.append(community, month, home.household, home.storedText)
            leaks.append(home.continuousFlows, of: home.household, in: community, month)
            for finding in home.findings {
                findings.append(
                    community, month, finding.meter, finding.at, finding.kind.rawValue, finding.register,
                    finding.before?.millilitres)
            }
        }
        try append(rows, to: "home_month")
        try removeLeaks(of: community, month)
        // Two meters of a home may have run alike.
        try upsert(leaks, into: "suspected_leak", key: Rows.leakColumns)
        // Homes that share a meter share its findings.
        try upsert(
            findings, into: "finding",
            key: ["community_id", "month", "meter_id", "at", "kind", "register_ml"])
    }

    /// Marks a home whose month already has figures. A repeat keeps the first time.
    public func markDirty(_ household: HouseholdID, of community: CommunityID, _ month: BillingMonth, at: Instant)
        throws
    {
        try execute(
            """
            INSERT INTO home_dirty (community_id, month, household_id, since)
            VALUES (\(community), \(month), \(household), \(at)) ON CONFLICT DO NOTHING
            """)
    }

    /// Notes that a frozen month goes by another tariff from now on; its homes are still to be marked.
    public func replaceTariff(
        of month: BillingMonth, id: String, formerHash: String, hash: String, reason: String, at: Instant
    ) throws {
        try execute(
            """
            INSERT INTO tariff_replacement (month, tariff_id, former_hash, tariff_hash, reason, replaced_at)
            VALUES (\(month), \(id), \(formerHash), \(hash), \(reason), \(at))
            ON CONFLICT (month) DO UPDATE SET tariff_id = excluded.tariff_id, former_hash = excluded.former_hash,
                tariff_hash = excluded.tariff_hash, reason = excluded.reason, replaced_at = excluded.replaced_at,
                marked_at = NULL
            """)
    }

    /// Notes that every home of a month whose tariff was replaced is marked.
    public func noteMarked(for month: BillingMonth, at: Instant) throws {
        try execute("UPDATE tariff_replacement SET marked_at = \(at) WHERE month = \(month)")
    }

    /// Freezes the month of the city and the figures of every area.
    public func freeze(_ city: CityMonth, cohorts: [(area: AreaID, body: String)]) throws {
        try execute(
            """
            INSERT INTO city_month (month, rule_version, rule_hash, tariff_id, tariff_hash, frozen_at)
            VALUES (\(city.month), \(city.ruleVersion), \(city.ruleHash), \(city.tariffID), \(city.tariffHash),
                \(city.frozenAt))
            """)
        var rows = Rows(["month", "area_id", "body"])
        for (area, body) in cohorts { rows.append(city.month, area, body) }
        try append(rows, to: "cohort_figures")
    }

    /// Notes that the city's figures are to be frozen without a community, unless it has figures already or they are
    /// frozen; false then.
    public func exclude(_ community: CommunityID, _ month: BillingMonth, reason: String, at: Instant) throws -> Bool {
        if try reader.communityMonth(month, of: community)?.isMeasured == true { return false }
        if try reader.cityMonth(month) != nil { return false }
        try execute(
            """
            INSERT INTO community_month
                (community_id, month, fold_version, homes, measured_at, is_measured, excluded_reason)
            VALUES (\(community), \(month), 0, 0, \(at), 0, \(reason))
            ON CONFLICT (community_id, month) DO UPDATE SET excluded_reason = \(reason)
            """)
        return true
    }

    /// Notes that a community's statements are written; false where they were before.
    public func noteIssued(_ community: CommunityID, _ month: BillingMonth, at: Instant) throws -> Bool {
        try execute(
            """
            UPDATE community_month SET issued_at = \(at)
            WHERE community_id = \(community) AND month = \(month) AND issued_at IS NULL
            """) == 1
    }
}
