public import Database
public import Ledger
public import Water

/// Something a community hands out for points.
public struct ItemRow: Sendable, Hashable {
    public let community: CommunityID
    public let id: ItemID
    public let nameZh: String
    public let nameEn: String
    public let points: Points
    public let stock: Stock
    public let isWithdrawn: Bool
}

/// A redemption and how it ended.
public struct RedemptionRow: Sendable, Hashable {
    public enum State: String, Sendable { case open, confirmed, voided, expired }

    public let holder: AccountHolder
    public let id: PostingID
    public let householdNumber: String
    public let item: ItemID
    public let itemNameZh: String
    public let itemNameEn: String
    public let points: Points
    public let deskCode: String
    public let heldAt: Instant
    public let holdUntil: Instant
    public let state: State
    public let endedAt: Instant?
    /// Who confirmed or voided it at a desk; nil where nobody of the staff did.
    public let endedBy: StaffID?
}

extension Reader {
    /// A community's items with their stock as the redemptions leave it, by name.
    public func items(of community: CommunityID) throws -> [ItemRow] {
        try all(
            """
            SELECT i.community_id, i.item_id, i.name_zh, i.name_en, i.points, i.stock, i.withdrawn_at,
                (SELECT count(*) FROM redemption r WHERE r.community_id = i.community_id AND r.item_id = i.item_id
                    AND NOT EXISTS (SELECT 1 FROM redemption_outcome o WHERE o.community_id = r.community_id
                        AND o.redemption_id = r.redemption_id)),
                (SELECT count(*) FROM redemption r
                    JOIN redemption_outcome o ON o.community_id = r.community_id AND o.redemption_id = r.redemption_id
                    WHERE r.community_id = i.community_id AND r.item_id = i.item_id AND o.outcome = 'confirmed')
            FROM item i WHERE i.community_id = \(community) ORDER BY i.points, i.item_id
            """
        ) { row in
            let (community, id): (CommunityID, ItemID) = (try row.id(0), try row.id(1))
            guard
                let stock = Stock(
                    community: community, item: id, total: try row.integer(5), reserved: try row.integer(7),
                    taken: try row.integer(8))
            else { throw DamagedLedgerRow(transfer: "item \(id)") }
            return ItemRow(
                community: community, id: id, nameZh: try row.text(2), nameEn: try row.text(3),
                points: Points(try row.integer(4)), stock: stock, isWithdrawn: try row.integerOrNil(6) != nil)
        }
    }

    /// Redemptions that match a condition on `r`, in the order that it ends with.
    private func redemptions(_ condition: SQL) throws -> [RedemptionRow] {
        try all(
            """
            SELECT r.community_id, r.household_id, r.redemption_id, h.number, r.item_id, i.name_zh, i.name_en, r.points,
                r.desk_code, r.held_at, o.outcome, o.at, r.hold_until, o.staff_id
            FROM redemption r
            JOIN household h ON h.community_id = r.community_id AND h.household_id = r.household_id
            JOIN item i ON i.community_id = r.community_id AND i.item_id = r.item_id
            LEFT JOIN redemption_outcome o ON o.community_id = r.community_id AND o.redemption_id = r.redemption_id
            WHERE \(condition)
            """
        ) { row in
            let text = try row.text(2)
            guard let id = PostingID(stored: text) else { throw DamagedLedgerRow(transfer: text) }
            let state = try row.textOrNil(10).map { RedemptionRow.State(rawValue: $0) ?? .open } ?? .open
            return RedemptionRow(
                holder: AccountHolder(community: try row.id(0), household: try row.id(1)), id: id,
                householdNumber: try row.text(3), item: try row.id(4), itemNameZh: try row.text(5),
                itemNameEn: try row.text(6), points: Points(try row.integer(7)), deskCode: try row.text(8),
                heldAt: try row.instant(9), holdUntil: try row.instant(12), state: state,
                endedAt: try row.instantOrNil(11), endedBy: try row.idOrNil(13))
        }
    }

    /// The redemption of an id.
    public func redemption(_ id: PostingID, in community: CommunityID) throws -> RedemptionRow? {
        try redemptions("r.community_id = \(community) AND r.redemption_id = \(id.text)").first
    }

