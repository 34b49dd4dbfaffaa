public import Database
import Storage
public import Water

/// Why a sign-in is refused. None says whether the name or number exists.
public enum SignInRefusal: Error, Sendable, Hashable {
    /// Name and password, or number and code, do not belong together, or too many tries have locked them.
    case refused
    /// Too many sign-ins are being checked: try again in a few seconds.
    case busy
}

/// A new session's two secrets, made by the caller.
public struct SessionSecrets: Sendable, Hashable {
    /// The cookie; kept only as its hash.
    public let token: Secret
    /// Carried by every form.
    public let csrf: Secret

    public init(using random: inout some RandomNumberGenerator) {
        token = .token(using: &random)
        csrf = .token(using: &random)
    }
}

/// Signs staff in by name and password, for 8 hours.
///
/// Five failures lock the name for 15 minutes; a try is spent before its password is looked at. Passwords are
/// checked one at a time and outside any transaction, for a check takes a tenth of a second and 32 MiB; names that
/// are unknown, locked or disabled take as long.
public actor SignInStaff {
    private let database: Database
    private let checks = PasswordChecks()
    private var waiting = 0

    public static let sessionSeconds: Int64 = 8 * 3_600
    private static let failureLimit = 5
    private static let lockSeconds: Int64 = 15 * 60
    private static let waitingLimit = 8

    public init(database: Database) { self.database = database }

    public func callAsFunction(
        _ name: String, password: Secret, session: SessionSecrets, at: Instant
    ) async throws -> Result<StaffID, SignInRefusal> {
        guard waiting < Self.waitingLimit else { return .failure(.busy) }
        waiting += 1
        defer { waiting -= 1 }
        guard name.utf8.count <= 256, password.text.utf8.count <= 512 else { return .failure(.refused) }
        let spent = try await database.write { transaction in
            try transaction.spendTry(of: name, limit: Self.failureLimit, lockSeconds: Self.lockSeconds, at: at)
        }
        let isRight = try await checks.check(password, against: spent?.1)
        guard let (staff, hash) = spent, isRight else { return .failure(.refused) }
        return try await database.write { transaction in
            guard try transaction.clearTries(of: staff, passwordHash: hash) else { return .failure(.refused) }
            try transaction.open(session, for: .staff(staff), seconds: Self.sessionSeconds, at: at)
            return .success(staff)
        }
    }
}

/// One password at a time.
private actor PasswordChecks {
    func check(_ password: Secret, against text: String?) throws -> Bool {
        let hash = text.flatMap(PasswordHash.init(text:))
        let matches = try (hash ?? PasswordHash.nobody)?.matches(password) ?? false
        return hash != nil && matches
    }
}

/// Ends a session; repeating it changes nothing.
public struct SignOut: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    public func callAsFunction(_ token: Secret) async throws {
        try await database.write { try $0.removeSession(tokenHash: token.hash) }
    }
}
