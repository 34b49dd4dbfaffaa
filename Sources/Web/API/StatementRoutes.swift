import Database
import Hummingbird
import Operations
import Scoring
import Storage
import Water

/// Statements as data: a home's own, and a community's for the systems entitled to pull them.
struct StatementRoutes: Sendable {
    let services: WebServices
    static let pageSize = 500
    /// Months of a home that a list has.
    static let listSize = 120

    func add(to router: Router<WebContext>) {
        router.get("v1/statements") { request, _ in try await list(request) }
        router.get("v1/outlook") { request, _ in try await outlook(request) }
        router.get("v1/statements/:month") { request, context in
            try await own(request, try context.parameters.require("month"))
        }
        router.get("v1/statements/:month/explain") { request, context in
            try await explanations(request, try context.parameters.require("month"))
        }
        router.get("v1/communities/:code/statements") { request, context in
            try await page(request, try context.parameters.require("code"))
        }
    }

    /// The months a resident has statements of, a page at a time.
    private func list(_ request: Request) async throws -> Response {
        let home = try await services.resident(request, at: services.now()).household
        try request.requireQuery(of: ["after"])
        let after = try request.query("after").map { try month($0, of: "after") }
        let months = try await services.database.read {
            try $0.statementMonths(
                of: home.id, in: home.community, before: after, limit: StatementRoutes.listSize)
        }
        let isFull = months.count == StatementRoutes.listSize
        return .json([
            "household": .string(home.number),
            "next": isFull ? .optional(months.last?.month.description) : .null,
            "statements": .array(
                months.map { ["month": .string($0.month.description), "version": .integer($0.version)] }),
        ])
    }

    /// The signed-in home's month under way.
    private func outlook(_ request: Request) async throws -> Response {
        let now = services.now()
        let home = try await services.resident(request, at: now).household
        try request.requireQuery(of: [])
        let running = services.closeMonth.runningMonth
        let found = try await services.database.read { try running(home, at: now, $0) }
        return .json(["household": .string(home.number), "outlook": found?.json ?? .null])
    }

    private func month(_ text: String, of field: String) throws -> BillingMonth {
        guard let month = BillingMonth(text) else {
            throw Problem.badRequest(field, "is no month YYYY-MM from 1970-01 to 9999-12")
        }
        return month
    }

    /// A statement's canonical bytes.
    private func own(_ request: Request, _ text: String) async throws -> Response {
        let found = try await stored(request, text)
        return request.answer(Array(found.body.utf8), hash: found.hash)
    }

    /// How each figure of a statement came about.
    private func explanations(_ request: Request, _ text: String) async throws -> Response {
        let found = try await stored(request, text)
        let statement = try Statement(bytes: Array(found.body.utf8))
        return .json([
            "household": .string(statement.household), "month": .string(statement.month.description),
            "version": .integer(Int64(statement.version)), "hash": .string(found.hash),
            "explanations": .array(explain(statement).map(\.json)),
        ])
    }

    private func stored(_ request: Request, _ text: String) async throws -> StoredStatement {
        let home = try await services.resident(request, at: services.now()).household
        try request.requireQuery(of: ["version"])
        let month = try month(text, of: "month")
        let version = try request.version()
        let (found, newest) = try await services.database.read { reader in
            (
                try reader.statement(of: home.id, in: home.community, month, version: version),
                try reader.statement(of: home.id, in: home.community, month)
            )
        }
        guard let found else { throw Problem.noSuchStatement(newest == nil ? "month" : "version") }
        return found
    }

    /// One page of a community's newest statements, by household number, for a target with a pull key.
    private func page(_ request: Request, _ code: String) async throws -> Response {
        guard let key = request.bearer,
            let target = try await services.database.read({ try $0.target(pullKeyHash: key.hash) }), target.isEntitled
        else { throw Problem.noKey }
        guard target.disabledAt == nil else { throw Problem.targetDisabled }
        try request.requireQuery(of: ["month", "after"])
        guard let text = request.query("month") else {
            throw Problem.badRequest("month", "is required: ?month=YYYY-MM")
        }
        let month = try month(text, of: "month")
        let after = request.query("after") ?? ""
        let page = try await services.database.read { reader -> PulledPage? in
            guard let area = try reader.area(code: code), area.kind == .community,
                try reader.areaChain(from: area.id).contains(where: { $0.id == target.area })
            else { return nil }
            let rows = try reader.statements(of: area.id, month, after: after, limit: StatementRoutes.pageSize)
            let isClosed = try !rows.isEmpty || !reader.statements(of: area.id, month, after: "", limit: 1).isEmpty
            return PulledPage(
                isClosed: isClosed,
                rows: rows.map {
                    StatementOfNumber(number: $0.number, body: $0.statement.body, hash: $0.statement.hash)
                })
        }
        // A community outside the target's area is as unknown to it as one that does not exist.
        guard let page else { throw Problem.notFound }
        let bytes = body(of: page, code, month)
        return request.answer(bytes, hash: sha256Hex(bytes))
    }

    private struct PulledPage: Sendable {
        /// Statements of the community's month were issued, be they on this page or not.
        let isClosed: Bool
        let rows: [StatementOfNumber]
    }

    private struct StatementOfNumber: Sendable {
        let number: String
        let body: String
        let hash: String
    }

    /// Canonical bodies are joined as they are: their hashes stay checkable.
    private func body(of page: PulledPage, _ code: String, _ month: BillingMonth) -> [UInt8] {
        var out: [UInt8] = []
        let rows = page.rows
        let isFull = rows.count == StatementRoutes.pageSize
        let next: CanonicalJSON = isFull ? .optional(rows.last?.number) : .null
        out += Array("{\"closed\":\(page.isClosed),\"community\":\(CanonicalJSON.string(code).text)".utf8)
        out += Array(",\"month\":\"\(month)\"".utf8)
        out += Array(",\"next\":\(next.text),\"statements\":[".utf8)
        for (index, row) in rows.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out += Array("{\"household\":\(CanonicalJSON.string(row.number).text),\"hash\":\"\(row.hash)\"".utf8)
            out += Array(",\"statement\":".utf8) + Array(row.body.utf8) + Array("}".utf8)
        }
        return out + Array("]}".utf8)
    }
}

extension Request {
    /// `?version=`: from 1; nil for the newest.
    func version() throws -> Int64? {
        guard let text = query("version") else { return nil }
        guard let version = Int64(text), version >= 1 else {
            throw Problem.badRequest("version", "is no number from 1")
        }
        return version
    }
}

extension Request {
    /// JSON under the tag of its hash; 304 where the client has the same.
    fileprivate func answer(_ bytes: [UInt8], hash: String) -> Response {
        let tag = "\"\(hash)\""
        var response =
            hasTag(tag) ? Response(status: .notModified) : Response.bytes(bytes, type: "application/json")
        response.set("ETag", tag)
        return response
    }

    /// `If-None-Match` names the tag, weak or not, or any.
    private func hasTag(_ tag: String) -> Bool {
        (header("If-None-Match") ?? "").split(separator: ",").map { $0.drop { $0 == " " } }.contains { text in
            let bare = text.hasPrefix("W/") ? text.dropFirst(2) : text
            return bare == "*" || bare.prefix { $0 != " " } == tag
        }
    }
}
