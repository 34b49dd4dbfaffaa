import Foundation
import Hummingbird
import Ledger
import Operations
import Testing
import Water

@testable import Web

@Suite(.freshDatabases) struct DescriptionTests {
    @Test func `every path and method that is described is routed, and every route for programs is described`()
        async throws
    {
        let fixture = try await WebFixture()
        let routes = buildRouter(fixture.services).routes
        let routed = Set(
            routes.filter { $0.method == .get || $0.method == .post }
                .map { "\($0.method.rawValue) \(described("\($0.path)"))" }
                .filter {
                    $0.contains(" /v1/") || $0.hasSuffix("z") || $0.hasSuffix("/openapi.yaml")
                        || $0.hasSuffix("/metrics")
                })
        #expect(routed == Set(try operations().map(\.name)))
    }

    /// Paths that ask no database, or say that it is away in words of their own.
    private static let standing: Set = ["/healthz", "/readyz", "/metrics", "/openapi.yaml", "/v1/formats"]

    @Test func `every operation lists the refusals that its route shares with others`() throws {
        let ofDatabases: [Problem] = [.server, .sealed]
        let ofBodies: [Problem] = [.brokenBody, .tooSlow, .bodyTooLarge, .unsupportedType("another"), .stopping]
        #expect(Set(ofBodies.map(\.status)) == [400, 408, 413, 415, 503])
        let operations = try operations()
        for operation in operations {
            var needed: Set = [Problem.noHost.status]
            if !Self.standing.contains(operation.path) { needed.formUnion(ofDatabases.map(\.status)) }
            if operation.hasBody { needed.formUnion(ofBodies.map(\.status)) }
            let missing = needed.subtracting(operation.statuses).sorted()
            #expect(missing.isEmpty, "\(operation.name) lacks \(missing)")
            #expect(operation.hasBody == (operation.method == "POST"), "\(operation.name)")
        }
        #expect(operations.count(where: \.hasBody) == 10)
    }

    @Test func `a body that is too large or of another type is answered as its operation lists`() async throws {
        var settings = WebSettings()
        settings.bodyBytes = 64 * 1_024
        let operations = try operations().filter(\.hasBody)
        try await WebFixture(settings).run { client in
            try await client.signInResident(1)
            let desk = client.another()
            try await desk.signInStaff("clerk")
            let tokens = [
                try await client.get("/points").field("csrf"), try await desk.get("/staff").field("csrf"),
            ]
            let large = String(repeating: " ", count: 64 * 1_024 + 1)
            for operation in operations {
                let isOfDesk = operation.path.contains("{id}")
                let sender = isOfDesk ? desk : client
                let path = operation.path.replacing(/\{[a-z]+\}/, with: "none")
                var headers = [
                    "Authorization": "Bearer \(client.fixture.gatewayKey.text)", "Content-Type": "application/json",
                    "X-CSRF-Token": isOfDesk ? tokens[1] : tokens[0],
                ]
                let tooLarge = try await sender.send(.post, path, headers, body: large).status
                headers["Content-Type"] = "text/plain"
                headers["Content-Encoding"] = "br"
                let ofAnother = try await sender.send(.post, path, headers, body: "{}").status
                let isListed = operation.statuses.isSuperset(of: [tooLarge, ofAnother])
                #expect(isListed, "\(operation.name): \(tooLarge), \(ofAnother)")
                // A push and a table are refused for what their addresses name, before their bodies.
                if path.hasPrefix("/v1/push/") || path.hasSuffix("/table") { continue }
                #expect(tooLarge == 413 && ofAnother == 415, "\(operation.name)")
            }
        }
    }

