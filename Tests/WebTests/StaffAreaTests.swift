import Database
import Hummingbird
import Operations
import Storage
import Testing
import Water

@testable import Web

@Suite(.freshDatabases) struct StaffAreaTests {
    private static let grid = "140107001001001"

    /// A grid of the community with a home of its own and a clerk who serves the grid alone.
    private func addGrid(_ client: WebClient) async throws {
        let database = client.fixture.services.database
        let entry = try AreaEntry(code: Self.grid, kind: .grid, name: "第一网格", parent: WebFixture.community)
        _ = try await AddArea(database: database)(entry).get()
        let from = Instant(epochSeconds: 1_756_656_000)
        let home = try HouseholdEntry(
            number: "G1", area: Self.grid, points: [.init(number: "PG1", shareMillionths: nil)], movedIn: from,
            movedOut: nil, persons: nil)
        _ = try await RegisterHousehold(database: database)(home, at: WebFixture.now).get()
        let meter = try MeterEntry(
            serial: try #require(MeterAddress(.serial, "MG1")), otherAddresses: [], usagePoint: "PG1", from: from,
            to: nil, startRegister: nil, finalRegister: nil, resolution: nil, nominalFlowLitresPerHour: 2_500,
            modulus: nil)
        _ = try await RegisterMeter(database: database)(meter, at: WebFixture.now).get()
        _ = try await AddStaff(database: database)(
            "grid", area: Self.grid, role: .clerk, password: WebFixture.password,
            salt: [UInt8](repeating: 7, count: 16), at: WebFixture.now
        ).get()
    }

