import Database
import Foundation
import Logging
import Storage
import Water

/// What a command works with: settings, an open and up-to-date database, the city. Commands begin with
///
///     let context = try await CommandContext.open(options)
struct CommandContext {
    let settings: Settings
    let database: Database
    let city: City
    let logger: Logger

    var calendar: CityCalendar { city.calendar }

    /// Opens the database of the settings. Refuses one that does not exist, is not at this program's schema (unless
    /// `migrating`), or has no city yet; each with what to do.
    static func open(
        _ options: GlobalOptions, flags: [SettingKey: String?] = [:], migrating: Bool = false
    ) async throws -> CommandContext {
        let settings = try await Settings.load(options, flags: flags)
        let logger = try settings.logger()
        let database = try openExisting(settings)
        if migrating {
            try await database.migrate(migrations, at: Instant.now.epochSeconds)
        } else {
            try await requireCurrentSchema(of: database)
        }
        try await refuseUnfinishedCopy(database)
        guard let city = try await database.read({ try $0.city() }) else {
            throw CommandFailure("the database has no city yet: run jieshui init")
        }
        return CommandContext(settings: settings, database: database, city: city, logger: logger)
    }

    /// Opens the database of the settings; a file that does not exist is refused, not made.
    static func openExisting(_ settings: Settings) throws -> Database {
        if let path = try filePath(of: settings.database), !FileManager.default.fileExists(atPath: path) {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            guard access(folder, X_OK) == 0 || errno == ENOENT else {
                throw CommandFailure("\(folder) is closed to this user: run as the one who owns the database")
            }
            throw CommandFailure("there is no database at \(path): run jieshui init, or name another by --database")
        }
        return try settings.openDatabase()
    }

    /// Refuses a database that a copy has not filled to the end.
    static func refuseUnfinishedCopy(_ database: Database) async throws {
        guard let copy = try await database.read({ try $0.copyRecord() }), copy.verifiedAt == nil else { return }
        throw CommandFailure("a copy into this database is not finished: run jieshui copy again")
    }

    /// Refuses to make tables in a file that another program keeps its own in.
    static func refuseOtherPrograms(_ database: Database) async throws {
        guard try await database.read({ try $0.isOfAnotherProgram() }) else { return }
        throw CommandFailure("this is no database of jieshui: other tables are in it; name a new file")
    }

    /// nil for a server's address. Refuses `sqlite:` alone.
    static func filePath(of address: String) throws -> String? {
        guard address.hasPrefix("sqlite:") else { return nil }
        let path = address.dropFirst("sqlite:".count)
        if path.isEmpty { throw CommandFailure("the database sqlite: names no file: write sqlite:PATH") }
        return String(path)
    }

    private static func requireCurrentSchema(of database: Database) async throws {
        let found: Int64
        do {
            found = try await database.read { try $0.schemaNumber() }
        } catch DatabaseFailure.other {
            throw CommandFailure("this is no database of jieshui, or an empty one: run jieshui init")
        }
        let known = migrations.map(\.number).max() ?? 0
        if found < known { throw DatabaseFailure.schemaTooOld(found: found, known: known) }
        if found > known { throw DatabaseFailure.schemaTooNew(found: found, known: known) }
    }
}

extension Instant {
    /// The server's clock: the edge is the one place that asks it.
    static var now: Instant { Instant(epochSeconds: Int64(Date().timeIntervalSince1970)) }
}

/// A command that cannot do what it was asked, in a sentence for standard error; exit code 1.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// An operation's success, or its refusal as the command's failure.
func accepted<Success>(_ result: Result<Success, some Error & CustomStringConvertible>) throws -> Success {
    switch result {
    case .success(let success): return success
    case .failure(let refusal): throw CommandFailure(refusal.description)
    }
}

/// A line for the person at the terminal; results go to standard output alone.
func note(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}

/// 16 fresh random bytes for a password's salt.
func freshSalt() -> [UInt8] {
    var random = SystemRandomNumberGenerator()
    return (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
}
