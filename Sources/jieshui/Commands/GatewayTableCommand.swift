import ArgumentParser
import Database
import Operations
import Storage
import Water

/// `jieshui gateway table`: how a gateway's own tables are read.
struct GatewayTableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "table", abstract: "Keep how a gateway's own tables are read.",
        discussion: """
            The gateway then posts its export as it is to /v1/readings/table?mapping=NAME. Try the mapping first: \
            jieshui decode csv --mapping FILE EXPORT. One of the same name is replaced.
            """)

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The gateway's name.") var gateway: String
    @Argument(help: "The mapping's name, 1 to 32 letters, digits, - and _.") var name: String
    @Option(help: "The mapping file, of kind table.", completion: .file()) var mapping: String

    func run() async throws {
        let context = try await CommandContext.open(options)
        try accepted(
            await SetGatewayTable(database: context.database)(
                try text(of: mapping), name: name, of: gateway, file: mapping, at: .now))
        note("\(gateway) may post tables to /v1/readings/table?mapping=\(name)")
    }
}
