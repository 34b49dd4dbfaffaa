import Hummingbird
import Operations
import Testing
import Water

@testable import Web

/// What programs are told of a query that has no effect as it is meant.
@Suite(.freshDatabases) struct QueryNameTests {
    private static let community = "/v1/communities/\(WebFixture.community)/statements"

    @Test(arguments: [
        ("/v1/formats?format=json", "format", "it has none"),
        ("/v1/statements?before=2026-10", "before", "it has after"),
        ("/v1/statements?after=2026-10&after=2026-11", "after", "is given twice"),
        ("/v1/statements/2026-10?versoin=1", "versoin", "it has version"),
        ("/v1/statements/2026-10?version=1&version=2", "version", "is given twice"),
        ("/v1/statements/2026-10/explain?month=2026-10", "month", "it has version"),
        ("/v1/outlook?month=2026-10", "month", "it has none"),
        ("\(community)?month=2026-10&page=2", "page", "it has month, after"),
        ("\(community)?month=2026-10&month=2026-11", "month", "is given twice"),
        ("/v1/redemptions?item_id=1", "item_id", "it has none"),
        ("/v1/redemptions/a/confirm?desk_code=A", "desk_code", "it has none"),
        ("/v1/redemptions/a/void?desk_code=A", "desk_code", "it has none"),
    ])
    func `a query that an address does not know, or knows with two values, is refused by name`(
        _ address: String, _ field: String, _ reason: String
    ) async throws {
        try await WebFixture().run { client in
            let isOfDesk = address.hasPrefix("/v1/redemptions/")
            if isOfDesk { try await client.signInStaff("clerk") } else { try await client.signInResident(1) }
            let answer = try await client.send(
                address.hasPrefix("/v1/redemptions") ? .post : .get, address,
                ["Authorization": "Bearer \(client.fixture.pullKey.text)"])
            let text = answer.text
            #expect(answer.status == 400, "\(text)")
            let errors = try #require(try answer.json()["errors"] as? [[String: String]])
            #expect(errors.count == 1 && errors.first?["field"] == field, "\(text)")
            #expect(errors.first?["reason"]?.contains(reason) == true, "\(text)")
        }
    }

    @Test func `what stands between two ampersands is no parameter where it is empty`() async throws {
        try await WebFixture().run { client in
            for query in ["?", "?&&"] {
                let answer = try await client.get("/v1/formats\(query)")
                #expect(answer.status == 200)
            }
        }
    }
}
