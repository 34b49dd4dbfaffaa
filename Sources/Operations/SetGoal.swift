public import Database
import Storage
public import Water

/// Sets what a household means to use in a month at most. It decides no figure of a statement: only what the page of the
/// month under way warns of.
public struct SetGoal: Sendable {
    private let database: Database

    /// Litres a month.
    public static let range: ClosedRange<Int64> = 100...1_000_000

    public init(database: Database) { self.database = database }

    /// `litres` lies in `range`: the caller has looked; nil ends the goal.
    public func callAsFunction(
        _ litres: Int64?, of household: HouseholdID, in community: CommunityID, at: Instant
    ) async throws {
        try await database.write { try $0.setGoal(litres, of: household, in: community, at: at) }
    }
}
