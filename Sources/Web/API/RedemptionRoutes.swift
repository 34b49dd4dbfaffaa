import Database
import Hummingbird
import Ledger
import Operations
import Storage
import Water

/// Redemptions for programs: a resident holds an item, staff confirm or void it by its desk code.
struct RedemptionRoutes: Sendable {
    let services: WebServices

    func add(to router: Router<WebContext>) {
        router.post("v1/redemptions") { request, _ in try await hold(request) }
        router.post("v1/redemptions/:id/confirm") { request, context in
            try await close(request, try context.parameters.require("id"), as: .confirmed)
        }
        router.post("v1/redemptions/:id/void") { request, context in
            try await close(request, try context.parameters.require("id"), as: .voided)
        }
    }

    private func hold(_ request: Request) async throws -> Response {
        let now = services.now()
        let resident = try await services.resident(request, at: now)
        try request.requireQuery(of: [])
        try services.requireToken(request, resident.csrf)
        let body = try await services.readJSON(request)
        let id = try body.postingID("id")
        let item = ItemID(try body.whole("item_id"))
        let seen = try body.wholeIfPresent("points").map { Points($0) }
        let answer = try await services.hold(id, item, seen: seen, for: resident, at: now)
        return .json(try answer.orProblem().json, status: 201)
    }

    private func close(_ request: Request, _ id: String, as state: RedemptionRow.State) async throws -> Response {
        let now = services.now()
        let clerk = try await services.clerk(request, at: now)
        try request.requireQuery(of: [])
        try services.requireToken(request, clerk.csrf)
        let body = try await services.readJSON(request)
        let (code, desk) = (try body.text("community"), try body.text("desk_code"))
        guard let community = clerk.communities.first(where: { $0.code == code }) else {
            var problem = Problem.outOfScope
            problem.errors = [.init(field: "community", reason: "is none that the caller serves")]
            throw problem
        }
        guard let found = try await services.redemption(code: desk, in: community.id, by: clerk, at: now) else {
            throw Problem.noSuchRedemption("desk_code", "is no redemption's that the caller serves")
        }
        guard found.id.text == id else { throw RedemptionRefusal.noSuchRedemption.problem }
        let ended = try await services.close(found, as: state, by: clerk, at: now).orProblem()
        var members = ended.members
        members["ended_before"] = .bool(ended.wasEnded(before: now, by: clerk.member.id, seenAs: found))
        return .json(.object(members))
    }
}

extension JSONBody {
    /// An id that the client made. `.` and `..` would be no part of an address: clients drop them from it.
    fileprivate func postingID(_ name: String) throws -> PostingID {
        let text = try text(name)
        guard let id = PostingID(text), text != ".", text != ".." else {
            throw Problem.badRequest(name, "must be 1 to 64 of 0-9 A-Z a-z - _ . and more than one or two full stops")
        }
        return id
    }
}

extension WebServices {
    /// Sets an item aside with one of five fresh desk codes.
    func hold(
        _ id: PostingID, _ item: ItemID, seen: Points?, for resident: Resident, at now: Instant
    ) async throws -> Result<RedemptionRow, RedemptionRefusal> {
        var random = SystemRandomNumberGenerator()
        let codes = (0..<5).map { _ in Secret.handCode(using: &random).text }
        let holder = AccountHolder(community: resident.household.community, household: resident.household.id)
        return try await HoldItem(database: database, terms: terms)(
            id, item: item, seen: seen, for: holder, codes: codes, at: now)
    }

    /// The redemption a desk code names, of a household in the member's area. A wrong code counts as a
    /// try of the member of staff.
    func redemption(
        code: String, in community: CommunityID, by clerk: Clerk, at now: Instant
    ) async throws -> RedemptionRow? {
        // Counted first, so that parallel guesses cannot share a try; a code that is right costs none.
        let subject = "desk:\(clerk.member.id)"
        if let wait = limits.subjects.spend(subject, at: now) { throw Problem.tooManyTries(after: wait) }
        guard let code = HandCode.read(code) else { return nil }
        let found: RedemptionRow? = try await database.read { reader in
            guard let row = try reader.redemption(deskCode: code.text, in: community),
                let home = try reader.household(row.holder.household, in: community), clerk.covers(home.area)
            else { return nil }
            return row
        }
        if found != nil { limits.subjects.giveBack(subject, at: now) }
        return found
    }

