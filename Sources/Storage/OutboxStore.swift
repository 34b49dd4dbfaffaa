public import Database
public import Water

/// What events tell of; the raw value is the event's `type`.
public enum EventKind: String, Sendable, Hashable, CaseIterable {
    /// A community's statements of a month were issued.
    case statementsClosed = "statements.closed"
    /// Statements of a community were corrected: new versions of a closed month.
    case statementsCorrected = "statements.corrected"
    /// A redemption was confirmed at the desk.
    case redemptionConfirmed = "redemption.confirmed"
}

/// Why an event cannot be written. Always a fault of ours, never of input.
public enum OutboxFailure: Error, Hashable, Sendable {
    case bodyTooLarge(bytes: Int)
    /// An id is 1–400 of `0-9 A-Z a-z - _ :`.
    case malformedID(String)
    case unknownCommunity(CommunityID)
}

/// A fact to be told to targets, in the words of Standard Webhooks.
public struct OutboxEvent: Sendable, Hashable {
    public let community: CommunityID
    /// The `webhook-id`: the same for every attempt and every target, unique in the city. It holds no full stop,
    /// because the signed text is `id.timestamp.body` and an id with a stop in it could be cut elsewhere.
    public let id: String
    public let kind: EventKind
    /// Canonical JSON `{"data":…,"timestamp":…,"type":…}`, below 20,000 bytes.
    public let body: String
    /// When the fact happened.
    public let at: Instant

    /// Bodies stay below this many bytes (Standard Webhooks, payload size).
    public static let bodyLimit = 20_000

    public init(
        community: CommunityID, id: String, kind: EventKind, data: CanonicalJSON, at: Instant
    ) throws(OutboxFailure) {
        guard (1...400).contains(id.utf8.count), id.utf8.allSatisfy(OutboxEvent.isAllowedInID) else {
            throw .malformedID(id)
        }
        let body: CanonicalJSON = ["type": .string(kind.rawValue), "timestamp": .string(at.utc), "data": data]
        let text = body.text
        guard text.utf8.count < OutboxEvent.bodyLimit else { throw .bodyTooLarge(bytes: text.utf8.count) }
        self.community = community
        self.id = id
        self.kind = kind
        self.body = text
        self.at = at
    }

    /// A text as a part of an id: `0-9 A-Z a-z -` stay, every other byte becomes `_` and two hex digits, so that
    /// different texts stay different.
    public static func idPart(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = isAllowedInID(byte) && byte != UInt8(ascii: "_") && byte != UInt8(ascii: ":")
            return isPlain ? String(decoding: [byte], as: UTF8.self) : "_\(hex([byte]))"
        }.joined()
    }

    private static func isAllowedInID(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"): true
        default: false
        }
    }
}

extension Transaction {
    /// Writes an event and a delivery for every target whose area covers the community, in the transaction of the
    /// fact itself. A disabled target's delivery is written too, as disabled: the failure list shows it.
    ///
    /// Returns false, and changes nothing, where the community has an event of that id already.
    @discardableResult
    public func enqueue(_ event: OutboxEvent) throws -> Bool {
        let above = try reader.areaChain(from: event.community).map(\.id)
        guard !above.isEmpty else { throw OutboxFailure.unknownCommunity(event.community) }
        let added = try execute(
            """
            INSERT INTO outbox_event (community_id, event_id, kind, body, at)
            VALUES (\(event.community), \(event.id), \(event.kind.rawValue), \(event.body), \(event.at))
            ON CONFLICT (community_id, event_id) DO NOTHING
            """)
        guard added > 0 else { return false }
        var rows = Rows(["community_id", "event_id", "target_id", "state", "next_at"])
        for target in try reader.targets() where above.contains(target.area) {
            let state: DeliveryState = target.disabledAt == nil ? .waiting : .disabled
            rows.append(
                event.community, event.id, target.id, state.rawValue, state == .waiting ? event.at : nil)
        }
        if !rows.isEmpty { try append(rows, to: "delivery") }
        return true
    }
}
