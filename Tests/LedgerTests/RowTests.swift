import Ledger
import Testing
import Water

@Suite struct RowTests {
    let home = AccountHolder(community: CommunityID(1), household: HouseholdID(7))
    let elsewhere = AccountHolder(community: CommunityID(2), household: HouseholdID(7))
    let now = Instant(epochSeconds: 1_793_491_200)

    @Test(arguments: ["", "a b", "a:b", "a~2", "a#b", "水", String(repeating: "a", count: 65)])
    func `a client's id outside the set is refused`(text: String) {
        #expect(PostingID(text) == nil)
    }

    @Test func `a client cannot occupy the id of an award`() throws {
        let key = try #require(awardKey(home, rule: "band"))
        #expect(key.postingID.text == "award:1:7:2026-10:band:2")
        #expect(PostingID(key.postingID.text) == nil)
        #expect(PostingID(stored: key.postingID.text) == key.postingID)
    }

    @Test func `derived ids stay within 64 bytes and apart`() throws {
        let far = AccountHolder(community: CommunityID(.max), household: HouseholdID(.max))
        let a = try #require(awardKey(far, rule: String(repeating: "a", count: 32))).postingID
        let b = try #require(awardKey(far, rule: String(repeating: "b", count: 32))).postingID
        let client = try #require(PostingID(String(repeating: "r", count: 64)))
        #expect(a != b)
        for id in [a, b, .confirming(client), .voiding(client), .expiring(client)] {
            #expect(id.text.utf8.count <= 64)
            #expect(PostingID(stored: id.text) == id)
        }
        #expect(Set([PostingID.confirming(client), .voiding(client), .expiring(client)]).count == 3)
    }

    @Test(arguments: ["", "Band", "a:b", "水", String(repeating: "a", count: 33)])
    func `a rule name outside the set is refused`(rule: String) {
        #expect(awardKey(home, rule: rule) == nil)
    }

    @Test func `a transfer's id is read as it is written`() throws {
        let posting = try #require(PostingID("r1"))
        for part in [1, 2, 9_999_999] {
            let id = try #require(TransferID(posting: posting, part: part))
            #expect(TransferID(stored: id.text) == id)
        }
        for text in ["r1~1", "r1~02", "r1~0", "r1~-2", "r1~+2", "r1~", "~2", "r1~2~3", "r1~10000000"] {
            #expect(TransferID(stored: text) == nil, "\(text)")
        }
    }

