import Database
import Storage
import Testing
import Water

@testable import Web

/// 疑似漏水的住户: what staff are to call on.
@Suite(.freshDatabases) struct LeakListTests {
    @Test(arguments: TestEngine.allCases)
    func `a leak that goes on in the month under way is listed once, as far as it is known`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            let database = client.fixture.services.database
            let october = try #require(BillingMonth("2026-10"))
            let midnight = client.fixture.services.calendar.interval(of: october).end
            try await client.closeOctoberQuietly()
            try await database.write { transaction in
                func note(_ home: Int, _ month: BillingMonth, _ from: Int64, _ to: Int64) throws {
                    let found = try #require(try transaction.reader.household(number: WebFixture.number(home)))
                    let flow = ContinuousFlow(
                        from: midnight + from * 3_600, to: midnight + to * 3_600, litresPerHour: 6)
                    try transaction.setLeaks([flow], of: found.id, in: found.community, month)
                }
                try note(3, october, -100, 0)
                try note(3, october.next, -100, 222)
                try note(4, october, -500, -400)
                try note(5, october.next, 30, 77)
                // The month before the newest closed one is over.
                try note(6, october.previous, -900, -800)
            }
            let whole = try await client.get("/staff/alerts").text
            let page = try #require(whole.split(separator: "id=\"leaks-h\"").last?.split(separator: "</section>").first)
            func count(_ home: Int) -> Int {
                page.split(separator: ">\(WebFixture.number(home))</a>", omittingEmptySubsequences: false).count - 1
            }
            #expect([3, 4, 5, 6].map(count) == [1, 1, 1, 0])
            #expect(page.contains(">322<") && page.contains(">100<") && page.contains(">47<"))
            #expect(!page.contains("月末还在流"))
        }
    }
}
