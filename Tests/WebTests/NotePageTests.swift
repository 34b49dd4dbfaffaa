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
            #expect(again.text.contains("已有一条异议") && again.text.contains("还有</bdi></blockquote>"))
            // A page gone back to has no form left: other words under its id are not said to be in one.
            let back = try await resident.post(path, ["id": "a-1", "text": "改过的话"], csrf: csrf)
            #expect(back.text.contains("已有一条异议") && back.text.contains("改过的话</bdi></blockquote>"))
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
            #expect(try await client.post(path, said, csrf: desk).text.contains("没有那个月的账单"))
            let wrong = try await client.post(path, said.merging(["month": "2026-13"]) { $1 }, csrf: desk)
            #expect(wrong.text.contains("月份写法不对") && wrong.text.contains("九月也不对</textarea>"))
            try await client.fixture.add(.objection, "a-2", "九月也不对", of: 3, month: "2026-09")
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
    func `an answer stands under its objection, and is no follow-up of a silent meter`(engine: TestEngine)
        async throws
    {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            try await client.closeOctoberQuietly()
            let (number, path) = (WebFixture.number(3), "/staff/household")
            try await client.fixture.add(.objection, "a-1", "积分不对", of: 3, month: "2026-10", ago: 7_200)
            try await client.fixture.add(.objection, "a-2", "水表不准", of: 3, ago: 3_600)
            let page = try await client.get("\(path)?number=\(number)")
            let answer = [
                "number": number, "kind": "answered", "id": "b-1", "text": "已核对积分。", "month": "2026-10",
                "seen": try page.field("seen"),
            ]
            #expect(try await client.post(path, answer, csrf: try page.field("csrf")).status == 303)
            func row(_ heading: String) async throws -> Substring? {
                let parts = try await client.get("/staff/alerts").text.split(separator: "id=\"\(heading)\"")
                let rows = try #require(parts.last).split(separator: "</section>")[0].split(separator: "<tr>")
                return rows.first { $0.contains(number) }
            }
            let silent = try #require(try await row("silent-h"))
            #expect(silent.contains("还没有跟进") && !silent.contains("答复异议"))
            let settled = try #require(try await row("settled-h"))
            #expect(settled.contains("住户提出异议、关于 2026 年 10月 的账单") && settled.contains("答复异议"))
            // Under its own objection, not under the later one.
            let notes = try await client.get("\(path)?number=\(number)").text
            let own = try #require(notes.split(separator: "<bdi>住户提出异议：积分不对</bdi>").last)
            let item = try #require(own.split(separator: "</ul>").first)
            #expect(item.contains("<ul><li><bdi>答复异议：已核对积分。</bdi>") && !item.contains("水表不准"))
            let visit = answer.merging(["kind": "visited", "id": "b-2", "text": ""]) { $1 }
            #expect(try await client.post(path, visit, csrf: try page.field("csrf")).status == 303)
            #expect(try await row("silent-h")?.contains("已上门") == true)
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

    @Test(arguments: TestEngine.allCases)
    func `an objection of no month is answered beside one of a month, and takes no form away`(engine: TestEngine)
        async throws
    {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            try await client.closeOctoberQuietly()
            let (number, resident) = (WebFixture.number(3), client.another())
            let path = "/staff/household"
            let desk = try await client.get("\(path)?number=\(number)").field("csrf")
            let said = ["number": number, "kind": "objection", "id": "a-1", "text": "水表不准", "month": ""]
            #expect(try await client.post(path, said, csrf: desk).status == 303)
            // It stands on the newest statement, which can be objected to all the same.
            try await resident.signInResident(3)
            let statement = try await resident.get("/statement")
            #expect(statement.text.contains("<bdi>水表不准</bdi>") && statement.text.contains("社区还没有答复"))
            #expect(statement.text.contains("action=\"/statements/2026-10/objection\""))
            let own = ["id": "a-2", "text": "十月不对"]
            let csrf = try statement.field("csrf")
            #expect(try await resident.post("/statements/2026-10/objection", own, csrf: csrf).status == 303)
            let page = try await client.get("\(path)?number=\(number)")
            #expect(page.text.contains("不针对某个月（异议待答复）") && page.text.contains("value=\"\" selected"))
            let answer = [
                "number": number, "kind": "answered", "id": "b-1", "text": "水表已校准。", "month": "",
                "seen": try page.field("seen"),
            ]
            for _ in 1...2 { #expect(try await client.post(path, answer, csrf: desk).status == 303) }
            let after = try await client.get("/staff/alerts").text
            #expect(after.contains("十月不对") && !after.contains("水表不准"))
            #expect(try await client.get("\(path)?number=\(number)").text.contains("答复异议：水表已校准。"))
            let read = try await resident.get("/statement").text
            #expect(read.contains("水表已校准。") && read.contains("社区还没有答复"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an objection behind many newer notes is shown and answered`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            try await client.closeOctoberQuietly()
            let (number, resident) = (WebFixture.number(3), client.another())
            try await client.fixture.add(.objection, "a-1", "十月不对", of: 3, month: "2026-10", ago: 86_400)
            for each in 0..<210 { try await client.fixture.add(.called, "c-\(each)", "", of: 3, ago: 3_600) }
            try await resident.signInResident(3)
            #expect(try await resident.get("/statement").text.contains("社区还没有答复"))
            let page = try await client.get("/staff/household?number=\(number)")
            #expect(page.text.contains("十月不对") && page.text.contains("住户有异议待答复"))
            let answer = [
                "number": number, "kind": "answered", "id": "b-1", "text": "已查。", "month": "2026-10",
                "seen": try page.field("seen"),
            ]
            #expect(try await client.post("/staff/household", answer, csrf: try page.field("csrf")).status == 303)
            #expect(try await resident.get("/statement").text.contains("已查。"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a leak of a meter that several homes use is marked so for each of them`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            let database = client.fixture.services.database
            let (month, from) = (try #require(BillingMonth("2026-10")), WebFixture.now - 40 * 86_400)
            for home in [20, 21] {
                let entry = try HouseholdEntry(
                    number: WebFixture.number(home), area: WebFixture.community,
                    points: [.init(number: "P20", shareMillionths: 500_000)], movedIn: from, movedOut: nil,
                    persons: nil)
                _ = try await RegisterHousehold(database: database)(entry, at: WebFixture.now).get()
            }
            try await client.closeOctoberQuietly()
            try await database.write { transaction in
                for number in [3, 20, 21].map(WebFixture.number) {
                    let home = try #require(try transaction.reader.household(number: number))
                    let flow = ContinuousFlow(from: from, to: from + 86_400, litresPerHour: 6)
                    try transaction.setLeaks([flow], of: home.id, in: home.community, month)
                }
            }
            let page = try await client.get("/staff/alerts").text
            #expect(page.contains(WebFixture.number(3)))
            #expect(page.split(separator: "共用水表", omittingEmptySubsequences: false).count == 3, "\(page)")
        }
    }

    @Test func `signs that steer text are dropped from a note, and words nobody sees are none`() async throws {
        let fixture = try await WebFixture()
        let database = fixture.services.database
        let home = try #require(try await database.read { try $0.household(number: WebFixture.number(3)) })
        let note = NoteHousehold(database: database)
        for (index, text) in ["\u{3164}", "\u{200B}\u{2060}", "\u{2800} \u{FE0F}", "\u{0}"].enumerated() {
            let outcome = try await note(
                .other, text, id: "n-\(index)", of: home, by: StaffID(1), at: WebFixture.now)
            #expect(throws: NoteRefusal.bodyIsMissing, "\(index)") { try outcome.get() }
        }
        try await note(
            .other, "水\u{202E}表\u{200B} 12\u{2066}345", id: "n-9", of: home, by: StaffID(1), at: WebFixture.now
        ).get()
        let kept = try await database.read { try $0.notes(of: home.id, in: home.community, limit: 9) }
        #expect(kept.map(\.body) == ["水表 12345"])
    }

    @Test(arguments: TestEngine.allCases)
    func `an answer in the second of its objection, or by an earlier clock, answers it`(engine: TestEngine)
        async throws
    {
        let database = try await WebFixture(on: engine).services.database
        let home = try #require(try await database.read { try $0.household(number: WebFixture.number(3)) })
        let note = NoteHousehold(database: database)
        for (index, at) in [WebFixture.now, WebFixture.now - 60].enumerated() {
            let (asked, answered) = ("z-\(index)", "a-\(index)")
            try await note(.objection, "不对", id: asked, of: home, by: nil, at: WebFixture.now).get()
            try await note(.answered, "查过", id: answered, seen: [asked], of: home, by: StaffID(1), at: at).get()
            let notes = try await database.read { try $0.objectionNotes(of: home.id, in: home.community, limit: 9) }
            #expect(notes.openObjections.isEmpty && notes.last?.id == answered)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an objection of years ago still stands before staff`(engine: TestEngine) async throws {
        let fixture = try await WebFixture(on: engine)
        let database = fixture.services.database
        let home = try #require(try await database.read { try $0.household(number: WebFixture.number(3)) })
        try await NoteHousehold(database: database)(
            .objection, "早就说过", id: "old", of: home, by: nil, at: WebFixture.now - 800 * 86_400
        ).get()
        try await fixture.run { client in
            try await client.signInStaff("admin")
            #expect(try await client.get("/staff/alerts").text.contains("早就说过"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `no client's id keeps a change out of the notes, and a taken id ends the change`(engine: TestEngine)
        async throws
    {
        let fixture = try await WebFixture(on: engine)
        let database = fixture.services.database
        let (number, now, day) = (WebFixture.number(3), WebFixture.now, try #require(LocalDay("2026-10-01")))
        let home = try #require(try await database.read { try $0.household(number: number) })
        let set = SetPersons(database: database)
        let staff = StaffID(1)
        // As the id could be reckoned beforehand, with any sign between its parts that a client's may hold.
        for body in ["2026-10-01 4", "1 2026-10-01 4"] {
            let id = "persons-\(home.id)-\(now.epochSeconds)-" + sha256Hex(Array(body.utf8)).prefix(16)
            try await NoteHousehold(database: database)(.called, "", id: id, of: home, by: staff, at: now).get()
        }
        #expect(try await set(4, of: number, from: day, by: staff, at: now).get() == .changed)
        let notes = try await database.read { try $0.notes(of: home.id, in: home.community, limit: 9) }
        #expect(notes.contains { $0.kind == .persons && $0.body == "2026-10-01 4" && $0.staff == staff })

        let hash = sha256Hex(Array("1 2026-10-01 5".utf8)).prefix(16)
        let id = "persons:\(home.id):\(now.epochSeconds):\(hash)"
        try await fixture.add(.called, id, "", of: 3)
        await #expect(throws: (any Error).self) { try await set(5, of: number, from: day, by: staff, at: now) }
        let sizes = try await database.read { try $0.persons(of: home.id, in: home.community) }
        #expect(!sizes.contains { $0.persons == 5 })
        let taken = try await NoteHousehold(database: database)(.called, "", id: id, of: home, by: staff, at: now)
        #expect(throws: NoteRefusal.idIsMalformed) { try taken.get() }
    }
}

extension WebFixture {
    /// Keeps a note as it is, of the household itself.
    fileprivate func add(
        _ kind: HouseholdNote.Kind, _ id: String, _ words: String, of home: Int, month: String? = nil, ago: Int64 = 0
    ) async throws {
        let note = HouseholdNote(
            id: id, at: Self.now - ago, staff: nil, kind: kind, month: month.flatMap { BillingMonth($0) }, body: words)
        try await services.database.write { transaction in
            let home = try #require(try transaction.reader.household(number: Self.number(home)))
            try transaction.add(note, of: home.id, in: home.community)
        }
    }
}
