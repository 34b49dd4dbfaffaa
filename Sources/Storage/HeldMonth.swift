public import Database
public import Water

/// What of a month's readings joins no figures, however long one waits.
public struct HeldOfMonth: Sendable, Hashable {
    public let month: BillingMonth
    /// Meters that nobody registered and that have readings of the month.
    public let meters: Int
    /// Readings kept apart: ahead of the server's clock when they came, or of a gateway that may not read the meter.
    public let keptApart: Int

    public var isAny: Bool { meters > 0 || keptApart > 0 }

    public init(month: BillingMonth, meters: Int, keptApart: Int) {
        self.month = month
        self.meters = meters
        self.keptApart = keptApart
    }
}

extension Reader {
    /// What is held of a month that lasts over [start, end). What is not folded yet is not in it.
    ///
    /// `together`: readings kept apart that are in memory at once, 1 or more.
    public func held(
        of month: BillingMonth, _ span: (start: Instant, end: Instant), together: Int = 10_000
    ) throws -> HeldOfMonth {
        // Two passages: neither table is asked for each row of the other.
        let held = Set(
            try all(
                """
                SELECT h.meter_id FROM held_meter h
                JOIN meter_address a ON a.meter_id = h.meter_id AND a.is_registered = 0 WHERE h.community_id = 0
                """
            ) { try $0.id(0) as MeterID })
        let read =
            try held.isEmpty
            ? []
            : all(
                """
                SELECT DISTINCT meter_id FROM reading_day
                WHERE community_id = 0 AND day BETWEEN \(month.firstDay) AND \(month.lastDay)
                """
            ) { try $0.id(0) as MeterID }
        return HeldOfMonth(
            month: month, meters: held.intersection(read).count,
            keptApart: try keptApart(month, span, together: max(1, together)))
    }

    /// Readings of the month kept apart, and those alone: what another gateway or a later sending brought into the
    /// meter's set takes part. By pages, for what one gateway may have kept apart has no limit.
    private func keptApart(
        _ month: BillingMonth, _ span: (start: Instant, end: Instant), together: Int
    ) throws -> Int {
        var count = 0
        var last: ReadingApart?
        while true {
            let page = try readingsApart(span, after: last, limit: together)
            var rest = page[...]
            while let first = rest.first {
                let own = rest.prefix { $0.community == first.community && $0.meter == first.meter }
                rest = rest.dropFirst(own.count)
                var apart = Set(own.map(\.reading))
                try eachDaySet(of: first.meter, in: first.community, from: month.firstDay, to: month.lastDay) {
                    _, elements in
                    apart.subtract(elements.map { TimedRegister(at: $0.at, register: $0.register) })
                }
                count += apart.count
            }
            guard page.count == together else { return count }
            last = page.last
        }
    }

    /// Readings kept apart in [start, end) after one of them, each once whichever gateways sent it; at most `limit`, in
    /// the order of the table's key.
    private func readingsApart(
        _ span: (start: Instant, end: Instant), after last: ReadingApart?, limit: Int
    ) throws -> [ReadingApart] {
        try all(
            """
            SELECT DISTINCT community_id, meter_id, read_at, register_ml FROM reading_quarantine
            WHERE (community_id, meter_id, read_at, register_ml) > (\(last?.community.value ?? Int64.min),
                \(last?.meter.value ?? Int64.min), \(last?.reading.at.epochSeconds ?? Int64.min),
                \(last?.reading.register.millilitres ?? Int64.min))
                AND read_at >= \(span.start) AND read_at < \(span.end)
            ORDER BY community_id, meter_id, read_at, register_ml LIMIT \(limit)
            """
        ) { row in
            ReadingApart(
                community: try row.id(0), meter: try row.id(1),
                reading: TimedRegister(at: try row.instant(2), register: Volume(millilitres: try row.integer(3))))
        }
    }
}

/// A reading kept apart, whichever gateways sent it.
private struct ReadingApart {
    let community: CommunityID
    let meter: MeterID
    let reading: TimedRegister
}
