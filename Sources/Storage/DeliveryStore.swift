public import Database
public import Water

/// Where a delivery stands.
public enum DeliveryState: String, Sendable, Hashable, CaseIterable {
    /// An attempt is due, now or later.
    case waiting
    case delivered
    /// Every attempt failed. Stays in the failure list until it is replayed.
    case exhausted
    /// The target was disabled. Stays in the failure list until it is replayed.
    case disabled
}

/// One event to one target.
public struct DeliveryKey: Sendable, Hashable {
    public let community: CommunityID
    public let eventID: String
    public let target: TargetID
}

/// A claimed delivery with all that an attempt needs.
public struct DueDelivery: Sendable, Hashable {
    public let key: DeliveryKey
    public let targetName: String
    public let url: String
    /// As it is kept: sealed or not.
    public let secret: String
    public let previousSecret: String?
    public let body: String
    /// Attempts that failed before.
    public let attempts: Int
    /// The claim it was taken under: a later one, an outcome and a replay each make it worthless.
    public let claim: Int64
}

extension DueDelivery: CustomStringConvertible, CustomDebugStringConvertible {
    /// Without address, secrets and body, for logs.
    public var description: String { "delivery of \(key.eventID) to \(targetName)" }
    public var debugDescription: String { description }
}

/// What an attempt came to.
public enum DeliveryOutcome: Sendable, Hashable {
    case delivered(status: Int)
    /// `status` is nil where no answer came.
    case retry(at: Instant, status: Int?, error: String)
    case exhausted(status: Int?, error: String)
    /// The target answered that it is gone: it is disabled with all that waits for it.
    case gone(status: Int)
}

/// A delivery as staff see it.
public struct DeliveryRecord: Sendable, Hashable {
    public let key: DeliveryKey
    public let kind: String
    public let targetName: String
    public let state: DeliveryState
    /// Attempts made.
    public let attempts: Int
    /// When it is tried next, a pause of its target taken in; nil where it does not wait.
    public let nextAt: Instant?
    public let lastStatus: Int?
    public let lastError: String?
    public let lastAt: Instant?
    /// When the event happened.
    public let at: Instant
}

extension Reader {
    /// True where a delivery is due at `at` and its target may be sent to.
    public func hasDueDelivery(at: Instant) throws -> Bool {
        try first(
            """
            SELECT 1 FROM delivery d JOIN target t ON t.target_id = d.target_id
            WHERE d.next_at IS NOT NULL AND d.next_at <= \(at)
                AND t.disabled_at IS NULL AND (t.slow_until IS NULL OR t.slow_until <= \(at))
            LIMIT 1
            """
        ) { _ in true } ?? false
    }

    /// Deliveries, latest event first, at most `limit`; with `failedOnly` those exhausted or disabled.
    public func deliveries(failedOnly: Bool, limit: Int) throws -> [DeliveryRecord] {
        let states: SQL = failedOnly ? "\(Reader.shownState) IN ('exhausted','disabled')" : "1 = 1"
        return try deliveries("\(states) ORDER BY e.at DESC, d.event_id, t.name LIMIT \(limit)")
    }

    /// Every delivery of an event, by target name; empty for an unknown event and for one without targets.
    public func deliveries(ofEvent eventID: String) throws -> [DeliveryRecord] {
        try deliveries("d.event_id = \(eventID) ORDER BY t.name")
    }

    /// Deliveries that match a condition on `d`, `e` and `t`, in the order that it ends with.
    private func deliveries(_ condition: SQL) throws -> [DeliveryRecord] {
        try all(
            """
            SELECT d.community_id, d.event_id, d.target_id, e.kind, t.name, \(Reader.shownState), d.attempts,
                CASE WHEN t.slow_until > d.next_at THEN t.slow_until ELSE d.next_at END,
                d.last_status, d.last_error, d.last_at, e.at
            FROM delivery d
            JOIN outbox_event e ON e.community_id = d.community_id AND e.event_id = d.event_id
            JOIN target t ON t.target_id = d.target_id
            WHERE \(condition)
            """, Reader.deliveryRecord)
    }

    /// How many deliveries stand where; a state without any is absent.
    public func deliveryCounts() throws -> [DeliveryState: Int] {
        let counts = try all(
            """
            SELECT \(Reader.shownState), count(*) FROM delivery d JOIN target t ON t.target_id = d.target_id GROUP BY 1
            """
        ) { row in (try Reader.state(row, 0), Int(try row.integer(1))) }
        return Dictionary(counts) { first, _ in first }
    }

    /// An event written while another process disabled its target left a delivery waiting: it is shown for what it is.
    private static let shownState: SQL =
        "CASE WHEN d.state = 'waiting' AND t.disabled_at IS NOT NULL THEN 'disabled' ELSE d.state END"

    private static func deliveryRecord(_ row: Row) throws -> DeliveryRecord {
        let state = try state(row, 5)
        return DeliveryRecord(
            key: DeliveryKey(community: try row.id(0), eventID: try row.text(1), target: try row.id(2)),
            kind: try row.text(3), targetName: try row.text(4), state: state,
            attempts: Int(try row.integer(6)), nextAt: state == .waiting ? try row.instantOrNil(7) : nil,
            lastStatus: try row.integerOrNil(8).map { Int($0) }, lastError: try row.textOrNil(9),
            lastAt: try row.instantOrNil(10), at: try row.instant(11))
    }

