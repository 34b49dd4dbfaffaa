import ArgumentParser
import Database
import Storage
import Water

struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write stored data as text.", subcommands: [Readings.self])

    struct Readings: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A meter's readings as lines of at,register_ml.",
            discussion: "Folded readings and those that still wait in the journal, ascending, each once.")

        @OptionGroup var options: GlobalOptions
        @Option(help: "The meter's printed serial, or an address as protocol:address.") var meter: String

        func run() async throws {
            let text = meter.contains(":") ? meter : "serial:\(meter)"
            guard let address = MeterAddress(text: text) else { throw ValidationError("--meter is no address") }
            let context = try await CommandContext.open(options)
            let found = try await context.database.read { reader -> Set<TimedRegister> in
                let folded = try reader.elements(at: address) ?? []
                let waiting = try reader.journaled(at: address)
                return Set(folded.map { TimedRegister(at: $0.at, register: $0.register) }).union(waiting)
            }
            let lines = found.sorted { ($0.at, $0.register) < ($1.at, $1.register) }
            for line in lines { print("\(line.at.utc),\(line.register.millilitres)") }
        }
    }
}
