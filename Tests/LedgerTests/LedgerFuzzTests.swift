import Foundation
import Ledger
import Testing
import Water

@Suite struct LedgerFuzzTests {
    /// `LEDGER_SEED=n` runs that seed alone.
    static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["LEDGER_SEED"].flatMap(UInt64.init).map { [$0] }
        ?? Array(1...40)

    @Test(arguments: seeds)
    func `the ledger agrees with counting point by point`(seed: UInt64) throws {
        var run = try #require(FuzzRun(seed: seed))
        for step in 1...120 {
            let fault = try run.step()
            if let fault {
                Issue.record("LEDGER_SEED=\(seed), step \(step): \(fault)")
                return
            }
        }
        #expect(try run.books.replayed() == run.books.states, "LEDGER_SEED=\(seed)")
        #expect(run.replays > 0, "LEDGER_SEED=\(seed)")
    }

    @Test func `the seeds together meet every refusal the fuzz can cause`() throws {
        var met: Set<String> = []
        for seed in UInt64(1)...40 {
            var run = try #require(FuzzRun(seed: seed))
            for _ in 1...120 where try run.step() != nil { break }
            met.formUnion(run.met)
        }
        #expect(
            met.isSuperset(of: [
                "ok", "again", "idReusedWithOtherInput", "laterVersionIsPosted", "holdIsNotOpen", "holdHasExpired",
                "holdHasNotExpired", "tooManyOpenHolds", "exceedsBalance", "outOfStock", "nothingToExpire", "debt",
                "repayment", "write_off", "expired while held",
            ]), "met \(met.sorted())")
    }
}

private struct FuzzRun {
    var books: Books
    var replays = 0
    var met: Set<String> = []
    private var random: SeededGenerator
    private var models: [AccountHolder: PointByPoint] = [:]
    private var asked: [(holder: AccountHolder, command: PointsCommand)] = []
    private var holdIDs: [PostingID] = []
    private var versions: [String: Int] = [:]
    private let homes = (1...3).map { AccountHolder(community: CommunityID(1), household: HouseholdID($0)) }
    private let terms: LedgerTerms
    private let item = ItemID(1)

    init?(seed: UInt64) {
        random = SeededGenerator(state: seed)
        let floor = Points(Int64.random(in: 0...30, using: &random))
        guard let terms = LedgerTerms(holdSeconds: 48 * 3_600, openHoldLimit: 3, debtLimit: floor),
            let stock = Stock(
                community: CommunityID(1), item: item, total: Int64.random(in: 3...20, using: &random))
        else { return nil }
        self.terms = terms
        books = Books(terms: terms, now: Instant(epochSeconds: 1_793_491_200))
        books.open(stock)
    }

    /// One random act; what went wrong in words, or nil.
    mutating func step() throws -> String? {
        books.now = books.now + Int64.random(in: 0...(chance(10) ? 30 * 86_400 : 20 * 3_600), using: &random)
        if chance(15), let fault = try replay() { return fault }
        guard let holder = homes.randomElement(using: &random), let command = command(for: holder) else { return nil }
        let heldAndExpired = models[holder]?.points.contains { $0.hold != nil && $0.expiresAt <= books.now } ?? false
        let expected = expect(command, holder)
        let answer = try name(books.ask(holder, command))
        met.insert(answer)
        met.formUnion(books.postings.last?.transfers.map(\.kind.rawValue) ?? [])
        if heldAndExpired { met.insert("expired while held") }
        guard answer == expected else { return "\(command): \(answer), expected \(expected)" }
        if answer == "ok" { asked.append((holder, command)) }
        return disagreement() ?? books.faults().first
    }

    private func disagreement() -> String? {
        for (holder, model) in models {
            let state = books.state(holder)
            let shown = [state.available, state.held, state.debt].map(\.count)
            if shown != [model.available, model.held, model.debt].map(Int64.init) {
                return "\(holder): \(shown), expected \(model.available) \(model.held) \(model.debt)"
            }
            for lot in state.lots {
                let points = model.points.filter { $0.lot == lot.lot.id.posting }
                let free = points.count { $0.hold == nil }
                if free != Int(lot.available.count) || points.first?.expiresAt != lot.lot.expiresAt {
                    return "\(lot), expected \(points)"
                }
            }
        }
        let economy = Economy(of: CommunityID(1), books.transfers)
        let shown = [economy.issued, economy.spent, economy.expired, economy.clawedBack, economy.writtenOff].map(
            \.count)
        let counted = [\PointByPoint.issued, \.spent, \.expired, \.clawedBack, \.writtenOff].map { figure in
            Int64(models.values.reduce(0) { $0 + $1[keyPath: figure] })
        }
        return shown == counted ? nil : "economy \(shown), counted \(counted)"
    }

