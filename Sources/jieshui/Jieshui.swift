import ArgumentParser
import Database
import Foundation
import Storage

#if os(Linux)
    import CMalloc
#endif

/// The one command. Each subcommand is a file under Commands and begins with `CommandContext.open`.
@main
struct Jieshui: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jieshui",
        abstract: "Water-saving points and household metering for a city.",
        discussion: """
            Settings come from flags, then environment variables (JIESHUI_DATABASE, JIESHUI_LOG_LEVEL, …), then the \
            JSON file named by --config or JIESHUI_CONFIG.
            """,
        // What a database must be at is what tells two builds apart.
        version: "jieshui, unreleased; databases at migration \(migrations.map(\.number).max() ?? 0)",
        subcommands: [
            Serve.self, Init.self, Migrate.self, Backup.self, Restore.self, CopyCommand.self,
            Import.self, Persons.self, MoveOutHousehold.self,
            GatewayCommand.self, MeterCommand.self, TelegramCommand.self, StaffCommand.self, CodeCommand.self,
            ItemCommand.self, TargetCommand.self, DeliveriesCommand.self,
            Close.self, Correct.self, StatementCommand.self, ReadingCommand.self, Export.self,
            Pack.self, Prune.self, RulesCommand.self,
            DecodeCommand.self, TariffCommand.self, Health.self,
        ])

    static func main() async {
        keepFewArenas()
        await main(nil)
    }

    /// As many arenas of the allocator as processors, unless MALLOC_ARENA_MAX says: work that goes from thread to thread
    /// otherwise leaves its peak in eight times as many, 277 MB instead of 149 while concentrators send.
    private static func keepFewArenas() {
        #if os(Linux)
            let process = ProcessInfo.processInfo
            guard process.environment["MALLOC_ARENA_MAX"] == nil else { return }
            _ = mallopt(M_ARENA_MAX, Int32(clamping: process.activeProcessorCount))
        #endif
    }
}
