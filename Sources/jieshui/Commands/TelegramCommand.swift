import ArgumentParser
import Database
import Operations
import Storage
import Water

struct TelegramCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "telegram",
        abstract: "Wireless M-Bus telegrams that gave no reading and are kept until somebody can read them.",
        discussion: """
            A telegram without its meter's key, or of a maker's own form, is answered as undecoded and kept as it was \
            heard: the latest \(KeepTelegrams.limitOfMeter) of a meter, \(KeepTelegrams.limitOfGateway) of a gateway.
            """,
        subcommands: [List.self, Show.self, Retry.self, Drop.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: """
                Meter, maker, reason, count, when the last came and the gateway, tab-separated; 10,000 lines at most.
                """)

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let context = try await CommandContext.open(options)
            for line in try await context.database.read({ try $0.keptTelegramsByMeter(limit: 10_000) }) {
                let last = context.calendar.format(line.lastKeptAt)
                print("\(line.meter.text)\t\(line.maker)\t\(line.field)\t\(line.count)\t\(last)\t\(line.gateway)")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A meter's kept telegrams in hex, the latest first, a line each: for jieshui decode wmbus.")

        @OptionGroup var options: GlobalOptions
        @Argument(help: "Its printed number, or an address as wmbus:12345678.") var meter: String

        func run() async throws {
            let context = try await CommandContext.open(options)
            let kept = try await context.database.read { [meter] reader in
                try addresses(of: meter, reader).flatMap {
                    try reader.keptTelegrams(of: $0, limit: KeepTelegrams.limitOfMeter)
                }
            }
            for telegram in kept { print(hex(telegram.bytes)) }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read every kept telegram again, after keys came in or a new version reads more.",
            discussion: """
                What can be read now goes in as sent by the gateway that heard it, and is no longer kept. What stays \
                is listed for the reason it has now; what proves damaged or without a time is dropped. May be \
                repeated and interrupted.
                """)

        @OptionGroup var options: GlobalOptions
        @OptionGroup var sealing: SealOptions

        func run() async throws {
            let context = try await CommandContext.open(options, flags: sealing.flags)
            let retry = RetryTelegrams(
                database: context.database,
                record: RecordReadings(database: context.database, limits: RecordLimits(), logger: context.logger),
                key: try context.settings.sealKey, calendar: context.calendar)
            let done = try await retry(at: .now)
            print(
                "read \(done.read) with \(done.readings) readings, still kept \(done.kept)\(reasons(done)), "
                    + "dropped \(done.dropped)")
        }

        /// As ` (key 3, maker 2)`, the most first.
        private func reasons(_ done: RetriedTelegrams) -> String {
            if done.reasons.isEmpty { return "" }
            let sorted = done.reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            return " (\(sorted.map { "\($0.key) \($0.value)" }.joined(separator: ", ")))"
        }
    }

    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forget a meter's kept telegrams.")

        @OptionGroup var options: GlobalOptions
        @Argument(help: "Its printed number, or an address as wmbus:12345678.") var meter: String

        func run() async throws {
            let context = try await CommandContext.open(options)
            let dropped = try await context.database.write { [meter] transaction in
                try addresses(of: meter, transaction.reader).reduce(0) { try $0 + transaction.dropTelegrams(of: $1) }
            }
            print("dropped \(dropped)")
        }
    }
}

private func addresses(of name: String, _ reader: Reader) throws -> [MeterAddress] {
    guard let addresses = try reader.telegramAddresses(named: name) else {
        throw CommandFailure("\(name) is no printed number of a registered meter and no address as wmbus:12345678")
    }
    if addresses.isEmpty { throw CommandFailure("the meter \(name) has no address as wmbus:12345678") }
    return addresses
}
