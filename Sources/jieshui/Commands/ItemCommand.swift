import ArgumentParser
import Database
import Ledger
import Operations
import Storage
import Water

struct ItemCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "item", abstract: "What a community hands out for points.", subcommands: [Add.self, List.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add an item with its stock to a community.")

        @OptionGroup var options: GlobalOptions
        @Argument(help: "Its Chinese name.") var name: String
        @Option(help: "Its English name.") var english: String
        @Option(help: "The community's code.") var area: String
        @Option(help: "Points, 1 or more.") var points: Int64
        @Option(help: "Pieces in stock.") var stock: Int64

        func run() async throws {
            let context = try await CommandContext.open(options)
            let item = try accepted(
                await AddItem(database: context.database)(
                    nameZh: name, nameEn: english, points: Points(points), stock: stock, to: area, at: .now))
            print("item \(item) in \(area)")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "A community's items and their stock.")

        @OptionGroup var options: GlobalOptions
        @Option(help: "The community's code.") var area: String

        func run() async throws {
            let context = try await CommandContext.open(options)
            let code = area
            let rows = try await context.database.read { reader in
                guard let found = try reader.area(code: code) else {
                    throw CommandFailure("no area has the code \(code)")
                }
                return try reader.items(of: found.id)
            }
            for row in rows {
                print(
                    """
                    \(row.id)\t\(row.nameZh)\t\(row.nameEn)\t\(row.points.count) points\t\(row.stock.free) free\t\
                    \(row.stock.reserved) held\t\(row.stock.taken) taken
                    """)
            }
        }
    }
}
