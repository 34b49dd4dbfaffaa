import Database
import Operations
import Storage
import Testing
import Water

@testable import Web

/// What the desk is told: who answered before, whose code is void, whose account is locked.
@Suite(.freshDatabases) struct DeskPageTests {
    @Test(arguments: TestEngine.allCases)
    func `a second desk is told who answered and when, and residents are told of nobody`(engine: TestEngine)
        async throws
    {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            try await client.closeOctoberQuietly()
            let (resident, desk) = (client.another(), client.another())
            try await resident.signInResident(1)
            let points = try await resident.get("/points")
            let hold = ["item": try points.field("item"), "id": try points.field("id")]
            let held = try await resident.post("/points/hold", hold, csrf: try points.field("csrf"))
            let ticket = try await resident.get(try #require(held.header("Location")))
            let code = try #require(ticket.text.firstMatch(of: /class="desk-code"[^>]*>([^<]+)</)?.1)

            try await desk.signInStaff("clerk")
            let form = ["community": WebFixture.community, "code": String(code), "redemption": hold["id"] ?? ""]
            let csrf = try await desk.get("/staff/desk").field("csrf")
            let shown = try await desk.post("/staff/desk", form, csrf: csrf)
            let done = try await desk.post("/staff/desk/confirm", form, csrf: csrf)
            #expect(done.text.contains("notice done") && done.text.contains("clerk（杏花岭社区）"))
            // The next code is typed at once, but not while an item waits for its answer.
            #expect(done.text.contains(" autofocus>") && !shown.text.contains(" autofocus>"))
            let other = try await client.get("/staff/desk").field("csrf")
            let again = try await client.post("/staff/desk/confirm", form, csrf: other)
            #expect(again.text.contains("11月24日 12:00 由 clerk（杏花岭社区） 核销领取，不要再发"), "\(again.text)")
            let refused = try await client.post("/staff/desk/void", form, csrf: other)
            #expect(refused.text.contains("这次兑换已经结束") && refused.text.contains("notice refused"))
            #expect(refused.text.contains("11月24日 12:00 由 clerk（杏花岭社区） 办理：已领取。"), "\(refused.text)")
            #expect(try await !resident.get("/points").text.contains("clerk"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `that a household's code is void is told with since when, until it has a new one`(engine: TestEngine)
        async throws
    {
        try await WebFixture(on: engine).run { client in
            try await client.signInStaff("clerk")
            let (number, database) = (WebFixture.number(4), client.fixture.services.database)
            let path = "/staff/household?number=\(number)"
            func tryCode(at: Instant) async throws {
                var random = SystemRandomNumberGenerator()
                let secrets = SessionSecrets(using: &random)
                let result = try await SignInResident(database: database)(
                    number, code: "22222222", session: secrets, at: at)
                #expect(result == .failure(.refused))
            }
            let page = try await client.get("/staff/codes?number=\(number)")
            #expect(page.text.contains(">\(number)</textarea>"))
            for _ in 1...2 {
                let csrf = try page.field("csrf")
                #expect(try await client.post("/staff/codes", ["numbers": number], csrf: csrf).status == 200)
                #expect(try await !client.get(path).text.contains("作废"))
                for minute in (1...5).reversed() { try await tryCode(at: WebFixture.now - Int64(minute * 60)) }
                let told = try await client.get(path).text
                #expect(told.contains("登录码输错 5 次，2026-11-24 11:59 起作废"), "\(told)")
                #expect(told.contains("href=\"/staff/codes?number=\(number)\""))
            }
            // Who has moved out gets no code.
            _ = try await MoveOut(database: database)(number, on: WebFixture.now + 60, at: WebFixture.now).get()
            #expect(try await client.get(path).text.contains("作废"))
            _ = try await MoveOut(database: database)(number, on: WebFixture.now, at: WebFixture.now).get()
            #expect(try await !client.get(path).text.contains("作废"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `that wrong passwords locked an account is told to who serves its area, until when`(engine: TestEngine)
        async throws
    {
        try await WebFixture(on: engine).run { client in
            let (clerk, database) = (client.another(), client.fixture.services.database)
            try await client.signInStaff("admin")
            try await clerk.signInStaff("clerk")
            #expect(try await !client.get("/staff").text.contains("暂时锁定的账号"))
            func lock(_ name: String) async throws {
                try await database.write { transaction in
                    for _ in 1...5 {
                        _ = try transaction.spendTry(of: name, limit: 5, lockSeconds: 900, at: WebFixture.now)
                    }
                }
            }
            try await lock("admin")
            #expect(try await client.get("/staff").text.contains("admin（太原市）：锁定到 2026-11-24 12:15"))
            #expect(try await !clerk.get("/staff").text.contains("锁定到"))
            try await lock("clerk")
            for staff in [client, clerk] {
                #expect(try await staff.get("/staff").text.contains("clerk（杏花岭社区）：锁定到 2026-11-24 12:15"))
            }
            _ = try await DisableStaff(database: database)("clerk", at: WebFixture.now).get()
            #expect(try await !client.get("/staff").text.contains("clerk（杏花岭社区）"))
        }
    }

    @Test(
        arguments: [
            ("", .missing), (" - ", .missing), ("ABCD", .length(4)), ("ABCD-EFGH9", .length(9)),
            ("abcd efg0", .signs("0")), ("o1iL中中ab", .signs("O 1 I L 中")), ("K7PM 3XWT", nil),
            ("ｋ７ｐｍ－３ｘｗｔ", nil),
        ] as [(String, DeskCodeFault?)])
    func `what can be no code is told by what is wrong with it`(typed: String, fault: DeskCodeFault?) {
        #expect(DeskCodeFault(typed) == fault)
        // Read alike by who looks it up.
        #expect((HandCode.read(typed) == nil) == (fault != nil))
    }

    @Test func `after too many wrong codes the desk says for how long, and that right ones are refused too`()
        async throws
    {
        var settings = WebSettings()
        settings.triesPerSubject = 2
        try await WebFixture(settings).run { client in
            try await client.signInStaff("clerk")
            let csrf = try await client.get("/staff/desk").field("csrf")
            for _ in 1...2 {
                let wrong = try await client.post("/staff/desk", ["code": "ABCD2345"], csrf: csrf)
                #expect(wrong.status == 200 && wrong.text.contains("没有找到"))
            }
            for (path, words) in [
                ("", "请过 5 分钟再输。这段时间里，输对的领取码也查不了。"), ("/confirm", "请过 5 分钟再输"), ("/void", "输错的次数太多了"),
                ("?lang=en", "Enter codes again in 5 minutes. Until then right ones are refused too."),
            ] {
                let late = try await client.post("/staff/desk\(path)", ["code": "ABCD2346"], csrf: csrf)
                #expect(late.status == 429 && late.header("Retry-After") == "300", "\(path)")
                #expect(late.text.contains(words) && late.text.contains("id=\"code\""), "\(late.text)")
            }
        }
    }

    @Test func `the desk says what is wrong with a code, and keeps it`() async throws {
        try await WebFixture().run { client in
            try await client.signInStaff("clerk")
            let csrf = try await client.get("/staff/desk").field("csrf")
            let tries = [
                ("", "没有填领取码"), ("ABCD", "您输入了 4 位"), ("ABCD<000", "领取码里不会有“&lt; 0”"), ("ABCD2345", "没有找到"),
            ]
            for (code, words) in tries {
                let answer = try await client.post("/staff/desk", ["code": code], csrf: csrf)
                #expect(answer.status == 200 && answer.text.contains(words), "\(code)")
                #expect(answer.text.contains("notice refused") && answer.text.contains("role=\"alert\""))
                #expect(code.contains("<") || answer.text.contains("value=\"\(code)\" required"), "\(code)")
            }
        }
    }
}
