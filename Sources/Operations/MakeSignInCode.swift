public import Database
import Storage
public import Water

/// Gives a household a one-time code that staff print or hand out: good for 7 days, once, with 5 tries. The code
/// before it stops working.
public struct MakeSignInCode: Sendable {
    private let database: Database

    public static let seconds: Int64 = 7 * 86_400
    private static let tries = 5

    public init(database: Database) { self.database = database }

    /// `code` is made by the caller and shown once. Returns when it ends. Refuses a number that is unknown, has moved
    /// out or has not moved in yet. With `endsSessions` whoever is signed in for the household has to sign in anew: for
    /// a lost phone.
    public func callAsFunction(
        _ number: String, code: Secret, endsSessions: Bool = false, at: Instant
    ) async throws -> Result<Instant, RegistryRefusal> {
        try await database.write { transaction in
            guard let household = try transaction.reader.household(number: number) else {
                return .failure(.unknownHousehold(number))
            }
            guard household.lives(at: at) else {
                return .failure(try transaction.reader.whyNoCode(household, at: at))
            }
            let end = at + Self.seconds
            if endsSessions { try transaction.endSignIns(of: household.id, in: household.community) }
            try transaction.setSignInCode(
                hash: signInCodeHash(code, of: household), of: household.id, in: household.community,
                tries: Self.tries, at: at, expiresAt: end)
            return .success(end)
        }
    }
}

extension Reader {
    /// With the day as the city counts it.
    fileprivate func whyNoCode(_ household: Household, at: Instant) throws -> RegistryRefusal {
        let calendar = try city()?.calendar
        func day(_ instant: Instant) -> String { calendar?.day(of: instant).description ?? instant.utc }
        guard let movedOut = household.movedOut, movedOut <= at else {
            return .codeBeforeMovedIn(on: day(household.movedIn))
        }
        return .codeAfterMovedOut(on: day(movedOut))
    }
}
