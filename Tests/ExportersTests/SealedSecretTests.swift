import Database
import Exporters
import Foundation
import Operations
import Storage
import Testing
import Water

@Suite(.freshDatabases) struct `Signing secrets under a key` {
    private let noon = DeliveryFixture.noon
    private let old = DeliveryFixture.secret
    private let new = DeliveryFixture.otherSecret

    private func key(_ byte: UInt8 = 7) throws -> SealKey {
        try SealKey(base64: Data(repeating: byte, count: 32).base64EncodedString())
    }

    private func sealed(_ secret: Secret, of target: String = "t", by byte: UInt8 = 7) throws -> Secret {
        var random = SystemRandomNumberGenerator()
        return try TargetSecret.kept(secret, of: target, under: try key(byte), using: &random)
    }

    /// What the database holds of the enabled targets' secrets.
    private func kept(_ city: DeliveryFixture) async throws -> [String] {
        try await city.database.read { try $0.signingSecrets().map(\.secret) }
    }

    /// Which secrets the latest request was signed with.
    private func signed(_ server: LoopbackServer, _ secrets: [Secret]) throws -> Bool {
        let request = try #require(server.requests.last)
        let expected = try webhookSignature(
            id: try #require(request.headers["webhook-id"]), at: noon, body: request.body, secrets: secrets.map(\.text))
        return request.headers["webhook-signature"] == expected
    }

    @Test func `a sealed secret opens for its own target under its own key alone`() throws {
        let kept = try sealed(old)
        #expect(kept.text.hasPrefix("sealed:") && !kept.text.contains("whsec_"))
        #expect(try sealed(old) != kept)
        #expect(try TargetSecret.opened(kept.text, of: "t", under: try key()) == old)
        for (target, key) in [("u", try key()), ("t", try key(8)), ("t", nil)] {
            #expect(throws: SealFault.notOpened) { try TargetSecret.opened(kept.text, of: target, under: key) }
        }
        for text in ["sealed:", "sealed:?", "sealed:AAAA", String(kept.text.dropLast(4))] {
            #expect(throws: SealFault.notOpened) { try TargetSecret.opened(text, of: "t", under: try key()) }
        }
    }

    @Test func `without a key a secret is kept as it is, and one kept so is read under any`() throws {
        var random = SystemRandomNumberGenerator()
        #expect(try TargetSecret.kept(old, of: "t", under: nil, using: &random) == old)
        #expect(try TargetSecret.opened(old.text, of: "t", under: nil) == old)
        #expect(try TargetSecret.opened(old.text, of: "t", under: try key()) == old)
    }

    @Test(arguments: TestEngine.allCases)
    func `a delivery is signed with the secret behind the sealed one`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, _ in .answer(200) }
        try await city.addTarget("t", url: server.url(), secret: try sealed(old))
        try await city.enqueue()
        #expect(try await kept(city).allSatisfy { $0.hasPrefix("sealed:") })
        #expect(try await city.service(key: try key()).deliverDue(at: noon).delivered == 1)
        #expect(try signed(server, [old]))
    }

    @Test(arguments: TestEngine.allCases, [nil, 8] as [UInt8?])
    func `without its key a delivery is not sent and waits, and goes out once the key is there`(
        engine: TestEngine, byte: UInt8?
    ) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, _ in .answer(200) }
        try await city.addTarget("t", url: server.url(), secret: try sealed(old))
        try await city.enqueue()
        let other = try byte.map { try key($0) }
        #expect(try await city.service(key: other).deliverDue(at: noon).retried == 1)
        let record = try await city.delivery()
        #expect(record.state == .waiting && record.nextAt == noon + 5)
        #expect(record.lastError == "the signing secret is sealed and does not open with secret.key")
        #expect(server.connections == 0)
        #expect(try await city.service(key: try key()).deliverDue(at: noon + 5).delivered == 1)
    }

    @Test(arguments: TestEngine.allCases)
    func `a rotation under a key seals the new secret, and one from before signs beside it`(
        engine: TestEngine
    ) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, _ in .answer(200) }
        try await city.addTarget("t", url: server.url(), secret: old)
        let rotate = RotateTargetSecret(database: city.database)
        _ = try await rotate("t", secret: try sealed(new)).get()
        try await city.enqueue("r-1")
        let service = try city.service(key: try key())
        #expect(try await service.deliverDue(at: noon).delivered == 1)
        #expect(try signed(server, [new, old]))
        _ = try await rotate.finish("t").get()
        try await city.enqueue("r-2")
        #expect(try await service.deliverDue(at: noon).delivered == 1)
        #expect(try signed(server, [new]))
        #expect(try await kept(city).allSatisfy { $0.hasPrefix("sealed:") })
    }

    @Test(arguments: TestEngine.allCases)
    func `after a lost key a rotation under another lets the new secret sign alone`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let server = try LoopbackServer { _, _ in .answer(200) }
        try await city.addTarget("t", url: server.url(), secret: try sealed(old, by: 8))
        _ = try await RotateTargetSecret(database: city.database)("t", secret: try sealed(new)).get()
        try await city.enqueue()
        #expect(try await city.service(key: try key()).deliverDue(at: noon).delivered == 1)
        #expect(try signed(server, [new]))
    }

    @Test(arguments: TestEngine.allCases)
    func `a disabled target's secret is not among those that sign`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        try await city.addTarget("t", url: "https://a.example/", secret: try sealed(old))
        _ = try await DisableTarget(database: city.database)("t", at: noon).get()
        #expect(try await kept(city).isEmpty)
    }
}
