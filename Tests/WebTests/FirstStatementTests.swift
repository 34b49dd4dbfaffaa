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
            for (home, words) in [(20, "最早 2026-12-04 月结后"), (2, "社区下一次月结后")] {
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
}
