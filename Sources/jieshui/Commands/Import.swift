public import ArgumentParser
import Foundation
public import Operations
import Tariffs
import Water

extension ImportKind: ExpressibleByArgument {}

struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring areas, households or meters in from a CSV file.",
        discussion: """
            The header line names the columns:
              areas       code,kind,name,parent
              households  number,area,persons,persons_from,usage_point,share,moved_in,moved_out,
                          tariff,tariff_from
              meters      serial,usage_point,installed_at,removed_at,start_m3,final_m3,resolution_l,q3_m3h,
                          modulus_m3,cjt188,wmbus,wmbus_driver
            Repeating a file changes nothing; an empty field says nothing and erases nothing. A line that cannot go
            in is told on standard error as FILE:LINE: FIELD: REASON and the rest goes in; then the exit code is 1. So
            is a line that says otherwise than one before it of the same area, household or installation of a meter.
            A household's tariff is the id of a file in the tariffs folder, from a month (YYYY-MM, else that of the \
            move-in) on; city is the city's own again.
            Several usage points of one home stand in one field with | between them, their shares likewise.
            """)

    @OptionGroup var options: GlobalOptions
    @OptionGroup var tariffFiles: TariffOptions

    @Argument(help: "areas, households or meters.")
    var kind: ImportKind

    @Argument(help: "The CSV file (UTF-8); - is standard input.", completion: .file(extensions: ["csv"]))
    var file: String

    @Flag(help: "Say what would happen and change nothing.")
    var dryRun = false

    private static let chunk = 64 * 1_024

    func run() async throws {
        let context = try await CommandContext.open(options)
        let handle = try openInput(file)
        let bar = ProgressBar(total: size())
        var importing = ImportRegistry(
            kind, into: context.database, calendar: context.calendar,
            shelf: kind == .households ? try tariffFiles.loadIfThere() : .empty, isDryRun: dryRun)
        var taken = 0
        do {
            while let data = try handle.read(upToCount: Self.chunk), !data.isEmpty {
                taken += data.count
                report(try await importing.take([UInt8](data), at: .now), under: bar)
                bar.show(done: taken, lines: importing.totals.lines)
            }
            report(try await importing.finish(at: .now), under: bar)
        } catch let refusal as ImportRefusal {
            bar.clear()
            throw CommandFailure(refusal.description)
        }
        bar.clear()
        let totals = importing.totals
        print(
            """
            added \(totals.added), unchanged \(totals.unchanged), changed \(totals.changed), \
            rejected \(totals.rejected)\(dryRun ? " (dry run: nothing was written)" : "")
            """)
        if totals.rejected > 0 { throw ExitCode(1) }
    }

    /// nil where it cannot be known.
    private func size() -> Int? {
        guard file != "-" else { return nil }
        do {
            return try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
        } catch {
            // Only the bar needs it.
            return nil
        }
    }

    private func report(_ problems: [LineProblem], under bar: ProgressBar) {
        if !problems.isEmpty { bar.clear() }
        for problem in problems {
            let field = problem.field.isEmpty ? "" : "\(problem.field): "
            note("\(file):\(problem.line): \(field)\(problem.reason)")
        }
    }
}