    /// The redemption that a desk code names in a community.
    public func redemption(deskCode: String, in community: CommunityID) throws -> RedemptionRow? {
        try redemptions("r.community_id = \(community) AND r.desk_code = \(deskCode)").first
    }

    /// A household's redemptions, latest first, at most `limit`.
    public func redemptions(of holder: AccountHolder, limit: Int) throws -> [RedemptionRow] {
        try redemptions(
            """
            r.community_id = \(holder.community) AND r.household_id = \(holder.household)
            ORDER BY r.held_at DESC, r.redemption_id LIMIT \(limit)
            """)
    }

    /// Open redemptions whose time is up, oldest first, at most `limit`.
    public func overdueRedemptions(at: Instant, limit: Int) throws -> [(community: CommunityID, id: PostingID)] {
        try all(
            """
            SELECT r.community_id, r.redemption_id FROM redemption r
            LEFT JOIN redemption_outcome o ON o.community_id = r.community_id AND o.redemption_id = r.redemption_id
            WHERE r.hold_until <= \(at) AND o.redemption_id IS NULL
            ORDER BY r.hold_until, r.community_id, r.redemption_id LIMIT \(limit)
            """
        ) { row in
            let text = try row.text(1)
            guard let id = PostingID(stored: text) else { throw DamagedLedgerRow(transfer: text) }
            return (try row.id(0), id)
        }
    }
}

extension Transaction {
    /// Adds an item to a community; the number it gets.
    public func addItem(
        nameZh: String, nameEn: String, points: Points, stock: Int64, to community: CommunityID, at: Instant
    ) throws -> ItemID {
        let next = try reader.first("SELECT coalesce(max(item_id), 0) + 1 FROM item WHERE community_id = \(community)")
        {
            try $0.integer(0)
        }
        let id = ItemID(next ?? 1)
        try execute(
            """
            INSERT INTO item (community_id, item_id, name_zh, name_en, points, stock, created_at)
            VALUES (\(community), \(id), \(nameZh), \(nameEn), \(points), \(stock), \(at))
            """)
        return id
    }

    /// Adds a redemption with its desk code, in the transaction of its hold.
    public func addRedemption(_ hold: Posting, item: ItemID, points: Points, deskCode: String, until: Instant) throws {
        try execute(
            """
            INSERT INTO redemption
                (community_id, redemption_id, household_id, item_id, points, desk_code, held_at, hold_until)
            VALUES (\(hold.holder.community), \(hold.id.text), \(hold.holder.household), \(item), \(points),
                \(deskCode), \(hold.postedAt), \(until))
            """)
        try raiseItemVersion(item, of: hold.holder.community)
    }

    /// Ends a redemption, in the transaction of the posting that closes its hold.
    public func endRedemption(
        _ redemption: RedemptionRow, as state: RedemptionRow.State, by staff: StaffID?, at: Instant
    ) throws {
        try execute(
            """
            INSERT INTO redemption_outcome (community_id, redemption_id, outcome, staff_id, at)
            VALUES (\(redemption.holder.community), \(redemption.id.text), \(state.rawValue), \(staff), \(at))
            """)
        try raiseItemVersion(redemption.item, of: redemption.holder.community)
    }

    /// Pieces put in in all, points and whether it is offered, from now on.
    public func changeItem(
        _ item: ItemID, of community: CommunityID, total: Int64, points: Points, isWithdrawn: Bool, at: Instant
    ) throws {
        let withdrawn: SQL = isWithdrawn ? "coalesce(withdrawn_at, CAST(\(at) AS BIGINT))" : "NULL"
        try execute(
            """
            UPDATE item SET stock = \(total), points = \(points), withdrawn_at = \(withdrawn), version = version + 1
            WHERE community_id = \(community) AND item_id = \(item)
            """)
    }

    private func raiseItemVersion(_ item: ItemID, of community: CommunityID) throws {
        try execute(
            "UPDATE item SET version = version + 1 WHERE community_id = \(community) AND item_id = \(item)")
    }
}
