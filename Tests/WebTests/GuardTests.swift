import Foundation
import Hummingbird
import Operations
import Testing
import Water

@testable import Web

@Suite(.freshDatabases) struct GuardTests {
    @Test func `errors are problems under v1 and pages elsewhere, all with the security headers`() async throws {
        try await WebFixture().run { client in
            let api = try await client.get("/v1/nothing")
            #expect(api.status == 404 && api.header("Content-Type") == "application/problem+json")
            let page = try await client.get("/nothing")
            #expect(page.status == 404 && page.header("Content-Type") == "text/html; charset=utf-8")
            for answer in [api, page, try await client.get("/sign-in"), try await client.get("/assets/site.css")] {
                #expect(
                    answer.header("Content-Security-Policy")?.hasPrefix("default-src 'none'; style-src 'self';") == true
                )
                #expect(answer.header("X-Content-Type-Options") == "nosniff")
                #expect(answer.header("X-Request-Id") != nil)
            }
            #expect(try await client.get("/sign-in").header("Cache-Control") == "no-store")
        }
    }

    @Test(arguments: [
        ("GET", "/v1/readings", "POST"), ("OPTIONS", "/v1/readings", "POST"), ("POST", "/healthz", "GET, HEAD"),
        ("DELETE", "/v1/statements/2026-10", "GET, HEAD"), ("PUT", "/v1/push/ctwing/a", "POST"),
        ("PUT", "/v1/push/onenet/a", "GET, HEAD, POST"),
    ])
    func `another method than an address takes is told so, with those it takes`(
        _ method: String, _ path: String, _ allowed: String
    ) async throws {
        try await WebFixture().run { client in
            let answer = try await client.send(try #require(HTTPRequest.Method(method)), path)
            #expect(answer.status == 405, "\(answer.text)")
            #expect(answer.header("Allow") == allowed)
            #expect(answer.header("Content-Type") == "application/problem+json")
        }
    }

    @Test(arguments: ["/statement", "/points", "/statements/2026-10", "/staff", "/staff/desk", "/staff/codes"])
    func `a page without a session leads to the right sign-in`(_ path: String) async throws {
        try await WebFixture().run { client in
            let answer = try await client.get(path)
            let expected = path.hasPrefix("/staff") ? "/staff/sign-in" : "/sign-in"
            #expect(answer.status == 303 && answer.header("Location") == expected)
        }
    }

    @Test func `a refused request keeps the links and the way out of who is signed in`() async throws {
        try await WebFixture().run { client in
            try await client.signInResident(1)
            let missing = try await client.get("/nothing")
            #expect(missing.status == 404 && missing.text.contains("action=\"/sign-out\""))
            #expect(missing.text.contains("href=\"/points\""))
            let old = try await client.post("/goal", ["goal": "9"], csrf: "guess")
            #expect(old.status == 403 && old.text.contains("action=\"/sign-out\""))
            #expect(try await client.send(.delete, "/points").text.contains("action=\"/sign-out\""))
            let out = try await client.post("/sign-out", [:], csrf: try missing.field("csrf"))
            #expect(out.status == 303)
            #expect(try await !client.get("/nothing").text.contains("sign-out"))
            try await client.signInStaff("clerk")
            #expect(try await client.get("/staff/nothing").text.contains("action=\"/staff/sign-out\""))
        }
    }

    @Test(arguments: [
        ("/staff/desk/confirm", "/staff/desk"), ("/staff/desk/void", "/staff/desk"), ("/points/hold", "/points"),
        ("/points/void", "/points"),
        ("/statements/2026-10/objection", "/statements/2026-10"), ("/goal", "/"), ("/staff/sign-out", "/staff"),
        ("/staff/persons/remove", "/staff/persons"),
    ])
    func `the address of a form, opened, leads to the page that has it`(_ path: String, _ page: String) async throws {
        try await WebFixture().run { client in
            let answer = try await client.get(path)
            #expect(answer.status == 303 && answer.header("Location") == page)
        }
    }

    @Test func `a form sent after the session has ended is said not to be saved`() async throws {
        try await WebFixture().run { client in
            for (path, place) in [("/staff/persons", "/staff/sign-in?over=1"), ("/goal", "/sign-in?over=1")] {
                let answer = try await client.post(path, ["number": "1"], csrf: "")
                #expect(answer.status == 303 && answer.header("Location") == place)
                #expect(try await client.get(place).text.contains("刚才填的没有保存"))
            }
            let out = try await client.post("/sign-out", [:], csrf: "")
            #expect(out.header("Location") == "/sign-in")
        }
    }

    @Test func `what was typed into a form of an ended session stands on the sign-in page, to be copied`() async throws
    {
        try await WebFixture().run { client in
            let cases: [(path: String, form: [String: String], kept: [String], label: String)] = [
                ("/statements/2026-10/objection", ["id": "a-1", "text": "十月<b>没人住"], ["十月&lt;b&gt;没人住"], "哪里不对"),
                ("/staff/household", ["number": "H9", "text": "已上门，换了龙头"], ["已上门，换了龙头"], "说明"),
                ("/staff/codes", ["numbers": "100\n200"], ["100\n200"], "户号"),
                ("/staff/exchange", ["old": "M1", "new": "M90", "final": "8.5"], ["M1", "M90", "8.5"], "新表表号"),
                ("/staff/readings", ["meter": "M1", "register": "8.125", "reason": "抄表"], ["8.125", "抄表"], "原因"),
            ]
            for (path, form, kept, label) in cases {
                let secrets = form.merging(["password": "hush-1", "code": "hush-2"]) { own, _ in own }
                let answer = try await client.post(path, secrets, csrf: "hush-3")
                let isStaff = path.hasPrefix("/staff")
                #expect(answer.status == 403 && answer.text.contains("登录已过期"), "\(answer.text)")
                #expect(answer.text.contains("action=\"\(isStaff ? "/staff/sign-in" : "/sign-in")\""))
                #expect(answer.text.contains(label) && !answer.text.contains("hush"))
                for words in kept {
                    #expect(answer.text.contains("<blockquote class=\"unsent\"><bdi>\(words)</bdi>"), "\(words)")
                }
                #expect(answer.text.matches(of: /class="unsent"/).count == kept.count)
            }
            let long = ["text": String(repeating: "水", count: 600)]
            let cut = try await client.post("/staff/household", long, csrf: "").text
            #expect(cut.contains("<bdi>\(String(repeating: "水", count: 500))</bdi>"))
            // Nothing typed, and what another site's page sent: the way in alone.
            #expect(try await client.post("/staff/household", ["text": " "], csrf: "").status == 303)
            let foreign = try await client.send(
                .post, "/staff/household",
                ["Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site"], body: "text=call"
            )
            #expect(foreign.status == 303 && foreign.header("Location") == "/staff/sign-in?over=1")
        }
    }

    @Test func `what was typed into a form whose page is too old stands on the answer, to be copied`() async throws {
        try await WebFixture().run { client in
            try await client.signInStaff("clerk")
            let note = ["number": WebFixture.number(1), "kind": "visited", "id": "n-1", "text": "换了<龙头>"]
            let answer = try await client.post("/staff/household", note, csrf: "guess")
            #expect(answer.status == 403 && answer.text.contains("页面已过期"), "\(answer.text)")
            #expect(answer.text.contains("<blockquote class=\"unsent\"><bdi>换了&lt;龙头&gt;</bdi>"))
            #expect(answer.text.contains("action=\"/staff/sign-out\"") && !answer.text.contains("guess"))
            let codes = try await client.post("/staff/codes", ["numbers": "100200399"], csrf: "guess")
            #expect(codes.status == 403 && codes.text.contains("<bdi>100200399</bdi>"))
            let resident = client.another()
            try await resident.signInResident(1)
            let objection = try await resident.post("/statements/2026-10/objection", ["text": "不对"], csrf: "")
            #expect(objection.status == 403 && objection.text.contains("<bdi>不对</bdi>"))
        }
    }

    @Test func `no form works without its token, and none with another's`() async throws {
        try await WebFixture().run { client in
            #expect(try await client.post("/sign-in", ["number": "1", "code": "x"], csrf: "").status == 403)
            #expect(try await client.post("/sign-in", ["number": "1", "code": "x"], csrf: "guess").status == 403)
            let staff = client.another()
            try await staff.signInStaff("admin")
            let other = client.another()
            try await other.signInStaff("clerk")
            let token = try await other.get("/staff").field("csrf")
            for path in [
                "/staff/desk", "/staff/desk/confirm", "/staff/desk/void", "/staff/close", "/staff/persons",
                "/staff/persons/remove", "/staff/codes", "/staff/sign-out",
            ] {
                #expect(try await staff.post(path, ["month": "2026-10"], csrf: token).status == 403, "\(path)")
                #expect(try await staff.post(path, ["month": "2026-10"], csrf: "").status == 403, "\(path)")
            }
            #expect(try await staff.get("/staff").status == 200, "nobody was signed out")
        }
    }

    @Test func `the session's cookie is out of reach of scripts and of plain connections`() async throws {
        var settings = WebSettings()
        settings.isBehindTLS = true
        try await WebFixture(settings).run { client in
            try await client.fixture.addStaff("admin")
            let page = try await client.get("/staff/sign-in")
            let answer = try await client.post(
                "/staff/sign-in", ["name": "admin", "password": WebFixture.password.text],
                csrf: try page.field("csrf"))
            let cookie = try #require(answer.cookies.first { $0.hasPrefix("jieshui_session=") })
            for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] { #expect(cookie.contains(part)) }
        }
    }

    @Test func `signing out ends the session for every copy of the cookie`() async throws {
        try await WebFixture().run { client in
            try await client.signInStaff("admin")
            let copy = client.another()
            copy.cookies = client.cookies
            let csrf = try await client.get("/staff").field("csrf")
            let out = try await client.post("/staff/sign-out", [:], csrf: csrf)
            #expect(out.header("Location") == "/staff/sign-in?out=1")
            #expect(try await copy.get("/staff").status == 303)
        }
    }

    @Test func `a resident reads nothing of staff, and staff nothing of a home`() async throws {
        try await WebFixture().run { client in
            try await client.signInResident(1)
            #expect(try await client.get("/staff").status == 303)
            let staff = client.another()
            try await staff.signInStaff("admin")
            #expect(try await staff.get("/points").status == 303)
        }
    }

    @Test func `tries to sign in run out for a number and for an address`() async throws {
        var settings = WebSettings()
        settings.triesPerSubject = 3
        settings.triesPerPeer = 5
        try await WebFixture(settings).run { client in
            let csrf = try await client.get("/sign-in").field("csrf")
            var answers: [Int] = []
            for number in ["1", "1", "1", "1", "2", "3"] {
                answers.append(
                    try await client.post("/sign-in", ["number": number, "code": "ABCDEFGH"], csrf: csrf).status)
            }
            #expect(answers == [403, 403, 403, 429, 403, 429])
        }
    }

    @Test func `right sign-ins use up no tries, and wrong ones of residents none of staff`() async throws {
        var settings = WebSettings()
        settings.triesPerPeer = 1
        settings.triesPerSubject = 1
        try await WebFixture(settings).run { client in
            for home in [1, 2, 1] { try await client.another().signInResident(home) }
            let csrf = try await client.get("/sign-in").field("csrf")
            for (number, status) in [("8", 403), ("9", 429)] {
                let wrong = try await client.post("/sign-in", ["number": number, "code": "ABCDEFGH"], csrf: csrf)
                #expect(wrong.status == status)
            }
            for _ in 0..<2 { try await client.another().signInStaff("clerk") }
        }
    }

    @Test(arguments: [(false, false), (false, true), (true, false), (true, true)])
    func `a proxy whose header is not trusted counts as everybody`(_ isBehindTLS: Bool, _ trusts: Bool) {
        var settings = WebSettings()
        settings.isBehindTLS = isBehindTLS
        settings.trustsForwardedFor = trusts
        #expect(settings.countsProxyAsEverybody == (isBehindTLS && !trusts))
    }

    @Test(arguments: [#"/\evil.example/void"#, #"//evil.example/void"#, #"/\/evil.example/void"#])
    func `no link on an answer leads to another host`(_ path: String) {
        let head = HTTPRequest(method: .post, scheme: "http", authority: "localhost", path: path)
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        #expect(request.formPage == "/evil.example" && request.pageTarget == "/evil.example")
    }

    @Test func `a limiter forgets after its window and never grows past its bound`() {
        let limiter = TryLimiter(tries: 1)
        let now = WebFixture.now
        #expect(limiter.spend("a", at: now) == nil)
        #expect(limiter.spend("a", at: now + 1) == 299)
        #expect(limiter.spend("a", at: now + 300) == nil)
        for key in 1...25_000 { _ = limiter.spend("k\(key)", at: now + 300 + Int64(key) / 1_000) }
        #expect(limiter.keys <= 20_000)
        // A flood of keys shuts the door to nobody, and what was counted last is still counted.
        #expect(limiter.spend("one more", at: now + 326) == nil)
        #expect(limiter.spend("k25000", at: now + 326) != nil)
    }

    @Test func `the server is ready, and says so`() async throws {
        try await WebFixture().run { client in
            let health = try await client.get("/healthz")
            #expect(health.status == 200)
            let ready = try await client.get("/readyz")
            #expect(ready.text.contains(#""status":"ready""#))
        }
    }

    @Test(arguments: [
        ("a=1&b=2", ["a": "1", "b": "2"]), ("a=%E6%B0%B4+x", ["a": "水 x"]), ("a=1&a=2", ["a": "1"]), ("", [:]),
        ("a", ["a": ""]), ("=x", [:]),
    ])
    func `a form is read as it was typed`(_ body: String, _ expected: [String: String]) throws {
        let form = try #require(Form(Array(body.utf8)))
        for (name, value) in expected { #expect(form.text(name) == value) }
    }

    @Test(arguments: ["a=%zz", "a=%ff", "%"])
    func `a form that is not one is refused`(_ body: String) { #expect(Form(Array(body.utf8)) == nil) }
}