    @Test(arguments: TestEngine.allCases)
    func `who serves a grid sees and changes its homes alone`(engine: TestEngine) async throws {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            _ = try await client.postReadings(
                #"{"readings":[{"meter":"MG1","at":"2026-10-10T12:00:00+08:00","volume_m3":"5"}]}"#)
            try await client.closeOctoberQuietly()
            try await addGrid(client)
            let staff = client.another()
            try await staff.signInStaff("grid")
            let other = WebFixture.number(3)
            let readings = try await staff.get("/staff/readings?meter=M3&month=2026-10")
            #expect(!readings.text.contains(other), "another grid's meter is as unknown as none")
            for path in ["alerts", "corrections", "household?number=\(other)", "persons?number=\(other)"] {
                let page = try await staff.get("/staff/\(path)")
                #expect(page.status == 200 && !page.text.contains("杏花岭社区</p>"), "\(path)")
            }
            let csrf = try readings.field("csrf")
            let entry = [
                "id": "e-1", "meter": "M3", "month": "2026-10", "at": "2026-10-19T12:30", "register": "500",
                "reason": "上门抄表", "action": "enter",
            ]
            #expect(try await staff.postSurely("/staff/readings", entry, csrf: csrf).text.contains("notice refused"))
            let mine = entry.merging(["meter": "MG1", "register": "6"]) { $1 }
            #expect(try await staff.postSurely("/staff/readings", mine, csrf: csrf).text.contains("notice done"))
            let exchange = ["old": "M3", "new": "EX1", "final": "", "start": "0", "at": "2026-10-20T10:30"]
            #expect(
                try await staff.postSurely("/staff/exchange", exchange, csrf: csrf).text.contains("notice refused"))
            let own = exchange.merging(["old": "MG1"]) { $1 }
            #expect(try await staff.postSurely("/staff/exchange", own, csrf: csrf).text.contains("notice done"))
            let note = ["number": other, "kind": "called", "id": "n-1", "text": ""]
            #expect(try await staff.post("/staff/household", note, csrf: csrf).text.contains("没有这个户号"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a code made after a loss signs every other phone out, and a member who left signs in no more`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            let (lost, staff) = (client.another(), client.another())
            try await lost.signInResident(2)
            #expect(try await lost.get("/points").status == 200)
            try await staff.signInStaff("clerk")
            let csrf = try await staff.get("/staff/codes").field("csrf")
            let form = ["numbers": WebFixture.number(2)]
            _ = try await staff.post("/staff/codes", form, csrf: csrf)
            #expect(try await lost.get("/points").status == 200)
            _ = try await staff.post("/staff/codes", form.merging(["end_sessions": "1"]) { $1 }, csrf: csrf)
            #expect(try await lost.get("/points").status == 303)

            let database = client.fixture.services.database
            _ = try await DisableStaff(database: database)("clerk", at: WebFixture.now).get()
            #expect(try await staff.get("/staff").status == 303)
            let page = try await staff.get("/staff/sign-in")
            let again = try await staff.post(
                "/staff/sign-in", ["name": "clerk", "password": WebFixture.password.text], csrf: page.field("csrf"))
            #expect(again.status == 403)
        }
    }

    /// More than a list shows of unregistered meters of the city's gateway, each with a reading kept apart, and one of the
    /// community's, heard before.
    private func addHeld(_ client: WebClient) async throws {
        let database = client.fixture.services.database
        let own = try await AddGateway(database: database)(
            "own", area: WebFixture.community, key: Secret("a key of its own"), at: WebFixture.now
        ).get()
        let north = try #require(try await database.read { try $0.gateway(name: "north") })
        var heard: [(name: String, gateway: GatewayID, last: Instant)] = (0...Reader.mostRows).map {
            ("stranger\($0)", north.id, WebFixture.now)
        }
        heard.append(("mine", own, WebFixture.now - 86_400))
        let all = heard
        try await database.write { transaction in
            for (name, gateway, last) in all {
                let meter = try transaction.holdAddress(
                    try #require(MeterAddress(.serial, name)), at: WebFixture.now)
                try transaction.countHeld(3, of: meter, gateway: gateway, last: last)
                let element = ReadingElement(at: last, register: Volume(litres: 5), gateway: gateway)
                try transaction.quarantine(
                    [element], of: meter, in: .unregistered, reason: .future, at: WebFixture.now)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what a clerk's gateway heard is listed however much others heard later, and a list that is cut says so`(
        engine: TestEngine
    ) async throws {
        try await WebFixture(on: engine).run { client in
            try await addHeld(client)
            let (clerk, admin) = (client.another(), client.another())
            try await clerk.signInStaff("clerk")
            let page = try await clerk.get("/staff/held").text
            #expect(page.contains("mine") && page.contains("1 块水表，3 条读数"), "\(page)")
            #expect(page.matches(of: /时间比服务器快/).count == 1)
            #expect(!page.contains("stranger") && !page.contains("还有更多"))
            #expect(try await clerk.get("/staff").text.contains(#"<span class="tile-figure">1</span>"#))
            let form = ["old": "M3", "new": "mine", "final": "", "start": "0", "at": "2026-11-24T10:30"]
            let csrf = try await clerk.get("/staff/exchange").field("csrf")
            let asked = try await clerk.post("/staff/exchange", form, csrf: csrf).text
            #expect(asked.contains("新表 mine 最近一条读数在"), "\(asked)")

            try await admin.signInStaff("admin")
            let all = try await admin.get("/staff/held").text
            #expect(all.contains("502 块水表，1,506 条读数"))
            #expect(all.contains("下面只列出前 500 条") && all.matches(of: /还有更多没有列出/).count == 2)
            #expect(all.matches(of: /时间比服务器快/).count == 500)
            #expect(try await admin.get("/staff").text.contains(#"<span class="tile-figure">502</span>"#))
        }
    }

    @Test func `an address of IPv6 counts by its network, and a link to the other language stays here`() async throws {
        #expect(Request.network(of: "2001:db8:1:2::5") == Request.network(of: "[2001:db8:1:2:ffff::1]"))
        #expect(Request.network(of: "2001:db8:1:3::5") != Request.network(of: "2001:db8:1:2::5"))
        #expect(Request.network(of: "::ffff:10.0.0.1") != Request.network(of: "::ffff:10.0.0.2"))
        #expect(Request.network(of: "10.0.0.1") == "10.0.0.1")
        try await WebFixture(on: .sqlite).run { client in
            let elsewhere = try await client.get("//evil.example/x")
            #expect(!elsewhere.text.contains("href=\"//evil"))
            try await client.signInStaff("clerk")
            let csrf = try await client.get("/staff/desk").field("csrf")
            let gone = try await client.post("/staff/desk/void", ["community": WebFixture.community], csrf: csrf)
            #expect(gone.status == 404 && gone.text.contains("href=\"/staff/desk?lang=en\""), "\(gone.text)")
        }
    }
}
