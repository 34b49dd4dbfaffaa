public import Database
public import Ledger
public import Water

/// A ledger row that this program could not have written.
public struct DamagedLedgerRow: Error, Hashable, Sendable {
    public let transfer: String
}

extension Reader {
    /// The posting stored under an id; nil without one.
    public func posting(_ id: PostingID, in community: CommunityID) throws -> Posting? {
        let head = try first(
            """
            SELECT input_hash, household_id, posted_at FROM posting
            WHERE community_id = \(community) AND posting_id = \(id.text)
            """
        ) { (try $0.text(0), try $0.id(1) as HouseholdID, try $0.instant(2)) }
        guard let (hash, household, at) = head else { return nil }
        let holder = AccountHolder(community: community, household: household)
        let transfers = try self.transfers(of: holder).filter { $0.id.posting == id }
        let lots = try lots(of: holder).filter { lot in transfers.contains { $0.id == lot.id } }
        return Posting(id: id, inputHash: hash, holder: holder, postedAt: at, transfers: transfers, lots: lots)
    }

    /// Every transfer of a household, oldest first, with its lot entries.
    public func transfers(of holder: AccountHolder) throws -> [Transfer] {
        var entries: [String: [LotEntry]] = [:]
        try each(
            """
            SELECT transfer_id, lot_id, bucket, points FROM lot_entry
            WHERE community_id = \(holder.community) AND household_id = \(holder.household)
            ORDER BY transfer_id, position
            """
        ) { row in
            let text = try row.text(0)
            guard let transfer = TransferID(stored: text), let lot = TransferID(stored: try row.text(1)),
                let bucket = Bucket(rawValue: try row.text(2))
            else { throw DamagedLedgerRow(transfer: text) }
            entries[text, default: []].append(
                LotEntry(transfer: transfer, lot: lot, bucket: bucket, points: Points(try row.integer(3))))
        }
        return try all(
            """
            SELECT transfer_id, kind, debit_kind, credit_kind, points, posted_at, linked_transfer_id, item_id,
                hold_until, reference
            FROM transfer WHERE community_id = \(holder.community) AND household_id = \(holder.household)
            ORDER BY posted_at, posting_id, part
            """
        ) { try Reader.transfer($0, of: holder, entries: entries[try $0.text(0)] ?? []) }
    }

    private static func transfer(_ row: Row, of holder: AccountHolder, entries: [LotEntry]) throws -> Transfer {
        let text = try row.text(0)
        guard let id = TransferID(stored: text), let kind = TransferKind(rawValue: try row.text(1)),
            let debit = account(try row.text(2), of: holder), let credit = account(try row.text(3), of: holder)
        else { throw DamagedLedgerRow(transfer: text) }
        return try Transfer(
            id: id, kind: kind, holder: holder, debit: debit, credit: credit, points: Points(try row.integer(4)),
            postedAt: try row.instant(5), link: try row.textOrNil(6).flatMap { TransferID(stored: $0) },
            item: try row.idOrNil(7), holdUntil: try row.instantOrNil(8), reference: try row.text(9), entries: entries)
    }

    private static func account(_ kind: String, of holder: AccountHolder) -> Account? {
        guard let kind = AccountKind(rawValue: kind) else { return nil }
        return Account(
            community: holder.community, kind: kind, household: kind.isHouseholds ? holder.household : nil)
    }

    /// Every lot of a household, also those with nothing left.
    public func lots(of holder: AccountHolder) throws -> [Lot] {
        try all(
            """
            SELECT lot_id, reference, points, expires_at FROM lot
            WHERE community_id = \(holder.community) AND household_id = \(holder.household) ORDER BY lot_id
            """
        ) { row in
            let text = try row.text(0)
            guard let id = TransferID(stored: text) else { throw DamagedLedgerRow(transfer: text) }
            return Lot(
                id: id, reference: try row.text(1), amount: Points(try row.integer(2)), expiresAt: try row.instant(3))
        }
    }

