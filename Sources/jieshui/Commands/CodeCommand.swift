import ArgumentParser
import Operations
import Water

struct CodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "code", abstract: "One-time codes that homes sign in with.", subcommands: [Make.self])
}

extension CodeCommand {
    struct Make: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a household's code: good for 7 days, once; the one before stops working.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The household's number.")
        var household: String

        @Flag(help: "Sign out every phone and computer that is signed in for the household, as after a loss.")
        var endSessions = false

        func run() async throws {
            let context = try await CommandContext.open(options)
            var random = SystemRandomNumberGenerator()
            let code = Secret.handCode(using: &random)
            let end = try accepted(
                await MakeSignInCode(database: context.database)(
                    household, code: code, endsSessions: endSessions, at: .now))
            note("the code of \(household), shown once, until \(context.calendar.format(end)):")
            print(HandCode.printed(code))
        }
    }
}
