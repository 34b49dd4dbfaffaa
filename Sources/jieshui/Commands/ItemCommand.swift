import ArgumentParser
import Database
import Ledger
import Operations
import Storage
import Water

struct ItemCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "item", abstract: "What a community hands out for points.",
        subcommands: [Add.self, Change.self, List.self])

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

    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Put in more pieces, ask other points, or offer an item no longer.")

        @OptionGroup var options: GlobalOptions
        @Argument(help: "Its number, as `item list` shows it.") var item: Int64
        @Option(help: "The community's code.") var area: String
        @Option(help: "Pieces to put in on top of those there are.") var add: Int64?
        @Option(help: "Points it costs from now on; what is held stays as it was.") var points: Int64?
        @Flag(inversion: .prefixedNo, help: "Offer it no longer, or again.") var withdrawn: Bool?

        func run() async throws {
            let context = try await CommandContext.open(options)
            let row = try accepted(
                await ChangeItem(database: context.database)(
                    ItemID(item), of: area, addingPieces: add, points: points.map { Points($0) },
                    isWithdrawn: withdrawn, at: .now))
            print(row.line)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A community's items and their stock; of a wider area those of every community below it.")

        @OptionGroup var options: GlobalOptions
        @Option(help: "The code of a community, or of a wider area.") var area: String

        func run() async throws {
            let context = try await CommandContext.open(options)
            let code = area
            for line in try await context.database.read({ try Self.lines(of: code, $0) }) { print(line) }
        }

        /// A line for each item; of a wider area each begins with its community's code.
        static func lines(of code: String, _ reader: Reader) throws -> [String] {
            guard let found = try reader.area(code: code) else { throw CommandFailure("no area has the code \(code)") }
            if found.kind == .community { return try reader.items(of: found.id).map(\.line) }
            let tree = try reader.areaTree()
            if let community = tree.community(of: found.id).flatMap({ tree[$0] }) {
                throw CommandFailure(
                    "\(code) lies in the community \(community.code), which has the items: list those of --area "
                        + community.code)
            }
            return try tree.communities(under: found.id).flatMap { community in
                try reader.items(of: community.id).map { "\(community.code)\t\($0.line)" }
            }
        }
    }
}

extension ItemRow {
    fileprivate var line: String {
        """
        \(id)\t\(nameZh)\t\(nameEn)\t\(points.count) points\t\(stock.free) free\t\(stock.reserved) held\t\
        \(stock.taken) taken\(isWithdrawn ? "\twithdrawn" : "")
        """
    }
}
