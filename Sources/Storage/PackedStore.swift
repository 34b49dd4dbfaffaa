public import Database
public import Water

extension LocalDay {
    /// The month it lies in.
    var month: BillingMonth {
        let (year, month, _) = date
        return BillingMonth(year: year, month: month) ?? BillingMonth(number: number < 0 ? 0 : .max)
    }
}

extension Reader {
    /// The months from `first` to `last` that a community has packed bodies of, ascending.
    func packedMonths(of community: CommunityID, _ first: BillingMonth, _ last: BillingMonth) throws -> [BillingMonth] {
        try all(
            """
            SELECT month FROM packed_month
            WHERE community_id = \(community) AND month BETWEEN \(first) AND \(last) ORDER BY month
            """
        ) { try $0.month(0) }
    }

    /// A meter's packed days of a month; none where it has no body.
    func packedDays(
        of meter: MeterID, in community: CommunityID, _ month: BillingMonth
    ) throws -> [(day: LocalDay, elements: [ReadingElement])] {
        try first(
            """
            SELECT body FROM reading_month
            WHERE community_id = \(community) AND month = \(month) AND meter_id = \(meter)
            """
        ) { row in try month.naming(meter, in: community) { try PackedMonth.decode(try row.blob(0)) } } ?? []
    }

    /// Every meter's packed days of a community's month.
    func packedDays(
        of community: CommunityID, _ month: BillingMonth
    ) throws -> [(meter: MeterID, days: [(day: LocalDay, elements: [ReadingElement])])] {
        try all(
            """
            SELECT meter_id, body FROM reading_month
            WHERE community_id = \(community) AND month = \(month) ORDER BY meter_id
            """
        ) { row in
            let meter: MeterID = try row.id(0)
            return (meter, try month.naming(meter, in: community) { try PackedMonth.decode(try row.blob(1)) })
        }
    }

    /// A meter's packed day nearest to a day on one side, within the packed months on that side.
    func nearestPacked(
        of meter: MeterID, in community: CommunityID, before day: LocalDay
    ) throws -> (day: LocalDay, elements: [ReadingElement])? {
        let months = try all(
            """
            SELECT r.month FROM packed_month p
            JOIN reading_month r ON r.community_id = p.community_id AND r.month = p.month AND r.meter_id = \(meter)
            WHERE p.community_id = \(community) AND p.month <= \(day.month) ORDER BY p.month DESC LIMIT 2
            """
        ) { try $0.month(0) }
        for month in months {
            let found = try packedDays(of: meter, in: community, month).last { $0.day < day }
            if let found { return found }
        }
        return nil
    }

    func nearestPacked(
        of meter: MeterID, in community: CommunityID, after day: LocalDay
    ) throws -> (day: LocalDay, elements: [ReadingElement])? {
        let months = try all(
            """
            SELECT r.month FROM packed_month p
            JOIN reading_month r ON r.community_id = p.community_id AND r.month = p.month AND r.meter_id = \(meter)
            WHERE p.community_id = \(community) AND p.month >= \(day.month) ORDER BY p.month LIMIT 2
            """
        ) { try $0.month(0) }
        for month in months {
            let found = try packedDays(of: meter, in: community, month).first { $0.day > day }
            if let found { return found }
        }
        return nil
    }

    /// The communities and months whose statements were issued before `issued` and of which any day set is not packed,
    /// at most `limit`, oldest first.
    public func monthsToPack(
        issuedBefore issued: Instant, month: BillingMonth? = nil, limit: Int
    ) throws -> [(community: CommunityID, month: BillingMonth)] {
        let months = try all(
            """
            SELECT DISTINCT month FROM community_month
            WHERE issued_at IS NOT NULL AND issued_at <= \(issued)
                AND month BETWEEN \(month ?? BillingMonth(number: 0)) AND \(month ?? BillingMonth(number: .max))
            ORDER BY month
            """
        ) { try $0.month(0) }
        var found: [(CommunityID, BillingMonth)] = []
        for month in months where found.count < limit {
            found += try all(
                """
                SELECT c.community_id FROM community_month c
                WHERE c.month = \(month) AND c.issued_at IS NOT NULL AND c.issued_at <= \(issued)
                    AND EXISTS (SELECT 1 FROM reading_day d WHERE d.community_id = c.community_id
                        AND d.day BETWEEN \(month.firstDay) AND \(month.lastDay))
                ORDER BY c.community_id LIMIT \(limit - found.count)
                """
            ) { (try $0.id(0), month) }
        }
        return found
    }

    /// The meters of a community with day sets of a month that are not packed, ascending.
    public func metersToPack(of community: CommunityID, _ month: BillingMonth) throws -> [MeterID] {
        try all(
            """
            SELECT DISTINCT meter_id FROM reading_day
            WHERE community_id = \(community) AND day BETWEEN \(month.firstDay) AND \(month.lastDay)
            ORDER BY meter_id
            """
        ) { try $0.id(0) }
    }
}

/// What a packing came to.
public struct PackedCount: Sendable, Hashable {
    public var meters = 0
    public var daySets = 0
    public var readings = 0
    /// Bytes of the day sets' bodies, and of the months' that took their place.
    public var bytesBefore = 0
    public var bytesAfter = 0

