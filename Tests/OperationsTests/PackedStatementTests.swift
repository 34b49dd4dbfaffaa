import Database
import Storage
import Testing
import Water

/// Statements as they are kept: packed, and given back as they were.
@Suite(.freshDatabases) struct PackedStatementTests {
    private let month = BillingMonth("2026-10") ?? BillingMonth(number: 0)
    private let at = Instant(epochSeconds: 1_793_808_000)

    private func city(_ engine: TestEngine, homes: Int64) async throws -> CityFixture {
        let city = try await CityFixture(on: engine)
        for home in 1...homes { try await city.addHome(home) }
        return city
    }

    private func stored(_ home: Int64, _ body: String) -> StoredStatement {
        StoredStatement(
            household: HouseholdID(home), month: month, version: 1, body: body, hash: sha256Hex(Array(body.utf8)))
    }

    @Test(arguments: TestEngine.allCases)
    func `texts of any kind come back as they were`(engine: TestEngine) async throws {
        let like = #"{"household":"H1","month":"2026-10","use":{"daily_litres":[1,2,3],"litres":6}}"#
        let texts = [
            like, "x", "节水账单 💧", String(repeating: like, count: 3_000), String(repeating: "\u{0}\n", count: 40),
        ]
        let city = try await city(engine, homes: Int64(texts.count))
        let rows = texts.enumerated().map { stored(Int64($0.offset) + 1, $0.element) }
        try await city.database.write { try $0.add(rows, to: CityFixture.first, at: at) }
        let all = try await city.database.read { try $0.statements(of: CityFixture.first, month) }
        #expect(all.map(\.body) == texts && all.map(\.hash) == rows.map(\.hash))
        let page = try await city.database.read {
            try $0.statements(of: CityFixture.first, month, after: "H1", limit: 2)
        }
        #expect(page.map(\.number) == ["H2", "H3"] && page.map(\.statement.body) == Array(texts[1...2]))
        let kept = try await city.database.read {
            try $0.all("SELECT length(body), length(packed) FROM statement ORDER BY household_id") {
                (try $0.integer(0), try $0.integer(1))
            }
        }
        #expect(kept.allSatisfy { $0.0 == 0 } && kept[3].1 < 1_000)
    }

    @Test(arguments: TestEngine.allCases)
    func `a text kept before, and those packed by each dictionary, are read`(engine: TestEngine) async throws {
        let city = try await city(engine, homes: 3)
        let text =
            #"{"household":"H1","month":"2026-10","rank":null,"use":{"litres":7130,"missing_hours":0},"version":1}"#
        // Made by the zstd library alone. The dictionaries are a part of what is stored: they are never edited.
        let first: [UInt8] = [
            0x01, 0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x64, 0x25, 0x01, 0x00, 0x30, 0x7B, 0x48, 0x37, 0x31, 0x33, 0x30, 0x09,
            0x00, 0x67, 0x90, 0xC1, 0x2B, 0xC0, 0x53, 0x13, 0x11, 0x30, 0x45, 0x0D, 0x55, 0xD4, 0x40, 0xF8, 0xDC, 0x02,
            0xFD, 0xE1, 0x01, 0x44, 0x11, 0x5C, 0x3F, 0x0E, 0xC8, 0x06,
        ]
        let second: [UInt8] = [
            0x02, 0x28, 0xB5, 0x2F, 0xFD, 0x21, 0x02, 0x64, 0x0D, 0x01, 0x00, 0x30, 0x7B, 0x48, 0x37, 0x31, 0x33, 0x30,
            0x09, 0xFC, 0x67, 0x05, 0x5E, 0x21, 0x8D, 0x4D, 0xF9, 0x9A, 0x82, 0x5B, 0x75, 0x50, 0x78, 0x30, 0xF4, 0xD7,
            0x0B, 0x62, 0xE2, 0xFD, 0x78, 0xAA, 0x46, 0x2E,
        ]
        try await city.database.write { transaction in
            try transaction.add((1...3).map { stored($0, "a") }, to: CityFixture.first, at: at)
            try transaction.execute("UPDATE statement SET packed = \(first) WHERE household_id = 1")
            try transaction.execute("UPDATE statement SET packed = \([UInt8]()), body = \(text) WHERE household_id = 2")
            try transaction.execute("UPDATE statement SET packed = \(second) WHERE household_id = 3")
        }
        for home in (1...3).map(HouseholdID.init) {
            let found = try await city.database.read { try $0.statement(of: home, in: CityFixture.first, month) }
            #expect(found?.body == text)
        }
    }

    @Test func `damaged bytes are refused, never a trap`() async throws {
        let city = try await city(.sqlite, homes: 1)
        try await city.database.write { transaction in
            try transaction.add([stored(1, #"{"use":{"litres":7130},"version":1}"#)], to: CityFixture.first, at: at)
        }
        let whole = try #require(
            try await city.database.read { try $0.first("SELECT packed FROM statement") { try $0.blob(0) } })
        for cut in 0..<whole.count {
            _ = try await city.database.write {
                try $0.execute("UPDATE statement SET packed = \(Array(whole[..<cut]))")
            }
            await #expect(throws: DamagedRow.self) {
                try await city.database.read {
                    try $0.statement(of: HouseholdID(1), in: CityFixture.first, month)
                }
            }
        }
        var random = SeededRandom(seed: 19)
        var refused = 0
        for _ in 0..<500 {
            var damaged = whole
            damaged[Int.random(in: 0..<damaged.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
            let bytes = damaged
            do {
                _ = try await city.database.write { try $0.execute("UPDATE statement SET packed = \(bytes)") }
                _ = try await city.database.read {
                    try $0.statement(of: HouseholdID(1), in: CityFixture.first, month)
                }
            } catch is DamagedRow {
                refused += 1
            }
        }
        #expect(refused > 100)
    }
}
