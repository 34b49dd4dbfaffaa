import Database
import Foundation
import Operations
import Storage
import Testing
import Water

@testable import jieshui

/// What the commands that close, correct and decide refuse, and how they go on. They go by the real clock: all months here
/// are long over.
@Suite(.freshDatabases) struct MonthCommandTests {
    private let month = "2024-09"

    /// A home whose meter M1 showed 100,000 L on the first of September 2024 and ten more each hour.
    private func city(_ engine: TestEngine) async throws -> CommandCity {
        let city = try await CommandCity(on: engine)
        try await city.city.addHome("H1")
        _ = try await city.city.addMeter("M1", on: "UH1").get()
        let community = try await city.city.community("A")
        let start = try city.city.instant("2024-09-01")
        let calendar = city.city.calendar
        try await city.database.write { transaction in
            let address = try #require(MeterAddress(.serial, "M1"))
            let meter = try #require(try transaction.reader.holder(of: address)).meter
            for day in 0..<31 as Range<Int64> {
                let elements = (0..<24).map { hour in
                    ReadingElement(
                        at: start + day * 86_400 + Int64(hour) * 3_600,
                        register: Volume(litres: 100_000 + (day * 24 + Int64(hour)) * 10), gateway: GatewayID(1))
                }
                let key = DayKey(community: community, day: calendar.day(of: start + day * 86_400), meter: meter)
                try transaction.write([(key, DaySet.encode(elements))])
            }
            let area = try #require(try transaction.reader.area(code: "C")).id
            _ = try transaction.addStaff(
                name: "desk", area: area, role: .administrator, passwordHash: "x", at: start)
        }
        return city
    }

    @Test(arguments: TestEngine.allCases)
    func `close names the month and the first valid day where no file is valid`(engine: TestEngine) async throws {
        let city = try await city(engine)
        let end = await ending(of: ["close", "1999-01"] + shippedTariffs + city.options)
        #expect(end.code == 1)
        #expect(end.message.contains("1999-01") && end.message.contains("2016-01-01"), "\(end.message)")
    }

