import Hummingbird
import Operations
import Testing
import Water

@testable import Web

/// The whole chain through the router: readings in, month closed, statement read, points spent at the desk.
@Suite(.freshDatabases) struct MainJobTests {
    @Test(arguments: TestEngine.allCases)
    func `a reading becomes a statement, points, a redemption and a page of the pull path`(engine: TestEngine)
        async throws
    {
        try await WebFixture(on: engine).run { client in
            let posted = try await client.postReadings(client.fixture.octoberBody())
            #expect(posted.status == 200, "\(posted.text.prefix(300))")
            #expect(try posted.json()["rejected"] as? Int == 0)

            let staff = client.another()
            let closed = try await staff.closeOctober()
            #expect(closed.status == 200 && closed.text.contains("class=\"notice done\""), "\(closed.text)")

            let resident = client.another()
            try await resident.signInResident(1)
            let page = try await resident.get("/statement")
            #expect(page.status == 200 && page.text.contains(WebFixture.number(1)) && !page.text.contains("⟦"))
            let english = try await resident.get("/statements/2026-10?lang=en")
            #expect(english.text.contains("October 2026") && english.text.contains("Tap") == false)
            #expect(try await resident.get("/statement").text.contains("October 2026"), "the language is kept")
            try await redeem(resident, staff)
            try await pull(client)
        }
    }

