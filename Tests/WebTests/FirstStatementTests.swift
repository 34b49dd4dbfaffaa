import Operations
import Testing
import Water

@testable import Web

@Suite(.freshDatabases) struct FirstStatementTests {
    @Test(arguments: TestEngine.allCases)
    func `a home without a statement is told when the first comes, and finds its points and the way out`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            let movedIn = try #require(Instant(rfc3339: "2026-11-10T00:00:00+08:00"))
            let entry = try HouseholdEntry(
                number: WebFixture.number(20), area: WebFixture.community,
                points: [.init(number: "P20", shareMillionths: nil)], movedIn: movedIn, movedOut: nil, persons: nil)
            _ = try await RegisterHousehold(database: client.fixture.services.database)(
                entry, at: WebFixture.now
            ).get()
            for (home, words) in [(20, "最早 2026-12-04 出账"), (2, "社区下一次出账后")] {
                let resident = client.another()
                try await resident.signInResident(home)
                #expect(try await resident.get("/").header("Location") == "/statement")
                let page = try await resident.get("/statement")
                #expect(page.status == 200 && page.text.contains(words), "\(page.text)")
                #expect(page.text.contains("还没有收到您家水表的读数") && !page.text.contains("⟦"))
                #expect(page.text.contains("action=\"/sign-out\"") && page.text.contains("href=\"/points\""))
                #expect(try await resident.get("/statements/2026-10").status == 404)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a home without a statement is told why its month is not shown, and that its goal was refused`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            let database = client.fixture.services.database
            let movedIn = try #require(Instant(rfc3339: "2026-11-10T00:00:00+08:00"))
            for (home, share) in [(20, nil), (21, 500_000)] as [(Int, Int64?)] {
                let entry = try HouseholdEntry(
                    number: WebFixture.number(home), area: WebFixture.community,
                    points: [.init(number: "P\(home)", shareMillionths: share)], movedIn: movedIn, movedOut: nil,
                    persons: nil)
                _ = try await RegisterHousehold(database: database)(entry, at: WebFixture.now).get()
                let meter = try MeterEntry(
                    serial: try #require(MeterAddress(.serial, "M\(home)")), otherAddresses: [],
                    usagePoint: "P\(home)", from: movedIn, to: nil, startRegister: nil, finalRegister: nil,
                    resolution: nil, nominalFlowLitresPerHour: 2_500, modulus: nil)
                _ = try await RegisterMeter(database: database)(meter, at: WebFixture.now).get()
                let posted = try await client.postReadings(
                    """
                    {"readings":[{"meter":"M\(home)","start":"2026-11-24T09:00:00+08:00","interval_s":3600,\
                    "registers_l":[1000,1010,1020]}]}
                    """)
                #expect(posted.status == 200)
            }
            // A close folds what came.
            _ = try await client.another().closeOctober()
            for (home, words) in [(20, "已经开始收到，满一天后"), (21, "要到出账时按份额算")] {
                let resident = client.another()
                try await resident.signInResident(home)
                let csrf = try await resident.get("/statement").field("csrf")
                let page = try await resident.post("/goal", ["goal": "many"], csrf: csrf)
                #expect(page.text.contains(words) && page.text.contains("目标没有保存"), "\(page.text)")
                #expect(!page.text.contains("还没有收到您家水表的读数"))
            }
        }
    }
}
