public import Water

/// A community's points over any set of its transfers: all to a date for the state, one month's for the flows.
///
/// issued = held + spent + expired + clawed back + balance − debt + moved out, on every set of whole transfers.
/// The flows are added up by kind of transfer, held and balance by lot entries: where a row of either is missing the
/// identity fails. Source: domain.md, Points; the debt counts as a negative balance.
public struct Economy: Sendable, Hashable {
    public let community: CommunityID
    public private(set) var issued = Points.zero
    /// Set aside by open holds; over a month, the change.
    public private(set) var held = Points.zero
    public private(set) var spent = Points.zero
    public private(set) var expired = Points.zero
    /// Taken back, in points or as debt; what was written off is not in it.
    public private(set) var clawedBack = Points.zero
    /// Past the floor and let go: the points stay where they went. Shown, not part of the identity.
    public private(set) var writtenOff = Points.zero
    /// In lots and not held; over a month, the change.
    public private(set) var balance = Points.zero
    /// Owed by households, zero or positive; over a month, the change.
    public private(set) var debt = Points.zero
    /// Points that left to other communities less points that came, debts counted against them.
    public private(set) var movedOut = Points.zero

    /// Figures that storage added up, each from its own rows: held and balance from lot entries, the others from
    /// transfers. Points that came in from other communities make `movedOut` negative.
    public init(
        of community: CommunityID, issued: Points, held: Points, spent: Points, expired: Points, clawedBack: Points,
        writtenOff: Points, balance: Points, debt: Points, movedOut: Points
    ) {
        self.community = community
        self.issued = issued
        self.held = held
        self.spent = spent
        self.expired = expired
        self.clawedBack = clawedBack
        self.writtenOff = writtenOff
        self.balance = balance
        self.debt = debt
        self.movedOut = movedOut
    }

    /// Of sums that storage made: those of transfers, and of lot entries what is held and what is available.
    public init(of community: CommunityID, _ sums: some Sequence<TransferSum>, held: Points, balance: Points) {
        self.community = community
        self.held = held
        self.balance = balance
        for sum in sums { count(sum) }
    }

    /// Of the transfers given, those of other communities are left out.
    public init(of community: CommunityID, _ transfers: some Sequence<Transfer>) {
        self.community = community
        for transfer in transfers where transfer.community == community { count(transfer) }
    }

    /// Issued less everything it became; zero unless the books are wrong.
    public var residue: Points { issued - (held + spent + expired + clawedBack + balance + movedOut - debt) }
    public var isBalanced: Bool { residue == .zero }

    private mutating func count(_ transfer: Transfer) {
        count(
            TransferSum(
                kind: transfer.kind, debit: transfer.debit.kind, credit: transfer.credit.kind, points: transfer.points))
        for entry in transfer.entries {
            switch entry.bucket {
            case .available: balance = balance + entry.points
            case .held: held = held + entry.points
            }
        }
    }

    private mutating func count(_ sum: TransferSum) {
        let points = sum.points
        switch sum.kind {
        case .award: issued = issued + points
        case .clawback: clawedBack = clawedBack + points
        case .debt:
            clawedBack = clawedBack + points
            debt = debt + points
        case .repayment: debt = debt - points
        case .writeOff: writtenOff = sum.debit == .writtenOff ? writtenOff + points : writtenOff - points
        case .confirm: spent = spent + points
        case .expiry: expired = expired + points
        case .moveOut, .moveIn:
            if sum.credit == .clearing { movedOut = movedOut + points } else { movedOut = movedOut - points }
            if sum.credit == .debt { debt = debt - points }
            if sum.debit == .debt { debt = debt + points }
        case .hold, .void, .holdExpiry: break
        }
    }
}

/// Transfers of one kind between accounts of the same two kinds, added up.
public struct TransferSum: Sendable, Hashable {
    public let kind: TransferKind
    public let debit: AccountKind
    public let credit: AccountKind
    /// Zero or positive.
    public let points: Points

    public init(kind: TransferKind, debit: AccountKind, credit: AccountKind, points: Points) {
        self.kind = kind
        self.debit = debit
        self.credit = credit
        self.points = points
    }
}

/// The balance of every account that the transfers touch: credits less debits.
public func balances(of transfers: some Sequence<Transfer>) -> [Account: Points] {
    var balances: [Account: Points] = [:]
    for transfer in transfers {
        balances[transfer.debit, default: .zero] = balances[transfer.debit, default: .zero] - transfer.points
        balances[transfer.credit, default: .zero] = balances[transfer.credit, default: .zero] + transfer.points
    }
    return balances
}

extension AwardHistory {
    /// Adds up what `transfers` posted for the award in the key's account. `latestVersion` is the highest statement
    /// version with a posting, also one that moved nothing.
    public init(of key: AwardKey, in transfers: some Sequence<Transfer>, latestVersion: Int) {
        var net = Points.zero
        var writtenOff = Points.zero
        var original: TransferID?
        for transfer in transfers where transfer.holder == key.holder && transfer.reference == key.reference {
            switch transfer.kind {
            case .award:
                net = net + transfer.points
                original = original ?? transfer.id
            case .clawback, .debt: net = net - transfer.points
            case .writeOff:
                let points = transfer.debit.kind == .writtenOff ? transfer.points : -transfer.points
                net = net - points
                writtenOff = writtenOff + points
            default: continue
            }
        }
        self.init(net: net, latestVersion: latestVersion, original: original, writtenOff: writtenOff)
    }
}