    public init() {}

    public mutating func add(_ other: PackedCount) {
        meters += other.meters
        daySets += other.daySets
        readings += other.readings
        bytesBefore += other.bytesBefore
        bytesAfter += other.bytesAfter
    }
}

extension Transaction {
    /// Packs some meters of a community's month: the day sets of each into one body, with what is packed already. Whoever
    /// folds the community meanwhile meets this on the fold's row.
    public func pack(
        _ community: CommunityID, _ month: BillingMonth, meters: ClosedRange<MeterID>, at: Instant
    ) throws -> PackedCount {
        try holdFold(of: community, at: at)
        var count = PackedCount()
        var days: [MeterID: [(day: LocalDay, elements: [ReadingElement])]] = [:]
        let (first, last) = (meters.lowerBound, meters.upperBound)
        // Day by day: a range over days would pass every meter of the community.
        for offset in 0..<month.dayCount {
            let day = month.firstDay.advanced(by: offset)
            try reader.each(
                """
                SELECT meter_id, body FROM reading_day
                WHERE community_id = \(community) AND day = \(day) AND meter_id BETWEEN \(first) AND \(last)
                """
            ) { row in
                let body = try row.blob(1)
                let key = DayKey(community: community, day: day, meter: try row.id(0))
                let elements = try key.naming { try DaySet.decode(body) }
                count.daySets += 1
                count.readings += elements.count
                count.bytesBefore += body.count
                days[key.meter, default: []].append((day, elements))
            }
        }
        guard !days.isEmpty else { return count }
        var rows = Rows(["community_id", "month", "meter_id", "body"])
        for (meter, unpacked) in days.sorted(by: { $0.key < $1.key }) {
            let packed = try reader.packedDays(of: meter, in: community, month)
            let body = PackedMonth.encode((packed + unpacked).sorted { $0.day < $1.day })
            count.bytesAfter += body.count
            rows.append(community, month, meter, body)
        }
        count.meters = rows.count
        try upsert(rows, into: "reading_month", key: ["community_id", "month", "meter_id"])
        for offset in 0..<month.dayCount {
            try execute(
                """
                DELETE FROM reading_day WHERE community_id = \(community)
                    AND day = \(month.firstDay.advanced(by: offset)) AND meter_id BETWEEN \(first) AND \(last)
                """)
        }
        try execute(
            """
            INSERT INTO packed_month (community_id, month, packed_at) VALUES (\(community), \(month), \(at))
            ON CONFLICT (community_id, month) DO UPDATE SET packed_at = \(at)
            """)
        return count
    }

    /// Takes days out of the packed bodies, for they are written as day sets now.
    func takeOut(_ keys: [DayKey]) throws {
        struct Body: Hashable {
            let community: CommunityID
            let month: BillingMonth
            let meter: MeterID
        }
        let byCommunity = Dictionary(grouping: keys, by: \.community)
        for (community, keys) in byCommunity {
            guard let first = keys.lazy.map(\.day).min(), let last = keys.lazy.map(\.day).max() else { continue }
            let packed = Set(try reader.packedMonths(of: community, first.month, last.month))
            if packed.isEmpty { continue }
            let bodies = Dictionary(grouping: keys.filter { packed.contains($0.day.month) }) {
                Body(community: community, month: $0.day.month, meter: $0.meter)
            }
            for (body, keys) in bodies.sorted(by: { $0.key.meter < $1.key.meter }) {
                let days = try reader.packedDays(of: body.meter, in: community, body.month)
                let out = Set(keys.map(\.day))
                let rest = days.filter { !out.contains($0.day) }
                if rest.count == days.count { continue }
                try replace(rest, of: body.meter, in: community, body.month)
            }
        }
    }

    private func replace(
        _ days: [(day: LocalDay, elements: [ReadingElement])], of meter: MeterID, in community: CommunityID,
        _ month: BillingMonth
    ) throws {
        if days.isEmpty {
            try execute(
                """
                DELETE FROM reading_month
                WHERE community_id = \(community) AND month = \(month) AND meter_id = \(meter)
                """)
            return
        }
        var rows = Rows(["community_id", "month", "meter_id", "body"])
        rows.append(community, month, meter, PackedMonth.encode(days))
        try upsert(rows, into: "reading_month", key: ["community_id", "month", "meter_id"])
    }

    /// Makes day sets again of everything packed of the meters that a sweep is to visit.
    public func unpackSwept(of community: CommunityID, meters first: MeterID, _ last: MeterID) throws {
        let packed = try reader.all(
            """
            SELECT r.month, r.meter_id FROM reading_month r
            WHERE r.community_id = \(community) AND r.meter_id BETWEEN \(first) AND \(last)
                AND EXISTS (SELECT 1 FROM sweep s WHERE s.community_id = r.community_id AND s.meter_id = r.meter_id)
            ORDER BY r.meter_id, r.month
            """
        ) { (try $0.month(0), try $0.id(1) as MeterID) }
        for (month, meter) in packed {
            let days = try reader.packedDays(of: meter, in: community, month)
            try write(
                days.map { (DayKey(community: community, day: $0.day, meter: meter), DaySet.encode($0.elements)) })
        }
    }
}