    /// A household's account: its transfers and lot entries added up.
    public func accountState(of holder: AccountHolder) throws -> AccountState {
        let transfers = try transfers(of: holder)
        var balances = Dictionary(
            uniqueKeysWithValues: try lots(of: holder).map {
                ($0.id, LotBalance(lot: $0, available: .zero, held: .zero))
            })
        var debt = Points.zero
        var holds: [OpenHold] = []
        for transfer in transfers {
            for entry in transfer.entries {
                guard var balance = balances[entry.lot] else { throw DamagedLedgerRow(transfer: entry.lot.text) }
                switch entry.bucket {
                case .available: balance.available = balance.available + entry.points
                case .held: balance.held = balance.held + entry.points
                }
                balances[entry.lot] = balance
            }
            if transfer.debit.kind == .debt { debt = debt + transfer.points }
            if transfer.credit.kind == .debt { debt = debt - transfer.points }
        }
        let closed = Set(transfers.filter { [.confirm, .void, .holdExpiry].contains($0.kind) }.compactMap(\.link))
        for transfer in transfers where transfer.kind == .hold && !closed.contains(transfer.id) {
            guard let item = transfer.item, let until = transfer.holdUntil else { continue }
            let shares = transfer.entries.filter { $0.bucket == .held }.map { LotShare(lot: $0.lot, points: $0.points) }
            holds.append(OpenHold(id: transfer.id, item: item, points: transfer.points, until: until, shares: shares))
        }
        return AccountState(holder: holder, lots: Array(balances.values), debt: debt, openHolds: holds)
    }

    /// What earlier statement versions posted for an award.
    public func awardHistory(_ key: AwardKey) throws -> AwardHistory {
        let latest =
            try first(
                """
                SELECT max(award_version) FROM posting WHERE community_id = \(key.holder.community)
                AND household_id = \(key.holder.household) AND award_reference = \(key.reference)
                """
            ) { try $0.integerOrNil(0) } ?? nil
        guard let latest else { return .none }
        return AwardHistory(of: key, in: try transfers(of: key.holder), latestVersion: Int(latest))
    }

    /// A community's economy over what was posted in [from, to), added up by the database: of however many transfers a
    /// few sums.
    public func economy(of community: CommunityID, from: Instant, to: Instant) throws -> Economy {
        let sums = try all(
            """
            SELECT kind, debit_kind, credit_kind, CAST(sum(points) AS BIGINT) FROM transfer
            WHERE community_id = \(community) AND posted_at >= \(from) AND posted_at < \(to)
            GROUP BY kind, debit_kind, credit_kind
            """
        ) { row in
            let words = (try row.text(0), try row.text(1), try row.text(2))
            guard let kind = TransferKind(rawValue: words.0), let debit = AccountKind(rawValue: words.1),
                let credit = AccountKind(rawValue: words.2)
            else { throw DamagedLedgerRow(transfer: "\(words.0) from \(words.1) to \(words.2)") }
            return TransferSum(kind: kind, debit: debit, credit: credit, points: Points(try row.integer(3)))
        }
        var lots: [Bucket: Points] = [:]
        try each(
            """
            SELECT e.bucket, CAST(sum(e.points) AS BIGINT) FROM transfer t
            JOIN lot_entry e ON e.community_id = t.community_id AND e.household_id = t.household_id
                AND e.transfer_id = t.transfer_id
            WHERE t.community_id = \(community) AND t.posted_at >= \(from) AND t.posted_at < \(to)
            GROUP BY e.bucket
            """
        ) { row in
            let text = try row.text(0)
            guard let bucket = Bucket(rawValue: text) else { throw DamagedLedgerRow(transfer: "lots \(text)") }
            lots[bucket] = Points(try row.integer(1))
        }
        return Economy(of: community, sums, held: lots[.held] ?? .zero, balance: lots[.available] ?? .zero)
    }

    /// Every transfer of a community: what its published economy is counted from.
    public func communityTransfers(_ community: CommunityID) throws -> [Transfer] {
        let households = try all(
            "SELECT DISTINCT household_id FROM posting WHERE community_id = \(community) ORDER BY household_id"
        ) { try $0.id(0) as HouseholdID }
        return try households.flatMap { try transfers(of: AccountHolder(community: community, household: $0)) }
    }

    /// Households with points left in a lot that is past its expiry, at most `limit`.
    public func holdersToExpire(at: Instant, limit: Int) throws -> [AccountHolder] {
        // The signs keep SQLite from going through all lots in the order asked for, instead of through those due.
        try all(
            """
            SELECT DISTINCT +l.community_id, +l.household_id FROM lot l
            WHERE l.expires_at <= \(at) AND (SELECT sum(e.points) FROM lot_entry e
                WHERE e.community_id = l.community_id AND e.household_id = l.household_id
                    AND e.lot_id = l.lot_id AND e.bucket = 'available') > 0
            ORDER BY 1, 2 LIMIT \(limit)
            """
        ) { AccountHolder(community: try $0.id(0), household: try $0.id(1)) }
    }
}

