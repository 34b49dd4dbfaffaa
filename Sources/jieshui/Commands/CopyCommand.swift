import ArgumentParser
import Database
import Foundation
import Operations
import Storage
import Water

struct CopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy",
        abstract: "Copy a city's database into another one, as from SQLite to PostgreSQL.",
        discussion: """
            Stop the service of the source first: what is written to it meanwhile does not go along, and the \
            comparison at the end tells so. The source is only read. The target must be empty; its tables are made. \
            On a server make the database first, as by: createdb --encoding=UTF8 --template=template0 city.

            A copy that was broken off, by Ctrl-C or a lost connection, goes on where it stopped when the same command \
            is given once more. At the end the rows of every table and community are counted and digested (SHA-256) \
            on both sides. Where they differ, the tables and communities are named, the exit code is 1, and the next \
            run copies those tables again; the exit code is 1 too where the source was written to while it was compared. \
            Only an equal copy can be served: until then the target has no city. Given once more after that, the \
            command only compares the two again: nothing is written, and where either has changed since the exit code \
            is 1.

            Everything goes along: also keys' hashes, sign-ins and the secrets of targets. None of it is printed.
            """)

    @Option(help: "The database to read, as sqlite:PATH or postgres://….") var from: String
    @Option(help: "The empty database to fill, as sqlite:PATH or postgres://….") var to: String
    @Flag(help: "Empty a target whose copy was never completed, and begin anew.") var again = false

    func run() async throws {
        let source = try openSource()
        let target = try await openTarget()
        let bar = ProgressBar(total: 100)
        let copy = CopyDatabase(from: source, to: target)
        let result = try await copy(again: again, at: .now) { progress in
            let half = progress.total == 0 ? 50 : Int(min(progress.total, progress.done) * 50 / progress.total)
            let text = "\(progress.pass.rawValue) \(progress.table), \(progress.done) of \(progress.total) rows"
            bar.show(done: progress.pass == .copy ? half : 50 + half, text)
        }
        bar.clear()
        try report(try accepted(result))
    }

    /// Opens the source; a file that does not exist is refused, not made.
    private func openSource() throws -> Database {
        if let path = try CommandContext.filePath(of: from) {
            guard FileManager.default.fileExists(atPath: path) else {
                throw CommandFailure("there is no database at \(path)")
            }
            try refuseFolder(path)
        }
        return try Database(address: from)
    }

    /// Opens the target, and makes the tables of an empty one; the rest of them where that was broken off.
    private func openTarget() async throws -> Database {
        if let path = try CommandContext.filePath(of: to) { try refuseFolder(path) }
        let target = try Database(address: to)
        try await CommandContext.refuseOtherPrograms(target)
        if try await isEmpty(target) { try await target.migrate(migrations, at: Instant.now.epochSeconds) }
        return target
    }

    /// Not all of its tables are there, and no area is in them: nothing can stand in a database without one.
    private func isEmpty(_ database: Database) async throws -> Bool {
        let newest = migrations.map(\.number).max() ?? 0
        do {
            return try await database.read { reader in
                let found = try reader.schemaNumber()
                if found == 0 { return true }
                return try found < newest && reader.cityArea() == nil
            }
        } catch DatabaseFailure.other {
            return true
        }
    }

    private func report(_ summary: CopySummary) throws {
        for difference in summary.differences { note(difference.description) }
        if let fault = summary.fault { throw CommandFailure(fault) }
        if summary.wasComplete {
            return print("this copy was completed at \(summary.completedAt.utc); source and copy are still equal")
        }
        print(
            """
            copied \(summary.tables) tables, \(summary.rows) rows of \(summary.communities) communities: \
            counts and digests are equal
            """)
    }
}
