import Ledger
import Water

/// A city's points kept the way storage keeps them: postings in order, and everything else added up from them.
struct Books {
    var terms: LedgerTerms
    var now: Instant
    private(set) var postings: [Posting] = []
    private(set) var states: [AccountHolder: AccountState] = [:]
    private(set) var stocks: [ItemID: Stock] = [:]
    private var versions: [String: Int] = [:]

    init(terms: LedgerTerms, now: Instant) {
        self.terms = terms
        self.now = now
    }

    var transfers: [Transfer] { postings.flatMap(\.transfers) }

    mutating func open(_ stock: Stock) { stocks[stock.item] = stock }

    func state(_ holder: AccountHolder) -> AccountState { states[holder] ?? AccountState(holder) }

    func history(of key: AwardKey) -> AwardHistory {
        AwardHistory(of: key, in: transfers, latestVersion: versions[award(key)] ?? 0)
    }

    func posting(_ id: PostingID) -> Posting? { postings.first { $0.id == id } }

    /// Decides and, where it is not refused, appends.
    mutating func ask(_ holder: AccountHolder, _ command: PointsCommand) throws -> Result<Answer, Refusal> {
        let decided = state(holder).decide(command, at: now, under: terms, earlier: posting(command.id))
        if case .success(.posted(let posting)) = decided {
            try append(posting)
            if case .award(let key, _, _, _) = command { versions[award(key)] = key.statementVersion }
        }
        return decided
    }

    mutating func move(_ holder: AccountHolder, to other: AccountHolder, _ id: PostingID) throws -> Refusal? {
        switch state(holder).move(to: other, id: id, at: now) {
        case .failure(let refusal): return refusal
        case .success(let move):
            try append(move.leaving)
            try append(move.entering)
            return nil
        }
    }

    private mutating func append(_ posting: Posting) throws {
        states[posting.holder] = try state(posting.holder).applying(posting)
        let items = posting.transfers.compactMap { transfer in transfer.item ?? item(ofHold: transfer.link) }
        for item in items.prefix(1) { stocks[item] = try stocks[item]?.applying(posting) }
        postings.append(posting)
    }

    private func item(ofHold id: TransferID?) -> ItemID? { transfers.first { $0.id == id }?.item }

    private func award(_ key: AwardKey) -> String { "\(key.holder) \(key.reference)" }
}

extension Books {
    /// Every broken invariant in words; empty when the books are right.
    func faults() -> [String] {
        let transfers = transfers
        let accounts = balances(of: transfers)
        var faults: [String] = transfers.compactMap { transfer in transfer.defect.map { "transfer: \($0)" } }
        if Set(transfers.map(\.id)).count != transfers.count { faults.append("a transfer's id is used twice") }
        for (account, balance) in accounts {
            if let floor = account.floor(under: terms), balance < floor {
                faults.append("\(account) at \(balance.count)")
            }
        }
        for community in Set(transfers.map(\.community)) {
            let sum = accounts.filter { $0.key.community == community }.reduce(Points.zero) { $0 + $1.value }
            if sum != .zero { faults.append("community \(community) adds up to \(sum.count)") }
            let economy = Economy(of: community, transfers)
            if !economy.isBalanced { faults.append("economy of \(community) is off by \(economy.residue.count)") }
            let issued = accounts[.issued(community)] ?? .zero
            if economy.issued != -issued { faults.append("issued \(economy.issued.count), account \(issued.count)") }
        }
        for state in states.values { faults += self.faults(of: state, accounts) }
        faults += stocks.values.flatMap { stock -> [String] in
            let open = states.values.flatMap(\.openHolds).filter { $0.item == stock.item }.count
            return stock.free < 0 || Int64(open) != stock.reserved ? ["stock \(stock), open holds \(open)"] : []
        }
        return faults
    }

    private func faults(of state: AccountState, _ accounts: [Account: Points]) -> [String] {
        let holder = state.holder
        var faults: [String] = []
        func compare(_ what: String, _ shown: Points, _ account: Account) {
            let booked = accounts[account] ?? .zero
            if shown != booked { faults.append("\(what) of \(holder): \(shown.count), booked \(booked.count)") }
        }
        compare("available", state.available, .available(holder))
        compare("held", state.held, .held(holder))
        compare("debt", -state.debt, .debt(holder))
        if state.debt > .zero, state.available > .zero { faults.append("\(holder) owes, and holds points beside it") }
        if state.openHolds.count > terms.openHoldLimit { faults.append("\(state.openHolds.count) holds of \(holder)") }
        let inHolds = state.openHolds.reduce(Points.zero) { $0 + $1.points }
        if inHolds != state.held { faults.append("holds \(inHolds.count), held \(state.held.count)") }
        return faults
    }

    /// The states added up again from the first posting on.
    func replayed() throws -> [AccountHolder: AccountState] {
        var states: [AccountHolder: AccountState] = [:]
        for posting in postings {
            states[posting.holder] = try (states[posting.holder] ?? AccountState(posting.holder)).applying(posting)
        }
        return states
    }
}
