import Database
import Operations
import Storage
import Testing
import Water

@Suite struct ImportRegistryTests {
    private let homes = """
        number,area,persons,persons_from,usage_point,share,moved_in,moved_out
        H1,A,3,,P1,,2020-01-01,
        H2,A1,,,P2|P3,,2020-01-01T08:00:00+08:00,
        H3,A,2,2021-05-01,P4,0.4,2020-01-01,2024-01-01
        H4,A,,2021-05-01,P4,0.600000,2020-01-01,

        """
    private let meters = """
        serial,usage_point,installed_at,removed_at,start_m3,final_m3,resolution_l,q3_m3h,modulus_m3,cjt188,wmbus,wmbus_driver
        M1,P1,2020-01-01,2024-05-01T10:00:00+08:00,0,1234.567891,1,2.5,100000,00000000000001,,
        M2,P1,2024-05-01T10:00:00+08:00,,0.001,,10,4,,,0012AB34,Hydrus
        M3,P2,2020-01-01,,,,,,,,,
        M4,P3,2020-01-01,,,,,,,,,
        M5,P4,2020-01-01,,,,,,,,,
        """

    @Test(arguments: TestEngine.allCases)
    func `files go in exactly, and a second time change nothing`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            let areas = "code,kind,name,parent\nA2,网格,二网格,A\nB1,building,1号楼,B\n"
            for (kind, text, lines) in [(ImportKind.areas, areas, 2), (.households, homes, 4), (.meters, meters, 5)] {
                let (first, problems) = try await load(kind, text, test)
                #expect(first == ImportTotals(added: lines) && problems.isEmpty, "\(problems)")
                let version = try await database.read { try $0.currentRegistryVersion() }
                let (second, _) = try await load(kind, text, test)
                #expect(second == ImportTotals(unchanged: lines))
                #expect(try await database.read { try $0.currentRegistryVersion() } == version)
            }
            let community = try await test.community("A")
            let (from, to) = (try test.instant("2024-05-01"), try test.instant("2024-06-01"))
            let found = try await database.read {
                try $0.registeredHomes(of: community, from: from, to: to, personsOn: test.calendar.day(of: from))
            }
            #expect(found.map(\.number) == ["H1", "H2", "H4"])
            #expect(found.map(\.persons) == [3, nil, nil])
            #expect(found.map(\.shareMillionths) == [nil, nil, 600_000])
            #expect(found.map { $0.installations.map(\.serial) } == [["m1", "m2"], ["m3", "m4"], ["m5"]])
            let old = try #require(found.first?.installations.first)
            #expect(old.finalRegister == Volume(millilitres: 1_234_567_891))
            #expect(old.modulus == Volume(litres: 100_000_000))
            let new = try #require(found.first?.installations.last)
            #expect(new.startRegister == Volume(litres: 1) && new.resolution == Volume(litres: 10))
            #expect(new.nominalFlowLitresPerHour == 4_000 && new.from == old.to)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a bad line is told with line, field and reason, and the rest goes in`(engine: TestEngine) async throws {
        let bad: [(line: String, field: String)] = [
            (",A,3,,P1,,2020-01-01,", "number"), ("H 9,A,3,,P9,,2020-01-01,", "number"),
            ("H9,,3,,P9,,2020-01-01,", "area"), ("H9,Q,3,,P9,,2020-01-01,", "area"),
            ("H9,S,3,,P9,,2020-01-01,", "area"), ("H9,A,0,,P9,,2020-01-01,", "persons"),
            ("H9,A,3.0,,P9,,2020-01-01,", "persons"), ("H9,A,unknown,,P9,,2020-01-01,", "persons"),
            ("H9,A,3,2021-02-29,P9,,2020-01-01,", "persons_from"), ("H9,A,3,,,,2020-01-01,", "usage_point"),
            ("H9,A,3,,P9|,,2020-01-01,", "usage_point"), ("H9,A,3,,P9|P9,,2020-01-01,", "usage_point"),
            ("H9,A,3,,P9,0,2020-01-01,", "share"), ("H9,A,3,,P9,1.1,2020-01-01,", "share"),
            ("H9,A,3,,P9,1e-1,2020-01-01,", "share"), ("H9,A,3,,P9|P8,0.5,2020-01-01,", "share"),
            ("H9,A,3,,P9,,,", "moved_in"), ("H9,A,3,,P9,,2020-01-01T00:00:00,", "moved_in"),
            ("H9,A,3,,P9,,2020-01-01,2020-01-01", "moved_out"), ("H9,A,3,,P9,,2020-01-01", ""),
            ("\"H9,A,3,,P9,,2020-01-01,", ""),
        ]
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            let header = "number,area,persons,persons_from,usage_point,share,moved_in,moved_out"
            let good = (0..<bad.count).map { "G\($0),A,3,,PG\($0),,2020-01-01," }
            let lines = zip(bad, good).flatMap { [$0.line, $1] }
            let (totals, problems) = try await load(.households, ([header] + lines).joined(separator: "\n"), test)
            #expect(totals == ImportTotals(added: good.count, rejected: bad.count))
            #expect(problems.map(\.field) == bad.map(\.field))
            #expect(problems.map(\.line) == bad.indices.map { $0 * 2 + 2 })
            #expect(problems.allSatisfy { !$0.reason.isEmpty })
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a household's tariff is one of the shelf, from a month on`(engine: TestEngine) async throws {
        let text = """
            number,area,usage_point,moved_in,tariff,tariff_from
            T1,A,PT1,2020-02-03,taiyuan-untiered,
            T2,A,PT2,2020-02-03,taiyuan-untiered,2024-01
            T3,A,PT3,2020-02-03,city,2024-02
            T4,A,PT4,2020-02-03,,
            T5,A,PT5,2020-02-03,paris,
            T6,A,PT6,2020-02-03,city,2024-13
            T7,A,PT7,2020-02-03,,2024-01
            T8,A,PT8,2010-02-03,taiyuan-untiered,2015-12
            T9,A,PT9,2010-02-03,taiyuan-untiered,

            """
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            let (totals, problems) = try await load(.households, text, test)
            #expect(totals == ImportTotals(added: 5, rejected: 4))
            #expect(problems.map(\.field) == ["tariff", "tariff_from", "tariff", "tariff_from"])
            #expect(problems.first?.reason.contains("taiyuan-untiered") == true)
            let kept = text.split(separator: "\n").prefix(5).joined(separator: "\n")
            #expect(try await load(.households, kept, test).totals == ImportTotals(unchanged: 4))
            let found = try await database.read { reader in
                try ["T1", "T2", "T3", "T4", "T9"].map { number in
                    let home = try #require(try reader.household(number: number))
                    return try reader.tariffs(of: home.id, in: home.community)
                }
            }
            let untiered = "taiyuan-untiered"
            let expected: [[TariffFrom]] = [
                [TariffFrom(month: try #require(BillingMonth("2020-02")), tariffID: untiered)],
                [TariffFrom(month: try #require(BillingMonth("2024-01")), tariffID: untiered)],
                [TariffFrom(month: try #require(BillingMonth("2024-02")), tariffID: nil)], [],
                [TariffFrom(month: try #require(BillingMonth("2016-01")), tariffID: untiered)],
            ]
            #expect(found == expected)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a bad meter line is told with its field`(engine: TestEngine) async throws {
        let bad: [(line: String, field: String)] = [
            (",P1,2020-01-01,,,,,,,,,", "serial"), ("M 1,P1,2020-01-01,,,,,,,,,", "serial"),
            ("M9,PX,2020-01-01,,,,,,,,,", "usage_point"), ("M9,P1,01.01.2020,,,,,,,,,", "installed_at"),
            ("M9,P1,2020-01-02,2020-01-02,,,,,,,,", "removed_at"), ("M9,P1,2020-01-01,,-1,,,,,,,", "start_m3"),
            ("M9,P1,2020-01-01,,1e3,,,,,,,", "start_m3"), ("M9,P1,2020-01-01,,0.0000001,,,,,,,", "start_m3"),
            ("M9,P1,2020-01-01,,99999999999999999999,,,,,,,", "start_m3"),
            ("M9,P1,2020-01-01,,,5,,,,,,", "final_m3"), ("M9,P1,2020-01-01,2021-01-01,6,5,,,,,,", "final_m3"),
            ("M9,P1,2020-01-01,,100,,,,100,,,", "start_m3"), ("M9,P1,2020-01-01,,,,0,,,,,", "resolution_l"),
            ("M9,P1,2020-01-01,,,,0.0005,,,,,", "resolution_l"), ("M9,P1,2020-01-01,,,,,0,,,,", "q3_m3h"),
            ("M9,P1,2020-01-01,,,,,,0,,,", "modulus_m3"), ("M9,P1,2020-01-01,,,,,,,123,,", "cjt188"),
            ("M9,P1,2020-01-01,,,,,,,,12345,", "wmbus"), ("M9,P1,2020-01-01,,,,,,,,,hydrus", "wmbus"),
            ("M9,P1,2020-01-01,,,,,,,,12345678,a b", "wmbus_driver"),
            ("M9,P1,2020-01-01,,,,,,,00000000000001,,", "cjt188"), ("M1,P1,2021-01-01,,,,,,,,,", "installed_at"),
        ]
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            _ = try await load(.households, homes, test)
            let header = meters.prefix { $0 != "\n" }
            let first = "M1,P1,2020-01-01,,,,,,,00000000000001,,"
            let text = ([String(header), first] + bad.map(\.line)).joined(separator: "\n")
            let (totals, problems) = try await load(.meters, text, test)
            #expect(totals == ImportTotals(added: 1, rejected: bad.count))
            #expect(problems.map(\.field) == bad.map(\.field))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an empty field erases nothing`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            _ = try await load(.households, homes, test)
            _ = try await load(.meters, meters, test)
            let short = "serial,usage_point,installed_at\nM1,P1,2020-01-01\n"
            #expect(try await load(.meters, short, test).totals == ImportTotals(unchanged: 1))
            let few = "number,area,usage_point,share,moved_in\nH3,A,P4,0.4,2020-01-01\n"
            #expect(try await load(.households, few, test).totals == ImportTotals(unchanged: 1))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a dry run says what the import would and writes nothing`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            let text = homes + "H9,A,99,,P9,,2020-01-01,\n"
            let dry = try await load(.households, text, test, isDryRun: true)
            #expect(dry.totals == ImportTotals(added: 4, rejected: 1))
            #expect(try await database.read { try $0.household(number: "H1") } == nil)
            let real = try await load(.households, text, test)
            #expect(real.totals == dry.totals && real.problems == dry.problems)
        }
    }

    /// Files with a line that says otherwise than one before it, and what is told of it; the lines between are enough for
    /// two transactions.
    static let contradicting: [(kind: ImportKind, header: String, first: String, later: String, told: String)] = [
        (
            .areas, "code,kind,name,parent", "A7,grid,seven,A", "A7,grid,seven,B",
            "code: A7 stands in line 2 with another parent"
        ),
        (
            .areas, "code,kind,name,parent", "A7,grid,seven,A", "A7,grid,eight,A",
            "code: A7 stands in line 2 with other values"
        ),
        (
            .households, "number,area,usage_point,moved_in,persons", "H7,A,P7,2020-01-01,3", "H7,A,P8,2020-01-01,3",
            "number: H7 stands in line 2 with another usage_point"
        ),
        (
            .households, "number,area,usage_point,moved_in,persons", "H7,A,P7,2020-01-01,3", "H7,A,P7,2020-01-02,3",
            "number: H7 stands in line 2 with other values"
        ),
        (
            .households, "number,area,usage_point,moved_in,persons", "H7,A,P7,2020-01-01,3", "H7,A,P7,2020-01-01,4",
            "number: H7 stands in line 2 with another persons"
        ),
        (
            .meters, "serial,usage_point,installed_at,start_m3", "S7,P1,2020-01-01,0", "s7,P2,2020-01-01,0",
            "serial: s7 stands in line 2 with another usage_point"
        ),
        (
            .meters, "serial,usage_point,installed_at,start_m3", "S7,P1,2020-01-01,0", "S7,P1,2020-01-01,1",
            "serial: s7 stands in line 2 with other values"
        ),
    ]

    @Test(arguments: TestEngine.allCases, contradicting)
    func `of two lines that contradict each other the later is refused, however far apart they stand`(
        engine: TestEngine,
        file: (kind: ImportKind, header: String, first: String, later: String, told: String)
    ) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            _ = try await load(.households, homes, test)
            // An equal line is a repeat.
            let between = [String](repeating: file.first, count: 601)
            let text = ([file.header, file.first] + between + [file.later]).joined(separator: "\n")
            let dry = try await load(file.kind, text, test, isDryRun: true)
            #expect(dry.totals == ImportTotals(added: 1, unchanged: 601, rejected: 1))
            #expect(dry.problems.map { "\($0.field): \($0.reason)" } == [file.told])
            #expect(dry.problems.map(\.line) == [604])
            let first = try await load(file.kind, text, test)
            #expect(first.totals == dry.totals && first.problems == dry.problems)
            let second = try await load(file.kind, text, test)
            #expect(second.totals == ImportTotals(unchanged: 602, rejected: 1))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a meter hung twice, two meters of a home and a home's persons by date do not contradict each other`(
        engine: TestEngine
    ) async throws {
        let homes = """
            number,area,usage_point,moved_in,moved_out,persons,persons_from
            H7,A,P7|P8,2020-01-01,,3,
            H7,A,P8|P7,2020-01-01,,4,2022-05-01
            H7,A,P7|P8,2020-01-01,2024-01-01,,2023-05-01
            H8,A,P7,2024-01-01,,,

            """
        let meters = """
            serial,usage_point,installed_at,removed_at
            S7,P7,2020-01-01,2021-01-01
            S8,P7,2020-01-01,2021-01-01
            S7,P8,2021-01-01,2022-01-01
            S7,P7,2022-01-01,

            """
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            for (kind, text, added) in [(ImportKind.households, homes, 2), (.meters, meters, 2)] {
                let first = try await load(kind, text, test)
                #expect(first.totals == ImportTotals(added: added, changed: 2) && first.problems.isEmpty)
                #expect(try await load(kind, text, test).totals == ImportTotals(unchanged: 4))
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a line that did not go in contradicts none after it`(engine: TestEngine) async throws {
        let text = "serial,usage_point,installed_at\nS7,nowhere,2020-01-01\nS7,P1,2020-01-01\n"
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            _ = try await load(.households, homes, test)
            let (totals, problems) = try await load(.meters, text, test)
            #expect(totals == ImportTotals(added: 1, rejected: 1))
            #expect(problems.map(\.line) == [2])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a long file goes in by transactions of 500 lines and each line once`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            let lines = (0..<1_203).map { "N\($0),A,PN\($0),2020-01-01" }
            let text = "number,area,usage_point,moved_in\n" + lines.joined(separator: "\r\n")
            #expect(try await load(.households, text, test, by: 777).totals == ImportTotals(added: 1_203))
            let community = try await test.community("A")
            #expect(try await database.read { try $0.householdCount(of: community, at: test.now) } == 1_203)
        }
    }

    @Test(
        arguments: TestEngine.allCases,
        [
            ("", ImportRefusal.noHeader), ("\"\n", .noHeader),
            ("number,area,usage_point\n", .missingColumn("moved_in")),
            ("number,area,usage_point,moved_in,colour\n", .unknownColumn("colour")),
            ("number,area,usage_point,moved_in,Area\n", .repeatedColumn("area")),
        ])
    func `a file without its header is refused whole`(engine: TestEngine, file: (text: String, refusal: ImportRefusal))
        async throws
    {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            await #expect(throws: file.refusal) { try await load(.households, file.text, test) }
        }
    }

    @discardableResult
    private func load(
        _ kind: ImportKind, _ text: String, _ test: TestCity, isDryRun: Bool = false, by size: Int = 65_536
    ) async throws -> (totals: ImportTotals, problems: [LineProblem]) {
        var importing = ImportRegistry(
            kind, into: test.database, calendar: test.calendar, shelf: try SharedFiles.shelf(), isDryRun: isDryRun)
        let bytes = Array(text.utf8)
        var problems: [LineProblem] = []
        var start = 0
        while start < bytes.count {
            let end = min(start + size, bytes.count)
            problems += try await importing.take(Array(bytes[start..<end]), at: test.now)
            start = end
        }
        problems += try await importing.finish(at: test.now)
        return (importing.totals, problems)
    }
}
