import ArgumentParser
import Database
import Operations
import Storage
import Water

struct DeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries", abstract: "What was told to targets, and what failed.",
        subcommands: [List.self, Replay.self])
}

extension DeliveriesCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Event, target, state, attempts, last answer and next attempt, tab-separated, latest event first.",
            discussion: "The numbers of all deliveries by state go to standard error.")

        @OptionGroup var options: GlobalOptions

        @Flag(help: "Only those given up: exhausted, or disabled with their target.")
        var failed = false

        @Option(help: "Lines at most, 1 to 100000.")
        var limit = 1_000

        func validate() throws {
            guard (1...100_000).contains(limit) else { throw CommandFailure("--limit: 1 to 100000") }
        }

        func run() async throws {
            let context = try await CommandContext.open(options)
            let (failedOnly, most) = (failed, limit)
            let (records, counts) = try await context.database.read {
                (try $0.deliveries(failedOnly: failedOnly, limit: most), try $0.deliveryCounts())
            }
            for record in records { print(line(record, context.calendar)) }
            note(DeliveryState.allCases.map { "\(counts[$0] ?? 0) \($0.rawValue)" }.joined(separator: ", "))
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send an event again under the same id, with a fresh schedule of attempts.",
            discussion: """
                Without --target it goes to every enabled target where it failed; with one to that target, also \
                where it was delivered.
                """)

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The event's id, as jieshui deliveries list shows it.")
        var event: String

        @Option(help: "The target's name.")
        var target: String?

        func run() async throws {
            let context = try await CommandContext.open(options)
            let due = try accepted(await ReplayDelivery(database: context.database)(event, target: target, at: .now))
            for record in due { print(line(record, context.calendar)) }
            note("\(due.count) due; a running server sends them")
        }
    }
}

private func line(_ record: DeliveryRecord, _ calendar: CityCalendar) -> String {
    let answer = record.lastError ?? record.lastStatus.map { "answered \($0)" } ?? "-"
    let fields = [
        record.key.eventID, record.targetName, record.state.rawValue, "\(record.attempts)", answer,
        record.nextAt.map { calendar.format($0) } ?? "-",
    ]
    return fields.joined(separator: "\t")
}
