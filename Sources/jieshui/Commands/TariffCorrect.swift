import ArgumentParser
import Database
import Operations
import Tariffs
import Water

/// `jieshui tariff correct`.
struct TariffCorrect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "correct",
        abstract: "Say that a closed month was billed by a wrong tariff, and that the file now in the folder is right.",
        discussion: """
            Marks every home of the month, or with --tariff those billed by it; `jieshui correct` or the next close issues their new versions. What the month \
            was frozen with stays on record with the reason.
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var files: TariffOptions
    @Argument(help: "The month, YYYY-MM.") var month: String
    @Option(help: "The tariff put right; without it the city's.") var tariff: String?
    @Option(help: "Why, 1 to 200 characters.") var reason: String

    func run() async throws {
        guard let month = BillingMonth(month) else { throw CommandFailure("the month must be YYYY-MM, 01 to 12") }
        let context = try await CommandContext.open(options)
        let homes = try accepted(
            await CorrectTariff(database: context.database, shelf: try files.load())(
                month, of: tariff, reason: reason, at: .now))
        note("\(month): \(homes) homes to correct; run jieshui correct")
    }
}
