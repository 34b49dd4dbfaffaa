import Ledger
import Testing
import Water

/// Runs a table a bookkeeper can read, a line a step, and checks every invariant after each.
///
///     day 2026-11-01                                    the clock; `later 49h` moves it on
///     terms holds 3 hours 48 floor 40
///     item cup c1 5                                     five pieces in community c1
///     award h1 2026-10 band v1 30 exp 2028-11-01 -> ok
///     hold h1 r1 cup 20 -> ok                           confirm / void / unhold h1 r1 -> ok
///     expire h1 run1 -> ok                              ends lots past their expiry
///     move h1 h9@c2 m1 -> ok
///     balance h1 available 10 held 20 debt 0            checks; so do spendable, lots, stock, account, economy
///
/// `h1` is household 1 of community 1; `h1@c2` of community 2. An answer is `ok`, `again` or the refusal's name.
func keepBooks(_ table: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    var run = TableRun(
        terms: try #require(LedgerTerms(holdSeconds: 48 * 3_600, openHoldLimit: 3, debtLimit: Points(40))))
    for (number, line) in table.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        let words = line.prefix { $0 != "#" }.split(separator: " ").map(String.init)
        guard !words.isEmpty else { continue }
        let comment = Comment(rawValue: "line \(number + 1): \(line)")
        let sides = words.split(separator: "->", maxSplits: 1).map(Array.init)
        if sides.count == 2 {
            let answer = try run.ask(sides[0])
            #expect(answer == sides[1].joined(separator: " "), comment, sourceLocation: sourceLocation)
        } else {
            let shown = try run.note(words)
            #expect(shown == words.joined(separator: " "), comment, sourceLocation: sourceLocation)
        }
        #expect(run.books.faults() == [], comment, sourceLocation: sourceLocation)
    }
    #expect(try run.books.replayed() == run.books.states, "replayed", sourceLocation: sourceLocation)
}

struct UnreadableLine: Error { let words: [String] }

private struct TableRun {
    var books: Books
    private var items: [String: ItemID] = [:]

    init(terms: LedgerTerms) { books = Books(terms: terms, now: Instant(epochSeconds: 1_793_491_200)) }

    mutating func ask(_ words: [String]) throws -> String {
        let holder = try holder(word(words, 1))
        let command: PointsCommand
        switch words[0] {
        case "award":
            let key = try awardKey(holder, words)
            command = .award(
                key, target: try points(word(words, 5)), history: books.history(of: key),
                expiresAt: try day(word(words, 7)))
        case "hold":
            guard let item = items[try word(words, 3)], let stock = books.stocks[item] else {
                throw UnreadableLine(words: words)
            }
            command = .hold(try id(word(words, 2)), stock, points: try points(word(words, 4)))
        case "confirm":
            let hold = try id(word(words, 2))
            command = .confirm(.confirming(hold), hold: hold)
        case "void":
            let hold = try id(word(words, 2))
            command = .void(.voiding(hold), hold: hold, reason: words.dropFirst(3).joined(separator: " "))
        case "unhold":
            let hold = try id(word(words, 2))
            command = .expireHold(.expiring(hold), hold: hold)
        case "expire": command = .expireLots(try id(word(words, 2)))
        case "move":
            let refusal = try books.move(holder, to: try self.holder(word(words, 2)), try id(word(words, 3)))
            return refusal.map { "\($0)" } ?? "ok"
        default: throw UnreadableLine(words: words)
        }
        switch try books.ask(holder, command) {
        case .success(.posted): return "ok"
        case .success(.alreadyPosted): return "again"
        case .failure(let refusal): return "\(refusal)"
        }
    }

