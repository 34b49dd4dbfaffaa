import Database
import Foundation
import Hummingbird
import HummingbirdTesting
import Operations
import Storage
import Testing
import Water

@testable import Web

/// What came back.
struct Answer: Sendable {
    let status: Int
    let text: String
    private let fields: [(String, String)]

    init(_ response: TestResponse) {
        status = response.status.code
        text = String(buffer: response.body)
        fields = response.headers.map { ($0.name.canonicalName, $0.value) }
    }

    func header(_ name: String) -> String? { fields.first { $0.0 == name.lowercased() }?.1 }
    var cookies: [String] { fields.filter { $0.0 == "set-cookie" }.map(\.1) }

    /// A member of a JSON object.
    func json() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// The value of the form's hidden field.
    func field(_ name: String) throws -> String {
        let found = try #require(try Regex("name=\"\(name)\" value=\"([^\"]*)\"").firstMatch(in: text))
        return String(try #require(found.output[1].substring))
    }
}

/// A browser or program that keeps its cookies.
final class WebClient {
    private let client: any TestClientProtocol
    let fixture: WebFixture
    var cookies: [String: String] = [:]

    init(client: any TestClientProtocol, fixture: WebFixture) {
        self.client = client
        self.fixture = fixture
    }

    /// Another browser at the same server.
    func another() -> WebClient { WebClient(client: client, fixture: fixture) }

    func send(
        _ method: HTTPRequest.Method, _ path: String, _ headers: [String: String] = [:], body: String = ""
    ) async throws -> Answer {
        try await send(method, path, headers, bytes: Array(body.utf8))
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, _ headers: [String: String] = [:], bytes: [UInt8]
    ) async throws -> Answer {
        var fields = HTTPFields()
        for (name, value) in headers { fields[try #require(HTTPField.Name(name))] = value }
        if !cookies.isEmpty {
            fields[.cookie] = cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        }
        let answer = try await client.execute(
            uri: path, method: method, headers: fields, body: ByteBuffer(bytes: bytes)
        ) { Answer($0) }
        for cookie in answer.cookies {
            let pair = cookie.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
            cookies[String(pair[0])] = pair.count > 1 ? String(pair[1]) : nil
        }
        return answer
    }

    func get(_ path: String) async throws -> Answer { try await send(.get, path) }

    /// Posts a form with the token of the page that shows it.
    func post(_ path: String, _ values: [String: String], csrf: String) async throws -> Answer {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._")
        let pairs = try values.merging(["csrf": csrf]) { own, _ in own }.map { name, value in
            "\(name)=\(try #require(value.addingPercentEncoding(withAllowedCharacters: allowed)))"
        }
        return try await send(
            .post, path, ["Content-Type": "application/x-www-form-urlencoded"], body: pairs.joined(separator: "&"))
    }

    /// Posts a form, and where something is asked about first, once more with the answer.
    func postSurely(_ path: String, _ values: [String: String], csrf: String) async throws -> Answer {
        let answer = try await post(path, values, csrf: csrf)
        guard answer.text.contains(#"name="sure""#) else { return answer }
        return try await post(path, values.merging(["sure": try answer.field("sure")]) { $1 }, csrf: csrf)
    }

    func postReadings(_ body: String, type: String = "application/json") async throws -> Answer {
        try await send(
            .post, "/v1/readings",
            ["Authorization": "Bearer \(fixture.gatewayKey.text)", "Content-Type": type], body: body)
    }

    func signInStaff(_ name: String) async throws {
        if try await fixture.services.database.read({ try $0.staff(name: name) }) == nil {
            try await fixture.addStaff(name)
        }
        let page = try await get("/staff/sign-in")
        let answer = try await post(
            "/staff/sign-in", ["name": name, "password": WebFixture.password.text], csrf: try page.field("csrf"))
        try #require(answer.status == 303)
    }

    func signInResident(_ home: Int) async throws {
        var random = SystemRandomNumberGenerator()
        let code = Secret.handCode(using: &random)
        _ = try await MakeSignInCode(database: fixture.services.database)(
            WebFixture.number(home), code: code, at: WebFixture.now
        ).get()
        let page = try await get("/sign-in")
        let answer = try await post(
            "/sign-in", ["number": WebFixture.number(home), "code": HandCode.printed(code).lowercased()],
            csrf: try page.field("csrf"))
        try #require(answer.status == 303)
    }

    func closeOctober() async throws -> Answer {
        try await signInStaff("admin")
        let preview = try await get("/staff/close?month=2026-10")
        return try await postSurely("/staff/close", ["month": "2026-10"], csrf: try preview.field("csrf"))
    }
}
