import Database
import Foundation
import Operations
import Storage
import Testing
import Water

@testable import Web

/// What a household holds and does not want after all.
@Suite(.freshDatabases) struct GiveBackTests {
    /// A household with a hold, the form that gives it back, and its desk code.
    private func hold(_ client: WebClient) async throws -> (resident: WebClient, form: [String: String], code: String) {
        _ = try await client.postReadings(client.fixture.octoberBody())
        try await client.closeOctoberQuietly()
        let resident = client.another()
        try await resident.signInResident(1)
        let points = try await resident.get("/points")
        let wish = ["item": try points.field("item"), "id": try points.field("id")]
        let held = try await resident.post("/points/hold", wish, csrf: try points.field("csrf"))
        let ticket = try await resident.get(try #require(held.header("Location")))
        let code = try #require(ticket.text.firstMatch(of: /class="desk-code"[^>]*>([^<]+)</)?.1)
        return (resident, ["redemption": try ticket.field("redemption")], String(code))
    }

    private func balance(_ resident: WebClient) async throws -> Substring {
        try #require(try await resident.get("/points").text.firstMatch(of: /<h1>([^<]*)</)).1
    }

    @Test(arguments: TestEngine.allCases)
    func `a household gives back its own hold once it was asked about, and the desk is told so`(engine: TestEngine)
        async throws
    {
        try await WebFixture(on: engine).run { client in
            let (resident, form, code) = try await hold(client)
            let csrf = try await resident.get("/points").field("csrf")
            let kept = try await balance(resident)
            // Neither without the page's token nor by another household.
            #expect(try await resident.post("/points/void", form, csrf: "guess").status == 403)
            let other = client.another()
            try await other.signInResident(2)
            let foreign = try await other.get("/points").field("csrf")
            let unknown = try await other.post("/points/void", form, csrf: foreign)
            #expect(unknown.status == 404 && !unknown.text.contains("name=\"sure\""))
            let asked = try await resident.post("/points/void", form, csrf: csrf)
            #expect(asked.text.contains("现在还没有退") && asked.text.contains("class=\"desk-code\""))
            // It is asked before anything else, beside the button that answers it.
            let question = try #require(asked.text.range(of: "name=\"sure\""))
            let button = try #require(asked.text.range(of: " autofocus>"))
            let head = try #require(asked.text.range(of: "<h1>"))
            #expect(question.lowerBound < button.lowerBound && button.lowerBound < head.lowerBound)
            #expect(asked.text.contains("href=\"/points?lang=en\""))
            #expect(try await balance(resident) == kept)
            let sure = form.merging(["sure": try asked.field("sure")]) { $1 }
            for _ in 1...2 {
                let done = try await resident.post("/points/void", sure, csrf: csrf)
                let page = try await resident.get(try #require(done.header("Location")))
                #expect(done.status == 303 && page.text.contains("积分已退回"), "\(page.text)")
                #expect(!page.text.contains("class=\"desk-code\""))
            }
            #expect(try await balance(resident) != kept)
            // The form that it was held by holds nothing a second time, and says so.
            let wish = ["item": "\(client.fixture.item)", "id": form["redemption"] ?? ""]
            let repeated = try await resident.post("/points/hold", wish, csrf: csrf)
            let told = try await resident.get(try #require(repeated.header("Location")))
            #expect(told.text.contains("上次已经退回了，这次没有兑换") && told.text.contains("notice refused"), "\(told.text)")

            let desk = client.another()
            try await desk.signInStaff("clerk")
            let token = try await desk.get("/staff/desk").field("csrf")
            let ticket = form.merging(["community": WebFixture.community, "code": code]) { $1 }
            let late = try await desk.post("/staff/desk/confirm", ticket, csrf: token)
            #expect(late.text.contains("由 住户本人 办理：已取消"), "\(late.text)")
            #expect(late.text.contains("notice refused") && !late.text.contains("/staff/desk/confirm"))
            let again = try await desk.post("/staff/desk/void", ticket, csrf: token)
            #expect(again.text.contains("已经取消过了") && again.text.contains("由 住户本人 取消"), "\(again.text)")
        }
    }

    /// Ends every lot, as time does.
    private func expireLots(_ client: WebClient) async throws {
        try await client.fixture.services.database.write { transaction in
            _ = try transaction.execute("UPDATE lot SET expires_at = \(WebFixture.now)")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `of points that expired in the hold a home is told, before and after, that they cannot be used`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            let (resident, form, _) = try await hold(client)
            let csrf = try await resident.get("/points").field("csrf")
            #expect(try await !resident.post("/points/void", form, csrf: csrf).text.contains("已经到期，不能再用"))
            try await expireLots(client)
            let asked = try await resident.post("/points/void", form, csrf: csrf)
            #expect(asked.text.contains("领取码作废。其中 ") && asked.text.contains("分已经到期，不能再用。"), "\(asked.text)")
            let sure = form.merging(["sure": try asked.field("sure")]) { $1 }
            let done = try await resident.post("/points/void", sure, csrf: csrf)
            let page = try await resident.get(try #require(done.header("Location")))
            #expect(page.text.contains("已退回您家。其中 ") && page.text.contains("分已经到期，不能再用。"), "\(page.text)")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the desk is told of them too`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            let (_, form, code) = try await hold(client)
            try await expireLots(client)
            let desk = client.another()
            try await desk.signInStaff("clerk")
            let token = try await desk.get("/staff/desk").field("csrf")
            let ticket = form.merging(["community": WebFixture.community, "code": code]) { $1 }
            let asked = try await desk.post("/staff/desk/void", ticket, csrf: token)
            #expect(asked.text.contains("之后不能恢复。其中 ") && asked.text.contains("分已经到期，不能再用。"), "\(asked.text)")
            let sure = ticket.merging(["sure": try asked.field("sure")]) { $1 }
            let done = try await desk.post("/staff/desk/void", sure, csrf: token)
            #expect(done.text.contains("积分和库存已退回。其中 ") && done.text.contains("notice done"), "\(done.text)")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what was collected is not given back`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            let (resident, form, code) = try await hold(client)
            let csrf = try await resident.get("/points").field("csrf")
            let desk = client.another()
            try await desk.signInStaff("clerk")
            let token = try await desk.get("/staff/desk").field("csrf")
            let ticket = form.merging(["community": WebFixture.community, "code": code]) { $1 }
            let done = try await desk.post("/staff/desk/confirm", ticket, csrf: token)
            #expect(done.text.contains("notice done"))
            let before = try await balance(resident)
            let answer = try await resident.post("/points/void", form, csrf: csrf)
            let page = try await resident.get(try #require(answer.header("Location")))
            #expect(page.text.contains("已经领走") && page.text.contains("notice refused"))
            #expect(try await balance(resident) == before)
            let wish = ["item": "\(client.fixture.item)", "id": form["redemption"] ?? ""]
            let repeated = try await resident.post("/points/hold", wish, csrf: csrf)
            let told = try await resident.get(try #require(repeated.header("Location")))
            #expect(told.text.contains("上次已经领走了，这次没有兑换"), "\(told.text)")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `of a hold that nobody came for the desk is told that it expired, and the household that its points are back`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            let (resident, form, code) = try await hold(client)
            let csrf = try await resident.get("/points").field("csrf")
            let services = client.fixture.services
            let close = CloseRedemption(database: services.database, terms: services.terms)
            #expect(try await close.expireOverdue(at: WebFixture.now + 3 * 86_400) == 1)
            let desk = client.another()
            try await desk.signInStaff("clerk")
            let token = try await desk.get("/staff/desk").field("csrf")
            let ticket = form.merging(["community": WebFixture.community, "code": code]) { $1 }
            for act in ["confirm", "void"] {
                let late = try await desk.post("/staff/desk/\(act)", ticket, csrf: token)
                #expect(late.text.contains("已经过期") && late.text.contains("积分已于 11月27日 12:00 退回住户"))
                #expect(!late.text.contains("已经结束"), "\(act)")
            }
            let answer = try await resident.post("/points/void", form, csrf: csrf)
            let page = try await resident.get(try #require(answer.header("Location")))
            #expect(page.text.contains("积分已退回"))
        }
    }
}
