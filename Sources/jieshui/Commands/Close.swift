import ArgumentParser
import Database
import Foundation
import Operations
import Storage
import Water

struct Close: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Close a month: measure every home, then issue statements, points and events.",
        discussion: """
            Safe to repeat and to interrupt: what is done is not done again. Several processes may close a month at \
            once: they share its communities, and each ends when the month is closed.

            Homes of any month that are due are corrected besides. What another process has in hand of these is left to \
            it and told; it does not change the exit code. Where a home waits for its month's tariff or rule file, the \
            files are told and the exit code is 75: the month is closed; put the files back, then run jieshui correct.

            A month with readings that join no figures, of meters that nobody registered or kept apart, is refused; \
            --despite-held closes it without them.
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var files: TariffOptions

    @Argument(help: "The month, YYYY-MM.") var month: String
    @Flag(help: "Close before the 72 hours after the month's end.") var early = false
    @Option(help: "Freeze the city's figures without this community; needs --reason.") var exclude: [String] = []
    @Option(help: "Why communities are excluded; needs --exclude.") var reason: String?
    @Flag(help: "Close without readings of unregistered meters and those kept apart.") var despiteHeld = false

    func validate() throws {
        if exclude.isEmpty, reason != nil { throw CommandFailure("--reason needs --exclude: nothing is left out") }
        if !exclude.isEmpty, reason?.isEmpty ?? true { throw CommandFailure("--exclude needs --reason") }
    }

    func run() async throws {
        guard let month = BillingMonth(month) else { throw CommandFailure("the month must be YYYY-MM, 01 to 12") }
        let context = try await CommandContext.open(options)
        context.settings.tellStrangers(context.logger)
        let excluded = Dictionary(exclude.map { ($0, reason ?? "") }) { first, _ in first }
        let close = CloseMonth(
            database: context.database, calendar: context.calendar, shelf: try files.load(),
            settings: try context.settings.closing, logger: context.logger, worker: .ofThisProcess())
        let bar = ProgressBar(total: 100)
        let summary = try accepted(
            await close(month, at: .now, early: early, excluding: excluded, despiteHeld: despiteHeld) { progress in
                let half = progress.total == 0 ? 50 : progress.done * 50 / progress.total
                let text = "\(progress.pass.rawValue) \(progress.done) of \(progress.total) communities"
                bar.show(done: progress.pass == .measure ? half : 50 + half, text)
            })
        bar.clear()
        if summary.wasComplete {
            note("\(month) was closed before: none of its statements was issued for the first time")
        }
        print(summary.line(of: month))
        if summary.corrections != CorrectionSummary() { print(summary.corrections.line) }
        if summary.corrections.leftOpen > 0 { try await HomesLeft.tell(context) }
        try await warnOfHeld(month, context)
        try await warnOfLeftOut(context)
        if let wanted = summary.corrections.wantedFiles {
            note(wanted)
            throw ExitCode.tryAgain
        }
    }

    /// A community whose first homes were registered after a month was closed has no statements of it until the month is
    /// closed again: what `close` of a later month does not do by itself.
    private func warnOfLeftOut(_ context: CommandContext) async throws {
        let calendar = context.calendar
        let found = try await context.database.read { reader -> [(month: BillingMonth, codes: [String])] in
            let months = try reader.frozenMonths(limit: Self.monthsLookedAt)
            guard let first = months.last, let last = months.first else { return [] }
            // One passage over the homes; only where a community lacks a month is that month asked about.
            let all = try reader.communitiesWithHomes(
                (calendar.interval(of: first).start, calendar.interval(of: last).end))
            return try months.compactMap { month in
                let issued = Set(try reader.communityMonths(month).filter { $0.issuedAt != nil }.map(\.community))
                guard all.contains(where: { !issued.contains($0.id) }) else { return nil }
                let open = try reader.communitiesWithHomes(calendar.interval(of: month)).filter {
                    !issued.contains($0.id)
                }
                return open.isEmpty ? nil : (month, open.map(\.code))
            }
        }
        for (month, codes) in found.reversed() {
            let shown = codes.prefix(10).joined(separator: ", ") + (codes.count > 10 ? ", …" : "")
            note("\(month): no statements yet of \(shown), which had homes then: run jieshui close \(month)")
        }
    }

    private static let monthsLookedAt = 36

    /// Strangers' meters must not hold up a city; that they are left out must not go unsaid.
    private func warnOfHeld(_ month: BillingMonth, _ context: CommandContext) async throws {
        let span = context.calendar.interval(of: month)
        let held = try await context.database.read { try $0.held(of: month, span) }
        if let words = held.leftOut { note(words) }
    }
}

extension HeldOfMonth {
    /// What took no part in the month and what can be done; nil where all did.
    var leftOut: String? {
        if words.isEmpty { return nil }
        var advice: [String] = []
        if meters > 0 {
            advice.append(
                """
                register \(meters == 1 ? "it" : "them") with jieshui import meters, and the next close corrects the \
                months \(meters == 1 ? "it belongs" : "they belong") to; a home registered after a close has its \
                statement of the month with the next one
                """)
        }
        if keptApart > 0 {
            advice.append("look at the clocks and areas of the gateways that sent \(keptApart == 1 ? "it" : "them")")
        }
        return "\(words) took no part (see 未登记水表 /staff/held): \(advice.joined(separator: "; "))"
    }
}

extension CloseSummary {
    /// One line for a terminal: the whole month, and what this process did of it where others did the rest.
    func line(of month: BillingMonth) -> String {
        let rest = communities - excluded.count - issuedCommunities
        let others = rest == 1 ? "1 community was" : "\(rest) communities were"
        let shared = wasComplete || rest <= 0 ? "" : "; \(others) issued before, or by other processes"
        let without = excluded.isEmpty ? "" : ", without \(excluded.joined(separator: ", "))"
        return
            "\(month) is closed: \(communities) communities, \(measuredHomes) homes measured, \(statements) statements, "
            + "\(transfers) transfers\(without)\(shared)"
    }
}

extension Settings {
    /// Which tariff and rule files serve the city: `close.tariff` and `close.rules`; `close.lanes`: communities closed
    /// at once, where not set one more than there are processors: one of them mostly waits for the disk.
    var closing: CloseMonth.Settings {
        get throws {
            var closing = CloseMonth.Settings(
                tariffID: text(.closeTariff) ?? "taiyuan", rulesID: text(.closeRules) ?? "rules")
            closing.lanes = try number(
                .closeLanes, in: 1...256, default: ProcessInfo.processInfo.activeProcessorCount + 1)
            return closing
        }
    }
}
