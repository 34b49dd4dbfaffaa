public import Database
public import Water

/// Where a day set is kept.
public struct DayKey: Sendable, Hashable, Comparable {
    public let community: CommunityID
    public let day: LocalDay
    public let meter: MeterID

    public init(community: CommunityID, day: LocalDay, meter: MeterID) {
        self.community = community
        self.day = day
        self.meter = meter
    }

    /// One word: a fold asks for a key with every reading.
    public func hash(into hasher: inout Hasher) {
        let (meter, day) = (UInt64(bitPattern: meter.value), UInt64(bitPattern: Int64(day.number)))
        let mixed = (meter &* 0x9E37_79B9_7F4A_7C15) ^ (day &* 0xC2B2_AE3D_27D4_EB4F)
        hasher.combine(mixed ^ UInt64(bitPattern: community.value))
    }

    /// The order of the rows on disk.
    public static func < (a: DayKey, b: DayKey) -> Bool {
        (a.community, a.day, a.meter) < (b.community, b.day, b.meter)
    }
}

extension Reader {
    /// One day set; empty where nothing is known.
    public func daySet(_ key: DayKey) throws -> [ReadingElement] {
        try first(
            """
            SELECT body FROM reading_day
            WHERE community_id = \(key.community) AND day = \(key.day) AND meter_id = \(key.meter)
            """
        ) { try DaySet.decode(try $0.blob(0)) } ?? packedSet(key)
    }

    private func packedSet(_ key: DayKey) throws -> [ReadingElement] {
        guard try !packedMonths(of: key.community, key.day.month, key.day.month).isEmpty else { return [] }
        return try packedDays(of: key.meter, in: key.community, key.day.month).first { $0.day == key.day }?.elements
            ?? []
    }

    /// The day sets of many keys; one where nothing is known is absent. One question asks for up to 64 of a day, so
    /// that a server far away is not asked for each.
    public func daySets(_ keys: [DayKey]) throws -> [DayKey: [ReadingElement]] {
        struct Day: Hashable {
            let community: CommunityID
            let day: LocalDay
        }
        var meters: [Day: [MeterID]] = [:]
        for key in keys { meters[Day(community: key.community, day: key.day), default: []].append(key.meter) }
        var found: [DayKey: [ReadingElement]] = [:]
        for (day, list) in meters {
            if let range = Self.dense(list) {
                try addRange(range, of: Set(list), day.community, day.day, to: &found)
                continue
            }
            for start in stride(from: 0, to: list.count, by: 64) {
                let asked = list[start..<min(list.count, start + 64)]
                // Few lengths, filled up with the last one: few statements to keep prepared.
                let length = [1, 8, 64].first { $0 >= asked.count } ?? 64
                let padded = Array(asked) + Array(repeating: asked[asked.endIndex - 1], count: length - asked.count)
                try each(
                    """
                    SELECT meter_id, body FROM reading_day
                    WHERE community_id = \(day.community) AND day = \(day.day) AND meter_id IN (\(SQL.list(padded)))
                    """
                ) { row in
                    let key = DayKey(community: day.community, day: day.day, meter: try row.id(0))
                    found[key] = try DaySet.decode(try row.blob(1))
                }
            }
        }
        try addPacked(keys, to: &found)
        return found
    }

    /// The range of meters that are most of those in it, as a fold asks for them; nil for few or scattered ones.
    private static func dense(_ meters: [MeterID]) -> ClosedRange<MeterID>? {
        guard meters.count > 64, let first = meters.min(), let last = meters.max(),
            last.value - first.value < Int64(meters.count) * 4
        else { return nil }
        return first...last
    }

    /// One passage over a day's sets instead of a search for each.
    private func addRange(
        _ range: ClosedRange<MeterID>, of wanted: Set<MeterID>, _ community: CommunityID, _ day: LocalDay,
        to found: inout [DayKey: [ReadingElement]]
    ) throws {
        try each(
            """
            SELECT meter_id, body FROM reading_day
            WHERE community_id = \(community) AND day = \(day)
                AND meter_id BETWEEN \(range.lowerBound) AND \(range.upperBound)
            """
        ) { row in
            let meter: MeterID = try row.id(0)
            guard wanted.contains(meter) else { return }
            found[DayKey(community: community, day: day, meter: meter)] = try DaySet.decode(try row.blob(1))
        }
    }

    /// Of the days that are packed: a body is read once for all its days.
    private func addPacked(_ keys: [DayKey], to found: inout [DayKey: [ReadingElement]]) throws {
        for (community, keys) in Dictionary(grouping: keys, by: \.community) {
            let months = keys.map(\.day.month)
            guard let first = months.min(), let last = months.max() else { continue }
            let packed = Set(try packedMonths(of: community, first, last))
            if packed.isEmpty { continue }
            for (meter, keys) in Dictionary(grouping: keys.filter { found[$0] == nil }, by: \.meter) {
                let wanted = Set(keys.map(\.day))
                for month in Set(keys.map(\.day.month)).intersection(packed) {
                    for (day, elements) in try packedDays(of: meter, in: community, month) where wanted.contains(day) {
                        found[DayKey(community: community, day: day, meter: meter)] = elements
                    }
                }
            }
        }
    }

