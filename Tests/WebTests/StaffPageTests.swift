import Hummingbird
import Operations
import Testing
import Water

@testable import Web

@Suite(.freshDatabases) struct StaffPageTests {
    @Test(arguments: TestEngine.allCases)
    func `every staff page opens for the city's administrator and for a community's clerk`(engine: TestEngine)
        async throws
    {
        try await WebFixture(on: engine).run { client in
            for name in ["admin", "clerk"] {
                let staff = client.another()
                try await staff.signInStaff(name)
                for path in [
                    "", "/desk", "/close", "/held", "/alerts", "/corrections", "/persons", "/exchange", "/codes",
                ] {
                    let page = try await staff.get("/staff\(path)?lang=en")
                    #expect(page.status == 200 && !page.text.contains("⟦"), "\(name) \(path)")
                }
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `only the city's administrator closes a month, and not before its time`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            let clerk = client.another()
            try await clerk.signInStaff("clerk")
            let page = try await clerk.get("/staff/close?month=2026-10")
            #expect(page.text.contains("class=\"notice refused\""))
            let csrf = try page.field("csrf")
            #expect(try await clerk.post("/staff/close", ["month": "2026-10"], csrf: csrf).status == 403)
            let admin = client.another()
            try await admin.signInStaff("admin")
            let early = try await admin.get("/staff/close?month=2026-11")
            #expect(early.text.contains("class=\"notice refused\""))
            #expect(try await admin.get("/staff/close?month=November").text.contains("role=\"alert\""))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a meter nobody registered is listed`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(
                #"{"readings":[{"meter":"nobody7","at":"2026-10-01T00:00:00+08:00","volume_m3":"1"}]}"#)
            try await client.closeOctoberQuietly()
            let page = try await client.get("/staff/held")
            #expect(page.text.contains("nobody7") && !page.text.contains("serial:") && page.text.contains("north"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `persons are noted for a home of the area and refused otherwise`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            try await client.signInStaff("clerk")
            let csrf = try await client.get("/staff/persons").field("csrf")
            let tries: [([String: String], String)] = [
                (["number": WebFixture.number(12), "persons": "4", "from": "2026-10-01"], "notice done"),
                (["number": WebFixture.number(12), "persons": "", "from": "2026-11-01"], "notice done"),
                (["number": "999", "persons": "4", "from": "2026-10-01"], "notice refused"),
                (["number": WebFixture.number(12), "persons": "21", "from": "2026-10-01"], "notice refused"),
                (["number": WebFixture.number(12), "persons": "x", "from": "2026-10-01"], "notice refused"),
                (["number": WebFixture.number(12), "persons": "4", "from": "2026-02-30"], "notice refused"),
            ]
            for (form, expected) in tries {
                let answer = try await client.postSurely("/staff/persons", form, csrf: csrf)
                #expect(answer.text.contains("class=\"\(expected)\""), "\(form)")
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a home to correct is listed with why`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            try await client.closeOctoberQuietly()
            let number = WebFixture.number(12)
            let before = try await client.get("/staff/corrections")
            #expect(before.status == 200 && !before.text.contains(number))
            let csrf = try await client.get("/staff/persons").field("csrf")
            let form = ["number": number, "persons": "5", "from": "2026-10-01"]
            let absurd = try await client.post("/staff/persons", form.merging(["persons": "21"]) { $1 }, csrf: csrf)
            #expect(absurd.text.contains("notice refused") && !absurd.text.contains(#"name="sure""#))
            // What it reaches is said before it is noted.
            let asked = try await client.post("/staff/persons", form, csrf: csrf)
            #expect(asked.text.contains("会重新查对 1 个月的账单（2026-10 至 2026-10）"))
            #expect(try await client.postSurely("/staff/persons", form, csrf: csrf).text.contains("notice done"))
            let page = try await client.get("/staff/corrections?lang=en")
            #expect(page.text.contains(number) && page.text.contains("the number of persons"), "\(page.text)")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an exchange found late is noted at the desk, and refused by field otherwise`(engine: TestEngine) async throws
    {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            try await client.closeOctoberQuietly()
            let csrf = try await client.get("/staff/exchange").field("csrf")
            let good = [
                "old": "M3", "new": "EX900", "final": "", "start": "0.012", "at": "2026-10-20T10:30",
            ]
            let tries: [([String: String], String)] = [
                (["old": "nobody"], "notice refused"), (["new": "M3"], "notice refused"),
                (["at": "2026-13-20T10:30"], "notice refused"), (["at": "2001-10-20T10:30"], "notice refused"),
                (["at": "2099-10-20T10:30"], "notice refused"), (["start": "-1"], "notice refused"),
                (["final": "x"], "notice refused"), (["new": "M4"], "notice refused"),
                ([:], "notice done"), ([:], "notice done"), (["new": "EX901"], "notice refused"),
                // The new meter of one exchange is not taken to another home by the same minute.
                (["old": "M5"], "notice refused"),
            ]
            for (change, expected) in tries {
                let form = good.merging(change) { $1 }
                let answer = try await client.postSurely("/staff/exchange", form, csrf: csrf)
                #expect(answer.text.contains("class=\"\(expected)\""), "\(form)")
            }
            let page = try await client.get("/staff/corrections?lang=en")
            #expect(page.text.contains(WebFixture.number(3)) && page.text.contains("exchange or installation"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an exchange is shown beside what the meters said before it is noted`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            try await client.closeOctoberQuietly()
            let csrf = try await client.get("/staff/exchange").field("csrf")
            let form = ["old": "Ｍ３", "new": "EX 900", "final": "６６５７", "start": "", "at": "2026-10-20T10:30"]
            let asked = try await client.post("/staff/exchange", form, csrf: csrf)
            for words in [
                "户号 \(WebFixture.number(3))", "用水点 P3", "旧表换下前最后读数", "是不是按升填的？", "没有新表起码",
                "系统还没有收到过新表",
            ] { #expect(asked.text.contains(words), "\(words)") }
            #expect(asked.text.contains(#"name="final" value="6657""#) && !asked.text.contains("notice done"))
            #expect(try await client.get("/staff/corrections").text.contains("<tr><th scope=\"row\"") == false)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a meter that hangs in another community now is judged by what it showed here, and shows nothing from there`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            let database = client.fixture.services.database
            let from = Instant(epochSeconds: 1_756_656_000)
            let moved = try #require(Instant(rfc3339: "2026-10-20T12:00:00+08:00"))
            let elsewhere = try HouseholdEntry(
                number: "E1", area: "140107001002", points: [.init(number: "PE1", shareMillionths: nil)],
                movedIn: from, movedOut: nil, persons: nil)
            _ = try await RegisterHousehold(database: database)(elsewhere, at: WebFixture.now).get()
            for (point, start, end) in [("P3", from, moved), ("PE1", moved, nil)] as [(String, Instant, Instant?)] {
                let entry = try MeterEntry(
                    serial: try #require(MeterAddress(.serial, "M3")), otherAddresses: [], usagePoint: point,
                    from: start, to: end, startRegister: nil, finalRegister: nil, resolution: nil,
                    nominalFlowLitresPerHour: 2_500, modulus: nil)
                _ = try await RegisterMeter(database: database)(entry, at: WebFixture.now).get()
            }
            try await client.closeOctoberQuietly()
            try await client.signInStaff("clerk")
            let csrf = try await client.get("/staff/exchange").field("csrf")
            let form = ["old": "M3", "new": "EX900", "final": "999", "start": "", "at": "2026-10-20T12:00"]
            let asked = try await client.post("/staff/exchange", form, csrf: csrf)
            #expect(asked.text.contains("旧表换下前最后读数") && asked.text.contains("一户一般用不了这么多"))
            #expect(!asked.text.contains("而那是以后的读数"), "\(asked.text)")
            let entry = [
                "id": "e-1", "meter": "M3", "month": "2026-10", "at": "2026-10-19T12:30", "register": "500000",
                "reason": "x", "action": "enter",
            ]
            let doubted = try await client.post("/staff/readings", entry, csrf: csrf)
            #expect(doubted.text.contains(#"name="sure""#), "\(doubted.text)")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a household is found by its number or its meter's, with its statements and points`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            try await client.closeOctoberQuietly()
            let number = WebFixture.number(3)
            let page = try await client.get("/staff/household?number=\(number)")
            #expect(page.status == 200 && !page.text.contains("⟦"))
            #expect(page.text.contains("2026-10") && page.text.contains("杏花岭社区") && page.text.contains("m3"))
            #expect(try await client.get("/staff/household?number=M3").text.contains(number))
            for other in ["nobody", "%3Cb%3E"] {
                let missing = try await client.get("/staff/household?number=\(other)")
                #expect(missing.status == 200 && missing.text.contains("没有这个户号或表号"))
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a printed code signs its home in once`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            let staff = client.another()
            try await staff.signInStaff("clerk")
            let form = try await staff.get("/staff/codes")
            let made = try await staff.post(
                "/staff/codes", ["numbers": "\(WebFixture.number(4))\n404"], csrf: try form.field("csrf"))
            #expect(made.text.contains("404</span> 没有这个户号"))
            let code = try #require(made.text.firstMatch(of: /class="desk-code">([^<]+)</)?.1)
            for expected in [303, 403] {
                let home = client.another()
                let page = try await home.get("/sign-in")
                let answer = try await home.post(
                    "/sign-in", ["number": WebFixture.number(4), "code": String(code)], csrf: try page.field("csrf"))
                #expect(answer.status == expected)
            }
        }
    }
}

extension WebClient {
    /// Signs the administrator in and closes, so that what came in is folded.
    func closeOctoberQuietly() async throws { _ = try await closeOctober() }
}
