public import Database
public import Water

extension Reader {
    /// The tariffs noted for a household, by month.
    public func tariffs(of household: HouseholdID, in community: CommunityID) throws -> [TariffFrom] {
        try all(
            """
            SELECT from_month, tariff_id FROM household_tariff
            WHERE community_id = \(community) AND household_id = \(household) ORDER BY from_month
            """
        ) { TariffFrom(month: try $0.month(0), tariffID: try $0.tariffID(1)) }
    }

    /// The entries up to a month, by month, of every household of a community that has any; with `only` of that home
    /// alone. The last is in force.
    public func tariffs(
        of community: CommunityID, in month: BillingMonth, only: HouseholdID? = nil
    ) throws -> [HouseholdID: [TariffFrom]] {
        let homes = (only ?? HouseholdID(.min))...(only ?? HouseholdID(.max))
        var found: [HouseholdID: [TariffFrom]] = [:]
        try each(
            """
            SELECT household_id, from_month, tariff_id FROM household_tariff
            WHERE community_id = \(community)
                AND household_id BETWEEN \(homes.lowerBound) AND \(homes.upperBound) AND from_month <= \(month)
            ORDER BY household_id, from_month
            """
        ) { row in
            found[try row.id(0), default: []].append(
                TariffFrom(month: try row.month(1), tariffID: try row.tariffID(2)))
        }
        return found
    }

    /// The tariffs beside the city's that homes of the city are billed by in a month, sorted.
    public func otherTariffs(in month: BillingMonth, _ span: (start: Instant, end: Instant)) throws -> [String] {
        try all(
            """
            SELECT DISTINCT t.tariff_id FROM household_tariff t
            JOIN household h ON h.community_id = t.community_id AND h.household_id = t.household_id
            WHERE t.from_month <= \(month) AND t.tariff_id <> ''
                AND h.moved_in_at < \(span.end) AND (h.moved_out_at IS NULL OR h.moved_out_at > \(span.start))
                AND NOT EXISTS (
                    SELECT 1 FROM household_tariff l
                    WHERE l.community_id = t.community_id AND l.household_id = t.household_id
                        AND l.from_month > t.from_month AND l.from_month <= \(month))
            """
        ) { try $0.text(0) }.sorted()
    }

    /// The digests of the tariffs beside the city's that statements of a month went by, by id.
    public func monthTariffs(_ month: BillingMonth) throws -> [String: String] {
        var found: [String: String] = [:]
        try each("SELECT tariff_id, tariff_hash FROM month_tariff WHERE month = \(month)") { row in
            found[try row.text(0)] = try row.text(1)
        }
        return found
    }

    /// As `isTariffReplacementUnderWay(in:)`, of a tariff beside the city's.
    public func isTariffReplacementUnderWay(in month: BillingMonth, of id: String) throws -> Bool {
        try first(
            """
            SELECT 1 FROM month_tariff
            WHERE month = \(month) AND tariff_id = \(id) AND replaced_at IS NOT NULL AND marked_at IS NULL
            """
        ) { _ in true } ?? false
    }
}

extension Row {
    fileprivate func tariffID(_ place: Int) throws -> String? {
        let id = try text(place)
        return id.isEmpty ? nil : id
    }
}

extension Transaction {
    /// Notes a household's tariff from a month on. Said again of the same month, the later word stands.
    public func setTariff(
        _ tariff: TariffFrom, of household: HouseholdID, in community: CommunityID, at: Instant
    ) throws {
        try execute(
            """
            INSERT INTO household_tariff (community_id, household_id, from_month, tariff_id, noted_at)
            VALUES (\(community), \(household), \(tariff.month), \(tariff.tariffID ?? ""), \(at))
            ON CONFLICT (community_id, household_id, from_month) DO UPDATE
            SET tariff_id = excluded.tariff_id, noted_at = excluded.noted_at
            """)
    }

    /// Notes a tariff beside the city's with the first statement of a month that goes by it; false where the month
    /// went by another file of that id.
    public func noteTariff(_ id: String, hash: String, of month: BillingMonth, at: Instant) throws -> Bool {
        try execute(
            """
            INSERT INTO month_tariff (month, tariff_id, tariff_hash, noted_at)
            VALUES (\(month), \(id), \(hash), \(at)) ON CONFLICT DO NOTHING
            """)
        return try reader.monthTariffs(month)[id] == hash
    }

    /// As `replaceTariff(of:id:formerHash:hash:reason:at:)`, of a tariff beside the city's.
    public func replaceMonthTariff(
        _ id: String, of month: BillingMonth, formerHash: String, hash: String, reason: String, at: Instant
    ) throws {
        try execute(
            """
            UPDATE month_tariff SET tariff_hash = \(hash), former_hash = \(formerHash), reason = \(reason),
                replaced_at = \(at), marked_at = NULL
            WHERE month = \(month) AND tariff_id = \(id)
            """)
    }

    /// As `noteMarked(for:at:)`, of a tariff beside the city's.
    public func noteMarked(for month: BillingMonth, of id: String, at: Instant) throws {
        try execute("UPDATE month_tariff SET marked_at = \(at) WHERE month = \(month) AND tariff_id = \(id)")
    }
}
