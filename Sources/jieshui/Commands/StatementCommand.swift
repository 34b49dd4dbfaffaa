import ArgumentParser
import Database
import Scoring
import Storage
import Tariffs
import Water

struct StatementCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "statement", abstract: "Print a household's statement of a month.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The household's number.") var household: String
    @Argument(help: "The month, YYYY-MM.") var month: String
    @Option(help: "A version other than the newest.") var version: Int64?
    @Flag(help: "The canonical bytes, whose SHA-256 is the statement's hash.") var json = false

    func run() async throws {
        guard let month = BillingMonth(month) else { throw CommandFailure("the month must be YYYY-MM, 01 to 12") }
        let context = try await CommandContext.open(options)
        let (number, version) = (household, version)
        let found = try await context.database.read { reader -> StoredStatement? in
            guard let home = try reader.household(number: number) else {
                throw CommandFailure("no household has the number \(number)")
            }
            return try reader.statement(of: home.id, in: home.community, month, version: version)
        }
        guard let found else {
            throw CommandFailure(
                version.map { "\(number) has no version \($0) of a statement for \(month)" }
                    ?? "\(number) has no statement for \(month): is it closed?")
        }
        if json { return print(found.body) }
        let statement = try Statement(bytes: Array(found.body.utf8))
        for line in summary(of: statement, hash: found.hash) { print(line) }
    }

    /// A few lines for a terminal; the page has everything.
    private func summary(of statement: Statement, hash: String) -> [String] {
        var lines = [
            "\(statement.household) \(statement.month) version \(statement.version) \(hash)",
            """
            litres: \(statement.use.litres) (\(statement.use.measuredLitres) measured, \
            \(statement.use.estimatedLitres) estimated), \(statement.use.missingHours) hours missing
            """,
        ]
        if case .billed(let bill) = statement.billing {
            lines.append("bill: \(bill.total.yuan) yuan\(bill.boundsLitres.isEmpty ? "" : ", tier \(bill.tier)")")
            for line in bill.lines where line.litres > 0 {
                let tier = line.tier.map { " tier \($0)" } ?? ""
                lines.append("  \(line.name)\(tier): \(line.litres) L x \(line.priceYuanPerM3) = \(line.amount.yuan)")
            }
        }
        if let cohort = statement.cohort, let rank = statement.rank {
            lines.append(
                """
                compared with \(cohort.homes) homes of \(cohort.kind.rawValue) \(cohort.code): \
                percentile \(rank.percentile), median \(cohort.medianLitres) L per equivalised person
                """)
        }
        if let reason = statement.unranked { lines.append("not ranked: \(reason.rawValue)") }
        for line in statement.points.lines { lines.append("points \(line.rule): \(line.points.count)") }
        return lines
    }
}
