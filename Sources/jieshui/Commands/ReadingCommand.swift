import ArgumentParser
import Database
import Foundation
import Metering
import Operations
import Storage
import Water

struct ReadingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reading", abstract: "Look at a meter's readings one by one, and decide on them.",
        subcommands: [List.self, Accept.self, Reject.self, Enter.self, Withdraw.self, Doubts.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print readings with their quality 0 to 4 and the rule that gave it, then what is wrong.",
            discussion: """
                One line a reading: time, register in cubic metres, quality (0 unchecked, 1 rejected certainly, \
                2 rejected probably, 3 accepted though suspicious, 4 accepted) and rule.
                """)

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The meter's serial.") var meter: String
        @Option(help: "The month, YYYY-MM.") var month: String
        @Flag(help: "Only those below quality 4.") var doubtful = false

        func run() async throws {
            guard let month = BillingMonth(month) else { throw CommandFailure("--month must be YYYY-MM, 01 to 12") }
            guard let address = MeterAddress(.serial, meter) else { throw CommandFailure("this is no serial") }
            let context = try await CommandContext.open(options)
            let examine = ExamineMeter(calendar: context.calendar, rules: .standard)
            let now = Instant.now
            let found = try await context.database.read {
                try examine(address, days: month.firstDay...month.lastDay, now: now, $0)
            }
            guard let found else { throw CommandFailure("no meter \(meter) hung anywhere in \(month)") }
            for one in found.readings where !doubtful || one.quality != .accepted {
                print(
                    "\(context.calendar.format(one.at)) \(one.register.cubicMetres) \(one.quality.rawValue) "
                        + one.rule.rawValue)
            }
            for one in found.anomalies {
                print(
                    "\(one.kind.rawValue): \(context.calendar.format(one.from)) to \(context.calendar.format(one.to)), "
                        + "\(one.count) readings, register \(one.register.cubicMetres)")
            }
            for stored in found.edits {
                print(
                    "\(stored.edit.action.rawValue) \(context.calendar.format(stored.edit.at)): \(stored.edit.reason)")
            }
        }
    }

    struct Accept: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Believe a reading, however fast the rise to it was; the rise counts.",
            discussion: """
                In another unit than before, its whole run is believed, and the step between the two counts nothing.
                """)
        @OptionGroup var decision: Decision
        func run() async throws { try await decision.make(.accept) }
    }

    struct Reject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Leave a reading out.")
        @OptionGroup var decision: Decision
        func run() async throws { try await decision.make(.reject) }
    }

    struct Enter: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a register that staff read at the meter.",
            discussion: """
                Refused where what the meter showed before or after contradicts it; --force adds it all the same.
                """)
        @OptionGroup var decision: Decision
        @Flag(help: "Whatever the meter showed before and after.") var force = false
        func run() async throws { try await decision.make(.enter, isForced: force) }
    }

    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take back what was decided on a reading.")
        @OptionGroup var decision: Decision
        func run() async throws { try await decision.make(.withdraw) }
    }

    struct Decision: ParsableArguments {
        @OptionGroup var options: GlobalOptions
        @Argument(help: "The meter's serial.") var meter: String
        @Option(help: "The reading's time with its offset, as 2026-10-31T08:00:00+08:00.") var at: String
        @Option(help: "The register in cubic metres, as 123.456.") var register: String
        @Option(help: "Why, 1 to 200 characters.") var reason: String
        @Option(help: "The name of the member of staff who decides.") var staff: String
        @Option(help: "An id of your own; a repeat under it changes nothing.") var id: String?

        func make(_ action: EditAction, isForced: Bool = false) async throws {
            guard let address = MeterAddress(.serial, meter) else { throw CommandFailure("this is no serial") }
            guard let at = Instant(rfc3339: at) else {
                throw CommandFailure("--at must be like 2026-10-31T08:00:00+08:00")
            }
            guard let register = Volume(cubicMetres: register) else {
                throw CommandFailure("--register must be cubic metres with at most six decimals")
            }
            let context = try await CommandContext.open(options)
            guard let member = try await context.database.read({ [staff] in try $0.staff(name: staff) }),
                member.disabledAt == nil
            else { throw CommandFailure("no member of staff is named \(staff)") }
            var random = SystemRandomNumberGenerator()
            let id = id ?? "cli-\(UInt64.random(in: .min ... .max, using: &random))"
            let edit = EditReading(database: context.database, calendar: context.calendar, rules: .standard)
            let request = EditRequest(
                id: id, meter: address, at: at, register: register, action: action, reason: reason)
            let done = try await edit(request, isForced: isForced, by: member, at: .now)
            if done == .failure(.registerContradicts) {
                let found = try await context.database.read { try edit.contradiction(to: request, by: member, $0) }
                let why = found?.text(time: context.calendar.format) ?? "the meter's other readings contradict it"
                throw CommandFailure("register: \(why): put it right, or add it as it is with --force")
            }
            let outcome = try accepted(done)
            note(
                outcome.isRepeat
                    ? "decided before" : "\(action.rawValue) noted; \(outcome.markedHomes) homes to correct")
        }
    }
}
