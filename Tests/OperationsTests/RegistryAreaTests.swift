import Database
import Operations
import Storage
import Testing
import Water

@Suite struct RegistryAreaTests {
    @Test(arguments: TestEngine.allCases)
    func `an area finds its community, its chain and what lies under it`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            _ = try await TestCity.build(in: database)
            let tree = try await database.read { try $0.areaTree() }
            func id(_ code: String) async throws -> AreaID {
                let area = try await database.read { try $0.area(code: code) }
                return try #require(area).id
            }
            let (grid, a, b, street) = (try await id("A1"), try await id("A"), try await id("B"), try await id("S"))
            #expect(tree.chain(from: grid).map(\.code) == ["A1", "A", "S", "D", "C"])
            #expect(tree.community(of: grid) == a)
            #expect(tree.community(of: a) == a)
            #expect(tree.community(of: street) == nil)
            #expect(tree.covers(street, grid))
            #expect(!tree.covers(grid, a))
            #expect(!tree.covers(b, grid))
            #expect(tree.communities(under: street).map(\.code) == ["A", "B"])
            #expect(tree.communities(under: grid).isEmpty)
            #expect(tree.city?.code == "C")
            #expect(try await database.read { try $0.community(of: grid) } == a)
            #expect(try await database.read { try $0.areaChain(from: grid).map(\.code) } == ["A1", "A", "S", "D", "C"])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an area that does not fit the tree is refused for its reason`(engine: TestEngine) async throws {
        let refused: [(code: String, kind: AreaKind, parent: String?, refusal: RegistryRefusal)] = [
            ("X", .street, nil, .missing(field: "parent")),
            ("X", .city, nil, .cityExists(code: "C")),
            ("X", .street, "Q", .unknownArea(field: "parent", code: "Q")),
            ("X", .street, "A", .wrongParent(kind: "street", parentKind: "community")),
            ("X", .district, "D", .wrongParent(kind: "district", parentKind: "district")),
            ("X", .building, "S", .wrongParent(kind: "building", parentKind: "street")),
            ("A", .street, "D", .kindChanges(from: "community")),
            ("A1", .grid, "B", .otherCommunity(field: "parent", of: "A1")),
        ]
        try await onFreshDatabase(of: engine) { database in
            _ = try await TestCity.build(in: database)
            let before = try await database.read { try $0.areas() }
            for (code, kind, parent, refusal) in refused {
                let entry = try AreaEntry(code: code, kind: kind, name: "x", parent: parent)
                #expect(try await AddArea(database: database)(entry) == .failure(refusal))
            }
            #expect(try await database.read { try $0.areas() } == before)
        }
    }

    @Test(arguments: ["", "a b", "水", "a/b", String(repeating: "1", count: 33)])
    func `a code of other characters or lengths is refused`(code: String) {
        #expect(throws: RegistryRefusal.self) { try AreaEntry(code: code, kind: .city, name: "x", parent: nil) }
    }

    @Test(arguments: TestEngine.allCases)
    func `a change raises the registry version and a repeat does not`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            _ = try await TestCity.build(in: database)
            func version() async throws -> Int64 { try await database.read { try $0.currentRegistryVersion() } }
            let start = try await version()
            let entry = try AreaEntry(code: "A", kind: .community, name: "学府社区", parent: "S")
            #expect(try await AddArea(database: database)(entry) == .success(.changed))
            let renamed = try await version()
            #expect(renamed > start)
            #expect(try await AddArea(database: database)(entry) == .success(.unchanged))
            #expect(try await version() == renamed)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the zone that cuts the days is set once`(engine: TestEngine) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            let entry = try AreaEntry(code: "C", kind: .city, name: "Ciudad", parent: nil)
            let madrid = try #require(CityCalendar(zone: "Europe/Madrid"))
            #expect(
                try await SetUpCity(database: database)(entry, calendar: madrid)
                    == .failure(.cityZoneChanges(from: "Asia/Shanghai")))
            let found = try await database.read { try $0.city() }
            let city = try #require(found)
            #expect(city.name == "太原市")
            #expect(city.calendar == test.calendar)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `setting the city up once more changes nothing, and another name goes in as an area's alone`(
        engine: TestEngine
    ) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            let setUp = SetUpCity(database: database)
            let same = try AreaEntry(code: "C", kind: .city, name: "太原市", parent: nil)
            #expect(try await setUp(same, calendar: test.calendar) == .success(.unchanged))
            let other = try AreaEntry(code: "C", kind: .city, name: "太原", parent: nil)
            let refusal = RegistryRefusal.cityNameChanges(from: "太原市", code: "C")
            #expect(try await setUp(other, calendar: test.calendar) == .failure(refusal))
            #expect(refusal.reason.hasSuffix("the line C,city,NAME,"))
            #expect(try await database.read { try $0.city() }?.name == "太原市")
            #expect(try await AddArea(database: database)(other) == .success(.changed))
            #expect(try await setUp(other, calendar: test.calendar) == .success(.unchanged))
            #expect(try await database.read { try $0.city() }?.name == "太原")
        }
    }
}
