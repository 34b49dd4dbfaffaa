import ArgumentParser
import Operations
import Water

/// `jieshui tariff assign`.
struct TariffAssign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assign",
        abstract: "Bill a household by another tariff than the city's from a month on.",
        discussion: """
            For homes without a meter of their own, schools, and whoever else the tiers are not meant for. Closed months \
            from there are marked: `jieshui correct` or the next close issues their new versions.
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var files: TariffOptions
    @Argument(help: "The household's number.") var household: String
    @Argument(help: "The id of a tariff file, or city.") var tariff: String
    @Option(help: "The first month it holds, YYYY-MM.") var from: String

    func run() async throws {
        guard let month = BillingMonth(from) else { throw CommandFailure("--from must be YYYY-MM, 01 to 12") }
        let isCity = tariff == TariffFrom.cityWord
        let context = try await CommandContext.open(options)
        let change = try accepted(
            await SetTariff(database: context.database, shelf: try files.load())(
                TariffFrom(month: month, tariffID: isCity ? nil : tariff), of: household, at: .now))
        note("\(household): \(tariff) from \(month)\(change == .unchanged ? " (noted before)" : "")")
    }
}
