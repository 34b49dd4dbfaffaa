import ArgumentParser
import Operations
import Water

struct Persons: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Note how many live in a household from a date on.",
        discussion: "Unknown is not 1: such a home is billed at the tariff's base size and ranks nowhere.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The household's number.")
    var household: String

    @Argument(help: "1 to 20, or unknown.")
    var persons: String

    @Option(help: "The first day it holds, YYYY-MM-DD.")
    var from: String

    func run() async throws {
        guard let day = LocalDay(from) else { throw CommandFailure("--from must be YYYY-MM-DD") }
        guard persons == "unknown" || Int(persons) != nil else {
            throw CommandFailure("persons must be a whole number or unknown")
        }
        let context = try await CommandContext.open(options)
        _ = try accepted(
            await SetPersons(database: context.database)(Int(persons), of: household, from: day, at: .now))
        note("\(household): \(persons) from \(day)")
    }
}
