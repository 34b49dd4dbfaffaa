public import ArgumentParser
import Database
import Foundation
import Operations
public import Storage
import Water

extension StaffRole: ExpressibleByArgument {}

struct StaffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "staff", abstract: "Members of staff and their passwords.",
        subcommands: [Add.self, List.self, Password.self, Disable.self])
}

/// Where a password comes from.
struct PasswordOptions: ParsableArguments {
    @Flag(help: "Make a password and print it; otherwise it is asked for, or read as a line of standard input.")
    var generate = false

    /// The password, printed on standard output where it was made here.
    func password() throws -> Secret {
        if generate {
            var random = SystemRandomNumberGenerator()
            return .password(using: &random)
        }
        guard isatty(FileHandle.standardInput.fileDescriptor) == 1 else {
            guard let line = readLine() else { throw CommandFailure("standard input holds no password") }
            return Secret(line)
        }
        let first = try ask("Password: ")
        guard try ask("Again: ") == first else { throw CommandFailure("the two are not the same") }
        return first
    }

    private func ask(_ prompt: String) throws -> Secret {
        guard let typed = getpass(prompt) else { throw CommandFailure("no password was given") }
        return Secret(String(cString: typed))
    }

    func show(_ password: Secret, of name: String) {
        guard generate else { return }
        note("the password of \(name), shown once:")
        print(password.text)
    }
}

extension StaffCommand {
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add a member of staff for one area.")

        @OptionGroup var options: GlobalOptions
        @OptionGroup var source: PasswordOptions

        @Argument(help: "The name to sign in with.")
        var name: String

        @Option(help: "The area that the member sees and changes.")
        var area: String

        @Option(help: "administrator or clerk.")
        var role: StaffRole

        func run() async throws {
            let context = try await CommandContext.open(options)
            let password = try source.password()
            _ = try accepted(
                await AddStaff(database: context.database)(
                    name, area: area, role: role, password: password, salt: freshSalt(), at: .now))
            note("added \(name), \(role.rawValue) of \(area)")
            source.show(password, of: name)
        }
    }

    struct Password: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a member of staff another password; ends a lock and every session.")

        @OptionGroup var options: GlobalOptions
        @OptionGroup var source: PasswordOptions

        @Argument(help: "The name to sign in with.")
        var name: String

        func run() async throws {
            let context = try await CommandContext.open(options)
            let password = try source.password()
            _ = try accepted(
                await ChangePassword(database: context.database)(name, password: password, salt: freshSalt()))
            note("\(name) has another password")
            source.show(password, of: name)
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a member's sign-in for good; what they decided stays theirs.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "The name to sign in with.")
        var name: String

        func run() async throws {
            let context = try await CommandContext.open(options)
            _ = try accepted(await DisableStaff(database: context.database)(name, at: .now))
            note("\(name) cannot sign in any more")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Name, role, area and state, tab-separated.")

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let context = try await CommandContext.open(options)
            let (staff, tree) = try await context.database.read { (try $0.staff(), try $0.areaTree()) }
            for member in staff {
                let locked = member.lockedUntil.flatMap {
                    $0 > .now ? "locked until \(context.calendar.format($0))" : nil
                }
                let state = member.disabledAt != nil ? "disabled" : locked ?? "active"
                print(
                    [member.name, member.role.rawValue, tree[member.area]?.code ?? "", state].joined(separator: "\t"))
            }
        }
    }
}
