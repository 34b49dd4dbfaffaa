import Foundation
import Hummingbird
import Operations
import Testing
import Water

@testable import Ingest
@testable import Web

/// What is read and told of a push whose sender is not proved, and of one that cannot be read.
@Suite(.freshDatabases) struct PushGuardTests {
    private static let token = "0123456789s3cret"

    /// `ctwing` and `chirpstack` are proved by their addresses, `onenet` by its body alone.
    private func fixture(_ settings: WebSettings = WebSettings(), oneNET more: [SenderProof] = []) async throws
        -> WebFixture
    {
        let key = try SealKey(base64: Data(repeating: 7, count: 32).base64EncodedString())
        let fixture = try await WebFixture(settings, sealKey: key)
        let token = SenderProof.query(name: "token", value: Self.token)
        let set = SetGatewayPush(database: fixture.services.database, key: key)
        var random = SystemRandomNumberGenerator()
        let platforms: [(Platform, [SenderProof])] = [
            (.ctwing, [token]), (.chirpstack, [token]), (.onenet, [SenderProof.signature(token: "our-token")] + more),
        ]
        for (platform, proofs) in platforms {
            try await set(
                "north", platform: platform, secrets: PushSecrets(proofs: proofs),
                mapping: "kind: properties\nmeter: @device\nregister: v\nunit: L", file: "test", at: WebFixture.now,
                using: &random
            ).get()
        }
        return fixture
    }

    private static let silent = #"{"messageType":"deviceOnlineOfflineReport"}"#

