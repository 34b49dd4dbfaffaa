import Database
import Operations
import Storage
import Testing
import Water

@Suite struct SignInTests {
    private let salt = (0..<16).map { UInt8($0) }
    private let right = Secret("correct-horse-battery")
    private let wrong = Secret("wrong-horse-battery")

    // The key was computed by another implementation: Python's hashlib.scrypt.
    @Test func `a password's hash is scrypt's, and no other password matches it`() throws {
        let hash = try PasswordHash(right, salt: salt)
        #expect(hash.text == "scrypt$15$8$1$000102030405060708090a0b0c0d0e0f$\(Self.knownKey)")
        let read = try #require(PasswordHash(text: hash.text))
        #expect(try read.matches(right))
        #expect(try !read.matches(wrong))
    }

    @Test(arguments: [
        "", "scrypt$15$8$1$00$00", "scrypt$30$8$1$000102030405060708090a0b0c0d0e0f$\(SignInTests.knownKey)",
        "scrypt$15$8$1$zz0102030405060708090a0b0c0d0e0f$\(SignInTests.knownKey)", "bcrypt$15$8$1$00$00",
    ])
    func `a text that is no hash of ours is refused`(text: String) { #expect(PasswordHash(text: text) == nil) }

    @Test(arguments: TestEngine.allCases)
    func `the fifth failure locks a name for 15 minutes, even for the right password`(engine: TestEngine) async throws {
        try await onStaffed(engine) { database, test, signIn async throws in
            for _ in 0..<4 { #expect(try await signIn("wang", wrong, test.now) == .failure(.refused)) }
            #expect(try await isSuccess(signIn("wang", right, test.now)))
            for _ in 0..<5 { #expect(try await signIn("wang", wrong, test.now) == .failure(.refused)) }
            let lock = 15 * 60 as Int64
            #expect(try await signIn("wang", right, test.now) == .failure(.refused))
            #expect(try await signIn("wang", right, test.now + (lock - 1)) == .failure(.refused))
            #expect(try await isSuccess(signIn("wang", right, test.now + lock)))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `guesses made at once get five tries between them`(engine: TestEngine) async throws {
        try await onStaffed(engine) { database, test, signIn async throws in
            let refusals = try await withThrowingTaskGroup(of: SignInRefusal?.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        if case .failure(let refusal) = try await signIn("wang", wrong, test.now) { return refusal }
                        return nil
                    }
                }
                var found: [SignInRefusal?] = []
                for try await refusal in group { found.append(refusal) }
                return found
            }
            #expect(refusals.count == 8 && refusals.allSatisfy { $0 != nil })
            let failures = try await database.read { try $0.first("SELECT failures FROM staff") { try $0.integer(0) } }
            #expect(failures == 5)
            #expect(try await signIn("wang", right, test.now) == .failure(.refused))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an unknown or disabled name is refused like a wrong password`(engine: TestEngine) async throws {
        try await onStaffed(engine) { database, test, signIn async throws in
            #expect(try await signIn("nobody", right, test.now) == .failure(.refused))
            let found = try await database.read { try $0.staff(name: "wang") }
            let member = try #require(found)
            try await database.write { try $0.disable(member.id, at: test.now) }
            #expect(try await signIn("wang", right, test.now) == .failure(.refused))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a staff session lasts 8 hours, and ends with a sign-out or another password`(engine: TestEngine) async throws
    {
        try await onFreshDatabase(of: engine) { database in
            let test = try await staffed(database)
            let signIn = SignInStaff(database: database)
            var random = SeededRandom(seed: 8)
            func session() async throws -> SessionSecrets {
                let secrets = SessionSecrets(using: &random)
                _ = try await signIn("wang", password: right, session: secrets, at: test.now).get()
                return secrets
            }
            func found(_ secrets: SessionSecrets, _ at: Instant) async throws -> Session? {
                try await database.read { try $0.session(tokenHash: secrets.token.hash, at: at) }
            }
            let first = try await session()
            let last = test.now + (8 * 3_600 - 1)
            let beforeEnd = try await found(first, last)
            let live = try #require(beforeEnd)
            #expect(live.csrfToken == first.csrf.text)
            #expect(try await found(first, last + 1) == nil)
            try await SignOut(database: database)(first.token)
            #expect(try await found(first, test.now) == nil)
            let second = try await session()
            let change = ChangePassword(database: database)
            #expect(try await change("wang", password: Secret("short"), salt: salt) == .failure(.passwordLength))
            _ = try await change("wang", password: wrong, salt: salt).get()
            #expect(try await found(second, test.now) == nil)
            #expect(
                try await signIn("wang", password: right, session: SessionSecrets(using: &random), at: test.now)
                    == .failure(.refused))
        }
    }

    static let knownKey = "78affb7a84713b0a7dddb3570e0df0b69011dcb6431e8aff02446276a7e3c409"

    private func isSuccess(_ result: Result<StaffID, SignInRefusal>) -> Bool {
        if case .success = result { true } else { false }
    }

    private func onStaffed(
        _ engine: TestEngine, _ body: (Database, TestCity, Door) async throws -> Void
    ) async throws {
        try await onFreshDatabase(of: engine) { database in
            let test = try await staffed(database)
            try await body(database, test, Door(signIn: SignInStaff(database: database)))
        }
    }

    private func staffed(_ database: Database) async throws -> TestCity {
        let test = try await TestCity.build(in: database)
        _ = try await AddStaff(database: database)(
            "wang", area: "A", role: .clerk, password: right, salt: salt, at: test.now
        ).get()
        return test
    }
}

/// Signs in with fresh session secrets each time.
private struct Door: Sendable {
    let signIn: SignInStaff

    func callAsFunction(
        _ name: String, _ password: Secret, _ at: Instant
    ) async throws -> Result<StaffID, SignInRefusal> {
        var random = SystemRandomNumberGenerator()
        return try await signIn(name, password: password, session: SessionSecrets(using: &random), at: at)
    }
}
