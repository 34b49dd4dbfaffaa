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
            keep more. Statements begin with the first month that the city closed; readings of before it can go once it \
            is closed.

            Where others keep a community, or on PostgreSQL a month's part, busy, it is left and told, and the exit code \
            is 75: the rest is removed; run it again.
            """)

    @OptionGroup var options: GlobalOptions
    @Option(help: "Whole months before the running one that are kept.") var keepMonths = PruneReadings.fewestMonths
    @Flag(help: "Only tell what would be removed.") var dryRun = false
    @Option(help: "Why fewer than 36 months are kept.") var allowShorter: String?

    func run() async throws {
        let context = try await CommandContext.open(options)
        let summary = try accepted(
            await PruneReadings(database: context.database, calendar: context.calendar)(
                keepMonths: keepMonths, allowsShorter: allowShorter?.isEmpty == false, isDryRun: dryRun, at: .now))
        let count = summary.count
        if let allowShorter, !dryRun {
            context.logger.notice("pruned earlier than usual", metadata: ["reason": "\(allowShorter)"])
        }
        print(
            """
            \(dryRun ? "would remove" : "removed") from before \(summary.first): \(count.packedMonths) packed months, \
            \(count.daySets) day sets, \(count.quarantined) readings kept apart, \(count.alerts) alerts, \
            \(count.events) delivered events, \(count.notes) notes about households, \(count.partitions) partitions
            """)
        if summary.isAnyWaiting {
            note(try await context.database.read { try summary.rest($0) })
            throw ExitCode.tryAgain
        }
    }
}

extension PruneSummary {
    /// What others kept busy, and what can be done.
    fileprivate func rest(_ reader: Reader) throws -> String {
        var left: [String] = []
        if !waitingCommunities.isEmpty {
            let codes = try waitingCommunities.map { community in
                if community == .unregistered { return "unregistered meters" }
                return try reader.area(community)?.code ?? "community \(community)"
            }
            left.append("the readings of " + codes.joined(separator: ", "))
        }
        if waitingPartitions > 0 {
            left.append(waitingPartitions == 1 ? "1 empty partition" : "\(waitingPartitions) empty partitions")
        }
        return "others were at work there, left for later: \(left.joined(separator: "; ")); run jieshui prune again"
    }
}
