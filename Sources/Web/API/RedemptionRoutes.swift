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

    private struct HoldBody: Decodable {
        let id: String
        let item: WholeNumber
        let points: WholeNumber?

        enum CodingKeys: String, CodingKey {
            case id, points
            case item = "item_id"
        }
    }

    private func hold(_ request: Request) async throws -> Response {
        let now = services.now()
        let resident = try await services.resident(request, at: now)
        try request.requireQuery(of: [])
        try services.requireSame(request.header("X-CSRF-Token") ?? "", resident.csrf)
        let body = try await services.readJSON(HoldBody.self, request)
        guard let id = PostingID(body.id) else {
            throw Problem.badRequest("id", "must be 1 to 64 of 0-9 A-Z a-z - _ .")
        }
        let answer = try await services.hold(
            id, ItemID(body.item.value), seen: body.points.map { Points($0.value) }, for: resident, at: now)
        return .json(try answer.orProblem().json, status: 201)
    }

    private struct DeskBody: Decodable {
        let community: String
        let code: String

        enum CodingKeys: String, CodingKey {
            case community
            case code = "desk_code"
        }
    }

    private func close(_ request: Request, _ id: String, as state: RedemptionRow.State) async throws -> Response {
        let now = services.now()
        let clerk = try await services.clerk(request, at: now)
        try request.requireQuery(of: [])
        try services.requireSame(request.header("X-CSRF-Token") ?? "", clerk.csrf)
        let body = try await services.readJSON(DeskBody.self, request)
        guard let community = clerk.communities.first(where: { $0.code == body.community }) else {
            throw Problem.outOfScope
        }
        let found = try await services.redemption(code: body.code, in: community.id, by: clerk, at: now)
        guard let found, found.id.text == id else { throw RedemptionRefusal.noSuchRedemption.problem }
        return .json(try await services.close(found, as: state, by: clerk, at: now).orProblem().json)
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
    var json: CanonicalJSON {
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
        case .noSuchItem: Problem("no-such-item", 404, "The community offers no such item.")
        case .priceHasChanged:
            Problem(
                "price-changed", 409, "The item costs other points now.",
                errors: [.init(field: "points", reason: "are not what the item costs")])
        case .noSuchRedemption: Problem("no-such-redemption", 404, "There is no such redemption.")
        case .codesAreTaken: .busy("No desk code was free.", after: 1)
        case .ledger(let refusal):
            Problem(
                refusal.rawValue.replacing("_", with: "-"), 409, "The ledger refuses this.",
                errors: [.init(reason: refusal.rawValue)])
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

extension Result where Failure == RedemptionRefusal {
    func orProblem() throws -> Success {
        switch self {
        case .success(let value): return value
        case .failure(let refusal): throw refusal.problem
        }
    }
}
