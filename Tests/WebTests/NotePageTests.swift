import Database
import Operations
import Storage
import Testing
import Water

@testable import Web

@Suite(.freshDatabases) struct NotePageTests {
    @Test(arguments: TestEngine.allCases)
    func `an objection reaches the community, is answered on the household's page and read on the statement`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            try await client.closeOctoberQuietly()
            let (number, resident, other) = (WebFixture.number(3), client.another(), client.another())
            try await resident.signInResident(3)
            let csrf = try await resident.get("/statement").field("csrf")
            let path = "/statements/2026-10/objection"
            let empty = try await resident.post(path, ["id": "a-1", "text": " \n "], csrf: csrf)
            #expect(empty.status == 200 && empty.text.contains("请写几句说明"))
            let long = try await resident.post(
                path, ["id": "a-1", "text": String(repeating: "水", count: 501)], csrf: csrf)
            #expect(long.text.contains("最多 500 字") && long.text.contains("水水水</textarea>"))
            #expect(try await resident.post(path, ["id": "a/1", "text": "x"], csrf: csrf).text.contains("页面已过期"))
            let words = ["id": "a-1", "text": "十月没人住\r\n<b>哪来的水？\u{0}"]
            for _ in 1...2 { #expect(try await resident.post(path, words, csrf: csrf).status == 303) }
            let again = try await resident.post(path, ["id": "a-2", "text": "还有"], csrf: csrf)
            #expect(again.text.contains("已有一条异议") && again.text.contains("还有</blockquote>"))
            // A page gone back to has no form left: other words under its id are not said to be in one.
            let back = try await resident.post(path, ["id": "a-1", "text": "改过的话"], csrf: csrf)
            #expect(back.text.contains("已有一条异议") && back.text.contains("改过的话</blockquote>"))
            #expect(!back.text.contains("请再按一次"))
            #expect(
                try await resident.post("/statements/2026-09/objection", words, csrf: csrf).status == 404)
            let waiting = try await resident.get("/statements/2026-10?objected=1")
            #expect(waiting.text.contains("十月没人住 &lt;b&gt;哪来的水？") && waiting.text.contains("社区还没有答复"))

