import ArgumentParser
import Database
import Operations
import Storage
import Water

struct TargetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "target", abstract: "Community systems that events are delivered to.",
        subcommands: [Add.self, List.self, Rotate.self, Enable.self, Disable.self])
}

extension TargetCommand {
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Deliver an area's events to an address; prints the signing secret, and the pull key of an entitled target, once.",
            discussion: """
                Prints lines of a name and a value, tab-separated: secret, and with --entitled pull_key. Where secret.key is \
                set the signing secret is kept sealed, otherwise as it is.
                """)

        @OptionGroup var options: GlobalOptions
        @OptionGroup var sealing: SealOptions

        @Argument(help: "Its name.")
        var name: String

        @Option(help: "Where events are posted to, http or https.")
        var url: String

        @Option(help: "The area whose communities it hears of: a community or a wider area.")
        var area: String

        @Flag(help: "Let it pull statements: household numbers and figures, no names.")
        var entitled = false

        @Option(help: "With --entitled: what it needs the statements for.")
        var purpose: String?

        func validate() throws {
            if entitled != (purpose != nil) { throw CommandFailure("give --entitled and --purpose together") }
        }

        func run() async throws {
            let context = try await CommandContext.open(options, flags: sealing.flags)
            var random = SystemRandomNumberGenerator()
            let secret = Secret.signingSecret(using: &random)
            let key = try context.settings.sealKey
            let kept = try TargetSecret.kept(secret, of: name, under: key, using: &random)
            let entitlement = purpose.map { Entitlement(purpose: $0, pullKey: .pullKey(using: &random)) }
            _ = try accepted(
                await AddTarget(database: context.database)(
                    name, url: url, area: area, secret: kept, entitlement: entitlement, at: .now))
            note("the secrets of \(name), shown once:")
            show(secret: secret, pullKey: entitlement?.pullKey)
            if let warning = unsealedWarning(of: name, kept) { note(warning) }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Name, area, state, address without its query, and what it may pull for, tab-separated.")

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let context = try await CommandContext.open(options)
            let (targets, tree) = try await context.database.read { (try $0.targets(), try $0.areaTree()) }
            for target in targets {
                let fields = [
                    target.name, tree[target.area]?.code ?? "", state(of: target, context),
                    String(target.url.prefix { $0 != "?" }), target.purpose ?? "-",
                ]
                print(fields.joined(separator: "\t"))
            }
        }

        private func state(of target: Target, _ context: CommandContext) -> String {
            if let disabled = target.disabledAt {
                return "disabled \(context.calendar.format(disabled)): \(target.disabledReason ?? "")"
            }
            if let until = target.slowUntil, until > .now { return "slowed until \(context.calendar.format(until))" }
            return target.isRotating ? "active, two secrets sign" : "active"
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a target another signing secret; both sign until --finish.",
            discussion: """
                With --pull-key an entitled target's pull key is changed too, at once. Where secret.key is set the new \
                secret is kept sealed; one from before there was a key stays as it was until --finish forgets it. \
                Without secret.key a target whose secret is sealed is refused, for the new one would not be: \
                --unsealed does it all the same.
                """)

        @OptionGroup var options: GlobalOptions
        @OptionGroup var sealing: SealOptions

        @Argument(help: "Its name.")
        var name: String

        @Flag(help: "Also give it another key to pull statements with.")
        var pullKey = false

        @Flag(help: "The new secret was lost before the target had it: replace it. The one before signs on.")
        var again = false

        @Flag(help: "Keep the new secret unsealed, also where secret.key is set or the secret before it is sealed.")
        var unsealed = false

        @Flag(help: "End the rotation: the secret before stops signing. Gives no new secret.")
        var finish = false

        func validate() throws {
            if finish, pullKey || again || unsealed {
                throw CommandFailure("--finish gives no new keys: leave --pull-key, --again and --unsealed out")
            }
        }

        func run() async throws {
            let context = try await CommandContext.open(options, flags: sealing.flags)
            let rotate = RotateTargetSecret(database: context.database)
            if finish {
                _ = try accepted(await rotate.finish(name))
                note("only the current secret of \(name) signs now")
                return
            }
            var random = SystemRandomNumberGenerator()
            let secret = Secret.signingSecret(using: &random)
            let sealKey = try unsealed ? nil : context.settings.sealKey
            let kept = try TargetSecret.kept(secret, of: name, under: sealKey, using: &random)
            let key = pullKey ? Secret.pullKey(using: &random) : nil
            _ = try accepted(
                await rotate(name, secret: kept, pullKey: key, isReplacement: again, mayUnseal: unsealed))
            note("the new secrets of \(name), shown once; end the rotation by --finish when it has them:")
            show(secret: secret, pullKey: key)
            if let warning = unsealedWarning(of: name, kept) { note(warning) }
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deliver to a target again, from now on.",
            discussion: "What was disabled meanwhile stays in the failure list: send it by jieshui deliveries replay.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "Its name.")
        var name: String

        func run() async throws {
            let context = try await CommandContext.open(options)
            _ = try accepted(await EnableTarget(database: context.database)(name))
            note("\(name) is delivered to again")
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop delivering to a target; what waits for it goes to the failure list.")

        @OptionGroup var options: GlobalOptions

        @Argument(help: "Its name.")
        var name: String

        func run() async throws {
            let context = try await CommandContext.open(options)
            _ = try accepted(await DisableTarget(database: context.database)(name, at: .now))
            note("\(name) is disabled")
        }
    }
}

/// That a secret is kept as it is; nil where it is sealed.
func unsealedWarning(of target: String, _ kept: Secret) -> String? {
    if TargetSecret.isSealed(kept.text) { return nil }
    return "the signing secret of \(target) is kept unsealed: set secret.key, then jieshui target rotate \(target)"
}

private func show(secret: Secret, pullKey: Secret?) {
    print("secret\t\(secret.text)")
    if let pullKey { print("pull_key\t\(pullKey.text)") }
}
