import ArgumentParser
import Database
import Storage
import Water

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the database to this program's schema.", discussion: "Forward only; make a backup first.")

    @OptionGroup var options: GlobalOptions

    @Flag(help: "Spread the tables over the nodes of a Citus cluster; nothing happens on a database that is none.")
    var citus = false

    func run() async throws {
        let settings = try await Settings.load(options)
        let database = try CommandContext.openExisting(settings)
        try await database.migrate(migrations, at: Instant.now.epochSeconds)
        let number = try await database.read { try $0.schemaNumber() }
        note("\(Database.withoutSecrets(settings.database)) is at migration \(number)")
        if let city = try await database.read({ try $0.city() }) {
            let month = city.calendar.month(of: .now)
            let made = try await database.prepareReadings(from: month, to: month.advanced(by: 2))
            if made > 0 { note("\(made) months of readings have a partition of their own now") }
        }
        guard citus else { return }
        if let count = try await database.distribute(citusPlan) {
            note(count == 0 ? "every table was spread before" : "\(count) tables are spread over the cluster now")
        } else {
            note("this is no Citus cluster: nothing to spread")
        }
    }
}
