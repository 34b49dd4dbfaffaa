import Database
import Ledger
import Scoring
import Storage
import Tariffs
import Water

/// The postings of a statement's points: what it awards, less what its earlier versions posted.
struct AwardPoints {
    let rules: RuleSet
    let calendar: CityCalendar

    /// Each after the one before. A first version posts only what it gives; a later one every line, so that what no
    /// longer holds is taken back.
    func postings(
        for statement: Statement, _ holder: AccountHolder, isKnown: Bool, at: Instant, _ reader: Reader
    ) throws -> [(posting: Posting, award: AwardKey?)] {
        guard let terms = rules.ledgerTerms else { return [] }
        var state = isKnown ? try reader.accountState(of: holder) : AccountState(holder)
        var postings: [(posting: Posting, award: AwardKey?)] = []
        for line in statement.points.lines where line.points > .zero || (isKnown && statement.version > 1) {
            guard
                let key = AwardKey(
                    holder: holder, month: statement.month, rule: line.rule, statementVersion: statement.version)
            else { continue }
            let history = isKnown ? try reader.awardHistory(key) : .none
            if line.points == history.net { continue }
            let command = PointsCommand.award(
                key, target: line.points, history: history, expiresAt: lotExpiry(statement.month))
            let earlier = isKnown ? try reader.posting(command.id, in: holder.community) : nil
            if case .success(.posted(let posting)) = state.decide(command, at: at, under: terms, earlier: earlier) {
                state = try state.applying(posting)
                postings.append((posting, key))
            }
        }
        return postings
    }

    /// The end of the month so many months after the one the points were earned in: nothing of the time of running.
    private func lotExpiry(_ month: BillingMonth) -> Instant {
        calendar.interval(of: month.advanced(by: rules.points.lotLifeMonths)).end
    }
}
