import Database
import Operations
import Storage
import Testing
import Water

@testable import Web

/// What staff may take away of how many live in a home.
@Suite(.freshDatabases) struct PersonsPageTests {
    private static let path = "/staff/persons/remove"

    @Test(arguments: TestEngine.allCases)
    func `an entry that has not begun is removed as it was seen, and the notes keep who did it`(engine: TestEngine)
        async throws
    {
        try await WebFixture(on: engine).run { client in
            try await client.signInStaff("clerk")
            let (number, database) = (WebFixture.number(3), client.fixture.services.database)
            let csrf = try await client.get("/staff/persons").field("csrf")
            let entry = ["number": number, "persons": "4", "from": "2026-12-01"]
            #expect(try await client.postSurely("/staff/persons", entry, csrf: csrf).text.contains("notice done"))
            let page = try await client.get("/staff/persons?number=\(number)").text
            // The one from before has no button.
            #expect(page.contains("2025-09-01 起：3 人") && page.matches(of: /persons\/remove/).count == 1)
            let earlier = ["number": number, "persons": "5", "from": "2026-11-01"]
            let asked = try await client.post("/staff/persons", earlier, csrf: csrf)
            #expect(asked.text.contains("也可以在“现登记”里删掉"))

            let home = try #require(try await database.read { try $0.household(number: number) })
            let version = try await database.read { try $0.foldVersion(of: home.community) }
            let other = try await client.post(Self.path, entry.merging(["persons": "5"]) { $1 }, csrf: csrf)
            #expect(other.text.contains("没有这一条") && other.text.contains("2026-12-01 起：4 人"))
            let done = try await client.post(Self.path, entry, csrf: csrf)
            #expect(done.text.contains("notice done") && !done.text.contains("2026-12-01 起："))
            #expect(done.text.contains("/staff/persons?number=\(number)&amp;lang=en"))
            #expect(try await database.read { try $0.foldVersion(of: home.community) } > version)
            #expect(try await client.post(Self.path, entry, csrf: csrf).text.contains("没有这一条"))
            let notes = try await client.get("/staff/household?number=\(number)").text
            #expect(notes.contains("改了人口：删掉“2026-12-01 起：4 人”") && notes.contains("clerk"))

            // Unknown is an entry too.
            let unknown = entry.merging(["persons": ""]) { $1 }
            #expect(try await client.postSurely("/staff/persons", unknown, csrf: csrf).text.contains("notice done"))
            #expect(try await client.post(Self.path, unknown, csrf: csrf).text.contains("notice done"))
            let sizes = try await database.read { try $0.persons(of: home.id, in: home.community) }
            #expect(sizes.map(\.persons) == [3])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an entry that has begun, or that a closed month goes by, stays, and it is said why`(engine: TestEngine)
        async throws
    {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            try await client.closeOctoberQuietly()
            let number = WebFixture.number(3)
            let csrf = try await client.get("/staff/persons").field("csrf")
            let begun = ["number": number, "persons": "4", "from": "2026-11-10"]
            #expect(try await client.postSurely("/staff/persons", begun, csrf: csrf).text.contains("notice done"))
            let used = ["number": number, "persons": "3", "from": "2025-09-01"]
            for (form, words) in [
                (begun, "2026-11-10 这一条已经开始生效"), (used, "2026-10 的账单已经按它算过"),
                (begun.merging(["number": "9"]) { $1 }, "没有这个户号"),
            ] {
                let answer = try await client.post(Self.path, form, csrf: csrf)
                #expect(answer.text.contains("notice refused") && answer.text.contains(words), "\(words)")
            }
            let page = try await client.get("/staff/persons?number=\(number)").text
            #expect(page.contains("2026-11-10 起：4 人") && page.contains("2025-09-01 起：3 人"))
            #expect(try await client.post(Self.path, begun.merging(["from": "x"]) { $1 }, csrf: csrf).status == 400)
        }
    }

    @Test func `that a household moved out is said where its persons are noted`() async throws {
        try await WebFixture().run { client in
            let database = client.fixture.services.database
            let out = try #require(Instant(rfc3339: "2026-11-01T00:00:00+08:00"))
            _ = try await MoveOut(database: database)(WebFixture.number(11), on: out, at: WebFixture.now).get()
            try await client.signInStaff("clerk")
            for page in ["persons", "household"] {
                let gone = try await client.get("/staff/\(page)?number=\(WebFixture.number(11))").text
                #expect(gone.contains("2025-09-01 迁入、2026-11-01 迁出"), "\(page)")
                let here = try await client.get("/staff/\(page)?number=\(WebFixture.number(10))").text
                #expect(here.contains("2025-09-01 迁入") && !here.contains("迁入、"), "\(page)")
            }
        }
    }

    @Test func `who serves another area removes nothing`() async throws {
        try await WebFixture().run { client in
            let database = client.fixture.services.database
            let day = try #require(LocalDay("2026-12-01"))
            let entry = try HouseholdEntry(
                number: "E1", area: "140107001002", points: [.init(number: "PE1", shareMillionths: nil)],
                movedIn: Instant(epochSeconds: 1_756_656_000), movedOut: nil, persons: nil)
            _ = try await RegisterHousehold(database: database)(entry, at: WebFixture.now).get()
            _ = try await SetPersons(database: database)(4, of: "E1", from: day, at: WebFixture.now).get()
            try await client.signInStaff("clerk")
            let csrf = try await client.get("/staff/persons").field("csrf")
            let form = ["number": "E1", "persons": "4", "from": "2026-12-01"]
            #expect(try await client.post(Self.path, form, csrf: csrf).text.contains("没有这个户号"))
            let home = try #require(try await database.read { try $0.household(number: "E1") })
            #expect(try await database.read { try $0.persons(of: home.id, in: home.community).count } == 1)
        }
    }
}
