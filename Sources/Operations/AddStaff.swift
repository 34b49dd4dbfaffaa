public import Database
public import Storage
public import Water

/// Why a member of staff cannot be added or given a password.
public enum StaffRefusal: Error, Sendable, Hashable {
    case nameIsMalformed
    /// Passwords have 10–128 characters.
    case passwordLength
    case unknownArea(String)
    case nameIsTaken(String)
    case unknownStaff(String)
}

extension StaffRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .nameIsMalformed: "a name has 1 to 64 characters in one line"
        case .passwordLength: "a password has 10 to 128 characters"
        case .unknownArea(let code): "no area has the code \(code)"
        case .nameIsTaken(let name): "a member of staff is named \(name) already"
        case .unknownStaff(let name): "no member of staff is named \(name)"
        }
    }
}

/// Adds a member of staff for one part of the area tree.
public struct AddStaff: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    /// `salt` is 16 random bytes. The password is hashed before the transaction begins.
    public func callAsFunction(
        _ name: String, area code: String, role: StaffRole, password: Secret, salt: [UInt8], at: Instant
    ) async throws -> Result<StaffID, StaffRefusal> {
        guard isOneLine(name) else { return .failure(.nameIsMalformed) }
        guard isPassword(password) else { return .failure(.passwordLength) }
        let hash = try PasswordHash(password, salt: salt).text
        return try await database.write { transaction in
            guard let area = try transaction.reader.area(code: code) else { return .failure(.unknownArea(code)) }
            guard try transaction.reader.staff(name: name) == nil else { return .failure(.nameIsTaken(name)) }
            return .success(
                try transaction.addStaff(name: name, area: area.id, role: role, passwordHash: hash, at: at))
        }
    }
}

/// Gives a member of staff another password; ends the lock and every session.
public struct ChangePassword: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    public func callAsFunction(
        _ name: String, password: Secret, salt: [UInt8]
    ) async throws -> Result<StaffID, StaffRefusal> {
        guard isPassword(password) else { return .failure(.passwordLength) }
        let hash = try PasswordHash(password, salt: salt).text
        return try await database.write { transaction in
            guard let member = try transaction.reader.staff(name: name) else { return .failure(.unknownStaff(name)) }
            try transaction.setPassword(hash: hash, of: member.id)
            return .success(member.id)
        }
    }
}

/// Ends a member's sign-in for good: they have left. What they decided stays theirs.
public struct DisableStaff: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    public func callAsFunction(_ name: String, at: Instant) async throws -> Result<StaffID, StaffRefusal> {
        try await database.write { transaction in
            guard let member = try transaction.reader.staff(name: name) else { return .failure(.unknownStaff(name)) }
            try transaction.disable(member.id, at: at)
            return .success(member.id)
        }
    }
}

private func isPassword(_ password: Secret) -> Bool {
    (10...128).contains(password.text.count) && password.text.utf8.count <= 512
}