    @Test func `an account is read as it is written`() {
        let accounts: [Account] = [
            .available(home), .held(home), .debt(home), .issued(home.community), .spent(home.community),
            .expired(home.community), .clawback(home.community), .writtenOff(home.community), .clearing(home.community),
        ]
        #expect(Set(accounts.map(\.kind)) == Set(AccountKind.allCases))
        for account in accounts { #expect(Account(community: home.community, text: account.text) == account) }
        for text in ["household", "issued:7", "household:07", "household:+7", "household:", "cash", "held:7:8"] {
            #expect(Account(community: home.community, text: text) == nil, "\(text)")
        }
    }

    @Test func `a command's hash is of its input as canonical JSON, the same for ever`() throws {
        let (id, hold) = (try #require(PostingID("r1")), try #require(PostingID("h1")))
        let stock = try #require(Stock(community: home.community, item: ItemID(3), total: 1))
        let key = try #require(awardKey(home, rule: "band"))
        let whose = #""community":1"#
        let inputs: [(PointsCommand, String)] = [
            (
                .award(key, target: Points(20), history: .none, expiresAt: now),
                #"{"act":"award",\#(whose),"expires_at":1793491200,"household":7,"id":"award:1:7:2026-10:band:2","target":20}"#
            ),
            (
                .hold(id, stock, points: Points(5)),
                #"{"act":"hold",\#(whose),"household":7,"id":"r1","item":3,"points":5}"#
            ),
            (.confirm(id, hold: hold), #"{"act":"confirm",\#(whose),"hold":"h1","household":7,"id":"r1"}"#),
            (
                .void(id, hold: hold, reason: #"缺货 "x""#),
                #"{"act":"void",\#(whose),"hold":"h1","household":7,"id":"r1","reason":"缺货 \"x\""}"#
            ),
            (.expireHold(id, hold: hold), #"{"act":"expire_hold",\#(whose),"hold":"h1","household":7,"id":"r1"}"#),
            (.expireLots(id), #"{"act":"expire_lots",\#(whose),"household":7,"id":"r1"}"#),
        ]
        for (command, text) in inputs {
            #expect(command.inputHash(for: home) == sha256Hex(Array(text.utf8)), "\(text)")
        }
    }

    @Test func `no transfer crosses communities`() throws {
        let id = try #require(TransferID(stored: "t1"))
        #expect(throws: LedgerDefect.crossesCommunities(id)) {
            try transfer(id, .award, .issued(elsewhere.community), .available(home), 5, lot: 5)
        }
        let command = PointsCommand.award(
            try #require(awardKey(elsewhere, rule: "band")), target: Points(5), history: .none, expiresAt: now)
        let terms = try #require(LedgerTerms(holdSeconds: 60, openHoldLimit: 1, debtLimit: .zero))
        let state = AccountState(home)
        #expect(state.decide(command, at: now, under: terms, earlier: nil) == .failure(.crossesCommunities))
        let neighbour = AccountState(AccountHolder(community: CommunityID(2), household: HouseholdID(8)))
        #expect(neighbour.decide(command, at: now, under: terms, earlier: nil) == .failure(.accountIsAnother))
    }

    @Test(arguments: [0, -1, 1_000_000_001, Int64.max, Int64.min])
    func `a transfer outside 1 to a thousand million is no transfer`(points: Int64) throws {
        let id = try #require(TransferID(stored: "t1"))
        #expect(throws: LedgerDefect.pointsOutOfRange(id)) {
            try transfer(id, .award, .issued(home.community), .available(home), points, lot: points)
        }
    }

    @Test func `entries that do not add up to the transfer are a defect`() throws {
        let id = try #require(TransferID(stored: "t1"))
        #expect(throws: LedgerDefect.entriesDisagree(id)) {
            try transfer(id, .award, .issued(home.community), .available(home), 5, lot: 4)
        }
        #expect(throws: LedgerDefect.accountsDoNotSuitKind(id)) {
            try transfer(id, .award, .available(home), .issued(home.community), 5, lot: -5)
        }
        let neighbour = AccountHolder(community: home.community, household: HouseholdID(8))
        #expect(throws: LedgerDefect.anotherHousehold(id)) {
            try transfer(id, .award, .issued(home.community), .available(neighbour), 5, lot: 5)
        }
    }

    @Test func `a posting that contradicts the state is not applied`() throws {
        let id = try #require(TransferID(stored: "t1"))
        let award = try transfer(id, .award, .issued(home.community), .available(home), 5, lot: 5)
        let posting = Posting(
            id: id.posting, inputHash: "", holder: home, postedAt: now, transfers: [award],
            lots: [Lot(id: id, reference: "2026-10:band", amount: Points(5), expiresAt: now)])
        let state = try AccountState(home).applying(posting)
        #expect(throws: LedgerDefect.lotExistsAlready(id)) { try state.applying(posting) }
        #expect(throws: LedgerDefect.crossesCommunities(id)) { try AccountState(elsewhere).applying(posting) }
        let bare = Posting(
            id: id.posting, inputHash: "", holder: home, postedAt: now, transfers: [award], lots: [])
        #expect(throws: LedgerDefect.lotIsUnknown(id)) { try AccountState(home).applying(bare) }
    }

    @Test func `an award whose version is in the history is not posted again, even where its posting was not found`()
        throws
    {
        let key = try #require(awardKey(home, rule: "band"))
        let terms = try #require(LedgerTerms(holdSeconds: 60, openHoldLimit: 1, debtLimit: .zero))
        func answer(latest: Int) -> Result<Answer, Refusal> {
            let history = AwardHistory(net: .zero, latestVersion: latest, original: nil)
            let command = PointsCommand.award(key, target: Points(5), history: history, expiresAt: now + 60)
            return AccountState(home).decide(command, at: now, under: terms, earlier: nil)
        }
        #expect(answer(latest: 2) == .failure(.laterVersionIsPosted))
        #expect(try answer(latest: 1).get().posting.transfers.map(\.points) == [Points(5)])
    }

    @Test func `stock is never negative`() throws {
        #expect(Stock(community: home.community, item: ItemID(1), total: 1, reserved: 1, taken: 1) == nil)
        #expect(Stock(community: home.community, item: ItemID(1), total: -1) == nil)
        #expect(Stock(community: home.community, item: ItemID(1), total: .max, reserved: .max, taken: .max) == nil)
        let one = try #require(Stock(community: home.community, item: ItemID(1), total: 1))
        let reserved = try one.reserve().get()
        #expect(reserved.reserve() == .failure(.outOfStock))
        #expect(one.confirm() == .failure(.nothingIsReserved))
        #expect(one.release() == .failure(.nothingIsReserved))
        #expect(try reserved.release().get() == one)
        let taken = try reserved.confirm().get()
        #expect((taken.free, taken.reserved, taken.taken) == (0, 0, 1))
    }

    @Test func `the economy of added-up figures shows what is missing`() throws {
        func economy(held: Int64) -> Economy {
            Economy(
                of: home.community, issued: Points(100), held: Points(held), spent: Points(30), expired: Points(10),
                clawedBack: Points(25), writtenOff: Points(3), balance: Points(30), debt: Points(15), movedOut: .zero)
        }
        #expect(economy(held: 20).isBalanced)
        #expect(economy(held: 19).residue == Points(1))
    }

    @Test func `a community's economy counts no other community's transfers`() throws {
        let id = try #require(TransferID(stored: "t1"))
        let award = try transfer(id, .award, .issued(home.community), .available(home), 5, lot: 5)
        #expect(Economy(of: home.community, [award]).issued == Points(5))
        #expect(Economy(of: elsewhere.community, [award]).issued == .zero)
    }

    @Test func `terms outside their range are refused`() {
        #expect(LedgerTerms(holdSeconds: 0, openHoldLimit: 3, debtLimit: .zero) == nil)
        #expect(LedgerTerms(holdSeconds: .max, openHoldLimit: 3, debtLimit: .zero) == nil)
        #expect(LedgerTerms(holdSeconds: 60, openHoldLimit: 0, debtLimit: .zero) == nil)
        #expect(LedgerTerms(holdSeconds: 60, openHoldLimit: 3, debtLimit: Points(-1)) == nil)
    }

    private func awardKey(_ holder: AccountHolder, rule: String) -> AwardKey? {
        BillingMonth("2026-10").flatMap { AwardKey(holder: holder, month: $0, rule: rule, statementVersion: 2) }
    }

    private func transfer(
        _ id: TransferID, _ kind: TransferKind, _ debit: Account, _ credit: Account, _ points: Int64, lot: Int64
    ) throws -> Transfer {
        try Transfer(
            id: id, kind: kind, holder: home, debit: debit, credit: credit, points: Points(points), postedAt: now,
            link: nil, item: nil, holdUntil: nil, reference: "2026-10:band",
            entries: [LotEntry(transfer: id, lot: id, bucket: .available, points: Points(lot))])
    }
}
