import Operations
import Testing
import Water

@testable import Web

@Suite(.freshDatabases) struct ReadingEditPageTests {
    @Test(arguments: TestEngine.allCases)
    func `staff enter a reading with a reason, and the resident sees the corrected statement`(engine: TestEngine)
        async throws
    {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            let staff = client.another()
            _ = try await staff.closeOctober()
            let page = try await staff.get("/staff/readings?meter=M3&month=2026-10")
            #expect(page.status == 200 && page.text.contains("id=\"enter-h\"") && !page.text.contains("⟦"))
            let form = [
                "id": try page.field("id"), "meter": "M3", "month": "2026-10", "at": "2026-10-31T23:30",
                "register": "9.9", "reason": "上门抄表", "action": "enter",
            ]
            let refused = try await staff.post(
                "/staff/readings", form.merging(["reason": " "]) { $1 }, csrf: try page.field("csrf"))
            #expect(refused.text.contains("class=\"notice refused\""))
            let done = try await staff.post("/staff/readings", form, csrf: try page.field("csrf"))
            #expect(done.text.contains("class=\"notice done\"") && done.text.contains("上门抄表"), "\(done.text)")
            let repeated = try await staff.post("/staff/readings", form, csrf: try page.field("csrf"))
            #expect(repeated.text.contains("class=\"notice done\""))
            _ = try await client.fixture.services.closeMonth.corrections(at: WebFixture.now)

            try await client.signInResident(3)
            let statement = try await client.get("/statement")
            #expect(statement.text.contains("9.9") && statement.text.contains("<details>"))
            #expect(try await client.get("/v1/statements/2026-10").text.contains(#""correction":{"causes":["edit"]"#))
            #expect(try await client.get("/v1/statements/2026-10?version=1").status == 200)
            #expect(try await client.get("/staff/readings?meter=M3").status == 303)
            let missing = try await staff.get("/staff/readings?meter=M99&month=2026-10")
            #expect(missing.status == 200 && !missing.text.contains("id=\"enter-h\""))
        }
    }
}