    func close(
        _ row: RedemptionRow, as state: RedemptionRow.State, by clerk: Clerk, at now: Instant
    ) async throws -> Result<RedemptionRow, RedemptionRefusal> {
        let close = CloseRedemption(database: database, terms: terms)
        let staff = clerk.member.id
        return state == .confirmed
            ? try await close.confirm(row.id, in: row.holder.community, by: staff, at: now)
            : try await close.void(row.id, in: row.holder.community, by: staff, reason: "desk", at: now)
    }
}

extension RedemptionRow {
    /// Another desk, or an earlier request, ended it as it was to be ended by `staff` at `now`: there is nothing to hand over.
    func wasEnded(before now: Instant, by staff: StaffID, seenAs earlier: RedemptionRow) -> Bool {
        earlier.state == state || endedAt != now || endedBy != staff
    }

    var json: CanonicalJSON { .object(members) }

    fileprivate var members: [String: CanonicalJSON] {
        [
            "id": .string(id.text), "item_id": .integer(item.value), "points": .integer(points.count),
            "desk_code": .string(deskCode), "held_at": .string(heldAt.utc), "hold_until": .string(holdUntil.utc),
            "state": .string(state.rawValue), "ended_at": .optional(endedAt?.utc),
        ]
    }
}

extension RedemptionRefusal {
    /// The one table from refusals to answers.
    var problem: Problem {
        switch self {
        case .noSuchItem:
            Problem(
                "no-such-item", 404, "The community offers no such item.",
                errors: [.init(field: "item_id", reason: "is none that the community offers")])
        case .priceHasChanged:
            Problem(
                "price-changed", 409, "The item costs other points now.",
                errors: [.init(field: "points", reason: "are not what the item costs")])
        case .noSuchRedemption: .noSuchRedemption("id", "is not the redemption's")
        case .codesAreTaken: .busy("No desk code was free.", after: 1)
        case .ledger(let refusal):
            Problem(
                refusal.rawValue.replacing("_", with: "-"), 409, "The ledger refuses this.",
                errors: [.init(field: refusal.field, reason: refusal.rawValue)])
        }
    }

    /// The key of the words for people.
    var textKey: String {
        switch self {
        case .noSuchItem: "refused_unknown_item"
        case .priceHasChanged: "refused_price_changed"
        case .ledger(.exceedsBalance): "refused_exceeds_balance"
        case .ledger(.outOfStock): "refused_out_of_stock"
        case .ledger(.tooManyOpenHolds): "refused_too_many_open_holds"
        case .ledger(.holdIsNotOpen): "refused_hold_is_not_open"
        case .ledger(.holdHasExpired): "refused_hold_has_expired"
        case .noSuchRedemption, .codesAreTaken, .ledger: "refused_other"
        }
    }
}

extension Refusal {
    /// The field of a request that it speaks of; nil where it speaks of the account.
    fileprivate var field: String? {
        switch self {
        case .idReusedWithOtherInput, .holdIsNotOpen, .holdHasExpired, .holdHasNotExpired: "id"
        case .crossesCommunities, .outOfStock, .nothingIsReserved: "item_id"
        case .pointsAreOutOfRange, .exceedsBalance: "points"
        case .accountIsAnother, .reasonIsTooLong, .laterVersionIsPosted, .tooManyOpenHolds, .nothingToExpire,
            .communityIsTheSame, .holdsAreOpen:
            nil
        }
    }
}

extension Problem {
    static func noSuchRedemption(_ field: String, _ reason: String) -> Problem {
        Problem(
            "no-such-redemption", 404, "There is no such redemption.", errors: [Entry(field: field, reason: reason)])
    }
}

extension Result where Failure == RedemptionRefusal {
    func orProblem() throws -> Success {
        switch self {
        case .success(let value): return value
        case .failure(let refusal): throw refusal.problem
        }
    }
}
