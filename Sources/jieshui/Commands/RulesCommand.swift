import ArgumentParser
import Database
import Foundation
import Operations
import Tariffs
import Water

/// `jieshui rules simulate`: what a version of the rules would have given.
struct RulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "Try a version of the rules on closed months.", subcommands: [Simulate.self])

    struct Simulate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run a rule file over closed months and tell its false awards, its cost and who gains.",
            discussion: """
                Every closed month is scored anew by the file, as its figures were frozen, without later \
                corrections and homes registered late; nothing is written. Over \
                months in which nobody was asked to save, every award for saving is a false one: their share of the \
                home-months judged is to be 50 ‰ at most, and goes into the file's report with the cost of each \
                community and what homes of each size have; the report may be missing here: `jieshui tariff check` \
                wants it. Above that the exit code is 1. Rules that pay no savings have nothing to be judged by.
                """)

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The rule file.", completion: .file()) var file: String
        @Option(help: "The first month, YYYY-MM; otherwise the earliest of the last 36.") var from: String?
        @Option(help: "The last month, YYYY-MM.") var to: String?

        func run() async throws {
            guard let rules = try loadTrialRules(file: file, text: try text(of: file)) else {
                throw CommandFailure("\(file) holds no rules")
            }
            let first = try month(from) ?? BillingMonth(number: 0)
            let last = try month(to) ?? BillingMonth(number: .max)
            guard first <= last else { throw CommandFailure("--from is after --to") }
            let context = try await CommandContext.open(options)
            let bar = ProgressBar(total: 100)
            let found = try await SimulateRules(database: context.database)(rules, over: first...last) { done, all in
                bar.show(done: done * 100 / max(all, 1), "\(done) of \(all) communities")
            }
            bar.clear()
            guard let begin = found.months.first, let end = found.months.last else {
                throw CommandFailure("no month of these is closed")
            }
            print("rules \(rules.id) \(rules.version), \(found.months.count) months, \(begin) to \(end)")
            print("\nby community\tcode\t\(Self.heading)")
            for cost in found.communities { print("community\t\(cost.code)\t\(Self.row(cost.tally))") }
            print("\nby size\tpersons\t\(Self.heading)")
            for size in found.sizes {
                print("persons\t\(size.persons.map(String.init) ?? "unknown")\t\(Self.row(size.tally))")
            }
            print("\nall\t-\t\(Self.row(found.total))")
            guard let permille = found.paidPermille else {
                print(
                    rules.saving == nil
                        ? "these rules pay no savings: there was nothing to judge"
                        : "no home-month could be judged for savings")
                return
            }
            let most = SavingReport.mostPaidPermille
            print("paid for savings: \(permille) ‰ of the home-months judged, to be \(most) ‰ at most")
            print("had each used a fifth less, \(found.total.paidAtFifthLess) of \(found.total.judged) would be paid")
            if permille > most { throw ExitCode(1) }
        }

        private static let heading =
            "home-months\tranked\tpoints\tpoints_per_home_month\tjudged\tpaid\tsaving_points"

        private static func row(_ tally: RuleSimulation.Tally) -> String {
            let mean = tally.homeMonths > 0 ? divideHalfUp(tally.points * 100, by: tally.homeMonths) : 0
            let figures = [tally.homeMonths, tally.ranked, tally.points]
            return figures.map(String.init).joined(separator: "\t")
                + "\t\(mean / 100).\(padded(Int(mean % 100), 2))\t\(tally.judged)\t\(tally.paid)\t\(tally.savingPoints)"
        }

        private func month(_ text: String?) throws -> BillingMonth? {
            guard let text else { return nil }
            guard let month = BillingMonth(text) else { throw CommandFailure("\(text) is not YYYY-MM") }
            return month
        }
    }
}
