import Database
import Operations
import Storage
import Testing
import Water

@Suite struct RegistryHouseholdTests {
    @Test(arguments: TestEngine.allCases)
    func `two meters in one home and two homes on one meter stand as they are`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            try await test.addHome(
                "H1",
                points: [.init(number: "U1", shareMillionths: nil), .init(number: "U2", shareMillionths: nil)])
            try await test.addHome("H2", points: [.init(number: "U3", shareMillionths: 400_000)])
            try await test.addHome("H3", points: [.init(number: "U3", shareMillionths: 600_000)])
            for (serial, point) in [("M1", "U1"), ("M2", "U2"), ("M3", "U3")] {
                #expect(try await test.addMeter(serial, on: point) == .success(.added))
            }
            let homes = try await homes(test)
            #expect(homes.map(\.number) == ["H1", "H2", "H3"])
            #expect(homes.map { $0.installations.map(\.serial) } == [["m1", "m2"], ["m3"], ["m3"]])
            #expect(homes.map(\.shareMillionths) == [nil, 400_000, 600_000])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `persons hold from their date on, and unknown is not a number`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            try await test.addHome("H1", persons: nil)
            let set = SetPersons(database: database)
            let days = ["2026-03-01", "2026-06-15", "2026-09-01"].compactMap { LocalDay($0) }
            #expect(try await set(4, of: "H1", from: days[0], at: test.now) == .success(.changed))
            #expect(try await set(nil, of: "H1", from: days[1], at: test.now) == .success(.changed))
            #expect(try await set(1, of: "H1", from: days[2], at: test.now) == .success(.changed))
            #expect(try await set(1, of: "H1", from: days[2], at: test.now) == .success(.unchanged))
            let cases: [(String, Int?)] = [
                ("2026-02-28", nil), ("2026-03-01", 4), ("2026-06-14", 4), ("2026-06-15", nil), ("2026-08-31", nil),
                ("2026-09-01", 1), ("2026-12-31", 1),
            ]
            for (day, persons) in cases {
                #expect(try await homes(test, on: day).map(\.persons) == [persons], "\(day)")
            }
            #expect(try await set(0, of: "H1", from: days[0], at: test.now) == persons(refused: ()))
            #expect(try await set(21, of: "H1", from: days[0], at: test.now) == persons(refused: ()))
            #expect(
                try await set(2, of: "H9", from: days[0], at: test.now) == .failure(.unknownHousehold("H9")))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a usage point has one home at a time unless all carry shares`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            try await test.addHome("H1", points: [.init(number: "U1", shareMillionths: nil)])
            try await test.addHome("H2", points: [.init(number: "U2", shareMillionths: 700_000)])
            let register = RegisterHousehold(database: database)
            func entry(_ number: String, _ point: String, _ share: Int64?, area: String = "A") throws -> HouseholdEntry
            {
                try HouseholdEntry(
                    number: number, area: area, points: [.init(number: point, shareMillionths: share)],
                    movedIn: test.instant("2026-01-01"), movedOut: nil, persons: nil)
            }
            let refused: [(HouseholdEntry, RegistryRefusal)] = [
                (try entry("H3", "U1", nil), .pointIsLivedIn("U1")),
                (try entry("H3", "U1", 500_000), .pointIsLivedIn("U1")),
                (try entry("H3", "U2", nil), .pointIsLivedIn("U2")),
                (try entry("H3", "U2", 300_001), .sharesExceedOne("U2")),
                (try entry("H3", "U2", 300_000, area: "B"), .otherCommunity(field: "usage_point", of: "U2")),
                (try entry("H1", "U1", nil, area: "B"), .otherCommunity(field: "area", of: "H1")),
                (try entry("H3", "U9", nil, area: "S"), .aboveCommunity(code: "S")),
                (try entry("H3", "U9", nil, area: "Q"), .unknownArea(field: "area", code: "Q")),
            ]
            for (entry, refusal) in refused {
                #expect(try await register(entry, at: test.now) == .failure(refusal))
            }
            #expect(try await database.read { try $0.household(number: "H3") } == nil)
            #expect(try await database.read { try $0.usagePoint(number: "U9") } == nil)
            #expect(try await register(try entry("H3", "U2", 300_000), at: test.now) == .success(.added))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `who moves in after a move-out is another household on the same usage point`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            try await test.addHome("H1", points: [.init(number: "U1", shareMillionths: nil)])
            _ = try await test.addMeter("M1", on: "U1")
            let moveOut = MoveOut(database: database)
            let day = try test.instant("2026-09-10")
            #expect(try await moveOut("H1", on: day, at: test.now) == .success(.changed))
            #expect(try await moveOut("H1", on: day, at: test.now) == .success(.unchanged))
            #expect(try await moveOut("H1", on: day + 1, at: test.now) == .failure(.alreadyMovedOut))
            let next = try await test.addHome(
                "H2", movedIn: "2026-09-10", points: [.init(number: "U1", shareMillionths: nil)])
            // The day may be put right, but not into the successor's time.
            #expect(try await moveOut("H1", on: nil, correcting: true, at: test.now) == .failure(.pointIsLivedIn("U1")))
            let late = try await moveOut("H1", on: day + 1, correcting: true, at: test.now)
            #expect(late == .failure(.pointIsLivedIn("U1")))
            #expect(try await moveOut("H1", on: day - 1, correcting: true, at: test.now) == .success(.changed))
            #expect(try await moveOut("H1", on: day, correcting: true, at: test.now) == .success(.changed))
            #expect(try await moveOut("H2", on: nil, at: test.now) == .failure(.hasNotMovedOut))
            let september = try await homes(test, from: "2026-09-01", to: "2026-10-01")
            #expect(september.map(\.number) == ["H1", "H2"])
            #expect(september.map(\.movedOut) == [day, nil])
            #expect(next.movedIn == day)
            #expect(try await homes(test, from: "2026-10-01", to: "2026-11-01").map(\.number) == ["H2"])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a repeated entry changes nothing and never brings a moved-out home back`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            try await test.addHome("H1")
            _ = try await MoveOut(database: database)("H1", on: try test.instant("2026-09-10"), at: test.now)
            let before = try await database.read { try $0.household(number: "H1") }
            try await test.addHome("H1")
            #expect(try await database.read { try $0.household(number: "H1") } == before)
        }
    }

    @Test func `a home's number stays out of its printed form`() {
        let home = Household(
            id: HouseholdID(7), in: CommunityID(4), number: "0351-8812", area: AreaID(4),
            movedIn: Instant(epochSeconds: 0), movedOut: nil)
        #expect(!"\(home)".contains("8812"))
    }

    private func persons(refused: Void) -> Result<RegistryChange, RegistryRefusal> {
        .failure(.malformed(field: "persons", expected: "a whole number from 1 to 20, or unknown (in a file: empty)"))
    }

    private func homes(
        _ test: TestCity, from: String = "2026-10-01", to: String = "2026-11-01", on day: String = "2026-10-31"
    ) async throws -> [RegisteredHome] {
        let community = try await test.community("A")
        let (start, end) = (try test.instant(from), try test.instant(to))
        let personsDay = try #require(LocalDay(day))
        return try await test.database.read {
            try $0.registeredHomes(of: community, from: start, to: end, personsOn: personsDay)
        }
    }
}
