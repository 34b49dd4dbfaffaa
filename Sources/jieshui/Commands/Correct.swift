import ArgumentParser
import Database
import Metering
import Operations
import Storage
import Water

struct Correct: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Issue new versions of statements whose readings, persons or installations changed since.",
        discussion: """
            What is not folded yet is folded first. The cohort's figures stay those frozen with the month; points are \
            added or taken back by linked transfers. `close` does the same besides.

            Communities that other processes hold are left to them and told on standard error, with their homes and \
            who holds them; then the exit code is 75: \(HomesLeft.advice).

            Statements are corrected by the tariff and rule files that their month was closed with. Where one is no \
            longer there as it was they wait, and the exit code is 1, also where others hold communities: put the \
            files that are named back into the folder of --tariffs, then run jieshui correct.
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var files: TariffOptions
    @Option(help: "Only this community, by its code.") var community: String?

    func run() async throws {
        let context = try await CommandContext.open(options)
        context.settings.tellStrangers(context.logger)
        let code = community
        let only = try await context.database.read { reader -> CommunityID? in
            guard let code else { return nil }
            guard let area = try reader.area(code: code), area.kind == .community else {
                throw CommandFailure("no community has the code \(code)")
            }
            return area.id
        }
        let worker = Worker.ofThisProcess()
        let left = try await fold(context, worker)
        if let left, let only, left.communities.contains(only) { throw CommandFailure("\(left)") }
        let close = CloseMonth(
            database: context.database, calendar: context.calendar, shelf: try files.load(),
            settings: try context.settings.closing, logger: context.logger, worker: worker)
        let summary = try await close.corrections(only: only, besides: left?.communities ?? [], at: .now)
        print(summary.line)
        if summary.leftOpen > 0 { try await HomesLeft.tell(context, only: only) }
        // Neither files nor damaged readings come back by themselves, so they are told before what does; what cannot be
        // folded of others is no concern of one community.
        let unfolded = only == nil ? left.map { "\($0); nothing of them was corrected" } : nil
        let lasting = [summary.wantedFiles, unfolded].compactMap(\.self)
        if !lasting.isEmpty { throw CommandFailure(lasting.joined(separator: "\n")) }
        if summary.leftOpen > 0 { throw ExitCode.tryAgain }
    }

    /// Folds what is there; what could not be folded.
    private func fold(_ context: CommandContext, _ worker: Worker) async throws -> NotFolded? {
        do {
            try await FoldReadings(
                database: context.database, calendar: context.calendar, rules: .standard, logger: context.logger,
                worker: worker
            ).whatIsThere(at: .now)
            return nil
        } catch let left as NotFolded {
            return left
        }
    }
}

extension ExitCode {
    /// What was asked is done, but something is left for a later run, which is told. EX_TEMPFAIL of sysexits.h.
    static let tryAgain = ExitCode(75)
}

/// Homes of a community that wait to be corrected while another process has it in hand.
struct HomesLeft: Sendable, Hashable {
    /// The community's code.
    let community: String
    let homes: Int
    let holder: LeaseOwner
    /// Then the holder is given up, unless it shows itself before.
    let until: Instant

    /// Tells on standard error what is left, or that nobody has it in hand any more.
    static func tell(_ context: CommandContext, only: CommunityID? = nil) async throws {
        let left = try await context.database.read { try found(in: $0, only: only, at: .now) }
        for one in left { note(one.text(context.calendar)) }
        note(left.isEmpty ? "nobody holds any of them now: run jieshui correct" : advice)
    }

    /// What to do about communities that others hold, in the same words wherever it is told.
    static let advice = "run jieshui correct when they have ended or are given up"

    /// By community. Empty where those that had some in hand have ended since.
    static func found(in reader: Reader, only: CommunityID?, at: Instant) throws -> [HomesLeft] {
        try reader.communitiesToCorrect().filter { only == nil || only == $0 }.compactMap { community in
            guard let held = try reader.lease(.close, of: community), held.until > at else { return nil }
            let homes = Set(try reader.dirtyHomes(of: community).map(\.household)).count
            return HomesLeft(
                community: try reader.area(community)?.code ?? "\(community)", homes: homes, holder: held.lease.owner,
                until: held.until)
        }
    }

    func text(_ calendar: CityCalendar) -> String {
        "\(community): held by \(holder), given up at \(calendar.format(until)) unless it shows itself again; "
            + "homes that wait: \(homes)"
    }
}

private func counted(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }

private let mostShown = 20

/// Household numbers in order, not without end.
private func shown(_ numbers: Set<String>) -> String {
    let more = numbers.count > mostShown ? " and \(numbers.count - mostShown) more" : ""
    return numbers.sorted().prefix(mostShown).joined(separator: ", ") + more
}

extension CorrectionSummary {
    /// One line for a terminal.
    var line: String {
        var line = "\(statements) statements corrected, \(unchanged) marks without a change, \(transfers) transfers"
        if withoutFiles > 0 {
            line += "; waiting for their month's tariff and rule files: \(counted(withoutFiles, "statement"))"
        }
        if withoutReadings > 0 {
            let homes = counted(householdsWithoutReadings.count, "household")
            let months = counted(withoutReadings, "month")
            line += "; left as they are, for their readings were pruned: \(months) of \(homes) "
            line += "(\(shown(householdsWithoutReadings)))"
        }
        if leftOpen > 0 {
            line += "; left to others: \(leftOpen) \(leftOpen == 1 ? "community" : "communities"), "
            line += HomesLeft.advice
        }
        return line
    }

    /// What waits for files, which these are and what to do, a line each; nil where nothing waits for any.
    var wantedFiles: String? {
        if withoutFiles == 0 { return nil }
        let rest = "put the files back as they were into the folder of --tariffs, then run jieshui correct"
        let lines = ["not corrected for want of files: \(counted(withoutFiles, "statement"))"] + missingFiles.sorted()
        return (lines + [rest]).joined(separator: "\n")
    }
}
