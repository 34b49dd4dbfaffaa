import ArgumentParser
import Database
import Logging
import Operations
import Storage
import Water

struct Pack: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Pack the readings of closed months into a fraction of their bytes.",
        discussion: """
            Nothing that is read changes by it; late readings are taken as ever and packed by a later run. `serve` does \
            it by itself, `pack.after.days` after the statements were issued (45; 0 never). SQLite uses freed pages \
            again, the file does not shrink.
            """)

    @OptionGroup var options: GlobalOptions
    @Argument(help: "Only this month, YYYY-MM.") var month: String?
    @Option(help: "Days since the statements were issued.") var afterDays = 7
    @Flag(help: "Every issued month, whenever it was.") var now = false

    func run() async throws {
        let only = try month.map { text in
            guard let month = BillingMonth(text) else { throw CommandFailure("the month must be YYYY-MM, 01 to 12") }
            return month
        }
        let range = PackReadings.waitDays
        guard range.contains(afterDays) else {
            throw CommandFailure(
                "--after-days must be \(range.lowerBound) to \(range.upperBound), not \(afterDays)")
        }
        let context = try await CommandContext.open(options)
        let count = try await PackReadings(database: context.database)(
            afterDays: now ? 0 : afterDays, month: only, limit: .max, at: .now
        ) { packed in
            note("\(packed.month): community \(packed.community), \(packed.count.meters) meters")
        }
        let perReading = count.readings == 0 ? 0 : count.bytesAfter * 100 / count.readings
        print(
            """
            \(count.daySets) day sets of \(count.meters) meters packed, \(count.readings) readings: \
            \(count.bytesBefore) bytes became \(count.bytesAfter), \(perReading / 100).\(padded(perReading % 100, 2)) a reading
            """)
    }
}

struct Prune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove readings, alarms and delivered events older than the policy keeps.",
        discussion: """
            Statements, their digests, points and what staff decided stay. A correction that would need what is gone is \
            refused by name. Fewer than 36 months need a reason.

            Nothing is removed while a month up to the first one kept has no statements yet of a community whose homes \
            were lived in then and that has readings, also where a close left it out by --exclude: close the month, or \
            keep more. \
            Statements begin with the first month that the city closed; readings of before it can go once it is closed.
            """)

    @OptionGroup var options: GlobalOptions
    @Option(help: "Whole months before the running one that are kept.") var keepMonths = PruneReadings.fewestMonths
    @Flag(help: "Only tell what would be removed.") var dryRun = false
    @Option(help: "Why fewer than 36 months are kept.") var allowShorter: String?

    func run() async throws {
        let context = try await CommandContext.open(options)
        let (first, count) = try accepted(
            await PruneReadings(database: context.database, calendar: context.calendar)(
                keepMonths: keepMonths, allowsShorter: allowShorter?.isEmpty == false, isDryRun: dryRun, at: .now))
        if let allowShorter, !dryRun {
            context.logger.notice("pruned earlier than usual", metadata: ["reason": "\(allowShorter)"])
        }
        print(
            """
            \(dryRun ? "would remove" : "removed") from before \(first): \(count.packedMonths) packed months, \
            \(count.daySets) day sets, \(count.quarantined) readings kept apart, \(count.alerts) alerts, \
            \(count.events) delivered events, \(count.notes) notes about households, \(count.partitions) partitions
            """)
    }
}
