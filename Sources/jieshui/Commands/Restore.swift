import ArgumentParser
import Database
import Foundation
import Storage

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put a backup in the place of a database that is gone; SQLite only.",
        discussion: """
            Stop the service and move the database away first, with its -wal and -shm: what they hold belongs to the old file \
            alone. PostgreSQL's own tools restore what they saved.
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A file that `jieshui backup` made.", completion: .file())
    var file: String

    func run() async throws {
        let settings = try await Settings.load(options)
        guard let path = try CommandContext.filePath(of: settings.database) else {
            throw CommandFailure("only a database of SQLite is restored here; for PostgreSQL use pg_restore")
        }
        let files = FileManager.default
        guard files.fileExists(atPath: file) else { throw CommandFailure("there is no file \(file)") }
        try refuseFolder(file)
        let inTheWay = ["", "-wal", "-shm", "-journal"].map { path + $0 }.filter { files.fileExists(atPath: $0) }
        guard inTheWay.isEmpty else {
            throw CommandFailure(
                "\(inTheWay.joined(separator: ", ")) would be overwritten: stop the service and move it away first")
        }
        let unfinished = "\(path).unfinished-\(ProcessInfo.processInfo.processIdentifier)"
        do {
            try files.copyItem(atPath: file, toPath: unfinished)
            // A backup may be kept read-only; the database is written.
            try files.setAttributes([.posixPermissions: 0o640], ofItemAtPath: unfinished)
            try files.moveItem(atPath: unfinished, toPath: path)
        } catch {
            unlink(unfinished)
            throw CommandFailure("\(file) cannot be copied to \(path): \(error.localizedDescription)")
        }
        do {
            try await check(settings)
        } catch {
            for ending in ["", "-wal", "-shm"] { unlink(path + ending) }
            throw error
        }
        note("restored \(path) from \(file)")
    }

    /// Refuses what is damaged or no database of ours.
    private func check(_ settings: Settings) async throws {
        let (found, damage): (Int64, String?)
        do {
            (found, damage) = try await settings.openDatabase().read { reader in
                (try reader.schemaNumber(), try reader.damage())
            }
        } catch {
            throw CommandFailure("\(file) is damaged, or no database of jieshui: nothing was restored")
        }
        if let damage { throw CommandFailure("\(file) is damaged: \(damage)") }
        let known = migrations.map(\.number).max() ?? 0
        if found > known { throw DatabaseFailure.schemaTooNew(found: found, known: known) }
        if found < known {
            note("the backup is at migration \(found) of \(known): serve, or jieshui migrate, brings it up")
        }
    }
}
