import ArgumentParser
import Database
import Operations
import Storage
import Water

struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write stored data as text.", subcommands: [Readings.self, Month.self, Points.self])

    struct Readings: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A meter's readings as lines of at,register_ml.",
            discussion: "Folded readings and those that still wait in the journal, ascending, each once.")

        @OptionGroup var options: GlobalOptions
        @Option(help: "The meter's printed serial, or an address as protocol:address.") var meter: String

        func run() async throws {
            let text = meter.contains(":") ? meter : "serial:\(meter)"
            guard let address = MeterAddress(text: text) else { throw CommandFailure("--meter is no address") }
            let context = try await CommandContext.open(options)
            let found = try await context.database.read { reader -> Set<TimedRegister>? in
                let known = try reader.elements(at: address)
                let waiting = try reader.journaled(at: address)
                if known == nil, waiting.isEmpty { return nil }
                let folded = known ?? []
                return Set(folded.map { TimedRegister(at: $0.at, register: $0.register) }).union(waiting)
            }
            guard let found else { throw CommandFailure("no meter \(meter) was ever registered or heard of") }
            let lines = found.sorted { ($0.at, $0.register) < ($1.at, $1.register) }
            for line in lines { print("\(line.at.utc),\(line.register.millilitres)") }
        }
    }

    struct Month: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A community's closed month as JSON Lines: all that its statements rest on, and the statements.",
            discussion: "scripts/verify-month recomputes them from it. Household numbers, no names.")

        @OptionGroup var options: GlobalOptions
        @OptionGroup var files: TariffOptions
        @Argument(help: "The month, YYYY-MM.") var month: String
        @Option(help: "The community's code.") var community: String

        func run() async throws {
            guard let month = BillingMonth(month) else { throw CommandFailure("the month must be YYYY-MM, 01 to 12") }
            let context = try await CommandContext.open(options)
            let export = ExportMonth(
                database: context.database, calendar: context.calendar, shelf: try files.load())
            let lines = try accepted(await export(month, of: community) { print($0) })
            note("\(lines) lines")
        }
    }

    struct Points: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What became of a community's points in a month, and its items, as JSON Lines.",
            discussion: "The month, all to its end, then each item as it is now. No household is on it.")

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The month, YYYY-MM.") var month: String
        @Option(help: "The community's code.") var community: String

        func run() async throws {
            guard let month = BillingMonth(month) else { throw CommandFailure("the month must be YYYY-MM, 01 to 12") }
            let context = try await CommandContext.open(options)
            let export = ExportPoints(database: context.database, calendar: context.calendar)
            for line in try accepted(await export(month, of: community)) { print(line) }
        }
    }
}