    /// Sets the scene, or says what the books show in the words of the line.
    mutating func note(_ words: [String]) throws -> String {
        let line = words.joined(separator: " ")
        switch words[0] {
        case "day": books.now = try day(word(words, 1))
        case "later": books.now = books.now + (try number(word(words, 1).dropLast())) * 3_600
        case "terms":
            guard
                let terms = LedgerTerms(
                    holdSeconds: try number(word(words, 4)) * 3_600, openHoldLimit: Int(try number(word(words, 2))),
                    debtLimit: try points(word(words, 6)))
            else { throw UnreadableLine(words: words) }
            books.terms = terms
        case "item":
            let id = ItemID(Int64(items.count + 1))
            let community = CommunityID(try number(word(words, 2).dropFirst()))
            guard let stock = Stock(community: community, item: id, total: try number(word(words, 3))) else {
                throw UnreadableLine(words: words)
            }
            items[words[1]] = id
            books.open(stock)
        default: return try show(words)
        }
        return line
    }

    private func show(_ words: [String]) throws -> String {
        switch words[0] {
        case "balance":
            let state = books.state(try holder(word(words, 1)))
            return
                "balance \(words[1]) available \(state.available.count) held \(state.held.count) debt \(state.debt.count)"
        case "spendable":
            return "spendable \(words[1]) \(books.state(try holder(word(words, 1))).spendable(at: books.now).count)"
        case "lots":
            let lots = books.state(try holder(word(words, 1))).lots.map {
                "\($0.lot.reference) \($0.available.count)+\($0.held.count)"
            }
            return (["lots", words[1]] + (lots.isEmpty ? ["none"] : lots)).joined(separator: " ")
        case "stock":
            guard let item = items[try word(words, 1)], let stock = books.stocks[item] else {
                throw UnreadableLine(words: words)
            }
            return "stock \(words[1]) free \(stock.free) reserved \(stock.reserved) taken \(stock.taken)"
        case "account":
            let community = CommunityID(try number(word(words, 1).dropFirst()))
            guard let account = Account(community: community, text: try word(words, 2)) else {
                throw UnreadableLine(words: words)
            }
            return "account \(words[1]) \(words[2]) \((balances(of: books.transfers)[account] ?? .zero).count)"
        case "transfers": return "transfers \(books.transfers.count)"
        case "posting":
            let kinds = books.postings.last?.transfers.map { "\($0.kind.rawValue) \($0.points.count)" } ?? []
            return (["posting"] + (kinds.isEmpty ? ["nothing"] : kinds)).joined(separator: " ")
        case "economy":
            let economy = Economy(of: CommunityID(try number(word(words, 1).dropFirst())), books.transfers)
            return "economy \(words[1]) issued \(economy.issued.count) held \(economy.held.count) "
                + "spent \(economy.spent.count) expired \(economy.expired.count) back \(economy.clawedBack.count) "
                + "balance \(economy.balance.count) debt \(economy.debt.count) off \(economy.writtenOff.count) "
                + "out \(economy.movedOut.count)"
        default: throw UnreadableLine(words: words)
        }
    }

    private func awardKey(_ holder: AccountHolder, _ words: [String]) throws -> AwardKey {
        guard let month = BillingMonth(try word(words, 2)),
            let key = AwardKey(
                holder: holder, month: month, rule: try word(words, 3),
                statementVersion: Int(try number(word(words, 4).dropFirst())))
        else { throw UnreadableLine(words: words) }
        return key
    }

    private func word(_ words: [String], _ index: Int) throws -> String {
        guard words.indices.contains(index) else { throw UnreadableLine(words: words) }
        return words[index]
    }

    private func holder(_ word: String) throws -> AccountHolder {
        let pieces = word.split(separator: "@")
        let community = pieces.count == 2 ? try number(pieces[1].dropFirst()) : 1
        return AccountHolder(
            community: CommunityID(community), household: HouseholdID(try number((pieces.first ?? "").dropFirst())))
    }

    private func number(_ text: some StringProtocol) throws -> Int64 {
        guard let number = Int64(text) else { throw UnreadableLine(words: [String(text)]) }
        return number
    }

    private func points(_ text: String) throws -> Points { Points(try number(text)) }

    private func day(_ text: String) throws -> Instant {
        guard let day = LocalDay(text) else { throw UnreadableLine(words: [text]) }
        return Instant(epochSeconds: Int64(day.number) * 86_400)
    }

    private func id(_ text: String) throws -> PostingID {
        guard let id = PostingID(text) else { throw UnreadableLine(words: [text]) }
        return id
    }
}