            try await other.signInStaff("clerk")
            #expect(try await other.get("/staff/alerts").text.contains("十月没人住 &lt;b&gt;哪来的水？"))
            let page = try await other.get("/staff/household?number=\(number)")
            #expect(page.text.contains("住户有异议待答复") && page.text.contains("value=\"answered\" selected"))
            let desk = try page.field("csrf")
            let answer = [
                "number": number, "kind": "answered", "id": "b-1", "text": "已上门核对。",
                "seen": try page.field("seen"), "month": "2026-10",
            ]
            // One that came since the page was opened is not answered unseen.
            let stale = try await other.post("/staff/household", answer.merging(["seen": "a-0"]) { $1 }, csrf: desk)
            #expect(stale.text.contains("又提了异议") && stale.text.contains("已上门核对。"))
            let missing = try await other.post("/staff/household", answer.merging(["text": ""]) { $1 }, csrf: desk)
            #expect(missing.text.contains("请写几句说明"))
            #expect(try await other.post("/staff/household", answer, csrf: desk).status == 303)
            let second = try await other.post("/staff/household", answer.merging(["id": "b-2"]) { $1 }, csrf: desk)
            #expect(second.text.contains("没有待答复的异议"))
            // The form of before filled in with other words is no repeat.
            let other2 = try await other.post(
                "/staff/household", answer.merging(["text": "别的话", "kind": "other"]) { $1 }, csrf: desk)
            #expect(other2.text.contains("已经提交过") && other2.text.contains("别的话"))
            #expect(try await other.get("/staff/alerts").text.contains("没有待答复的异议"))
            let read = try await resident.get("/statements/2026-10")
            #expect(read.text.contains("社区答复") && read.text.contains("已上门核对。"))
            #expect(!read.text.contains("社区还没有答复"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an answer closes the objection to its own month, and stands under that alone`(engine: TestEngine)
        async throws
    {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            try await client.closeOctoberQuietly()
            let (number, resident) = (WebFixture.number(3), client.another())
            try await resident.signInResident(3)
            let csrf = try await resident.get("/statement").field("csrf")
            let own = ["id": "a-1", "text": "十月不对"]
            #expect(try await resident.post("/statements/2026-10/objection", own, csrf: csrf).status == 303)
            let path = "/staff/household"
            let desk = try await client.get("\(path)?number=\(number)").field("csrf")
            let said = [
                "number": number, "kind": "objection", "id": "a-2", "text": "九月也不对", "month": "2026-09",
            ]
            #expect(try await client.post(path, said, csrf: desk).status == 303)
            let page = try await client.get("\(path)?number=\(number)")
            #expect(page.text.contains("2026 年 9月（异议待答复）") && page.text.contains("value=\"2026-10\" selected"))
            #expect(try page.field("seen") == "a-1,a-2")
            let answer = [
                "number": number, "kind": "answered", "id": "b-1", "text": "九月已查。", "seen": "a-1,a-2",
            ]
            let unnamed = try await client.post(path, answer, csrf: desk)
            #expect(unnamed.text.contains("请选答复的是哪个月") && unnamed.text.contains("九月已查。</textarea>"))
            #expect(unnamed.text.contains("\(path)?number=\(number)&amp;lang=en"))
            let other = try await client.post(path, answer.merging(["month": "2026-08"]) { $1 }, csrf: desk)
            #expect(other.text.contains("没有待答复的异议"))
            let done = try await client.post(path, answer.merging(["month": "2026-09"]) { $1 }, csrf: desk)
            #expect(done.status == 303)
            let alerts = try await client.get("/staff/alerts").text
            #expect(alerts.contains("十月不对") && !alerts.contains("九月也不对"))
            let october = try await resident.get("/statements/2026-10").text
            #expect(october.contains("社区还没有答复") && !october.contains("九月已查。"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what is noted as mended leaves the list of alerts, until the meter says so again`(engine: TestEngine)
        async throws
    {
        try await WebFixture(on: engine).run { client in
            let said = try #require(Instant(rfc3339: "2026-11-01T05:00:00+08:00"))
            try await client.fixture.services.database.write { transaction in
                let reader = transaction.reader
                let meter = try #require(try reader.meter(serial: "m4"))
                let home = try #require(try reader.household(number: WebFixture.number(4)))
                try transaction.keep(
                    Alert(code: .leak, isCurrent: true, raw: "LEAK"), of: meter.id, in: home.community, at: said,
                    gateway: try #require(try reader.gateways().first).id)
            }
            try await client.closeOctoberQuietly()
            let number = WebFixture.number(4)
            func open() async throws -> Bool {
                let page = try await client.get("/staff/alerts").text
                let list = page.split(separator: "id=\"alerts-h\"")
                return try #require(list.last).split(separator: "</section>")[0].contains(number)
            }
            #expect(try await open())
            let csrf = try await client.get("/staff/household?number=\(number)").field("csrf")
            let form = ["number": number, "kind": "visited", "id": "v-1", "text": ""]
            #expect(try await client.post("/staff/household", form, csrf: csrf).status == 303)
            #expect(try await open())
            #expect(try await client.get("/staff/alerts").text.contains("已上门"))
            let done = try await client.post(
                "/staff/household", form.merging(["kind": "fixed", "id": "v-2"]) { $1 }, csrf: csrf)
            #expect(done.status == 303)
            let after = try await client.get("/staff/alerts").text
            #expect(try await !open() && after.contains("已处理（1 项）") && after.contains("已修好"))
            #expect(try await client.post("/staff/household", ["kind": "x"], csrf: csrf).status == 400)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `who changed persons or a meter at the desk stands in the household's notes`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            try await client.signInStaff("clerk")
            let csrf = try await client.get("/staff/persons").field("csrf")
            let number = WebFixture.number(12)
            for _ in 1...2 {
                _ = try await client.postSurely(
                    "/staff/persons", ["number": number, "persons": "4", "from": "2026-10-01"], csrf: csrf)
            }
            let exchange = ["old": "M12", "new": "EX12", "final": "", "start": "0", "at": "2026-10-20T10:30"]
            _ = try await client.postSurely("/staff/exchange", exchange, csrf: csrf)
            let home = try #require(
                try await client.fixture.services.database.read { try $0.household(number: number) })
            let notes = try await client.fixture.services.database.read {
                try $0.notes(of: home.id, in: home.community, limit: 10)
            }
            #expect(notes.count == 2 && Set(notes.map(\.kind)) == [.persons, .exchange])
            #expect(notes.allSatisfy { $0.staff != nil && $0.at == WebFixture.now })
            let page = try await client.get("/staff/household?number=\(number)&lang=en")
            #expect(page.text.contains("m12 → ex12") || page.text.contains("M12 → EX12"), "\(page.text)")
            #expect(page.text.contains("Persons changed: from 2026-10-01: 4") && page.text.contains("clerk"))
        }
    }
}
