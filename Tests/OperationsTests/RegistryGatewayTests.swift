import Database
import Operations
import Storage
import Testing
import Water

@Suite struct RegistryGatewayTests {
    @Test(arguments: TestEngine.allCases)
    func `a gateway is known by its newest key until it is revoked`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            var random = SeededRandom(seed: 3)
            let (first, second) = (Secret.gatewayKey(using: &random), Secret.gatewayKey(using: &random))
            func name(of key: Secret) async throws -> String? {
                try await database.read { try $0.gateway(keyHash: key.hash)?.name }
            }
            let add = AddGateway(database: database)
            _ = try await add("north", area: "S", key: first, at: test.now).get()
            #expect(try await name(of: first) == "north")
            #expect(try await add("north", area: "S", key: second, at: test.now) == .failure(.nameIsTaken("north")))
            #expect(try await add("x", area: "Q", key: second, at: test.now) == .failure(.unknownArea("Q")))
            #expect(try await add(" x", area: "S", key: second, at: test.now) == .failure(.nameIsMalformed))
            #expect(try await add("a\nb", area: "S", key: second, at: test.now) == .failure(.nameIsMalformed))
            _ = try await RotateGatewayKey(database: database)("north", key: second).get()
            #expect(try await name(of: first) == nil)
            #expect(try await name(of: second) == "north")
            _ = try await RevokeGateway(database: database)("north", at: test.now).get()
            #expect(try await name(of: second) == nil)
            #expect(
                try await RotateGatewayKey(database: database)("north", key: first) == .failure(.isRevoked("north")))
            #expect(try await database.read { try $0.gateways().map(\.revokedAt) } == [test.now])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a note without an offset ends the one seen before`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            var random = SeededRandom(seed: 4)
            let id = try await AddGateway(database: database)(
                "g", area: "C", key: .gatewayKey(using: &random), at: test.now
            ).get()
            try await database.write { try $0.noteSeen(id, clockOffsetSeconds: 720, at: test.now) }
            try await database.write { try $0.noteSeen(id, clockOffsetSeconds: nil, at: test.now + 60) }
            let found = try await database.read { try $0.gateway(name: "g") }
            let gateway = try #require(found)
            #expect(gateway.clockOffsetSeconds == nil)
            #expect(gateway.lastSeenAt == test.now + 60)
        }
    }

    @Test func `a key is jsg_ and 32 bytes in 43 characters, and never prints itself`() {
        var random = SeededRandom(seed: 5)
        let key = Secret.gatewayKey(using: &random)
        #expect(key.text.hasPrefix("jsg_") && key.text.utf8.count == 47)
        #expect(!key.text.contains { "+/=".contains($0) })
        var dumped = ""
        dump([key], to: &dumped)
        for text in ["\(key)", String(reflecting: key), "\([key])", dumped] { #expect(!text.contains("jsg_")) }
    }
}
