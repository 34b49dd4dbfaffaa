import Database
import Foundation
import Ledger
import Logging
import Operations
import Scoring
import Storage
import Tariffs
import Testing
import Water

/// What corrections do to points that are spent, and several processes that correct at once.
@Suite(.freshDatabases) struct CorrectPointsTests {
    private let october = BillingMonth(number: 2_026 * 12 + 9)
    private let later = CityFixture.afterOctober

    /// The shipped files with a floor of −10 points.
    private func shelf() throws -> TariffShelf {
        let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("tariffs")
        return try loadTariffs(
            ["taiyuan.yaml", "rules-v1.yaml"].map { name in
                let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
                return (name, text.replacing("clawback_floor_points: -200", with: "clawback_floor_points: -10"))
            })
    }

    private func close(_ city: CityFixture, _ shelf: TariffShelf) -> CloseMonth {
        CloseMonth(
            database: city.database, calendar: city.calendar, shelf: shelf,
            settings: CloseMonth.Settings(tariffID: "taiyuan", rulesID: SharedFiles.rulesID),
            logger: Logger(label: "test"))
    }

    private func transfers(_ home: Int64, _ community: CommunityID, _ city: CityFixture) async throws -> [Transfer] {
        try await city.database.read {
            try $0.transfers(of: AccountHolder(community: community, household: HouseholdID(home)))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `points that are spent are taken back down to the announced floor, and the rest is written off in sight`(
        engine: TestEngine
    ) async throws {
        let city = try await CityFixture(on: engine)
        for home in 1...12 as ClosedRange<Int64> {
            try await city.addHome(home)
            for body in CityFixture.octoberBodies(of: home) { try await city.post(body) }
        }
        let shelf = try shelf()
        _ = try await close(city, shelf)(october, at: later).get()
        let holder = AccountHolder(community: CityFixture.first, household: HouseholdID(2))
        let terms = try #require(shelf.rules.first?.ledgerTerms)
        #expect(terms.debtLimit == Points(10))
        let earned = try await city.database.read { try $0.accountState(of: holder).available }
        #expect(earned == Points(40))

        // Thirty are spent at the desk.
        let item = try await city.database.write { transaction in
            _ = try transaction.addStaff(
                name: "desk", area: CityFixture.city, role: .clerk, passwordHash: "x", at: later)
            return try transaction.addItem(
                nameZh: "香皂", nameEn: "Soap", points: Points(30), stock: 1, to: CityFixture.first, at: later)
        }
        let desk = try #require(try await city.database.read { try $0.staff(name: "desk") })
        let id = try #require(PostingID("r1"))
        _ = try await HoldItem(database: city.database, terms: terms)(
            id, item: item, for: holder, codes: ["ABCD2345"], at: later
        ).get()
        _ = try await CloseRedemption(database: city.database, terms: terms).confirm(
            id, in: CityFixture.first, by: desk.id, at: later + 60
        ).get()

        // Then it comes out that one person lives there, not three: nothing was earned.
        _ = try await SetPersons(database: city.database)(1, of: "H2", from: LocalDay(number: 1), at: later).get()
        let corrected = try await close(city, shelf).corrections(at: later + 120)
        #expect(corrected.statements == 1)
        let state = try await city.database.read { try $0.accountState(of: holder) }
        let second = try await city.database.read {
            try $0.statement(of: HouseholdID(2), in: CityFixture.first, october)
        }
        let kept = try Statement(bytes: Array(try #require(second).body.utf8)).points.total
        // Of what is to be taken back ten were left, ten more are owed, and the rest is past the floor.
        let owed = earned - kept
        #expect(owed > Points(20) && state.available == .zero && state.debt == Points(10))
        let economy = Economy(
            of: CityFixture.first, try await city.database.read { try $0.communityTransfers(CityFixture.first) })
        #expect(economy.isBalanced)
        let summed = try await city.database.read {
            try $0.economy(of: CityFixture.first, from: later - 31 * 86_400, to: later + 86_400)
        }
        #expect(summed == economy && summed.writtenOff > .zero)
        let moved = try await transfers(2, CityFixture.first, city).filter { $0.kind == .clawback }
        #expect(moved.reduce(Points.zero) { $0 + $1.points } <= Points(20))
        // Again it takes nothing more.
        _ = try await close(city, shelf).corrections(at: later + 180)
        #expect(try await city.database.read { try $0.accountState(of: holder) } == state)
    }

    @Test(arguments: TestEngine.allCases)
    func `processes that correct at once issue each version once, with the points of one alone`(
        engine: TestEngine
    ) async throws {
        func corrected(by names: [String]) async throws -> (versions: [String], issued: [Int64], statements: Int) {
            let city = try await CityFixture.city(of: 4, on: engine)
            for home in 1...8 as ClosedRange<Int64> {
                for body in CityFixture.octoberBodies(of: home) { try await city.post(body) }
            }
            _ = try await OtherProcess("first", of: city).close(city)(october, at: later).get()
            for home in 1...8 as ClosedRange<Int64> {
                let day = try #require(LocalDay("2026-09-02"))
                _ = try await SetPersons(database: city.database)(5, of: "H\(home)", from: day, at: later).get()
            }
            let at = later + 60
            let statements = try await withThrowingTaskGroup(of: Int.self) { group in
                for name in names {
                    let close = try OtherProcess(name, of: city).close(city)
                    group.addTask {
                        var issued = 0
                        // A community in another's hands is left: who is left with one comes back for it.
                        for _ in 0..<1_000 {
                            let summary = try await close.corrections(at: at)
                            issued += summary.statements
                            if summary.leftOpen == 0 { break }
                            await Task.yield()
                        }
                        return issued
                    }
                }
                return try await group.reduce(0, +)
            }
            return try await city.database.read { reader in
                var versions: [String] = []
                var issued: [Int64] = []
                for community in (100..<104).map({ CommunityID($0) }) {
                    versions += try reader.statements(of: community, october).map { "\($0.version) \($0.body)" }
                    let economy = Economy(of: community, try reader.communityTransfers(community))
                    #expect(economy.isBalanced)
                    issued.append(economy.issued.count)
                }
                return (versions, issued, statements)
            }
        }
        let alone = try await corrected(by: ["a"])
        let together = try await corrected(by: ["a", "b", "c"])
        #expect(alone.statements == 8 && together.statements == 8)
        #expect(together.versions == alone.versions && together.versions.allSatisfy { $0.hasPrefix("2 ") })
        #expect(together.issued == alone.issued)
    }
}
