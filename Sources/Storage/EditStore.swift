public import Database
public import Metering
public import Water

/// A decision on a reading as it is kept.
public struct StoredEdit: Sendable, Hashable {
    /// Made by the client; a repeat is the same decision.
    public let id: String
    public let meter: MeterID
    public let edit: ReadingEdit

    public init(id: String, meter: MeterID, edit: ReadingEdit) {
        self.id = id
        self.meter = meter
        self.edit = edit
    }
}

extension Reader {
    /// Every decision on a community's readings, by meter, in the order of the readings. There are few: a person made
    /// each of them.
    public func edits(in community: CommunityID) throws -> [MeterID: [ReadingEdit]] {
        let rows = try all(Self.edits(of: community, "")) { try Reader.edit($0) }
        return Dictionary(grouping: rows, by: \.meter).mapValues { $0.map(\.edit) }
    }

    /// The decisions on one meter's readings in a community, in the order of the readings.
    public func edits(of meter: MeterID, in community: CommunityID) throws -> [StoredEdit] {
        try all(Self.edits(of: community, "AND meter_id = \(meter)")) { try Reader.edit($0) }
    }

    /// The decision of an id.
    public func edit(_ id: String, in community: CommunityID) throws -> StoredEdit? {
        try first(Self.edits(of: community, "AND edit_id = \(id)")) { try Reader.edit($0) }
    }

    private static func edits(of community: CommunityID, _ condition: SQL) -> SQL {
        """
        SELECT edit_id, meter_id, read_at, register_ml, action, staff_id, decided_at, reason FROM reading_edit
        WHERE community_id = \(community) \(condition) ORDER BY meter_id, read_at, decided_at, edit_id
        """
    }

    private static func edit(_ row: Row) throws -> StoredEdit {
        guard let action = EditAction(rawValue: try row.text(4)) else { throw DamagedBytes.notAValue("edit action") }
        return StoredEdit(
            id: try row.text(0), meter: try row.id(1),
            edit: ReadingEdit(
                at: try row.instant(2), register: Volume(millilitres: try row.integer(3)), action: action,
                by: try row.id(5), decidedAt: try row.instant(6), reason: try row.text(7)))
    }
}

extension Transaction {
    /// Adds a decision.
    public func add(_ stored: StoredEdit, to community: CommunityID) throws {
        let edit = stored.edit
        try execute(
            """
            INSERT INTO reading_edit
                (community_id, edit_id, meter_id, read_at, register_ml, action, staff_id, decided_at, reason)
            VALUES (\(community), \(stored.id), \(stored.meter), \(edit.at), \(edit.register),
                \(edit.action.rawValue), \(edit.by), \(edit.decidedAt), \(edit.reason))
            """)
    }
}
