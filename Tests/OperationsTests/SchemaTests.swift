import Database
import Ledger
import Storage
import Testing
import Water

@Suite(.freshDatabases) struct SchemaTests {
    @Test(arguments: TestEngine.allCases)
    func `every migration applies to an empty database, twice without harm`(engine: TestEngine) async throws {
        let database = try await freshDatabase(of: engine)
        try await database.migrate(migrations, at: 2)
        let numbers = try await database.read {
            try $0.all("SELECT number FROM schema_migration ORDER BY number") { try $0.integer(0) }
        }
        #expect(numbers == migrations.map(\.number))
    }

    /// A form of what is stored that a program of migration 24 does not know, without a change of any table.
    @Test(arguments: TestEngine.allCases)
    func `a program from before the second dictionary of statements does not serve what a newer one has served`(
        engine: TestEngine
    ) async throws {
        let earlier = migrations.filter { $0.number < 25 }
        let database = try await freshDatabase(of: engine, at: earlier)
        try await database.migrate(migrations, at: 2)
        let newest = try #require(migrations.map(\.number).max())
        let found = try await database.read { try $0.schemaNumber() }
        #expect(newest >= 25 && found == newest)
        await #expect(throws: DatabaseFailure.schemaTooNew(found: newest, known: 24)) {
            try await database.migrate(earlier, at: 3)
        }
    }

    /// Keys changed: what an account was made of is what it is made of.
    @Test(arguments: TestEngine.allCases)
    func `a ledger kept under its former keys says the same after migration 20`(engine: TestEngine) async throws {
        let database = try await freshDatabase(of: engine, at: migrations.filter { $0.number < 20 })
        let city = try await TestCity.build(in: database)
        let community = try await city.community("A")
        let holders = try await [city.addHome("1"), city.addHome("2")].map {
            AccountHolder(community: community, household: $0.id)
        }
        let terms = try #require(LedgerTerms(holdSeconds: 3_600, openHoldLimit: 3, debtLimit: Points(50)))
        for (place, holder) in holders.enumerated() {
            try await use(holder, of: database, Int64(place), under: terms, at: city.now)
        }
        let before = try await kept(of: holders, in: database)
        #expect(before.transfers.count == 10 && before.transfers.contains { $0.id.part == 2 })
        try await database.migrate(migrations, at: 2)
        #expect(try await kept(of: holders, in: database) == before)
        try await use(holders[0], of: database, 7, under: terms, at: city.now + 60)
        #expect(try await kept(of: holders, in: database).transfers.count == 15)
        if engine == .sqlite {
            let broken = try await database.read { try $0.all("PRAGMA foreign_key_check") { try $0.text(0) } }
            #expect(broken.isEmpty)
        }
        let due = try await database.read { try $0.holdersToExpire(at: city.now + 1_000_000, limit: 10) }
        #expect(due == holders)
    }

    private struct Kept: Equatable {
        var transfers: [Transfer] = []
        var states: [AccountState] = []
        var postings: [Posting?] = []
    }

    private func kept(of holders: [AccountHolder], in database: Database) async throws -> Kept {
        try await database.read { reader in
            var kept = Kept()
            for holder in holders {
                let transfers = try reader.transfers(of: holder)
                kept.transfers += transfers
                kept.states.append(try reader.accountState(of: holder))
                for id in Set(transfers.map(\.id.posting)).sorted() {
                    kept.postings.append(try reader.posting(id, in: holder.community))
                }
            }
            return kept
        }
    }

    /// Three awards in lots of their own, two of which expire in one posting.
    private func use(
        _ holder: AccountHolder, of database: Database, _ number: Int64, under terms: LedgerTerms, at: Instant
    ) async throws {
        let month = try #require(BillingMonth("2026-09"))
        try await database.write { transaction in
            var state = try transaction.reader.accountState(of: holder)
            for (name, seconds) in [("level", 10), ("saving", 20), ("later", 100_000)] as [(String, Int64)] {
                let rule = "\(name)-\(number)"
                let key = try #require(AwardKey(holder: holder, month: month, rule: rule, statementVersion: 1))
                let posting = try state.decide(
                    .award(key, target: Points(10 + number), history: .none, expiresAt: at + seconds), at: at,
                    under: terms, earlier: nil
                ).get().posting
                state = try state.applying(posting)
                try transaction.append(posting, award: key)
            }
            let expiring = PointsCommand.expireLots(.expiringLots(of: holder, at: at + 30))
            let posting = try state.decide(expiring, at: at + 30, under: terms, earlier: nil).get().posting
            try transaction.append(posting)
        }
    }
}
