import Database
import Operations
import Storage
import Testing
import Water

@Suite struct SignInResidentTests {
    @Test(arguments: TestEngine.allCases)
    func `a code signs its household in once, as people type it`(engine: TestEngine) async throws {
        try await onHome(engine) { database, test, code async throws in
            let signIn = SignInResident(database: database)
            var random = SeededRandom(seed: 2)
            let typed = " \(HandCode.printed(code).lowercased()) "
            let secrets = SessionSecrets(using: &random)
            let home = try await signIn("H1", code: typed, session: secrets, at: test.now).get()
            #expect(home.number == "H1")
            let last = test.now + (30 * 86_400 - 1)
            let session = try await database.read { try $0.session(tokenHash: secrets.token.hash, at: last) }
            #expect(session?.subject == .resident(home.id, community: home.community))
            #expect(try await database.read { try $0.session(tokenHash: secrets.token.hash, at: last + 1) } == nil)
            #expect(
                try await signIn("H1", code: code.text, session: SessionSecrets(using: &random), at: test.now)
                    == .failure(.refused))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `every reason to refuse gives the same answer`(engine: TestEngine) async throws {
        try await onHome(engine) { database, test, code async throws in
            let week = 7 * 86_400 as Int64
            let other = code.text == "22222222" ? "33333333" : "22222222"
            let cases: [(number: String, code: String, at: Instant)] = [
                ("H2", code.text, test.now), ("H9", code.text, test.now), ("", code.text, test.now),
                ("H1", other, test.now), ("H1", "", test.now), ("H1", "IIIIIIII", test.now),
                ("H1", code.text, test.now + week),
            ]
            for (number, typed, at) in cases {
                var random = SystemRandomNumberGenerator()
                let result = try await SignInResident(database: database)(
                    number, code: typed, session: SessionSecrets(using: &random), at: at)
                #expect(result == .failure(.refused), "\(number) at \(at)")
            }
            #expect(try await isSignedIn(database, "H1", code, test.now + (week - 1)))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `five wrong codes use a code up`(engine: TestEngine) async throws {
        try await onHome(engine) { database, test, code async throws in
            let other = Secret(code.text == "22222222" ? "33333333" : "22222222")
            for _ in 0..<5 { #expect(try await !isSignedIn(database, "H1", other, test.now)) }
            #expect(try await !isSignedIn(database, "H1", code, test.now))
            let fresh = try await makeCode(database, "H1", test.now, seed: 9)
            for _ in 0..<4 { #expect(try await !isSignedIn(database, "H1", other, test.now)) }
            #expect(try await isSignedIn(database, "H1", fresh, test.now))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the try that voids a code ends it, and staff can read when`(engine: TestEngine) async throws {
        try await onHome(engine) { database, test, code async throws in
            let found = try await database.read { try $0.household(number: "H1") }
            let home = try #require(found)
            func kept() async throws -> SignInCode {
                let code = try await database.read { try $0.signInCode(of: home.id, in: home.community) }
                return try #require(code)
            }
            let other = Secret(code.text == "22222222" ? "33333333" : "22222222")
            for turn in 1...5 as ClosedRange<Int64> {
                let before = try await kept()
                #expect(!before.isOutOfTries && before.endsAt == test.now + 7 * 86_400)
                #expect(try await !isSignedIn(database, "H1", other, test.now + turn * 60))
            }
            let void = try await kept()
            #expect(void.isOutOfTries && void.endsAt == test.now + 300 && void.madeAt == test.now)
            // Later tries move nothing.
            #expect(try await !isSignedIn(database, "H1", code, test.now + 360))
            #expect(try await kept() == void)
            let fresh = try await makeCode(database, "H1", test.now + 600, seed: 9)
            for _ in 0..<4 { #expect(try await !isSignedIn(database, "H1", other, test.now + 700)) }
            // The last try may be the right one: then the code is used, not void.
            #expect(try await isSignedIn(database, "H1", fresh, test.now + 700))
            let used = try await kept()
            #expect(!used.isOutOfTries && used.usedAt == test.now + 700)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a code made anew ends the one before it`(engine: TestEngine) async throws {
        try await onHome(engine) { database, test, code async throws in
            let fresh = try await makeCode(database, "H1", test.now, seed: 10)
            #expect(try await !isSignedIn(database, "H1", code, test.now))
            #expect(try await isSignedIn(database, "H1", fresh, test.now))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `moving out ends codes and sessions, at once or when its day comes`(engine: TestEngine) async throws {
        try await onHome(engine) { database, test, code async throws in
            var random = SeededRandom(seed: 11)
            let secrets = SessionSecrets(using: &random)
            _ = try await SignInResident(database: database)(
                "H1", code: code.text, session: secrets, at: test.now
            ).get()
            let next = try await makeCode(database, "H1", test.now, seed: 12)
            let tomorrow = test.now + 86_400
            _ = try await MoveOut(database: database)("H1", on: tomorrow, at: test.now).get()
            func isLive(_ at: Instant) async throws -> Bool {
                try await database.read { try $0.session(tokenHash: secrets.token.hash, at: at) } != nil
            }
            #expect(try await isLive(tomorrow - 1))
            #expect(try await !isLive(tomorrow))
            #expect(try await !isSignedIn(database, "H1", next, tomorrow))
            #expect(
                try await MakeSignInCode(database: database)("H1", code: next, at: tomorrow)
                    == .failure(.codeAfterMovedOut(on: test.calendar.day(of: tomorrow).description)))
            #expect(
                try await MakeSignInCode(database: database)("H2", code: next, at: Instant(epochSeconds: 0))
                    == .failure(.codeBeforeMovedIn(on: "2020-01-01")))
            let second = try await makeCode(database, "H2", test.now, seed: 13)
            _ = try await MoveOut(database: database)("H2", on: test.now, at: test.now).get()
            #expect(try await !isSignedIn(database, "H2", second, test.now))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `expired sessions go, a bounded number at a time`(engine: TestEngine) async throws {
        try await onHome(engine) { database, test, code async throws in
            let found = try await database.read { try $0.household(number: "H1") }
            let home = try #require(found)
            try await database.write { transaction in
                for index in 0..<150 {
                    try transaction.addSession(
                        tokenHash: "old\(index)", subject: .resident(home.id, community: home.community),
                        csrfToken: "c", at: test.now - 100, expiresAt: test.now - Int64(index))
                }
            }
            #expect(try await isSignedIn(database, "H1", code, test.now))
            let expire = ExpireSessions(database: database)
            #expect(try await expire(at: test.now, limit: 100) == 100)
            let left = try await database.read { try $0.first("SELECT count(*) FROM session") { try $0.integer(0) } }
            #expect(left == 51)
            let newest = try await database.read {
                try $0.first("SELECT 1 FROM session WHERE token_hash = 'old0'") { _ in true }
            }
            #expect(newest == true, "those that ended first go first")
            #expect(try await expire(at: test.now) == 50)
            #expect(try await expire(at: test.now) == 0)
            let live = try await database.read { try $0.first("SELECT count(*) FROM session") { try $0.integer(0) } }
            #expect(live == 1)
        }
    }

    @Test(arguments: [
        ("abcd-efgh", "ABCDEFGH"), ("ＡＢＣＤ　ＥＦＧＨ", "ABCDEFGH"), ("2345 6789", "23456789"), ("ABCDEFG", nil),
        ("ABCDEFGHJ", nil), ("ABCDEFG0", nil), ("ABCDEFGI", nil), ("ABCD_EFGH", nil), ("水BCDEFGH", nil),
        ("ß2345678", nil),
    ])
    func `a code is read as a person meant it`(typed: String, code: String?) {
        #expect(HandCode.read(typed)?.text == code)
    }

    @Test func `codes are 8 characters without look-alikes`() {
        var random = SeededRandom(seed: 14)
        let codes = (0..<500).map { _ in Secret.handCode(using: &random) }
        #expect(Set(codes).count == 500)
        for code in codes {
            #expect(code.text.count == 8 && HandCode.read(code.text) == code)
            #expect(!code.text.contains { "01ILOU".contains($0) })
        }
    }

    private func onHome(
        _ engine: TestEngine, _ body: (Database, TestCity, Secret) async throws -> Void
    ) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await TestCity.build(in: database)
            try await test.addHome("H1")
            try await test.addHome("H2", area: "B")
            let code = try await makeCode(database, "H1", test.now, seed: 1)
            try await body(database, test, code)
        }
    }

    private func makeCode(_ database: Database, _ number: String, _ at: Instant, seed: UInt64) async throws -> Secret {
        var random = SeededRandom(seed: seed)
        let code = Secret.handCode(using: &random)
        #expect(try await MakeSignInCode(database: database)(number, code: code, at: at) == .success(at + 7 * 86_400))
        return code
    }

    private func isSignedIn(_ database: Database, _ number: String, _ code: Secret, _ at: Instant) async throws -> Bool
    {
        var random = SystemRandomNumberGenerator()
        let result = try await SignInResident(database: database)(
            number, code: code.text, session: SessionSecrets(using: &random), at: at)
        if case .success = result { return true }
        return false
    }
}
