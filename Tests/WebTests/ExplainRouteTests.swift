import Operations
import Testing
import Water

@testable import Web

/// What a resident asks beyond the statement: how each figure came about, and where the month under way is heading.
@Suite(.freshDatabases) struct ExplainRouteTests {
    @Test(arguments: TestEngine.allCases)
    func `every figure of a served statement has its explanation, as data and as a page`(engine: TestEngine)
        async throws
    {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            _ = try await client.another().closeOctober()
            try await client.signInResident(3)
            let statement = try await client.get("/v1/statements/2026-10").json()
            let answer = try await client.get("/v1/statements/2026-10/explain")
            #expect(answer.status == 200)
            let entries = try #require(try answer.json()["explanations"] as? [[String: Any]])
            let use = try #require(statement["use"] as? [String: Any])
            for entry in entries {
                let key = try #require(entry["key"] as? String)
                #expect(member(key, of: statement) == entry["value"] as? Int, "\(key)")
            }
            let litres = try #require(entries.first { $0["key"] as? String == "use.litres" })
            #expect(litres["value"] as? Int == use["litres"] as? Int)
            #expect(litres["expression"] as? String == "measured_litres + estimated_litres")
            let total = try #require(entries.first { $0["key"] as? String == "billing.bill.total_fen" })
            let lines = try #require((total["inputs"] as? [String: [Int]])?["line_fen"])
            #expect(lines.reduce(0, +) == total["value"] as? Int)
            let page = try await client.get("/statements/2026-10/explain")
            #expect(page.status == 200 && !page.text.contains("⟦"))
            #expect(page.text.contains("href=\"/statements/2026-10?version=1\""))
            #expect(try await client.get("/statements/2026-09/explain").status == 404)
            #expect(try await client.get("/v1/statements/2026-09/explain").status == 404)
            #expect(try await client.another().get("/v1/statements/2026-10/explain").status == 401)
        }
    }

    /// Homes 21 and 22, who share the meter M21, with 60 and 40 percent of what flows through it.
    private func addSharers(_ client: WebClient) async throws {
        let database = client.fixture.services.database
        let movedIn = try #require(Instant(rfc3339: "2026-09-01T00:00:00+08:00"))
        for (home, share) in [(21, 600_000), (22, 400_000)] as [(Int, Int64)] {
            let entry = try HouseholdEntry(
                number: WebFixture.number(home), area: WebFixture.community,
                points: [.init(number: "P21", shareMillionths: share)], movedIn: movedIn, movedOut: nil, persons: nil)
            _ = try await RegisterHousehold(database: database)(entry, at: WebFixture.now).get()
        }
        let meter = try MeterEntry(
            serial: try #require(MeterAddress(.serial, "M21")), otherAddresses: [], usagePoint: "P21", from: movedIn,
            to: nil, startRegister: nil, finalRegister: nil, resolution: nil, nominalFlowLitresPerHour: 2_500,
            modulus: nil)
        _ = try await RegisterMeter(database: database)(meter, at: WebFixture.now).get()
        let registers = (0...(33 * 24)).map { "\(5_001 + $0 * 7)" }.joined(separator: ",")
        let posted = try await client.postReadings(
            """
            {"readings":[{"meter":"M21","start":"2026-09-30T00:00:00+08:00","interval_s":3600,\
            "registers_l":[\(registers)]}]}
            """)
        #expect(posted.status == 200)
    }

    @Test(arguments: TestEngine.allCases)
    func `homes that share a meter are shown its registers, from which their litres can be redone`(engine: TestEngine)
        async throws
    {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            try await addSharers(client)
            _ = try await client.another().closeOctober()
            var sum = 0
            for (home, share) in [(21, 600_000), (22, 400_000)] {
                let resident = client.another()
                try await resident.signInResident(home)
                let use = try #require(
                    try await resident.get("/v1/statements/2026-10").json()["use"] as? [String: Any])
                let litres = try #require(use["measured_litres"] as? Int)
                let page = try await resident.get("/statements/2026-10/explain").text
                let (first, last) = (5_001_000 + 24 * 7_000, 5_001_000 + 32 * 24 * 7_000)
                let number = { (value: Int) in client.fixture.services.pages.catalogue[.zh].number(Int64(value)) }
                let (before, after) = (first * share / 1_000_000_000, last * share / 1_000_000_000)
                #expect(page.contains("水表 m21：10月1日 00:00 是 \(number(first)) 毫升"), "\(page)")
                #expect(page.contains("11月1日 00:00 是 \(number(last)) 毫升"))
                #expect(page.contains("整块表用了 \(number(last - first)) 毫升") && after - before == litres)
                #expect(page.contains("\(number(last)) × \(number(share)) ÷ 1,000,000,000 = \(number(after)) 升"))
                #expect(page.contains("相减是 \(number(litres)) 升") && page.contains("多或少 1 升"))
                sum += litres
            }
            #expect(abs(sum - 31 * 24 * 7) <= 1)
            let own = client.another()
            try await own.signInResident(3)
            #expect(!(try await own.get("/statements/2026-10/explain").text.contains("共用水表的表底数")))
        }
    }

    /// The whole number at a path.
    private func member(_ path: String, of json: [String: Any]) -> Int? {
        let found = path.split(separator: ".").reduce(json as Any?) { value, part in
            guard let place = Int(part), let list = value as? [Any] else {
                return (value as? [String: Any])?[String(part)]
            }
            return list.indices.contains(place) ? list[place] : nil
        }
        return found as? Int
    }

    @Test(arguments: TestEngine.allCases)
    func `the month under way is told with what it comes to, on the newest statement alone`(engine: TestEngine)
        async throws
    {
        try await WebFixture(on: engine).run { client in
            _ = try await client.postReadings(client.fixture.octoberBody())
            // Home 3 goes on where its October ends, at ten litres an hour from 05:00 to noon of the 24th.
            let registers = (0...559).map { "\(1_000 + 33 * 19 * 14 + $0 * 10)" }.joined(separator: ",")
            let november = """
                {"readings":[{"meter":"M3","start":"2026-11-01T05:00:00+08:00","interval_s":3600,\
                "registers_l":[\(registers)]}]}
                """
            #expect(try await client.postReadings(november).status == 200)
            _ = try await client.another().closeOctober()
            try await client.signInResident(3)
            let outlook = try #require(try await client.get("/v1/outlook").json()["outlook"] as? [String: Any])
            #expect(outlook["month"] as? String == "2026-11")
            #expect(outlook["known_days"] as? Int == 23 && outlook["so_far_litres"] as? Int == (23 * 24 - 5) * 10)
            #expect(outlook["estimated_days"] as? Int == 0)
            let flow = try #require(outlook["continuous_flow"] as? [String: Any])
            #expect(flow["is_running"] as? Bool == true && flow["litres_per_hour"] as? Int == 10)
            #expect(flow["hours"] as? Int == 559)
            let forecast = try #require(outlook["forecast"] as? [String: Any])
            #expect(try #require(forecast["expected_litres"] as? Int) > 23 * 240)
            let page = try await client.get("/statement")
            #expect(page.text.contains("outlook-h") && !page.text.contains("⟦"))
            #expect(page.text.contains("水连续 559 小时没有停过"))
            #expect(!(try await client.get("/statements/2026-10").text.contains("outlook-h")))

            try await goals(client, csrf: try page.field("csrf"))
            let other = client.another()
            try await other.signInResident(4)
            #expect(try await other.get("/v1/outlook").text.contains("\"outlook\":null"))
            #expect(try await client.another().get("/v1/outlook").status == 401)
        }
    }

    private func goals(_ client: WebClient, csrf: String) async throws {
        // A goal of 5.5 m³, of which 5,470 L are used; 7 days are left.
        let saved = try await client.post("/goal", ["goal": "5.5"], csrf: csrf)
        #expect(saved.status == 303 && saved.header("location") == "/statement?goal=saved")
        let told = try await client.get("/statement?goal=saved").text
        #expect(told.contains("已设好自家目标") && told.contains("每月最多用 5,500 升"))
        let goal = try #require(try await client.get("/v1/outlook").json()["outlook"] as? [String: Any])
        #expect(goal["goal_litres"] as? Int == 5_500)
        let warning = try #require((goal["warnings"] as? [[String: Any]])?.first)
        #expect(warning["limit"] as? String == "goal" && warning["level"] as? String == "over")
        let own = try await client.get("/statement").text
        #expect(own.contains("自家目标") && own.contains("value=\"5.5\"") && own.contains("每天不超过 4 升"))
        for bad in ["0.0999", "1000.001", "-1", "5,5", "many"] {
            let answer = try await client.post("/goal", ["goal": bad], csrf: csrf)
            #expect(answer.status == 200 && answer.text.contains("0.1 到 1000 之间"), "\(bad)")
            // At the field, which is open and keeps what was typed.
            #expect(answer.text.contains("name=\"goal\" value=\"\(bad)\""), "\(bad)")
            #expect(answer.text.contains("aria-describedby=\"goal-hint goal-fault\""))
            #expect(answer.text.contains("<details class=\"screen-only\" open>"))
            #expect(!answer.text.contains("notice refused") && answer.text.contains("\"/statement?lang=en\""))
        }
        let long = try await client.post("/goal", ["goal": "\"><script>alert(1)"], csrf: csrf).text
        #expect(long.contains("value=\"&quot;&gt;&lt;script&gt;al\"") && !long.contains("<script"))
        #expect(try await client.get("/v1/outlook").text.contains("\"goal_litres\":5500"))
        // As people type it.
        #expect(try await client.post("/goal", ["goal": " ６．５ 吨 "], csrf: csrf).status == 303)
        #expect(try await client.get("/v1/outlook").text.contains("\"goal_litres\":6500"))
        #expect(try await client.post("/goal", ["goal": "3"], csrf: "x").status == 403)
        let ended = try await client.post("/goal", ["goal": ""], csrf: csrf)
        #expect(ended.status == 303)
        #expect(try await client.get(try #require(ended.header("location"))).text.contains("已取消自家目标"))
        #expect(try await client.get("/v1/outlook").text.contains("\"goal_litres\":null"))
    }
}
