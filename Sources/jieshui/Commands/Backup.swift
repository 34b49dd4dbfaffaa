import ArgumentParser
import Database

struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy the database to a new file while it is in use.")

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The file to make; one that exists is refused.", completion: .file())
    var file: String

    func run() async throws {
        let context = try await CommandContext.open(options)
        try await context.database.backup(to: file)
        note("copied to \(file)")
    }
}
