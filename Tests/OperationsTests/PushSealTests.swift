import Database
import Foundation
import Ingest
import Operations
import Storage
import Testing
import Water

@Suite(.freshDatabases) struct PushSealTests {
    private let key = Data(repeating: 7, count: 32).base64EncodedString()
    private let place = SealedPlace.push(GatewayID(1), platform: "ctwing")

    @Test func `what is sealed opens with the same key at the same place and nowhere else`() throws {
        var random = SystemRandomNumberGenerator()
        let key = try SealKey(base64: key)
        let sealed = try key.seal(Array("secret".utf8), for: place, using: &random)
        #expect(try key.open(sealed, of: place) == Array("secret".utf8))
        #expect(try key.seal(Array("secret".utf8), for: place, using: &random) != sealed)
        for other in [
            SealedPlace.push(GatewayID(2), platform: "ctwing"), .push(GatewayID(1), platform: "onenet"),
            .meterKey(MeterID(1)),
        ] {
            #expect(throws: SealFault.notOpened) { try key.open(sealed, of: other) }
        }
        let another = try SealKey(base64: Data(repeating: 8, count: 32).base64EncodedString())
        #expect(throws: SealFault.notOpened) { try another.open(sealed, of: place) }
        for at in sealed.indices {
            var changed = sealed
            changed[at] ^= 1
            #expect(throws: SealFault.notOpened) { try key.open(changed, of: place) }
        }
        for count in [0, 1, 20] {
            #expect(throws: SealFault.notOpened) { try key.open(Array(sealed.prefix(count)), of: place) }
        }
        #expect("\(key)" == "[key]")
    }

    @Test(arguments: ["", "short", "AAAA", "=", String(repeating: "A", count: 44)])
    func `a key is 32 bytes as base64`(text: String) {
        #expect(throws: SealFault.keyIsMalformed) { try SealKey(base64: text) }
    }

    @Test(arguments: TestEngine.allCases)
    func `a platform's settings are kept sealed, opened whole, replaced and removed`(engine: TestEngine) async throws {
        let city = try await TestCity.build(in: try await freshDatabase(of: engine))
        let database = city.database
        var random = SystemRandomNumberGenerator()
        _ = try await AddGateway(database: database)("north", area: "C", key: .gatewayKey(using: &random), at: city.now)
            .get()
        let key = try SealKey(base64: key)
        let set = SetGatewayPush(database: database, key: key)
        let mapping = "kind: properties\nmeter: @device\nregister: v\nunit: L"
        let proofs: [SenderProof] = [
            .signature(token: "hidden-1"), .query(name: "t", value: "hidden-2-of-sixteen"),
            .basic(user: "u", password: "hidden-3-of-sixteen"),
            .clientCertificate(fingerprint: String(repeating: "AB:", count: 31) + "AB"),
        ]
        let secrets = PushSecrets(proofs: proofs)
        try await set(
            "north", platform: .huaweiIoTDA, secrets: secrets, mapping: mapping, file: "m", at: city.now, using: &random
        ).get()
        let gateway = try #require(try await database.read { try $0.gateway(name: "north") })
        let kept = try #require(try await database.read { try $0.push(of: gateway.id, platform: "huawei-iotda") })
        #expect(!String(decoding: kept.sealedSecrets, as: UTF8.self).contains("hidden"))
        #expect(try key.opened(kept, of: gateway, .huaweiIoTDA).secrets.proofs == proofs)
        try await set(
            "north", platform: .huaweiIoTDA, secrets: PushSecrets(proofs: [proofs[1]]), mapping: mapping, file: "m",
            at: city.now, using: &random
        ).get()
        let pushes = try await database.read { try $0.pushes() }
        #expect(try pushes.map { try key.opened($0, of: gateway, .huaweiIoTDA).secrets.proofs } == [[proofs[1]]])
        try await RemoveGatewayPush(database: database)("north", platform: .huaweiIoTDA).get()
        let again = try await RemoveGatewayPush(database: database)("north", platform: .huaweiIoTDA)
        #expect(throws: PushSettingRefusal.notSet(gateway: "north", platform: "huawei-iotda")) { try again.get() }
    }

    @Test(
        arguments: [
            (
                "nobody", [SenderProof.query(name: "t", value: "1234567890123456")],
                "kind: properties\nmeter: @device\nregister: v\nunit: L", "no gateway is named nobody"
            ),
            (
                "north", [], "kind: properties\nmeter: @device\nregister: v\nunit: L",
                "no secret is set for this gateway"
            ),
            ("north", [.header(name: "h", value: "v")], "", "ctwing cannot give a proof of the kind header"),
            (
                "north", [.clientCertificate(fingerprint: "hello")], "",
                "client_certificate: a fingerprint is 64 hex digits"
            ),
            ("north", [.query(name: "t", value: "1234567890123456")], "kind: nothing", "m:1"),
            ("north", [.query(name: "t", value: "123456789012345")], "", "query: a secret has 16 characters or more"),
            ("north", [.basic(user: "platform", password: "short")], "", "basic: a secret has 16 characters or more"),
        ] as [(String, [SenderProof], String, String)])
    func `settings that cannot work are refused with the reason`(
        name: String, proofs: [SenderProof], mapping: String, reason: String
    ) async throws {
        let city = try await TestCity.build(in: try await freshDatabase(of: .sqlite))
        var random = SystemRandomNumberGenerator()
        _ = try await AddGateway(database: city.database)(
            "north", area: "C", key: .gatewayKey(using: &random), at: city.now
        ).get()
        let set = SetGatewayPush(database: city.database, key: try SealKey(base64: key))
        let outcome = try await set(
            name, platform: .ctwing, secrets: PushSecrets(proofs: proofs), mapping: mapping, file: "m", at: city.now,
            using: &random)
        guard case .failure(let refusal) = outcome else { return #expect(Bool(false), "taken") }
        #expect(refusal.description.hasPrefix(reason))
        #expect(try await city.database.read { try $0.pushes() }.isEmpty)
    }

    @Test(arguments: [("Bearer 123456789012345", false), ("Bearer 1234567890123456", true), ("1234567890123456", true)])
    func `of a header the secret behind its scheme is measured`(value: String, isTaken: Bool) async throws {
        let city = try await TestCity.build(in: try await freshDatabase(of: .sqlite))
        var random = SystemRandomNumberGenerator()
        _ = try await AddGateway(database: city.database)(
            "north", area: "C", key: .gatewayKey(using: &random), at: city.now
        ).get()
        let secrets = PushSecrets(proofs: [.header(name: "Authorization", value: value)])
        let outcome = try await SetGatewayPush(database: city.database, key: try SealKey(base64: key))(
            "north", platform: .chirpstack, secrets: secrets,
            mapping: "kind: properties\nmeter: @device\nregister: v\nunit: L", file: "m", at: city.now, using: &random)
        if isTaken { try outcome.get() } else { #expect(throws: PushSettingRefusal.self) { try outcome.get() } }
    }

    @Test(
        arguments: [
            ("signature=a=b", SenderProof.signature(token: "a=b")), ("query=t:a:b", .query(name: "t", value: "a:b")),
            ("basic=u:", .basic(user: "u", password: "")), ("header=X-A: b", .header(name: "X-A", value: "b")),
            ("client_certificate=AB", .clientCertificate(fingerprint: "AB")), ("query=t", nil), ("query=:v", nil),
            ("token=a", nil), ("signature", nil), ("", nil),
        ] as [(String, SenderProof?)])
    func `a proof is read from kind=value`(text: String, proof: SenderProof?) {
        #expect(SenderProof(argument: text) == proof)
    }
}
