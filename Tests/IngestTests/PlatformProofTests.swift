import Foundation
import Ingest
import Testing
import Water

@Suite struct PlatformProofTests {
    @Test func `Tencent's published signature is believed within its window and nowhere else`() throws {
        guard let data = try sharedData("envelopes/tencent_iot_signature_known_answer.json") else { return }
        let answer = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let headers = try #require(answer["headers"] as? [String: String])
        let secrets = PushSecrets(proofs: [.signature(token: try #require(answer["token"] as? String))])
        let signedAt = try #require(Int64(headers["Timestamp"] ?? ""))
        func outcome(_ seconds: Int64, _ change: [String: String] = [:]) -> PushOutcome {
            let body = Array(#"{"devicename":"d1","payload":{"v":1}}"#.utf8)
            let changed = headers.merging(change) { $1 }
            return receivePush(
                push(body, query: [], headers: changed, at: signedAt + seconds), from: .tencent, secrets: secrets)
        }
        #expect(outcome(0).accepted?.messages.map(\.attributes) == [["device": "d1"]])
        #expect(outcome(900).accepted != nil && outcome(-900).accepted != nil)
        #expect(outcome(901).refusal == .outsideWindow(seconds: 901))
        #expect(outcome(-901).refusal == .outsideWindow(seconds: -901))
        #expect(outcome(0, ["Nonce": "another"]).refusal == .wrongProof(part: "Signature"))
        #expect(outcome(0, ["Timestamp": "\(signedAt + 1)"]).refusal == .wrongProof(part: "Signature"))
        let check = PushRequest(
            method: .get, header: { name in headers[name] ?? (name == "Echostr" ? "UPWIAFASvDUFcTEE" : nil) }, body: [],
            receivedAt: Instant(epochSeconds: signedAt))
        #expect(receivePush(check, from: .tencent, secrets: secrets).handshakeAnswer == "UPWIAFASvDUFcTEE")
    }

    private let report = Array(
        #"{"resource":"device.property","event":"report","notify_data":{"header":{},"body":{"services":[]}}}"#.utf8)

    @Test(arguments: ["1790848800", "1790848800123", "20261001T100000Z"])
    func `IoTDA signs token, time and nonce in order`(timestamp: String) {
        let secrets = PushSecrets(proofs: [.signature(token: "tok")])
        func outcome(_ token: String, at: Int64 = 1_790_848_900) -> PushOutcome {
            let headers = [
                "timestamp": timestamp, "nonce": "n1",
                "signature": huaweiSigned(token: token, timestamp: timestamp, nonce: "n1"),
            ]
            return receivePush(push(report, headers: headers, at: at), from: .huaweiIoTDA, secrets: secrets)
        }
        #expect(outcome("tok").accepted != nil)
        #expect(outcome("tik").refusal == .wrongProof(part: "signature"))
        #expect(outcome("tok", at: 1_790_849_701).refusal?.status == 401)
    }

    @Test func `a signature that is expected and absent is no proof`() {
        let secrets = PushSecrets(proofs: [.signature(token: "tok")])
        #expect(receivePush(push(report), from: .huaweiIoTDA, secrets: secrets).refusal == .noProof(part: "timestamp"))
    }

    @Test func `while a token is changed, the old and the new one serve`() {
        let secrets = PushSecrets(proofs: [.query(name: "token", value: "old"), .query(name: "token", value: "new")])
        func outcome(_ token: String) -> PushOutcome {
            receivePush(push(report, query: [("token", token)]), from: .huaweiIoTDA, secrets: secrets)
        }
        #expect(outcome("old").accepted != nil && outcome("new").accepted != nil)
        #expect(outcome("older").refusal == .wrongProof(part: "?token"))
        #expect(
            receivePush(push(report, query: []), from: .huaweiIoTDA, secrets: secrets).refusal
                == .noProof(part: "?token"))
    }

    @Test func `every kind of proof that is set must hold`() {
        let print = String(repeating: "abcd0011", count: 8)
        let fingerprint = stride(from: 0, to: 64, by: 2).map { print.uppercased().dropFirst($0).prefix(2) }
            .joined(separator: ":")
        let secrets = PushSecrets(proofs: [
            .query(name: "token", value: "s3cret"), .clientCertificate(fingerprint: fingerprint),
        ])
        func outcome(_ certificate: String?, _ token: String = "s3cret") -> PushRefusal? {
            let body = Array(#"{"messageType":"event"}"#.utf8)
            return receivePush(
                push(body, query: [("token", token)], certificate: certificate), from: .ctwing, secrets: secrets
            ).refusal
        }
        #expect(outcome(print) == nil && outcome(print.uppercased()) == nil && outcome(fingerprint) == nil)
        #expect(outcome(nil) == .noProof(part: "client certificate"))
        for other in [String(print.dropLast()) + "2", String(print.prefix(40)), "", "sha256=" + print] {
            #expect(outcome(other) == .wrongProof(part: "client certificate"), "\(other)")
        }
        #expect(outcome(print, "wrong") == .wrongProof(part: "?token"))
    }

    @Test(arguments: [
        (String(repeating: "a", count: 64), true), (String(repeating: "A1", count: 20), true),
        (String(repeating: "0F:", count: 31) + "0F", true), ("hello", false), (":::", false),
        (String(repeating: "a", count: 63), false), (String(repeating: "a", count: 41), false),
        (String(repeating: "g", count: 64), false),
    ])
    func `a certificate's fingerprint is of SHA-256 or of SHA-1`(fingerprint: String, fits: Bool) {
        let secrets = PushSecrets(proofs: [.clientCertificate(fingerprint: fingerprint)])
        let reason = "client_certificate: a fingerprint is 64 hex digits (SHA-256) or 40 (SHA-1)"
        for platform in [Platform.ctwing, .oceanconnect, .huaweiIoTDA] {
            #expect(secrets.unfit(for: platform) == (fits ? nil : reason))
        }
    }

    @Test func `HTTP Basic and a static header are compared whole`() {
        let body = Array(#"{"end_device_ids":{},"join_accept":{}}"#.utf8)
        func outcome(_ proof: SenderProof, _ headers: [String: String]) -> PushRefusal? {
            receivePush(
                push(body, query: [], headers: headers), from: .thethingsstack, secrets: PushSecrets(proofs: [proof])
            ).refusal
        }
        let basic = SenderProof.basic(user: "tts", password: "pass word")
        #expect(outcome(basic, ["Authorization": "Basic dHRzOnBhc3Mgd29yZA=="]) == nil)
        // The scheme's case and the number of spaces say nothing, the credentials' case does.
        #expect(outcome(basic, ["Authorization": "basic dHRzOnBhc3Mgd29yZA=="]) == nil)
        #expect(outcome(basic, ["Authorization": "BASIC  dHRzOnBhc3Mgd29yZA=="]) == nil)
        for wrong in ["Basic dHRzOnBhc3M=", "basic DHRZONBHC3MGD29YZA==", "dHRzOnBhc3Mgd29yZA==", "basic"] {
            #expect(outcome(basic, ["Authorization": wrong]) == .wrongProof(part: "Authorization"), "\(wrong)")
        }
        #expect(outcome(basic, [:]) == .noProof(part: "Authorization"))
        let header = SenderProof.header(name: "X-Key", value: "abc")
        #expect(outcome(header, ["x-key": "abc"]) == nil)
        #expect(outcome(header, ["x-key": "abcd"]) == .wrongProof(part: "X-Key"))
    }

    @Test(arguments: [
        (Platform.ctwing, [SenderProof](), "no secret is set for this gateway"),
        (.ctwing, [.signature(token: "a")], "ctwing cannot give a proof of the kind signature"),
        (
            .chirpstack, [.clientCertificate(fingerprint: "a")],
            "chirpstack cannot give a proof of the kind client_certificate"
        ),
        (.onenet, [.query(name: "token", value: "a")], "onenet needs the token of its signature"),
        (.tencent, [.query(name: "token", value: "a")], "tencent needs the token of its signature"),
        (.onenet, [.signature(token: "")], "a secret is empty"),
    ])
    func `secrets that do not suffice refuse every request`(
        platform: Platform, proofs: [SenderProof], reason: String
    ) {
        let secrets = PushSecrets(proofs: proofs)
        #expect(secrets.unfit(for: platform) == reason)
        #expect(receivePush(push([]), from: platform, secrets: secrets).refusal == .notConfigured(reason: reason))
    }

    @Test func `the sender comes before the body`() {
        let request = push(Array("no JSON".utf8), query: [("token", "wrong")])
        for platform in [Platform.ctwing, .oceanconnect, .chirpstack, .thethingsstack, .huaweiIoTDA] {
            #expect(
                receivePush(request, from: platform, secrets: addressToken).refusal == .wrongProof(part: "?token"))
        }
    }

    @Test func `the head proves the sender, but for a signature over the body`() throws {
        let token = SenderProof.query(name: "token", value: "s3cret")
        let signature = SenderProof.signature(token: "tok")
        let cases: [(Platform, [SenderProof], Bool)] = [
            (.ctwing, [token], true), (.onenet, [signature], false), (.onenet, [signature, token], true),
        ]
        for (platform, proofs, isProved) in cases {
            #expect(try headProves(push([]), from: platform, secrets: PushSecrets(proofs: proofs)) == isProved)
        }
        for (platform, part) in [(Platform.tencent, "Timestamp"), (.huaweiIoTDA, "timestamp")] {
            #expect(throws: PushRefusal.noProof(part: part)) {
                try headProves(push([]), from: platform, secrets: PushSecrets(proofs: [signature]))
            }
        }
        #expect(throws: PushRefusal.wrongProof(part: "?token")) {
            try headProves(
                push([], query: [("token", "wrong")]), from: .onenet, secrets: PushSecrets(proofs: [signature, token]))
        }
    }

    @Test func `a GET is for the platforms that check an address so`() {
        let request = PushRequest(
            method: .get, query: [("token", "s3cret")], body: [], receivedAt: Instant(epochSeconds: 1_790_848_800))
        #expect(receivePush(request, from: .ctwing, secrets: addressToken).refusal == .method)
    }

    @Test func `a body over the limit is refused unread`() {
        let limits = PushLimits(bytes: 10)
        let outcome = receivePush(
            push([UInt8](repeating: 0x20, count: 11)), from: .ctwing, secrets: addressToken, limits: limits)
        #expect(outcome.refusal == .tooLarge(limit: 10))
    }

    @Test func `secrets do not print themselves`() {
        let secrets = PushSecrets(
            proofs: [.signature(token: "hidden"), .basic(user: "u", password: "hidden")],
            encryptionKey: Array("hiddenhiddenhidd".utf8))
        #expect("\(secrets) \(secrets.proofs)" == "signature(…) basic(…) [signature(…), basic(…)]")
    }
}