    /// An accepted command again, as it was and with other input: neither may change anything.
    private mutating func replay() throws -> String? {
        guard let (holder, command) = asked.randomElement(using: &random) else { return nil }
        replays += 1
        let before = (books.postings, books.states, books.stocks)
        guard case .success(.alreadyPosted(let first)) = try books.ask(holder, refreshed(command)) else {
            return "\(command) was not answered with its first result"
        }
        let other = try name(books.ask(holder, altered(command)))
        met.formUnion(["again", other])
        if first.id != command.id || other != "idReusedWithOtherInput" { return "\(command) altered: \(other)" }
        return before == (books.postings, books.states, books.stocks) ? nil : "\(command): a replay changed the books"
    }

    /// The command as a later retry would build it: with today's history and stock.
    private func refreshed(_ command: PointsCommand) -> PointsCommand {
        switch command {
        case .award(let key, let target, _, let expiresAt):
            .award(key, target: target, history: books.history(of: key), expiresAt: expiresAt)
        case .hold(let id, let stock, let points): .hold(id, books.stocks[item] ?? stock, points: points)
        default: command
        }
    }

    private func altered(_ command: PointsCommand) -> PointsCommand {
        switch command {
        case .award(let key, let target, let history, let expiresAt):
            .award(key, target: target + Points(1), history: history, expiresAt: expiresAt)
        case .hold(let id, let stock, let points): .hold(id, stock, points: points + Points(1))
        case .confirm(let id, let hold): .void(id, hold: hold, reason: "")
        case .void(let id, let hold, let reason): .void(id, hold: hold, reason: reason + "!")
        case .expireHold(let id, let hold): .confirm(id, hold: hold)
        case .expireLots(let id): .confirm(id, hold: id)
        }
    }

    private mutating func command(for holder: AccountHolder) -> PointsCommand? {
        let month = BillingMonth(number: 24_310 + Int32.random(in: 0...5, using: &random))
        let serial = Int64.random(in: 1...1_000_000_000, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4:
            let rule = chance(50) ? "band" : "norm"
            let latest = versions["\(holder) \(month):\(rule)"] ?? 0
            let version = max(1, latest + Int.random(in: 0...2, using: &random) - (chance(20) ? 1 : 0))
            guard let key = AwardKey(holder: holder, month: month, rule: rule, statementVersion: version),
                books.posting(key.postingID) == nil
            else { return nil }
            let life = Int64.random(in: 1...120, using: &random) * 86_400
            return .award(
                key, target: Points(Int64.random(in: 0...30, using: &random)), history: books.history(of: key),
                expiresAt: books.now + life)
        case 4..<7:
            guard let id = PostingID("r\(serial)"), let stock = books.stocks[item] else { return nil }
            holdIDs.append(id)
            return .hold(id, stock, points: Points(Int64.random(in: 1...15, using: &random)))
        case 7..<9:
            guard let hold = holdIDs.suffix(6).randomElement(using: &random), let id = PostingID("c\(serial)") else {
                return nil
            }
            return [
                PointsCommand.confirm(id, hold: hold), .void(id, hold: hold, reason: "x"), .expireHold(id, hold: hold),
            ].randomElement(using: &random)
        default: return .expireLots(.expiringLots(of: holder, at: books.now))
        }
    }

    private mutating func expect(_ command: PointsCommand, _ holder: AccountHolder) -> String {
        var model = models[holder] ?? PointByPoint()
        defer { models[holder] = model }
        if books.posting(command.id) != nil { return "again" }
        switch command {
        case .award(let key, let target, _, let expiresAt):
            let name = "\(holder) \(key.reference)"
            if key.statementVersion <= versions[name] ?? 0 { return "laterVersionIsPosted" }
            versions[name] = key.statementVersion
            return model.award(
                key, Int(target.count), expiresAt: expiresAt, now: books.now, floor: Int(terms.debtLimit.count))
        case .hold(let id, let stock, let points):
            return model.hold(id, Int(points.count), now: books.now, terms, free: stock.free)
        case .confirm(_, let hold): return model.confirm(hold, now: books.now)
        case .void(_, let hold, _): return model.giveBack(hold, now: books.now, onlyOverdue: false)
        case .expireHold(_, let hold): return model.giveBack(hold, now: books.now, onlyOverdue: true)
        case .expireLots: return model.expireLots(now: books.now)
        }
    }

    private func name(_ answer: Result<Answer, Refusal>) -> String {
        switch answer {
        case .success(.posted): "ok"
        case .success(.alreadyPosted): "again"
        case .failure(let refusal): "\(refusal)"
        }
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
}