    /// Every day set of a community over [from, to], in key order: for looking at what is stored. Measuring takes
    /// `meterSets`.
    public func eachDaySet(
        of community: CommunityID, from: LocalDay, to: LocalDay,
        _ visit: (LocalDay, MeterID, [ReadingElement]) throws -> Void
    ) throws {
        let packed = try packedMonths(of: community, from.month, to.month)
        var next = from
        for month in packed {
            let (first, last) = (max(from, month.firstDay), min(to, month.lastDay))
            if next < first { try eachUnpacked(of: community, from: next, to: first.advanced(by: -1), visit) }
            try eachOfPacked(month, of: community, from: first, to: last, visit)
            next = last.advanced(by: 1)
        }
        if next <= to { try eachUnpacked(of: community, from: next, to: to, visit) }
    }

    private func eachUnpacked(
        of community: CommunityID, from: LocalDay, to: LocalDay,
        _ visit: (LocalDay, MeterID, [ReadingElement]) throws -> Void
    ) throws {
        try each(
            """
            SELECT day, meter_id, body FROM reading_day
            WHERE community_id = \(community) AND day BETWEEN \(from) AND \(to)
            ORDER BY day, meter_id
            """
        ) { row in
            try visit(
                LocalDay(number: Int32(try row.integer(0))), try row.id(1), try DaySet.decode(try row.blob(2)))
        }
    }

    /// The packed days of a month with those that came since, in key order: a community's month in memory at once.
    private func eachOfPacked(
        _ month: BillingMonth, of community: CommunityID, from: LocalDay, to: LocalDay,
        _ visit: (LocalDay, MeterID, [ReadingElement]) throws -> Void
    ) throws {
        var sets: [(day: LocalDay, meter: MeterID, elements: [ReadingElement])] = []
        for (meter, days) in try packedDays(of: community, month) {
            for (day, elements) in days where day >= from && day <= to { sets.append((day, meter, elements)) }
        }
        try eachUnpacked(of: community, from: from, to: to) { sets.append(($0, $1, $2)) }
        sets.sort { ($0.day, $0.meter) < ($1.day, $1.meter) }
        for set in sets { try visit(set.day, set.meter, set.elements) }
    }

    /// One meter's day sets over [from, to], by day.
    public func eachDaySet(
        of meter: MeterID, in community: CommunityID, from: LocalDay, to: LocalDay,
        _ visit: (LocalDay, [ReadingElement]) throws -> Void
    ) throws {
        var sets: [(day: LocalDay, elements: [ReadingElement])] = []
        // Without bounds of their own the days ask for every month there is.
        let months = try all(
            """
            SELECT r.month FROM packed_month p
            JOIN reading_month r ON r.community_id = p.community_id AND r.month = p.month AND r.meter_id = \(meter)
            WHERE p.community_id = \(community)
            """
        ) { try $0.month(0) }
        for month in months where month.lastDay >= from && month.firstDay <= to {
            sets += try packedDays(of: meter, in: community, month).filter { $0.day >= from && $0.day <= to }
        }
        try each(
            """
            SELECT day, body FROM reading_day
            WHERE community_id = \(community) AND day BETWEEN \(from) AND \(to) AND meter_id = \(meter) ORDER BY day
            """
        ) { row in
            sets.append((LocalDay(number: Int32(try row.integer(0))), try DaySet.decode(try row.blob(1))))
        }
        if !months.isEmpty { sets.sort { $0.day < $1.day } }
        for set in sets { try visit(set.day, set.elements) }
    }

    /// A meter's last day set before a day; nil without one.
    public func nearestSet(
        of meter: MeterID, in community: CommunityID, before day: LocalDay
    ) throws -> (day: LocalDay, elements: [ReadingElement])? {
        let packed = try nearestPacked(of: meter, in: community, before: day)
        // Near days first: only a question bounded on both sides leaves the other months' parts of the table alone.
        for first in [day.advanced(by: -Self.nearDays), packed?.day ?? LocalDay(number: .min)] {
            let found = try self.first(
                """
                SELECT day, body FROM reading_day
                WHERE community_id = \(community) AND meter_id = \(meter) AND day < \(day) AND day >= \(first)
                ORDER BY day DESC LIMIT 1
                """, Self.daySet)
            if let found { return packed.flatMap { $0.day > found.day ? $0 : nil } ?? found }
        }
        return packed
    }

