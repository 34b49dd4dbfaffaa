public import Database
import Storage
public import Water

/// Ends an occupancy: from that instant the household signs in no more and belongs to no cohort. Its statements
/// and points stay its own; who moves in next is another household. Closed months that it did not live in, or not
/// wholly, are corrected by the next close.
public struct MoveOut: Sendable {
    private let database: Database

    public init(database: Database) { self.database = database }

    /// `on` may lie ahead; sessions and codes end at once where it does not. nil takes a move-out back. One that has
    /// come about changes only where the caller says so: `correcting`. Refuses what lets two households live on one
    /// usage point at a time without shares.
    public func callAsFunction(
        _ number: String, on moment: Instant?, correcting: Bool = false, at: Instant
    ) async throws -> Result<RegistryChange, RegistryRefusal> {
        try await database.write { transaction in
            guard let household = try transaction.reader.household(number: number) else {
                return .failure(.unknownHousehold(number))
            }
            if household.movedOut == moment { return moment == nil ? .failure(.hasNotMovedOut) : .success(.unchanged) }
            if let movedOut = household.movedOut, movedOut <= at, !correcting { return .failure(.alreadyMovedOut) }
            guard moment.map({ $0 > household.movedIn }) ?? true else { return .failure(.movedOutBeforeIn) }
            let moved = household.movingOut(moment)
            for held in try transaction.reader.heldPoints(of: household.id, in: household.community) {
                let point = HouseholdEntry.Point(number: held.number, shareMillionths: held.shareMillionths)
                let known = try transaction.reader.usagePoint(number: held.number)
                if let refusal = try transaction.refusal(of: point, known: known, to: moved) {
                    return .failure(refusal)
                }
            }
            try transaction.change(moved)
            try transaction.markOccupancy(of: moved, before: household, pointsChanged: false, at: at)
            if !moved.lives(at: at) { try transaction.endSignIns(of: household.id, in: household.community) }
            return .success(.changed)
        }
    }
}