extension Reader {
    /// How often each account of a community was posted to, by household: unchanged means that the account is. One
    /// that is absent was never posted to.
    public func accountVersions(of community: CommunityID) throws -> [HouseholdID: Int64] {
        try accountVersions(of: community, from: HouseholdID(.min), to: HouseholdID(.max))
    }

    /// The households of a community with any posting: every other account is empty.
    public func householdsWithPostings(of community: CommunityID) throws -> Set<HouseholdID> {
        Set(try all("SELECT DISTINCT household_id FROM posting WHERE community_id = \(community)") { try $0.id(0) })
    }
}

extension Transaction {
    /// Appends an accepted command with its transfers, lots and entries.
    public func append(_ posting: Posting, award: AwardKey? = nil) throws {
        try append([(posting, award)])
    }

    /// Appends many accepted commands, awards with their keys.
    public func append(_ postings: [(posting: Posting, award: AwardKey?)]) throws {
        var heads = Rows([
            "community_id", "posting_id", "input_hash", "household_id", "award_reference", "award_version", "posted_at",
        ])
        var transfers = Rows([
            "community_id", "transfer_id", "posting_id", "part", "kind", "debit_kind", "credit_kind", "household_id",
            "points", "linked_transfer_id", "item_id", "hold_until", "reference", "posted_at",
        ])
        var lots = Rows(["community_id", "lot_id", "household_id", "reference", "points", "expires_at"])
        var entries = Rows([
            "community_id", "transfer_id", "position", "lot_id", "bucket", "points", "household_id",
        ])
        for (posting, award) in postings {
            let (community, household) = (posting.holder.community, posting.holder.household)
            heads.append(
                community, posting.id.text, posting.inputHash, household, award?.reference, award?.statementVersion,
                posting.postedAt)
            for transfer in posting.transfers {
                transfers.append(
                    community, transfer.id.text, posting.id.text, transfer.id.part, transfer.kind.rawValue,
                    transfer.debit.kind.rawValue, transfer.credit.kind.rawValue, household, transfer.points,
                    transfer.link?.text, transfer.item, transfer.holdUntil, transfer.reference, transfer.postedAt)
                for (position, entry) in transfer.entries.enumerated() {
                    entries.append(
                        community, transfer.id.text, position, entry.lot.text, entry.bucket.rawValue, entry.points,
                        household)
                }
            }
            for lot in posting.lots {
                lots.append(community, lot.id.text, household, lot.reference, lot.amount, lot.expiresAt)
            }
        }
        try raiseAccounts(Set(postings.map(\.posting.holder)))
        try append(heads, to: "posting")
        try append(transfers, to: "transfer")
        try append(lots, to: "lot")
        try append(entries, to: "lot_entry")
    }

    /// Writes the row that every posting to an account writes: a decision on a snapshot that does not show another's
    /// posting cannot be kept.
    private func raiseAccounts(_ holders: Set<AccountHolder>) throws {
        var rows = Rows(["community_id", "household_id", "version"])
        for (community, members) in Dictionary(grouping: holders, by: \.community).sorted(by: { $0.key < $1.key }) {
            let households = members.map(\.household).sorted()
            guard let first = households.first, let last = households.last else { continue }
            let versions = try reader.accountVersions(of: community, from: first, to: last)
            for household in households { rows.append(community, household, (versions[household] ?? 0) + 1) }
        }
        try upsert(rows, into: "account", key: ["community_id", "household_id"])
    }
}

extension Reader {
    fileprivate func accountVersions(
        of community: CommunityID, from first: HouseholdID, to last: HouseholdID
    ) throws -> [HouseholdID: Int64] {
        let versions = try all(
            """
            SELECT household_id, version FROM account
            WHERE community_id = \(community) AND household_id BETWEEN \(first) AND \(last)
            """
        ) { (try $0.id(0) as HouseholdID, try $0.integer(1)) }
        return Dictionary(versions) { first, _ in first }
    }
}
