import ArgumentParser
import Database
import Operations
import Storage
import Water

struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway", abstract: "Senders of readings and their keys.",
        subcommands: [Add.self, List.self, Rotate.self, Revoke.self, GatewayPushCommand.self, GatewayTableCommand.self])
}

extension GatewayCommand {
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a gateway in; prints its bearer key, which is kept only as a hash.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "Its name.")
        var name: String

        @Option(help: "The area whose meters it may send for.")
        var area: String

        func run() async throws {
            let context = try await CommandContext.open(options)
            let key = freshKey()
            _ = try accepted(await AddGateway(database: context.database)(name, area: area, key: key, at: .now))
            note("the key of \(name), shown once:")
            print(key.text)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Name, area, state, when last heard and how far its clock runs ahead, tab-separated.")

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let context = try await CommandContext.open(options)
            let (gateways, tree) = try await context.database.read { (try $0.gateways(), try $0.areaTree()) }
            for gateway in gateways {
                let fields = [
                    gateway.name, tree[gateway.area]?.code ?? "", gateway.revokedAt == nil ? "active" : "revoked",
                    gateway.lastSeenAt.map { context.calendar.format($0) } ?? "never",
                    gateway.clockOffsetSeconds.map { "\($0) s" } ?? "-",
                ]
                print(fields.joined(separator: "\t"))
            }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a gateway another key; the one before stops working at once.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "Its name.")
        var name: String

        func run() async throws {
            let context = try await CommandContext.open(options)
            let key = freshKey()
            _ = try accepted(await RotateGatewayKey(database: context.database)(name, key: key))
            note("the new key of \(name), shown once:")
            print(key.text)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a gateway's access for good; what it sent stays.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "Its name.")
        var name: String

        func run() async throws {
            let context = try await CommandContext.open(options)
            _ = try accepted(await RevokeGateway(database: context.database)(name, at: .now))
            note("\(name) is revoked")
        }
    }
}

private func freshKey() -> Secret {
    var random = SystemRandomNumberGenerator()
    return .gatewayKey(using: &random)
}
