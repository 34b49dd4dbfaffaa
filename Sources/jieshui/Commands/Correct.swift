import ArgumentParser
import Database
import Metering
import Operations
import Storage
import Water

struct Correct: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Issue new versions of statements whose readings, persons or installations changed since.",
        discussion: """
            What is not folded yet is folded first. The cohort's figures stay those frozen with the month; points are \
            added or taken back by linked transfers. `close` does the same for every earlier month.
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var files: TariffOptions
    @Option(help: "Only this community, by its code.") var community: String?

    func run() async throws {
        let context = try await CommandContext.open(options)
        let code = community
        let only = try await context.database.read { reader -> CommunityID? in
            guard let code else { return nil }
            guard let area = try reader.area(code: code), area.kind == .community else {
                throw CommandFailure("no community has the code \(code)")
            }
            return area.id
        }
        let worker = Worker.ofThisProcess()
        try await FoldReadings(
            database: context.database, calendar: context.calendar, rules: .standard, logger: context.logger,
            worker: worker
        ).whatIsThere(at: .now)
        let close = CloseMonth(
            database: context.database, calendar: context.calendar, shelf: try files.load(),
            settings: try context.settings.closing, logger: context.logger, worker: worker)
        print(try await close.corrections(only: only, at: .now).line)
    }
}

extension CorrectionSummary {
    /// One line for a terminal.
    var line: String {
        var line = "\(statements) statements corrected, \(unchanged) marks without a change, \(transfers) transfers"
        if withoutFiles > 0 { line += "; \(withoutFiles) homes wait for their month's tariff and rule files" }
        if withoutReadings > 0 { line += "; \(withoutReadings) homes need readings that were pruned" }
        if leftOpen > 0 { line += "; \(leftOpen) communities were left to others: correct again if they do not end" }
        return line
    }
}
