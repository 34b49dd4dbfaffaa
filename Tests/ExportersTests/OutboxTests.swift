import Database
import Foundation
import Operations
import Storage
import Testing
import Water

@Suite(.freshDatabases) struct `The outbox` {
    @Test(arguments: TestEngine.allCases)
    func `an event goes to every target whose area covers the community`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        try await city.addTarget("city", url: "https://a.example/")
        try await city.addTarget("street", url: "https://b.example/", area: "140105001")
        try await city.addTarget("first", url: "https://c.example/", area: "140105001001")
        try await city.addTarget("second", url: "https://d.example/", area: "140105001002")
        try await city.enqueue()
        #expect(try await city.deliveries().map(\.targetName) == ["city", "first", "street"])
        #expect(try await city.deliveries().allSatisfy { $0.state == .waiting && $0.nextAt == DeliveryFixture.noon })
    }

    @Test(arguments: TestEngine.allCases)
    func `the same event written again changes nothing`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        try await city.addTarget("t", url: "https://a.example/")
        try await city.enqueue("r-1")
        let before = try await city.deliveries()
        try await city.enqueue("r-1", at: DeliveryFixture.noon + 60)
        #expect(try await city.deliveries() == before)
        try await city.enqueue("r-2")
        #expect(try await city.deliveries().count == 2)
    }

    @Test(arguments: TestEngine.allCases)
    func `a disabled target's delivery is in the failure list, not missing`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        try await city.addTarget("t", url: "https://a.example/")
        _ = try await DisableTarget(database: city.database)("t", at: DeliveryFixture.noon).get()
        try await city.enqueue()
        let failed = try await city.deliveries(failedOnly: true)
        #expect(failed.map(\.state) == [.disabled])
        #expect(failed.map(\.nextAt) == [nil])
    }

    @Test(arguments: TestEngine.allCases)
    func `disabling moves what waits to the failure list`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        try await city.addTarget("t", url: "https://a.example/")
        try await city.enqueue("r-1")
        try await city.enqueue("r-2")
        _ = try await DisableTarget(database: city.database)("t", at: DeliveryFixture.noon).get()
        #expect(try await city.deliveries(failedOnly: true).count == 2)
        #expect(try await city.database.read { try $0.deliveryCounts() } == [.disabled: 2])
    }

    @Test(arguments: TestEngine.allCases)
    func `an event whose transaction fails was never written`(engine: TestEngine) async throws {
        struct Stop: Error {}
        let city = try await DeliveryFixture(on: engine)
        try await city.addTarget("t", url: "https://a.example/")
        let event = try OutboxEvent(
            community: DeliveryFixture.first, id: "x", kind: .statementsClosed, data: [:], at: DeliveryFixture.noon)
        await #expect(throws: Stop.self) {
            try await city.database.write { transaction in
                try transaction.enqueue(event)
                throw Stop()
            }
        }
        #expect(try await city.deliveries().isEmpty)
        #expect(try await city.database.write { try $0.enqueue(event) })
        #expect(try await city.database.write { try $0.enqueue(event) } == false)
    }

    @Test func `a closed month tells versions, counts and where to pull, and no more`() throws {
        let month = try #require(BillingMonth(year: 2026, month: 10))
        let event = try ClosedStatements(
            community: DeliveryFixture.first, communityCode: "140105.1", month: month, ruleVersion: "1",
            tariffID: "taiyuan", tariffVersion: "2018", statements: 46, rankedHomes: 40, awardedPoints: Points(900),
            at: DeliveryFixture.noon
        ).event()
        #expect(event.id == "statements-closed:140105_2e1:2026-10")
        #expect(
            event.body == #"""
                {"data":{"community":"140105.1","counts":{"awarded_points":900,"ranked_homes":40,"statements":46},"month":"2026-10","pull_path":"/v1/communities/140105.1/statements?month=2026-10","rule_version":"1","tariff":"taiyuan","tariff_version":"2018"},"timestamp":"2026-11-18T11:06:40Z","type":"statements.closed"}
                """#)
    }

    @Test func `a confirmed redemption tells neither household nor the id its client gave it`() throws {
        let event = try ConfirmedRedemption(
            community: DeliveryFixture.first, communityCode: "140105001001", redemptionID: "a.b:c", item: ItemID(7),
            points: Points(30), deskCode: "ABCD2345", at: DeliveryFixture.noon
        ).event()
        let name = String(sha256Hex(Array("140105001001\na.b:c\nABCD2345".utf8)).prefix(32))
        #expect(event.id == "redemption-confirmed:140105001001:\(name)")
        #expect(
            event.body == #"""
                {"data":{"community":"140105001001","confirmed_at":"2026-11-18T11:06:40Z","item":7,"points":30,"redemption":"\#(name)"},"timestamp":"2026-11-18T11:06:40Z","type":"redemption.confirmed"}
                """#)
        #expect(!event.body.contains("a.b:c"))
    }

    @Test func `a body of 20 kB is refused`() throws {
        func event(_ letters: Int) throws -> OutboxEvent {
            try OutboxEvent(
                community: DeliveryFixture.first, id: "x", kind: .statementsClosed,
                data: .string(String(repeating: "a", count: letters)), at: DeliveryFixture.noon)
        }
        let frame = try event(0).body.utf8.count
        #expect(try event(19_999 - frame).body.utf8.count == 19_999)
        #expect(throws: OutboxFailure.bodyTooLarge(bytes: 20_000)) { try event(20_000 - frame) }
    }

    @Test(arguments: ["", "a.b", "a b", "a\r\nx: y", "é", String(repeating: "a", count: 401)])
    func `an id that could be cut elsewhere or break a header is refused`(id: String) {
        #expect(throws: OutboxFailure.malformedID(id)) {
            try OutboxEvent(
                community: DeliveryFixture.first, id: id, kind: .statementsClosed, data: [:],
                at: DeliveryFixture.noon)
        }
    }

    @Test func `different texts stay different in ids`() {
        let texts = ["a.b", "a_2eb", "a:b", "a_b", "a-b", "a_.b", "é", "_c3_a9"]
        #expect(Set(texts.map(OutboxEvent.idPart)).count == texts.count)
        #expect(OutboxEvent.idPart(String(repeating: ".", count: 64)).utf8.count == 192)
    }
}

@Suite(.freshDatabases) struct `Targets` {
    @Test(
        arguments: TestEngine.allCases,
        [
            "ftp://a.example/", "https://", "https:///x", "https://:443/", "https://user@a.example/", "a.example",
            "https://a.example/#x", "https://a.example/ x", "https://a.example\\b", "https://a.example/é",
            "file:///etc/passwd", "https://a.example:0/", "https://a.example:99999/x", "https://a.example:/x",
            "https://a.example:8a/", "https://[::1/", "https://[a.example]/", "https://a example/", "https://::1/",
        ])
    func `an address that is not plain http or https is refused`(engine: TestEngine, url: String) async throws {
        let city = try await DeliveryFixture(on: engine)
        let added = try await AddTarget(database: city.database)(
            "t", url: url, area: "1401", secret: DeliveryFixture.secret, at: DeliveryFixture.noon)
        #expect(added == .failure(.addressIsMalformed))
    }

    @Test(arguments: TestEngine.allCases)
    func `a target names a known area, no deeper than a community, and a name of its own`(engine: TestEngine)
        async throws
    {
        let city = try await DeliveryFixture(on: engine)
        let add = AddTarget(database: city.database)
        func refusal(_ name: String, _ area: String) async throws -> TargetRefusal? {
            switch try await add(
                name, url: "https://a.example/hook?key=1", area: area, secret: DeliveryFixture.secret,
                at: DeliveryFixture.noon)
            {
            case .success: nil
            case .failure(let refusal): refusal
            }
        }
        #expect(try await refusal("t", "9") == .unknownArea("9"))
        #expect(try await refusal("t", "140105001001001") == .belowCommunity("140105001001001"))
        #expect(try await refusal("a\nb", "1401") == .nameIsMalformed)
        #expect(try await refusal("t", "140105001001") == nil)
        #expect(try await refusal("t", "1401") == .nameIsTaken("t"))
    }

    @Test(arguments: TestEngine.allCases)
    func `only an entitled target is found by its pull key, until the key is changed, and a disabled one as such`(
        engine: TestEngine
    ) async throws {
        let city = try await DeliveryFixture(on: engine)
        var random = SystemRandomNumberGenerator()
        let (key, other) = (Secret.pullKey(using: &random), Secret.pullKey(using: &random))
        func found(_ key: Secret) async throws -> String? {
            try await city.database.read { try $0.target(pullKeyHash: key.hash)?.name }
        }
        let entitlement = Entitlement(purpose: "property board", pullKey: key)
        _ = try await AddTarget(database: city.database)(
            "t", url: "https://a.example/", area: "1401", secret: .signingSecret(using: &random),
            entitlement: entitlement, at: DeliveryFixture.noon
        ).get()
        try await city.addTarget("events only", url: "https://a.example/")
        #expect(try await found(key) == "t")
        #expect(try await found(other) == nil)
        let rotate = RotateTargetSecret(database: city.database)
        _ = try await rotate("t", secret: DeliveryFixture.otherSecret, pullKey: other).get()
        #expect(try await found(key) == nil)
        #expect(try await found(other) == "t")
        #expect(
            try await rotate("events only", secret: DeliveryFixture.otherSecret, pullKey: other)
                == .failure(.notEntitled("events only")))
        _ = try await DisableTarget(database: city.database)("t", at: DeliveryFixture.noon).get()
        #expect(try await found(other) == "t")
        let target = try await city.database.read { try $0.target(pullKeyHash: other.hash) }
        #expect(target?.disabledAt == DeliveryFixture.noon)
    }

    @Test(
        arguments: TestEngine.allCases,
        ["http://a.example:65535/x", "https://[2001:db8::1]:8443/", "HTTPS://A-b_c.example?x=1", "http://10.0.0.1:80"])
    func `a host with or without a port is taken`(engine: TestEngine, url: String) async throws {
        let city = try await DeliveryFixture(on: engine)
        try await city.addTarget("t", url: url)
        #expect(try await city.target("t").url == url)
    }

    @Test(arguments: TestEngine.allCases)
    func `a rotation that has not ended is not begun again, but its lost secret is replaced`(engine: TestEngine)
        async throws
    {
        let city = try await DeliveryFixture(on: engine)
        try await city.addTarget("t", url: "https://a.example/")
        try await city.enqueue()
        let rotate = RotateTargetSecret(database: city.database)
        let (lost, kept) = (DeliveryFixture.otherSecret, Secret("whsec_kept"))
        #expect(try await rotate("t", secret: lost, isReplacement: true) == .failure(.isNotRotating("t")))
        _ = try await rotate("t", secret: lost).get()
        #expect(try await rotate("t", secret: kept) == .failure(.isRotating("t")))
        _ = try await rotate("t", secret: kept, isReplacement: true).get()
        let due = try await city.database.write {
            try $0.claimDueDeliveries(at: DeliveryFixture.noon, leaseSeconds: 60, limit: 1, perTarget: 1)
        }
        #expect(due.map(\.secret) == [kept.text] && due.map(\.previousSecret) == [DeliveryFixture.secret.text])
    }

    @Test(arguments: TestEngine.allCases)
    func `an entitlement without a purpose is refused`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        let added = try await AddTarget(database: city.database)(
            "t", url: "https://a.example/", area: "1401", secret: DeliveryFixture.secret,
            entitlement: Entitlement(purpose: "", pullKey: Secret("jst_1")), at: DeliveryFixture.noon)
        #expect(added == .failure(.purposeIsMalformed))
    }

    @Test(arguments: TestEngine.allCases)
    func `secrets and addresses do not show in what is printed`(engine: TestEngine) async throws {
        let city = try await DeliveryFixture(on: engine)
        try await city.addTarget("t", url: "https://a.example/hook?key=hidden")
        try await city.enqueue()
        let due = try await city.database.write {
            try $0.claimDueDeliveries(at: DeliveryFixture.noon, leaseSeconds: 60, limit: 32, perTarget: 8)
        }
        let printed = "\(due) \(try await city.target("t"))"
        #expect(due.count == 1)
        #expect(!printed.contains("hidden"))
        #expect(!printed.contains("whsec_"))
    }
}
