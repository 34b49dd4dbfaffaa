/// Every reason the ledger has to say no, in the order in which they are looked for: the first that applies is given.
/// The raw value is the word in API answers.
public enum Refusal: String, Error, Sendable, Hashable, CaseIterable {
    /// The id is taken by a command with other input. (The same input is not refused: it gets the first answer.)
    case idReusedWithOtherInput = "id_reused_with_other_input"
    /// The command names a community other than the account's, or an item of another community.
    case crossesCommunities = "crosses_communities"
    /// The command names another household, or other stock, than the values it is decided on.
    case accountIsAnother = "account_is_another"
    /// Points to hold outside 1–10^9; an award's target or its net posted so far outside 0–10^9.
    case pointsAreOutOfRange = "points_are_out_of_range"
    /// A reason of more than 200 bytes.
    case reasonIsTooLong = "reason_is_too_long"
    /// This statement version of the award, or a later one, is already in its history.
    case laterVersionIsPosted = "later_version_is_posted"
    /// The hold is confirmed, voided, expired, or was never placed.
    case holdIsNotOpen = "hold_is_not_open"
    /// Too late to confirm: the hold's time is up.
    case holdHasExpired = "hold_has_expired"
    /// Too early to expire: the hold still runs.
    case holdHasNotExpired = "hold_has_not_expired"
    /// The household has as many open holds as it may.
    case tooManyOpenHolds = "too_many_open_holds"
    /// More points than the household's unexpired lots hold, less what it owes.
    case exceedsBalance = "exceeds_balance"
    /// Every piece of the item is reserved or taken.
    case outOfStock = "out_of_stock"
    /// No piece is reserved that could be taken or given back.
    case nothingIsReserved = "nothing_is_reserved"
    /// No lot of the household is past its expiry with points left to spend.
    case nothingToExpire = "nothing_to_expire"
    /// Old and new account are of one community: there is nothing to move.
    case communityIsTheSame = "community_is_the_same"
    /// An account with open holds does not move.
    case holdsAreOpen = "holds_are_open"
}

/// A contradiction in rows or in a posting: never a resident's doing, always a fault to look into.
public enum LedgerDefect: Error, Sendable, Hashable {
    case pointsOutOfRange(TransferID)
    case crossesCommunities(TransferID)
    /// Debit or credit is not the account its kind moves between.
    case accountsDoNotSuitKind(TransferID)
    /// The lot entries do not add up to what the transfer moved in or out of the household's accounts.
    case entriesDisagree(TransferID)
    case anotherHousehold(TransferID)
    case lotIsUnknown(TransferID)
    /// More points taken from a lot's bucket than it held, or more put back than it granted.
    case lotIsOverdrawn(TransferID)
    case lotExistsAlready(TransferID)
    case holdIsUnknown(TransferID)
    case holdIsMalformed(TransferID)
    case referenceIsTooLong(TransferID)
    /// More debt repaid than was owed.
    case debtIsOverpaid(TransferID)
    /// The stock's counts would leave their range.
    case stockDisagrees(PostingID)
}
