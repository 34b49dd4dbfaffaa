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
        ) { row in try key.naming { try DaySet.decode(try row.blob(0)) } } ?? packedSet(key)
    }

    private func packedSet(_ key: DayKey) throws -> [ReadingElement] {
        guard try !packedMonths(of: key.community, key.day.month, key.day.month).isEmpty else { return [] }
        return try packedDays(of: key.meter, in: key.community, key.day.month).first { $0.day == key.day }?.elements
            ?? []
    }

    /// The day sets of many keys; one where nothing is known is absent.
    public func daySets(_ keys: [DayKey]) throws -> [DayKey: [ReadingElement]] {
        let keys = Set(keys).sorted()
        let found = zip(keys, try daySets(inOrder: keys)).filter { !$1.isEmpty }
        return Dictionary(uniqueKeysWithValues: found.map { ($0, $1) })
    }

    /// The day sets of keys that ascend, each once; empty where nothing is known.
    public func daySets(inOrder keys: [DayKey]) throws -> [[ReadingElement]] {
        var found = Array(repeating: [ReadingElement](), count: keys.count)
        var start = 0
        while start < keys.count {
            let (community, day) = (keys[start].community, keys[start].day)
            var end = start
            while end < keys.count, keys[end].day == day, keys[end].community == community { end += 1 }
            try addDay(keys[start..<end], to: &found)
            start = end
        }
        try addPacked(keys, to: &found)
        return found
    }

    /// The sets of one day of a community. Many are found in one passage over the day, as far as it does not come by
    /// too many others; the rest by questions for up to 64, so that a server far away is not asked for each.
    private func addDay(_ keys: ArraySlice<DayKey>, to found: inout [[ReadingElement]]) throws {
        var next = keys.startIndex
        if keys.count > 64, let first = keys.first, let last = keys.last {
            let limit = keys.count * 4
            var passed = 0
            var end = first.meter
            try each(
                """
                SELECT meter_id, body FROM reading_day
                WHERE community_id = \(first.community) AND day = \(first.day)
                    AND meter_id BETWEEN \(first.meter) AND \(last.meter) ORDER BY meter_id LIMIT \(limit)
                """
            ) { row in
                end = try row.id(0)
                while next < keys.endIndex, keys[next].meter < end { next += 1 }
                if next < keys.endIndex, keys[next].meter == end {
                    try keys[next].naming { try row.withBlob(1) { try DaySet.decode($0, into: &found[next]) } }
                    next += 1
                }
                passed += 1
            }
            if passed < limit { return }
        }
        for start in stride(from: next, to: keys.endIndex, by: 64) {
            try addFew(keys[start..<min(keys.endIndex, start + 64)], to: &found)
        }
    }

    private func addFew(_ keys: ArraySlice<DayKey>, to found: inout [[ReadingElement]]) throws {
        // Few lengths, filled up with the last one: few statements to keep prepared.
        let length = [1, 8, 64].first { $0 >= keys.count } ?? 64
        let last = keys[keys.endIndex - 1]
        let meters = keys.map(\.meter) + Array(repeating: last.meter, count: length - keys.count)
        try each(
            """
            SELECT meter_id, body FROM reading_day
            WHERE community_id = \(last.community) AND day = \(last.day) AND meter_id IN (\(SQL.list(meters)))
            """
        ) { row in
            let meter: MeterID = try row.id(0)
            guard let index = keys.firstIndex(where: { $0.meter == meter }) else { return }
            try keys[index].naming { try row.withBlob(1) { try DaySet.decode($0, into: &found[index]) } }
        }
    }

    /// Of the days that are packed: a body is read once for all its days.
    private func addPacked(_ keys: [DayKey], to found: inout [[ReadingElement]]) throws {
        var start = 0
        while start < keys.count {
            let community = keys[start].community
            let end = keys[start...].firstIndex { $0.community != community } ?? keys.count
            let indices = start..<end
            start = end
            let packed = Set(
                try packedMonths(of: community, keys[indices.lowerBound].day.month, keys[end - 1].day.month))
            if packed.isEmpty { continue }
            for (meter, indices) in Dictionary(grouping: indices.filter { found[$0].isEmpty }, by: { keys[$0].meter }) {
                let wanted = Dictionary(uniqueKeysWithValues: indices.map { (keys[$0].day, $0) })
                for month in Set(wanted.keys.map(\.month)).intersection(packed) {
                    for (day, elements) in try packedDays(of: meter, in: community, month) {
                        if let index = wanted[day] { found[index] = elements }
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
            let key = DayKey(
                community: community, day: LocalDay(number: Int32(try row.integer(0))), meter: try row.id(1))
            try visit(key.day, key.meter, try key.naming { try DaySet.decode(try row.blob(2)) })
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
            sets.append(try Self.daySet(of: meter, in: community, row))
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
                """
            ) { try Self.daySet(of: meter, in: community, $0) }
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
                """
            ) { try Self.daySet(of: meter, in: community, $0) }
            if let found { return packed.flatMap { $0.day < found.day ? $0 : nil } ?? found }
        }
        return packed
    }

    private static var nearDays: Int { 40 }

    private static func daySet(
        of meter: MeterID, in community: CommunityID, _ row: Row
    ) throws -> (day: LocalDay, elements: [ReadingElement]) {
        let key = DayKey(community: community, day: LocalDay(number: Int32(try row.integer(0))), meter: meter)
        return (key.day, try key.naming { try DaySet.decode(try row.blob(1)) })
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
