public import Database
public import Storage
public import Water

/// Signs a home in by household number and one-time code, for 30 days.
public struct SignInResident: Sendable {
    private let database: Database

    public static let sessionSeconds: Int64 = 30 * 86_400

    public init(database: Database) { self.database = database }

    /// `number` and `code` as typed. Refuses alike an unknown number, one that has moved out, and a code that is
    /// wrong, used, older than 7 days or out of its 5 tries.
    public func callAsFunction(
        _ number: String, code: String, session: SessionSecrets, at: Instant
    ) async throws -> Result<Household, SignInRefusal> {
        guard let code = HandCode.read(code), isRegistryCode(number) else { return .failure(.refused) }
        return try await database.write { transaction in
            guard let household = try transaction.reader.household(number: number), household.lives(at: at),
                try transaction.useSignInCode(
                    hash: signInCodeHash(code, of: household), of: household.id, in: household.community, at: at)
            else { return .failure(.refused) }
            try transaction.open(
                session, for: .resident(household.id, community: household.community),
                seconds: Self.sessionSeconds, at: at)
            return .success(household)
        }
    }
}

/// A code's hash is its household's own, so that one table of hashes does not serve for all.
func signInCodeHash(_ code: Secret, of household: Household) -> String {
    Secret("sign-in:\(household.community):\(household.id):\(code.text)").hash
}

extension Transaction {
    func open(_ session: SessionSecrets, for subject: SessionSubject, seconds: Int64, at: Instant) throws {
        try addSession(
            tokenHash: session.token.hash, subject: subject, csrfToken: session.csrf.text, at: at,
            expiresAt: at + seconds)
    }
}