    private func redeem(_ resident: WebClient, _ staff: WebClient) async throws {
        let points = try await resident.get("/points")
        let csrf = try points.field("csrf")
        let form = ["item": try points.field("item"), "id": try points.field("id")]
        let held = try await resident.post("/points/hold", form, csrf: csrf)
        #expect(held.status == 303)
        let repeated = try await resident.post("/points/hold", form, csrf: csrf)
        #expect(repeated.header("Location") == held.header("Location"))
        let after = try await resident.get(try #require(held.header("Location")))
        let code = try #require(after.text.firstMatch(of: /class="desk-code"[^>]*>([^<]+)</)?.1)
        #expect(after.text.matches(of: /class="ticket"/).count == 1)

        let desk = try await staff.get("/staff/desk")
        let found = try await staff.post(
            "/staff/desk", ["code": code.lowercased(), "community": WebFixture.community], csrf: try desk.field("csrf"))
        #expect(found.text.contains("class=\"card found\""), "\(found.text)")
        #expect(!found.text.contains(WebFixture.number(1)), "the number is masked")
        let confirm = [
            "community": try found.field("community"), "redemption": try found.field("redemption"),
            "code": code.filter { $0 != " " },
        ]
        // Without the code on the resident's phone nothing is handed over.
        let guess = confirm.merging(["code": "AAAAAAAA"]) { $1 }
        #expect(try await staff.post("/staff/desk/confirm", guess, csrf: try found.field("csrf")).status == 404)
        // One slip of the finger voids nothing.
        let asked = try await staff.post("/staff/desk/void", confirm, csrf: try found.field("csrf"))
        #expect(asked.text.contains(#"name="sure""#) && asked.text.contains("/staff/desk/confirm"))
        let done = try await staff.post("/staff/desk/confirm", confirm, csrf: try found.field("csrf"))
        #expect(done.text.contains("class=\"notice done\""))
        // Another desk's button, or this one's twice: nothing is handed over again.
        let again = try await staff.post("/staff/desk/confirm", confirm, csrf: try found.field("csrf"))
        #expect(again.text.contains("这件已经领过了") && !again.text.contains("可以交给居民"))
        let void = try await staff.post("/staff/desk/void", confirm, csrf: try found.field("csrf"))
        #expect(void.text.contains("class=\"notice refused\""))
    }

    private func pull(_ client: WebClient) async throws {
        let path = "/v1/communities/\(WebFixture.community)/statements?month=2026-10"
        let key = ["Authorization": "Bearer \(client.fixture.pullKey.text)"]
        let page = try await client.send(.get, path, key)
        #expect(page.status == 200)
        let statements = try #require(try page.json()["statements"] as? [[String: Any]])
        #expect(statements.count == 12)
        let tag = try #require(page.header("ETag"))
        let same = try await client.send(.get, path, key.merging(["If-None-Match": tag]) { $1 })
        #expect(same.status == 304 && same.text.isEmpty && same.header("ETag") == tag)
        let after = try await client.send(.get, "\(path)&after=\(WebFixture.number(11))", key)
        #expect(try #require(try after.json()["statements"] as? [[String: Any]]).count == 1)
        let beyond = try await client.send(.get, "\(path)&after=\(WebFixture.number(12))", key)
        #expect(beyond.text.contains(#""statements":[]"#), "\(beyond.text)")
        for answer in [page, after, beyond] { #expect(try answer.json()["closed"] as? Bool == true) }
        let early = try await client.send(.get, path.replacing("2026-10", with: "2026-11"), key)
        #expect(try early.status == 200 && early.json()["closed"] as? Bool == false, "\(early.text)")
        #expect(after.header("ETag") != tag)
        #expect(try await client.send(.get, path).status == 401)
        #expect(try await client.send(.get, "/v1/communities/1401/statements?month=2026-10", key).status == 404)
        #expect(try await client.send(.get, "/v1/communities/\(WebFixture.community)/statements", key).status == 400)
        let database = client.fixture.services.database
        _ = try await DisableTarget(database: database)("platform", at: WebFixture.now).get()
        let disabled = try await client.send(.get, path, key)
        #expect(disabled.status == 403 && disabled.text.contains("/problems/target-disabled"), "\(disabled.text)")
        let wrong = try await client.send(.get, path, ["Authorization": "Bearer x"])
        #expect(wrong.status == 401 && wrong.text.contains("/problems/unauthorized"), "\(wrong.text)")
    }

    @Test(arguments: TestEngine.allCases)
    func `a program redeems with session and token, and gets the first answer again`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            let staff = client.another()
            _ = try await staff.closeOctober()
            let resident = client.another()
            try await resident.signInResident(2)
            let csrf = try await resident.get("/points").field("csrf")
            let headers = ["Content-Type": "application/json", "X-CSRF-Token": csrf]
            let body = #"{"id":"app-1","item_id":\#(client.fixture.item)}"#
            let held = try await resident.send(.post, "/v1/redemptions", headers, body: body)
            #expect(held.status == 201, "\(held.text)")
            #expect(try await resident.send(.post, "/v1/redemptions", headers, body: body).text == held.text)
            let forged = ["Content-Type": "application/json", "X-CSRF-Token": "x"]
            let unproved = try await resident.send(.post, "/v1/redemptions", forged, body: body)
            #expect(unproved.status == 403 && unproved.text.contains("header X-CSRF-Token"), "\(unproved.text)")
            let second = #"{"id":"app-2","item_id":\#(client.fixture.item)}"#
            let refused = try await resident.send(.post, "/v1/redemptions", headers, body: second)
            #expect(refused.status == 409 || refused.status == 201)
            let unknown = try await resident.send(
                .post, "/v1/redemptions", headers, body: #"{"id":"app-3","item_id":999}"#)
            #expect(unknown.status == 404 && unknown.text.contains(#""field":"item_id""#), "\(unknown.text)")
            let reused = try await resident.send(
                .post, "/v1/redemptions", headers, body: #"{"id":"app-1","item_id":999}"#)
            #expect(reused.status == 409 && reused.text.contains("/problems/id-reused-with-other-input"))
            #expect(reused.text.contains(#""field":"id""#), "\(reused.text)")
            let nameless = try await resident.send(.post, "/v1/redemptions", headers, body: #"{"item_id":1}"#)
            #expect(nameless.status == 400 && nameless.text.contains(#""field":"id""#))

            let code = try #require(try held.json()["desk_code"] as? String)
            let desk = [
                "Content-Type": "application/json", "X-CSRF-Token": try await staff.get("/staff").field("csrf"),
            ]
            let at = #"{"community":"\#(WebFixture.community)","desk_code":"\#(code)"}"#
            let wrong = [
                ("other", at, 404, "id"), ("app-1", at.replacing(code, with: "AAAAAAAA"), 404, "desk_code"),
                ("app-1", at.replacing(WebFixture.community, with: "9"), 403, "community"),
            ]
            for (id, body, status, field) in wrong {
                let answer = try await staff.send(.post, "/v1/redemptions/\(id)/confirm", desk, body: body)
                #expect(answer.status == status && answer.text.contains("\"field\":\"\(field)\""), "\(answer.text)")
            }
            for isRepeat in [false, true] {
                // The second desk is told that there is nothing to hand over.
                let confirmed = try await staff.send(.post, "/v1/redemptions/app-1/confirm", desk, body: at).json()
                #expect(confirmed["state"] as? String == "confirmed")
                #expect(confirmed["ended_before"] as? Bool == isRepeat)
            }
            #expect(try await staff.send(.post, "/v1/redemptions/app-1/void", desk, body: at).status == 409)
            #expect(try await resident.send(.post, "/v1/redemptions/app-1/confirm", headers, body: at).status == 401)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a statement is served as its canonical bytes with their hash`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            _ = try await client.another().closeOctober()
            try await client.signInResident(3)
            let list = try await client.get("/v1/statements")
            #expect(list.text.contains(#"{"month":"2026-10","version":1}"#))
            let one = try await client.get("/v1/statements/2026-10")
            #expect(one.header("ETag") == "\"\(sha256Hex(Array(one.text.utf8)))\"")
            let tag = try #require(one.header("ETag"))
            for known in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
                let same = try await client.send(.get, "/v1/statements/2026-10", ["If-None-Match": known])
                #expect(same.status == 304 && same.text.isEmpty && same.header("ETag") == tag, "\(known)")
            }
            let other = try await client.send(.get, "/v1/statements/2026-10", ["If-None-Match": "\"other\""])
            #expect(other.status == 200 && other.text == one.text)
            let missing = [("2026-10?version=2", "version"), ("2026-09", "month"), ("2026-09/explain", "month")]
            for (address, field) in missing {
                let none = try await client.get("/v1/statements/\(address)")
                #expect(none.status == 404 && none.text.contains("/problems/no-such-statement"), "\(none.text)")
                let errors = try #require(try none.json()["errors"] as? [[String: String]])
                #expect(errors.count == 1 && errors.first?["field"] == field, "\(none.text)")
            }
            for month in ["2026-13", "0000-01", "1969-12", "2026-1"] {
                for address in ["/v1/statements/\(month)", "/v1/statements?after=\(month)"] {
                    let none = try await client.get(address)
                    #expect(none.status == 400 && none.text.contains("from 1970-01 to 9999-12"), "\(none.text)")
                }
            }
            #expect(try await client.another().get("/v1/statements").status == 401)
            #expect(try await client.get("/statements/2026-10?version=2").status == 404)
        }
    }
}