    @Test func `a wrong proof in the head is answered before the body is asked for`() async throws {
        try await live(try await fixture()) { port, _ in
            for (token, status) in [("wrong", 401), (Self.token, 100)] {
                let client = RawConnection(port: port)
                await client.send(
                    """
                    POST /v1/push/ctwing/north?token=\(token) HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\
                    Content-Length: 10\r\n\r\n
                    """)
                let answer = await client.receive(until: "\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            }
        }
    }

    @Test func `a body that alone can prove its sender ends when a stranger's time is up`() async throws {
        try await live(try await fixture(), ConnectionBounds(restMilliseconds: 50)) { port, _ in
            let client = RawConnection(port: port)
            await client.send("POST /v1/push/onenet/north HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
            let answer = await client.receive()
            #expect(answer.hasPrefix("HTTP/1.1 408 ") && answer.contains("Connection: close"), "\(answer)")
        }
    }

    @Test func `strangers use up a budget of their own`() async throws {
        var settings = WebSettings()
        settings.strangersBytesAtOnce = 10
        let address = "/v1/push/onenet/north"
        try await fixture(settings).run { client in
            let busy = try await client.send(.post, address, body: Self.silent)
            #expect(busy.status == 503 && busy.header("Retry-After") == "1", "\(busy.text)")
            let proved = try await client.send(.post, "/v1/push/ctwing/north?token=\(Self.token)", body: Self.silent)
            #expect(proved.status == 200, "\(proved.text)")
            #expect(client.fixture.services.limits.strangersBodies.take(10), "room is given back")
        }
        // A secret in the address tells OneNET's pushes from strangers' before they are read.
        let token = SenderProof.query(name: "token", value: Self.token)
        try await fixture(settings, oneNET: [token]).run { client in
            let read = try await client.send(.post, "\(address)?token=\(Self.token)", body: Self.silent)
            #expect(read.status == 400, "\(read.text)")
        }
    }

    @Test func `wrong proofs of a peer run out for one gateway, and shut nobody else out`() async throws {
        var settings = WebSettings()
        settings.triesPerPeer = 3
        settings.trustsForwardedFor = true
        try await fixture(settings).run { client in
            func answer(_ platform: String, _ token: String, from peer: String) async throws -> Answer {
                try await client.send(
                    .post, "/v1/push/\(platform)/north?token=\(token)", ["X-Forwarded-For": peer], body: Self.silent)
            }
            #expect(try await answer("ctwing", "wrong", from: "192.0.2.1").status == 401)
            #expect(try await answer("ctwing", Self.token, from: "192.0.2.1").status == 200)
            for body in [#"{"msg":{},"nonce":"n","signature":"s"}"#, "no JSON"] {
                let status = try await client.send(
                    .post, "/v1/push/onenet/north", ["X-Forwarded-For": "192.0.2.1"], body: body
                ).status
                #expect(status == (body == "no JSON" ? 400 : 401))
            }
            for (platform, token) in [("ctwing", "wrong"), ("ctwing", Self.token), ("onenet", "")] {
                let late = try await answer(platform, token, from: "192.0.2.1")
                #expect(late.status == 429 && late.header("Retry-After") == "300", "\(late.text)")
            }
            #expect(try await answer("ctwing", Self.token, from: "192.0.2.2").status == 200)
        }
    }

    @Test func `the methods that an address of pushes takes are those that its platform uses`() async throws {
        try await fixture().run { client in
            let query = "?token=\(Self.token)"
            let ofNone = [("/v1/push/ctwing/north\(query)", "POST"), ("/v1/push/onenet/north", "GET, HEAD, POST")]
            for (address, allowed) in ofNone {
                for method in [HTTPRequest.Method.put, .options, .delete] {
                    let answer = try await client.send(method, address)
                    #expect(answer.status == 405 && answer.header("Allow") == allowed, "\(method) \(address)")
                }
            }
            for method in [HTTPRequest.Method.get, .head] {
                let answer = try await client.send(method, "/v1/push/ctwing/north\(query)")
                #expect(answer.status == 405 && answer.header("Allow") == "POST", "\(method)")
                let checked = try await client.send(method, "/v1/push/onenet/north")
                #expect(checked.status == 401, "\(method)")
                #expect(checked.header("WWW-Authenticate") == #"Push realm="jieshui""#)
            }
            #expect(try await client.send(.put, "/v1/push/nobody/north").status == 404)
        }
    }

    @Test func `where every request seems to come from the proxy no proof is counted`() async throws {
        var settings = WebSettings()
        settings.triesPerPeer = 1
        settings.isBehindTLS = true
        try await fixture(settings).run { client in
            for _ in 0..<3 {
                let wrong = try await client.send(.post, "/v1/push/ctwing/north?token=wrong", body: Self.silent)
                #expect(wrong.status == 401)
            }
        }
    }

    @Test func `a push that cannot be read says where, as any other body`() async throws {
        try await fixture().run { client in
            let broken = try await client.send(
                .post, "/v1/push/ctwing/north?token=\(Self.token)", body: #"{"messageType":"#)
            #expect(broken.status == 400 && broken.text.contains("/problems/malformed-body"), "\(broken.text)")
            let json = try broken.json()
            let errors = try #require(json["errors"] as? [[String: Any]])
            #expect(json["detail"] == nil && errors.count == 1)
            #expect(errors.first?["offset"] as? Int == 15, "\(broken.text)")
            #expect((errors.first?["reason"] as? String)?.contains("byte") == false, "\(broken.text)")
        }
    }

    @Test func `ChirpStack's address names the kind of message, and its body is JSON`() async throws {
        try await fixture().run { client in
            let address = "/v1/push/chirpstack/north?token=\(Self.token)"
            let unnamed = try await client.send(.post, address, body: "{}")
            #expect(unnamed.status == 400 && unnamed.text.contains("/problems/bad-request"), "\(unnamed.text)")
            let errors = try #require(try unnamed.json()["errors"] as? [[String: String]])
            #expect(errors == [["field": "event", "reason": "is missing: ?event=up"]])
            let packed = try await client.send(
                .post, "\(address)&event=up", ["Content-Type": "application/octet-stream"], body: "\u{0A}\u{02}ab")
            #expect(packed.status == 415 && packed.text.contains("application/json"), "\(packed.text)")
            let joined = try await client.send(.post, "\(address)&event=join", body: "{}")
            #expect(joined.status == 200, "\(joined.text)")
            let doubled = [
                ("event=join&event=up", "is given twice"), ("event=up?event=join", "has a second ? in it"),
                ("event=up&event=up%3Ftoken%3Dx", "is given twice"),
            ]
            for (query, reason) in doubled {
                let answer = try await client.send(.post, "\(address)&\(query)", body: "{}")
                let errors = try #require(try answer.json()["errors"] as? [[String: String]])
                #expect(answer.status == 400 && errors.first?["field"] == "event", "\(answer.text)")
                #expect(errors.first?["reason"]?.hasPrefix(reason) == true, "\(answer.text)")
            }
            let other = try await client.send(.post, "\(address)&event=join&tenant=a&tenant=b", body: "{}")
            #expect(other.status == 200, "what a platform adds is passed over: \(other.text)")
        }
    }
}
