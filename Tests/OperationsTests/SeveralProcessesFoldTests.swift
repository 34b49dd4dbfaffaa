import Database
import Foundation
import Operations
import Storage
import Testing
import Water

@Suite(.freshDatabases) struct SeveralProcessesFoldTests {
    private let at = Instant(epochSeconds: 1_795_000_000)

    /// What one process makes of the same readings.
    private func plainSets(_ bodies: [String], homes: Int64, _ engine: TestEngine) async throws -> String {
        let city = try await CityFixture.city(of: homes / 2, on: engine)
        for body in bodies { try await city.post(body) }
        _ = try await city.foldAll()
        return try await allSets(city)
    }

    private func allSets(_ city: CityFixture) async throws -> String {
        try await city.database.read { reader in
            var lines: [String] = []
            for community in [Int64(0), 4, 5] + Array(100..<120) {
                try reader.eachDaySet(
                    of: CommunityID(community), from: LocalDay(number: 0), to: LocalDay(number: 99_999)
                ) { lines.append("\(community) \($0) \($1) \(hex(DaySet.encode($2)))") }
            }
            return lines.joined(separator: "\n")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `two processes fold while two record: nothing is lost and nothing is twice`(engine: TestEngine) async throws {
        let homes: Int64 = 8
        let bodies = (1...homes).flatMap { CityFixture.octoberBodies(of: $0) }
        let city = try await CityFixture.city(of: homes / 2, on: engine)
        let processes = [try OtherProcess("a", of: city), try OtherProcess("b", of: city)]
        let (at, gateway) = (at, CityFixture.cityGateway)
        let entries = try await withThrowingTaskGroup(of: Int.self) { group in
            for (index, process) in processes.enumerated() {
                group.addTask {
                    for body in stride(from: index, to: bodies.count, by: 2).map({ bodies[$0] }) {
                        let batch = try CityFixture.decoded(body)
                        _ = try await process.record(batch, from: gateway, at: at)
                    }
                    return 0
                }
                group.addTask {
                    var entries = 0
                    for _ in 0..<40 { entries += try await process.fold(at: at).entries }
                    return entries
                }
            }
            return try await group.reduce(0, +)
        }
        let rest = try await processes[0].fold.untilIdle(at: at).entries + processes[1].fold.untilIdle(at: at).entries
        #expect(entries + rest == Int(homes) * (31 * 24 + 7))
        #expect(try await city.database.read { try $0.journalLag() == nil })
        #expect(try await allSets(city) == plainSets(bodies, homes: homes, engine))
        for process in processes { await process.record.settle() }
    }

    @Test(arguments: TestEngine.allCases)
    func `meters registered while their readings are folded leave none behind`(engine: TestEngine) async throws {
        let homes: Int64 = 8
        let bodies = (1...homes).flatMap { CityFixture.octoberBodies(of: $0) }
        let city = try await CityFixture(on: engine)
        for home in 1...homes { try await city.addHome(home, registered: false) }
        let processes = [try OtherProcess("a", of: city), try OtherProcess("b", of: city)]
        let at = at
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, process) in processes.enumerated() {
                group.addTask {
                    for body in stride(from: index, to: bodies.count, by: 2).map({ bodies[$0] }) {
                        let batch = try CityFixture.decoded(body)
                        _ = try await process.record(batch, from: CityFixture.cityGateway, at: at)
                        _ = try await process.fold(at: at)
                    }
                }
            }
            group.addTask {
                let register = RegisterMeter(database: city.database)
                for home in 1...homes {
                    let serial = try #require(MeterAddress(.serial, "M\(home)"))
                    let entry = try MeterEntry(
                        serial: serial, otherAddresses: [], usagePoint: "P\(home)", from: CityFixture.movedIn, to: nil,
                        startRegister: nil, finalRegister: nil, resolution: nil, nominalFlowLitresPerHour: nil,
                        modulus: nil)
                    _ = try await register(entry, at: at).get()
                }
            }
            try await group.waitForAll()
        }
        for process in processes { _ = try await process.fold.untilIdle(at: at) }
        #expect(try await city.database.read { try $0.nextSweeps(limit: 1).isEmpty })
        let elements = try await city.database.read { reader in
            try [CommunityID.unregistered, CityFixture.first].map { community in
                var count = 0
                try reader.eachDaySet(of: community, from: LocalDay(number: 0), to: LocalDay(number: 99_999)) {
                    count += $2.count
                }
                return count
            }
        }
        #expect(elements == [0, Int(homes) * (31 * 24 + 7)])
        #expect(try await city.database.read { try $0.heldMeters(limit: 10).isEmpty })
    }

