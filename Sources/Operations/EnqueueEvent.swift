public import Storage
public import Water

/// What `statements.closed` tells: which figures may be pulled now, and what they rest on. No names, no households.
public struct ClosedStatements: Sendable, Hashable {
    public let community: CommunityID
    public let communityCode: String
    public let month: BillingMonth
    public let ruleVersion: String
    public let tariffID: String
    public let tariffVersion: String
    /// Statements issued.
    public let statements: Int
    /// Of those, homes with a rank.
    public let rankedHomes: Int
    /// Points awarded to the homes together.
    public let awardedPoints: Points
    public let at: Instant

    public init(
        community: CommunityID, communityCode: String, month: BillingMonth, ruleVersion: String, tariffID: String,
        tariffVersion: String, statements: Int, rankedHomes: Int, awardedPoints: Points, at: Instant
    ) {
        self.community = community
        self.communityCode = communityCode
        self.month = month
        self.ruleVersion = ruleVersion
        self.tariffID = tariffID
        self.tariffVersion = tariffVersion
        self.statements = statements
        self.rankedHomes = rankedHomes
        self.awardedPoints = awardedPoints
        self.at = at
    }

    /// The event, with the id `statements-closed:CODE:YYYY-MM`.
    public func event() throws(OutboxFailure) -> OutboxEvent {
        try OutboxEvent(
            community: community, id: "statements-closed:\(OutboxEvent.idPart(communityCode)):\(month)",
            kind: .statementsClosed,
            data: [
                "community": .string(communityCode), "month": .string(month.description),
                "rule_version": .string(ruleVersion), "tariff": .string(tariffID),
                "tariff_version": .string(tariffVersion),
                "counts": [
                    "statements": .integer(Int64(statements)), "ranked_homes": .integer(Int64(rankedHomes)),
                    "awarded_points": .integer(awardedPoints.count),
                ],
                "pull_path": .string("/v1/communities/\(communityCode)/statements?month=\(month)"),
            ], at: at)
    }
}

/// What `redemption.confirmed` tells: that a piece of an item was handed out. Not to whom.
public struct ConfirmedRedemption: Sendable, Hashable {
    public let community: CommunityID
    public let communityCode: String
    /// The client-made id of the redemption.
    public let redemptionID: String
    public let item: ItemID
    public let points: Points
    /// The code it was confirmed by: known to the resident and the desk alone.
    public let deskCode: String
    /// When the desk confirmed it.
    public let at: Instant

    public init(
        community: CommunityID, communityCode: String, redemptionID: String, item: ItemID, points: Points,
        deskCode: String, at: Instant
    ) {
        self.community = community
        self.communityCode = communityCode
        self.redemptionID = redemptionID
        self.item = item
        self.points = points
        self.deskCode = deskCode
        self.at = at
    }

    /// What the redemption is called outside: 32 characters of hex. Its client-made id may say whose it is, and could be
    /// guessed from a digest of it alone.
    var name: String {
        String(sha256Hex(Array("\(communityCode)\n\(redemptionID)\n\(deskCode)".utf8)).prefix(32))
    }

    /// The event, with the id `redemption-confirmed:CODE:NAME`.
    public func event() throws(OutboxFailure) -> OutboxEvent {
        let code = OutboxEvent.idPart(communityCode)
        return try OutboxEvent(
            community: community, id: "redemption-confirmed:\(code):\(name)", kind: .redemptionConfirmed,
            data: [
                "community": .string(communityCode), "redemption": .string(name),
                "item": .integer(item.value), "points": .integer(points.count),
                "confirmed_at": .string(at.utc),
            ], at: at)
    }
}
