import Database
import Foundation
import Ingest
import Logging
import Operations
import Scoring
import Storage
import Tariffs
import Testing
import Water

/// The 46 homes of the DAIAD trial, unshifted, through the whole chain: decode, record, fold, close, twelve times.
@Suite(.freshDatabases) struct RealHomesCloseTests {
    private static let months = (0..<12).compactMap { BillingMonth(year: 2016, month: 3)?.advanced(by: $0) }

    @Test(arguments: TestEngine.allCases)
    func `46 real homes close twelve months in Madrid without a trap, byte for byte in any order`(engine: TestEngine)
        async throws
    {
        guard let file = try RealFile.find() else { return }
        let homes = try file.homes()
        #expect(homes.count == 46)
        let plain = try await city(engine, homes, shuffledBy: nil)
        let mixed = try await city(engine, homes, shuffledBy: 46)
        var all: [[String]] = []
        for city in [plain, mixed] {
            let close = CloseMonth(
                database: city.database, calendar: city.calendar, shelf: try SharedFiles.shelf(),
                settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: SharedFiles.rulesID),
                logger: Logger(label: "test"))
            for month in Self.months {
                #expect(try await close(month, at: Instant(epochSeconds: 1_800_000_000)).get().statements == 46)
            }
            all.append(
                try await city.database.read { reader in
                    try Self.months.flatMap { try reader.statements(of: CityFixture.first, $0).map(\.body) }
                })
        }
        #expect(all[0].count == 552 && all[0] == all[1])
        for body in all[0] {
            let statement = try Statement(bytes: Array(body.utf8))
            #expect(statement.use.days.allSatisfy { ($0.litres ?? 0) >= 0 && ($0.litres ?? 0) < 20_000 })
            #expect(statement.use.days.reduce(0) { $0 + ($1.litres ?? 0) } == statement.use.litres)
        }
        // Every year of statements earns points, and the ledger balances.
        let transfers = try await plain.database.read { try $0.communityTransfers(CityFixture.first) }
        #expect(!transfers.isEmpty)
        try await simulate(plain)
    }

    /// What the second rules' file says of these homes is what they do to them.
    private func simulate(_ city: CityFixture) async throws {
        let rules = try #require(try SharedFiles.shelf().rules.first { $0.saving != nil })
        let months = try #require(Self.months.first)...(try #require(Self.months.last))
        let found = try await SimulateRules(database: city.database)(rules, over: months)
        let (all, report) = (found.total, try #require(rules.savingReport))
        #expect(all.homeMonths == 552 && found.months == Self.months && found.communities.count == 1)
        let stated = [report.judged, report.paid, report.points, report.paidAtFifthLess]
        #expect([all.judged, all.paid, all.savingPoints, all.paidAtFifthLess] == stated)
        #expect(found.communities.map { sum(of: $0.tally) } == report.communities.map(\.sum))
        #expect(report.communities.map(\.sum.pointsPer100Homes) == [1_521])
        #expect(found.sizes.map(\.persons) == report.sizes.map(\.persons))
        #expect(found.sizes.map { sum(of: $0.tally) } == report.sizes.map(\.sum))
        // A part of the months gives its part of it.
        let middle = Self.months[Self.months.count / 2]
        let simulate = SimulateRules(database: city.database)
        let first = try await simulate(rules, over: months.lowerBound...middle.previous).total
        let second = try await simulate(rules, over: middle...months.upperBound).total
        #expect(first.judged + second.judged == all.judged && first.paid + second.paid == all.paid)
        #expect(first.points + second.points == all.points)
        // The announced rate of false awards.
        #expect(try #require(found.paidPermille) <= 50)
        #expect(found.sizes.reduce(0) { $0 + $1.tally.points } == all.points)
        // No size gains by much: points a home-month of each, against all homes', within a third.
        for size in found.sizes where size.tally.ranked > 30 {
            let (own, mean) = (size.tally.points * all.ranked, all.points * size.tally.ranked)
            #expect(own * 3 > mean * 2 && own * 3 < mean * 4, "\(size)")
        }
    }

    private func sum(of tally: RuleSimulation.Tally) -> SavingReport.Sum {
        SavingReport.Sum(homeMonths: tally.homeMonths, points: tally.points, savingPoints: tally.savingPoints)
    }

    private func city(
        _ engine: TestEngine, _ homes: [RealFile.Home], shuffledBy seed: UInt64?
    ) async throws -> CityFixture {
        let city = try await CityFixture(on: engine, zone: "Europe/Madrid")
        let start = city.calendar.start(of: try #require(LocalDay("2016-01-01")))
        var bodies: [String] = []
        for (index, home) in homes.enumerated() {
            try await city.addHome(Int64(index + 1), persons: home.persons, since: start)
            for part in stride(from: 0, to: home.lines.count, by: 2_000) {
                let items = home.lines[part..<min(part + 2_000, home.lines.count)].map { line in
                    #"{"meter":"M\#(index + 1)","at":"\#(line.at.utc)","volume_l":"\#(line.litres)"}"#
                }
                bodies.append(#"{"readings":[\#(items.joined(separator: ","))]}"#)
            }
        }
        if let seed {
            var random = SeededRandom(seed: seed)
            bodies.shuffle(using: &random)
        }
        for body in bodies { try await city.post(body) }
        return city
    }
}

/// The households' file beside the package.
struct RealFile {
    let folder: URL

    struct Home {
        let persons: Int64?
        var lines: [(at: Instant, litres: Int64)]
    }

    struct Absent: Error {}

    /// nil, with a printed message, where the data is absent; that is an error in CI.
    static func find() throws -> RealFile? {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.deletingLastPathComponent().appendingPathComponent("shared/data/households")
        if FileManager.default.fileExists(atPath: folder.path) { return RealFile(folder: folder) }
        if ProcessInfo.processInfo.environment["CI"] == "true" { throw Absent() }
        print("the real households are not beside the package: this test did nothing")
        return nil
    }

    func homes() throws -> [Home] {
        let persons = try String(contentsOf: folder.appendingPathComponent("daiad-persons.csv"), encoding: .utf8)
            .split(whereSeparator: \.isNewline).dropFirst().reduce(into: [String: Int64]()) { found, line in
                let cells = line.split(separator: ",")
                if cells.count == 2 { found[String(cells[0])] = Int64(cells[1]) }
            }
        let calendar = try #require(CityCalendar(zone: "Europe/Madrid"))
        var homes: [String: Home] = [:]
        for line in try unzipped().split(separator: "\n").dropFirst() {
            let cells = line.split(separator: ";")
            let household = String(cells[0])
            let stamp = cells[1].split(whereSeparator: { "/ :".contains($0) }).compactMap { Int64($0) }
            let day = try #require(LocalDay(year: Int(stamp[2]), month: Int(stamp[1]), day: Int(stamp[0])))
            let second = stamp[3] * 3_600 + stamp[4] * 60 + stamp[5]
            let local = Int64(day.number) * 86_400 + second
            let at = Instant(epochSeconds: local - calendar.offset(at: Instant(epochSeconds: local - 7_200)))
            // Some registers are written like 2e+05.
            let litres = try #require(Int64(cells[2]) ?? Double(cells[2]).map { Int64($0) })
            homes[household, default: Home(persons: persons[household], lines: [])].lines.append((at, litres))
        }
        return homes.sorted { $0.key < $1.key }.map(\.value)
    }

    private func unzipped() throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", folder.appendingPathComponent("daiad-hourly.csv.gz").path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
