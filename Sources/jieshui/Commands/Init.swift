import ArgumentParser
import Database
import Operations
import Storage
import Water

struct Init: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a database and name its city.",
        discussion: """
            Repeating it changes nothing. Another time zone is refused, because days are cut by it, and so is another \
            name: jieshui import areas renames a city, by a line CODE,city,NAME, of its file.
            """)

    @OptionGroup var options: GlobalOptions

    @Option(help: "The city's name, as 太原市.")
    var city: String

    @Option(help: "The zone that cuts its days.")
    var zone = "Asia/Shanghai"

    @Option(help: "The city's area code, as 140100.")
    var code: String

    func run() async throws {
        guard let calendar = CityCalendar(zone: zone) else {
            throw CommandFailure("no time zone is called \(zone)")
        }
        let settings = try await Settings.load(options)
        let database = try settings.openDatabase()
        try await CommandContext.refuseOtherPrograms(database)
        try await database.migrate(migrations, at: Instant.now.epochSeconds)
        try await CommandContext.refuseUnfinishedCopy(database)
        let entry = try AreaEntry(code: code, kind: .city, name: city, parent: nil)
        _ = try accepted(await SetUpCity(database: database)(entry, calendar: calendar))
        note("\(Database.withoutSecrets(settings.database)) serves \(city) (\(code)), \(zone)")
    }
}