    private static func state(_ row: Row, _ column: Int) throws -> DeliveryState {
        guard let state = DeliveryState(rawValue: try row.text(column)) else {
            throw DatabaseFailure.unexpectedType(column: column)
        }
        return state
    }
}

extension Transaction {
    /// Takes due deliveries, earliest first: at most `limit`, and for one target at most `perTarget` with those of
    /// `underWay`, so that a slow one does not keep the others waiting. They are due again at `at + leaseSeconds` unless
    /// marked before: what is claimed and never marked is sent again. Each claim has a number of its own.
    public func claimDueDeliveries(
        at: Instant, leaseSeconds: Int64, limit: Int, perTarget: Int, underWay: [TargetID: Int] = [:]
    ) throws -> [DueDelivery] {
        // As many more as those under way can leave out.
        let looked = limit + underWay.values.reduce(0, +)
        let found = try reader.all(
            """
            SELECT due.community_id, due.event_id, due.target_id, t.name, t.url, t.secret, t.previous_secret,
                e.body, due.attempts, due.claim + 1
            FROM (
                SELECT d.community_id, d.event_id, d.target_id, d.attempts, d.next_at, d.claim, row_number() OVER (
                    PARTITION BY d.target_id ORDER BY d.next_at, d.community_id, d.event_id) AS place
                FROM delivery d JOIN target s ON s.target_id = d.target_id
                WHERE d.next_at IS NOT NULL AND d.next_at <= \(at)
                    AND s.disabled_at IS NULL AND (s.slow_until IS NULL OR s.slow_until <= \(at))
            ) due
            JOIN outbox_event e ON e.community_id = due.community_id AND e.event_id = due.event_id
            JOIN target t ON t.target_id = due.target_id
            WHERE due.place <= \(perTarget)
            ORDER BY due.next_at, due.place, due.target_id LIMIT \(looked)
            """, Transaction.dueDelivery)
        var busy = underWay
        let fitting = found.filter { delivery in
            busy[delivery.key.target, default: 0] += 1
            return busy[delivery.key.target, default: 0] <= perTarget
        }
        let due = Array(fitting.prefix(limit))
        for delivery in due {
            try execute(
                """
                UPDATE delivery SET next_at = \(at + leaseSeconds), claim = \(delivery.claim)
                WHERE community_id = \(delivery.key.community) AND event_id = \(delivery.key.eventID)
                    AND target_id = \(delivery.key.target) AND state = 'waiting'
                """)
        }
        return due
    }

    /// Notes what an attempt came to; false, and nothing changed, where its claim is not the last: another process took
    /// the delivery over, it was replayed, or the outcome is noted already. A failure is noted only where the delivery
    /// still waits; a success also where its target was disabled meanwhile, for it is a fact.
    @discardableResult
    public func mark(_ delivery: DueDelivery, _ outcome: DeliveryOutcome, at: Instant) throws -> Bool {
        switch outcome {
        case .delivered(let status):
            return try note(delivery, .delivered, nextAt: nil, status: status, error: nil, at: at)
        case .retry(let next, let status, let error):
            return try note(delivery, .waiting, nextAt: next, status: status, error: error, at: at)
        case .exhausted(let status, let error):
            return try note(delivery, .exhausted, nextAt: nil, status: status, error: error, at: at)
        case .gone(let status):
            guard try note(delivery, .disabled, nextAt: nil, status: status, error: "the target is gone", at: at)
            else { return false }
            try disable(delivery.key.target, reason: "it answered \(status)", at: at)
            return true
        }
    }

    /// Makes a delivery due again from the beginning, under the same event id. An attempt under way no longer counts.
    public func requeue(_ key: DeliveryKey, at: Instant) throws {
        try execute(
            """
            UPDATE delivery SET state = 'waiting', attempts = 0, next_at = \(at), claim = claim + 1
            WHERE community_id = \(key.community) AND event_id = \(key.eventID) AND target_id = \(key.target)
            """)
    }

    private func note(
        _ delivery: DueDelivery, _ state: DeliveryState, nextAt: Instant?, status: Int?, error: String?, at: Instant
    ) throws -> Bool {
        let isFact = state == .delivered
        return try execute(
            """
            UPDATE delivery SET state = \(state.rawValue), attempts = attempts + 1, next_at = \(nextAt),
                last_status = \(status), last_error = \(error), last_at = \(at), claim = claim + 1
            WHERE community_id = \(delivery.key.community) AND event_id = \(delivery.key.eventID)
                AND target_id = \(delivery.key.target) AND claim = \(delivery.claim)
                AND (state = 'waiting' OR \(isFact) = 1)
            """) == 1
    }

    private static func dueDelivery(_ row: Row) throws -> DueDelivery {
        DueDelivery(
            key: DeliveryKey(community: try row.id(0), eventID: try row.text(1), target: try row.id(2)),
            targetName: try row.text(3), url: try row.text(4), secret: try row.text(5),
            previousSecret: try row.textOrNil(6), body: try row.text(7), attempts: Int(try row.integer(8)),
            claim: try row.integer(9))
    }
}
