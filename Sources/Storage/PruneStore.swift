public import Database
public import Water

/// What a pruning removed, or would remove.
public struct PrunedCount: Sendable, Hashable {
    public var packedMonths: Int64 = 0
    public var daySets: Int64 = 0
    public var quarantined: Int64 = 0
    public var alerts: Int64 = 0
    public var events: Int64 = 0
    /// Notes about households and their objections.
    public var notes: Int64 = 0
    /// Partitions dropped whole; 0 on SQLite.
    public var partitions = 0

    public init() {}

    public mutating func add(_ other: PrunedCount) {
        packedMonths += other.packedMonths
        daySets += other.daySets
        quarantined += other.quarantined
        alerts += other.alerts
        events += other.events
        notes += other.notes
        partitions += other.partitions
    }
}

extension Reader {
    /// The first month whose readings a community still has; nil where none were pruned.
    public func firstKeptMonth(of community: CommunityID) throws -> BillingMonth? {
        try first("SELECT month FROM pruned_month WHERE community_id = \(community)") { try $0.month(0) }
    }

    /// The first month that the city began to close: statements begin there. nil where none was.
    public func firstMonthBegun() throws -> BillingMonth? {
        try first("SELECT month FROM community_month ORDER BY month LIMIT 1") { try $0.month(0) }
    }

    /// The first month that a community has readings of; nil where it has none.
    public func firstReadingMonth(of community: CommunityID) throws -> BillingMonth? {
        let day = try first("SELECT day FROM reading_day WHERE community_id = \(community) ORDER BY day LIMIT 1") {
            LocalDay(number: Int32(truncatingIfNeeded: try $0.integer(0))).date
        }
        let packed = try first(
            "SELECT month FROM reading_month WHERE community_id = \(community) ORDER BY month LIMIT 1"
        ) { try $0.month(0) }
        let unpacked = day.flatMap { BillingMonth(year: $0.year, month: $0.month) }
        return [packed, unpacked].compactMap { $0 }.min()
    }

    /// Every community that has readings of any kind, 0 among them.
    public func communitiesWithReadings() throws -> [CommunityID] {
        let found = try all("SELECT area_id FROM area WHERE kind = 'community' ORDER BY area_id") {
            try $0.id(0) as CommunityID
        }
        return [.unregistered] + found
    }

    /// What pruning a community of everything before `month` would remove.
    public func prunable(of community: CommunityID, before month: BillingMonth, _ start: Instant) throws -> PrunedCount
    {
        func count(_ statement: SQL) throws -> Int64 { try first(statement) { try $0.integer(0) } ?? 0 }
        var found = PrunedCount()
        found.packedMonths = try count(
            "SELECT count(*) FROM reading_month WHERE community_id = \(community) AND month < \(month)")
        found.daySets = try count(
            "SELECT count(*) FROM reading_day WHERE community_id = \(community) AND day < \(month.firstDay)")
        found.quarantined = try count(
            "SELECT count(*) FROM reading_quarantine WHERE community_id = \(community) AND read_at < \(start)")
        found.alerts = try count("SELECT count(*) FROM alert WHERE community_id = \(community) AND at < \(start)")
        found.events = try count(
            """
            SELECT count(*) FROM outbox_event e WHERE e.community_id = \(community) AND e.at < \(start)
                AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.community_id = e.community_id
                    AND d.event_id = e.event_id AND d.state <> 'delivered')
            """)
        found.notes = try count(
            "SELECT count(*) FROM household_note WHERE community_id = \(community) AND noted_at < \(start)")
        return found
    }
}

extension Transaction {
    /// Removes what a community has from before `month`, which begins at `start`: readings, alarms, notes about
    /// households, and events that every target has. Statements, their hashes, figures, points and what staff decided stay.
    public func prune(
        _ community: CommunityID, before month: BillingMonth, _ start: Instant, at: Instant
    ) throws -> PrunedCount {
        try raiseFoldVersion(of: community, at: at)
        var count = PrunedCount()
        count.packedMonths = Int64(
            try execute("DELETE FROM reading_month WHERE community_id = \(community) AND month < \(month)"))
        try execute("DELETE FROM packed_month WHERE community_id = \(community) AND month < \(month)")
        count.daySets = Int64(
            try execute("DELETE FROM reading_day WHERE community_id = \(community) AND day < \(month.firstDay)"))
        count.quarantined = Int64(
            try execute("DELETE FROM reading_quarantine WHERE community_id = \(community) AND read_at < \(start)"))
        count.alerts = Int64(try execute("DELETE FROM alert WHERE community_id = \(community) AND at < \(start)"))
        count.events = try pruneEvents(of: community, before: start)
        count.notes = Int64(
            try execute("DELETE FROM household_note WHERE community_id = \(community) AND noted_at < \(start)"))
        try execute(
            """
            INSERT INTO pruned_month (community_id, month, pruned_at) VALUES (\(community), \(month), \(at))
            ON CONFLICT (community_id) DO UPDATE SET month = excluded.month, pruned_at = excluded.pruned_at
            WHERE pruned_month.month < excluded.month
            """)
        return count
    }

    private func pruneEvents(of community: CommunityID, before start: Instant) throws -> Int64 {
        let events = try reader.all(
            """
            SELECT e.event_id FROM outbox_event e WHERE e.community_id = \(community) AND e.at < \(start)
                AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.community_id = e.community_id
                    AND d.event_id = e.event_id AND d.state <> 'delivered')
            """
        ) { try $0.text(0) }
        for event in events {
            try execute("DELETE FROM delivery WHERE community_id = \(community) AND event_id = \(event)")
            try execute("DELETE FROM outbox_event WHERE community_id = \(community) AND event_id = \(event)")
        }
        return Int64(events.count)
    }
}
