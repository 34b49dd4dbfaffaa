import Database
import Foundation
import Storage
import Testing
import Water

@testable import Metering
@testable import Operations
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
            // Nothing typed is lost.
            #expect(refused.text.contains(#"name="register" value="9.9""#))
            #expect(refused.text.contains(#"name="at" type="datetime-local" value="2026-10-31T23:30""#))
            let done = try await staff.postSurely("/staff/readings", form, csrf: try page.field("csrf"))
            #expect(done.text.contains("class=\"notice done\"") && done.text.contains("上门抄表"), "\(done.text)")
            let repeated = try await staff.postSurely("/staff/readings", form, csrf: try page.field("csrf"))
            #expect(repeated.text.contains("class=\"notice done\""))
            _ = try await client.fixture.services.closeMonth.corrections(at: WebFixture.now)

            try await client.signInResident(3)
            let statement = try await client.get("/statement")
            #expect(statement.text.contains("9.9") && statement.text.contains("<details>"))
            #expect(try await client.get("/v1/statements/2026-10").text.contains(#""correction":{"causes":["edit"]"#))
            #expect(try await client.get("/v1/statements/2026-10?version=1").status == 200)
            let first = try await client.get("/statements/2026-10?version=1").text
            #expect(first.contains("已由第 2 版更正") && !first.contains("已记入您家的积分账户"))
            #expect(first.contains("href=\"/statements/2026-10#objection-h\"") && !first.contains("<textarea"))
            #expect(!statement.text.contains("版更正，请看") && statement.text.contains("<textarea"))
            #expect(try await client.get("/staff/readings?meter=M3").status == 303)
            let missing = try await staff.get("/staff/readings?meter=M99&month=2026-10")
            #expect(missing.status == 200 && !missing.text.contains("id=\"enter-h\""))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a reason that is refused stays where it was typed`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            _ = try await client.postReadings(
                #"{"readings":[{"meter":"M5","at":"2026-10-10T12:30:00+08:00","volume_m3":"900"}]}"#)
            try await client.closeOctoberQuietly()
            let page = try await client.get("/staff/readings?meter=M5&month=2026-10")
            let reason = String(repeating: "甲", count: 201)
            let form = [
                "id": "e-9", "meter": "M5", "month": "2026-10", "at": try page.field("at"),
                "register": try page.field("register"), "reason": reason, "action": "accept",
            ]
            let refused = try await client.post("/staff/readings", form, csrf: try page.field("csrf"))
            #expect(refused.text.contains("notice refused"))
            // In its own form, and not in that of a reading to enter.
            #expect(refused.text.components(separatedBy: reason).count == 2)
            let month = try await client.post("/staff/close", ["month": "November"], csrf: try page.field("csrf"))
            #expect(month.status == 200 && month.text.contains("notice refused"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a meter's own word of a leak is told to its home until the meter takes it back`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            _ = try await client.another().closeOctober()
            try await client.signInResident(3)
            let heading = "水表报告可能漏水"
            #expect(try await !client.get("/statement").text.contains(heading))
            func say(_ home: Int, isCurrent: Bool, at: Instant) async throws {
                _ = try await client.fixture.services.database.write { transaction in
                    let address = try #require(MeterAddress(.serial, "M\(home)"))
                    let meter = try #require(try transaction.reader.holder(of: address)).meter
                    let area = try #require(try transaction.reader.area(code: WebFixture.community))
                    try transaction.keep(
                        Alert(code: .leak, isCurrent: isCurrent, raw: "LEAK"), of: meter, in: area.id, at: at,
                        gateway: GatewayID(1))
                }
            }
            let now = WebFixture.now
            try await say(4, isCurrent: true, at: now - 3_600)
            try await say(3, isCurrent: true, at: now - 31 * 86_400)
            #expect(try await !client.get("/statement").text.contains(heading))
            try await say(3, isCurrent: true, at: now - 86_400)
            #expect(try await client.get("/statement").text.contains(heading))
            #expect(try await !client.get("/statements/2026-10").text.contains(heading))
            try await say(3, isCurrent: false, at: now - 3_600)
            #expect(try await !client.get("/statement").text.contains(heading))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what is typed on a Chinese keyboard is read, and what is absurd is asked about before it is noted`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            let staff = client.another()
            _ = try await staff.closeOctober()
            let page = try await staff.get("/staff/readings?meter=M3&month=２０２６-10")
            let csrf = try page.field("csrf")
            func form(_ register: String, _ more: [String: String] = [:]) throws -> [String: String] {
                [
                    "id": try page.field("id") + register.filter(\.isASCII).filter(\.isNumber), "meter": "Ｍ３",
                    "month": "2026-10", "at": "2026-10-31T23:30", "register": register, "reason": "上门抄表",
                    "action": "enter",
                ].merging(more) { $1 }
            }
            let absurd = try await staff.post("/staff/readings", form("９７７０"), csrf: csrf)
            #expect(absurd.text.contains("是不是按升填的？按立方米应为 9.770"), "\(absurd.text)")
            #expect(absurd.text.contains(#"name="reason" value="上门抄表""#))
            #expect(!absurd.text.contains("notice done"))
            let key = try absurd.field("sure")
            // The answer is to these values alone.
            let other = try await staff.post("/staff/readings", form("97700", ["sure": key]), csrf: csrf)
            #expect(!other.text.contains("notice done") && other.text.contains(#"name="sure""#))
            let kept = try await staff.post("/staff/readings", form("9770", ["sure": key]), csrf: csrf)
            #expect(kept.text.contains("notice done"))
            // Said again for the same minute, the later word counts, once it was looked at.
            let again = try await staff.post("/staff/readings", form("9.77"), csrf: csrf)
            #expect(again.text.contains("这一时刻已经补录过 9770.000"), "\(again.text)")
            let sure = try again.field("sure")
            let right = try await staff.post("/staff/readings", form("9.77", ["sure": sure]), csrf: csrf)
            #expect(right.text.contains("notice done"))
            _ = try await client.fixture.services.closeMonth.corrections(at: WebFixture.now)
            try await client.signInResident(3)
            #expect(try await client.get("/v1/statements/2026-10").text.contains(#""litres":"#))
            for register in ["-9223372036854.775", "-1", "9223372036854775", "1e400"] {
                let refused = try await staff.post("/staff/readings", form(register), csrf: csrf)
                #expect(
                    refused.text.contains("notice refused") && !refused.text.contains(#"name="sure""#), "\(register)")
            }
            for at in ["9999-12-31T23:59", "0001-01-01T00:00", "1970-01-01T00:00"] {
                let refused = try await staff.post("/staff/readings", form("9.77", ["at": at]), csrf: csrf)
                #expect(refused.text.contains("notice refused") && !refused.text.contains(#"name="sure""#), "\(at)")
            }
            let wrong = try await staff.get("/staff/readings?meter=M3&month=abc")
            #expect(wrong.text.contains("notice refused") && wrong.text.contains(#"value="abc""#))
            let empty = try await staff.get("/staff/readings?meter=M3&month=2026-08")
            #expect(empty.text.contains("这个月没有收到任何读数；第一条读数是 2026-09-30 22:00"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a month without readings says what lies around it, and never only where nothing was pruned`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            for (day, register) in [("2026-07-10", "12.5"), ("2026-10-12", "20")] {
                _ = try await client.postReadings(
                    #"{"readings":[{"meter":"M1","at":"\#(day)T08:30:00+08:00","volume_m3":"\#(register)"}]}"#)
            }
            try await client.closeOctoberQuietly()
            func page(_ meter: String, _ month: String) async throws -> String {
                try await client.get("/staff/readings?meter=\(meter)&month=\(month)").text
            }
            #expect(try await page("M1", "2026-06").contains("第一条读数是 2026-07-10 08:30"))
            #expect(
                try await page("M1", "2026-08").contains("之前的一条是 2026-07-10 08:30，之后的一条是 2026-10-12 08:30"))
            #expect(try await page("M1", "2026-11").contains("最后一条是 2026-10-12 08:30"))
            let never = try await page("M2", "2026-08")
            #expect(never.contains("这块表还从来没有读数") && !never.contains("没有要看的"))
            #expect(try await page("M1", "2026-10").contains("没有要看的"))
            let august = try #require(BillingMonth("2026-08"))
            let start = client.fixture.calendar.start(of: august.firstDay)
            _ = try await client.fixture.services.database.write { transaction in
                let area = try #require(try transaction.reader.area(code: WebFixture.community))
                return try transaction.prune(area.id, before: august, start, at: WebFixture.now)
            }
            #expect(try await page("M1", "2026-07").contains("以前的读数已按保存期清理"))
            #expect(try await page("M1", "2026-08").contains("第一条读数是 2026-10-12 08:30"))
            #expect(try await page("M2", "2026-08").contains("起没有收到过读数"))
        }
    }

    @Test func `of more doubtful readings than are listed it is said how many are not`() throws {
        let (texts, calendar) = (try PageLibrary().catalogue[.zh], try #require(CityCalendar(zone: "Asia/Shanghai")))
        let month = try #require(BillingMonth("2026-10"))
        let start = calendar.start(of: month.firstDay)
        func summary(_ count: Int) -> String? {
            let readings = (0..<count).map { index in
                ExaminedReading(
                    at: start + Int64(index) * 600, register: Volume(litres: Int64(index)), gateways: [],
                    isNoted: false, isEntered: false, rule: .misfit)
            }
            let found = MeterExamination(
                serial: "M1", community: CommunityID(4), readings: readings, anomalies: [], edits: [],
                lastBefore: nil, firstAfter: nil, firstKept: nil, households: [])
            return ReadingsPage(
                meter: "M1", month: month, found: found, names: [:], calendar: calendar, texts: texts,
                makeID: { "web-1" }
            ).found?.summary
        }
        #expect(summary(200)?.contains("没有列出") == false)
        #expect(summary(203)?.hasSuffix("下面列出前 200 条，还有 3 条没有列出。") == true)
    }

    @Test func `a time is read to its second, and one that is none is refused`() async throws {
        let services = try await WebFixture().services
        let whole = try #require(Instant(rfc3339: "2026-10-31T05:07:00+08:00"))
        #expect(services.instant(ofForm: "2026-10-31T05:07") == whole)
        #expect(services.instant(ofForm: "2026-10-31T5:07") == whole)
        #expect(services.instant(ofForm: "2026-10-31T05:07:30") == whole + 30)
        #expect(services.instant(ofForm: "2026-10-31T05:07:59") == whole + 59)
        let wrong = [
            "05:07:99", "05:07:60", "+5:09:30", "05:+9", "05:07:", ":05:07", "05:7", "24:00", "05", "05:07:0x",
        ]
        for time in wrong {
            #expect(services.instant(ofForm: "2026-10-31T\(time)") == nil, "\(time)")
        }
    }
}
