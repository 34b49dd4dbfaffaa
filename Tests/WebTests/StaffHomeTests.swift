import Database
import Operations
import Scoring
import Storage
import Testing
import Water

@testable import Web

/// What staff are reminded of on their first page.
@Suite(.freshDatabases) struct StaffHomeTests {
    private static let attention = #"tile attention" href="/staff/close""#

    /// A home of its own of one of the fixture's communities.
    private func addHome(_ number: String, in area: String, movedIn: String, _ client: WebClient) async throws {
        let entry = try HouseholdEntry(
            number: number, area: area, points: [.init(number: "P\(number)", shareMillionths: nil)],
            movedIn: try #require(Instant(rfc3339: movedIn)), movedOut: nil, persons: nil)
        _ = try await RegisterHousehold(database: client.fixture.services.database)(entry, at: WebFixture.now).get()
    }

    @Test(arguments: TestEngine.allCases)
    func `a month that ended is to be closed where none ever was, and a community without homes needs none`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            try await client.signInStaff("admin")
            let before = try await client.get("/staff").text
            #expect(before.contains(Self.attention) && before.contains(">2026-10<"), "\(before)")
            #expect(before.contains("告警、疑似漏水和可疑水表") && !before.contains("30 天"))
            _ = try await client.fixture.services.closeMonth(
                try #require(BillingMonth("2026-10")), at: WebFixture.now
            ).get()
            #expect(try await !client.get("/staff").text.contains(Self.attention))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a month that a community was left out of is told after later ones are closed`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            let other = "140107001002"
            try await addHome("E1", in: other, movedIn: "2026-08-01T00:00:00+08:00", client)
            let (close, now) = (client.fixture.services.closeMonth, WebFixture.now)
            let september = try #require(BillingMonth("2026-09"))
            _ = try await close(september, at: now, excluding: [other: "水表没有装好"]).get()
            _ = try await close(september.next, at: now).get()
            try await client.signInStaff("admin")
            let page = try await client.get("/staff").text
            #expect(page.contains("2026-10；2026-09 还没有月结，请处理"), "\(page)")
            #expect(page.matches(of: /还没有月结/).count == 1 && page.contains(Self.attention))
            _ = try await close(september, at: now).get()
            let done = try await client.get("/staff").text
            #expect(!done.contains("还没有月结") && !done.contains(Self.attention))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a home that moved in after a month is not to be corrected for it, marked or not`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            let (database, now) = (client.fixture.services.database, WebFixture.now)
            let october = try #require(BillingMonth("2026-10"))
            _ = try await client.fixture.services.closeMonth(october, at: now).get()
            try await addHome("100200399", in: WebFixture.community, movedIn: "2026-11-10T00:00:00+08:00", client)
            for number in ["100200399", WebFixture.number(12)] {
                let home = try #require(try await database.read { try $0.household(number: number) })
                try await database.write { transaction in
                    try transaction.markDirty(home.id, of: home.community, october, cause: .persons, at: now)
                }
            }
            try await client.signInStaff("admin")
            let page = try await client.get("/staff/corrections").text
            #expect(page.contains(WebFixture.number(12)) && !page.contains("100200399"), "\(page)")
            #expect(page.contains("共 1 户，1 个月的账单"))
            #expect(try await client.get("/staff").text.contains(#"class="number">1</td></tr>"#))
            let close = try await client.get("/staff/close?month=2026-10").text
            #expect(close.contains(#"class="number">1</td></tr>"#), "\(close)")
        }
    }
}
