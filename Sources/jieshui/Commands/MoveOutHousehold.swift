import ArgumentParser
import Operations
import Water

struct MoveOutHousehold: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move-out",
        abstract: "End a household's occupancy.",
        discussion: """
            From the first instant of that day it signs in no more and belongs to no cohort. Who moves in next is \
            another household with its own number, on the same usage point.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The household's number.")
    var household: String

    @Option(help: "The first day it no longer lives there, YYYY-MM-DD.")
    var on: String

    func run() async throws {
        guard let day = LocalDay(on) else { throw ValidationError("--on must be YYYY-MM-DD") }
        let context = try await CommandContext.open(options)
        _ = try accepted(
            await MoveOut(database: context.database)(household, on: context.calendar.start(of: day), at: .now))
        note("\(household) moved out, \(day); the next close corrects its statements of closed months from then on")
    }
}
