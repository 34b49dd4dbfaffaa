public import Database
import Storage
public import Water

/// Removes the sessions whose time is up. Apart from signing in, so that two who sign in at once never meet in it.
public struct ExpireSessions: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    /// At most `limit`, those that ended first; returns how many.
    public func callAsFunction(at: Instant, limit: Int = 1_000) async throws -> Int {
        try await database.write(repeatable: true) { try $0.purgeSessions(at: at, limit: limit) }
    }
}
