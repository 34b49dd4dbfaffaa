public import Database
import Storage
public import Water

/// Delivers to a target again, from now on. What was disabled meanwhile is sent only by `ReplayDelivery`.
public struct EnableTarget: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    public func callAsFunction(_ name: String) async throws -> Result<TargetID, TargetRefusal> {
        try await database.write { transaction in
            guard let target = try transaction.reader.target(name: name) else { return .failure(.unknownTarget(name)) }
            try transaction.enable(target.id)
            return .success(target.id)
        }
    }
}
