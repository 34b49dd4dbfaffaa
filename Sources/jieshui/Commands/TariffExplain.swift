import ArgumentParser
import Tariffs
import Water

/// `jieshui tariff explain`: one bill's arithmetic, step by step.
struct TariffExplain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Print a bill's arithmetic line by line.")

    @OptionGroup var files: TariffOptions
    @Option(help: "The tariff's id.") var tariff: String
    @Option(help: "The month, YYYY-MM.") var month: String
    @Option(help: "Persons of the household, as 4, or from a day on, as 2026-07-01=5; repeatable. Unknown without it.")
    var persons: [String] = []
    @Option(help: "The month's volume in litres.") var litres: Int64
    @Option(help: "Litres of the tariff's period before this month; none for a tariff by the month.")
    var yearToDateLitres: Int64?

    func run() throws {
        guard let billed = BillingMonth(month) else { throw CommandFailure("--month: \(month) is not YYYY-MM") }
        let sizes = try persons.map(size)
        let shelf = try files.load()
        guard shelf.tariffs.contains(where: { $0.id == tariff }) else {
            throw CommandFailure("--tariff: no file has the id \(tariff)")
        }
        guard let found = shelf.tariff(tariff, in: billed) else {
            throw CommandFailure("--month: \(month) is outside the tariff's validity")
        }
        switch explain(found, month: billed, sizes: sizes, litres: litres, periodToDateLitres: yearToDateLitres) {
        case .success(let lines): print(lines.joined(separator: "\n"))
        case .failure(.sizesOfOneDay):
            throw CommandFailure("--persons: two sizes hold from one day; give a later one its day, as 2026-07-01=5")
        case .failure(.noPeriodBefore):
            throw CommandFailure("--year-to-date-litres has no use: \(tariff) is billed by the month")
        case .failure(.bill(let refusal)): throw CommandFailure(refusal.words)
        }
    }

    private func size(_ text: String) throws -> HouseholdSize {
        let halves = text.split(separator: "=", omittingEmptySubsequences: false)
        let from = halves.count == 2 ? LocalDay(halves[0]) : LocalDay(number: 0)
        guard halves.count <= 2, let from, let count = halves.last.flatMap({ Int($0) }) else {
            throw CommandFailure("--persons: \(text) is neither a number nor YYYY-MM-DD=NUMBER")
        }
        return HouseholdSize(from: from, persons: count)
    }
}