    @Test(arguments: TestEngine.allCases)
    func `close refuses a month with readings of unregistered meters until it is told to go on`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        let start = try city.city.instant("2024-09-10")
        let day = city.city.calendar.day(of: start)
        try await city.database.write { transaction in
            let address = try #require(MeterAddress(.serial, "nobody"))
            let meter = try transaction.holdAddress(address, at: start)
            try transaction.countHeld(1, of: meter, gateway: GatewayID(1), last: start)
            let element = ReadingElement(at: start, register: Volume(litres: 5), gateway: GatewayID(1))
            let key = DayKey(community: .unregistered, day: day, meter: meter)
            try transaction.write([(key, DaySet.encode([element]))])
        }
        let close = ["close", month] + shippedTariffs + city.options
        let refused = await ending(of: close)
        #expect(refused.code == 1, "\(refused.message)")
        #expect(refused.message.contains("1 unregistered meter with readings of 2024-09"), "\(refused.message)")
        #expect(refused.message.contains("/staff/held") && refused.message.contains("--despite-held"))
        #expect(await ending(of: close + ["--despite-held"]) == .well)
        #expect(await ending(of: close) == .well)
    }

    @Test(arguments: TestEngine.allCases)
    func `rules that pay no savings are tried without a fault`(engine: TestEngine) async throws {
        let city = try await city(engine)
        #expect(await ending(of: ["close", month] + shippedTariffs + city.options) == .well)
        for name in ["rules-v1.yaml", "rules-saving.yaml"] {
            let file = packageRoot.appendingPathComponent("tariffs").appendingPathComponent(name).path
            #expect(await city.ending(of: "rules", "simulate", file) == .well, "\(name)")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `meter exchange names the reading that its last register contradicts, and takes it by force`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        let exchange = ["meter", "exchange", "M1", "N1", "--at", "2024-09-20T10:30:00+08:00"] + city.options
        let below = await ending(of: exchange + ["--final-m3", "104"])
        // At 10:00 of the twentieth: 100,000 + (19 × 24 + 10) × 10 litres.
        #expect(below.code == 1 && below.message.hasPrefix("final_m3: 104 is 0.66 m³ below 104.66"), "\(below.message)")
        #expect(below.message.contains("2024-09-20T10:00:00+08:00") && below.message.contains("--force"))
        let above = await ending(of: exchange + ["--final-m3", "900"])
        #expect(above.code == 1 && above.message.contains("900 is 795.34 m³ above 104.66"), "\(above.message)")
        let beyond = await ending(of: exchange + ["--start-m3", "9000000000000", "--force"])
        #expect(beyond == Ending(message: "start_m3: must be 0 to 1000000000 m³"))
        #expect(await ending(of: exchange + ["--final-m3", "104.665"]) == .well)
        #expect(await ending(of: exchange + ["--final-m3", "104", "--force"]) == .well)
        #expect(await ending(of: exchange + ["--final-m3", "104"]) == .well)
    }

    @Test(arguments: TestEngine.allCases)
    func `reading enter says what contradicts a register and that a time lies ahead`(engine: TestEngine) async throws {
        let city = try await city(engine)
        let enter = ["reading", "enter", "M1", "--reason", "上门抄表", "--staff", "desk"] + city.options
        let ahead = await ending(of: enter + ["--at", "2199-01-01T00:00:00+08:00", "--register", "104"])
        #expect(ahead.message == "at: lies ahead")
        let past = await ending(of: enter + ["--at", "1999-01-01T00:00:00+08:00", "--register", "104"])
        #expect(past.message == "at: lies before 2000")
        let at = ["--at", "2024-09-20T10:30:00+08:00"]
        let below = await ending(of: enter + at + ["--register", "104"])
        #expect(below.message.hasPrefix("register: 104 is 0.66 m³ below 104.66"), "\(below.message)")
        #expect(below.message.hasSuffix("add it as it is with --force"))
        #expect(await ending(of: enter + at + ["--register", "104.665"]) == .well)
        #expect(await ending(of: enter + at + ["--register", "104", "--force"]) == .well)
    }

    @Test(arguments: TestEngine.allCases)
    func `correct ends with status 1 while files of a month are not there, also where others hold homes`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        #expect(await ending(of: ["close", month] + shippedTariffs + city.options) == .well)
        let closed = try #require(BillingMonth(month))
        let home = try #require(try await city.database.read { try $0.household(number: "H1") })
        let other = try await city.city.addHome("H2", area: "B")
        let (a, b) = (try await city.city.community("A"), try await city.city.community("B"))
        let now = Instant.now
        let lease = try await city.database.write { transaction in
            try transaction.markDirty(home.id, of: a, closed, at: now)
            try transaction.markDirty(other.id, of: b, closed, at: now)
            return try transaction.claim(.close, of: b, by: LeaseOwner("desk:17:ab"), at: now, seconds: 300)
        }
        #expect(lease != nil)
        let folder = try await freshFolder()
        let shipped = packageRoot.appendingPathComponent("tariffs")
        try FileManager.default.copyItem(
            at: shipped.appendingPathComponent("taiyuan.yaml"), to: folder.appendingPathComponent("taiyuan.yaml"))
        let end = await ending(of: ["correct", "--tariffs", folder.path] + city.options)
        let lines = end.message.split(separator: "\n").map(String.init)
        try #require(lines.count == 3, "\(end.message)")
        #expect(end.code == 1)
        #expect(lines[0] == "not corrected for want of files: 1 statement")
        #expect(lines[1].hasPrefix("2024-09 was closed with rules of version "))
        #expect(lines[2] == "put the files back as they were into the folder of --tariffs, then run jieshui correct")
        #expect(await ending(of: ["correct"] + shippedTariffs + city.options) == Ending(code: 75))
    }

    @Test(arguments: TestEngine.allCases)
    func `close ends with status 75 while corrections wait for files, and the month is closed`(
        engine: TestEngine
    ) async throws {
        let city = try await city(engine)
        #expect(await ending(of: ["close", month] + shippedTariffs + city.options) == .well)
        let closed = try #require(BillingMonth(month))
        let home = try #require(try await city.database.read { try $0.household(number: "H1") })
        let community = try await city.city.community("A")
        let now = Instant.now
        try await city.database.write { try $0.markDirty(home.id, of: community, closed, at: now) }
        let folder = try await freshFolder()
        let shipped = packageRoot.appendingPathComponent("tariffs")
        try FileManager.default.copyItem(
            at: shipped.appendingPathComponent("taiyuan.yaml"), to: folder.appendingPathComponent("taiyuan.yaml"))
        let rules = try String(contentsOf: shipped.appendingPathComponent("rules-v1.yaml"), encoding: .utf8)
        let others = rules.replacing("\nversion: v1\n", with: "\nversion: v9\n")
        try Data(others.utf8).write(to: folder.appendingPathComponent("rules.yaml"))
        let next = closed.advanced(by: 1)
        let close = ["close", next.description, "--tariffs", folder.path] + city.options
        #expect(await ending(of: close) == Ending(code: 75))
        let issued = try await city.database.read { try $0.communityMonths(next) }
        #expect(issued.map(\.community) == [community] && issued.allSatisfy { $0.issuedAt != nil })
    }

    @Test func `close takes neither --exclude nor --reason without the other`() async throws {
        let city = try await city(.sqlite)
        for option in [["--reason", "unread"], ["--exclude", "A"], ["--exclude", "A", "--reason", ""]] {
            let end = await ending(of: ["close", month] + option + shippedTariffs + city.options)
            #expect(end.code == 1, "\(option)")
            #expect(end.message.contains(" needs --"), "\(end.message)")
        }
        let close = ["close", month] + shippedTariffs + city.options
        #expect(await ending(of: close) == .well)
        #expect(
            await ending(of: close + ["--exclude", "A", "--reason", "unread"])
                == Ending(
                    message: "A has figures of 2024-09 already and cannot be left out of it any more: close without "
                        + "--exclude A"))
    }

    @Test func `a close whose communities others issued says that the month is closed`() throws {
        let closed = try #require(BillingMonth(month))
        var summary = CloseSummary()
        summary.communities = 3
        #expect(
            summary.line(of: closed)
                == "2024-09 is closed: 3 communities, 0 homes measured, 0 statements, 0 transfers; 3 communities were "
                + "issued before, or by other processes")
        summary.issuedCommunities = 1
        summary.excluded = ["B"]
        #expect(
            summary.line(of: closed).hasSuffix(
                "transfers, without B; 1 community was issued before, or by other processes"))
        summary.issuedCommunities = 2
        #expect(summary.line(of: closed).hasSuffix("0 transfers, without B"))
        summary = CloseSummary()
        summary.communities = 3
        summary.wasComplete = true
        #expect(summary.line(of: closed).hasSuffix(" 0 transfers"))
    }

    @Test(arguments: [
        (["pack", "--after-days", "9223372036854775807"], "--after-days must be 0 to 36500, not 9223372036854775807"),
        (["pack", "--after-days=-1"], "--after-days must be 0 to 36500, not -1"),
        (["prune", "--keep-months", "3000000000"], "--keep-months must be at most 1200, not 3000000000"),
        (["prune", "--keep-months", "9223372036854775807", "--dry-run"], "not 9223372036854775807"),
        (["prune", "--keep-months=-9223372036854775808", "--allow-shorter", "x"], "not -9223372036854775808"),
    ])
    func `pack and prune refuse more days and months than there can be`(arguments: [String], words: String) async throws
    {
        let city = try await CommandCity(on: .sqlite)
        let end = await ending(of: arguments + city.options)
        #expect(end.code == 1 && end.message.hasSuffix(words), "\(end.message)")
        #expect(await city.ending(of: "pack", "--after-days", "36500") == .well)
        #expect(await city.ending(of: "prune", "--keep-months", "1200") == .well)
    }

    @Test(.enabled(if: TestEngine.allCases.contains(.postgres) && !TestEngine.isCitus))
    func `prune ends with status 75 where others kept a community busy`() async throws {
        let city = try await CommandCity(on: .postgres)
        try await city.database.write { transaction in
            try transaction.script(
                """
                CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql
                    AS $$ BEGIN RAISE EXCEPTION 'met' USING ERRCODE = '40001'; END $$;
                CREATE TRIGGER meet BEFORE INSERT ON community_fold FOR EACH ROW EXECUTE FUNCTION meet();
                """)
        }
        #expect(await city.ending(of: "prune") == Ending(code: 75))
        #expect(await city.ending(of: "prune", "--dry-run") == .well)
    }

    @Test func `what took no part in a month is counted by the month, and nothing is told where all did`() throws {
        let closed = try #require(BillingMonth(month))
        func words(_ meters: Int, _ apart: Int) -> String? {
            HeldOfMonth(month: closed, meters: meters, keptApart: apart).leftOut
        }
        #expect(words(0, 0) == nil)
        let one = try #require(words(1, 0))
        #expect(one.hasPrefix("1 unregistered meter with readings of 2024-09 took no part (see 未登记水表 /staff/held): "))
        #expect(one.contains("register it with jieshui import meters") && one.contains("months it belongs to"))
        let both = try #require(words(2, 1))
        #expect(both.hasPrefix("2 unregistered meters with readings of 2024-09 and 1 reading of 2024-09 kept apart "))
        #expect(both.contains("register them with") && both.hasSuffix("of the gateways that sent it"))
        #expect(try #require(words(0, 3)).hasPrefix("3 readings of 2024-09 kept apart took no part"))
    }

    @Test func `what is left of a correction is counted by months and homes, and the homes are named`() {
        var summary = CorrectionSummary()
        summary.withoutReadings = 16
        summary.householdsWithoutReadings = ["H2", "H1"]
        let words = "; left as they are, for their readings were pruned: 16 months of 2 households (H1, H2)"
        #expect(summary.line.hasSuffix(words))
        summary.withoutReadings = 25
        summary.householdsWithoutReadings = Set((10..<35).map { "H\($0)" })
        #expect(summary.line.hasSuffix("H28, H29 and 5 more)"))
        summary = CorrectionSummary()
        summary.withoutFiles = 1
        #expect(summary.line.hasSuffix("; waiting for their month's tariff and rule files: 1 statement"))
        #expect(summary.wantedFiles?.hasPrefix("not corrected for want of files: 1 statement\n") == true)
        #expect(CorrectionSummary().wantedFiles == nil)
    }
}
