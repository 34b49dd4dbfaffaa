import ArgumentParser
import Database
import Foundation
import Ingest
import Operations
import Storage
import Water

/// `jieshui gateway push`: how a platform pushes for a gateway.
struct GatewayPushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Platforms that push for a gateway.",
        subcommands: [Set.self, List.self, Remove.self], defaultSubcommand: Set.self)

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a platform push for a gateway; what was set before is replaced.",
            discussion: """
                The platform is told the address PUBLIC-ADDRESS/v1/push/PLATFORM/NAME. Proofs are
                signature=TOKEN, query=NAME:VALUE, basic=USER:PASSWORD, header=NAME:VALUE and
                client_certificate=FINGERPRINT (SHA-256 or SHA-1, hex). Every kind that is given must hold; of \
                several of one kind one must. A secret that is sent as it is has 16 characters or more, as \
                openssl rand -hex 16 makes them. By kind=@FILE the value stands in a file, which the list of \
                processes and the shell's history do not show. Secrets are kept sealed under the setting secret.key \
                (JIESHUI_SECRET_KEY) and are never shown again. Try the mapping first: \
                jieshui decode push/PLATFORM --mapping FILE BODY.
                """)

        @OptionGroup var options: GlobalOptions
        @OptionGroup var sealing: SealOptions
        @Argument(help: "The gateway's name.") var name: String
        @Option(help: ArgumentHelp("The platform: \(platforms).")) var platform: String
        @Option(help: "How the platform proves itself, as kind=value or kind=@FILE; may be repeated.")
        var proof: [String] = []
        @Option(
            help: "A file of proofs, one kind=value a line; keeps them out of the list of processes.",
            completion: .file())
        var proofs: String?
        @Option(
            help: "A file with the 16 characters or 32 hex digits of OneNET's key for the safe mode.",
            completion: .file())
        var encryptionKey: String?
        @Option(help: "The mapping file of what devices say.", completion: .file()) var mapping: String

        func run() async throws {
            let context = try await CommandContext.open(options, flags: sealing.flags)
            let key = try context.settings.neededSealKey
            var random = SystemRandomNumberGenerator()
            let secrets = PushSecrets(
                proofs: try readProofs(), encryptionKey: try encryptionKey.map(loadEncryptionKey))
            let profiles = try context.settings.cjt188Profiles
            let platform = try knownPlatform(platform)
            try accepted(
                await SetGatewayPush(database: context.database, key: key, profiles: profiles)(
                    name, platform: platform, secrets: secrets, mapping: try text(of: mapping), file: mapping,
                    at: .now, using: &random))
            note("\(platform.rawValue) may push for \(name) to /v1/push/\(platform.rawValue)/\(name)")
        }

        private func readProofs() throws -> [SenderProof] {
            let lines = try proofs.map { try text(of: $0).split(whereSeparator: \.isNewline).map(String.init) } ?? []
            // What is wrong is told by its place: the text is a secret.
            let given = try proof.map(opened) + lines.filter { !$0.isEmpty && !$0.hasPrefix("#") }
            return try given.enumerated().map { index, text in
                guard let proof = SenderProof(argument: text) else {
                    let form = wantedForm(of: text)
                    throw CommandFailure("proof \(index + 1) is not \(form): see jieshui help gateway push set")
                }
                return proof
            }
        }

        /// What a proof of its kind looks like.
        private func wantedForm(of proof: String) -> String {
            switch proof.prefix(while: { $0 != "=" }) {
            case "query": "query=NAME:VALUE"
            case "header": "header=NAME:VALUE"
            case "basic": "basic=USER:PASSWORD"
            default: "kind=value"
            }
        }

        /// `kind=value` of `kind=@FILE`.
        private func opened(_ proof: String) throws -> String {
            guard let mark = proof.firstIndex(of: "=") else { return proof }
            return try "\(proof[...mark])\(secret(of: proof[proof.index(after: mark)...]))"
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gateway, platform, when changed and the kinds of proof, tab-separated; no secrets.")

        @OptionGroup var options: GlobalOptions
        @OptionGroup var sealing: SealOptions

        func run() async throws {
            let context = try await CommandContext.open(options, flags: sealing.flags)
            let key = try context.settings.sealKey
            let profiles = try context.settings.cjt188Profiles
            let (gateways, pushes) = try await context.database.read { (try $0.gateways(), try $0.pushes()) }
            for push in pushes {
                guard let gateway = gateways.first(where: { $0.id == push.gateway }) else { continue }
                let fields = [
                    gateway.name, push.platform, context.calendar.format(push.changedAt),
                    kinds(of: push, gateway, by: key, profiles),
                ]
                print(fields.joined(separator: "\t"))
            }
        }

        private func kinds(
            of push: GatewayPush, _ gateway: Gateway, by key: SealKey?, _ profiles: CJT188Profiles
        ) -> String {
            guard let key, let platform = Platform(rawValue: push.platform) else { return "sealed" }
            do {
                return try key.opened(push, of: gateway, platform, profiles: profiles).secrets.proofs
                    .map(\.kind.rawValue).joined(separator: " ")
            } catch {
                return "cannot be used: \(error)"
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a platform's pushes for a gateway no longer.")

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The gateway's name.") var name: String
        @Option(help: ArgumentHelp("The platform: \(platforms).")) var platform: String

        func run() async throws {
            let context = try await CommandContext.open(options)
            let platform = try knownPlatform(platform)
            try accepted(await RemoveGatewayPush(database: context.database)(name, platform: platform))
            note("\(platform.rawValue) may no longer push for \(name)")
        }
    }
}

/// The flag of `secret.key`.
struct SealOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The key that secrets are sealed with, 32 bytes as base64, or @FILE with it.",
            discussion: """
                What stands in the argument itself is seen in the list of processes and the shell's history: prefer \
                @FILE, JIESHUI_SECRET_KEY or the settings file.
                """))
    var secretKey: String?

    var flags: [SettingKey: String?] {
        get throws { [.secretKey: try secretKey.map { try secret(of: $0) }] }
    }
}

/// OneNET's key for the safe mode, of a file with its 16 characters or 32 hex digits.
func loadEncryptionKey(_ path: String) throws -> [UInt8] {
    let text = try text(of: path).trimmingCharacters(in: .whitespacesAndNewlines)
    return bytes(ofKey: text) ?? Array(text.utf8)
}

private let platforms = Platform.allCases.map(\.rawValue).joined(separator: ", ")

private func knownPlatform(_ text: String) throws -> Platform {
    guard let platform = Platform(rawValue: text) else {
        throw CommandFailure("no platform is called \(text): \(platforms)")
    }
    return platform
}
