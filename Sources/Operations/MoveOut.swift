public import Database
import Storage
public import Water

/// Ends an occupancy: from that instant the household signs in no more and belongs to no cohort. Its statements
/// and points stay its own; who moves in next is another household. Closed months that it did not live in, or not
/// wholly, are corrected by the next close.
public struct MoveOut: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    /// `on` may lie ahead; sessions and codes end at once where it does not.
    public func callAsFunction(
        _ number: String, on moment: Instant, at: Instant
    ) async throws -> Result<RegistryChange, RegistryRefusal> {
        try await database.write { transaction in
            guard let household = try transaction.reader.household(number: number) else {
                return .failure(.unknownHousehold(number))
            }
            if household.movedOut == moment { return .success(.unchanged) }
            if let movedOut = household.movedOut, movedOut <= at { return .failure(.alreadyMovedOut) }
            guard moment > household.movedIn else { return .failure(.movedOutBeforeIn) }
            let moved = household.movingOut(moment)
            try transaction.change(moved)
            try transaction.markOccupancy(of: moved, before: household, pointsChanged: false, at: at)
            if moment <= at { try transaction.endSignIns(of: household.id, in: household.community) }
            return .success(.changed)
        }
    }
}
