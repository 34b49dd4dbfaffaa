import ArgumentParser
import Database
import Foundation
import Operations
import Storage
import Water

struct MeterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "meter", abstract: "Exchanges of meters, and their keys.",
        subcommands: [MeterExchangeCommand.self, Keys.self, RemoveKey.self])

    struct Keys: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bring in the keys that open meters' wireless M-Bus telegrams.",
            discussion: """
                The file has a line METER,KEY for each meter: its printed number or an address as wmbus:12345678, and \
                32 hex digits. A first line meter,key is passed over, as are empty lines and # comments. Keys are kept \
                sealed under the setting secret.key. A line that cannot go in is told on standard error and the rest \
                goes in; then the exit code is 1.
                """)

        @OptionGroup var options: GlobalOptions
        @OptionGroup var sealing: SealOptions
        @Argument(help: "The file (UTF-8) or pipe; - for standard input.", completion: .file()) var file: String

        func run() async throws {
            let context = try await CommandContext.open(options, flags: sealing.flags)
            let set = SetMeterKey(database: context.database, key: try context.settings.neededSealKey)
            var random = SystemRandomNumberGenerator()
            let lines = try input().split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            var (kept, refused) = (0, 0)
            for (index, line) in lines.enumerated() {
                let fields = line.split(separator: ",", omittingEmptySubsequences: false)
                    .map { $0.trimmingCharacters(in: .whitespaces) }
                if fields == [""] || line.hasPrefix("#") || (index == 0 && fields == ["meter", "key"]) { continue }
                do {
                    guard fields.count == 2 else { throw CommandFailure("is not METER,KEY") }
                    try accepted(await set(fields[0], hex: fields[1], at: .now, using: &random))
                    kept += 1
                } catch let failure as CommandFailure {
                    refused += 1
                    note("\(file):\(index + 1): \(failure.description)")
                }
            }
            print("kept \(kept), rejected \(refused)")
            if refused > 0 { throw ExitCode(1) }
        }

        /// Read by parts, for a pipe has no length.
        private func input() throws -> String {
            var bytes = Data()
            let handle = try openInput(file)
            do {
                while let part = try handle.read(upToCount: 65_536), !part.isEmpty { bytes.append(part) }
            } catch {
                throw CommandFailure("\(file) cannot be read: \(error.localizedDescription)")
            }
            return try text(in: bytes, of: file)
        }
    }

    struct RemoveKey: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forget a meter's key.")

        @OptionGroup var options: GlobalOptions
        @Argument(help: "Its printed number, or an address as wmbus:12345678.") var name: String

        func run() async throws {
            let context = try await CommandContext.open(options)
            try accepted(await SetMeterKey.remove(name, in: context.database))
            note("the key of \(name) is forgotten")
        }
    }
}
