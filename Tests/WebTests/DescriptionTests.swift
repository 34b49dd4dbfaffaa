import Foundation
import Hummingbird
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
        #expect(routed == (try described()))
    }

    /// `/v1/x/:id` as `/v1/x/{id}`.
    private func described(_ path: String) -> String {
        let parts = path.split(separator: "/").map { part -> String in
            if part.hasPrefix(":") { return "{\(part.dropFirst())}" }
            return part.hasPrefix("{") ? String(part) : String(part)
        }
        return "/" + parts.joined(separator: "/")
    }

    /// `METHOD /path` of every operation in the description: paths are indented by two, methods by four.
    private func described() throws -> Set<String> {
        let source = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        let text = try String(
            contentsOf: source.appendingPathComponent("../../Sources/Web/Assets/openapi.yaml"), encoding: .utf8)
        var found: Set<String> = []
        var path = ""
        for line in text.split(separator: "\n") {
            if let match = line.firstMatch(of: /^  (\/[^:]*):$/) { path = String(match.1) }
            if let match = line.firstMatch(of: /^    (get|post):$/) {
                found.insert("\(match.1.uppercased()) \(path)")
            }
        }
        return found
    }
}
