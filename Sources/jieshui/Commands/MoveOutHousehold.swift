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
    var on: String?

    @Flag(help: "It lives there still: take the move-out back.")
    var back = false

    @Flag(help: "The day noted before was wrong.")
    var correct = false

    func validate() throws {
        guard (on == nil) == back else { throw CommandFailure("give either --on or --back") }
        if let on, LocalDay(on) == nil { throw CommandFailure("--on must be YYYY-MM-DD") }
    }

    func run() async throws {
        let day = on.flatMap { LocalDay($0) }
        let context = try await CommandContext.open(options)
        _ = try accepted(
            await MoveOut(database: context.database)(
                household, on: day.map(context.calendar.start), correcting: correct || back, at: .now))
        let said = day.map { "moved out, \($0)" } ?? "lives there still"
        note("\(household) \(said); the next close corrects its statements of closed months")
    }
}
