import Database
import Hummingbird
import Operations
import Storage
import Water

/// A signed-in resident.
struct Resident: Sendable {
    let household: Household
    let csrf: String
    let token: Secret
}

/// A signed-in member of staff with the areas served.
struct Clerk: Sendable {
    let member: StaffMember
    let csrf: String
    let token: Secret
    let areas: AreaTree

    /// The communities in the member's area; for an area below the communities, the one it lies in.
    var communities: [Area] {
        let below = areas.communities(under: member.area)
        guard below.isEmpty else { return below }
        return areas.community(of: member.area).flatMap { areas[$0] }.map { [$0] } ?? []
    }

    func covers(_ area: AreaID) -> Bool { areas.covers(member.area, area) }

    /// True where a meter hangs, or hung, within the member's area.
    func covers(_ place: Placement, _ reader: Reader) throws -> Bool {
        try reader.area(ofPoint: place.usagePoint, in: place.community).map(covers) ?? false
    }

    /// True for a member of a part of a community.
    var servesPart: Bool { areas.communities(under: member.area).isEmpty }

    /// What a member of a part of a community serves; nil is everything in `communities`.
    func part(_ reader: Reader) throws -> Part? {
        guard servesPart else { return nil }
        return Part(
            numbers: Set(
                try communities.flatMap { try reader.householdAreas(of: $0.id).filter { covers($0.value) }.map(\.key) }),
            serials: Set(
                try communities.flatMap { try reader.meterAreas(of: $0.id).filter { covers($0.area) }.map(\.serial) }))
    }

    struct Part: Sendable {
        /// Of households.
        let numbers: Set<String>
        /// Of meters, wherever they hung there and when.
        let serials: Set<String>
    }

    var isCityAdministrator: Bool { member.role == .administrator && member.area == areas.city?.id }
}

extension WebServices {
    static let sessionCookie = "jieshui_session"
    static let formCookie = "jieshui_form"
    static let languageCookie = "jieshui_lang"

    /// Who is signed in; nil for nobody.
    func session(_ request: Request, at: Instant) async throws -> (session: Session, token: Secret)? {
        guard let text = request.cookies[WebServices.sessionCookie]?.value, text.utf8.count <= 128 else { return nil }
        let token = Secret(text)
        return try await database.read { try $0.session(tokenHash: token.hash, at: at) }.map { ($0, token) }
    }

    /// The signed-in resident; throws `SignInNeeded` where there is none.
    func resident(_ request: Request, at: Instant) async throws -> Resident {
        guard let (session, token) = try await session(request, at: at),
            case .resident(let household, let community) = session.subject,
            let home = try await database.read({ try $0.household(household, in: community) })
        else { throw SignInNeeded(audience: .resident) }
        return Resident(household: home, csrf: session.csrfToken, token: token)
    }

    /// The signed-in member of staff; throws `SignInNeeded` where there is none.
    func clerk(_ request: Request, at: Instant) async throws -> Clerk {
        guard let (session, token) = try await session(request, at: at), case .staff(let id) = session.subject else {
            throw SignInNeeded(audience: .staff)
        }
        let found = try await database.read { reader in
            try reader.staff(id).map { ($0, try reader.areaTree()) }
        }
        guard let (member, areas) = found else { throw SignInNeeded(audience: .staff) }
        return Clerk(member: member, csrf: session.csrfToken, token: token, areas: areas)
    }

    /// Throws 403 unless the two are the same.
    func requireSame(_ given: String, _ expected: String) throws {
        guard isSame(given, expected) else { throw Problem.formExpired }
    }

    /// Throws 403 unless a program's request carries the session's token.
    func requireToken(_ request: Request, _ expected: String) throws {
        let given = request.header("X-CSRF-Token") ?? ""
        guard isSame(given, expected) else { throw Problem.noToken(isMissing: given.isEmpty) }
    }

    /// In time that does not tell how far they agree.
    private func isSame(_ given: String, _ expected: String) -> Bool {
        let (a, b) = (Array(sha256Hex(Array(given.utf8)).utf8), Array(sha256Hex(Array(expected.utf8)).utf8))
        var difference: UInt8 = 0
        for (x, y) in zip(a, b) { difference |= x ^ y }
        return difference == 0 && !given.isEmpty
    }

    /// The token of forms shown before anyone is signed in: the browser's own, or a new one.
    func formToken(_ request: Request) -> (token: String, isNew: Bool) {
        if let token = request.cookies[WebServices.formCookie]?.value, (32...128).contains(token.utf8.count) {
            return (token, false)
        }
        var random = SystemRandomNumberGenerator()
        return (Secret.token(using: &random).text, true)
    }

    /// Throws 403 unless a form posted before sign-in carries its browser's token.
    func requireFormToken(_ form: Form, _ request: Request) throws {
        try requireSame(form.raw("csrf"), request.cookies[WebServices.formCookie]?.value ?? "")
    }

    /// An id for one form, made with its page: a form sent twice does one thing.
    static func formID() -> String {
        var random = SystemRandomNumberGenerator()
        return "web-\(UInt64.random(in: .min ... .max, using: &random))"
    }

    func setCookie(_ name: String, _ value: String, seconds: Int64?, strict: Bool = false, on response: inout Response)
    {
        var text = "\(name)=\(value); Path=/; HttpOnly; SameSite=\(strict ? "Strict" : "Lax")"
        if let seconds { text += "; Max-Age=\(seconds)" }
        if settings.isBehindTLS { text += "; Secure" }
        response.add("Set-Cookie", text)
    }

    func endCookie(_ name: String, on response: inout Response) { setCookie(name, "", seconds: 0, on: &response) }
}
