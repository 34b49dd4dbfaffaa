import Database
import Foundation
import Logging
import Metering
import Operations
import Storage
import Testing
import Water

@testable import Web

/// What staff's forms refuse, ask and keep.
@Suite(.freshDatabases) struct StaffFormTests {
    private static let sure = #"name="sure""#

    @Test(arguments: TestEngine.allCases)
    func `an exchange is refused by field and reason, before anything is asked`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            try await client.signInStaff("clerk")
            let csrf = try await client.get("/staff/exchange").field("csrf")
            let good = ["old": "M3", "new": "EX9", "final": "", "start": "", "at": "2026-10-20T10:30"]
            #expect(try await client.postSurely("/staff/exchange", good, csrf: csrf).text.contains("notice done"))
            let tries: [([String: String], String)] = [
                (["old": ""], "请填旧表表号"), (["old": "nobody"], "没有登记过这个旧表"), (["new": ""], "请填新表表号"),
                (["new": "M3"], "新表表号和旧表表号相同"), (["old": "M5", "new": "M4"], "用水点 P4"),
                (["old": "M5", "new": "EX9"], "用水点 P3"), (["new": "EX8"], "已登记换上了 ex9"),
                (["at": ""], "请填换表的日期和时间"), (["at": "yesterday"], "换表时间看不懂"),
                (["at": "2099-01-01T00:00"], "还没有到"), (["old": "M5", "new": "EX8", "at": "2024-01-01T00:00"], "才装上"),
                (["new": "EX8", "at": "2026-10-21T10:30"], "登记在 2026-10-20 10:30 拆下"),
                (["final": "1,5"], "旧表止码看不懂"), (["start": "x"], "新表起码看不懂"),
            ]
            for (change, words) in tries {
                let answer = try await client.post("/staff/exchange", good.merging(change) { $1 }, csrf: csrf)
                #expect(answer.text.contains(words), "\(change) \(words)")
                #expect(answer.text.contains("notice refused") && !answer.text.contains(Self.sure), "\(change)")
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `of a meter that hangs outside the member's area no place is told`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            let (database, from) = (client.fixture.services.database, Instant(epochSeconds: 1_756_656_000))
            let entry = try HouseholdEntry(
                number: "E1", area: "140107001002", points: [.init(number: "PE1", shareMillionths: nil)],
                movedIn: from, movedOut: nil, persons: nil)
            _ = try await RegisterHousehold(database: database)(entry, at: WebFixture.now).get()
            let meter = try MeterEntry(
                serial: try #require(MeterAddress(.serial, "FAR1")), otherAddresses: [], usagePoint: "PE1", from: from,
                to: nil, startRegister: nil, finalRegister: nil, resolution: nil, nominalFlowLitresPerHour: 2_500,
                modulus: nil)
            _ = try await RegisterMeter(database: database)(meter, at: WebFixture.now).get()
            try await client.signInStaff("clerk")
            let csrf = try await client.get("/staff/exchange").field("csrf")
            let form = ["old": "M3", "new": "FAR1", "final": "", "start": "", "at": "2026-10-20T10:30"]
            let answer = try await client.post("/staff/exchange", form, csrf: csrf)
            #expect(answer.text.contains("登记装在别处，不在您的辖区") && !answer.text.contains("PE1"))
            #expect(!answer.text.contains(Self.sure))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `persons are refused by what is wrong with the day, and a day that counts for nobody is not asked about`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            let number = WebFixture.number(11)
            let out = try #require(Instant(rfc3339: "2026-11-01T00:00:00+08:00"))
            let database = client.fixture.services.database
            _ = try await MoveOut(database: database)(number, on: out, at: WebFixture.now).get()
            try await client.signInStaff("clerk")
            let csrf = try await client.get("/staff/persons").field("csrf")
            let tries: [([String: String], String)] = [
                (["from": ""], "请填生效日期"), (["from": "2026-02-30"], "生效日期看不懂"),
                (["from": "1969-01-01"], "生效日期太早"),
                (["from": "2028-01-01"], "最晚填到 2027-11-25"), (["persons": "21"], "人口应为 1 到 20"),
                (["number": number, "from": "2026-11-20"], "2026-11-01 已经迁出"), (["number": "9"], "没有这个户号"),
                (["number": number, "from": "2026-11-01"], "2026-11-01 已经迁出"),
                (["from": "1969"], "生效日期看不懂"), (["from": "-5-1-1"], "生效日期看不懂"), (["from": "1969-02-30"], "看不懂"),
            ]
            let good = ["number": WebFixture.number(12), "persons": "4", "from": "2026-10-01"]
            for (change, words) in tries {
                let form = good.merging(change) { $1 }
                let answer = try await client.post("/staff/persons", form, csrf: csrf)
                #expect(answer.text.contains(words), "\(change) \(words)")
                #expect(answer.text.contains("notice refused") && !answer.text.contains(Self.sure), "\(change)")
                let link = "/staff/persons?number=\(form["number"] ?? "")&amp;lang=en"
                #expect(answer.text.contains(link), "the language switch keeps the household")
            }
            let empty = try await client.post("/staff/persons", good.merging(["number": " "]) { $1 }, csrf: csrf)
            #expect(empty.text.contains("请填户号。"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a reading is refused by field and reason, before anything is asked`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            try await client.closeOctoberQuietly()
            let page = try await client.get("/staff/readings?meter=M3&month=2026-10")
            let csrf = try page.field("csrf")
            #expect(page.text.contains("和前后读数相符，计入用水。"))
            let absurd = [
                "id": "e-1", "meter": "M3", "month": "2026-10", "at": "2026-10-31T23:30", "register": "9770",
                "reason": "抄表", "action": "enter",
            ]
            let tries: [([String: String], String)] = [
                (["reason": ""], "请写明原因"), (["reason": String(repeating: "甲", count: 201)], "原因太长了"),
                (["at": ""], "请填抄表的日期和时间"), (["at": "2026-10-32T10:00"], "抄表时间看不懂"),
                (["register": ""], "请填表底数"),
            ]
            for (change, words) in tries {
                let answer = try await client.post("/staff/readings", absurd.merging(change) { $1 }, csrf: csrf)
                #expect(answer.text.contains(words), "\(words)")
                #expect(answer.text.contains("notice refused") && !answer.text.contains(Self.sure), "\(words)")
                #expect(answer.text.contains("/staff/readings?meter=M3&amp;month=2026-10&amp;lang=en"))
            }
            let asked = try await client.post("/staff/readings", absurd, csrf: csrf)
            #expect(asked.text.contains(Self.sure))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an act is asked about in its own words, and a month without homes is not offered`(engine: TestEngine)
        async throws
    {
        try await WebFixture(on: engine).run { client in
            try await client.signInStaff("admin")
            let csrf = try await client.get("/staff/close").field("csrf")
            let asked = try await client.post("/staff/close", ["month": "2026-09"], csrf: csrf)
            #expect(asked.text.contains("现在还没有月结") && asked.text.contains("再按一次“月结 2026-09”"))
            #expect(!asked.text.contains("还没有保存"))
            #expect(asked.text.contains("/staff/close?month=2026-09&amp;lang=en"))
            let empty = try await client.get("/staff/close?month=2020-01")
            #expect(empty.text.contains("这个月没有住户") && !empty.text.contains("月结 2020-01</button>"))
            let refused = try await client.post("/staff/close", ["month": "2020-01"], csrf: csrf)
            #expect(refused.text.contains("notice refused") && !refused.text.contains(Self.sure))
            // Said once, above the page.
            #expect(refused.text.components(separatedBy: "这个月没有住户").count == 2)
            for month in ["9999-12", "2026-11"] {
                let ahead = try await client.get("/staff/close?month=\(month)")
                #expect(ahead.text.contains("这个月还没有结束") && !ahead.text.contains("月结 \(month)</button>"))
                let sent = try await client.post("/staff/close", ["month": month], csrf: csrf)
                #expect(sent.text.components(separatedBy: "notice refused").count == 2, "\(month)")
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a new meter's first register beyond its dial is refused before anything is asked`(engine: TestEngine)
        async throws
    {
        try await WebFixture(on: engine).run { client in
            let (database, from) = (client.fixture.services.database, Instant(epochSeconds: 1_756_656_000))
            let entry = try HouseholdEntry(
                number: "E2", area: WebFixture.community, points: [.init(number: "PE2", shareMillionths: nil)],
                movedIn: from, movedOut: nil, persons: nil)
            _ = try await RegisterHousehold(database: database)(entry, at: WebFixture.now).get()
            let meter = try MeterEntry(
                serial: try #require(MeterAddress(.serial, "DIAL1")), otherAddresses: [], usagePoint: "PE2",
                from: from, to: nil, startRegister: nil, finalRegister: nil, resolution: nil,
                nominalFlowLitresPerHour: 2_500, modulus: Volume(litres: 10_000_000))
            _ = try await RegisterMeter(database: database)(meter, at: WebFixture.now).get()
            try await client.signInStaff("clerk")
            let csrf = try await client.get("/staff/exchange").field("csrf")
            let form = ["old": "DIAL1", "new": "EX7", "final": "", "start": "10000", "at": "2026-10-20T10:30"]
            let answer = try await client.post("/staff/exchange", form, csrf: csrf)
            #expect(answer.text.contains("新表起码不对") && !answer.text.contains(Self.sure))
            let good = try await client.post("/staff/exchange", form.merging(["start": "9999"]) { $1 }, csrf: csrf)
            #expect(good.text.contains(Self.sure))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a last register that the old meter cannot have shown is asked about once more, and taken then`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            try await client.closeOctoberQuietly()
            let csrf = try await client.get("/staff/exchange").field("csrf")
            let form = ["old": "M3", "new": "EX3", "final": "1.5", "start": "0", "at": "2026-10-20T10:30"]
            let first = try await client.post("/staff/exchange", form, csrf: csrf)
            #expect(first.text.contains("旧表换下前最后读数") && !first.text.contains("登记以后撤销不了"))
            let key = try first.field("sure")
            let second = try await client.post("/staff/exchange", form.merging(["sure": key]) { $1 }, csrf: csrf)
            #expect(second.text.contains("旧表止码和它自己的读数对不上") && second.text.contains("登记以后撤销不了"))
            #expect(second.text.contains("1.500 比") && !second.text.contains("notice done"))
            let answer = try second.field("sure")
            #expect(answer != key)
            // The answer is to this register alone.
            let other = form.merging(["final": "1.4", "sure": answer]) { $1 }
            #expect(try await client.post("/staff/exchange", other, csrf: csrf).text.contains(Self.sure))
            let done = try await client.post("/staff/exchange", form.merging(["sure": answer]) { $1 }, csrf: csrf)
            #expect(done.text.contains("notice done"), "\(done.text)")
            // One that fits is asked about once.
            let fits = ["old": "M4", "new": "EX4", "final": "", "start": "0", "at": "2026-10-20T10:30"]
            #expect(try await client.postSurely("/staff/exchange", fits, csrf: csrf).text.contains("notice done"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `readings that take no part are said before a month is closed`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(
                #"{"readings":[{"meter":"nobody7","at":"2026-10-01T00:00:00+08:00","volume_m3":"1"}]}"#)
            _ = try await FoldReadings(
                database: client.fixture.services.database, calendar: client.fixture.calendar, rules: .standard,
                logger: Logger(label: "test")
            ).whatIsThere(at: WebFixture.now)
            try await client.signInStaff("admin")
            let csrf = try await client.get("/staff/close").field("csrf")
            let asked = try await client.post("/staff/close", ["month": "2026-10"], csrf: csrf)
            #expect(asked.text.contains("有 1 块没登记的水表上报了 2026-10 的读数") && asked.text.contains(Self.sure))
            let closed = try await client.postSurely("/staff/close", ["month": "2026-10"], csrf: csrf)
            #expect(closed.text.contains("notice done") || closed.text.contains("月结正在进行"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `months whose readings were pruned are told apart from those that a close corrects`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            try await client.closeOctoberQuietly()
            let form = ["number": WebFixture.number(12), "persons": "4", "from": "2026-10-01"]
            let csrf = try await client.get("/staff/persons").field("csrf")
            _ = try await client.postSurely("/staff/persons", form, csrf: csrf)
            let due = try await client.get("/staff/corrections")
            #expect(due.text.contains("共 1 户，1 个月的账单") && !due.text.contains("改不了的月份"))
            let database = client.fixture.services.database
            _ = try await PruneReadings(database: database, calendar: client.fixture.calendar)(
                keepMonths: 1, allowsShorter: true, at: WebFixture.now
            ).get()
            let page = try await client.get("/staff/corrections")
            #expect(page.text.contains("改不了的月份") && page.text.contains("共 1 户，1 个月<"), "\(page.text)")
            #expect(page.text.contains("现在没有待更正的账单") && page.text.contains(WebFixture.number(12)))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an empty list of households for codes is answered`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            try await client.signInStaff("clerk")
            let csrf = try await client.get("/staff/codes").field("csrf")
            let answer = try await client.post("/staff/codes", ["numbers": " ,\n"], csrf: csrf)
            #expect(answer.status == 200 && answer.text.contains("没有生成登录码"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what was typed of an exchange goes along with the language switch`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            try await client.signInStaff("clerk")
            let csrf = try await client.get("/staff/exchange").field("csrf")
            let form = ["old": "M3", "new": "M 4", "final": "", "start": "0.5", "at": "2026-10-20T10:30"]
            let answer = try await client.post("/staff/exchange", form, csrf: csrf)
            let path = "/staff/exchange?old=M3&amp;new=M4&amp;start=0.5&amp;at=2026-10-20T10%3a30&amp;lang=en"
            #expect(answer.text.contains(path))
            let page = try await client.get(path.replacing("&amp;", with: "&"))
            #expect(page.text.contains(#"name="new" value="M4""#))
            #expect(page.text.contains(#"value="2026-10-20T10:30""#))
        }
    }
}
