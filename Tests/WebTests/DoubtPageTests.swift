import Database
import Operations
import Storage
import Testing
import Water

@testable import Web

/// Where staff see meters that go on in another unit, and settle them.
@Suite(.freshDatabases) struct DoubtPageTests {
    private static let grid = "140107001001001"
    /// 2026-10-01T00:00:00+08:00.
    private static let start = Instant(epochSeconds: 1_790_784_000)
    /// Hours from the start to the first register in another unit.
    private static let first = 15 * 24 + 12

    /// Home 3's hours of October, ten times the register from `first` on. Nothing runs at night.
    private func body(_ calendar: CityCalendar) -> String {
        let registers = (-2..<31 * 24 + 5).map { hour -> String in
            let day = (hour + 48) / 24
            let inDay = max((hour + 48) % 24 - 5, 0)
            let register = 300_000 + (day * 19 + inDay) * 14
            return "\(hour < Self.first ? register : register * 10)"
        }
        let start = calendar.format(Self.start - 2 * 3_600)
        return """
            {"readings":[{"meter":"M3","start":"\(start)","interval_s":3600,\
            "registers_l":[\(registers.joined(separator: ","))]}]}
            """
    }

    private func addStaff(_ name: String, in area: String, _ database: Database) async throws {
        _ = try await AddStaff(database: database)(
            name, area: area, role: .clerk, password: WebFixture.password,
            salt: [UInt8](repeating: 7, count: 16), at: WebFixture.now
        ).get()
    }

    /// The list on the page of alerts.
    private func list(_ client: WebClient) async throws -> String {
        let parts = try await client.get("/staff/alerts").text.split(separator: "id=\"doubts-h\"")
        return String(try #require(parts.last).split(separator: "</section>")[0])
    }

    /// Whether the first page asks to look at the alerts.
    private func isAskedFor(_ client: WebClient) async throws -> Bool {
        try await client.get("/staff").text.contains(#"tile attention" href="/staff/alerts""#)
    }

    @Test(arguments: TestEngine.allCases)
    func `a meter in another unit is listed until one of its readings is accepted and its statement corrected`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            let fixture = client.fixture
            _ = try await client.postReadings(body(fixture.calendar))
            let clerk = client.another()
            try await clerk.signInStaff("clerk")
            #expect(try await list(clerk).contains("没有。"))
            #expect(try await !isAskedFor(clerk))
            try await client.closeOctoberQuietly()
            let open = try await list(client)
            for words in [
                "请去看表盘", "最多列 100 块", "number=\(WebFixture.number(3))\"", "2026-10-16 12:00", "等人去看表",
                "/staff/readings?meter=m3&amp;month=2026-10", "杏花岭社区",
            ] { #expect(open.contains(words), "\(words) \(open)") }
            #expect(try await isAskedFor(client))

            let page = try await client.get("/staff/readings?meter=m3&month=2026-10")
            #expect(try page.field("at").hasPrefix("2026-10-16T12:00:00"))
            // The first of the run is asked about, the rest told in one line.
            #expect(page.text.contains("后面 371 条也一样"))
            #expect(page.text.split(separator: "value=\"accept\"").count == 2)
            let form = [
                "id": "e-1", "meter": "m3", "month": "2026-10", "at": try page.field("at"),
                "register": try page.field("register"), "reason": "看过表盘", "action": "accept",
            ]
            let done = try await client.post("/staff/readings", form, csrf: try page.field("csrf"))
            #expect(done.text.contains("notice done"), "\(done.text)")
            #expect(try await list(client).contains("已处理，下次月结时更正"))
            #expect(try await !isAskedFor(client))
            _ = try await fixture.services.closeMonth.corrections(at: WebFixture.now)
            #expect(try await !list(client).contains(WebFixture.number(3)))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a meter in doubt is listed to staff of its area alone`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            let database = client.fixture.services.database
            _ = try await client.postReadings(body(client.fixture.calendar))
            try await client.closeOctoberQuietly()
            let entry = try AreaEntry(code: Self.grid, kind: .grid, name: "第一网格", parent: WebFixture.community)
            _ = try await AddArea(database: database)(entry).get()
            for (name, area, isListed) in [
                ("own", WebFixture.community, true), ("other", "140107001002", false), ("grid", Self.grid, false),
            ] {
                try await addStaff(name, in: area, database)
                let staff = client.another()
                try await staff.signInStaff(name)
                #expect(try await list(staff).contains(WebFixture.number(3)) == isListed, "\(name)")
                #expect(try await isAskedFor(staff) == isListed, "\(name)")
            }
        }
    }

    @Test func `what a second sender shows with fewer digits is one line on the page of readings`() async throws {
        try await WebFixture(on: .sqlite).run { client in
            func body(_ registers: [Int], from start: Instant) -> String {
                let start = client.fixture.calendar.format(start)
                let list = registers.map(String.init).joined(separator: ",")
                return """
                    {"readings":[{"meter":"M3","start":"\(start)","interval_s":3600,"registers_l":[\(list)]}]}
                    """
            }
            // Litres at the hour, and the whole cubic metres of half an hour later.
            let exact = (0..<20 * 24).map { 300_007 + $0 * 26 }
            let coarse = exact.map { ($0 + 13) / 1_000 * 1_000 }
            #expect(try await client.postReadings(body(exact, from: Self.start)).status == 200)
            #expect(try await client.postReadings(body(coarse, from: Self.start + 1_800)).status == 200)
            _ = try await client.another().closeOctober()
            try await client.signInStaff("clerk")
            let page = try await client.get("/staff/readings?meter=m3&month=2026-10").text
            let words = try PageLibrary().catalogue[.zh]("verdict_coarser")
            #expect(page.split(separator: words, omittingEmptySubsequences: false).count == 2)
            #expect(page.contains("\(words)：共 480 条"))
        }
    }
}
