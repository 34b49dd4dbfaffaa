public import Database
public import Ledger
public import Storage
public import Water

/// Why a redemption is refused. The ledger's reasons, and what the ledger does not know.
public enum RedemptionRefusal: Error, Sendable, Hashable {
    case ledger(Refusal)
    /// The community has no such item, or no longer offers it.
    case noSuchItem
    /// It costs other points than the resident saw.
    case priceHasChanged
    /// No redemption bears the id or code in a community of the asker.
    case noSuchRedemption
    /// Every code offered is taken: ask again with others.
    case codesAreTaken
}

/// Sets a household's points aside for an item and gives it a desk code; stock is reserved with the hold.
public struct HoldItem: Sendable {
    let database: Database
    let terms: LedgerTerms

    public init(database: Database, terms: LedgerTerms) {
        self.database = database
        self.terms = terms
    }

    /// - Parameters:
    ///   - id: chosen by the client and kept by it before asking; a repeat gets the first answer.
    ///   - seen: the points that the resident saw it for; nil takes what it costs.
    ///   - codes: desk codes made at the edge; the first one that is free in the community is taken.
    public func callAsFunction(
        _ id: PostingID, item: ItemID, seen: Points? = nil, for holder: AccountHolder, codes: [String], at: Instant
    ) async throws -> Result<RedemptionRow, RedemptionRefusal> {
        // Two holds of one item, or of one account, both write its row: one is decided again. A repeat finds its posting.
        try await database.write(repeatable: true) { transaction in
            let reader = transaction.reader
            // An id that is taken was taken with an item that there is.
            let earlier = try reader.posting(id, in: holder.community)
            guard let row = try reader.items(of: holder.community).first(where: { $0.id == item }) else {
                return .failure(earlier == nil ? .noSuchItem : .ledger(.idReusedWithOtherInput))
            }
            let state = try reader.accountState(of: holder)
            if earlier == nil, row.isWithdrawn { return .failure(.noSuchItem) }
            if earlier == nil, let seen, seen != row.points { return .failure(.priceHasChanged) }
            // A retry after a price change repeats the price agreed to.
            let agreed = try reader.redemption(id, in: holder.community)?.points ?? row.points
            let answer = state.decide(
                .hold(id, row.stock, points: agreed), at: at, under: terms, earlier: earlier)
            switch answer {
            case .failure(let refusal): return .failure(.ledger(refusal))
            case .success(.alreadyPosted): break
            case .success(.posted(let posting)):
                guard
                    let code = try codes.first(where: {
                        try reader.redemption(deskCode: $0, in: holder.community) == nil
                    })
                else { return .failure(.codesAreTaken) }
                try transaction.append(posting)
                try transaction.addRedemption(
                    posting, item: item, points: row.points, deskCode: code, until: at + terms.holdSeconds)
            }
            return try reader.redemption(id, in: holder.community).map { .success($0) } ?? .failure(.noSuchRedemption)
        }
    }
}

/// Closes a hold: handed over at the desk, given back, or overdue.
public struct CloseRedemption: Sendable {
    let database: Database
    let terms: LedgerTerms

    public init(database: Database, terms: LedgerTerms) {
        self.database = database
        self.terms = terms
    }

    /// Hands the item over: staff at the desk. A repeat gets the first answer.
    public func confirm(
        _ id: PostingID, in community: CommunityID, by staff: StaffID, at: Instant
    ) async throws -> Result<RedemptionRow, RedemptionRefusal> {
        try await close(id, in: community, .confirm(.confirming(id), hold: id), as: .confirmed, by: staff, at: at)
    }

    /// Gives the points back: staff, or the resident (`staff` nil). A repeat, by either, gets the first answer.
    public func void(
        _ id: PostingID, in community: CommunityID, by staff: StaffID?, reason: String, at: Instant
    ) async throws -> Result<RedemptionRow, RedemptionRefusal> {
        try await close(
            id, in: community, .void(.voiding(id), hold: id, reason: reason), as: .voided, by: staff, at: at)
    }

    /// Gives back the points of holds nobody came for, at most `limit`; returns how many. Processes that do so at once
    /// are safe, for a hold ends once; a lease keeps them from doing it twice for nothing.
    public func expireOverdue(at: Instant, limit: Int = 200) async throws -> Int {
        let overdue = try await database.read { try $0.overdueRedemptions(at: at, limit: limit) }
        var closed = 0
        for (community, id) in overdue {
            do {
                let result = try await close(
                    id, in: community, .expireHold(.expiring(id), hold: id), as: .expired, by: nil, at: at)
                if case .success = result { closed += 1 }
            } catch DatabaseFailure.conflict {
                // Somebody is at this very hold: the next run finds what is left of it.
                continue
            }
        }
        return closed
    }

    private func close(
        _ id: PostingID, in community: CommunityID, _ command: PointsCommand, as state: RedemptionRow.State,
        by staff: StaffID?, at: Instant
    ) async throws -> Result<RedemptionRow, RedemptionRefusal> {
        try await database.write(repeatable: true) { transaction in
            let reader = transaction.reader
            guard let redemption = try reader.redemption(id, in: community) else { return .failure(.noSuchRedemption) }
            // What ended so before is answered as it stands, whoever ended it and for whatever reason.
            if redemption.state == state { return .success(redemption) }
            let account = try reader.accountState(of: redemption.holder)
            let earlier = try reader.posting(command.id, in: community)
            switch account.decide(command, at: at, under: terms, earlier: earlier) {
            case .failure(let refusal): return .failure(.ledger(refusal))
            case .success(.alreadyPosted): return .success(redemption)
            case .success(.posted(let posting)):
                try transaction.append(posting)
                try transaction.endRedemption(redemption, as: state, by: staff, at: at)
                if state == .confirmed {
                    let code = try reader.areaChain(from: community).first?.code ?? ""
                    let fact = ConfirmedRedemption(
                        community: community, communityCode: code, redemptionID: id.text, item: redemption.item,
                        points: redemption.points, deskCode: redemption.deskCode, at: at)
                    try transaction.enqueue(try fact.event())
                }
                return try reader.redemption(id, in: community).map { .success($0) } ?? .failure(.noSuchRedemption)
            }
        }
    }
}

/// Ends the lots whose time is up.
public struct ExpireLots: Sendable {
    let database: Database
    let terms: LedgerTerms

    public init(database: Database, terms: LedgerTerms) {
        self.database = database
        self.terms = terms
    }

    /// At most `limit` households; returns how many had anything to expire. Safe beside holds, awards and other runs:
    /// each posting of an account writes the account's row.
    public func callAsFunction(at: Instant, limit: Int = 200) async throws -> Int {
        let holders = try await database.read { try $0.holdersToExpire(at: at, limit: limit) }
        var expired = 0
        for holder in holders {
            do {
                try await expire(holder, at: at)
                expired += 1
            } catch DatabaseFailure.conflict {
                continue
            }
        }
        return expired
    }

    private func expire(_ holder: AccountHolder, at: Instant) async throws {
        try await database.write(repeatable: true) { transaction in
            let state = try transaction.reader.accountState(of: holder)
            let command = PointsCommand.expireLots(.expiringLots(of: holder, at: at))
            let earlier = try transaction.reader.posting(command.id, in: holder.community)
            if case .success(.posted(let posting)) = state.decide(command, at: at, under: terms, earlier: earlier) {
                try transaction.append(posting)
            }
        }
    }
}