    @Test(arguments: TestEngine.allCases)
    func `a process leaves a community that another has in hand, and takes it over after its time`(
        engine: TestEngine
    ) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        _ = try await city.foldAll()
        try await city.post(CityFixture.series(1, from: CityFixture.october, [100, 110]))
        let clock = TestClock()
        let process = try OtherProcess("a", of: city, clock: clock)
        let now = clock.now()
        let held = try await city.database.write {
            try $0.claim(.fold, of: CityFixture.first, by: LeaseOwner("gone"), at: now, seconds: 30)
        }
        let fence = try #require(held?.fence)
        #expect(try await process.fold(at: at).isIdle)
        let later = try OtherProcess("b", of: city, clock: TestClock(step: 31))
        #expect(try await later.fold(at: at).entries == 2)
        #expect(try await city.database.read { try $0.lease(.fold, of: CityFixture.first)?.lease.fence } == fence + 1)
    }

    @Test(arguments: TestEngine.allCases)
    func `a community is passed on after four rounds though it is not empty`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        _ = try await city.foldAll()
        let process = try OtherProcess("a", of: city)
        // A row of the journal for each reading; a round takes at most five hundred.
        let (meter, at) = (try #require(MeterAddress(.serial, "m1")), at)
        try await city.database.write { transaction in
            for hour in 0..<2_010 as Range<Int64> {
                let value = TimedRegister(
                    at: CityFixture.october + hour * 60, register: Volume(litres: 100 + hour))
                var writer = JournalWriter()
                writer.add(
                    .readings(
                        gateway: CityFixture.cityGateway, address: meter, values: [value], isFuture: false))
                let payload = JournalPayload.row([writer.bytes])
                try transaction.appendToJournal(
                    [JournalAddition(community: CityFixture.first, readings: 1, payload: payload)], at: at)
            }
        }
        for round in 1...4 {
            #expect(try await process.fold(at: at).entries == 500)
            let until = try await city.database.read { try $0.lease(.fold, of: CityFixture.first)?.until.epochSeconds }
            #expect((until == 0) == (round == 4))
        }
        #expect(try await process.fold(at: at).entries == 10)
        #expect(try await process.fold(at: at).isIdle)
    }

    /// What is measured and what is folded at the same time: one of the two sees the other.
    @Test(arguments: TestEngine.allCases.filter { $0 != .sqlite })
    func `figures frozen while a fold changes the sets are not kept`(engine: TestEngine) async throws {
        let city = try await CityFixture(on: engine)
        let other = try Database(address: city.address, connections: 2)
        let (at, first) = (at, CityFixture.first)
        let version = try await city.database.write { transaction in
            let version = try transaction.reader.foldVersion(of: first)
            guard version == 0 else { return version }
            try transaction.holdFold(of: first, at: at)
            return version
        } meanwhile: {
            try await other.write { try $0.raiseFoldVersion(of: first, at: at) }
        }
        #expect(version == 1)
    }

    @Test(arguments: TestEngine.allCases)
    func `a gateway is noted once a minute, and at once when its clock shows to be off`(
        engine: TestEngine
    ) async throws {
        let city = try await CityFixture(on: engine)
        try await city.addHome(1)
        func seen() async throws -> [Int64?] {
            await city.record.settle()
            let gateways = try await city.database.read { try $0.gateways() }
            let gateway = try #require(gateways.first { $0.id == CityFixture.cityGateway })
            return [gateway.lastSeenAt?.epochSeconds, gateway.clockOffsetSeconds]
        }
        let start = CityFixture.october
        try await city.post(CityFixture.series(1, from: start, [1]), at: start)
        #expect(try await seen() == [start.epochSeconds, nil])
        try await city.post(CityFixture.series(1, from: start, [1]), at: start + 59)
        #expect(try await seen() == [start.epochSeconds, nil])
        try await city.post(CityFixture.series(1, from: start, [1]), at: start + 60)
        #expect(try await seen() == [start.epochSeconds + 60, nil])
        try await city.post(CityFixture.series(1, from: start + 7_262, [1]), at: start + 62)
        #expect(try await seen() == [start.epochSeconds + 62, 7_200])
        try await city.post(CityFixture.series(1, from: start + 7_263, [1]), at: start + 63)
        #expect(try await seen() == [start.epochSeconds + 62, 7_200])
    }
}