    /// A meter's first day set after a day; nil without one.
    public func nearestSet(
        of meter: MeterID, in community: CommunityID, after day: LocalDay
    ) throws -> (day: LocalDay, elements: [ReadingElement])? {
        let packed = try nearestPacked(of: meter, in: community, after: day)
        for last in [day.advanced(by: Self.nearDays), packed?.day ?? LocalDay(number: .max)] {
            let found = try first(
                """
                SELECT day, body FROM reading_day
                WHERE community_id = \(community) AND meter_id = \(meter) AND day > \(day) AND day <= \(last)
                ORDER BY day LIMIT 1
                """, Self.daySet)
            if let found { return packed.flatMap { $0.day < found.day ? $0 : nil } ?? found }
        }
        return packed
    }

    private static var nearDays: Int { 40 }

    private static func daySet(_ row: Row) throws -> (day: LocalDay, elements: [ReadingElement]) {
        (LocalDay(number: Int32(try row.integer(0))), try DaySet.decode(try row.blob(1)))
    }

    /// A community's fold version; 0 before its first fold.
    public func foldVersion(of community: CommunityID) throws -> Int64 {
        try first("SELECT version FROM community_fold WHERE community_id = \(community)") { try $0.integer(0) } ?? 0
    }

    /// When a community was folded last, the pages' "data until".
    public func foldedAt(_ community: CommunityID) throws -> Instant? {
        try first("SELECT folded_at FROM community_fold WHERE community_id = \(community)") { try $0.instant(0) }
    }
}

extension Transaction {
    /// Writes day sets as `DaySet.encode` gives them; one without bytes is removed, which only a move to another key asks
    /// for. A day that was packed is a day set again.
    public func write(_ sets: [(key: DayKey, body: [UInt8]?)]) throws {
        try takeOut(sets.map(\.key))
        var rows = Rows(["community_id", "day", "meter_id", "body"])
        for (key, body) in sets {
            if let body {
                rows.append(key.community, key.day, key.meter, body)
            } else {
                try execute(
                    """
                    DELETE FROM reading_day WHERE community_id = \(key.community) AND day = \(key.day)
                    AND meter_id = \(key.meter)
                    """)
            }
        }
        try upsert(rows, into: "reading_day", key: ["community_id", "day", "meter_id"])
    }

    /// Notes that a community's sets changed.
    public func raiseFoldVersion(of community: CommunityID, at: Instant) throws {
        try execute(
            """
            INSERT INTO community_fold (community_id, version, folded_at) VALUES (\(community), 1, \(at))
            ON CONFLICT (community_id) DO UPDATE SET version = community_fold.version + 1, folded_at = \(at)
            """)
    }

    /// Notes that a community's journal was folded without any change.
    public func noteFold(of community: CommunityID, at: Instant) throws {
        try execute(
            """
            INSERT INTO community_fold (community_id, version, folded_at) VALUES (\(community), 0, \(at))
            ON CONFLICT (community_id) DO UPDATE SET folded_at = \(at)
            """)
    }

    /// Writes a community's fold row as it is: what was decided from its sets, or written under it outside them, and a
    /// fold at the same time cannot both be kept.
    public func holdFold(of community: CommunityID, at: Instant) throws {
        try execute(
            """
            INSERT INTO community_fold (community_id, version, folded_at) VALUES (\(community), 0, \(at))
            ON CONFLICT (community_id) DO UPDATE SET version = community_fold.version
            """)
    }

    /// Writes the registry's row as it is: what is decided from the absence of an address, and a change of the
    /// registry at the same time cannot both be kept.
    public func holdRegistry() throws {
        try execute("UPDATE registry_version SET version = version WHERE only_row = 1")
    }

    /// Keeps readings that join no set. A repeat changes nothing.
    public func quarantine(
        _ elements: [ReadingElement], of meter: MeterID, in community: CommunityID, reason: QuarantineReason,
        at: Instant
    ) throws {
        var rows = Rows([
            "community_id", "meter_id", "read_at", "register_ml", "gateway_id", "reason", "noted_at",
        ])
        for element in elements {
            rows.append(community, meter, element.at, element.register, element.gateway, reason.rawValue, at)
        }
        try appendMissing(
            rows, to: "reading_quarantine",
            key: ["community_id", "meter_id", "read_at", "register_ml", "gateway_id"])
    }

    /// Keeps a device alarm once per (meter, instant, code, now or was).
    public func keep(
        _ alert: Alert, of meter: MeterID, in community: CommunityID, at: Instant, gateway: GatewayID
    ) throws {
        try execute(
            """
            INSERT INTO alert (community_id, meter_id, at, code, is_current, raw, gateway_id)
            VALUES (\(community), \(meter), \(at), \(alert.code.rawValue), \(alert.isCurrent), \(alert.raw), \(gateway))
            ON CONFLICT DO NOTHING
            """)
    }
}

/// Why a reading is kept outside every set.
public enum QuarantineReason: String, Sendable {
    /// More than 10 minutes ahead of the server when it came.
    case future
    /// The gateway's scope excludes the meter that the reading joined.
    case scope
}
