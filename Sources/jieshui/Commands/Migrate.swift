import ArgumentParser
import Database
import Storage
import Water

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the database to this program's schema.", discussion: "Forward only; make a backup first.")

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let settings = try await Settings.load(options)
        let database = try CommandContext.openExisting(settings.database)
        try await database.migrate(migrations, at: Instant.now.epochSeconds)
        note("\(settings.database) is at migration \(try await database.read { try $0.schemaNumber() })")
    }
}