    @Test func `every type that a problem can have is listed with its status, and none besides`() throws {
        let source = try folder("../../Sources/Web")
        let files = try FileManager.default.subpathsOfDirectory(atPath: source.path).filter { $0.hasSuffix(".swift") }
        var told: Set<String> = []
        for file in files {
            let text = try String(contentsOf: source.appendingPathComponent(file), encoding: .utf8)
            for match in text.matches(of: /(?:Problem|self\.init)\(\s*"([a-z]+(?:-[a-z]+)*)", ([0-9]{3}),/) {
                told.insert("\(match.1) \(match.2)")
            }
        }
        for refusal in Refusal.allCases {
            let problem = RedemptionRefusal.ledger(refusal).problem
            told.insert("\(problem.name) \(problem.status)")
        }
        let listed = try description().matches(
            of: #/const: /problems/([a-z-]+)(?:,|\n) +description: "([0-9]{3})\./#
        ).map { "\($0.1) \($0.2)" }
        #expect(told.count > 30 && listed.count == Set(listed).count)
        #expect(told == Set(listed))
    }

    @Test func `every member of a statement and of its parts is described`() async throws {
        let schemas = try #require(try description().split(separator: "\n  schemas:\n").last)
        let text = try #require(schemas.split(separator: "\n    Statement:\n").last)
        try await WebFixture().run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            _ = try await client.another().closeOctober()
            try await client.signInResident(3)
            let statement = try await client.get("/v1/statements/2026-10").json()
            for name in statement.keys {
                #expect(text.contains("\n        \(name): { ") || text.contains("\n        \(name):\n"), "\(name)")
            }
            for name in Set(names(in: statement)) { #expect(schemas.contains(" \(name):"), "\(name)") }
        }
    }

    /// The names of all members; those of `findings` are what was found.
    private func names(in value: Any) -> [String] {
        if let list = value as? [Any] { return list.flatMap { names(in: $0) } }
        guard let members = value as? [String: Any] else { return [] }
        return members.flatMap { $0.key == "findings" ? [$0.key] : [$0.key] + names(in: $0.value) }
    }

    @Test func `a month is described as it is read`() throws {
        let found = try description().firstMatch(of: #/\n    Month:\n(?: +.*\n)*? +pattern: "(.+)"\n/#)
        let regex = try Regex(String(try #require(found).1))
        for text in ["1970-01", "1999-12", "2026-10", "9999-12", "0000-01", "1969-12", "2026-00", "2026-13", "2026-1"] {
            #expect((text.firstMatch(of: regex) != nil) == (BillingMonth(text) != nil), "\(text)")
        }
    }

    private func folder(_ path: String) throws -> URL {
        let here = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        return here.appendingPathComponent(path).standardizedFileURL
    }

    private func description() throws -> String {
        try String(contentsOf: folder("../../Sources/Web/Assets/openapi.yaml"), encoding: .utf8)
    }

    /// `/v1/x/:id` as `/v1/x/{id}`.
    private func described(_ path: String) -> String {
        let parts = path.split(separator: "/").map { part -> String in
            if part.hasPrefix(":") { return "{\(part.dropFirst())}" }
            return part.hasPrefix("{") ? String(part) : String(part)
        }
        return "/" + parts.joined(separator: "/")
    }

    /// What the description says of one method of one path.
    private struct Operation: Sendable {
        let path: String
        let method: String
        var hasBody = false
        var statuses: Set<Int> = []

        var name: String { "\(method) \(path)" }
    }

    /// Every operation in the description: paths are indented by two, methods by four, what they hold by six, statuses
    /// by eight. Answers that operations share stand with the first of them, under a name.
    private func operations() throws -> [Operation] {
        let text = try description()
        var found: [Operation] = []
        var shared: [Substring: Set<Int>] = [:]
        var path = ""
        var part: Substring = ""
        var name: Substring?
        for line in text.split(separator: "\n").prefix(while: { $0 != "components:" }) {
            if let match = line.firstMatch(of: /^  (\/[^:]*):$/) { path = String(match.1) }
            if let match = line.firstMatch(of: /^    (get|post):$/) {
                found.append(Operation(path: path, method: match.1.uppercased()))
                part = ""
            }
            guard let last = found.indices.last else { continue }
            if let match = line.firstMatch(of: /^      ([A-Za-z]+):(?: ([&*])([a-z]+)$)?/) {
                (part, name) = (match.1, match.3)
                if part == "requestBody" { found[last].hasBody = true }
                if part == "responses", match.2 == "*", let name { found[last].statuses = shared[name] ?? [] }
            }
            guard part == "responses", let match = line.firstMatch(of: /^        "([0-9]+)":/) else { continue }
            found[last].statuses.insert(try #require(Int(match.1)))
            if let name { shared[name] = found[last].statuses }
        }
        return found
    }
}
