public import Water

/// Whose points they are: one household of one community. A household never changes community (semantics.md).
public struct AccountHolder: Sendable, Hashable {
    public let community: CommunityID
    public let household: HouseholdID

    public init(community: CommunityID, household: HouseholdID) {
        self.community = community
        self.household = household
    }
}

/// What an account gathers. The raw value is the word kept in storage.
public enum AccountKind: String, Sendable, Hashable, CaseIterable {
    /// A household's points that no hold has set aside; equals the sum of its lots' available entries.
    case available = "household"
    /// A household's points set aside by open holds; equals the sum of its lots' held entries.
    case held
    /// What a household owes after a clawback found too few points: zero or negative, never below the floor.
    case debt
    /// The community's source of points: zero or negative, minus all that was ever issued.
    case issued
    /// Points redeemed at the desk.
    case spent
    /// Points whose lot passed its expiry.
    case expired
    /// Points taken back by corrections, recovered or not.
    case clawback
    /// What a correction asked for past the floor and the community let go: zero or negative.
    case writtenOff = "written_off"
    /// Where points leave or enter when an area is reorganised.
    case clearing

    /// True for the accounts a household has of its own, false for the community's.
    public var isHouseholds: Bool { self == .available || self == .held || self == .debt }
}

/// One account. Its balance is the points credited to it less the points debited, over all transfers; nothing else.
public struct Account: Sendable, Hashable {
    public let community: CommunityID
    public let kind: AccountKind
    /// Present exactly for the kinds that are a household's own.
    public let household: HouseholdID?

    /// nil where the kind and the presence of a household disagree.
    public init?(community: CommunityID, kind: AccountKind, household: HouseholdID?) {
        guard kind.isHouseholds == (household != nil) else { return nil }
        self.init(community, kind, household)
    }

    private init(_ community: CommunityID, _ kind: AccountKind, _ household: HouseholdID?) {
        self.community = community
        self.kind = kind
        self.household = household
    }

    public static func available(_ holder: AccountHolder) -> Account {
        Account(holder.community, .available, holder.household)
    }
    public static func held(_ holder: AccountHolder) -> Account {
        Account(holder.community, .held, holder.household)
    }
    public static func debt(_ holder: AccountHolder) -> Account {
        Account(holder.community, .debt, holder.household)
    }
    public static func issued(_ community: CommunityID) -> Account { Account(community, .issued, nil) }
    public static func spent(_ community: CommunityID) -> Account { Account(community, .spent, nil) }
    public static func expired(_ community: CommunityID) -> Account { Account(community, .expired, nil) }
    public static func clawback(_ community: CommunityID) -> Account { Account(community, .clawback, nil) }
    public static func writtenOff(_ community: CommunityID) -> Account { Account(community, .writtenOff, nil) }
    public static func clearing(_ community: CommunityID) -> Account { Account(community, .clearing, nil) }

    /// The lowest balance the account may show, points; nil where it has none (sources and clearing).
    public func floor(under terms: LedgerTerms) -> Points? {
        switch kind {
        case .available, .held, .spent, .expired, .clawback: .zero
        case .debt: -terms.debtLimit
        case .issued, .writtenOff, .clearing: nil
        }
    }
}

extension Account: CustomStringConvertible {
    /// The account within its community, as kept in storage: `household:12`, `held:12`, `debt:12`, `issued`, …
    public var text: String { household.map { "\(kind.rawValue):\($0)" } ?? kind.rawValue }

    /// Reads what `text` wrote; nil for anything else.
    public init?(community: CommunityID, text: some StringProtocol) {
        let pieces = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let word = pieces.first, let kind = AccountKind(rawValue: String(word)) else { return nil }
        let number = pieces.count == 2 ? Int64(pieces[1]) : nil
        self.init(community: community, kind: kind, household: number.map { HouseholdID($0) })
        guard self.text == text else { return nil }
    }

    public var description: String { "\(text)@\(community)" }
}
