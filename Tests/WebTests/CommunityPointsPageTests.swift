import Testing
import Water

@testable import Web

/// What staff post publicly of a community's points.
@Suite(.freshDatabases) struct CommunityPointsPageTests {
    /// The figures of a table's rows, by the words before them.
    private func rows(_ page: String) throws -> [String: [Int]] {
        let found = page.matches(of: /<tr><th scope="row">(?:<strong>)?([^<]+)<(.*?)<\/tr>/)
        return Dictionary(
            found.map { match in
                let figures = match.2.matches(of: />(−?)([0-9,]+)</).compactMap { figure in
                    Int(figure.2.replacing(",", with: "")).map { figure.1.isEmpty ? $0 : -$0 }
                }
                return (String(match.1), figures)
            }
        ) { first, _ in first }
    }

    /// A home holds an item, and the desk hands it over.
    private func handOver(_ client: WebClient) async throws {
        _ = try await client.postReadings(client.fixture.octoberBody())
        try await client.closeOctoberQuietly()
        let (resident, desk) = (client.another(), client.another())
        try await resident.signInResident(1)
        let points = try await resident.get("/points")
        let wish = ["item": try points.field("item"), "id": try points.field("id")]
        let held = try await resident.post("/points/hold", wish, csrf: try points.field("csrf"))
        let ticket = try await resident.get(try #require(held.header("Location")))
        let code = try #require(ticket.text.firstMatch(of: /class="desk-code"[^>]*>([^<]+)</)?.1)
        try await desk.signInStaff("clerk")
        let form = [
            "redemption": try ticket.field("redemption"), "community": WebFixture.community, "code": String(code),
        ]
        let csrf = try await desk.get("/staff/desk").field("csrf")
        #expect(try await desk.post("/staff/desk/confirm", form, csrf: csrf).text.contains("notice done"))
    }

    @Test(arguments: TestEngine.allCases)
    func `what became of a community's points can be added up from the page, and no home is on it`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            try await handOver(client)
            let staff = client.another()
            try await staff.signInStaff("clerk")
            #expect(try await staff.get("/staff").text.contains("href=\"/staff/points\""))
            let page = try await staff.get("/staff/points")
            let rows = try rows(page.text)
            let t = client.fixture.services.pages.catalogue[.zh]
            let issued = try #require(rows[t("economy_issued")])
            let parts = try [
                "economy_spent", "economy_held", "economy_balance", "economy_expired", "economy_clawed_back",
                "economy_moved_out", "economy_debt",
            ].map { try #require(rows[t($0)]) }
            #expect(page.status == 200 && issued.count == 2 && issued[0] > 20, "\(page.text)")
            for column in 0...1 { #expect(parts.reduce(0) { $0 + $1[column] } == issued[column]) }
            #expect(rows[t("economy_spent")] == [20, 20] && rows[t("economy_sum")] == issued)
            // Price, put in, free, held, handed over.
            #expect(rows["水龙头起泡器"] == [20, 5, 4, 0, 1], "\(rows)")
            #expect(!page.text.contains(t("economy_fault", ["month": "0", "whole": "0"]).prefix(4)))
            for home in 1...12 { #expect(!page.text.contains(WebFixture.number(home))) }
            // Nothing was entered in October yet.
            let october = try await staff.get("/staff/points?month=2026-10").text
            #expect(try self.rows(october)[t("economy_issued")] == [0, 0])
            let wrong = try await staff.get("/staff/points?month=10").text
            #expect(wrong.contains("notice refused") && wrong.contains(t("close_refused_bad_month")))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a clerk sees the points of the own community alone, an administrator chooses one`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            let (clerk, admin) = (client.another(), client.another())
            #expect(try await client.get("/staff/points").status == 303)
            try await clerk.signInStaff("clerk")
            #expect(try await clerk.get("/staff/points?community=140107001002").status == 403)
            try await admin.signInStaff("admin")
            let page = try await admin.get("/staff/points?community=140107001002&month=2026-11").text
            #expect(page.contains("府东街社区，2026 年 11月"), "\(page)")
            #expect(page.contains(client.fixture.services.pages.catalogue[.zh]("economy_items_none")))
            #expect(try await admin.get("/staff").text.contains("/staff/points?community=140107001002"))
        }
    }
}
